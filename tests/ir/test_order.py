"""The orders of a graph: Keras' own, asked of the installed Keras, and depth without recursion."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from kcodegen.ir.graph import Call, Graph, Layer
from kcodegen.ir.order import (
    Cycle,
    flatten,
    number_ops,
    operands,
    post_order,
    rename_calls,
    sort_calls,
    sort_layers,
    traverse,
)
from kcodegen.ir.values import Dict, Ref, Slice
from tests.graphs import functional
from tests.keras_json import to_json

SLOW = {"phases": [Phase.generate], "suppress_health_check": list(HealthCheck)}


def assert_keras_agrees(graph: Graph) -> None:
    """Ask the installed Keras for the order of the operations of `graph`."""
    import keras

    keras.backend.clear_session(free_memory=False)
    model = keras.models.model_from_json(json.dumps(to_json(graph)))
    names = {call.id: call.name for call in graph.calls if call.kind == "op"}
    ours = [names.get(operation, operation) for operation in traverse(graph).operations]
    assert ours == [operation.name for operation in model.operations]


@settings(max_examples=10, **SLOW)
@given(functional())
def test_operations_come_in_the_order_of_the_installed_keras(graph):
    assert_keras_agrees(graph)


@pytest.mark.sweep
@settings(max_examples=400, **SLOW)
@given(functional(size=20))
def test_operations_come_in_the_order_of_the_installed_keras_many_times(graph):
    assert_keras_agrees(graph)


@given(functional())
def test_a_walk_visits_what_the_outputs_need_after_what_it_needs(graph):
    order = traverse(graph).calls
    place = {id: i for i, id in enumerate(order)}
    assert len(place) == len(order)
    for call in graph.calls:
        if call.id in place:
            assert all(place[ref.call] < place[call.id] for ref in operands(call))
    for ref in flatten((graph.inputs, graph.outputs)):
        assert ref.call in place


@given(functional())
def test_sorting_keeps_what_there_is(graph):
    order = traverse(graph)
    calls = sort_calls(graph, order.calls).calls
    layers = sort_layers(graph, order.operations).layers
    assert {call.name or call.id for call in calls} == {
        call.name or call.id for call in graph.calls if call.id in order.calls
    }
    assert set(layers) <= set(graph.layers)
    assert [layer.name for layer in layers] == [
        name for name in order.operations if not name.startswith("/keras.ops.")
    ]


@given(functional())
def test_renaming_calls_there_and_back_changes_nothing(graph):
    there = {call.id: f"{index}" for index, call in enumerate(graph.calls)}
    back = {new: old for old, new in there.items()}
    renamed = rename_calls(graph, there)
    assert rename_calls(renamed, back) == graph
    assert rename_calls(renamed, back).shapes == graph.shapes
    assert {ref.call for call in renamed.calls for ref in operands(call)} <= set(back)


@given(functional())
def test_ops_are_numbered_in_the_order_of_the_calls(graph):
    counts: dict[str, int] = {}
    for call in number_ops(graph).calls:
        if call.kind == "op":
            assert call.id == f"/{call.target}/{counts.get(call.target, 0)}"
            counts[call.target] = counts.get(call.target, 0) + 1


def test_dicts_are_flattened_by_sorted_key():
    value = (Dict((("b", Ref("1")), ("B", Ref("0")), ("c", (Ref("2"), Slice(Ref("3")))))),)
    assert [ref.call for ref in flatten(value)] == ["0", "1", "2", "3"]


def test_keyword_tensors_of_a_layer_come_sorted_by_name():
    call = Call("l/0", "layer", "l", (Ref("x"),), (("value", Ref("v")), ("key", Ref("k"))))
    assert [ref.call for ref in operands(call)] == ["x", "k", "v"]


def test_a_cycle_is_found_and_named():
    with pytest.raises(Cycle) as error:
        post_order(["a/0"], {"a/0": ["b/0"], "b/0": ["c/0"], "c/0": ["b/0"]})
    assert error.value.call == "b/0"


def test_a_chain_of_20_000_layers_is_no_deeper_than_one_of_two():
    size = 20_000
    layers = [Layer("l0", "keras.Input")] + [Layer(f"l{i}", "k") for i in range(1, size)]
    calls = [Call("l0/0", "layer", "l0")]
    calls += [Call(f"l{i}/0", "layer", f"l{i}", (Ref(f"l{i - 1}/0"),)) for i in range(1, size)]
    graph = Graph("m", "keras.Model", tuple(layers), tuple(calls), Ref("l0/0"), Ref("l19999/0"))
    assert traverse(graph).operations == tuple(f"l{i}" for i in range(size))
