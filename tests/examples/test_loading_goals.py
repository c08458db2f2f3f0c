"""What the benchmark of loading says of a goal that is missed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

PATH = Path(__file__).parents[2] / "benchmarks" / "loading.py"


def loading(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the benchmark as a module."""
    spec = importlib.util.spec_from_file_location("loading", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "loading", module)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("fast", "raw", "end"),
    [
        (0.1, 0.05, "ok"),
        (0.2, 0.05, "MISSED"),
        (0.2, 0.17, "MISSED (reading alone takes 1/5.9)"),
        (0.1, 0.17, "ok"),
    ],
)
def test_a_goal_beyond_the_machine_is_told(
    fast: float,
    raw: float,
    end: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    module = loading(monkeypatch)
    found = {"json+npy": (1.0, 400.0), "fast": (fast, 100.0), "raw": (raw, 99.0)}
    assert module.missed(module.Goal("VGG16", "fast", 7, 3.5), found) == end.startswith("MISSED")
    assert capsys.readouterr().out.rstrip().endswith(f"  {end}")
