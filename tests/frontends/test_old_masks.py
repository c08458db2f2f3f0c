"""Masks as Keras 2 handed them on, where Keras 3 would make others."""

from __future__ import annotations

from kcodegen.ir.values import Ref
from tests.frontends.old_documents import (
    calls_of,
    graph_of,
    old_input,
    old_layer,
    old_model,
    warnings_of,
)


def embedded(mask_b=True):
    inputs = (old_input("a", 4), old_input("b", 4))
    e, f = (
        old_layer(name, "Embedding", [[of, 0, 0, {}]], input_dim=5, output_dim=6, mask_zero=mask)
        for name, of, mask in (("e", "a", True), ("f", "b", mask_b))
    )
    joined = old_layer("j", "Add", [["e", 0, 0, {}], ["f", 0, 0, {}]])
    lstm = old_layer("x", "LSTM", [["j", 0, 0, {}]], units=3)
    return old_model(*inputs, e, f, joined, lstm, inputs=[["a", 0, 0], ["b", 0, 0]])


def test_merged_masks_are_those_of_keras_2():
    graph = graph_of(embedded())
    (joined,) = calls_of(graph, "logical_and")
    assert dict(calls_of(graph, "x")[0].kwargs) == {"mask": Ref(joined.id)}
    assert warnings_of(embedded())["old-mask"].origin.layer == "x"


def test_a_tensor_without_a_mask_is_passed_over():
    graph = graph_of(embedded(mask_b=False))
    (mask,) = calls_of(graph, "not_equal")
    assert dict(calls_of(graph, "x")[0].kwargs) == {"mask": Ref(mask.id)}


def test_a_mask_that_keras_2_lost_is_lost():
    layers = (
        old_input("a", 4),
        old_layer("e", "Embedding", [["a", 0, 0, {}]], input_dim=5, output_dim=6, mask_zero=True),
        old_layer("i", "Rescaling", [["e", 0, 0, {}]], scale=2.0),
        old_layer("x", "LSTM", [["i", 0, 0, {}]], units=3),
    )
    graph = graph_of(old_model(*layers))
    (copied,) = calls_of(graph, "copy")
    assert calls_of(graph, "x")[0].args == (Ref(copied.id),)


def test_a_mask_that_is_the_same_in_both_is_left_to_keras():
    layers = (
        old_input("a", 4),
        old_layer("e", "Embedding", [["a", 0, 0, {}]], input_dim=5, output_dim=6, mask_zero=True),
        old_layer("x", "LSTM", [["e", 0, 0, {}]], units=3),
    )
    assert calls_of(graph_of(old_model(*layers)), "x")[0].kwargs == ()
    assert not warnings_of(old_model(*layers))


def test_attention_took_no_notice_of_masks_before_2_10():
    layers = (
        old_input("a", 4),
        old_layer("e", "Embedding", [["a", 0, 0, {}]], input_dim=5, output_dim=6, mask_zero=True),
        old_layer("x", "MultiHeadAttention", [["e", 0, 0, {"value": ["e", 0, 0]}]], num_heads=1,
                  key_dim=2),
    )  # fmt: skip
    (copied,) = calls_of(graph_of(old_model(*layers, version="2.9.0")), "copy")
    made = calls_of(graph_of(old_model(*layers, version="2.9.0")), "x")[0]
    assert (made.args, dict(made.kwargs)) == ((Ref(copied.id),), {"value": Ref(copied.id)})
    assert not calls_of(graph_of(old_model(*layers, version="2.12.0")), "copy")


def test_masked_steps_of_a_bidirectional_are_zeros_now():
    inner = {"class_name": "LSTM", "config": {"name": "l", "units": 2, "return_sequences": True}}
    layers = (
        old_input("a", 4),
        old_layer("e", "Embedding", [["a", 0, 0, {}]], input_dim=5, output_dim=6, mask_zero=True),
        old_layer("x", "Bidirectional", [["e", 0, 0, {}]], layer=inner),
    )
    assert "masked-steps" in warnings_of(old_model(*layers, version="2.3.1"))
    assert not warnings_of(old_model(*layers, version="2.9.0"))
    assert not warnings_of(old_model(*layers, version="2.2.4-tf"))
