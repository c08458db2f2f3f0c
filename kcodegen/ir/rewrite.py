"""One way to reach every constructor call of a graph: layers, nested objects, nested models.

What does not change is returned as it is, not copied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import is_
from typing import TypeAlias

from kcodegen.ir.graph import Artifact, Call, Graph, Layer
from kcodegen.ir.source import Source
from kcodegen.ir.values import Args, Dict, Obj, Value, walk
from kcodegen.records import replace

# (key of the class, its arguments, the shape it was built with) -> its arguments
ChangeArgs: TypeAlias = Callable[[str, Args, Value], Args]
ChangeObj: TypeAlias = Callable[[Obj], Obj]
# A value by its id, kept alive with it, and what became of it.
Done: TypeAlias = dict[int, tuple[Value, Value]]

# The types of values in which an object may lie.
HOLDERS = frozenset({tuple, Dict, Obj})


def map_objects(value: Value, change: ChangeObj) -> Value:
    """Return `value` with `change` applied to every object inside it, innermost first."""
    match value:
        case tuple():
            if not any(type(item) in HOLDERS for item in value):
                return value
            items = tuple(map_objects(item, change) for item in value)
            return value if all(map(is_, items, value)) else items
        case Dict(args):
            new = map_args(args, change)
            return value if new is args else Dict(new)
        case Obj(_, args):
            new = map_args(args, change)
            return change(value if new is args else replace(value, args=new))
        case _:
            return value


def map_args(args: Args, change: ChangeObj, done: Done | None = None) -> Args:
    """Return arguments with every object inside them changed.

    `done` remembers what became of each value: layers share most of their initializers.
    """
    changed: list[tuple[str, Value]] | None = None
    for place, (name, value) in enumerate(args):
        if type(value) in HOLDERS:  # most arguments are scalars
            if done is None:
                new = map_objects(value, change)
            elif (known := done.get(id(value))) is not None:
                new = known[1]
            else:
                new = map_objects(value, change)
                done[id(value)] = (value, new)
            if new is not value:
                changed = list(args) if changed is None else changed
                changed[place] = (name, new)
    return args if changed is None else tuple(changed)


def rewrite_value(value: Value, change: ChangeArgs) -> Value:
    """Return `value` with the arguments of every object changed, innermost first."""
    return map_objects(value, lambda obj: _rewrite_object(obj, change))


def _rewrite_object(obj: Obj, change: ChangeArgs) -> Obj:
    args = change(obj.key, obj.args, None)
    if obj.body is not None:
        return replace(obj, args=args, body=rewrite_graph(obj.body, change))
    return obj if args is obj.args else replace(obj, args=args)


def rewrite_args(args: Args, change: ChangeArgs, done: Done | None = None) -> Args:
    """Return arguments with every object inside them changed; `done` is that of `map_args`."""
    return map_args(args, lambda obj: _rewrite_object(obj, change), done)


def rewrite_layer(layer: Layer, change: ChangeArgs, done: Done | None = None) -> Layer:
    """Return the layer with its own arguments, and those of what it holds, changed."""
    args = change(layer.key, rewrite_args(layer.args, change, done), layer.built)
    if layer.body is not None:
        return replace(layer, args=args, body=rewrite_graph(layer.body, change))
    return layer if args is layer.args else replace(layer, args=args)


def rewrite_graph(graph: Graph, change: ChangeArgs) -> Graph:
    """Return the graph with the arguments of every constructor call changed.

    A model's own arguments, and those of its ops, are changed too (`change` gets an op's key).
    """
    done: Done = {}
    return replace(
        graph,
        layers=tuple(rewrite_layer(layer, change, done) for layer in graph.layers),
        calls=tuple(rewrite_op(call, change) for call in graph.calls),
        args=change(graph.style, rewrite_args(graph.args, change), None),
    )


def rewrite_op(call: Call, change: ChangeArgs) -> Call:
    """Return an op's call with its arguments changed; a layer's call stays."""
    if call.kind == "layer":
        return call
    kwargs = change(call.target, call.kwargs, None)
    return call if kwargs is call.kwargs else replace(call, kwargs=kwargs)


def map_graphs(graph: Graph, change: Callable[[Graph], Graph]) -> Graph:
    """Return the graph with `change` applied to every nested model and then to itself."""

    def enter(obj: Obj) -> Obj:
        return obj if obj.body is None else replace(obj, body=map_graphs(obj.body, change))

    def nested(layer: Layer) -> Layer:
        if layer.body is not None:
            return replace(layer, body=map_graphs(layer.body, change))
        args = map_args(layer.args, enter)
        return layer if args is layer.args else replace(layer, args=args)

    return change(replace(graph, layers=tuple(nested(layer) for layer in graph.layers)))


def used_sources(artifact: Artifact) -> Iterator[tuple[str, Source]]:
    """Yield the functions of an artifact, each with what it is for: a layer, or its argument."""
    if artifact.model is not None:
        yield from _of_graph(artifact.model)
    values = [artifact.value, *(value for _, value in artifact.training or ())]
    for value in values:
        yield from _of_value("", value)


def _of_graph(graph: Graph) -> Iterator[tuple[str, Source]]:
    for layer in graph.layers:
        if layer.body is not None:
            yield from _of_graph(layer.body)
        for name, value in layer.args:
            user = layer.name if name == "function" else f"{layer.name}_{name}"
            yield from _of_value(user, value)


def _of_value(layer: str, value: Value) -> Iterator[tuple[str, Source]]:
    for item in walk(value):
        if isinstance(item, Source):
            yield layer, item
        body = getattr(item, "body", None)
        if isinstance(body, Graph):
            yield from _of_graph(body)
