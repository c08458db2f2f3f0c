"""Numbers that Keras widens to tuples, written out for the proof.

Conv2D(32, kernel_size=3)   ->   Conv2D(32, kernel_size=(3, 3))
"""

from __future__ import annotations

from functools import cache

from kcodegen.ir.values import Args, Value
from kcodegen.passes.defaults import parameters
from kcodegen.registry.rows import widen


@cache
def _spreads(key: str) -> dict[str, Value]:
    return {name: p.spread for name, p in parameters(key).items() if p.spread is not None}


def widen_args(key: str, args: Args, _built: Value = None) -> Args:
    """Return the arguments with every single number as the tuple that Keras makes of it."""
    spreads = _spreads(key)
    if not spreads:
        return args
    return tuple(
        (name, widen(value, spreads[name]) if name in spreads and _is_number(value) else value)
        for name, value in args
    )


def _is_number(value: Value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
