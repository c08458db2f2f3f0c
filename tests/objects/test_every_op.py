"""Every function of keras.ops that a model can hold comes back: its class, arguments and wiring."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from kcodegen import CompileError, compile_model
from kcodegen.verification.configs import differences
from kcodegen.verification.rebuild import rebuild
from tests.objects.op_calls import SPECIAL, calls, functions, special_calls

PARTS = ("ab", "cd", "efgh", "ijkl", "mno", "pqr", "s", "tuvwxyz")


def wrong(name: str, function: Callable[..., Any] | None, folder: Path) -> list[str]:
    """Return what is wrong with the models of the calls of one function."""
    found = []
    for call in [*special_calls(name), *(calls(function) if function else ())]:
        gap = gap_of(call.config, folder / "page.py")
        if gap:
            found.append(f"ops.{name}, {call.said}: {gap}")
    return found


def gap_of(config: Any, page: Path) -> str:
    """Return what is wrong with the page of one model, or nothing."""
    try:
        page.write_text(compile_model(config).text, "utf-8")
    except CompileError as error:
        return error.diagnostics[0].message
    gaps = differences(config, rebuild(page).config)
    return gaps[0] if gaps else ""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", SPECIAL)
def test_a_call_comes_back(name: str, tmp_path: Path) -> None:
    assert wrong(name, None, tmp_path) == []


@pytest.mark.sweep
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("letters", PARTS)
def test_all_calls_come_back(letters: str, tmp_path: Path) -> None:
    tried = {name: f for name, f in functions().items() if name[0] in letters}
    assert len(tried) >= 10
    assert [gap for name, f in tried.items() for gap in wrong(name, f, tmp_path)] == []


def test_all_functions_are_tried() -> None:
    found = functions()
    assert len(found) >= 280
    assert all(any(name[0] in part for part in PARTS) for name in found)
