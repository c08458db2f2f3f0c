"""Pages for Keras 2 write `x + y` for `tf.add(x, y)`, and the proof reads it so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kcodegen import CompileError, Options, compile_model
from kcodegen.readback import ReadBackError, read_back
from kcodegen.registry.targets import KERAS_2, KERAS_3, Target
from kcodegen.registry.vocabulary import Vocabulary
from kcodegen.verification.rebuild import import_page
from tests.keras2_target.harness import KERAS_2 as TARGET
from tests.keras2_target.harness import built
from tests.objects.op_calls import model_of

SIGNS = ("+", "-", "*", "/", "//", "%", "**", "<", "<=", ">", ">=")


def page_of(outputs: Any) -> str:
    """Return the page for Keras 2 of what Keras 3 makes of an expression."""
    return compile_model(model_of(outputs), TARGET).text


def body(page: str) -> str:
    """Return how a page builds its model."""
    return page.partition("def build_model")[2].partition("return")[0]


def read(text: str, target: Target = KERAS_2) -> Any:
    return read_back(text, Vocabulary(target=target), "model", "build_model").model


def operated(sign: str, kind: str) -> Any:
    """Return a function that makes an operation on two tensors, or a tensor and a number."""
    expression = {"both": "x {} y", "left": "x {} 2.0", "right": "2.0 {} x"}[kind].format(sign)
    return lambda _, t: eval(expression, {}, {"x": t(4), "y": t(4)})


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("kind", ["both", "left", "right"])
def test_an_operation_is_written_with_its_sign(sign: str, kind: str, tmp_path: Path) -> None:
    made = page_of(operated(sign, kind))
    mirrored = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}  # as Python turns `2.0 < x` round
    shown = mirrored.get(sign, sign) if kind == "right" else sign
    assert f" {shown} " in body(made) or f"{shown}" in body(made).replace(" ", "")
    assert "tf." not in body(made)
    page = tmp_path / "page.py"
    page.write_text(made, "utf-8")
    model = built(import_page(page))
    again = compile_model(json.loads(model.to_json()), TARGET).text
    assert body(again) == body(made)  # what Keras 2 writes of an operator is the function again


CHAIN = page_of(lambda k, t: (lambda x, y: k.ops.relu(1.0 - (x / (y + 1.0)) ** 2.0))(t(4), t(4)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1.0 - ", "1.0 + "),
        ("t0 / ", "t0 * "),
        ("** 2.0", "** 3.0"),
        ("t1 + 1.0", "1.0 + t1"),
        ("t1 + 1.0", "t0 + 1.0"),
    ],
)
def test_another_operation_is_another_model(old: str, new: str) -> None:
    assert old in CHAIN
    assert read(CHAIN.replace(old, new)) != read(CHAIN)


@pytest.mark.parametrize("new", ["t1 + True", "t1 + 'a'", "t1 @ t0", "t1 == t0", "[1.0] + t1"])
def test_other_operands_and_operators_are_no_page(new: str) -> None:
    with pytest.raises(ReadBackError):
        read(CHAIN.replace("t1 + 1.0", new))


def test_a_page_for_keras_3_has_functions() -> None:
    page = compile_model(model_of(operated("+", "both")), Options()).text
    assert "ops.add(t0, t1)" in page
    with pytest.raises(ReadBackError):
        read(page.replace("ops.add(t0, t1)", "t0 + t1"), KERAS_3)


def test_what_reads_badly_is_a_function() -> None:
    assert "tf.add(t0, -1.0)" in page_of(lambda k, t: t(4) + -1.0)


def twice(where: Any, x: Any) -> Any:
    """Return a choice of a tensor that is the condition too."""
    return where(x, x, 2.0)


@pytest.mark.parametrize(
    ("outputs", "said"),
    [
        (lambda k, t: k.ops.matmul(t(3, 4), np.ones(4, "float32")), "tf.tensordot(t0, np.array("),
        (lambda k, t: k.ops.matmul(np.ones(2, "float32"), t(4, batch=2)), "axes=1)"),
        (lambda k, t: k.ops.one_hot(t(4), 5), 'tf.one_hot(tf.cast(t0, "int64"), 5'),
        (lambda k, t: k.ops.logical_and(t(4), 0.5), 'tf.logical_and(tf.cast(t0, "bool"), True)'),
        (lambda k, t: k.ops.where(t(4, dtype="bool"), 2, t(4)), "tf.where(t0, 2.0, t1)"),
        (
            lambda k, t: twice(k.ops.where, t(4)),
            'tf.cast(t0, "bool")\n    outputs = tf.where(x, t0, 2.0)',
        ),
        (
            lambda k, t: k.ops.divide(t(4, dtype="int32"), 2),
            'tf.divide(tf.cast(t0, "float32"), 2.0)',
        ),
        (lambda k, t: k.ops.max_pool(t(8, 8, 3), (2, 2)), "tf.nn.max_pool2d(t0, (2, 2), strides="),
    ],
)
def test_what_tensorflow_takes_otherwise_is_written_so(outputs: Any, said: str) -> None:
    assert said in body(page_of(outputs))


@pytest.mark.parametrize(
    ("outputs", "why"),
    [
        (lambda k, t: k.ops.matmul(np.ones(3, "float32"), t(3, 4)), "ops.matmul of a vector"),
        (lambda k, t: k.ops.one_hot([t(4), t(4)], 5), "ops.one_hot of a list"),
        (
            lambda k, t: k.ops.where(t(4, dtype="bool"), 2, t(4, dtype="int64")),
            "ops.where of a number and of int64",
        ),
    ],
)
def test_what_it_does_not_take_is_refused(outputs: Any, why: str) -> None:
    with pytest.raises(CompileError, match=why):
        page_of(outputs)
