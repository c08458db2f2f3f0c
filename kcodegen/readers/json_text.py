"""Strict JSON from strangers: bytes in, plain values out, every flaw an error with an address.

The fast path is the json module with suspicious hooks. Only when a hook stops it does
`json_faults` read the text a second time to say where.
"""

from __future__ import annotations

import json
import math
import re
from array import array
from itertools import accumulate, islice

from kcodegen.diagnostics import CompileError, Diagnostic, rejected
from kcodegen.ir.document import Json

MAX_BYTES = 256 * 2**20
MAX_DEPTH = 200
MAX_FAULTS = 20
# Shorter integers fit in 64 bits whatever their digits are.
MAX_INT_DIGITS = 19

_OPENS_AND_CLOSES = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_NOT_STRUCTURE = bytes(set(range(256)) - set(b'[]{}"'))
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_BATCH = 2**16

# What the json module says, and what we make of it; the rest is "invalid-json" in its words.
_SYNTAX = {
    "Extra data": ("trailing-data", "there is more text after the end of the JSON value"),
    "Unterminated string": ("truncated-json", "the text ends inside a string"),
    "Invalid control character": ("invalid-json", "a string holds a raw control character"),
}
# What may stand, cut short, at the end of a truncated text; nothing at all is a part of each.
_LITERALS = ("true", "false", "null", "-")


class _BadValueError(Exception):
    """A hook met a value that is no strict JSON."""


def parse(data: bytes) -> Json:
    """Return the value of a JSON text in UTF-8.

    A string at the root that holds JSON in turn (a text that was encoded twice) is unwrapped.
    Raises CompileError for all that is not strict JSON: other encodings, NaN and infinities,
    numbers that overflow, duplicate keys, lone surrogates, trailing data; and beyond the limits
    of `MAX_BYTES` bytes, `MAX_DEPTH` levels and 64 bits.
    """
    if len(data) > MAX_BYTES:
        message = f"the file is larger than {MAX_BYTES // 2**20} MiB"
        raise rejected("too-large", message, hint="an architecture without weights is smaller")
    text = _decode(data)
    if not text.strip():
        raise rejected("empty-file", "the file is empty")
    value = _value(text)
    while isinstance(value, str) and value.lstrip()[:1] in tuple('{["'):
        value = _value(value)
    return value


def _decode(data: bytes) -> str:
    """Return the text, its byte order mark removed."""
    encoding = json.detect_encoding(data)
    if not encoding.startswith("utf-8"):
        # Zeros alone may just as well be a binary file: the text must begin like JSON, too.
        start = data[:64].decode(encoding, "ignore").lstrip("\ufeff \t\r\n")
        if start[:1] in tuple('{["'):
            message = f"the file is encoded in {encoding.upper()[:6]}, not in UTF-8"
            raise rejected("not-utf8", message, hint="save it as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"the file is not UTF-8 text: byte 0x{data[error.start]:02x} at {error.start}"
        raise rejected("not-utf8", message, hint="is it a binary file?") from None


def _value(text: str) -> Json:
    """Return the value of one JSON text."""
    if _too_deep(text):
        raise rejected("too-deep", f"brackets are nested more than {MAX_DEPTH} levels deep")
    try:
        value: Json = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise _syntax(error) from None
    except _BadValueError:
        raise CompileError(_faults(text)) from None
    # The json module accepts lone surrogates, which no UTF-8 file can hold; most texts have no
    # surrogate escape at all.
    if _SURROGATE_ESCAPE.search(text):
        found = _faults(text)
        if found:
            raise CompileError(found)
    return value


def _faults(text: str) -> tuple[Diagnostic, ...]:
    """Return the first of what is wrong with the values of a text."""
    from kcodegen.readers.json_faults import faults  # most texts are sound

    return tuple(islice(faults(text), MAX_FAULTS))


def _syntax(error: json.JSONDecodeError) -> CompileError:
    """Return the error for a text that is no JSON at all."""
    place = f"line {error.lineno}, column {error.colno}"
    known = next((row for start, row in _SYNTAX.items() if error.msg.startswith(start)), None)
    rest = error.doc[error.pos :].strip()
    if known is None and any(word.startswith(rest) for word in _LITERALS):
        known = ("truncated-json", "the text ends before its JSON value does")
    code, message = known or ("invalid-json", error.msg[:1].lower() + error.msg[1:].rstrip(": "))
    hint = "is the file complete?" if code == "truncated-json" else ""
    return rejected(code, f"{place}: {message}", hint=hint)


def _too_deep(text: str) -> bool:
    """Tell whether the brackets outside strings are nested deeper than `MAX_DEPTH`.

    Runs before the json module does, which would recurse. Strings are found by the parity of
    quotes, after escapes are gone; a pair of adjacent quotes changes no parity.
    """
    data = text.encode("utf-8", "replace")
    if b"\\" in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    marks = data.translate(None, _NOT_STRUCTURE).replace(b'""', b"")
    steps = array("b", b"".join(marks.split(b'"')[::2]).translate(_OPENS_AND_CLOSES))
    depth = 0
    for start in range(0, len(steps), _BATCH):
        depths = tuple(accumulate(steps[start : start + _BATCH], initial=depth))
        if max(depths) > MAX_DEPTH:
            return True
        depth = depths[-1]
    return False


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """Return an object without duplicate keys."""
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise _BadValueError
    return mapping


def is_large(text: str) -> bool:
    """Tell whether the decimal integer `text` needs more than 64 bits, sign included."""
    digits = text.lstrip("-")
    return len(digits) > MAX_INT_DIGITS or int(digits) >= 2**63


def _integer(text: str) -> int:
    """Return an integer below 64 bits; its length is checked before it is converted."""
    if len(text) >= MAX_INT_DIGITS and is_large(text):
        raise _BadValueError
    return int(text)


def _float(text: str) -> float:
    """Return a finite number."""
    value = float(text)
    if math.isinf(value):
        raise _BadValueError
    return value


def _constant(_text: str) -> Json:
    """Refuse `NaN`, `Infinity` and `-Infinity`."""
    raise _BadValueError


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_integer,
    parse_float=_float,
    parse_constant=_constant,
)
