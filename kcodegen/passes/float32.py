"""Numbers that Keras keeps in a float32 variable, as their author typed them.

learning_rate=0.0010000000474974513   ->   learning_rate=0.001
"""

from __future__ import annotations

import struct

from kcodegen.ir.values import Args, Value
from kcodegen.passes.defaults import parameters


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


def undo_float32(key: str, args: Args, _built: Value = None) -> Args:
    """Return the arguments with float32 noise undone where Keras stores float32."""
    rounded = {param.name for param in parameters(key) if param.float32}
    return tuple(
        (name, shortest_float32(value) if name in rounded and isinstance(value, float) else value)
        for name, value in args
    )
