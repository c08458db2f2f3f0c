"""Arrays in a file of weights: seen at once, read later and in pieces."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from kcodegen.diagnostics import rejected
from kcodegen.records import record
from kcodegen.words import prose

# An array of numpy, which is imported only when there are numbers to read.
Array: TypeAlias = Any

PIECE = 16 * 2**20
"""The bytes that a piece should have at most."""


@record(frozen=True)
class Stored:
    """An array that a file holds and that was checked, but not yet read.

    `name` is its path in the file, from the outermost group, fit for messages only after `shown`.
    `dtype` is numpy's name, or "bfloat16", "float8_e4m3fn", "float8_e5m2" for pieces of unsigned
    integers that hold the bits of such numbers. `chunks` starts to read: it yields flat arrays of
    about `PIECE` bytes that are, one after the other, the elements in C order.
    """

    name: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: str
    chunks: Callable[[], Iterator[Array]]

    @property
    def count(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    @property
    def shown(self) -> str:
        """The path as a message may show it."""
        return "/".join(":".join(map(prose, part.split(":"))) for part in self.name)


def whole(stored: Stored) -> Array:
    """Return all of an array at once, for what can't be done piece by piece."""
    import numpy as np  # its import takes longer than most models do

    found, start = np.empty(stored.count, raw_dtype(stored.dtype)), 0
    for piece in stored.chunks():
        if start + piece.size > stored.count:
            start += piece.size
            break
        found[start : start + piece.size] = piece
        start += piece.size
    if start != stored.count:
        message = f"{stored.shown} has {start} numbers and not {stored.count}"
        raise rejected("truncated-weights", message, hint="is the file complete?")
    return found.reshape(stored.shape)


def computed(
    name: tuple[str, ...], shape: tuple[int, ...], dtype: str, array: Callable[[], Array]
) -> Stored:
    """Return an array that is made when it is asked for."""
    return Stored(name, shape, dtype, lambda: iter((array().reshape(-1),)))


def in_pieces(flat: Array) -> Iterator[Array]:
    """Yield a flat array, perhaps mapped from a file, in pieces."""
    step = max(1, PIECE // max(1, flat.itemsize))
    for start in range(0, flat.size, step):
        yield flat[start : start + step]


# Types that numpy has no name for

_BITS = {"bfloat16": "uint16", "float8_e4m3fn": "uint8", "float8_e5m2": "uint8"}


def raw_dtype(name: str) -> str:
    """Return the dtype of the pieces of an array: that of the bits for what numpy has not."""
    return _BITS.get(name, name)


def saved_dtype(name: str) -> str:
    """Return the dtype of the `.npy` file: the smallest that numpy has and that loses nothing."""
    return "float32" if name in _BITS else name


def widened(piece: Array, dtype: str) -> Array:
    """Return a piece as numbers of `saved_dtype`; every one of them is what it was."""
    import numpy as np  # as above

    match dtype:
        case "bfloat16":
            return (piece.view("uint16").astype("uint32") << 16).view("float32")
        case "float8_e5m2":
            # The upper half of a float16.
            return (piece.view("uint8").astype("uint16") << 8).view("float16").astype("float32")
        case "float8_e4m3fn":
            return _e4m3fn()[piece.view("uint8")]
        case _:
            return np.ascontiguousarray(piece)


def _e4m3fn() -> Array:
    """Return the numbers that the 256 bytes of the type stand for."""
    import numpy as np  # as above

    bits = np.arange(256)
    exponent, fraction = bits >> 3 & 15, bits & 7
    normal = (1 + fraction / 8) * 2.0 ** (exponent - 7)
    numbers = np.where(exponent == 0, fraction / 8 * 2.0**-6, normal)
    numbers[bits & 127 == 127] = np.nan
    return np.where(bits < 128, numbers, -numbers).astype("float32")
