"""Floating point numbers as their author typed them."""

from __future__ import annotations

import struct


def shortest_float32(value: float) -> float:
    """Return the shortest decimal that rounds to the same float32.

    A `value` that is no float32 is returned as it is: it never went through one.
    """
    if to_float32(value) != value:
        return value
    for digits in range(1, 10):
        short = float(f"{value:.{digits}g}")
        if to_float32(short) == value:
            return short
    return value


def to_float32(value: float) -> float:
    """Return `value` rounded to float32; what overflows it is returned unchanged."""
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return value
