"""Ops on integers and truths: a page for Keras 2 computes the same with them, or is refused."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from kcodegen import CompileError, compile_model
from kcodegen.registry.tf_rows import SPELLED
from kcodegen.verification.rebuild import import_page
from tests.keras2_target.harness import KERAS_2, built
from tests.objects.op_calls import functions, made_of
from tests.objects.op_trials import equal, inputs_of, outputs_of
from tests.objects.op_values import VALUES

TYPES = ("int32", "bool", "float32")
SHAPES = ((4,), (4, 4), (4, 4, 3))
NAMES = sorted(key.removeprefix("keras.ops.") for key in SPELLED)
QUICK = ("add", "all", "mean", "multiply", "one_hot", "sqrt")


def call(
    function: Any, given: dict[str, Any], types: tuple[str, ...], shape: Any, many: bool
) -> Any:
    """Return a function of Keras and `t` that makes a call with tensors of some types."""

    def outputs(_: Any, t: Any) -> Any:
        kinds = iter(types * 2)
        made = {}
        for name, value in given.items():
            if value != "TENSOR":
                made[name] = value
            elif many:
                made[name] = [t(*shape, dtype=next(kinds)), t(*shape, dtype=next(kinds))]
            else:
                made[name] = t(*shape, dtype=next(kinds))
        return function(**made)

    return outputs


def models(name: str) -> Iterator[tuple[str, Any]]:
    """Yield models of calls with integers and truths, one for each combination that Keras takes."""
    function = functions()[name]
    parameters = inspect.signature(function).parameters.values()
    needed = [p.name for p in parameters if p.default is p.empty and p.kind is not p.VAR_POSITIONAL]
    given = {n: VALUES[n][0] if VALUES.get(n) else "TENSOR" for n in needed}
    if name == "where":
        given = {"condition": "TENSOR", "x1": "TENSOR", "x2": "TENSOR"}
    tensors = sum(value == "TENSOR" for value in given.values())
    for types in product(TYPES, repeat=tensors + (name in ("concatenate", "stack"))):
        if set(types) == {"float32"}:
            continue
        for shape in SHAPES:
            many = name in ("concatenate", "stack")
            outputs = call(function, given, types, shape, many)
            try:
                made_of(outputs)
            except Exception:  # what Keras does not take is no call
                continue
            yield f"{types} of {shape}", partial(made_of, outputs)
            break


def wrong(name: str, page: Path) -> list[str]:
    """Return what is wrong with the pages of an op."""
    found = []
    for said, again in models(name):
        model = again()
        given = inputs_of(model)
        try:
            wanted = outputs_of(model, given)
        except Exception:  # TensorFlow has not every call that Keras takes
            continue
        try:
            page.write_text(compile_model(model.to_json(), KERAS_2).text, "utf-8")
        except CompileError as error:
            codes = {problem.code for problem in error.diagnostics}
            found += [f"ops.{name}, {said}: {codes}"] if codes != {"needs-keras3"} else []
            continue
        try:
            ours = outputs_of(built(import_page(page)), given)
        except Exception as error:
            found.append(f"ops.{name}, {said}: {type(error).__name__} {str(error)[:80]}")
            continue
        if not equal(ours, wanted):
            found.append(f"ops.{name}, {said}: other numbers")
    return found


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", QUICK)
def test_integers_are_computed_alike_or_refused(name: str, tmp_path: Path) -> None:
    assert wrong(name, tmp_path / "page.py") == []


@pytest.mark.sweep
@pytest.mark.filterwarnings("ignore")
def test_integers_of_all_ops_are_computed_alike_or_refused(tmp_path: Path) -> None:
    assert [gap for name in NAMES for gap in wrong(name, tmp_path / "page.py")] == []
