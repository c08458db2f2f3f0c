"""The validator accepts every scheduled graph and refuses each kind of broken one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from kcodegen import CompileError
from kcodegen.ir.graph import Call, Graph, Layer
from kcodegen.ir.values import Dict, Ref
from kcodegen.ir.verify import verify
from tests.graphs import graphs
from tests.prepared import nested, prepared

A, X, Y = Ref("a/0"), Ref("x/0"), Ref("x/1")
GOOD = Graph(
    "m",
    "keras.Model",
    (Layer("a", "keras.Input"), Layer("x", "keras.layers.ReLU")),
    (
        Call("a/0", "layer", "a"),
        Call("x/0", "layer", "x", (A,)),
        Call("x/1", "layer", "x", (X,)),
        Call("/keras.ops.add/0", "op", "keras.ops.add", (), (("x1", Y), ("x2", 1.0))),
    ),
    A,
    (Ref("/keras.ops.add/0"), X),
)


@given(graphs())
def test_every_scheduled_graph_is_accepted(graph):
    for model in nested(prepared(graph)):
        verify(model)


def test_the_good_example_is_accepted():
    verify(GOOD)
    verify(replace(GOOD, inputs=Dict((("k", A),)), outputs=Dict((("k", (X, Y)),))))


def broken(index: int, call: Call) -> Graph:
    return replace(GOOD, calls=(*GOOD.calls[:index], call, *GOOD.calls[index + 1 :]))


BROKEN = {
    "duplicate-name": replace(GOOD, layers=(*GOOD.layers, Layer("x", "keras.layers.ELU"))),
    "order": replace(GOOD, calls=(GOOD.calls[0], GOOD.calls[2], GOOD.calls[1], GOOD.calls[3])),
    "order: later": broken(1, replace(GOOD.calls[1], args=(Y,))),
    "order: itself": broken(1, replace(GOOD.calls[1], args=(X,))),
    "order: in a list": broken(1, replace(GOOD.calls[1], args=((A, Ref("b/0")),))),
    "order: by keyword": broken(1, replace(GOOD.calls[1], kwargs=(("mask", Ref("b/0")),))),
    "unknown-layer": broken(1, replace(GOOD.calls[1], target="y")),
    "use-order": broken(2, replace(GOOD.calls[2], id="x/2")),
    "disconnected": replace(GOOD, inputs=()),
    "disconnected: layer": broken(1, replace(GOOD.calls[1], args=(1.0,))),
    "unknown-reference: input": replace(GOOD, inputs=(A, Ref("b/0"))),
    "unknown-reference: output": replace(GOOD, outputs=Dict((("k", Ref("x/2")),))),
}


@pytest.mark.parametrize("why", BROKEN)
def test_a_broken_graph_is_refused(why):
    with pytest.raises(CompileError) as error:
        verify(BROKEN[why])
    assert error.value.diagnostics[0].code == why.partition(":")[0]
