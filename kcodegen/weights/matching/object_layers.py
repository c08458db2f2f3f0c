"""Which object of a checkpoint is which layer of a model.

layer-0, layer_with_weights-0, layer-1   ->   the layers that have weights, in their order
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from kcodegen.diagnostics import CompileError, Diagnostic, Origin, rejected
from kcodegen.ir.graph import Graph, Layer
from kcodegen.records import record
from kcodegen.weights.files.object_graph import Objects
from kcodegen.weights.matching.wanted import Path, Strange
from kcodegen.weights.variables.definition import Slot
from kcodegen.weights.variables.groups import class_word, is_automatic
from kcodegen.words import prose

_HINT = "is it the checkpoint of this model?"

# What an object calls what is no weight of its own: states, seeds, and the lists of a SavedModel.
NO_WEIGHTS = frozenset(
    """
    keras_api variables trainable_variables non_trainable_variables regularization_losses
    signatures optimizer states _states _random_generator random_generator seed_generator
    _seed_generator _tracked root metrics _metrics compiled_metrics compiled_loss
    """.split()
)
# Layers that look words up have their tables here. What else they have is no weight of today.
_LOOKUPS = frozenset("_lookup_layer _index_lookup_layer lookup_table token_counts _table".split())
# Tables of how often each word was seen, while a layer adapts.
_COUNTS = frozenset({"token_counts", "token_document_counts"})
_LAYER = re.compile(r"(layer|layer_with_weights)-([0-9]{1,7})")
# Where Keras 3 has the layers of a model.
_OPERATIONS, _FUNCTIONAL = "_operations", "_functional"


@record(frozen=True)
class Placed:
    """The objects of the layers by the names that lead to them, and of those without layers."""

    layers: dict[Path, int]
    leaves: tuple[int, ...]


def models(objects: Objects) -> list[tuple[str, int]]:
    """Return the models of a checkpoint, and what they are called there, without those inside."""
    found: list[tuple[str, int]] = []
    queue, seen = [("the root", 0)], {0}
    for name, node in queue:
        if is_model(objects, node):
            found.append((name, node))
            continue
        for inner_name, inner in objects.nodes[node].children.items():
            if inner not in seen and inner_name not in NO_WEIGHTS:
                seen.add(inner)
                queue.append((inner_name, inner))
    return found


def is_model(objects: Objects, node: int) -> bool:
    """Tell whether an object has layers."""
    return is_of_keras3(objects, node) or any(map(_LAYER.fullmatch, objects.nodes[node].children))


def is_of_keras3(objects: Objects, node: int) -> bool:
    """Tell whether an object has layers as models of Keras 3 have them."""
    return objects.child(node, _OPERATIONS, _FUNCTIONAL) is not None


def layers_of(objects: Objects, model: int) -> list[int]:
    """Return the layers of a model that have weights, in their order, each once.

    A model that was not built when it was written counts none of its layers among those.
    """
    rows = _rows(objects, model, "layer_with_weights") or _rows(objects, model, "layer")
    return [node for node in dict.fromkeys(rows) if _has_weights(objects, node)]


def _rows(objects: Objects, model: int, kind: str) -> list[int]:
    """Return the layers of a model by their number, as one of two kinds of names has them."""
    functional = objects.child(model, _FUNCTIONAL)
    listed = objects.child(model if functional is None else functional, _OPERATIONS)
    if listed is not None:
        children = objects.nodes[listed].children
        rows = {int(name): node for name, node in children.items() if name.isdecimal()}
    else:
        found = ((_LAYER.fullmatch(n), node) for n, node in objects.nodes[model].children.items())
        rows = {int(m[2]): node for m, node in found if m is not None and m[1] == kind}
    return [rows[number] for number in sorted(rows)]


def _has_weights(objects: Objects, layer: int) -> bool:
    """Tell whether a layer has a variable that Keras of today counts among the weights."""
    if not _LOOKUPS.isdisjoint(objects.nodes[layer].children):
        return False
    return any(map(objects.is_variable, objects.inside(layer, NO_WEIGHTS)))


def lookups(objects: Objects) -> Iterator[str | None]:
    """Yield the table of every layer that looks words up, in the order of the layers.

    None for one that has none in the checkpoint.
    """
    stack, seen = [node for _, node in reversed(models(objects))], set[int]()
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        if not _LOOKUPS.isdisjoint(objects.nodes[node].children):
            inside = (objects.nodes[i] for i in objects.inside(node, NO_WEIGHTS | _COUNTS))
            tables = [inner.table for inner in inside if inner.table]
            yield tables[0] if len(tables) == 1 else None
        elif is_model(objects, node):
            stack.extend(reversed(list(dict.fromkeys(_rows(objects, node, "layer")))))


def place_layers(
    graph: Graph, objects: Objects, root: int, needed: Sequence[Slot | Strange]
) -> Placed:
    """Return which object is which layer; CompileError where there are more of one than the other.

    By name where the names of variables tell, else by order.
    """
    holders = [item.layers if isinstance(item, Slot) else item.names for item in needed]
    weighted = {names[: depth + 1] for names in holders for depth in range(len(names))}
    strange = {item.names for item in needed if isinstance(item, Strange)}
    layers: dict[Path, int] = {}
    leaves: list[int] = []
    stack: list[tuple[Graph, Path, int]] = [(graph, (), root)]
    while stack:
        model, names, node = stack.pop()
        own = [layer for layer in model.layers if (*names, layer.name) in weighted]
        maybe = {layer.name for layer in own if (*names, layer.name) in strange}
        for layer, inner in _same(own, maybe, objects, layers_of(objects, node)):
            path = (*names, layer.name)
            layers[path] = inner
            if layer.body is not None:
                stack.append((layer.body, path, inner))
            else:
                leaves.append(inner)
    return Placed(layers, tuple(leaves))


def _same(
    own: list[Layer], maybe: set[str], objects: Objects, nodes: list[int]
) -> list[tuple[Layer, int]]:
    """Return the layers of one model with their objects."""
    names = [_names(objects, node) for node in nodes]
    if len(own) != len(nodes):
        # A layer of the user's may have weights or not.
        own = [layer for layer in own if layer.name not in maybe or _is_in(layer.name, names)]
    if len(own) != len(nodes):
        needed = ", ".join(prose(layer.name) for layer in own[:12])
        message = f"the model has {len(own)} layers with weights, the checkpoint {len(nodes)}"
        raise CompileError(Diagnostic("weights", message, Origin(), f"needed: {needed}"))
    places = [[i for i, found in enumerate(names) if layer.name in found] for layer in own]
    if sorted(place[0] for place in places if len(place) == 1) == list(range(len(own))):
        return [(layer, nodes[place[0]]) for layer, place in zip(own, places, strict=True)]
    for number, (layer, place) in enumerate(zip(own, places, strict=True)):
        if place and number not in place and not is_automatic(layer.name, class_word(layer.key)):
            message = f"the checkpoint has the layer {prose(layer.name)!r} at another place"
            raise rejected("swapped-weights", message, Origin("", layer.name), _HINT)
    return list(zip(own, nodes, strict=True))


def _names(objects: Objects, node: int) -> frozenset[str]:
    """Return the names in the paths that the variables of a layer had."""
    return frozenset(
        part
        for inner in objects.inside(node, NO_WEIGHTS)
        if objects.is_variable(inner)
        for part in objects.nodes[inner].full_name.split("/")[:-1]
    )


def _is_in(name: str, names: list[frozenset[str]]) -> bool:
    return any(name in found for found in names)
