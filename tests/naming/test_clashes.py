"""Layers and ops are counted together: none may get the name that another one is given."""

from __future__ import annotations

import json
from typing import Any

import keras
import pytest
from keras import layers, ops

from kcodegen import CompileError, Options, compile_model
from kcodegen.verification.configs import differences
from tests.naming.test_counts import rebuilt, saved


def later_session() -> Any:
    """Build a model after others: its numbers do not begin at 0."""
    for _ in range(3):
        layers.Add()
    x = inputs = keras.Input((4,))
    x = layers.Add()([x, x])
    for _ in range(4):
        x = x + inputs
    return keras.Model(inputs, x)


def made_before_what_feeds_it() -> Any:
    """Construct a layer before the op that it is called on."""
    inputs = keras.Input((4,))
    return keras.Model(inputs, layers.Add()([inputs + 1.0, inputs]))


def side_by_side() -> Any:
    inputs = keras.Input((4,))
    x = layers.Multiply()([layers.Add()([inputs, inputs]), inputs]) + inputs
    return keras.Model(inputs, ops.softmax(layers.Softmax()(x)))


def masked_concatenations() -> Any:
    """Concatenate what is masked: the masks are concatenated by ops of that name."""
    inputs = keras.Input((5,), dtype="int32")
    x = layers.Embedding(9, 4, mask_zero=True)(inputs)
    x = layers.Concatenate()([x, x])
    return keras.Model(inputs, layers.LSTM(3)(layers.Concatenate()([x, x])))


MODELS = (later_session, made_before_what_feeds_it, side_by_side, masked_concatenations)
REFUSED = {
    (later_session, "auto"),
    (made_before_what_feeds_it, "auto"),
    (later_session, "keep"),
    (made_before_what_feeds_it, "keep"),
}


@pytest.mark.parametrize("names", ["auto", "keep", "drop"])
@pytest.mark.parametrize("build", MODELS)
def test_the_page_builds_a_model_or_is_refused(build, names):
    text = saved(build)
    if (build, names) in REFUSED:
        with pytest.raises(CompileError, match="has the name that Keras gives one of") as caught:
            compile_model(text, Options(names=names))
        (problem,) = caught.value.diagnostics
        assert problem.origin.layer == ("add_3" if build is later_session else "add")
        assert problem.hint.startswith("--names drop")
        return
    again = rebuilt(compile_model(text, Options(names=names)).text)
    if names != "drop":
        assert differences(json.loads(text), again) == ()
