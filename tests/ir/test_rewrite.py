"""One way to reach every constructor call, and every model, of a graph."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given

from kcodegen.ir.graph import Graph, Layer
from kcodegen.ir.rewrite import map_graphs, rewrite_args, rewrite_graph
from kcodegen.ir.values import Dict, Obj, same
from tests.graphs import graphs
from tests.prepared import nested

INNER = Graph("inner", "keras.Sequential", (Layer("d", "keras.layers.Dense", (("units", 1),)),))
ARGS = (
    ("plain", 1),
    ("object", Obj("outer", (("part", Obj("part", (("x", 1),))),))),
    ("list", (Obj("item"), 2)),
    ("dict", Dict((("k", Obj("value")),))),
    ("model", Obj("keras.Sequential", body=INNER)),
)


@given(graphs())
def test_changing_nothing_changes_nothing(graph):
    assert same(rewrite_graph(graph, lambda key, args, built: args), graph)
    assert same(map_graphs(graph, lambda model: model), graph)


@given(graphs())
def test_every_model_is_reached_and_inner_ones_first(graph):
    seen: list[Graph] = []

    def mark(model: Graph) -> Graph:
        seen.append(model)
        return replace(model, name=f"seen {model.name}")

    marked = map_graphs(graph, mark)
    assert all(model.name.startswith("seen ") for model in nested(marked))
    assert len(seen) == len(list(nested(graph)))
    for model in seen:
        assert all(inner.name.startswith("seen ") for inner in list(nested(model))[1:])


def test_every_object_is_reached_and_inner_ones_first():
    keys: list[str] = []

    def note(key, args, built):
        keys.append(key)
        return (*args, ("seen", True))

    changed = rewrite_args(ARGS, note)
    assert keys[:4] == ["part", "outer", "item", "value"]
    assert "keras.layers.Dense" in keys
    outer = dict(changed)["object"]
    assert dict(dict(outer.args)["part"].args)["seen"] is True
    assert dict(changed)["plain"] == 1


def test_a_layer_tells_the_shape_it_was_built_with():
    layer = Layer("d", "keras.layers.Dense", built=(None, 4))
    found = []
    rewrite_graph(
        Graph("m", "keras.Sequential", (layer,)),
        lambda key, args, built: found.append((key, built)) or args,
    )
    assert found == [("keras.layers.Dense", (None, 4)), ("keras.Sequential", None)]
