"""Which tensors of a graph hold integers or truths, as far as that can be told.

tokens = Input((6,), dtype="int32")          ops.mean(tokens): a float in Keras 3,
ops.mean(tokens)                             rounded down by tf.reduce_mean

Keras 3 makes of all numbers what an op needs; TensorFlow takes what it is given, or does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kcodegen.ir.graph import Call, Graph, Layer
from kcodegen.ir.order import executable, operands
from kcodegen.ir.values import Array, Ref, Value, lookup, refs
from kcodegen.registry.vocabulary import INPUT, is_custom

FLOAT: Final = "float"
TRUTH: Final = "bool"
Kinds = dict[str, str]
"""The dtype of what each call gives: of integers or truths, `float` for all floats, or absent."""


def _ops(text: str) -> frozenset[str]:
    return frozenset(f"keras.ops.{name}" for name in text.split())


_OF_FLOATS: Final = _ops(
    """arccos arccosh arcsin arcsinh arctan arctan2 arctanh ceil cos cosh divide divide_no_nan exp
    expm1 floor image.resize isfinite isinf isnan log log1p mean sin sinh sqrt std tan tanh
    true_divide var"""
)
"""Ops that take integers in Keras 3, and that TensorFlow computes otherwise, or not at all."""

_OF_NUMBERS: Final = _ops(
    """abs absolute argsort image.rgb_to_grayscale max min one_hot prod sort square sum tensordot"""
)
"""Ops that take truths in Keras 3, and integers and floats only in TensorFlow."""

_OF_TRUTHS: Final = _ops("all any logical_and logical_not logical_or logical_xor")
"""Ops that take all numbers in Keras 3, and truths only in TensorFlow."""

_PROMOTE: Final = _ops(
    """add arctan2 divide divide_no_nan floor_divide maximum minimum mod multiply power subtract
    tensordot true_divide where concatenate stack matmul equal greater greater_equal less less_equal
    not_equal"""
)
_GIVE: Final = {
    **dict.fromkeys(_OF_TRUTHS, TRUTH),
    **dict.fromkeys(_ops("equal greater greater_equal less less_equal not_equal"), TRUTH),
    **dict.fromkeys(_ops("isfinite isinf isnan"), TRUTH),
    **dict.fromkeys(_ops("argmax argmin"), "int64"),  # in TensorFlow; all integers for Keras 3
    "keras.ops.argsort": "int32",
}
_MAKE: Final = _ops("cast one_hot")
# What an op does something with, besides the tensors that its result is made of.
_BESIDE: Final = frozenset({"condition", "indices"})

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


def kinds_of(graph: Graph) -> Kinds:
    """Return the kind of what each call gives, where that is known."""
    layers = {layer.name: layer for layer in graph.layers}
    found: Kinds = {}
    for call in executable(graph.calls):
        if call.kind == "layer" and call.target in layers:
            kind = _of_layer(layers[call.target], [found.get(ref.call) for ref in operands(call)])
        elif call.target in _MAKE:
            kind = _kind(lookup(call.kwargs, "dtype") or "float32")
        else:
            kind = _GIVE.get(call.target) or _common(_of_operands(call, found))
        if kind is not None:
            found[call.id] = kind
    return found


def why_not(call: Call, kinds: Kinds) -> str | None:
    """Say why TensorFlow does not compute an op with these operands as Keras 3 does."""
    given = [kinds.get(ref.call) for ref in operands(call)]
    condition = [kinds.get(ref.call) for ref in refs(lookup(call.kwargs, "condition"))]
    if call.target in _PROMOTE and len(set(_of_operands(call, kinds)) - {None}) > 1:
        return "of tensors of different types, which TensorFlow does not take"
    if call.target in _OF_FLOATS and any(kind not in (None, FLOAT) for kind in given):
        return "of integers, which TensorFlow computes otherwise"
    if call.target in _OF_NUMBERS and TRUTH in given:
        return "of truths, which TensorFlow does not take"
    wanted = given if call.target in _OF_TRUTHS else condition
    if any(kind not in (None, TRUTH) for kind in wanted):
        return "of numbers in the place of truths, which TensorFlow does not take"
    return None


def _of_operands(call: Call, kinds: Kinds) -> list[str | None]:
    """Return the kinds of what an op computes with; a number without a point goes with all."""
    values = (value for name, value in call.kwargs if name not in _BESIDE)
    return [kind for value in values for kind in _kinds_in(value, kinds)]


def _kinds_in(value: Value, kinds: Kinds) -> Iterator[str | None]:
    match value:
        case Ref(id):
            yield kinds.get(id)
        case Array(dtype=dtype):
            yield _kind(dtype)
        case float():
            yield FLOAT
        case tuple():
            for item in value:
                yield from _kinds_in(item, kinds)


def _common(given: list[str | None]) -> str | None:
    """Return the kind of all operands, if it is one."""
    return given[0] if len(set(given)) == 1 else None


def _of_layer(layer: Layer, given: list[str | None]) -> str | None:
    """Return the kind of what a layer gives; nobody knows what a user's own gives."""
    if layer.key == INPUT.key:
        return _kind(lookup(layer.args, "dtype") or "float32")
    if layer.key in _INDEXES:
        return "int64"
    if layer.body is not None or is_custom(layer.key) or layer.key == "keras.layers.Lambda":
        return None
    if layer.key in _KEEP and given:
        return _common(given)
    return FLOAT


def _kind(dtype: Value) -> str | None:
    """Return the kind of a dtype; a string is none that an op computes with."""
    if not isinstance(dtype, str):
        return None
    if dtype.startswith(("int", "uint", "bool")):
        return dtype
    return FLOAT if "float" in dtype else None
