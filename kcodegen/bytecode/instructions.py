"""Bytes of code -> instructions, in the words of one version of Python.

An instruction that expressions have no use for has no name in the table, and ends the reading.
"""

from __future__ import annotations

from kcodegen.bytecode.code import Code, NotDecompiled
from kcodegen.bytecode.versions import Opcodes
from kcodegen.records import record

_FIRST_WITH_ARGUMENT = 90
_EXTENDED = "EXTENDED_ARG"
_SILENT = frozenset({"NOP", "RESUME", "PRECALL", "TO_BOOL", "MAKE_CELL", "COPY_FREE_VARS"})
_RELATIVE = ("JUMP_FORWARD", "POP_JUMP_FORWARD_IF")
_PAIRS = {
    "LOAD_FAST_LOAD_FAST": ("LOAD_FAST", "LOAD_FAST"),
    "STORE_FAST_LOAD_FAST": ("STORE_FAST", "LOAD_FAST"),
    "STORE_FAST_STORE_FAST": ("STORE_FAST", "STORE_FAST"),
}
OTHER = "it does more than return an expression"
_LOOP = "it holds a comprehension, or a loop"
_INNER = "it holds another function"
_FORMATTED = "it holds a formatted text, an f-string"
UNPACKED = "it unpacks a sequence or a dict with * or **"
_STORED = "it changes something besides its own variables"
_REASONS = {
    **dict.fromkeys(("FOR_ITER", "GET_ITER", "SETUP_LOOP", "JUMP_BACKWARD"), _LOOP),
    **dict.fromkeys(("MAKE_FUNCTION", "MAKE_CLOSURE", "SET_FUNCTION_ATTRIBUTE"), _INNER),
    **dict.fromkeys(("FORMAT_VALUE", "FORMAT_SIMPLE", "FORMAT_WITH_SPEC"), _FORMATTED),
    **dict.fromkeys(("CONVERT_VALUE", "BUILD_STRING"), _FORMATTED),
    **dict.fromkeys(("CALL_FUNCTION_EX", "CALL_FUNCTION_VAR", "CALL_FUNCTION_VAR_KW"), UNPACKED),
    **dict.fromkeys(("BUILD_LIST_UNPACK", "BUILD_TUPLE_UNPACK", "BUILD_MAP_UNPACK"), UNPACKED),
    **dict.fromkeys(("BUILD_TUPLE_UNPACK_WITH_CALL", "LIST_TO_TUPLE", "LIST_APPEND"), UNPACKED),
    **dict.fromkeys(("BUILD_MAP_UNPACK_WITH_CALL", "DICT_UPDATE", "DICT_MERGE"), UNPACKED),
    **dict.fromkeys(("BUILD_SET", "SET_UPDATE", "BUILD_SET_UNPACK"), "it holds a set"),
    **dict.fromkeys(("STORE_GLOBAL", "STORE_ATTR", "STORE_SUBSCR", "STORE_DEREF"), _STORED),
    "IMPORT_NAME": "it imports a module",
    "LOAD_CLOSURE": _INNER,
    "YIELD_VALUE": "it is a generator",
    **dict.fromkeys(("RAISE_VARARGS", "LOAD_ASSERTION_ERROR"), "it raises exceptions"),
    **dict.fromkeys(("SETUP_EXCEPT", "SETUP_FINALLY", "SETUP_WITH"), "it handles exceptions"),
}


@record(frozen=True)
class Instruction:
    """One instruction; `target` is the index of the one that it jumps to, or -1."""

    name: str
    arg: int
    target: int = -1


@record(frozen=True)
class _Raw:
    offset: int
    end: int
    name: str
    arg: int


def instructions(code: Code, table: Opcodes) -> tuple[Instruction, ...]:
    """Return the instructions of a function, without those that do nothing to an expression."""
    raw = _words(code.code, table) if table.version >= (3, 6) else _bytes(code.code, table)
    starts: dict[int, int] = {}
    kept: list[_Raw] = []
    for item in raw:
        starts[item.offset] = len(kept)
        if item.name not in _SILENT:
            kept += _parts(item)
    return tuple(
        Instruction(item.name, item.arg, _target(item, place, starts, table, len(kept)))
        for place, item in enumerate(kept)
    )


def _parts(item: _Raw) -> list[_Raw]:
    """Return the instructions that one instruction stands for."""
    if item.name == "RETURN_CONST":
        names, args = ("LOAD_CONST", "RETURN_VALUE"), (item.arg, 0)
    elif item.name in _PAIRS:
        names, args = _PAIRS[item.name], (item.arg >> 4, item.arg & 15)
    else:
        return [item]
    return [_Raw(item.offset, item.end, n, a) for n, a in zip(names, args, strict=True)]


def _words(code: bytes, table: Opcodes) -> list[_Raw]:
    """Return instructions of two bytes each; those that carry caches must have empty ones."""
    if len(code) % 2:
        raise NotDecompiled(OTHER)
    found: list[_Raw] = []
    place, high, start = 0, 0, 0
    while place < len(code):
        name, arg = _name(code[place], table), code[place + 1] | high << 8
        place += 2
        if name == _EXTENDED:
            high = arg
            continue
        end = place + 2 * table.caches.get(name, 0)
        if any(code[place:end]) or end > len(code) or arg >= 1 << 24:
            raise NotDecompiled(OTHER)
        found.append(_Raw(start, end, name, arg))
        place = start = end
        high = 0
    return found


def _bytes(code: bytes, table: Opcodes) -> list[_Raw]:
    """Return instructions of one byte, or of three when they have an argument: before 3.6."""
    found = []
    place = 0
    while place < len(code):
        name, start = _name(code[place], table), place
        place += 3 if code[place] >= _FIRST_WITH_ARGUMENT else 1
        if name == _EXTENDED or place > len(code):
            raise NotDecompiled(OTHER)
        arg = int.from_bytes(code[start + 1 : place], "little")
        found.append(_Raw(start, place, name, arg))
    return found


def _name(number: int, table: Opcodes) -> str:
    if number not in table.names:
        raise NotDecompiled(_REASONS.get(table.others.get(number, ""), OTHER))
    return table.names[number]


def _target(item: _Raw, place: int, starts: dict[int, int], table: Opcodes, count: int) -> int:
    """Return the index of the instruction that one jumps to; only what comes later counts."""
    if "JUMP" not in item.name:
        return -1
    unit = 2 if table.version >= (3, 10) else 1
    is_relative = item.name.startswith(_RELATIVE) or table.version >= (3, 11)
    offset = item.arg * unit + (item.end if is_relative else 0)
    target = starts.get(offset, -1)
    if not place < target < count:
        raise NotDecompiled("it has a loop")
    return target
