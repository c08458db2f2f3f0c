"""Bidirectional: what it derives from its one layer is not written, and its own layer is."""

from __future__ import annotations

import json

import keras
import pytest
from keras import layers

from kcodegen import compile_model
from kcodegen.verification.configs import differences

RECURRENT = (
    lambda: layers.LSTM(4),
    lambda: layers.GRU(4, return_sequences=True, name="mine"),
    lambda: layers.SimpleRNN(4, unroll=True),
    lambda: layers.LSTM(4, return_sequences=True, return_state=True, dropout=0.1),
    lambda: layers.RNN(layers.LSTMCell(4), return_sequences=True),
    lambda: layers.GRU(4, zero_output_for_mask=True),
)


def saved_and_page(*args, **kwargs):
    """Return the file of a model with one Bidirectional, its page and the file of that."""
    keras.backend.clear_session(free_memory=False)
    inputs = keras.Input((5, 3))
    model = keras.Model(inputs, layers.Bidirectional(*(a() for a in args), **kwargs)(inputs))
    text = model.to_json()
    page = compile_model(text).text
    names = {}
    exec(page, names)
    keras.backend.clear_session(free_memory=False)
    return json.loads(text), page, json.loads(names["build_model"]().to_json())


@pytest.mark.parametrize("layer", RECURRENT)
@pytest.mark.parametrize("merge_mode", ["concat", "sum", None])
def test_a_derived_layer_is_not_written(layer, merge_mode):
    before, page, after = saved_and_page(layer, merge_mode=merge_mode)
    assert differences(before, after) == ()
    assert "backward_layer" not in page
    assert "go_backwards" not in page
    assert "zero_output_for_mask" not in page


@pytest.mark.parametrize("name", ["back", "backward_lstm", "lstm"])
def test_a_layer_of_its_own_is_written(name):
    backward = layers.LSTM(4, go_backwards=True, dropout=0.5, name=name)
    before, page, after = saved_and_page(lambda: layers.LSTM(4), backward_layer=backward)
    assert differences(before, after) == ()
    written = "".join(page.split())
    assert "backward_layer=layers.LSTM(4,dropout=0.5,go_backwards=True" in written
