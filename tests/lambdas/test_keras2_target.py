"""The functions of Lambda layers on pages for Keras 2: spelled with TensorFlow, or refused."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kcodegen import CompileError
from kcodegen.verification.rebuild import fresh_keras, import_page
from tests.keras2_target.harness import built
from tests.lambdas.backend import OldBackend
from tests.lambdas.forms import compiled, dumped, function_of, keras2, keras3
from tests.lambdas.test_functions import WRITTEN, on_one_line

# Only the bytecode of the lambdas below is used by their pages.
K: Any = None
ops: Any = None
keras: Any = None
tf: Any = None

# All but what needs a convolution, which is refused.
SPELLED = [(function, said) for function, said in WRITTEN if "ops.conv(" not in said]
# A function for Keras 3, and what a page for Keras 2 says.
SAID = [
    (lambda t: ops.mean(t, 1), "tf.reduce_mean(t, axis=1)"),
    (lambda t: ops.concatenate([t, 2 * t], axis=1), "tf.concat([t, 2 * t], axis=1)"),
    (lambda t: ops.einsum("bij,bkj->bik", t, t), 'tf.einsum("bij,bkj->bik", t, t)'),
    (lambda t: ops.split(t, [1, 3], axis=-1)[1], "tf.split(t, (1, 2, -1), axis=-1)[1]"),
    (lambda t: ops.matmul(t, [1.0, 2.0, 3.0, 4.0]),
     "tf.tensordot(t, (1.0, 2.0, 3.0, 4.0), axes=1)"),
    (lambda t: ops.mean(t > 0, axis=-1),
     'tf.reduce_mean(tf.cast(t > 0, "float32"), axis=-1)'),
    (lambda t: ops.logical_and(t > 0, ops.any(t, axis=-1, keepdims=True)),
     """tf.logical_and(t > 0,
     tf.reduce_any(tf.cast(t, "bool"), axis=-1, keepdims=True))"""),
    (lambda t: ops.one_hot(ops.argmax(t, axis=-1), 4), "tf.one_hot(tf.argmax(t, axis=-1), 4)"),
    (lambda t: ops.where(ops.greater(t, 0.0), t, 0.5), "tf.where(tf.greater(t, 0.0), t, 0.5)"),
    (lambda t: ops.reshape(t, (ops.shape(t)[0], ops.shape(t)[1] * 2, -1)),
     "tf.reshape(t, (tf.shape(t)[0], tf.shape(t)[1] * 2, -1))"),
    (lambda t: t + ops.zeros(ops.shape(t)), "t + tf.zeros(tf.shape(t))"),
    (lambda t: t * ops.arange(4, dtype="float32"), 't * tf.range(4, dtype="float32")'),
    (lambda t: t[:, : ops.shape(t)[1] // 2], "t[:, :tf.shape(t)[1] // 2]"),
    (lambda t: keras.activations.softmax(t, axis=-1), "activations.softmax(t, axis=-1)"),
    (lambda t: t + keras.config.epsilon(), "t + backend.epsilon()"),
    (lambda t: ops.swapaxes(t, -1, -2) @ t, "tf.linalg.matrix_transpose(t) @ t"),
]  # fmt: skip


def run(function: Any, x: Any, page: Path) -> Any:
    """Return what the function of a page for Keras 2 computes, and what its model does."""
    page.write_text(compiled(keras3(function), target="keras2").text)
    module = import_page(page)
    alone = np.asarray(module.work(tensor(x)))
    np.testing.assert_array_equal(np.asarray(built(module)(tensor(x))), alone)
    return alone


def tensor(x: Any) -> Any:
    import tensorflow

    return tensorflow.constant(x)


def numbers() -> Any:
    return np.random.default_rng(3).normal(size=(2, 3, 4)).astype("float32")


def test_functions_for_keras_2_compute_what_their_authors_meant(tmp_path: Path) -> None:
    import keras as real
    import tensorflow

    names = {"K": OldBackend, "tf": tensorflow, "keras": real, "ops": real.ops, "math": math}
    for place, (function, said) in enumerate(SPELLED):
        got = run(function, numbers(), tmp_path / f"page{place}.py")
        wanted = type(function)(function.__code__, names)(tensor(numbers()))
        np.testing.assert_allclose(got, wanted, atol=1e-5, err_msg=said)


@pytest.mark.parametrize(("function", "said"), SAID, ids=[said for _, said in SAID])
def test_a_function_of_keras_3_is_said_with_tensorflow(
    function: Any, said: str, tmp_path: Path
) -> None:
    real = fresh_keras()
    page = compiled(keras3(function), target="keras2").text
    assert on_one_line(function_of(page).partition("return ")[2]) == on_one_line(said)
    made = type(function)(function.__code__, {"ops": real.ops, "keras": real})
    np.testing.assert_allclose(
        run(function, numbers(), tmp_path / "page.py"), made(tensor(numbers())), atol=1e-6
    )


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (lambda t: ops.logaddexp(t, 1.0), "ops.logaddexp has no equal"),
        (lambda t: ops.cumsum(t), "ops.cumsum without one axis"),
        (lambda t: ops.conv(t, t), "ops.conv has no equal"),
        (lambda t: t * ops.shape(t)[1], "ops.shape outside of another shape"),
        (lambda t: ops.eye(3, k=1), "ops.eye with such arguments"),
        (lambda t: ops.full((3,), 1), "ops.full has no equal|full has no equal"),
        (lambda t: keras.activations.sparsemax(t), "activations.sparsemax has no equal"),
        (lambda t: ops.sum(t > 0), "ops.sum of truths"),
        (lambda t: ops.concatenate([t, ops.cast(t, "int32")]), "of different types"),
    ],
)
def test_what_keras_2_does_not_have_is_refused_by_its_name(function: Any, why: str) -> None:
    with pytest.raises(CompileError, match=f"the function of a Lambda: .*({why})"):
        compiled(keras3(function), target="keras2")


def test_the_type_of_what_a_function_is_given_counts() -> None:
    document = keras3(lambda t: ops.mean(t, axis=1))
    document["config"]["layers"][0]["config"]["dtype"] = "int32"
    page = compiled(document, target="keras2").text
    assert 'tf.reduce_mean(tf.cast(t, "float32"), axis=1)' in page


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda t: K.mean(t > 0, axis=1), 'tf.reduce_mean(tf.cast(t > 0, "float32"), axis=1)'),
        (lambda t: tf.reduce_mean(tf.cast(t, "int32"), 1),
         'tf.reduce_mean(tf.cast(t, "int32"), axis=1)'),
        (lambda t: K.cast(K.argmax(t), "float32"),
         'tf.cast(tf.argmax(t, axis=-1), "float32")'),
    ],
)  # fmt: skip
def test_a_function_of_keras_2_keeps_its_types(function: Any, said: str) -> None:
    page = compiled(keras2(dumped(function.__code__)), target="keras2").text
    assert on_one_line(function_of(page).partition("return ")[2]) == on_one_line(said)
