"""The records of a page -> Graph: the calls behind a model's outputs, in Keras' order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kcodegen.ir.graph import Call, Graph, Layer
from kcodegen.ir.order import number_ops, post_order, rename_calls, sources
from kcodegen.ir.values import Ref, refs
from kcodegen.readback.values import Made, ReadBackError
from kcodegen.records import replace
from kcodegen.registry.vocabulary import INPUT

if TYPE_CHECKING:
    from kcodegen.readback.construct import Constructor


def graph_of(made: Made, constructor: Constructor) -> Graph:
    """Return the graph of a model that the page made."""
    args = constructor.args(made)
    name = made.name or ""
    if made.layers is not None:
        layers = tuple(_layer(layer, constructor) for layer in made.layers)
        return Graph(name, made.key, layers, args=args)
    inputs, outputs = constructor.value(made.inputs), constructor.value(made.outputs)
    if not all(_is_input(ref, constructor) for ref in refs(inputs)):
        raise ReadBackError("a model begins at inputs")
    before = sources(constructor.trace.calls)
    roots = [ref.call for ref in (*refs(outputs), *refs(inputs))]
    used = set(post_order(roots, before))
    kept = tuple(call for call in constructor.trace.calls if call.id in used)
    graph = Graph(name, made.key, (), kept, inputs, outputs, args)
    return _named(graph, constructor)


def _is_input(ref: Ref, constructor: Constructor) -> bool:
    number = ref.call.partition("/")[0]  # an op has none
    return bool(number) and constructor.trace.made[number].key == INPUT.key


def _named(graph: Graph, constructor: Constructor) -> Graph:
    """Return the graph with its layers, and calls that go by their names."""
    made = constructor.trace.made
    layers: dict[str, Layer] = {}
    ids: dict[str, str] = {}
    uses: dict[str, int] = {}
    for call in graph.calls:
        if call.kind == "op":
            ids[call.id] = call.id
            continue
        if call.target not in layers:
            layers[call.target] = _layer(made[call.target], constructor)
        use = uses.get(call.target, 0)
        uses[call.target] = use + 1
        ids[call.id] = f"{layers[call.target].name}/{use}"
    names = [layer.name for layer in layers.values()]
    trace = constructor.trace
    ops = {trace.op_names[call.id] for call in graph.calls if call.kind == "op"}
    for call in graph.calls:
        ops.update(trace.mask_names.get(call.id, ()))
    if len(set(names)) != len(names) or not ops.isdisjoint(names):
        raise ReadBackError("two layers or ops of a model have one name")
    graph = rename_calls(replace(graph, layers=tuple(layers.values())), ids)
    calls = tuple(_retarget(call, layers) for call in graph.calls)
    return number_ops(replace(graph, calls=calls))


def _retarget(call: Call, layers: dict[str, Layer]) -> Call:
    return call if call.kind == "op" else replace(call, target=layers[call.target].name)


def _layer(made: Made, constructor: Constructor) -> Layer:
    name = made.name or ""
    if made.is_model:
        body = graph_of(made, constructor)
        return Layer(name, made.key, body=body)
    return Layer(name, made.key, constructor.args(made))


__all__ = ["Ref", "graph_of"]
