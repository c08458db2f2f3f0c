"""Numbers that Keras keeps in a float32 variable, as their author typed them.

learning_rate=0.0010000000474974513   ->   learning_rate=0.001
"""

from __future__ import annotations

from functools import cache

from kcodegen.ir.numbers import shortest_float32
from kcodegen.ir.values import Args, Value
from kcodegen.passes.defaults import parameters


@cache
def _rounded(key: str) -> frozenset[str]:
    return frozenset(name for name, param in parameters(key).items() if param.float32)


def undo_float32(key: str, args: Args, _built: Value = None) -> Args:
    """Return the arguments with float32 noise undone where Keras stores float32."""
    rounded = _rounded(key)
    if not rounded:
        return args
    return tuple(
        (name, shortest_float32(value) if name in rounded and isinstance(value, float) else value)
        for name, value in args
    )
