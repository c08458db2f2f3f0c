"""Every function of `keras.backend` that has a row computes on its page what tf_keras computes."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from kcodegen import CompileError
from kcodegen.frontends.lambda_names import OWN_FUNCTIONS
from kcodegen.registry.backend_functions import BACKEND, RANDOM
from kcodegen.verification.rebuild import import_page
from tests.lambdas.forms import compiled, keras3

# Only the bytecode of the lambdas below is used by their pages.
K: Any = None

# What the functions are given: signed numbers (2, 3, 4), the same as images (2, 6, 6, 3), integers.
STEPS, IMAGES, WHOLE = "steps", "images", "whole"
CALLS: list[tuple[str, Any]] = [
    (STEPS, lambda t: K.abs(t)),
    (STEPS, lambda t: K.all(t > 0, axis=-1)),
    (STEPS, lambda t: K.any(t > 1, axis=1, keepdims=True)),
    (STEPS, lambda t: K.argmax(t)),
    (STEPS, lambda t: K.argmax(t, 1)),
    (STEPS, lambda t: K.argmin(t)),
    (STEPS, lambda t: K.argmin(t, axis=0)),
    (STEPS, lambda t: K.batch_dot(t, t, axes=2)),
    (STEPS, lambda t: K.batch_dot(t, t, axes=(1, 1))),
    (STEPS, lambda t: K.batch_dot(t, K.permute_dimensions(t, (0, 2, 1)))),
    (STEPS, lambda t: K.batch_dot(t[:, 0], t[:, 1], axes=1)),
    (STEPS, lambda t: K.batch_flatten(t)),
    (IMAGES, lambda t: K.batch_flatten(t)),
    (STEPS, lambda t: K.cast(t, "int32")),
    (STEPS, lambda t: K.cast(t > 0, dtype="float32")),
    (STEPS, lambda t: K.clip(t, -0.5, 0.5)),
    (STEPS, lambda t: K.clip(t, min_value=0.0, max_value=1.0)),
    (STEPS, lambda t: K.concatenate([t, t * 2])),
    (STEPS, lambda t: K.concatenate([t, t], axis=1)),
    (STEPS, lambda t: K.cos(t)),
    (STEPS, lambda t: K.cumprod(t)),
    (STEPS, lambda t: K.cumprod(t, axis=1)),
    (STEPS, lambda t: K.cumsum(t)),
    (STEPS, lambda t: K.cumsum(t, 2)),
    (STEPS, lambda t: K.dot(t, K.transpose(t[0]))),
    (STEPS, lambda t: K.dot(t, K.permute_dimensions(t, (0, 2, 1)))),
    (STEPS, lambda t: K.dot(t[:, 0], K.transpose(t[:, 1]))),
    (STEPS, lambda t: K.elu(t)),
    (STEPS, lambda t: K.elu(t, 0.5)),
    (STEPS, lambda t: K.epsilon() + t),
    (STEPS, lambda t: K.equal(t, 0.0)),
    (STEPS, lambda t: K.exp(t)),
    (STEPS, lambda t: K.expand_dims(t)),
    (STEPS, lambda t: K.expand_dims(t, 1)),
    (STEPS, lambda t: K.flatten(t)),
    (STEPS, lambda t: K.cast(t, K.floatx())),
    (STEPS, lambda t: K.gather(t, [1, 0, 1])),
    (STEPS, lambda t: K.greater(t, 0.0)),
    (STEPS, lambda t: K.greater_equal(t, 0.5)),
    (STEPS, lambda t: K.hard_sigmoid(t * 4)),
    (STEPS, lambda t: K.l2_normalize(t, axis=-1)),
    (STEPS, lambda t: K.l2_normalize(t, 1)),
    (STEPS, lambda t: K.less(t, 0.0)),
    (STEPS, lambda t: K.less_equal(t, 0.5)),
    (STEPS, lambda t: K.log(K.abs(t))),
    (STEPS, lambda t: K.max(t, axis=1)),
    (STEPS, lambda t: K.maximum(t, 0.5)),
    (STEPS, lambda t: K.mean(t)),
    (STEPS, lambda t: K.mean(t, axis=(0, 1))),
    (STEPS, lambda t: K.mean(t > 0, axis=-1)),
    (STEPS, lambda t: K.min(t, axis=-1, keepdims=True)),
    (STEPS, lambda t: K.minimum(t, 0.5)),
    (STEPS, lambda t: K.not_equal(t, 0.0)),
    (WHOLE, lambda t: K.one_hot(t, 5)),
    (WHOLE, lambda t: K.one_hot(indices=t, num_classes=4)),
    (STEPS, lambda t: K.ones_like(t)),
    (STEPS, lambda t: K.ones_like(t, dtype="int32")),
    (STEPS, lambda t: K.permute_dimensions(t, (0, 2, 1))),
    (STEPS, lambda t: K.permute_dimensions(t, pattern=[1, 0, 2])),
    (STEPS, lambda t: K.pow(K.abs(t), 1.5)),
    (STEPS, lambda t: K.prod(t, axis=-1)),
    (STEPS, lambda t: K.relu(t)),
    (STEPS, lambda t: K.relu(t, 0.25)),
    (STEPS, lambda t: K.relu(t, alpha=0.0, max_value=0.5)),
    (STEPS, lambda t: K.repeat_elements(t, 2, axis=1)),
    (STEPS, lambda t: K.reshape(t, (-1, 12))),
    (STEPS, lambda t: K.reshape(t, shape=(K.shape(t)[0], 4, 3))),
    (IMAGES, lambda t: K.resize_images(t, 2, 3, "channels_last")),
    (IMAGES, lambda t: K.resize_images(t, 2, 2, data_format="channels_first")),
    (STEPS, lambda t: K.reverse(t, 1)),
    (STEPS, lambda t: K.reverse(t, axes=[0, 2])),
    (STEPS, lambda t: K.round(t * 3)),
    (STEPS, lambda t: K.sigmoid(t)),
    (STEPS, lambda t: K.sign(t)),
    (STEPS, lambda t: K.sin(t)),
    (STEPS, lambda t: K.softmax(t)),
    (STEPS, lambda t: K.softmax(t, axis=1)),
    (STEPS, lambda t: K.softplus(t)),
    (STEPS, lambda t: K.softsign(t)),
    (IMAGES, lambda t: K.spatial_2d_padding(t)),
    (IMAGES, lambda t: K.spatial_2d_padding(t, ((1, 2), (0, 3)))),
    (IMAGES, lambda t: K.spatial_2d_padding(
        t, padding=((2, 0), (1, 1)), data_format="channels_first")),
    (STEPS, lambda t: K.sqrt(t)),
    (STEPS, lambda t: K.square(t)),
    (STEPS, lambda t: K.squeeze(t[:, :1], 1)),
    (STEPS, lambda t: K.stack([t, t * 2])),
    (STEPS, lambda t: K.stack([t, t], axis=-1)),
    (STEPS, lambda t: K.std(t, axis=1)),
    (STEPS, lambda t: K.stop_gradient(t)),
    (STEPS, lambda t: K.sum(t)),
    (STEPS, lambda t: K.sum(t, 1, True)),
    (STEPS, lambda t: K.switch(t > 0, t, t * 0.5)),
    (STEPS, lambda t: K.switch(K.greater(t, 0), t, K.zeros_like(t))),
    (STEPS, lambda t: K.tanh(t)),
    (STEPS, lambda t: K.temporal_padding(t)),
    (STEPS, lambda t: K.temporal_padding(t, (2, 0))),
    (STEPS, lambda t: K.tile(t, (1, 2, 1))),
    (STEPS, lambda t: K.tile(t, n=[2, 1, 1])),
    (STEPS, lambda t: K.transpose(t)),
    (STEPS, lambda t: K.var(t, axis=-1, keepdims=True)),
    (STEPS, lambda t: K.zeros_like(t)),
]  # fmt: skip
# Functions that only Keras 2.3 and older had, and what they are in TensorFlow.
OLDER: list[tuple[str, Any]] = [
    (STEPS, lambda t: K.identity(t)),
    (STEPS, lambda t: K.logsumexp(t)),
    (STEPS, lambda t: K.logsumexp(t, axis=-1, keepdims=True)),
    (STEPS, lambda t: K.logsumexp(t, 1)),
]
# What a page for Keras 2 does not say, with what the refusal names.
REFUSED = {"elu": "ops.elu with alpha="}
DRAWN = [
    (lambda t: K.random_normal((400, 9), 2.0, 0.5), 2.0, 0.5),
    (lambda t: K.random_normal(shape=(400, 9)), 0.0, 1.0),
    (lambda t: K.random_uniform((400, 9), minval=1.0, maxval=3.0), 2.0, 3**-0.5),
    (lambda t: K.truncated_normal((400, 9), mean=1.0, stddev=0.5), 1.0, 0.44),
]


def given() -> dict[str, Any]:
    """Return what the functions are given."""
    random = np.random.default_rng(5)
    return {
        STEPS: random.normal(size=(2, 3, 4)).astype("float32"),
        IMAGES: random.normal(size=(2, 6, 5, 3)).astype("float32"),
        WHOLE: random.integers(0, 4, (2, 3)).astype("int32"),
    }


def asked(functions: list[Any]) -> set[str]:
    """Return the functions of the backend that some functions call."""
    return {name for function in functions for name in function.__code__.co_names} - {"K"}


def test_every_row_is_tried() -> None:
    names = asked([call for _, call in (*CALLS, *OLDER)]) | asked([call for call, _, _ in DRAWN])
    drawn = {path.removeprefix("K.") for path in RANDOM if path.startswith("K.")}
    assert names - {"shape"} == {*BACKEND, *drawn, *OWN_FUNCTIONS}


def page_of(function: Any, target: str, page: Path) -> Any:
    """Return the page of a function as a module."""
    page.write_text(compiled(keras3(function), target=target).text)
    return import_page(page)


@pytest.mark.parametrize("target", ["keras3", pytest.param("keras2", marks=pytest.mark.sweep)])
def test_every_function_computes_what_tf_keras_computes(target: str, tmp_path: Path) -> None:
    import tensorflow
    import tf_keras

    old = SimpleNamespace(identity=tensorflow.identity, logsumexp=tensorflow.reduce_logsumexp)
    inputs, wrong = given(), []
    for place, (kind, function) in enumerate((*CALLS, *OLDER)):
        x, page = tensorflow.constant(inputs[kind]), tmp_path / f"page{place}.py"
        backend = tf_keras.backend if place < len(CALLS) else old
        wanted = np.asarray(type(function)(function.__code__, {"K": backend})(x))
        try:
            got = np.asarray(page_of(function, target, page).work(x))
        except CompileError as error:
            why = REFUSED.get(function.__code__.co_names[-1], "it is not refused")
            if target == "keras3" or why not in str(error):
                wrong.append((place, function.__code__.co_names, str(error)))
            continue
        is_same = got.shape == wanted.shape and got.dtype.kind == wanted.dtype.kind
        if not is_same or not np.allclose(got, wanted, atol=1e-5, equal_nan=True):
            wrong.append((place, function.__code__.co_names, "it computes otherwise"))
    assert wrong == []


@pytest.mark.parametrize("target", ["keras3", "keras2"])
@pytest.mark.parametrize(("function", "mean", "deviation"), DRAWN)
def test_random_numbers_are_drawn_alike(
    function: Any, mean: float, deviation: float, target: str, tmp_path: Path
) -> None:
    got = np.asarray(page_of(function, target, tmp_path / "page.py").work(np.zeros((2, 3, 4))))
    assert got.shape == (400, 9)
    assert abs(got.mean() - mean) < 0.06
    assert abs(got.std() - deviation) < 0.05
