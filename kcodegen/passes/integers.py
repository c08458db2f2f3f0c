"""Which tensors of a graph hold integers, as far as that can be told.

tokens = Input((6,), dtype="int32")          ops.mean(tokens): a float in Keras 3,
ops.mean(tokens)                             rounded down by tf.reduce_mean
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kcodegen.ir.graph import Call, Graph, Layer
from kcodegen.ir.order import executable, operands
from kcodegen.ir.values import Array, Ref, Value, lookup
from kcodegen.registry.vocabulary import INPUT

OF_FLOATS: Final = frozenset(
    f"keras.ops.{name}" for name in ("divide", "divide_no_nan", "mean", "true_divide")
)
"""Ops that return floats for integers in Keras 3, and something else in TensorFlow."""

_PROMOTE = frozenset(
    f"keras.ops.{name}"
    for name in """add divide divide_no_nan floor_divide maximum minimum mod multiply power subtract
    true_divide where concatenate stack matmul equal greater greater_equal less less_equal
    not_equal""".split()
)

_MAKE = frozenset(
    f"keras.ops.{name}" for name in ("argmax", "argmin", "argsort", "cast", "one_hot")
)
_INDEXES = frozenset(
    f"keras.layers.{name}"
    for name in ("Discretization", "HashedCrossing", "Hashing", "IntegerLookup", "StringLookup")
)
# Layers that return what they are given in another form.
_KEEP = frozenset(
    f"keras.layers.{name}"
    for name in """Add Concatenate Cropping1D Flatten Identity Maximum Minimum Multiply Permute
    RepeatVector Reshape Subtract ZeroPadding1D""".split()
)


def integers(graph: Graph) -> set[str]:
    """Return the ids of the calls that give integers; ops on integers alone do."""
    layers = {layer.name: layer for layer in graph.layers}
    found: set[str] = set()
    for call in executable(graph.calls):
        given = [ref.call in found for ref in operands(call)]
        if call.kind == "layer" and call.target in layers:
            layer = layers[call.target]
            keeps = layer.key in _KEEP and any(given) and all(given)
            whole = keeps or _gives_integers(layer)
        else:
            whole = _makes_integers(call) if call.target in _MAKE else any(given) and all(given)
        if whole and call.target not in OF_FLOATS:
            found.add(call.id)
    return found


def mixes(call: Call, whole: set[str]) -> bool:
    """Tell whether an op takes integers and floats at once, which TensorFlow does not.

    A number without a point goes with both.
    """
    if call.target not in _PROMOTE:
        return False
    operated = (value for name, value in call.kwargs if name != "condition")
    kinds = {kind for value in operated for kind in _kinds(value, whole)}
    return len(kinds) > 1


def _kinds(value: Value, whole: set[str]) -> Iterator[str]:
    match value:
        case Ref(id):
            yield "integer" if id in whole else "float32"
        case Array(dtype=dtype):
            yield "integer" if _whole(dtype) else dtype
        case float():
            yield "float32"
        case tuple():
            for item in value:
                yield from _kinds(item, whole)


def _gives_integers(layer: Layer) -> bool:
    return layer.key in _INDEXES or (layer.key == INPUT.key and _whole(lookup(layer.args, "dtype")))


def _makes_integers(call: Call) -> bool:
    dtype = lookup(call.kwargs, "dtype")
    return call.target.rpartition(".")[2].startswith("arg") or _whole(dtype)


def _whole(dtype: Value) -> bool:
    return isinstance(dtype, str) and dtype.startswith(("int", "uint", "bool"))
