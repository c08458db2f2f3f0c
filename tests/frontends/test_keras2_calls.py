"""Calls as Keras 2 wrote them: tensors, constants, keywords, and states among the inputs."""

from __future__ import annotations

import pytest

from kcodegen.ir.values import Array, Dict, Ref
from tests.frontends.documents import read, refused
from tests.frontends.old_documents import (
    calls_of,
    dense,
    graph_of,
    old_input,
    old_layer,
    old_model,
    tf_op,
    warnings_of,
)

A, B = ["a", 0, 0, {}], ["b", 0, 0, {}]
INPUTS = (old_input("a", 5, 3), old_input("b", 5, 3))


def call(layer, **kwargs):
    (found,) = calls_of(graph_of(old_model(*INPUTS, layer, **kwargs)), layer["name"])
    return found


def test_a_list_of_tensors_is_one_argument():
    assert call(old_layer("x", "Add", [A, B])).args == ((Ref("a/0"), Ref("b/0")),)
    assert call(old_layer("x", "Add", [A])).args == (Ref("a/0"),)


def test_keywords_hold_tensors_and_what_is_none_is_nothing():
    kwargs = {"value": ["b", 0, 0], "attention_mask": None, "return_attention_scores": True}
    made = call(old_layer("x", "MultiHeadAttention", [["a", 0, 0, kwargs]], num_heads=1, key_dim=2))
    assert made.args == (Ref("a/0"),)
    assert dict(made.kwargs) == {"value": Ref("b/0"), "return_attention_scores": True}


def test_a_constant_among_tensors():
    made = call(old_layer("x", "Add", [A, ["_CONSTANT_VALUE", -1, [[1.0, 2.0]], {}]]))
    assert made.args[0][1] == Array("tensor", "float32", ((1.0, 2.0),))


def test_states_have_their_own_argument():
    lstm = old_layer("x", "LSTM", [A, ["s", 0, 0, {}], ["s", 0, 0, {}]], units=2)
    document = old_model(INPUTS[0], dense("s", [A]), lstm)
    (made,) = calls_of(graph_of(document), "x")
    assert made.args == (Ref("a/0"),)
    assert dict(made.kwargs) == {"initial_state": (Ref("s/0"), Ref("s/0"))}


def test_constants_come_after_states():
    node = [A, ["s", 0, 0, {}], ["s", 0, 0, {}]]
    cell = {"class_name": "SimpleRNNCell", "config": {"name": "c", "units": 2}}
    rnn = old_layer("x", "RNN", node, cell=cell)
    (made,) = calls_of(graph_of(old_model(INPUTS[0], dense("s", [A]), rnn)), "x")
    assert dict(made.kwargs) == {"initial_state": (Ref("s/0"), Ref("s/0"))}


@pytest.mark.parametrize("training", [True, False])
def test_a_mode_of_one_call_is_kept_and_said(training):
    document = old_model(
        old_layer("x", "BatchNormalization", [["a", 0, 0, {"training": training}]])
    )
    assert calls_of(graph_of(document), "x")[0].kwargs == (("training", training),)
    assert f"training={training}" in warnings_of(document)["call-training"].message


def test_a_dict_of_tensors_of_a_users_layer():
    from kcodegen.frontends.keras2_calls import OldWires, first_argument
    from kcodegen.ir.document import Node

    wires = OldWires({"a": 1, "b": 1}, {}, {"a": "a", "b": "b"})
    node = Node({"p": ["a", 0, 0, {"k": 1}], "q": [B, A]})
    value, kwargs = first_argument(node, wires)
    assert value == Dict((("p", Ref("a/0")), ("q", (Ref("b/0"), Ref("a/0")))))
    assert kwargs is not None
    assert kwargs.value == {"k": 1}


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        (["z", 0, 0, {}], "unknown-reference"),
        (["a", 1, 0, {}], "unknown-reference"),
        (["a", 0, -1, {}], "unknown-reference"),
        (["a", "0", 0, {}], "wrong-type"),
        (["a"], "wrong-type"),
    ],
)
def test_a_tensor_that_is_not_there_is_refused(reference, code):
    assert refused(old_model(dense("d", [reference])))[0].code == code


def test_a_layer_that_is_never_called_is_refused():
    assert refused(old_model(dense("e"), dense("d", [A])))[0].code == "not-connected"


def test_nothing_is_said_of_a_plain_model():
    assert read(old_model(dense("d", [A])))[1] == ()


def test_steps_that_come_first_are_swapped():
    document = old_model(
        INPUTS[0],
        old_layer("r", "LSTM", [A], units=2, time_major=True, return_sequences=True),
        old_layer("t", "Flatten", [["r", 0, 0, {}]]),
    )
    graph = graph_of(document)
    before, after = calls_of(graph, "swapaxes")
    assert calls_of(graph, "r")[0].args == (Ref(before.id),)
    assert dict(before.kwargs) == {"x": Ref("a/0"), "axis1": 0, "axis2": 1}
    assert calls_of(graph, "t")[0].args == (Ref(after.id),)
    assert "steps first" in warnings_of(document)["time-major"].message


def test_an_op_that_stands_behind_its_use_is_refused():
    document = old_model(
        INPUTS[0],
        dense("d", [["t", 0, 0, {}]]),
        tf_op("t", "identity", ["u", 0, 0, {}]),
        tf_op("u", "identity", ["a", 0, 0, {}]),
        outputs=[["d", 0, 0]],
    )
    assert refused(document)[0].code == "unknown-reference"


def test_an_input_has_one_tensor():
    document = old_model(dense("d", [["a", 0, 0, {}]]), inputs=[["a", 0, 3]])
    assert refused(document)[-1].code == "unknown-reference"


def test_a_class_is_a_name():
    document = old_model({**dense("d", [A]), "class_name": ["TFOpLambda"]})
    assert refused(document)[0].code == "wrong-type"
