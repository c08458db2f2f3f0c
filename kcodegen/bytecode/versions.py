"""Versions of Python: what their opcodes are called, and which of them a code object can be of.

A marshalled code object does not say which Python made it. Its arrangement leaves a few versions,
and its instructions are read as each of these; see `kcodegen.bytecode`.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TypeAlias

from kcodegen.bytecode.code import Code
from kcodegen.records import record

Version: TypeAlias = "tuple[int, int]"
_LAYOUTS: dict[Version, tuple[Version, ...]] = {
    (2, 7): ((2, 7),),
    (3, 4): ((3, 4), (3, 5), (3, 6), (3, 7)),
    (3, 8): ((3, 8), (3, 9), (3, 10)),
    (3, 11): ((3, 11), (3, 12), (3, 13)),
}


@record(frozen=True)
class Opcodes:
    """The instructions of one version that expressions consist of.

    `names` maps a number to a name; `caches` is how many cells of two bytes follow an instruction.
    `others` are the numbers of some that no expression has, for the reasons of refusals.
    """

    version: Version
    names: dict[int, str]
    caches: dict[str, int]
    others: dict[int, str]


@cache
def opcodes() -> dict[Version, Opcodes]:
    """Return the instructions of every version."""
    found = {}
    for line in Path(__file__).with_name("opcodes.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        major, _, minor = row["version"].partition(".")
        version = (int(major), int(minor))
        names = {number: name for name, number in row["ops"].items()}
        others = {number: name for name, number in row.get("others", {}).items()}
        found[version] = Opcodes(version, names, row.get("caches", {}), others)
    return found


def candidates(code: Code) -> tuple[Version, ...]:
    """Return the versions that may have made a code object, the latest first.

    From 3.10 on the table of lines covers all of the code; before, its last line has no end.
    """
    found = _LAYOUTS[code.layout]
    if code.layout == (3, 8):
        is_covered = sum(code.lines[::2]) == len(code.code)
        found = tuple(version for version in found if (version == (3, 10)) == is_covered)
    return tuple(reversed(found))
