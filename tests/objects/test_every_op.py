"""Every function of keras.ops that a model can hold comes back: its class, arguments and wiring."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from kcodegen import CompileError, compile_model, registry
from kcodegen.ir.values import Value, same
from kcodegen.registry.rows import OpRow
from kcodegen.verification.configs import differences
from kcodegen.verification.rebuild import rebuild
from tests.objects.op_calls import NO_MODEL, SPECIAL, Called, calls, functions, special_calls

PARTS = ("ab", "cd", "efgh", "ijkl", "mno", "pqr", "s", "tuvwxyz")
# Arguments that no model of Keras 3.15 holds with another value than their default.
ALWAYS_DEFAULT = {
    ("bincount", "weights"): "Keras takes an array only, and can't write it",
    ("dot_product_attention", "attn_logits_soft_cap"): "it is for JAX on a TPU only",
    ("image.resize", "fill_mode"): "there is no other",
    ("linspace", "retstep"): "the step is no tensor of a model",
}
SPACE = "keras.ops."


def gap_of(config: Any, page: Path) -> str:
    """Return what is wrong with the page of one model, or nothing."""
    try:
        page.write_text(compile_model(config).text, "utf-8")
    except CompileError as error:
        return error.diagnostics[0].message
    gaps = differences(config, rebuild(page).config)
    return gaps[0] if gaps else ""


def gaps_of(name: str, made: Iterator[Called], folder: Path) -> list[str]:
    """Return what is wrong with the models of some calls of one function."""
    found = ((call.said, gap_of(call.config, folder / "page.py")) for call in made)
    return [f"ops.{name}, {said}: {gap}" for said, gap in found if gap]


def plain(value: Any) -> Value:
    """Return a value of JSON as the rows hold it."""
    return tuple(plain(item) for item in value) if isinstance(value, list) else value


def note(config: Any, seen: dict[str, dict[str, list[Value]]]) -> None:
    """Gather which arguments the operations of a model have."""
    for layer in config["config"]["layers"]:
        row = registry.find_op(layer["class_name"], layer["module"])
        if row is not None:
            for name, value in layer["config"].items():
                seen[row.key][name].append(plain(value))


def untried(row: OpRow, seen: dict[str, list[Value]]) -> list[str]:
    """Return the arguments of an operation that have had no value but their default."""
    found = []
    for name, param_name in row.config:
        param = row.param(param_name)
        assert param is not None
        if all(same(value, param.default) for value in seen[name]):
            found.append(name)
    return found


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", SPECIAL)
def test_a_call_comes_back(name: str, tmp_path: Path) -> None:
    assert gaps_of(name, special_calls(name), tmp_path) == []


@pytest.mark.sweep
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("letters", PARTS)
def test_all_calls_come_back(letters: str, tmp_path: Path) -> None:
    seen: dict[str, dict[str, list[Value]]] = defaultdict(lambda: defaultdict(list))
    gaps = []
    for name, function in functions().items():
        if name[0] in letters:
            for call in (*special_calls(name), *calls(function)):
                note(call.config, seen)
                gaps += gaps_of(name, iter([call]), tmp_path)
    assert gaps == []
    rows = [row for row in written_rows() if row.key.removeprefix(SPACE)[0] in letters]
    assert len(rows) >= 10
    left = {
        (row.key.removeprefix(SPACE), arg) for row in rows for arg in untried(row, seen[row.key])
    }
    left |= {(row.key.removeprefix(SPACE), "") for row in rows if row.key not in seen}
    assert left == {place for place in ALWAYS_DEFAULT if place[0][0] in letters}


def written_rows() -> list[OpRow]:
    """Return the rows of the operations that a page may have to say."""
    rows = [registry.op(key) for key in registry.op_keys()]
    return [row for row in rows if not row.refusal and row.key.removeprefix(SPACE) not in NO_MODEL]


def test_all_functions_are_tried() -> None:
    found = functions()
    assert all(any(name[0] in part for part in PARTS) for name in found)
    assert {row.key.removeprefix(SPACE) for row in written_rows()} <= {*found, *NO_MODEL}
    assert len(written_rows()) == 321
