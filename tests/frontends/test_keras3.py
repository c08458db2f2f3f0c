"""Keras 3 files: what is written is read again, and what is broken is told with its place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from kcodegen import CompileError, Options, compile_model, registry
from kcodegen.ir.values import same
from kcodegen.readback.canonical import canonical_graph
from tests.frontends.documents import (
    functional,
    layer,
    node,
    obj,
    op,
    read,
    refused,
    sequential,
    tensor,
)
from tests.graphs import graphs
from tests.keras_json import to_json
from tests.prepared import prepared


@given(graphs())
def test_what_is_written_is_read_again(graph):
    artifact, warnings = read(to_json(graph))
    assert same(canonical_graph(prepared(artifact.model)), canonical_graph(prepared(graph)))
    assert not warnings


@given(graphs())
def test_shapes_are_those_of_the_file(graph):
    found = read(to_json(graph))[0].model.shapes
    known = {ref: shape for ref, shape in graph.shapes.items() if not ref.call.startswith("/")}
    assert {ref: known[ref] for ref in found.keys() & known.keys()}.items() <= found.items()


def dense(name: str, *nodes: Any, **config: Any) -> dict[str, Any]:
    return layer(name, "Dense", *nodes, units=4, **config)


A = tensor("a")
GOOD = functional(dense("d", node(A)), op("add", "Add", node(tensor("d"), 1.0)))
HIDDEN_INPUT = layer("b", "InputLayer", batch_shape="x")
HALVES = {"indices_or_sections": 2}
CIRCLE = (dense("d", node(tensor("e"))), dense("e", node(tensor("d"))))
# code -> document, and the place that is named
BROKEN: dict[str, tuple[Any, str]] = {
    "unknown-reference: name": (functional(dense("d", node(tensor("z")))), "/args/0/"),
    "unknown-reference: use": (functional(dense("d", node(tensor("a", 1)))), "keras_history"),
    "unknown-reference: negative": (functional(dense("d", node(tensor("a", -1)))), "/args/0/"),
    "unknown-reference: index": (functional(dense("d", node(tensor("a", 0, -1)))), "/args/0/"),
    "unknown-reference: one": (
        functional(dense("d", node(tensor("a", 0, 1)))),
        "/config/layers/1/inbound_nodes/0",
    ),
    "unknown-reference: end": (functional(dense("d", node(A)), outputs=["d", 0, 1]), ""),
    "unknown-reference: op": (
        functional(op("s", "Hsplit", node(A), **HALVES), dense("d", node(tensor("s", 0, 2)))),
        "/config/layers/2/inbound_nodes/0",
    ),
    "unknown-reference: output": (functional(outputs=["z", 0, 0]), "/config/output_layers"),
    "unknown-reference: input": (functional(inputs=[["z", 0, 0]]), "/config/input_layers/0"),
    "duplicate-name": (functional(dense("d", node(A)), dense("d", node(A))), "/config/layers"),
    "duplicate-name: sequential": (sequential(dense("d"), dense("d")), "/config/layers"),
    "unnamed-layer": (functional(dense("", node(A))), "/config/layers/1"),
    "slash-in-name": (functional(dense("d/e", node(A))), "/config/layers/1"),
    "not-connected": (functional(dense("d")), "/config/layers/1"),
    "unknown-op": (functional(op("o", "Addd", node(A))), "/config/layers/1"),
    "unknown-argument": (functional(dense("d", node(A), unit=3)), "/config/layers/1/config/unit"),
    "unknown-argument: op": (
        functional(op("o", "Add", node(A, 1), y=1)),
        "/config/layers/1/config",
    ),
    "unknown-argument: call": (functional(op("o", "Add", node(A, y=1))), "/inbound_nodes/0"),
    "too-many-arguments": (functional(op("o", "Add", node(A, 1, 2))), "/inbound_nodes/0"),
    "unknown-class": (sequential(layer("d", "Dens")), "/config/layers/0"),
    "wrong-type: use": (functional(dense("d", node(tensor("a", "0")))), "keras_history/1"),
    "wrong-type: bool": (functional(dense("d", node(tensor("a", False)))), "keras_history/1"),
    "wrong-type: reference": (functional(outputs=[["a", 0]]), "/config/output_layers/0"),
    "wrong-type: shape": (sequential(HIDDEN_INPUT), "/config/layers/0/config/batch_shape"),
    "wrong-type: name": (sequential(layer(4, "Dense")), "/config/layers/0"),
    "missing-field": (
        obj("keras.src.models.functional", "Functional", {"layers": [], "input_layers": []}),
        "/config",
    ),
    "model-class": (obj("keras", "Sequential", GOOD["config"]), ""),
    "refused-class": (sequential(layer("t", "TFSMLayer", filepath="x")), "/config/layers/0"),
    "file-path": (
        sequential(layer("w", "StringLookup", vocabulary="/etc/passwd")),
        "/config/layers/0/config/vocabulary",
    ),
}


def test_the_good_example_is_read():
    read(GOOD)


@pytest.mark.parametrize("why", BROKEN)
def test_what_is_broken_is_told_with_its_place(why):
    document, place = BROKEN[why]
    diagnostics = refused(document)
    found = [d for d in diagnostics if d.code == why.partition(":")[0]]
    assert found, diagnostics
    assert place in found[0].origin.pointer
    assert found[0].message


def test_an_output_that_is_there_is_no_error():
    read(functional(op("s", "Hsplit", node(A), **HALVES), dense("d", node(tensor("s", 0, 1)))))


def test_the_states_of_a_pile_of_unknown_cells_are_refused():
    cells = [obj("acme", "Cell", {}, registered_name="Acme>Cell")] * 2
    cell = obj("keras.layers", "StackedRNNCells", {"name": "c", "cells": cells})
    document = functional(layer("r", "RNN", node(A), cell=cell, return_state=True))
    with pytest.raises(CompileError) as error:
        compile_model(document, Options(custom=(("Acme>Cell", "acme.cells:Cell"),)))
    (found,) = error.value.diagnostics
    assert found.code == "unknown-outputs"
    assert found.origin.pointer == "/config/layers/1/inbound_nodes/0"
    assert found.hint


def test_an_ignored_argument_of_an_op_carries_nothing(monkeypatch):
    row = replace(registry.op("keras.ops.add"), ignored=(("fast", False),))
    monkeypatch.setattr("kcodegen.registry.find_op", lambda name, module: row)
    read(functional(op("o", "Add", node(A, 1.0), fast=False)))
    (found,) = refused(functional(op("o", "Add", node(A, 1.0), fast=True)))
    assert found.code == "unknown-argument"


def test_a_cycle_is_refused_by_the_passes():
    with pytest.raises(CompileError, match="cycle"):
        compile_model(functional(*CIRCLE))


def test_all_that_is_wrong_is_told_at_once():
    document = functional(
        layer("one", "Dens", node(A)),
        layer("two", "Dens", node(tensor("one"))),
        dense("three", node(tensor("two")), unit=3, use_bia=True),
        dense("four", node(tensor("nobody"))),
    )
    codes = [diagnostic.code for diagnostic in refused(document)]
    assert sorted(codes) == [
        "unknown-argument",
        "unknown-argument",
        "unknown-class",
        "unknown-reference",
    ]
    (unknown,) = [d for d in refused(document) if d.code == "unknown-class"]
    assert "one" in unknown.message
    assert "two" in unknown.message


def test_a_list_of_one_means_one_tensor_only_before_keras_3_12():
    (entry,) = functional(outputs=[["a", 0, 0]])["config"]["layers"]
    new = functional(outputs=[["a", 0, 0]])
    old = functional(outputs=[["a", 0, 0]])
    del old["config"]["layers"][0]["config"]["optional"]
    assert entry["config"]["optional"] is False
    assert isinstance(read(new)[0].model.outputs, tuple)
    assert not isinstance(read(old)[0].model.outputs, tuple)
