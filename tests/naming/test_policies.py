"""The three policies for layer names, and what keeps a name in any case."""

from __future__ import annotations

import pytest

from kcodegen import CompileError, Options, compile_model
from tests.frontends.documents import functional, layer, node, obj, sequential, tensor


def page(document, names):
    return compile_model(document, Options(names=names)).text


def dense(name, source="a"):
    return layer(name, "Dense", node(tensor(source)), units=4)


CHAIN = functional(dense("dense"), dense("dense_7", "dense"), dense("mine", "dense_7"))
LINES = {
    "auto": ["Dense(4)", 'Dense(4, name="dense_7")', 'Dense(4, name="mine")'],
    "keep": ['Dense(4, name="dense")', 'Dense(4, name="dense_7")', 'Dense(4, name="mine")'],
    "drop": ["Dense(4)", "Dense(4)", 'Dense(4, name="mine")'],
}


@pytest.mark.parametrize("names", LINES)
def test_policies(names):
    lines = [line for line in page(CHAIN, names).splitlines() if "Dense" in line]
    assert [wanted in line for wanted, line in zip(LINES[names], lines, strict=True)] == [True] * 3


def test_drop_keeps_the_names_of_outputs_that_a_loss_goes_by():
    document = functional(
        dense("dense_4"), dense("dense_5"), outputs=[["dense_4", 0, 0], ["dense_5", 0, 0]]
    )
    loss = {"dense_4": "mse", "dense_5": "mae"}
    compiled = document | {"compile_config": {"optimizer": "adam", "loss": loss}}
    assert 'name="dense_4"' not in page(document, "drop")
    assert 'name="dense_4"' in page(compiled, "drop")
    assert 'name="dense_5"' in page(compiled, "drop")


def test_drop_renames_no_layer_to_the_name_of_another():
    taken = layer("dense", "ReLU", node(tensor("a")))
    text = page(functional(taken, dense("dense_1", "dense")), "drop")
    assert 'layers.ReLU(name="dense")' in text
    assert 'layers.Dense(4, name="dense_1")' in text


def test_drop_renames_calls_and_ends_with_their_layers():
    text = page(
        functional(dense("dense_9"), layer("add_3", "Add", node([tensor("a"), tensor("dense_9")]))),
        "drop",
    )
    assert "dense_9" not in text
    assert "add_3" not in text


def test_the_name_of_a_model_is_counted_like_any_other():
    document = sequential(layer("dense", "Dense", units=4))
    assert 'name="s"' in built(page(document, "drop"))
    document["config"]["name"] = "sequential"
    assert "name=" not in built(page(document, "auto"))
    assert "name=" in built(page(document, "keep"))


def built(text):
    """Return the functions of a page that build the model."""
    return text[text.index("def build_") : text.index("def load_weights")]


WRAPPED = obj(
    "keras.layers",
    "Bidirectional",
    {"name": "bi", "layer": obj("keras.layers", "LSTM", {"units": 2})},
)


@pytest.mark.parametrize("policy", ["auto", "keep", "drop"])
@pytest.mark.parametrize("place", ["object", "model", "cells", "mapping"])
def test_a_wrapped_layer_without_a_name_gets_none(policy: str, place: str) -> None:
    cells = [obj("keras.layers", "LSTMCell", {"units": 2, "name": None}) for _ in range(2)]
    documents = {
        "object": WRAPPED,
        "model": sequential(layer("rnn", "Bidirectional", layer=WRAPPED["config"]["layer"])),
        "cells": obj("keras.layers", "RNN", {"name": "rnn", "cell": cells}),
        "mapping": {"a": sequential(WRAPPED | {"name": "bi"})},
    }
    text = compile_model(documents[place], Options(names=policy)).text
    assert "layers.LSTM(2)" in text or "[layers.LSTMCell(2), layers.LSTMCell(2)]" in text


@pytest.mark.parametrize(("name", "code"), [(5, "wrong-type"), ("", "unnamed-layer")])
def test_a_name_that_is_none_is_refused(name: object, code: str) -> None:
    inner = obj("keras.layers", "Dense", {"units": 2, "name": name})
    wrapped = obj("keras.layers", "TimeDistributed", {"name": "td", "layer": inner})
    with pytest.raises(CompileError) as caught:
        compile_model(wrapped)
    (found,) = caught.value.diagnostics
    assert (found.code, found.origin.pointer) == (code, "/config/layer/config/name")
