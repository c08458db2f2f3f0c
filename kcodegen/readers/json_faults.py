"""The slow second reading of a JSON text, which says where its bad values are."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import field

from kcodegen.diagnostics import Diagnostic, Origin
from kcodegen.readers.json_text import is_large
from kcodegen.records import record
from kcodegen.words import prose

_NUMBER = r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"
_TOKEN = re.compile(rf'[\[\]{{}},"]|{_NUMBER}|-?Infinity|NaN')
_STRINGS = json.JSONDecoder()


@record(frozen=False)
class _Frame:
    """An open object or array: the key in progress, and the keys so far of an object."""

    is_object: bool
    key: str | int = 0
    seen: set[str] = field(default_factory=set)
    awaits_key: bool = True


def faults(text: str) -> Iterator[Diagnostic]:
    """Yield what is wrong with the values of a JSON text, in the order of the text.

    Ends where the syntax does; the syntax itself is the json module's business.
    """
    stack: list[_Frame] = []
    position = 0
    while token := _TOKEN.search(text, position):
        word, position = token.group(), token.end()
        match word[0]:
            case "{" | "[":
                stack.append(_Frame(word == "{"))
            case "}" | "]":
                if stack:
                    stack.pop()
            case ",":
                _advance(stack)
            case '"':
                try:
                    string, position = _STRINGS.raw_decode(text, token.start())
                except json.JSONDecodeError:
                    return
                yield from _string_faults(string, stack)
            case _:
                yield from _number_faults(word, stack)


def _advance(stack: list[_Frame]) -> None:
    """Go on to the next entry of the innermost object or array."""
    if stack:
        frame = stack[-1]
        frame.awaits_key = True
        if isinstance(frame.key, int):
            frame.key += 1


def _string_faults(string: str, stack: list[_Frame]) -> Iterator[Diagnostic]:
    """Yield what is wrong with a string, and remember it when it is a key."""
    frame = stack[-1] if stack else None
    if frame is not None and frame.is_object and frame.awaits_key:
        frame.key = string
        frame.awaits_key = False
        if string in frame.seen:
            message = f"the key '{prose(string)}' occurs twice in one object"
            yield Diagnostic("duplicate-key", message, _origin(stack), "keep one of them")
        frame.seen.add(string)
    if any("\ud800" <= char <= "\udfff" for char in string):
        message = "a string holds half of a surrogate pair, which is no character"
        yield Diagnostic("lone-surrogate", message, _origin(stack))


def _number_faults(word: str, stack: list[_Frame]) -> Iterator[Diagnostic]:
    """Yield what is wrong with a number."""
    if word.lstrip("-").isdigit():
        if is_large(word):
            digits = len(word.lstrip("-"))
            message = f"an integer of {digits} digits does not fit in 64 bits"
            yield Diagnostic("huge-integer", message, _origin(stack))
    elif word[-1] in "Ny":
        message = f"{word} is not a JSON number"
        yield Diagnostic("not-finite", message, _origin(stack), "write a finite number")
    elif math.isinf(float(word)):
        message = f"the number {prose(word)} is too large"
        yield Diagnostic("not-finite", message, _origin(stack), "write a finite number")


def _origin(stack: list[_Frame]) -> Origin:
    """Return the address of the value in progress."""
    keys = (str(frame.key).replace("~", "~0").replace("/", "~1") for frame in stack)
    pointer = "".join(f"/{key}" for key in keys)
    # A lone surrogate in a key must not reach a terminal either.
    return Origin(pointer.encode("utf-8", "replace").decode())
