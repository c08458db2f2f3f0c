"""The variables of a model, in the order of `model.weights`, without building it.

A layer's own weights come first, those of the layers it holds follow depth-first, as Keras 3
lists them; `trainable` changes nothing in that order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeAlias

from kcodegen.ir.graph import Graph, Layer, Shape
from kcodegen.ir.values import Obj, Value, walk
from kcodegen.weights.variables.definition import (
    Definition,
    Slot,
    Slots,
    UnknownWeightsError,
    inner_definition,
)
from kcodegen.weights.variables.leaves import CELLS, LEAVES, SEQUENCES
from kcodegen.weights.variables.weightless import WEIGHTLESS

Rule: TypeAlias = Callable[[Definition], Slots]

_MODELS = ("keras.Model", "keras.Sequential")
_PLAIN_POLICIES = ("keras.DTypePolicy", "keras.FloatDTypePolicy")
_POLICY_MAP = "keras.dtype_policies.DTypePolicyMap"
# Classes that a page brings itself.
_HELPERS = "kcodegen."
_QUANTIZED = ("int8", "float8", "int4", "gptq", "awq")


def slots(graph: Graph) -> Slots | None:
    """Return the variables of a model in the order of `model.weights`.

    Every layer counts once, however often it is called. None where one layer's are unknown.
    """
    try:
        return _model(graph)
    except UnknownWeightsError:
        return None


def layer_slots(layer: Layer) -> Slots | None:
    """Return the variables of a layer in the order of `layer.weights`.

    They follow from its arguments (defaults may be left out) and the shape it was built with.
    None where that doesn't tell: a user's class, a quantized layer.
    """
    try:
        return _of_layer(layer)
    except UnknownWeightsError:
        return None


def weight_shapes(layer: Layer) -> tuple[tuple[int, ...], ...] | None:
    """Return the shapes of a layer's weights; None where one is unknown, or never came to be."""
    return _shapes(layer_slots(layer), (layer,))


def graph_weight_shapes(graph: Graph) -> tuple[tuple[int, ...], ...] | None:
    """Return the shapes of a model's weights; None where one is unknown, or never came to be."""
    return _shapes(slots(graph), graph.layers)


def parameter_count(graph: Graph) -> int | None:
    """Return what `model.count_params()` returns; None where one layer's weights are unknown."""
    shapes = graph_weight_shapes(graph)
    return None if shapes is None else sum(map(math.prod, shapes))


def _shapes(found: Slots | None, layers: Iterable[Layer]) -> tuple[tuple[int, ...], ...] | None:
    if found is None or not all(map(_is_built, layers)):
        return None
    shapes = []
    for slot in found:
        sizes = (None,) if slot.shape is None else slot.shape
        known = tuple(size for size in sizes if size is not None)
        if len(known) < len(sizes):
            return None
        shapes.append(known)
    return tuple(shapes)


def _is_built(layer: Layer) -> bool:
    """Tell whether a layer's weights were made, as far as it has some."""
    if layer.body is not None:
        return all(map(_is_built, layer.body.layers))
    return layer.built is not None or layer.key in WEIGHTLESS


def _model(graph: Graph) -> Slots:
    # A user's model class may hold weights of its own.
    if graph.style not in _MODELS:
        raise UnknownWeightsError
    return tuple(slot for layer in graph.layers for slot in _of_layer(layer))


def _of_layer(layer: Layer) -> Slots:
    found = _weights(Definition(layer.key, layer.args, layer.body, layer.built, layer.name))
    return tuple(replace(slot, layers=(layer.name, *slot.layers)) for slot in found)


def _weights(definition: Definition) -> Slots:
    """Return the weights of one definition; UnknownWeightsError when it doesn't tell."""
    if definition.body is not None:
        return _frozen(definition, _model(definition.body))
    if any(_may_hold_weights(name, value) for name, value in definition.args):
        raise UnknownWeightsError
    if definition.key in WEIGHTLESS:
        return ()
    rule = _rule(definition.key)
    if rule is None:
        raise UnknownWeightsError
    found = rule(definition)
    if _is_quantized(definition):
        from kcodegen.weights.variables.quantized import quantized  # few layers are

        found = quantized(definition, found)
    return _frozen(definition, found)


def _rule(key: str) -> Rule | None:
    """Return the rule of a class, None for one without."""
    if key.startswith(_HELPERS):
        from kcodegen.weights.variables.old_leaves import OLD_LEAVES  # only old files need them

        return OLD_LEAVES.get(key)
    return _RULES.get(key)


def _frozen(definition: Definition, found: Slots) -> Slots:
    """Return the weights of a layer that isn't trained: none of them is."""
    if definition.value("trainable", True) is not False:
        return found
    return tuple(replace(slot, trained=False) for slot in found)


def _may_hold_weights(name: str, value: Value) -> bool:
    """Tell whether an argument is an activation that is a layer with weights, such as PReLU."""
    return name.endswith("activation") and isinstance(value, Obj) and value.key not in WEIGHTLESS


def _is_quantized(definition: Definition) -> bool:
    """Tell whether a layer's weights may be stored in another form than that of its class."""
    return any(
        item.startswith(_QUANTIZED)
        if isinstance(item, str)
        else isinstance(item, Obj) and item.key not in (*_PLAIN_POLICIES, _POLICY_MAP)
        for item in walk(definition.value("dtype"))
    )


# Layers that hold layers


def _inside(definition: Definition, *attributes: str) -> Slots:
    """Return the weights of an object that lies at some attributes of another."""
    found = _weights(definition)
    if definition.body is not None:
        # A model inside a wrapper is no layer of the model around: it is reached by attributes.
        found = tuple(_reached(definition.body, slot) for slot in found)
    return tuple(replace(s, attributes=(*attributes, *s.attributes)) for s in found)


def _reached(graph: Graph, slot: Slot) -> Slot:
    """Return a model's slot with the layers on the way to it among the attributes."""
    from kcodegen.weights.variables.groups import member_names  # few layers hold a list

    steps: list[str] = []
    for name in slot.layers:
        names = [layer.name for layer in graph.layers]
        members = member_names(layer.key for layer in graph.layers)
        steps += ["layers", members[names.index(name)]]
        inner = graph.layer(name).body
        graph = graph if inner is None else inner
    return replace(slot, layers=(), attributes=(*steps, *slot.attributes))


def _step(definition: Definition) -> Shape | None:
    """Return the shape of one step of a sequence: the input shape without its second axis."""
    shape = definition.shape("sequences_shape", 0)
    if shape is None:
        return None
    if len(shape) < 3:
        raise UnknownWeightsError
    return (shape[0], *shape[2:])


def _sequence(definition: Definition) -> Slots:
    key, rule = SEQUENCES[definition.key]
    cell = replace(definition, key=key, built=_step(definition), name="")
    return tuple(replace(slot, attributes=("cell",)) for slot in rule(cell))


def _rnn(definition: Definition) -> Slots:
    cell, step = definition.value("cell"), _step(definition)
    if isinstance(cell, tuple):
        return _stack(cell, step, ("cell", "cells"))
    return _inside(inner_definition(cell, step), "cell")


def _stacked_cells(definition: Definition) -> Slots:
    cells = definition.value("cells")
    if not isinstance(cells, tuple):
        raise UnknownWeightsError
    return _stack(cells, definition.shape(), ("cells",))


def _stack(cells: tuple[Value, ...], step: Shape | None, attributes: tuple[str, ...]) -> Slots:
    """Return the weights of cells, each fed with the output of the one before."""
    from kcodegen.weights.variables.groups import member_names  # few layers hold a list

    weights: Slots = ()
    definitions = [inner_definition(value, None) for value in cells]
    names = member_names(inner.key for inner in definitions)
    for number, cell in enumerate(definitions):
        weights += _inside(replace(cell, built=step), *attributes, names[number])
        step = (step[0] if step else None, _output_size(cell))
    return weights


def _output_size(cell: Definition) -> int:
    if cell.key in CELLS:
        return cell.integer("units")
    cells = cell.value("cells")
    if not isinstance(cells, tuple) or not cells:
        raise UnknownWeightsError
    return _output_size(inner_definition(cells[-1], None))


def _bidirectional(definition: Definition) -> Slots:
    shape = definition.shape("sequences_shape", 0)
    forward = definition.inner("layer", shape)
    backward = forward
    if definition.value("backward_layer") is not None:
        backward = definition.inner("backward_layer", shape)
    return (*_inside(forward, "forward_layer"), *_inside(backward, "backward_layer"))


def _time_distributed(definition: Definition) -> Slots:
    return _inside(definition.inner("layer", _step(definition)), "layer")


def _spectral_normalization(definition: Definition) -> Slots:
    """Return the wrapper's own weights, the layer's kernel and a vector, and then the rest."""
    found = _inside(definition.inner("layer", definition.shape()), "layer")
    if not found or not found[0].shape:
        raise UnknownWeightsError
    kernel, *rest = found
    vector = definition.slot("vector_u", (1, found[0].shape[-1]), trained=False)
    return (kernel, vector, *rest)


def _pipeline(definition: Definition) -> Slots:
    """Return the weights of a pipeline; the shapes between its layers are not known."""
    from kcodegen.weights.variables.groups import member_names  # few layers hold a list

    layers = definition.value("layers")
    if not isinstance(layers, tuple):
        raise UnknownWeightsError
    definitions = [inner_definition(layer, None) for layer in layers]
    names = member_names(inner.key for inner in definitions)
    return tuple(
        slot
        for number, inner in enumerate(definitions)
        for slot in _inside(inner, "layers", names[number])
    )


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
