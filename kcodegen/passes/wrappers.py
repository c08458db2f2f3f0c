"""Bidirectional: what it derives from its one layer goes, and comes back for the proof.

    Bidirectional(layer=LSTM(3, name="forward_lstm"),
                  backward_layer=LSTM(3, go_backwards=True, name="backward_lstm"))
        ->  Bidirectional(layer=LSTM(3, name="lstm"))

Source: `Bidirectional.__init__` of Keras 3 copies the layer, renames the copies and forces
`zero_output_for_mask` to `return_sequences`.
"""

from __future__ import annotations

from dataclasses import replace

from kcodegen.ir.values import Args, Obj, Value, lookup, same
from kcodegen.passes.defaults import fill_defaults

BIDIRECTIONAL = "keras.layers.Bidirectional"


def drop_backward(key: str, args: Args, _built: Value = None) -> Args:
    """Return the arguments of a Bidirectional as its author wrote them."""
    layer, backward = lookup(args, "layer"), lookup(args, "backward_layer")
    if key != BIDIRECTIONAL or not isinstance(layer, Obj):
        return args
    name = lookup(layer.args, "name")
    base = name.removeprefix("forward_") if isinstance(name, str) else ""
    if not base:
        return args
    forward = _without_forced(replace(layer, args=_with(layer.args, "name", base)))
    if isinstance(backward, Obj):
        if same(_full(backward_of(forward)), _full(_without_forced(backward))):
            backward = None
        else:
            backward = _without_forced(backward)
    new = {"layer": forward, "backward_layer": backward}
    return tuple((k, new.get(k, v)) for k, v in args if not (k in new and new[k] is None))


def backward_of(forward: Obj) -> Obj:
    """Return the layer that Keras makes to run backwards beside `forward`."""
    name = lookup(forward.args, "name")
    base = str(name).removeprefix("backward_")
    args = _with(forward.args, "name", f"backward_{base}")
    return replace(forward, args=_with(args, "go_backwards", True))


def _without_forced(layer: Obj) -> Obj:
    """Return the layer without `zero_output_for_mask` where the wrapper sets it anyway."""
    forced = lookup(layer.args, "return_sequences") is True
    if lookup(layer.args, "zero_output_for_mask") is not forced:
        return layer
    args = tuple(item for item in layer.args if item[0] != "zero_output_for_mask")
    return replace(layer, args=args)


def _with(args: Args, name: str, value: Value) -> Args:
    if all(key != name for key, _ in args):
        return (*args, (name, value))
    return tuple((key, value if key == name else item) for key, item in args)


def _full(layer: Obj) -> Obj:
    return replace(layer, args=fill_defaults(layer.key, layer.args))
