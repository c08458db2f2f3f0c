"""Marshalled code objects of any Python -> `Code`, read as data: nothing is loaded, nothing runs.

Source of the format: `Python/marshal.c` and `Objects/codeobject.c` of CPython 2.7 to 3.13. What
is too long, too deep, cut off or no part of a function is refused; every length is checked
against the bytes that are there before anything is made of it.
"""

from __future__ import annotations

import struct
from dataclasses import field

from kcodegen.bytecode.code import Code, Constant, NotDecompiled
from kcodegen.records import record
from kcodegen.words import is_identifier

MOST_BYTES = 1 << 16
_DEEPEST = 16
_MOST_OBJECTS = 4096
_LONGEST_INTEGER = 64  # digits of 15 bits
_REMEMBERED = 0x80
_LAYOUTS = ((2, 7), (3, 4), (3, 8), (3, 11))
_CELL, _FREE = 0x40, 0x80
_UNREADY = object()
_CONSTANTS: dict[str, object] = {"N": None, "T": True, "F": False, ".": ...}


_OLD_NAMES = ("None", "True", "False")  # which were names in Python 2


class _Malformed(Exception):  # noqa: N818  (a way out)
    """The bytes are not what this reader expects."""


def unmarshal(data: bytes) -> Code:
    """Return the code object in `data`; raises NotDecompiled for anything else."""
    if len(data) > MOST_BYTES:
        raise NotDecompiled("its bytecode is too long")
    for layout in _LAYOUTS:
        reader = _Reader(data, layout)
        try:
            found = reader.value(0)
        except (_Malformed, struct.error, UnicodeDecodeError):
            continue
        if isinstance(found, Code) and reader.place == len(data):
            return found
    raise NotDecompiled("its bytecode is damaged, or of a Python other than 2.7 or 3.4 to 3.13")


@record(frozen=True)
class _Set:
    """A constant set, which no page says."""

    items: tuple[object, ...]


@record(frozen=False)
class _Reader:
    """Reads one value after another; `layout` says how code objects are arranged."""

    data: bytes
    layout: tuple[int, int]
    place: int = 0
    count: int = 0
    remembered: list[object] = field(default_factory=list)
    interned: list[str] = field(default_factory=list)

    def take(self, count: int) -> bytes:
        """Return the next bytes."""
        end = self.place + count
        if count < 0 or end > len(self.data):
            raise _Malformed
        self.place, found = end, self.data[self.place : end]
        return found

    def number(self) -> int:
        """Return the next four bytes as a number with a sign."""
        return int(struct.unpack("<i", self.take(4))[0])

    def value(self, depth: int) -> Constant:
        """Return the next value."""
        self.count += 1
        if depth > _DEEPEST or self.count > _MOST_OBJECTS:
            raise _Malformed
        first = self.take(1)[0]
        kind = chr(first & ~_REMEMBERED)
        if not first & _REMEMBERED:
            return self._read(kind, depth)
        place = len(self.remembered)
        self.remembered.append(_UNREADY)
        self.remembered[place] = found = self._read(kind, depth)
        return found

    def _read(self, kind: str, depth: int) -> Constant:
        if kind in _CONSTANTS:
            return _CONSTANTS[kind]
        if kind in ")(>":
            count = self.take(1)[0] if kind == ")" else self.number()
            if not 0 <= count <= len(self.data):
                raise _Malformed
            items = tuple([self.value(depth + 1) for _ in range(count)])
            return items if kind != ">" else _Set(items)
        if kind == "c":
            return self._code(depth + 1)
        return self._scalar(kind)

    def _scalar(self, kind: str) -> Constant:
        match kind:
            case "i":
                return self.number()
            case "I":
                return struct.unpack("<q", self.take(8))[0]
            case "l":
                return self._long()
            case "g":
                return struct.unpack("<d", self.take(8))[0]
            case "y":
                return complex(*struct.unpack("<dd", self.take(16)))
            case "s":
                return self._bytes()
            case "t":
                return self._interned()
            case "u":
                return self._text(self.number(), "utf-8")
            case "a" | "A":
                return self._text(self.number(), "ascii")
            case "z" | "Z":
                return self._text(self.take(1)[0], "ascii")
            case "R":
                return self._reference(list(self.interned))
            case "r":
                return self._reference(self.remembered)
        raise _Malformed

    def _long(self) -> int:
        count = self.number()
        if abs(count) > _LONGEST_INTEGER:
            raise _Malformed
        digits = struct.unpack(f"<{abs(count)}H", self.take(2 * abs(count)))
        size: int = sum(int(digit) << 15 * place for place, digit in enumerate(digits))
        return size if count >= 0 else -size

    def _bytes(self) -> object:
        """Return bytes; Python 2 has texts of this type."""
        found = self.take(self.number())
        if self.layout > (2, 7):
            return found
        return found.decode("ascii") if found.isascii() else found

    def _text(self, size: int, encoding: str) -> str:
        return self.take(size).decode(encoding)

    def _interned(self) -> str:
        """Return a text that later ones refer to by number, in Python 2."""
        text = self._text(self.number(), "ascii" if self.layout <= (2, 7) else "utf-8")
        self.interned.append(text)
        return text

    def _reference(self, found: list[object]) -> object:
        place = self.number()
        if not 0 <= place < len(found) or found[place] is _UNREADY:
            raise _Malformed
        return found[place]

    # Code objects

    def _code(self, depth: int) -> Code:
        layout = self.layout
        argcount = self.number()
        positional_only = self.number() if layout >= (3, 8) else 0
        keyword_only = self.number() if layout >= (3, 4) else 0
        if layout < (3, 11):
            self.number()  # how many local variables there are
        self.number()  # how high the stack grows
        flags = self.number()
        code = self._of(depth, bytes, str)
        consts = self._tuple(depth)
        names = self._names(depth)
        slots, cells, free = self._variables(depth)
        self._of(depth, str, bytes)  # the file
        name = str(self._of(depth, str))
        if layout >= (3, 11):
            self._of(depth, str)  # the qualified name
        self.number()  # the first line
        lines = self._of(depth, bytes, str)
        if layout >= (3, 11) and self._of(depth, bytes):
            raise NotDecompiled("it holds a comprehension, or handles exceptions")
        if not 0 <= argcount <= len(slots):
            raise _Malformed
        return Code(
            layout, name, argcount, positional_only, keyword_only, flags, _raw(code),
            consts, names, slots, cells, free, _raw(lines),
        )  # fmt: skip

    def _of(self, depth: int, *kinds: type) -> object:
        found = self.value(depth)
        if not isinstance(found, kinds):
            raise _Malformed
        return found

    def _tuple(self, depth: int) -> tuple[object, ...]:
        found = self.value(depth)
        if not isinstance(found, tuple):
            raise _Malformed
        return found

    def _names(self, depth: int) -> tuple[str, ...]:
        found = self._tuple(depth)
        names = tuple(name for name in found if isinstance(name, str))
        if len(names) != len(found):
            raise _Malformed
        fine = _OLD_NAMES if self.layout <= (2, 7) else ()
        if any(name.startswith(".") for name in names):  # what a comprehension is given
            raise NotDecompiled("it holds a comprehension, or a generator")
        if not all(is_identifier(name) or name in fine for name in names):
            raise NotDecompiled("it has names that are no plain names")
        return names

    def _variables(self, depth: int) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        """Return the names of local variables, of what LOAD_DEREF counts, and of free ones."""
        slots = self._names(depth)
        if self.layout >= (3, 11):
            kinds = self._of(depth, bytes)
            if not isinstance(kinds, bytes) or len(kinds) != len(slots):
                raise _Malformed
            free = tuple(n for n, kind in zip(slots, kinds, strict=True) if kind & _FREE)
            return slots, slots, free
        free = self._names(depth)
        return slots, (*self._names(depth), *free), free


def _raw(found: object) -> bytes:
    """Return bytes that Python 2 has as a text."""
    if isinstance(found, str):
        return found.encode("ascii")
    assert isinstance(found, bytes)
    return found
