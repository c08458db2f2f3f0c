"""How Keras 3 hands masks from layer to layer, replayed call by call without Keras.

    emb = Embedding(11, 4, mask_zero=True)(tok)          emb = Embedding(11, 4, mask_zero=True)(tok)
    y = LSTM(3)(emb)                               ->    m = not_equal(tok, 0)
                                                         y = LSTM(3)(emb, mask=m)

Source: `Layer.__call__`, and the `compute_mask` of every class that has one.
"""

from __future__ import annotations

from dataclasses import field, replace
from functools import cache

from kcodegen import registry
from kcodegen.ir.graph import Call
from kcodegen.ir.order import flatten
from kcodegen.ir.values import Args, Dict, Obj, Ref, Value, lookup
from kcodegen.records import record

# Layers whose `call` takes one `mask`.
_ONE_MASK = frozenset(
    """AdditiveAttention Attention BatchNormalization Bidirectional ConvLSTM1D ConvLSTM2D
    ConvLSTM3D GRU GlobalAveragePooling1D LSTM Lambda Model Pipeline RNN Sequential SimpleRNN
    Softmax TimeDistributed""".split()
)
# Layers that take a mask per tensor argument, and the names of those arguments.
_MASK_PER_ARGUMENT = {
    "MultiHeadAttention": ("query", "value", "key"),
    "GroupQueryAttention": ("query", "value", "key"),
}


def mask_arguments(key: str) -> tuple[str, ...]:
    """Return the names of the mask arguments that Keras fills in for a class."""
    name = short_name(key)
    if name in _ONE_MASK:
        return ("mask",)
    return tuple(f"{argument}_mask" for argument in _MASK_PER_ARGUMENT.get(name, ()))


def can_make_mask(key: str) -> bool:
    """Tell whether the layers of a class may put a mask on what had none."""
    return _rule(key).startswith("make")


def makes_mask(key: str, args: Args) -> bool:
    """Tell whether a layer puts a mask on its output whatever it is called with."""
    rule, _, condition = _rule(key).partition(" ")
    return rule == "make" and (not condition or lookup(args, condition) is True)


def records_masks(call: Call) -> bool:
    """Tell whether Keras 3.15 records the masks that it fills in with the call of a layer.

    `Layer.__call__` adds a mask to the very arguments that it records, unless it has copied them
    before, to convert several tensors or a structure.
    """
    return not call.kwargs and len(call.args) == 1 and isinstance(call.args[0], Ref)


def is_empty(mask: Value) -> bool:
    """Tell whether a structure holds no mask."""
    return next(flatten(mask), None) is None


@record(frozen=False)
class MaskReplay:
    """Keras' state while layers are called one after another.

    `calls` are the ops that masks are made with, in the order in which Keras makes them, and
    `masks` the masks of the tensors that have one. With `is_old` a step of merged tensors is kept
    as Keras 2 kept it: where every mask that there is keeps it. `blind` are the classes that took
    no notice of masks.
    """

    calls: list[Call] = field(default_factory=list)
    masks: dict[Ref, Ref] = field(default_factory=dict)
    is_old: bool = False
    blind: frozenset[str] = frozenset()

    def call(self, call: Call, key: str, args: Args) -> Call:
        """Replay the call of a layer, and return it with the masks that Keras fills in.

        `key` and `args` are the layer's class and constructor arguments; defaults may be left
        out. Masks of the outputs, and the ops that make them, are noted.
        """
        if not self.masks and not makes_mask(key, args):
            return call
        called = self.filled(call, key)
        self._hand_on(called, key, args)
        return called

    def filled(self, call: Call, key: str) -> Call:
        """Return the call of a layer with the masks that Keras fills in."""
        if short_name(key) in self.blind:
            return call
        tensors = _tensor_arguments(call)
        name = short_name(key)
        filled: list[tuple[str, Value]] = []
        if name in _ONE_MASK and len(tensors) == 1 and lookup(call.kwargs, "mask") is None:
            filled.append(("mask", self._of(next(iter(tensors.values())))))
        elif name in _MASK_PER_ARGUMENT and len(tensors) > 1:
            for place, argument in enumerate(_MASK_PER_ARGUMENT[name]):
                value = tensors.get(argument, tensors.get(str(place)))
                if value is not None and lookup(call.kwargs, f"{argument}_mask") is None:
                    filled.append((f"{argument}_mask", self._of(value)))
        kept = [(key, value) for key, value in filled if not is_empty(value)]
        if not kept:
            return call
        names = {key for key, _ in kept}
        return replace(call, kwargs=(*(kw for kw in call.kwargs if kw[0] not in names), *kept))

    def _of(self, value: Value) -> Value:
        """Return the masks of a structure of tensors, in the same structure."""
        match value:
            case Ref():
                return self.masks.get(value)
            case tuple():
                return tuple(self._of(item) for item in value)
            case Dict(items):
                return Dict(tuple((key, self._of(item)) for key, item in items))
            case _:
                return None

    def _hand_on(self, call: Call, key: str, args: Args) -> None:
        """Note the masks of a call's outputs."""
        first = call.args[0] if call.args else (call.kwargs[0][1] if call.kwargs else None)
        mask = lookup(call.kwargs, "mask")
        if is_empty(mask):
            mask = self._of(first)
        output = self._output_mask(key, args, first, mask)
        for index, item in enumerate(output if isinstance(output, tuple) else (output,)):
            if isinstance(item, Ref):
                self.masks[Ref(call.id, index)] = item

    def _output_mask(self, key: str, args: Args, first: Value, mask: Value) -> Value:
        rule, _, condition = _rule(key).partition(" ")
        if short_name(key) in self.blind:
            return None
        match rule:
            case "make" if condition:
                wanted = lookup(args, condition) is True
                return self._op("not_equal", x1=first, x2=0) if wanted else None
            case "make":
                differs = self._op("not_equal", x1=first, x2=lookup(args, "mask_value", 0.0))
                return self._op("any", x=differs, axis=-1)
            case "keep" if condition.startswith("layer."):
                return _wrapped_mask(args, condition.removeprefix("layer."), mask)
            case "keep" if condition:
                return next(flatten(mask), None) if lookup(args, condition) is True else None
            case "keep":
                return mask
            case "first":
                kept = mask[0] if isinstance(mask, tuple) and mask else None
                return None if kept is None else self._op("convert_to_tensor", x=kept)
            case "all":
                return self._merged(mask)
            case "any":
                return self._concatenated(args, first, mask)
            case _:
                return None

    def _merged(self, mask: Value) -> Value:
        if not isinstance(mask, tuple) or not mask:
            return None
        if self.is_old:
            mask = tuple(dict.fromkeys(item for item in mask if item is not None))
        if not mask or any(m is None for m in mask):
            return None
        output = mask[0]
        for item in mask[1:]:
            name = "logical_and" if self.is_old else "logical_or"
            output = self._op(name, x1=output, x2=item)
        return output

    def _concatenated(self, args: Args, first: Value, mask: Value) -> Value:
        """Return the mask of a Concatenate whose inputs have one more axis than their masks."""
        if not isinstance(mask, tuple) or not isinstance(first, tuple) or is_empty(mask):
            return None
        if self.is_old and lookup(args, "axis", -1) == -1:
            return self._merged(mask)
        parts: list[Value] = []
        for tensor, item in zip(first, mask, strict=True):
            if item is None:
                parts.append(self._op("ones_like", x=tensor, dtype="bool"))
            else:
                wide = self._op("expand_dims", x=item, axis=-1)
                zeros = self._op("zeros_like", x=tensor, dtype="bool")
                parts.append(self._op("logical_or", x1=wide, x2=zeros))
        joined = self._op("concatenate", xs=tuple(parts), axis=lookup(args, "axis", -1))
        return self._op("any", x=joined, axis=-1, keepdims=False)

    def _op(self, name: str, **kwargs: Value) -> Ref:
        """Add a mask op and return its output."""
        key = f"keras.ops.{name}"
        call = Call(f"/{key}/mask{len(self.calls)}", "op", key, (), tuple(kwargs.items()))
        self.calls.append(call)
        return Ref(call.id)


def short_name(key: str) -> str:
    """Return the class name at the end of a key of Keras' own."""
    return key.rsplit(".", 1)[-1] if key.startswith("keras.") else ""


@cache
def _rule(key: str) -> str:
    """Return what the row of a class says of masks; models and a user's classes say nothing."""
    try:
        return registry.row(key).masks
    except KeyError:
        return ""


def _tensor_arguments(call: Call) -> dict[str, Value]:
    """Return the arguments that hold tensors, the positional ones under their place."""
    named = {str(place): value for place, value in enumerate(call.args)} | dict(call.kwargs)
    return {name: value for name, value in named.items() if not is_empty(value)}


def _wrapped_mask(args: Args, condition: str, mask: Value) -> Value:
    """Return the mask of a Bidirectional: one per output when it merges nothing."""
    inner = lookup(args, "layer")
    if not isinstance(inner, Obj) or lookup(inner.args, condition) is not True:
        return None
    first = next(flatten(mask), None)
    merged = lookup(args, "merge_mode", "concat") is not None
    return first if merged else (first, first)
