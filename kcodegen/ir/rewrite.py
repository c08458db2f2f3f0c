"""One way to reach every constructor call of a graph: layers, nested objects, nested models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from kcodegen.ir.graph import Call, Graph, Layer
from kcodegen.ir.values import Args, Dict, Obj, Value

# (key of the class, its arguments, the shape it was built with) -> its arguments
ChangeArgs: TypeAlias = Callable[[str, Args, Value], Args]


def rewrite_value(value: Value, change: ChangeArgs) -> Value:
    """Return `value` with the arguments of every object changed, innermost first."""
    match value:
        case tuple():
            return tuple(rewrite_value(item, change) for item in value)
        case Dict(items):
            return Dict(tuple((key, rewrite_value(item, change)) for key, item in items))
        case Obj(key, args, body):
            inner = change(key, rewrite_args(args, change), None)
            if body is not None:
                return replace(value, args=inner, body=rewrite_graph(body, change))
            return value if inner == args == () else replace(value, args=inner)
        case _:
            return value


def rewrite_args(args: Args, change: ChangeArgs) -> Args:
    """Return arguments with every object inside them changed."""
    return tuple((name, rewrite_value(v, change)) if _holds(v) else (name, v) for name, v in args)


def _holds(value: Value) -> bool:
    """Tell whether an object may lie in `value`; most arguments are scalars."""
    return isinstance(value, (tuple, Dict, Obj))


def rewrite_layer(layer: Layer, change: ChangeArgs) -> Layer:
    """Return the layer with its own arguments, and those of what it holds, changed."""
    args = change(layer.key, rewrite_args(layer.args, change), layer.built)
    if layer.body is None:
        return replace(layer, args=args)
    return replace(layer, args=args, body=rewrite_graph(layer.body, change))


def rewrite_graph(graph: Graph, change: ChangeArgs) -> Graph:
    """Return the graph with the arguments of every constructor call changed.

    A model's own arguments, and those of its ops, are changed too (`change` gets an op's key).
    """
    return replace(
        graph,
        layers=tuple(rewrite_layer(layer, change) for layer in graph.layers),
        calls=tuple(rewrite_op(call, change) for call in graph.calls),
        args=change(graph.style, rewrite_args(graph.args, change), None),
    )


def rewrite_op(call: Call, change: ChangeArgs) -> Call:
    """Return an op's call with its arguments changed; a layer's call stays."""
    return (
        call
        if call.kind == "layer"
        else replace(call, kwargs=change(call.target, call.kwargs, None))
    )


def map_graphs(graph: Graph, change: Callable[[Graph], Graph]) -> Graph:
    """Return the graph with `change` applied to every nested model and then to itself."""

    def value(item: Value) -> Value:
        if not _holds(item):
            return item
        match item:
            case tuple():
                return tuple(value(child) for child in item)
            case Dict(items):
                return Dict(tuple((key, value(child)) for key, child in items))
            case Obj(_, args, body):
                if not args and body is None:
                    return item
                inner = tuple((name, value(child)) for name, child in args)
                return replace(item, args=inner, body=map_graphs(body, change) if body else None)
            case _:
                return item

    def nested(layer: Layer) -> Layer:
        if layer.body is not None:
            return replace(layer, body=map_graphs(layer.body, change))
        if not any(_holds(child) for _, child in layer.args):
            return layer
        return replace(layer, args=tuple((name, value(child)) for name, child in layer.args))

    return change(replace(graph, layers=tuple(nested(layer) for layer in graph.layers)))
