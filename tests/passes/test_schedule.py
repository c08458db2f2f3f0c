"""The order of the page: after what it needs, uses in their order, automatic names counting up."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from kcodegen import CompileError
from kcodegen.ir.graph import Call, Graph, Layer
from kcodegen.ir.order import flatten, operands
from kcodegen.ir.values import Ref
from kcodegen.passes.schedule import automatic_number, schedule
from kcodegen.registry.vocabulary import Vocabulary
from tests.graphs import graphs

VOCABULARY = Vocabulary()


@given(graphs())
def test_each_call_comes_after_what_it_needs_and_is_needed(graph):
    ordered = schedule(graph, VOCABULARY)
    made: set[str] = set()
    used = {ref.call for ref in flatten((ordered.inputs, ordered.outputs))}
    for call in ordered.calls:
        assert all(ref.call in made for ref in operands(call))
        made.add(call.id)
        used |= {ref.call for ref in operands(call)}
    assert made == used


@given(graphs())
def test_scheduling_twice_is_scheduling_once(graph):
    once = schedule(graph, VOCABULARY)
    assert schedule(once, VOCABULARY).calls == once.calls


@given(graphs())
def test_inputs_come_first(graph):
    ordered = schedule(graph, VOCABULARY)
    ends = [ref.call for ref in flatten(ordered.inputs)]
    assert {call.id for call in ordered.calls[: len(set(ends))]} == set(ends)


def chain(*targets: tuple[str, str]) -> Graph:
    """Return a model whose layers (name, key) all read the input and are added up at the end."""
    layers = [Layer("in", "keras.Input"), *(Layer(name, key) for name, key in targets)]
    calls = [Call("in/0", "layer", "in")]
    calls += [Call(f"{name}/0", "layer", name, (Ref("in/0"),)) for name, _ in targets]
    layers.append(Layer("sum", "keras.layers.Add"))
    parts = tuple(Ref(f"{name}/0") for name, _ in targets)
    calls.append(Call("sum/0", "layer", "sum", (parts,)))
    return Graph("m", "keras.Model", tuple(layers), tuple(calls), Ref("in/0"), Ref("sum/0"))


def test_automatic_names_count_up_on_the_page():
    dense = "keras.layers.Dense"
    graph = chain(("dense_2", dense), ("dense", dense), ("words", dense), ("dense_1", dense))
    targets = [call.target for call in schedule(graph, VOCABULARY).calls]
    assert targets == ["in", "dense", "dense_1", "dense_2", "words", "sum"]


def test_names_that_contradict_the_wiring_only_look_automatic():
    graph = chain(("dense_1", "keras.layers.Dense"))
    again = Call("dense/0", "layer", "dense", (Ref("dense_1/0"),))
    calls = (*graph.calls[:2], again, replace(graph.calls[2], args=((Ref("dense/0"),) * 2,)))
    layers = (*graph.layers[:2], Layer("dense", "keras.layers.Dense"), graph.layers[2])
    ordered = schedule(replace(graph, layers=layers, calls=calls), VOCABULARY)
    assert [call.target for call in ordered.calls] == ["in", "dense_1", "dense", "sum"]


def test_unused_uses_of_a_shared_layer_go_and_the_others_count_from_0():
    graph = chain(("relu", "keras.layers.ReLU"))
    second = Call("relu/1", "layer", "relu", (Ref("in/0"),))
    last = replace(graph.calls[2], args=((Ref("relu/1"), Ref("in/0")),))
    ordered = schedule(replace(graph, calls=(*graph.calls[:2], second, last)), VOCABULARY)
    assert [call.id for call in ordered.calls] == ["in/0", "relu/0", "sum/0"]
    assert ordered.calls[-1].args == ((Ref("relu/0"), Ref("in/0")),)


def test_a_cycle_is_an_error_with_a_name():
    graph = chain(("one", "keras.layers.ReLU"))
    circle = replace(graph.calls[1], args=(Ref("sum/0"),))
    with pytest.raises(CompileError, match="cycle"):
        schedule(replace(graph, calls=(graph.calls[0], circle, graph.calls[2])), VOCABULARY)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("dense", 0),
        ("dense_1", 1),
        ("dense_12", 12),
        ("dense_01", None),
        ("dense_", None),
        ("dense_x", None),
        ("dense_1_1", None),
        ("my_dense", None),
        ("dense_\u0663", None),
        ("dense_9999999999", None),
    ],
)
def test_automatic_numbers(name, number):
    assert automatic_number(name, "dense") == number
