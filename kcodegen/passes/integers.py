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
"""The dtype of what each call gives, `float` for that of most floats; absent when not known."""


def _ops(text: str) -> frozenset[str]:
    return frozenset(f"keras.ops.{name}" for name in text.split())


_OF_FLOATS: Final = _ops(
    """arccos arccosh arcsin arcsinh arctan arctan2 arctanh ceil cos cosh divide divide_no_nan exp
    expm1 floor isfinite isinf isnan log log1p mean sin sinh sqrt std tan tanh
    true_divide var"""
)
"""Ops that make floats of integers in Keras 3, and that TensorFlow does not take them for."""

_UNLIKE: Final = _ops("image.resize")
"""Ops that both compute with integers, each in its own way."""

_OF_NUMBERS: Final = _ops(
    """abs absolute argsort image.rgb_to_grayscale max min mod prod sort square sum tensordot"""
)
"""Ops that take truths in Keras 3, and integers and floats only in TensorFlow."""

OF_TRUTHS: Final = _ops("all any logical_and logical_not logical_or logical_xor")
"""Ops that take all numbers in Keras 3, and truths only in TensorFlow."""

PROMOTE: Final = _ops(
    """add arctan2 divide divide_no_nan floor_divide maximum minimum mod multiply power subtract
    tensordot true_divide where concatenate stack matmul equal greater greater_equal less less_equal
    not_equal"""
)
_GIVE: Final = {
    **dict.fromkeys(OF_TRUTHS, TRUTH),
    **dict.fromkeys(_ops("equal greater greater_equal less less_equal not_equal"), TRUTH),
    **dict.fromkeys(_ops("isfinite isinf isnan"), TRUTH),
    **dict.fromkeys(_ops("argmax argmin"), "int64"),  # in TensorFlow; all integers for Keras 3
    "keras.ops.argsort": "int32",
}
ONE_HOT: Final = "keras.ops.one_hot"
_MAKE: Final = frozenset({"keras.ops.cast", ONE_HOT})
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
        else:
            kind = kind_of_op(call, found)
        if kind is not None:
            found[call.id] = kind
    return found


def kinds_after(casts: tuple[Call, ...], kinds: Kinds) -> Kinds:
    """Return the kinds with those of what some casts give."""
    made = {call.id: _kind(lookup(call.kwargs, "dtype")) for call in casts}
    return {**kinds, **{id: kind for id, kind in made.items() if kind is not None}}


def kinds_given(graph: Graph, kinds: Kinds) -> Kinds:
    """Return the kind of what each layer is given, by its name, where that is one."""
    found: dict[str, list[str | None]] = {}
    if graph.calls:
        for call in graph.calls:
            given = [kinds.get(ref.call) for ref in operands(call)]
            found.setdefault(call.target, []).append(_common(given))
    else:
        kind = None
        for layer in graph.layers:
            found[layer.name] = [kind]
            kind = _of_layer(layer, [kind])
    common = {name: _common(given) for name, given in found.items()}
    return {name: kind for name, kind in common.items() if kind is not None}


def kind_of_op(call: Call, found: Kinds) -> str | None:
    """Return the kind of what an op gives."""
    if call.target in _MAKE:
        return _kind(lookup(call.kwargs, "dtype") or "float32")
    if call.target in _GIVE:
        return _GIVE[call.target]
    given = [found.get(ref.call) for ref in operands(call)]
    if call.target in _OF_FLOATS and not any(_is_float(kind) for kind in given):
        return FLOAT
    return FLOAT if _has_point(call, found) else _common(_of_operands(call, found))


def why_not(call: Call, kinds: Kinds) -> str | None:
    """Say why TensorFlow does not compute an op with these operands as Keras 3 does."""
    given = [kinds.get(ref.call) for ref in operands(call)]
    if call.target in PROMOTE and len(set(_of_operands(call, kinds)) - {None}) > 1:
        return "of tensors of different types, which TensorFlow does not take"
    if call.target in _UNLIKE and any(not _is_float(kind) for kind in given):
        return "of integers, which TensorFlow computes otherwise"
    if call.target in _OF_NUMBERS and TRUTH in given:
        return "of truths, which TensorFlow does not take"
    return None


def wanted_kind(call: Call, name: str, ref: Ref, kinds: Kinds) -> str | None:
    """Return the dtype that Keras 3 makes of an operand before it computes, where TensorFlow won't.

    ops.mean(tokens)   ->   "float32"        ops.where(tokens, a, b)   ->   "bool" for the tokens

    `name` is the argument that the operand is, or is a part of.
    """
    kind = kinds.get(ref.call)
    if call.target == ONE_HOT:
        return None if kind is not None and kind.startswith(("int", "uint")) else "int64"
    if call.target in OF_TRUTHS or name == "condition":
        return None if kind in (None, TRUTH) else TRUTH
    if _is_float(kind) or name in _BESIDE:
        return None
    return "float32" if call.target in _OF_FLOATS or _has_point(call, kinds) else None


def _has_point(call: Call, kinds: Kinds) -> bool:
    """Tell whether all tensors of an op are of one type of integers, and a number has a point."""
    given = (value for name, value in call.kwargs if name not in _BESIDE)
    found = {kinds.get(ref.call) for value in given for ref in refs(value)}
    if call.target not in PROMOTE or len(found) != 1 or any(map(_is_float, found)):
        return False
    numbers = [value for name, value in call.kwargs if name not in _BESIDE]
    return any(isinstance(value, float) for value in numbers) and not any(
        isinstance(value, Array) for value in numbers
    )


def _of_operands(call: Call, kinds: Kinds) -> list[str | None]:
    """Return the kinds of what an op computes with; a number by itself goes with all."""
    values = (value for name, value in call.kwargs if name not in _BESIDE)
    return [kind for value in values for kind in _kinds_in(value, kinds)]


def _kinds_in(value: Value, kinds: Kinds) -> Iterator[str | None]:
    match value:
        case Ref(id):
            yield kinds.get(id)
        case Array(dtype=dtype):
            yield _kind(dtype)
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
    if "float" in dtype:
        return FLOAT if dtype == "float32" else dtype
    return None


def _is_float(kind: str | None) -> bool:
    """Tell whether a kind is one of floats, or may be."""
    return kind is None or "float" in kind
