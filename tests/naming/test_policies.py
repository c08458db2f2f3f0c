"""The three policies for layer names, and what keeps a name in any case."""

from __future__ import annotations

import pytest

from kcodegen import Options, compile_model
from tests.frontends.documents import functional, layer, node, sequential, tensor


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
