"""What building a layer writes in place of a default, and nobody's source said.

LayerNormalization(axis=[-1])   ->   LayerNormalization()
"""

from __future__ import annotations

from kcodegen import registry
from kcodegen.ir.values import Args, Dict, Value, same
from kcodegen.registry.built import built_value
from kcodegen.registry.vocabulary import OWN_ROWS, is_custom


def drop_built(key: str, args: Args, built: Value = None) -> Args:
    """Return the arguments without those that a build has filled in.

    `built` is the shape, or the dict of shapes, that the layer was built with.
    """
    if is_custom(key) or key in OWN_ROWS or key.startswith("keras.ops."):
        return args
    row = registry.row(key)
    if not row.built:
        return args
    names = {name for name, _ in row.built}
    rank = rank_of(built)
    return tuple(
        (name, value)
        for name, value in args
        if name not in names or value is None or not same(value, built_value(row, name, args, rank))
    )


def rank_of(built: Value) -> int | None:
    """Return the number of axes of the first input, the batch included; None when unknown."""
    if isinstance(built, Dict):
        return rank_of(built.items[0][1]) if built.items else None
    if isinstance(built, tuple):
        first = built[0] if built else None
        return rank_of(first) if isinstance(first, tuple) else len(built)
    return None
