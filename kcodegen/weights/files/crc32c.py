"""The sum that TensorFlow keeps of what it writes: CRC-32C, of many rows of bytes at once.

crc32c(b"123456789")   ->   0xE3069283
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

# The polynomial, its bits reversed.
_POLYNOMIAL = 0x82F63B78
_ALL = 0xFFFFFFFF
# Below so many bytes a loop over them is faster than numpy.
_SHORT = 1024
# The bytes of a row; two are taken in one step.
_ROW = 256
# What LevelDB adds to a sum that stands among the bytes that it sums up.
_MASK = 0xA282EAD8


def unmasked(stated: int) -> int:
    """Return a sum as it was before it was written."""
    rotated = (stated - _MASK) & _ALL
    return ((rotated >> 17) | (rotated << 15)) & _ALL


def crc32c(data: bytes, before: int = 0) -> int:
    """Return the sum of some bytes, or of all bytes so far when the sum `before` them is given."""
    if len(data) < _SHORT:
        return _by_byte(data, before ^ _ALL) ^ _ALL
    register, rest = before ^ _ALL, memoryview(data)
    while len(rest) >= _SHORT:
        rows = 1 << ((len(rest) // _ROW).bit_length() - 1)
        size = rows * _ROW
        # What a register holds already goes through all that follows.
        register = _shifted(register, size) ^ _of_rows(rest[:size], rows)
        rest = rest[size:]
    return _by_byte(rest, register) ^ _ALL


def _by_byte(data: Iterable[int], register: int) -> int:
    table = _table()
    for byte in data:
        register = table[(register ^ byte) & 255] ^ (register >> 8)
    return register


def _of_rows(data: memoryview, rows: int) -> int:
    """Return the sum of rows of bytes: of each one, then of pairs of neighbours, and so on."""
    import numpy as np  # its import takes longer than most models do

    table = _table_of_pairs()
    columns = np.frombuffer(data, "<u2").reshape(rows, -1).T.astype("uint32")
    sums: Any = np.zeros(rows, "uint32")
    for column in columns:
        sums = table[(sums ^ column) & 0xFFFF] ^ (sums >> 16)
    length = _ROW
    while len(sums) > 1:
        moved, left = np.zeros(len(sums) // 2, "uint32"), sums[0::2]
        for bit, shifted in enumerate(_shifted_bits(length)):
            moved ^= (left >> np.uint32(bit) & 1) * np.uint32(shifted)
        sums, length = moved ^ sums[1::2], length * 2
    return int(sums[0])


def _shifted(register: int, count: int) -> int:
    """Return what a register holds after so many zero bytes."""
    return _product(register, _power(count))


@cache
def _shifted_bits(count: int) -> tuple[int, ...]:
    """Return what each bit of a register is after so many zero bytes."""
    return tuple(_shifted(1 << bit, count) for bit in range(32))


@cache
def _power(count: int) -> int:
    """Return the polynomial that stands for so many zero bytes."""
    power, factor = 1 << 31, 1 << 23
    while count:
        if count & 1:
            power = _product(power, factor)
        factor = _product(factor, factor)
        count >>= 1
    return power


def _product(one: int, other: int) -> int:
    """Return the product of two polynomials, reduced; the highest bit is the power zero."""
    found = 0
    for bit in range(31, -1, -1):
        if one >> bit & 1:
            found ^= other
        other = other >> 1 ^ (_POLYNOMIAL if other & 1 else 0)
    return found


@cache
def _table() -> tuple[int, ...]:
    """Return what each byte makes of an empty register."""
    found = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (_POLYNOMIAL if byte & 1 else 0)
        found.append(byte)
    return tuple(found)


@cache
def _table_of_pairs() -> Any:
    """Return what each pair of bytes makes of an empty register."""
    import numpy as np  # as above

    table, pairs = np.array(_table(), "uint32"), np.arange(1 << 16)
    first = table[pairs & 255]
    return table[(first ^ pairs >> 8) & 255] ^ (first >> 8)
