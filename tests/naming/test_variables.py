"""Variables of a page: valid, and never written over while somebody needs them."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given

from kcodegen.ir.graph import Graph
from kcodegen.ir.order import flatten, operands
from kcodegen.ir.values import Ref
from kcodegen.naming.variables import Variables, Wish
from tests.graphs import functional
from tests.naming.test_scope import assert_can_be_a_variable
from tests.prepared import nested, prepared


def wishes(graph: Graph) -> dict[str, Wish]:
    """Return wishes as a backend has them; models with several outputs are held whole."""
    layers = {layer.name: layer for layer in graph.layers}
    found = {}
    for call in graph.calls:
        count = sum(ref.call == call.id for ref in graph.shapes)
        layer = layers.get(call.target) if call.kind == "layer" else None
        several = tuple(f"part_{i}" for i in range(count)) if count > 1 else None
        whole = several is not None and layer is not None and layer.body is not None
        found[call.id] = Wish(
            call.target.rpartition(".")[2],
            call.target,
            None if whole else several,
            whole=whole,
            fixed=layer is not None and layer.key == "keras.Input",
            is_nested=layer is not None and layer.body is not None,
        )
    return found


def held(ref: Ref, found: Mapping[str, Wish]) -> Ref:
    return Ref(ref.call) if found[ref.call].whole else ref


def assert_nothing_is_lost(graph: Graph) -> None:
    """Follow the page: each variable holds what is meant whenever it is read."""
    found = wishes(graph)
    names = Variables(graph, found).assign()
    holds: dict[str, Ref] = {}
    for call in graph.calls:
        for ref in operands(call):
            assert holds[names[held(ref, found)]] == held(ref, found)
        several = found[call.id].several
        outputs = [Ref(call.id, index) for index in range(len(several or (0,)))]
        bound = [(names[ref], ref) for ref in outputs if ref in names]
        assert len(dict(bound)) == len(bound)
        holds.update(bound)
    for ref in flatten((graph.inputs, graph.outputs)):
        assert holds[names[held(ref, found)]] == held(ref, found)
    for name in holds:
        assert_can_be_a_variable(name)


@given(functional(size=20))
def test_no_variable_is_written_over_while_it_is_needed(graph):
    for model in nested(prepared(graph)):
        if model.calls:
            assert_nothing_is_lost(model)


@given(functional())
def test_names_depend_on_the_graph_alone(graph):
    model = prepared(graph)
    assert Variables(model, wishes(model)).assign() == Variables(model, wishes(model)).assign()
