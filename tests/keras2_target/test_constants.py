"""Ops on a tensor and a constant, of each type: pages for Keras 2 compute the same, or are refused.

TensorFlow makes a tensor of a number before it looks at the type of the other, Keras 3 does not.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kcodegen import CompileError, compile_model
from kcodegen.registry.tf_rows import SPELLED
from kcodegen.verification.rebuild import import_page
from tests.keras2_target.harness import KERAS_2, built
from tests.objects.op_calls import functions, made_of
from tests.objects.op_trials import equal, inputs_of, one_line, outputs_of

TYPES = ("float32", "int32", "bool", "int64", "uint8", "float16")
CONSTANTS = (0.5, 2, True, np.full(4, 2, "int32"), np.full(4, 0.5, "float32"))
QUICK = ("maximum",)


def of_two(name: str) -> bool:
    """Say whether a function takes two tensors, and nothing else that it needs."""
    signature = inspect.signature(functions()[name]).parameters.values()
    return name == "where" or [p.name for p in signature if p.default is p.empty] == ["x1", "x2"]


NAMES = sorted(name for key in SPELLED if of_two(name := key.removeprefix("keras.ops.")))


def call(name: str, dtype: str, constant: Any, is_left: bool, keras: Any, t: Any) -> Any:
    """Return a call of a function with a tensor and a constant."""
    pair = [constant, t(4, dtype=dtype)] if is_left else [t(4, dtype=dtype), constant]
    function = functions()[name]
    return function(t(4, dtype="bool"), *pair) if name == "where" else function(*pair)


def models(name: str) -> Iterator[tuple[str, Any, list[Any], list[Any]]]:
    """Yield the calls that Keras takes, as models, with what they are given and compute."""
    for dtype, constant, is_left in product(TYPES, CONSTANTS, (False, True)):
        try:
            model = made_of(partial(call, name, dtype, constant, is_left))
            given = inputs_of(model)
            wanted = outputs_of(model, given)
        except Exception:  # what does not run is no call
            continue
        yield f"{dtype}, {constant!r}, on the left: {is_left}", model, given, wanted


def trial(name: str, page: Path) -> tuple[int, list[str]]:
    """Return how many pages of a function ran, and what is wrong with any."""
    ran, wrong = 0, []
    for said, model, given, wanted in models(name):
        try:
            page.write_text(compile_model(model.to_json(), KERAS_2).text, "utf-8")
        except CompileError as error:
            codes = {problem.code for problem in error.diagnostics}
            wrong += [f"ops.{name}, {said}: {codes}"] if codes != {"needs-keras3"} else []
            continue
        try:
            ours = outputs_of(built(import_page(page)), given)
        except Exception as error:
            wrong.append(f"ops.{name}, {said}: {one_line(error)}")
            continue
        ran += 1
        if not equal(ours, wanted) or ours[0].dtype != wanted[0].dtype:
            wrong.append(f"ops.{name}, {said}: other numbers")
    return ran, wrong


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", QUICK)
def test_constants_count_as_in_keras_3(name: str, tmp_path: Path) -> None:
    ran, wrong = trial(name, tmp_path / "page.py")
    assert wrong == []
    assert ran >= 15


@pytest.mark.sweep
@pytest.mark.filterwarnings("ignore")
def test_constants_of_all_ops_count_as_in_keras_3(tmp_path: Path) -> None:
    found = {name: trial(name, tmp_path / "page.py") for name in NAMES}
    assert [gap for _, wrong in found.values() for gap in wrong] == []
    assert sum(ran for ran, _ in found.values()) > 700
