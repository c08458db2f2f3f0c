"""Diagnostics as lines for a terminal: one physical line each, nothing raw from the input."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Iterator

from kcodegen.diagnostics import Diagnostic, Origin

PROGRAM = "kcodegen"
MOST_LINES = 100
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


def line(file: str, diagnostic: Diagnostic) -> str:
    """Return a diagnostic as one line.

    `kcodegen: FILE: error: MESSAGE (at /config/layers/3, layer "x") [code]; hint: HINT`
    """
    limit = COMMANDS if diagnostic.code == "unknown-class" else SENTENCE  # it lists what is unknown
    words = (
        f"{diagnostic.severity}: {visible(diagnostic.message, limit)}{_address(diagnostic.origin)}"
    )
    code = f" [{visible(diagnostic.code, NAME)}]" if diagnostic.code else ""
    hint = f"; hint: {visible(diagnostic.hint, COMMANDS)}" if diagnostic.hint else ""
    return f"{_prefix(file)}{words}{code}{hint}"


def lines(file: str, diagnostics: Iterable[Diagnostic]) -> Iterator[str]:
    """Yield one line for each diagnostic; past the hundredth only their number is told."""
    every = tuple(diagnostics)
    for diagnostic in every[:MOST_LINES]:
        yield line(file, diagnostic)
    if len(every) > MOST_LINES:
        yield f"{_prefix(file)}note: {len(every) - MOST_LINES} more are not shown"


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


def _address(origin: Origin) -> str:
    """Return where in the input, or nothing when it is about all of it."""
    parts = []
    if origin.pointer:
        parts.append(f"at {visible(_middle(origin.pointer))}")
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
