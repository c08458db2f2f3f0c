"""What functions of keras.ops make of a few calls comes back: class, arguments and wiring.

`test_op_numbers.py` tries every form of every call, and compares what it computes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from kcodegen import CompileError, compile_model, registry
from kcodegen.registry.rows import OpRow
from kcodegen.verification.configs import differences
from kcodegen.verification.rebuild import rebuild
from tests.objects.op_calls import NO_MODEL, Called, functions, special_calls
from tests.objects.special_calls import SPECIAL

PARTS = ("ab", "cd", "efgh", "ijkl", "mno", "pqr", "s", "tuvwxyz")
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


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", SPECIAL)
def test_a_call_comes_back(name: str, tmp_path: Path) -> None:
    assert gaps_of(name, special_calls(name), tmp_path) == []


def written_rows() -> list[OpRow]:
    """Return the rows of the operations that a page may have to say."""
    rows = [registry.op(key) for key in registry.op_keys()]
    return [row for row in rows if not row.refusal and row.key.removeprefix(SPACE) not in NO_MODEL]


def test_all_functions_are_tried() -> None:
    found = functions()
    assert all(any(name[0] in part for part in PARTS) for name in found)
    assert {row.key.removeprefix(SPACE) for row in written_rows()} <= {*found, *NO_MODEL}
    assert len(written_rows()) == 321
