"""What the functions of Lambda layers become on a page, and that it computes the same."""

from __future__ import annotations

import ast
import math
from typing import Any

import numpy as np
import pytest

from kcodegen import CompileError
from kcodegen.verification.rebuild import import_page
from tests.lambdas.forms import compiled, dumped, function_of, keras2, keras3

# What the lambdas below call is never called here: their bytecode is all that is used of them.
K: Any = None
tf: Any = None
keras: Any = None
ops: Any = None

# A function as its author wrote it, and as the page says it.
WRITTEN = [
    (lambda t: K.mean(t, axis=1), "ops.mean(t, axis=1)"),
    (lambda t: K.sum(t, 1, keepdims=True), "ops.sum(t, axis=1, keepdims=True)"),
    (lambda t: K.expand_dims(t), "ops.expand_dims(t, axis=-1)"),
    (lambda t: K.concatenate([t, t * 2]), "ops.concatenate([t, t * 2], axis=-1)"),
    (lambda t: K.permute_dimensions(t, (0, 2, 1)), "ops.transpose(t, (0, 2, 1))"),
    (lambda t: K.sqrt(t + 20), "ops.sqrt(ops.maximum(t + 20, 0.0))"),
    (lambda t: K.l2_normalize(t, axis=-1), "ops.normalize(t, axis=-1, epsilon=1e-6)"),
    (lambda t: K.clip(t, -1, 1), "ops.clip(t, -1, 1)"),
    (lambda t: K.argmax(t), "ops.argmax(t, axis=-1)"),
    (lambda t: K.stack([t[:, 0], t[:, 1]], axis=1), "ops.stack([t[:, 0], t[:, 1]], axis=1)"),
    (lambda t: K.cast(t > 0, "float32"), 'ops.cast(t > 0, "float32")'),
    (lambda t: K.reshape(t, (-1, K.int_shape(t)[1] * 4)), "ops.reshape(t, (-1, t.shape[1] * 4))"),
    (lambda t: tf.nn.relu(t) - tf.nn.relu(-t), "ops.relu(t) - ops.relu(-t)"),
    (lambda t: tf.reduce_mean(t, [1, 2]), "ops.mean(t, axis=[1, 2])"),
    (lambda t: tf.reshape(t, (-1, 12)), "ops.reshape(t, (-1, 12))"),
    (lambda t: tf.math.l2_normalize(t, axis=1), "ops.normalize(t, axis=1, epsilon=1e-6)"),
    (lambda t: tf.matmul(t, t, transpose_b=True), "ops.matmul(t, ops.swapaxes(t, -2, -1))"),
    (lambda t: tf.cast(t, tf.int32), 'ops.cast(t, "int32")'),
    (lambda t: tf.concat([t, t], axis=-1), "ops.concatenate([t, t], axis=-1)"),
    (lambda t: tf.expand_dims(t, -1)[..., 0], "ops.expand_dims(t, axis=-1)[..., 0]"),
    (lambda t: tf.where(t > 0, t, tf.zeros_like(t)), "ops.where(t > 0, t, ops.zeros_like(t))"),
    (lambda t: tf.split(t, 2, axis=2)[0], "ops.split(t, 2, axis=2)[0]"),
    (lambda t: tf.keras.activations.softmax(t), "activations.softmax(t)"),
    (lambda t: tf.keras.backend.abs(t) ** 0.5, "ops.abs(t) ** 0.5"),
    (lambda t: ops.mean(t, axis=-1, keepdims=True), "ops.mean(t, axis=-1, keepdims=True)"),
    (lambda t: keras.ops.relu(t) * math.pi, "ops.relu(t) * np.pi"),
    (lambda t: t[:, ::-1] if t.shape[1] > 2 else t, "t[:, ::-1] if t.shape[1] > 2 else t"),
    (lambda t: 0.5 * t * (1.0 + tf.math.erf(t / 1.4142)), "0.5 * t * (1.0 + ops.erf(t / 1.4142))"),
    (lambda t: K.hard_sigmoid(t), "ops.clip(0.2 * t + 0.5, 0.0, 1.0)"),
    (lambda t: K.relu(t, max_value=1), "ops.clip(t, 0.0, 1)"),
    (lambda t: K.relu(t, 0.1), "ops.leaky_relu(t, negative_slope=0.1)"),
    (lambda t: K.batch_flatten(t), "ops.reshape(t, (ops.shape(t)[0], -1))"),
    (lambda t: K.batch_dot(t, t, axes=2), 'ops.einsum("bij,bkj->bik", t, t)'),
    (lambda t: K.batch_dot(t, t + 1, [2, 2]), 'ops.einsum("bij,bkj->bik", t, t + 1)'),
    (lambda t: K.batch_dot(t[:, 0], t[:, 1], 1),
     """ops.expand_dims(ops.einsum("bj,bj->b", t[:, 0], t[:, 1]), axis=-1)
     if len(t[:, 0].shape) == 2 else ops.einsum("bji,bjk->bik", t[:, 0], t[:, 1])"""),
    (lambda t: K.switch(t > 0, t, t * 0.1), "ops.where(t > 0, t, t * 0.1)"),
    (lambda t: K.temporal_padding(t, (2, 0)), "ops.pad(t, ((0, 0), (2, 0), (0, 0)))"),
    (lambda t: K.resize_images(K.expand_dims(t), 2, 3, "channels_last"),
     "ops.repeat(ops.repeat(ops.expand_dims(t, axis=-1), 2, axis=1), 3, axis=2)"),
    (lambda t: tf.nn.lrn(t[..., None, :], 2, alpha=0.5, beta=0.75),
     """t[..., None, :] / (1.0 + 0.5 * ops.squeeze(ops.conv(
     ops.expand_dims(ops.square(t[..., None, :]), axis=-1), ops.ones((1, 1, 5, 1, 1)),
     padding="same"), axis=-1)) ** 0.75"""),
    (lambda input: input * 2, "input_ * 2"),
    (lambda np: np * 2, "np_ * 2"),
    (lambda config: config + K.epsilon(), "config_ + config.epsilon()"),
    (lambda keras2: keras2 * keras2.shape[1], "keras2_ * keras2_.shape[1]"),
    (lambda t: ops.einsum("bij,bkj->bik", t, t), 'ops.einsum("bij,bkj->bik", t, t)'),
    (lambda t: keras.activations.softmax(t, axis=1), "activations.softmax(t, axis=1)"),
    (lambda t: t * keras.config.epsilon(), "t * config.epsilon()"),
]  # fmt: skip


@pytest.mark.parametrize(("function", "said"), WRITTEN, ids=[said for _, said in WRITTEN])
def test_a_function_is_said_in_todays_words(function, said):
    page = compiled(keras3(function)).text
    assert on_one_line(function_of(page).partition("return ")[2]) == on_one_line(said)


def on_one_line(text):
    """Return an expression as Python itself writes it."""
    return ast.unparse(ast.parse(f"({text})", mode="eval"))


def test_every_function_computes_what_its_author_meant(tmp_path):
    """The functions are called with the real TensorFlow, their pages with Keras 3."""
    import keras as real
    import tensorflow

    from tests.lambdas.backend import OldBackend

    names = {"K": OldBackend, "tf": tensorflow, "keras": real, "ops": real.ops}
    x = np.random.default_rng(3).normal(size=(2, 3, 4)).astype("float32")
    for place, (function, said) in enumerate(WRITTEN):
        page = tmp_path / f"page{place}.py"
        page.write_text(compiled(keras3(function)).text)
        module = import_page(page)
        got = module.work(tensorflow.constant(x))
        made = type(function)(function.__code__, {**names, "math": math})
        np.testing.assert_allclose(got, made(tensorflow.constant(x)), atol=1e-5, err_msg=said)


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (lambda t: K.switch(K.sum(t, axis=-1) > 0, t, -t), "may have another shape"),
        (lambda t: K.batch_dot(t, t, axes=3), "axes that are not known"),
        (lambda t: K.resize_images(t, 2, 2, "channels_last", "bilinear"), "version to version"),
        (lambda t: K.relu(t, threshold=1.0), "threshold"),
    ],
)  # fmt: skip
def test_what_depends_on_more_than_the_file_says_is_refused(function, why):
    with pytest.raises(CompileError, match=why):
        compiled(keras3(function))


def test_numbers_are_drawn_again(tmp_path):
    def sample(t):
        mean, deviation = t
        noise = K.random_normal(shape=K.shape(mean), stddev=0.5)
        return mean + K.exp(deviation) * noise

    page = tmp_path / "page.py"
    page.write_text(compiled(keras3(sample)).text)
    assert "noise = random.normal(ops.shape(mean), stddev=0.5)" in page.read_text()
    size = np.zeros((200, 50), "float32")
    got = np.asarray(import_page(page).sample([size + 3.0, size]))
    assert abs(got.mean() - 3.0) < 0.05
    assert abs(got.std() - 0.5) < 0.05


def several(args):
    first, second = args
    total = K.sum(first * second, axis=-1)
    return K.expand_dims(total)


def test_assignments_come_back():
    page = compiled(keras3(several)).text
    assert function_of(page).splitlines() == [
        "def several(args):",
        "    first, second = args",
        "    total = ops.sum(first * second, axis=-1)",
        "    return ops.expand_dims(total, axis=-1)",
    ]


def around(size):
    return lambda t, s=2.0: K.reshape(t * s, size)


def test_defaults_and_recorded_variables_are_written_out():
    page = compiled(keras3(around([-1, 12]))).text
    said = "def work(t, s=2.0):\n    return ops.reshape(t * s, [-1, 12])"
    assert function_of(page) == said


def test_one_function_of_several_layers_is_written_once():
    document = keras3(lambda t: t * 2)
    layers = document["config"]["layers"]
    again = {**layers[1], "config": {**layers[1]["config"], "name": "work_2"}}
    layers.append(again)
    page = compiled(document).text
    assert page.count("* 2") == 1
    assert page.count("Lambda(work, ") == 2


# What Python 2.7 made of these functions, as `tests/lambdas/record.py` records it.
OF_PYTHON_2 = {
    "x / 255": (
        "YwEAAAABAAAAAgAAAEMAAABzCAAAAHwAAGQBABVTKAIAAABOaf8AAAAoAAAAACgBAAAAdAEAAAB4"
        "KAAAAAAoAAAAAHMIAAAAPGxhbWJkYT50CAAAADxsYW1iZGE+AQAAAHQAAAAA"
    ),
    "(x - 1) / 2 + x / 2.0": (
        "YwEAAAABAAAAAwAAAEMAAABzFAAAAHwAAGQBABhkAgAVfAAAZAMAFRdTKAQAAABOaQEAAABpAgAA"
        "AGcAAAAAAAAAQCgAAAAAKAEAAAB0AQAAAHgoAAAAACgAAAAAcwgAAAA8bGFtYmRhPnQIAAAAPGxh"
        "bWJkYT4BAAAAdAAAAAA="
    ),
    "(s[0], s[1] / 2)": (
        "YwEAAAABAAAAAwAAAEMAAABzFgAAAHwAAGQBABl8AABkAgAZZAMAFWYCAFMoBAAAAE5pAAAAAGkB"
        "AAAAaQIAAAAoAAAAACgBAAAAdAEAAABzKAAAAAAoAAAAAHMIAAAAPGxhbWJkYT50CAAAADxsYW1i"
        "ZGE+AQAAAHQAAAAA"
    ),
    "x * (7 / 2)": (
        "YwEAAAABAAAAAwAAAEMAAABzDAAAAHwAAGQBAGQCABUUUygDAAAATmkHAAAAaQIAAAAoAAAAACgB"
        "AAAAdAEAAAB4KAAAAAAoAAAAAHMIAAAAPGxhbWJkYT50CAAAADxsYW1iZGE+AQAAAHQAAAAA"
    ),
    "x[:, 0] / 2": (
        "YwEAAAABAAAAAwAAAEMAAABzGAAAAHwAAGQAAGQAAIUCAGQBAGYCABlkAgAVUygDAAAATmkAAAAA"
        "aQIAAAAoAAAAACgBAAAAdAEAAAB4KAAAAAAoAAAAAHMIAAAAPGxhbWJkYT50CAAAADxsYW1iZGE+"
        "AQAAAHQAAAAA"
    ),
    "K.shape(x) / 2": (
        "YwEAAAABAAAAAgAAAEMAAABzEQAAAHQAAGoBAHwAAIMBAGQBABVTKAIAAABOaQIAAAAoAgAAAHQB"
        "AAAAS3QFAAAAc2hhcGUoAQAAAHQBAAAAeCgAAAAAKAAAAABzCAAAADxsYW1iZGE+dAgAAAA8bGFt"
        "YmRhPgEAAAB0AAAAAA=="
    ),
    "x / 255.0": (
        "YwEAAAABAAAAAgAAAEMAAABzCAAAAHwAAGQBABVTKAIAAABOZwAAAAAA4G9AKAAAAAAoAQAAAHQB"
        "AAAAeCgAAAAAKAAAAABzCAAAADxsYW1iZGE+dAgAAAA8bGFtYmRhPgEAAAB0AAAAAA=="
    ),
}


@pytest.mark.parametrize(
    ("written", "said", "is_warned"),
    [
        ("x / 255", "x / 255", True),
        ("(x - 1) / 2 + x / 2.0", "(x - 1) / 2 + x / 2.0", True),
        ("x[:, 0] / 2", "x[:, 0] / 2", True),
        ("x * (7 / 2)", "x * (7 // 2)", False),
        ("x / 255.0", "x / 255.0", False),
    ],
)
def test_python_2_divided_integers_without_a_rest(written, said, is_warned):
    result = compiled(keras2(OF_PYTHON_2[written]))
    assert function_of(result.text).endswith(f"return {said}")
    codes = {found.code for found in result.diagnostics}
    assert ("changed-meaning" in codes) == is_warned


@pytest.mark.parametrize("written", ["(s[0], s[1] / 2)", "K.shape(x) / 2"])
def test_what_may_be_an_integer_is_not_divided(written):
    with pytest.raises(CompileError, match="Python 2 divided integers"):
        compiled(keras2(OF_PYTHON_2[written]))


# Forms


CODE = (lambda t: t + 1).__code__


@pytest.mark.parametrize("layout", ["base64", "raw"])
def test_the_forms_of_keras_2(layout):
    raw = __import__("marshal").dumps(CODE).decode("latin-1")
    page = compiled(keras2(dumped(CODE) if layout == "base64" else raw)).text
    assert function_of(page) == "def work(t):\n    return t + 1"


def test_a_named_function_is_asked_for_and_taken():
    document = keras2("", function="shout", function_type="function")
    with pytest.raises(CompileError) as caught:
        compiled(document)
    assert "'shout' is not known" in str(caught.value)
    page = compiled(document, custom=(("shout", "acme.functions:shout"),)).text
    assert "from acme.functions import shout" in page
    assert "layers.Lambda(shout" in page


def test_a_shape_may_be_a_function_too():
    shape = [dumped((lambda s: (s[0], s[1])).__code__), None, None]
    document = keras2(dumped(CODE), output_shape=shape, output_shape_type="lambda")
    page = compiled(document).text
    assert "def work_output_shape(s):" in page
    assert "return s[0], s[1]" in page
    assert "Lambda(work, output_shape=work_output_shape" in page


def test_an_activation_may_be_bytecode():
    document = keras3(lambda t: t)
    layer = document["config"]["layers"][1]
    function = layer["config"]["function"]
    layer["class_name"], layer["config"] = "Dense", {"name": "d", "units": 2}
    layer["config"]["activation"] = {
        **function,
        "config": {**function["config"], "code": dumped((lambda t: t * K.sigmoid(t)).__code__)},
    }
    page = compiled(document).text
    assert "return t * ops.sigmoid(t)" in page
    assert "activation=d_activation" in page
