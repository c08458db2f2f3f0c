"""Every op computes on its page what it computed: with Keras 3, and with Keras 2 if it can."""

from __future__ import annotations

import os
from collections import Counter
from functools import cache
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf

from kcodegen import CompileError, compile_model, registry
from kcodegen.registry.tf_rows import SPELLED
from kcodegen.verification.rebuild import build, fresh_keras, import_page
from tests.keras2_target.harness import KERAS_2, built
from tests.objects.op_calls import Called, calls, functions, special_calls
from tests.objects.test_every_op import PARTS, SPACE, written_rows

QUICK = ("add", "concatenate", "einsum", "get_item", "mean", "softmax", "split", "where")
MOST = 4  # calls of one function: those of the table, and the first of the others
# Functions whose calls can't be held against each other here, with the reason.
NOT_COMPARED = {
    "bincount": "it gives a sparse tensor",
    "image.elastic_transform": "it draws its own seed",
    "image.extract_patches": "the same model gives other numbers when it runs again",
    "image.extract_patches_3d": "the same model gives other numbers when it runs again",
    "matmul": "TensorFlow takes no vector: the page for Keras 2 fails when it is built",
    "one_hot": "TensorFlow takes no floats: the page for Keras 2 fails when it is built",
}
# Ops that no call here runs: they need other shapes, other types, or what TensorFlow has not.
NEVER_RUN = frozenset(
    """argpartition average_pool bitwise_and bitwise_invert bitwise_left_shift bitwise_not
    bitwise_or bitwise_right_shift bitwise_xor cholesky conv conv_transpose ctc_loss
    dot_product_attention gcd histogram image.ssim in_top_k lcm ldexp left_shift lu_factor max_pool
    pad right_shift scatter segment_sum separable_conv slice view_as_complex""".split()
)
NEVER_RUN_ON_KERAS_2 = frozenset(
    """all any average_pool logical_and logical_not logical_or logical_xor max_pool normalize pad
    swapaxes tile""".split()
)


def inputs_of(model: Any, seed: int = 0) -> list[Any]:
    """Return numbers that most functions are defined for: positive, small, of each type."""
    random = np.random.default_rng(seed)
    found = []
    for tensor in model.inputs:
        shape = [2 if size is None else size for size in tensor.shape]
        kind = np.dtype(tensor.dtype if isinstance(tensor.dtype, str) else tensor.dtype.name)
        numbers = random.uniform(0.1, 0.9, shape)
        numbers = numbers if kind.kind == "f" else random.integers(0, 2, shape)
        found.append(tf.constant(numbers.astype(kind)))
    return found


def outputs_of(model: Any, given: list[Any]) -> list[Any]:
    """Return the outputs of a model as arrays."""
    made = model(given if len(given) > 1 else given[0], training=False)
    return [np.asarray(item) for item in tf.nest.flatten(made)]


def equal(ours: list[Any], theirs: list[Any]) -> bool:
    """Say whether two models have computed the same."""
    return len(ours) == len(theirs) and all(
        a.shape == b.shape and np.allclose(a, b, 1e-5, 1e-5, equal_nan=True)
        for a, b in zip(ours, theirs, strict=True)
    )


@cache
def of(name: str) -> tuple[Called, ...]:
    """Return some calls of a function."""
    return tuple(islice(chain(special_calls(name), calls(functions()[name])), MOST))


def tried(name: str, page: Path, ran: Counter[str]) -> list[str]:
    """Return what is wrong with the numbers of a function; count what ran by target and op."""
    wrong = []
    for call in of(name):
        model = call.again()
        given = inputs_of(model)
        try:
            wanted = outputs_of(model, given)
        except Exception:  # TensorFlow has not every call that Keras takes
            continue
        page.write_text(compile_model(call.config).text, "utf-8")
        fresh_keras()
        ours = outputs_of(build(import_page(page)), given)
        ran.update(f"keras3 {key}" for key in ops_of(call))
        wrong += [] if equal(ours, wanted) else [f"ops.{name}, {call.said}: other numbers"]
        try:
            page.write_text(compile_model(call.config, KERAS_2).text, "utf-8")
        except CompileError as error:
            codes = {problem.code for problem in error.diagnostics}
            wrong += [f"ops.{name}, {call.said}: {codes}"] if codes != {"needs-keras3"} else []
            continue
        try:
            ours = outputs_of(built(import_page(page)), given)
        except Exception as error:
            wrong.append(f"ops.{name}, {call.said}, for Keras 2: {str(error)[:200]}")
            continue
        ran.update(f"keras2 {key}" for key in ops_of(call))
        wrong += [] if equal(ours, wanted) else [f"ops.{name}, {call.said}: others for Keras 2"]
    return wrong


def ops_of(call: Called) -> set[str]:
    """Return the keys of the operations in a model of one call."""
    layers = call.config["config"]["layers"]
    rows = [registry.find_op(layer["class_name"], layer["module"]) for layer in layers]
    return {row.key for row in rows if row is not None}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", QUICK)
def test_numbers_are_equal(name: str, tmp_path: Path) -> None:
    ran: Counter[str] = Counter()
    assert tried(name, tmp_path / "page.py", ran) == []
    assert ran[f"keras3 {SPACE}{name}"]
    assert ran[f"keras2 {SPACE}{name}"]


@pytest.mark.sweep
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("letters", PARTS)
def test_numbers_of_all_ops_are_equal(letters: str, tmp_path: Path) -> None:
    ran: Counter[str] = Counter()
    names = [n for n in functions() if n[0] in letters and n not in NOT_COMPARED]
    assert [gap for name in names for gap in tried(name, tmp_path / "page.py", ran)] == []
    rows = {row.key.removeprefix(SPACE) for row in written_rows()}
    rows = {name for name in rows if name[0] in letters} - NOT_COMPARED.keys()
    assert {n for n in rows if not ran[f"keras3 {SPACE}{n}"]} <= NEVER_RUN
    spelled = {n for n in rows if f"{SPACE}{n}" in SPELLED}
    assert {n for n in spelled if not ran[f"keras2 {SPACE}{n}"]} <= NEVER_RUN_ON_KERAS_2
