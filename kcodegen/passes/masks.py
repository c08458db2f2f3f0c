"""Implicit masks: those that Keras makes by itself come out of the graph, and can go back in.

    emb = Embedding(11, 4, mask_zero=True)(tok)          emb = Embedding(11, 4, mask_zero=True)(tok)
    m = not_equal(tok, 0)                          ->    y = LSTM(3)(emb)
    y = LSTM(3)(emb, mask=m)

`with_masks` replays what `Layer.__call__` of Keras 3 does with masks; `without_masks` leaves out
only what that replay brings back, and keeps every other mask as the argument that it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from kcodegen.ir.graph import Call, Graph, Layer
from kcodegen.ir.order import flatten, post_order
from kcodegen.ir.values import Dict, Obj, Ref, Value, lookup
from kcodegen.passes.defaults import drop_defaults

_RECURRENT = frozenset(
    {"LSTM", "GRU", "SimpleRNN", "RNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"}
)
# Layers whose `call` takes one `mask`.
_ONE_MASK = _RECURRENT | {
    "Attention",
    "AdditiveAttention",
    "BatchNormalization",
    "Bidirectional",
    "GlobalAveragePooling1D",
    "Lambda",
    "Model",
    "Pipeline",
    "Sequential",
    "Softmax",
    "TimeDistributed",
}
# Layers that take a mask per tensor argument, and the names of those arguments.
_MASK_PER_ARGUMENT = {
    "MultiHeadAttention": ("query", "value", "key"),
    "GroupQueryAttention": ("query", "value", "key"),
}
# Layers that hand their first input's mask on unchanged.
_PROPAGATE = frozenset(
    """Activation ActivityRegularization AlphaDropout BatchNormalization Dense Dropout ELU
    GaussianDropout GaussianNoise GroupNormalization GroupQueryAttention Identity
    LayerNormalization LeakyReLU MultiHeadAttention Normalization PReLU ReLU Rescaling Softmax
    SpatialDropout1D SpatialDropout2D SpatialDropout3D TimeDistributed UnitNormalization""".split()
)
# Layers that hand on the mask of the first of their inputs, converted to a tensor once more.
_FIRST = frozenset({"Attention", "AdditiveAttention"})
_MERGE = frozenset({"Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract"})

Masks = Mapping[Ref, Ref]


def short(key: str) -> str:
    """Return the class name at the end of a key."""
    return key.rsplit(".", 1)[-1] if key.startswith("keras.") else ""


def mask_arguments(key: str) -> tuple[str, ...]:
    """Return the names of the mask arguments that Keras fills in for a class."""
    name = short(key)
    if name in _ONE_MASK:
        return ("mask",)
    return tuple(f"{argument}_mask" for argument in _MASK_PER_ARGUMENT.get(name, ()))


@dataclass(slots=True)
class _Replay:
    """Keras' state while a graph is called layer by layer."""

    calls: list[Call] = field(default_factory=list)
    masks: dict[Ref, Ref] = field(default_factory=dict)

    def op(self, name: str, **kwargs: Value) -> Ref:
        """Add a mask op and return its output."""
        key = f"keras.ops.{name}"
        call = Call(f"/{key}/mask{len(self.calls)}", "op", key, (), tuple(kwargs.items()))
        self.calls.append(call)
        return Ref(call.id)

    def of(self, value: Value) -> Value:
        """Return the masks of a structure of tensors, in the same structure."""
        match value:
            case Ref():
                return self.masks.get(value)
            case tuple():
                return tuple(self.of(item) for item in value)
            case Dict(items):
                return Dict(tuple((key, self.of(item)) for key, item in items))
            case _:
                return None


def _empty(mask: Value) -> bool:
    return next(flatten(mask), None) is None


def with_masks(graph: Graph) -> Graph:
    """Return the graph with the mask ops and `mask` arguments that Keras would add."""
    layers = {layer.name: layer for layer in graph.layers}
    if not any(_produces(layer) for layer in graph.layers):
        return graph
    replay = _Replay()
    for call in _executable(graph):
        if call.kind == "op":
            replay.calls.append(call)
            continue
        layer = layers[call.target]
        called = _fill_masks(call, layer, replay)
        replay.calls.append(called)
        _set_masks(called, layer, replay)
    return replace(graph, calls=tuple(replay.calls))


def _produces(layer: Layer) -> bool:
    return short(layer.key) == "Masking" or lookup(layer.args, "mask_zero") is True


def _executable(graph: Graph) -> list[Call]:
    """Return the calls so that each comes after what it needs."""
    calls = {call.id: call for call in graph.calls}
    before: dict[str, list[str]] = {}
    last: dict[str, str] = {}
    for call in graph.calls:
        refs = [*flatten(call.args), *flatten(tuple(value for _, value in call.kwargs))]
        before[call.id] = [ref.call for ref in refs]
        if call.kind == "layer":
            if call.target in last:
                before[call.id].append(last[call.target])
            last[call.target] = call.id
    return [calls[id] for id in post_order([call.id for call in graph.calls], before)]


def _tensor_arguments(call: Call) -> dict[str, Value]:
    """Return the arguments that hold tensors, the positional ones under their place."""
    named = {str(place): value for place, value in enumerate(call.args)} | dict(call.kwargs)
    return {name: value for name, value in named.items() if not _empty(value)}


def _fill_masks(call: Call, layer: Layer, replay: _Replay) -> Call:
    """Return the call with the masks that Keras fills in before it calls the layer."""
    tensors = _tensor_arguments(call)
    filled: list[tuple[str, Value]] = []
    name = short(layer.key)
    if name in _ONE_MASK and len(tensors) == 1 and lookup(call.kwargs, "mask") is None:
        filled.append(("mask", replay.of(next(iter(tensors.values())))))
    elif name in _MASK_PER_ARGUMENT and len(tensors) > 1:
        for place, argument in enumerate(_MASK_PER_ARGUMENT[name]):
            value = tensors.get(argument, tensors.get(str(place)))
            if value is not None and lookup(call.kwargs, f"{argument}_mask") is None:
                filled.append((f"{argument}_mask", replay.of(value)))
    kept = [(key, value) for key, value in filled if not _empty(value)]
    if not kept:
        return call
    names = {key for key, _ in kept}
    return replace(call, kwargs=(*(kw for kw in call.kwargs if kw[0] not in names), *kept))


def _first(call: Call) -> Value:
    return call.args[0] if call.args else (call.kwargs[0][1] if call.kwargs else None)


def _set_masks(call: Call, layer: Layer, replay: _Replay) -> None:
    """Note the masks of a call's outputs."""
    name, first = short(layer.key), _first(call)
    mask = lookup(call.kwargs, "mask")
    if _empty(mask):
        mask = replay.of(first)
    output: Value = None
    if name == "Embedding":
        if lookup(layer.args, "mask_zero") is True:
            output = replay.op("not_equal", x1=first, x2=0)
    elif name == "Masking":
        value = lookup(layer.args, "mask_value", 0.0)
        output = replay.op("any", x=replay.op("not_equal", x1=first, x2=value), axis=-1)
    elif name in _PROPAGATE:
        output = mask
    elif name in _RECURRENT:
        output = next(flatten(mask), None) if _true(layer.args, "return_sequences") else None
    elif name == "Bidirectional":
        output = _bidirectional_mask(layer, mask)
    elif name in _FIRST:
        kept = mask[0] if isinstance(mask, tuple) and mask else None
        output = None if kept is None else replay.op("convert_to_tensor", x=kept)
    elif name in _MERGE:
        output = _merged_mask(mask, replay)
    elif name == "Concatenate":
        output = _concatenated_mask(layer, first, mask, replay)
    for index, item in enumerate(output if isinstance(output, tuple) else (output,)):
        if isinstance(item, Ref):
            replay.masks[Ref(call.id, index)] = item


def _true(args: tuple[tuple[str, Value], ...], name: str) -> bool:
    return lookup(args, name) is True


def _bidirectional_mask(layer: Layer, mask: Value) -> Value:
    inner = lookup(layer.args, "layer")
    if not isinstance(inner, Obj) or not _true(inner.args, "return_sequences"):
        return None
    first = next(flatten(mask), None)
    merged = lookup(layer.args, "merge_mode", "concat") is not None
    return first if merged else (first, first)


def _merged_mask(mask: Value, replay: _Replay) -> Value:
    if not isinstance(mask, tuple) or not mask or any(m is None for m in mask):
        return None
    output = mask[0]
    for item in mask[1:]:
        output = replay.op("logical_or", x1=output, x2=item)
    return output


def _concatenated_mask(layer: Layer, first: Value, mask: Value, replay: _Replay) -> Value:
    """Return the mask of a Concatenate whose inputs have one dimension more than their masks."""
    if not isinstance(mask, tuple) or not isinstance(first, tuple) or _empty(mask):
        return None
    parts: list[Value] = []
    for tensor, item in zip(first, mask, strict=True):
        if item is None:
            parts.append(replay.op("ones_like", x=tensor, dtype="bool"))
        else:
            wide = replay.op("expand_dims", x=item, axis=-1)
            zeros = replay.op("zeros_like", x=tensor, dtype="bool")
            parts.append(replay.op("logical_or", x1=wide, x2=zeros))
    joined = replay.op("concatenate", xs=tuple(parts), axis=lookup(layer.args, "axis", -1))
    return replay.op("any", x=joined, axis=-1, keepdims=False)


# Leaving masks out


def without_masks(graph: Graph) -> Graph:
    """Return the graph without the masks that `with_masks` brings back."""
    if not any(_produces(layer) for layer in graph.layers):
        return graph
    layers = {layer.name: layer for layer in graph.layers}
    bare = replace(graph, calls=tuple(_drop(call, layers) for call in graph.calls))
    derived = {call.id: call for call in with_masks(bare).calls}
    recorded = _Tree(graph.calls)
    replayed = _Tree(tuple(derived.values()))
    calls = []
    for call, stripped in zip(graph.calls, bare.calls, strict=True):
        before = recorded.masks(call, layers)
        after = replayed.masks(derived[call.id], layers)
        calls.append(stripped if before == after or not before else call)
    kept = replace(graph, calls=tuple(calls))
    return _prune(kept)


def _drop(call: Call, layers: Mapping[str, Layer]) -> Call:
    if call.kind == "op":
        return call
    names = mask_arguments(layers[call.target].key)
    kwargs = tuple(kw for kw in call.kwargs if kw[0] not in names or not _is_op(kw[1]))
    return replace(call, kwargs=kwargs)


def _is_op(value: Value) -> bool:
    refs = list(flatten(value))
    return bool(refs) and all(ref.call.startswith("/") for ref in refs)


class _Tree:
    """Spells the expression of ops behind a reference, for comparing masks of two graphs."""

    def __init__(self, calls: tuple[Call, ...]) -> None:
        self.calls = {call.id: call for call in calls}

    def masks(self, call: Call, layers: Mapping[str, Layer]) -> tuple[tuple[str, str], ...]:
        """Return the mask arguments of a call, spelled out."""
        if call.kind == "op":
            return ()
        names = mask_arguments(layers[call.target].key)
        found = [(k, self.spell(v)) for k, v in call.kwargs if k in names and not _empty(v)]
        return tuple(sorted(found))

    def spell(self, value: Value) -> str:
        """Return one text for equal expressions; defaults of ops are left out."""
        match value:
            case Ref(id, index) if id in self.calls and self.calls[id].kind == "op":
                call = self.calls[id]
                given = drop_defaults(call.target, call.kwargs)
                args = [f"{key}={self.spell(item)}" for key, item in given]
                return f"{call.target}({', '.join(args)})[{index}]"
            case tuple():
                return f"({', '.join(self.spell(item) for item in value)})"
            case _:
                return repr(value)


def _prune(graph: Graph) -> Graph:
    """Return the graph without ops that nothing uses."""
    calls = {call.id: call for call in graph.calls}
    before = {
        call.id: [
            ref.call
            for ref in (*flatten(call.args), *flatten(tuple(value for _, value in call.kwargs)))
        ]
        for call in graph.calls
    }
    roots = [ref.call for ref in (*flatten(graph.outputs), *flatten(graph.inputs))]
    used = set(post_order(roots, before))
    kept = tuple(c for c in graph.calls if c.kind == "layer" or c.id in used)
    assert all(ref in calls for call in kept for ref in before[call.id])
    return replace(graph, calls=kept)
