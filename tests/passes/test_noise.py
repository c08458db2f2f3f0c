"""Arguments of calls that Keras records by itself."""

from __future__ import annotations

import pytest

from kcodegen.ir.graph import Call, Graph, Layer
from kcodegen.ir.values import Ref
from kcodegen.passes.noise import drop_call_noise

KEPT, GONE = True, False


@pytest.mark.parametrize(
    ("layer", "argument", "value", "stays"),
    [
        ("Dropout", "training", False, GONE),
        ("Dropout", "training", True, KEPT),
        ("Dropout", "training", 0, KEPT),
        ("BatchNormalization", "training", False, KEPT),
        ("RandomFlip", "training", True, GONE),
        ("RandomFlip", "training", False, KEPT),
        ("LSTM", "mask", None, GONE),
        ("LSTM", "mask", Ref("m/0"), KEPT),
        ("Attention", "mask", (None, None), GONE),
        ("Attention", "mask", (None, Ref("m/0")), KEPT),
        ("MultiHeadAttention", "query_mask", None, GONE),
        ("MultiHeadAttention", "attention_mask", None, KEPT),
        ("Dense", "mask", None, KEPT),
    ],
)
def test_what_nobody_wrote_goes_and_the_rest_stays(layer, argument, value, stays):
    call = Call("l/0", "layer", "l", (Ref("x/0"),), (("first", 1), (argument, value)))
    graph = Graph("m", "keras.Model", (Layer("l", f"keras.layers.{layer}"),), (call,))
    (cleaned,) = drop_call_noise(graph).calls
    assert cleaned.args == call.args
    assert cleaned.kwargs == (call.kwargs if stays else (("first", 1),))
