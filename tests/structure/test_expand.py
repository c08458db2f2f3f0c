"""The law of structure recovery: expanding an outline gives the very graph it came from."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from hypothesis import given

from kcodegen import CompileError, compile_file
from kcodegen.ir.graph import Graph
from kcodegen.ir.order import sort_layers, traverse
from kcodegen.ir.values import same
from kcodegen.structure.expand import expand
from kcodegen.structure.flat import flat_outline
from tests.corpus.cases import cases
from tests.graphs import graphs
from tests.prepared import nested, prepared

LARGEST = 60_000  # bytes of JSON


def assert_nothing_is_lost(graph: Graph) -> None:
    for model in nested(graph):
        outline = flat_outline(model)
        assert same(expand(outline), settled(model))
        assert not outline.frame.layers
        assert not outline.frame.calls


def settled(graph: Graph) -> Graph:
    """Return the graph with its layers as its calls order them; masks may order some else."""
    return sort_layers(graph, traverse(graph).operations) if graph.calls else graph


def real_models() -> Iterator[Graph]:
    """Yield the small models of the corpus, as they are on a page."""
    for case in cases("keras3.15", "drift", "seed_flat"):
        if case.path.stat().st_size < LARGEST:
            with contextlib.suppress(CompileError):
                model = compile_file(case.path).artifact.model
                assert model is not None
                yield model


@given(graphs())
def test_expanding_the_flat_outline_gives_the_graph(graph):
    assert_nothing_is_lost(prepared(graph))


def test_nothing_of_a_real_model_is_lost():
    models = list(real_models())
    assert len(models) > 100
    for model in models:
        assert_nothing_is_lost(model)


@given(graphs())
def test_a_layer_is_defined_once_and_where_it_is_first_called(graph):
    for model in nested(prepared(graph)):
        seen: set[str] = set()
        for step in flat_outline(model).steps:
            if step.layer is not None:
                assert step.layer.name not in seen
                seen.add(step.layer.name)
                assert step.call is None or step.call.target == step.layer.name
            elif step.call is not None and step.call.kind == "layer":
                assert step.call.target in seen
        assert seen == {layer.name for layer in model.layers}
