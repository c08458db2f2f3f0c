"""The shapes of a model's weights, in the order of `model.weights`, without building it.

A layer's own weights come first, those of the layers it holds follow depth-first, as Keras 3
lists them; `trainable` changes nothing in that order.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from kcodegen.ir.graph import Graph, Layer, Shape
from kcodegen.ir.values import Obj, Value, walk
from kcodegen.weights.definition import (
    Definition,
    UnknownWeightsError,
    Weights,
    inner_definition,
)
from kcodegen.weights.leaves import CELLS, LEAVES, SEQUENCES
from kcodegen.weights.weightless import WEIGHTLESS

Rule: TypeAlias = Callable[[Definition], Weights]

_MODELS = ("keras.Model", "keras.Sequential")
_PLAIN_POLICIES = ("keras.DTypePolicy", "keras.FloatDTypePolicy")
_POLICY_MAP = "keras.dtype_policies.DTypePolicyMap"
_QUANTIZED = ("int8", "float8", "int4", "gptq", "awq")


def weight_shapes(layer: Layer) -> tuple[Shape, ...] | None:
    """Return the shapes of a layer's weights in the order of `layer.weights`.

    They follow from its arguments (defaults may be left out) and the shape it was built with.
    None where that doesn't tell: a user's class, a quantized layer, a layer never built.
    """
    try:
        return _weights(Definition(layer.key, layer.args, layer.body, layer.built))
    except UnknownWeightsError:
        return None


def graph_weight_shapes(graph: Graph) -> tuple[Shape, ...] | None:
    """Return the shapes of a model's weights in the order of `model.weights`.

    Every layer counts once, however often it is called. None where one layer's are unknown.
    """
    try:
        return _model(graph)
    except UnknownWeightsError:
        return None


def parameter_count(graph: Graph) -> int | None:
    """Return what `model.count_params()` returns; None where one layer's weights are unknown."""
    try:
        return sum(math.prod(shape) for shape in _model(graph))
    except UnknownWeightsError:
        return None


def _model(graph: Graph) -> Weights:
    # A user's model class may hold weights of its own.
    if graph.style not in _MODELS:
        raise UnknownWeightsError
    return tuple(
        shape
        for layer in graph.layers
        for shape in _weights(Definition(layer.key, layer.args, layer.body, layer.built))
    )


def _weights(definition: Definition) -> Weights:
    """Return the weights of one definition; UnknownWeightsError when it doesn't tell."""
    if definition.body is not None:
        return _model(definition.body)
    if any(_may_hold_weights(name, value) for name, value in definition.args):
        raise UnknownWeightsError
    if definition.key in WEIGHTLESS:
        return ()
    rule = _RULES.get(definition.key)
    if rule is None or _is_quantized(definition):
        raise UnknownWeightsError
    return rule(definition)


def _may_hold_weights(name: str, value: Value) -> bool:
    """Tell whether an argument is an activation that is a layer with weights, such as PReLU."""
    return name.endswith("activation") and isinstance(value, Obj) and value.key not in WEIGHTLESS


def _is_quantized(definition: Definition) -> bool:
    """Tell whether a layer's weights may be stored in another form than that of its class."""
    if definition.value("quantization_config") is not None:
        return True
    return any(
        item.startswith(_QUANTIZED)
        if isinstance(item, str)
        else isinstance(item, Obj) and item.key not in (*_PLAIN_POLICIES, _POLICY_MAP)
        for item in walk(definition.value("dtype"))
    )


# Layers that hold layers


def _step(definition: Definition) -> Shape:
    """Return the shape of one step of a sequence: the input shape without its second axis."""
    shape = definition.shape("sequences_shape")
    if len(shape) < 3:
        raise UnknownWeightsError
    return (shape[0], *shape[2:])


def _sequence(definition: Definition) -> Weights:
    return SEQUENCES[definition.key](replace(definition, built=_step(definition)))


def _rnn(definition: Definition) -> Weights:
    cell, step = definition.value("cell"), _step(definition)
    if isinstance(cell, tuple):
        return _stack(cell, step)
    return _weights(inner_definition(cell, step))


def _stacked_cells(definition: Definition) -> Weights:
    cells = definition.value("cells")
    if not isinstance(cells, tuple):
        raise UnknownWeightsError
    return _stack(cells, definition.shape())


def _stack(cells: tuple[Value, ...], step: Shape) -> Weights:
    """Return the weights of cells, each fed with the output of the one before."""
    weights: Weights = ()
    for value in cells:
        cell = inner_definition(value, step)
        weights += _weights(cell)
        step = (step[0] if step else None, _output_size(cell))
    return weights


def _output_size(cell: Definition) -> int:
    if cell.key in CELLS:
        return cell.integer("units")
    cells = cell.value("cells")
    if not isinstance(cells, tuple) or not cells:
        raise UnknownWeightsError
    return _output_size(inner_definition(cells[-1], None))


def _bidirectional(definition: Definition) -> Weights:
    shape = definition.shape("sequences_shape")
    forward = _weights(definition.inner("layer", shape))
    if definition.value("backward_layer") is None:
        return forward * 2
    return forward + _weights(definition.inner("backward_layer", shape))


def _time_distributed(definition: Definition) -> Weights:
    return _weights(definition.inner("layer", _step(definition)))


def _wrapper(definition: Definition) -> Weights:
    return _weights(definition.inner("layer", definition.shape()))


def _spectral_normalization(definition: Definition) -> Weights:
    """Return the wrapper's own weights, the layer's kernel and a vector, and then the rest."""
    kernel, *rest = _wrapper(definition) or ((),)
    if not kernel:
        raise UnknownWeightsError
    return (kernel, (1, kernel[-1]), *rest)


def _pipeline(definition: Definition) -> Weights:
    """Return the weights of a pipeline; the shapes between its layers are not known."""
    layers = definition.value("layers")
    if not isinstance(layers, tuple):
        raise UnknownWeightsError
    return tuple(shape for layer in layers for shape in _weights(inner_definition(layer, None)))


_RULES: dict[str, Rule] = {
    **LEAVES,
    **dict.fromkeys(SEQUENCES, _sequence),
    "keras.layers.Bidirectional": _bidirectional,
    "keras.layers.Pipeline": _pipeline,
    "keras.layers.RNN": _rnn,
    "keras.layers.SpectralNormalization": _spectral_normalization,
    "keras.layers.StackedRNNCells": _stacked_cells,
    "keras.layers.TimeDistributed": _time_distributed,
}
