"""The form in which two graphs are compared: whatever may differ is made the same.

Every default is written out, masks that Keras makes are put back, calls and layers come in
Keras' own order, ops are numbered in that order, shared objects by their first use.
"""

from __future__ import annotations

from dataclasses import replace

from kcodegen.ir.graph import Artifact, Graph
from kcodegen.ir.order import sort_calls, sort_layers, traverse
from kcodegen.ir.rewrite import map_args, map_graphs, rewrite_args, rewrite_graph, rewrite_value
from kcodegen.ir.values import Args, Obj, Value, rewrite, walk
from kcodegen.passes.defaults import fill_defaults
from kcodegen.passes.float32 import undo_float32
from kcodegen.passes.masks import with_masks
from kcodegen.passes.spread import widen_args


def canonical(artifact: Artifact, defaults: Args = ()) -> Artifact:
    """Return the artifact in the form in which equality means the same model.

    `defaults` are those of `model.compile`.
    """
    training = artifact.training
    if training is not None:
        training = tuple(sorted((dict(defaults) | dict(training)).items()))
        training = rewrite_args(training, _complete)
    model = canonical_graph(artifact.model) if artifact.model is not None else None
    value = rewrite_value(_numbered(artifact.value), _complete)
    return Artifact(artifact.kind, model, value, training)


def canonical_graph(graph: Graph) -> Graph:
    """Return the graph in Keras' own order with nothing left implicit."""
    graph = rewrite_graph(graph, _complete)
    return map_graphs(graph, _ordered)


def _ordered(graph: Graph) -> Graph:
    if not graph.calls:
        return graph
    graph = rewrite_graph_ops(with_masks(graph))
    order = traverse(graph)
    return sort_layers(sort_calls(graph, order.calls), order.operations)


def rewrite_graph_ops(graph: Graph) -> Graph:
    """Return the graph with the defaults of its ops written out, those of masks too."""
    calls = tuple(
        call
        if call.kind == "layer"
        else replace(call, kwargs=_complete(call.target, call.kwargs, None))
        for call in graph.calls
    )
    return replace(graph, calls=calls)


def _complete(key: str, args: Args, _built: Value) -> Args:
    return undo_float32(key, widen_args(key, fill_defaults(key, args)))


def _numbered(value: Value) -> Value:
    """Return a value whose shared objects are numbered from 0, and others not at all."""
    tags = [item.tag for item in walk(value) if isinstance(item, Obj) and item.tag is not None]
    shared = list(dict.fromkeys(tag for tag in tags if tags.count(tag) > 1))

    def change(item: Value) -> Value:
        if not isinstance(item, Obj):
            return item
        tag = shared.index(item.tag) if item.tag in shared else None
        return replace(item, tag=tag, body=_untagged(item.body))

    return rewrite(value, change)


def _untagged(graph: Graph | None) -> Graph | None:
    """Return a nested model in which no object is numbered: sharing has no meaning there."""
    if graph is None:
        return None

    def bare(obj: Obj) -> Obj:
        return replace(obj, tag=None, body=_untagged(obj.body))

    return replace(
        graph,
        layers=tuple(
            replace(layer, args=map_args(layer.args, bare), body=_untagged(layer.body))
            for layer in graph.layers
        ),
    )
