"""Where the weights of a Keras 2 model lie in another order than today's: said, layer by layer.

    TimeDistributed(model with a BatchNormalization)      Keras 2: gamma beta kernel mean variance
                                                          Keras 3: gamma beta mean variance kernel

Keras 2 put the weights of a composite layer in two heaps, those that are trained first; Keras 3
keeps them as they were made. tf.keras looked into nested models, Keras 2.3 and older did not.
"""

from __future__ import annotations

from collections.abc import Iterator

from kcodegen.diagnostics import Diagnostic
from kcodegen.ir.graph import Graph
from kcodegen.ir.values import Args, Obj, Value, lookup
from kcodegen.weights.variables.weightless import WEIGHTLESS
from kcodegen.words import prose

_BATCH_NORMALIZATION = "keras.layers.BatchNormalization"
_SPECTRAL_NORMALIZATION = "keras.layers.SpectralNormalization"
_TRAINED, _OTHER = "T", "N"


def moved_weights(graph: Graph, version: tuple[int, int] | None) -> Iterator[Diagnostic]:
    """Yield a warning for every layer whose weights Keras 2 kept in another order."""
    enters = version is None or version >= (2, 4)
    for layer in graph.layers:
        if layer.body is not None and enters:
            yield from moved_weights(layer.body, version)
            continue
        heaps = _of_layer(layer.key, layer.args, layer.body)
        if _TRAINED in heaps.lstrip(_TRAINED):
            message = (
                f"Keras 2 kept the weights of {prose(layer.name)!r} in another order: "
                "first those that are trained, then the others"
            )
            hint = "load_weights of the page takes them in the order of model.weights"
            yield Diagnostic("weight-order", message, layer.origin, hint, "warning")


def _of_layer(key: str, args: Args, body: Graph | None) -> str:
    """Return a letter for each group of weights, in today's order: `TN` for BatchNormalization."""
    if body is not None:
        found = "".join(_of_layer(item.key, item.args, item.body) for item in body.layers)
    elif key in WEIGHTLESS:
        return ""
    else:
        inner = "".join(_of_value(value) for _, value in args)
        found = _own(key, args, inner)
    if lookup(args, "trainable", True) is False:
        return _OTHER * len(found)
    return found


def _own(key: str, args: Args, inner: str) -> str:
    if key == _BATCH_NORMALIZATION:
        bare = lookup(args, "scale", True) is False and lookup(args, "center", True) is False
        return _OTHER if bare else _TRAINED + _OTHER
    if key == _SPECTRAL_NORMALIZATION:
        # The kernel, then the vector that belongs to it, then the bias.
        return _TRAINED + _OTHER + _TRAINED * _has_bias(args)
    if key == "keras.layers.Normalization":
        return _OTHER
    return inner or _TRAINED


def _has_bias(args: Args) -> bool:
    layer = lookup(args, "layer")
    return not (isinstance(layer, Obj) and lookup(layer.args, "use_bias", True) is False)


def _of_value(value: Value) -> str:
    match value:
        case Obj(key, args, body) if body is not None or key.startswith(
            ("keras.layers.", "custom")
        ):
            return _of_layer(key, args, body)
        case tuple():
            return "".join(_of_value(item) for item in value)
    return ""
