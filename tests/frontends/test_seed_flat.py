"""Flat files: a plain chain is read, anything else has lost its wiring and is refused."""

from __future__ import annotations

import pytest

from kcodegen.ir.values import Hole, lookup
from tests.frontends.documents import read, refused

DENSE = {"name": "dense", "class_name": "Dense", "units": 4, "activation": "relu"}
INPUT = {"name": "in", "class_name": "InputLayer", "batch_shape": [None, 8], "dtype": "float32"}


def flat(*layers, **rest):
    return {"layers": list(layers), **rest}


def shape(document):
    first = read(document)[0].model.layers[0]
    assert first.key == "keras.Input"
    return lookup(first.args, "shape")


def test_a_chain_is_read_in_its_order():
    graph = read(flat(INPUT, DENSE, {**DENSE, "name": "last"}))[0].model
    assert [layer.name for layer in graph.layers] == ["in", "dense", "last"]
    assert graph.style == "keras.Sequential"
    assert not graph.calls


def test_the_shape_of_the_input_is_taken_from_wherever_it_stands():
    assert shape(flat(INPUT, DENSE)) == (8,)
    assert shape(flat({**DENSE, "batch_input_shape": [None, 3]})) == (3,)
    assert shape(flat({**DENSE, "batch_shape": [2, 3]})) == (3,)
    assert isinstance(shape(flat(DENSE)), Hole)


def test_an_embedding_takes_integers():
    embedding = {"name": "e", "class_name": "Embedding", "input_dim": 9, "output_dim": 2}
    first = read(flat({**embedding, "batch_input_shape": [None, 5]}))[0].model.layers[0]
    assert lookup(first.args, "dtype") == "int32"


def test_the_name_of_the_model_is_kept():
    assert read(flat(INPUT, DENSE, name="mlp"))[0].model.name == "mlp"
    assert read(flat(INPUT, DENSE))[0].model.name == "sequential"


@pytest.mark.parametrize(
    ("layers", "word"),
    [
        ((INPUT, DENSE, {"name": "sum", "class_name": "Add"}), "sum"),
        ((INPUT, {**INPUT, "name": "other"}, DENSE), "2 inputs"),
        ((DENSE, INPUT), "not its first"),
        ((INPUT, {"name": "mha", "class_name": "MultiHeadAttention", "num_heads": 1}), "mha"),
    ],
)
def test_lost_wiring_is_refused(layers, word):
    (diagnostic,) = refused(flat(*layers))
    assert diagnostic.code == "lost-wiring"
    assert word in diagnostic.message
    assert "to_json" in diagnostic.hint


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"unit": 3}, "unknown-argument"),
        ({"class_name": "Dens"}, "unknown-class"),
        ({"name": ""}, "unnamed-layer"),
        ({"name": 4}, "wrong-type"),
    ],
)
def test_what_is_wrong_in_a_layer(change, code):
    assert [d.code for d in refused(flat(INPUT, {**DENSE, **change}))] == [code]


def test_two_layers_of_one_name():
    assert [d.code for d in refused(flat(INPUT, DENSE, DENSE))] == ["duplicate-name"]
