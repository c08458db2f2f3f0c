"""Diagnostics as lines for a terminal: one physical line each, nothing raw from the input."""

from __future__ import annotations

import contextlib
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from kcodegen.diagnostics import Diagnostic, Origin
from kcodegen.words import listed

PROGRAM = "kcodegen"
MOST_LINES, MOST_CHANGES = 100, 8
HEADLINES = {
    "added-argument": "{} arguments are written out, as their defaults are others now",
    "moved-argument": "{} arguments say what the inputs of the model say now",
    "renamed-argument": "{} arguments have new names",
    "renamed-class": "{} objects are of a class with a new name",
    "renamed-layer": "{} layers have new names",
    "renamed-value": "{} values have new names",
    "replaced-op": "{} functions of TensorFlow are ops of Keras now",
    "unused-argument": "{} arguments mean nothing any more",
}
"""What is said of many changes of one kind; the changes follow."""
SENTENCE, ADDRESS, NAME = 600, 240, 80
COMMANDS = 20_000  # hints hold commands, which are no good when cut
BUG_HINT = (
    "this is a bug in kcodegen, please report it with the input file; --debug shows the traceback"
)


def visible(text: str, limit: int = SENTENCE) -> str:
    r"""Return `text` on one line and without harm: `a<ESC>[31m<RLO>b -> a\x1b[31m\u202eb`.

    What Unicode calls not printable (controls, newlines, bidirectional marks, lone surrogates,
    odd spaces) is escaped; what is longer than `limit` characters is cut.
    """
    shown = text[: limit + 1]
    if not shown.isprintable():
        shown = "".join(map(_visible_character, shown))
    return shown if len(shown) <= limit else shown[: limit - 3] + "..."


def _visible_character(character: str) -> str:
    """Return the character, or its escape sequence when it is not printable."""
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode("ascii")


def line(file: str, diagnostic: Diagnostic, is_first: bool = False) -> str:
    """Return a diagnostic as one line; `is_first` tells that it is the first of several.

    `kcodegen: FILE: error: MESSAGE (at /config/layers/3, layer "x") [code]; hint: HINT`
    """
    limit = COMMANDS if diagnostic.code == "unknown-class" else SENTENCE  # it lists what is unknown
    words = (
        f"{diagnostic.severity}: {visible(diagnostic.message, limit)}"
        f"{_address(diagnostic.origin, is_first)}"
    )
    code = f" [{visible(diagnostic.code, NAME)}]" if diagnostic.code else ""
    hint = f"; hint: {visible(diagnostic.hint, COMMANDS)}" if diagnostic.hint else ""
    return f"{_prefix(file)}{words}{code}{hint}"


def lines(file: str, diagnostics: Iterable[Diagnostic]) -> Iterator[str]:
    """Yield one line for each diagnostic, or for many that say the same of many places.

    Notes come last; past the hundredth line only the number of the others is told.
    """
    groups = _groups(diagnostics)
    for group in groups[:MOST_LINES]:
        yield line(file, _of_group(group), len(group) > 1)
    if len(groups) > MOST_LINES:
        yield f"{_prefix(file)}note: {len(groups) - MOST_LINES} more are not shown"


def _groups(diagnostics: Iterable[Diagnostic]) -> list[list[Diagnostic]]:
    """Return diagnostics that say the same together; errors stay alone, each has to be mended."""
    found: dict[object, list[Diagnostic]] = {}
    for diagnostic in diagnostics:
        code, severity, hint = diagnostic.code, diagnostic.severity, diagnostic.hint
        says = "" if diagnostic.change else diagnostic.message
        key = (severity, code, hint, says) if severity != "error" else len(found)
        found.setdefault(key, []).append(diagnostic)
    return sorted(found.values(), key=lambda group: _rank(group[0]))


def _rank(diagnostic: Diagnostic) -> int:
    """Return the place of a diagnostic among others: notes stand last, in a fixed order."""
    if diagnostic.severity != "note":
        return -1
    known = list(HEADLINES)
    return known.index(diagnostic.code) if diagnostic.code in HEADLINES else len(known)


def _of_group(group: list[Diagnostic]) -> Diagnostic:
    """Return what is said of all places at once; its address is that of the first.

    init -> kernel_initializer, p -> rate, init -> kernel_initializer
        ->   3 arguments have new names: init -> kernel_initializer (2 times), p -> rate
    """
    first = group[0]
    if len(group) == 1:
        return first
    if not first.change:
        return replace(first, message=f"{first.message}; this in {len(group)} places")
    counts = Counter(diagnostic.change for diagnostic in group)
    often = sorted(counts.items(), key=lambda item: -item[1])
    said = [change if n == 1 else f"{change} ({n} times)" for change, n in often]
    headline = HEADLINES[first.code].format(len(group))
    return replace(first, message=f"{headline}: {listed(said, MOST_CHANGES)}")


def as_json(file: str, diagnostics: Iterable[Diagnostic], compiled: bool) -> str:
    """Return all diagnostics about a file as JSON, for machines: nothing is cut or left out."""
    import json  # only here

    rows = [
        {
            "severity": diagnostic.severity,
            "code": diagnostic.code,
            "message": diagnostic.message,
            "pointer": diagnostic.origin.pointer,
            "layer": diagnostic.origin.layer,
            "hint": diagnostic.hint,
            "change": diagnostic.change,
        }
        for diagnostic in diagnostics
    ]
    found = {"file": file, "compiled": compiled, "diagnostics": rows}
    return json.dumps(found, indent=2) + "\n"


def bug(file: str, message: str) -> str:
    """Return the line for an error that is nobody's but ours."""
    return f"{_prefix(file)}internal error: {visible(message)}; {BUG_HINT}"


def say(text: str) -> None:
    """Print one line to standard error, or nowhere when it is closed."""
    if sys.stderr is not None:
        encoding = sys.stderr.encoding or "ascii"
        with contextlib.suppress(OSError):
            sys.stderr.write(f"{text}\n".encode(encoding, "backslashreplace").decode(encoding))


def _prefix(file: str) -> str:
    """Return who speaks, and about which file."""
    return f"{PROGRAM}: {visible(file, ADDRESS)}: " if file else f"{PROGRAM}: "


def _address(origin: Origin, is_first: bool) -> str:
    """Return where in the input, or nothing when it is about all of it."""
    parts = []
    if origin.pointer:
        parts.append(f"{'first ' * is_first}at {visible(_middle(origin.pointer))}")
    if origin.layer is not None:
        quoted = origin.layer[: NAME + 1].replace("\\", "\\\\").replace('"', '\\"')
        parts.append(f'layer "{visible(quoted, NAME)}"')
    return f" ({', '.join(parts)})" if parts else ""


def _middle(pointer: str) -> str:
    """Return a long pointer without its middle: both its ends tell more."""
    if len(pointer) <= ADDRESS:
        return pointer
    half = (ADDRESS - 3) // 2
    return f"{pointer[:half]}...{pointer[-half:]}"
