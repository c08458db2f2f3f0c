"""The examples: their pages are what kcodegen writes today, and they run."""

from __future__ import annotations

import json
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import black
import numpy as np
import pytest

from kcodegen import cli
from kcodegen.verification.configs import differences
from kcodegen.verification.rebuild import import_page, rebuild

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
README = (EXAMPLES / "README.md").read_text("utf-8")
COMMANDS = re.findall(r"`kcodegen (.*?)`", README)
RUNS = re.findall(r"^python (.*)$", README, flags=re.MULTILINE)
REBUILD = """
import sys, mlp
model = mlp.build_model()
mlp.compile_model(model)
assert "kcodegen" not in sys.modules
print(model.to_json(indent=2), end="")
"""


@pytest.mark.parametrize("command", COMMANDS)
def test_a_page_is_what_its_command_writes(command, update_golden, monkeypatch, capfd):
    monkeypatch.chdir(ROOT)
    if update_golden:
        assert cli.main(shlex.split(command)) == 0
    assert cli.main([*shlex.split(command), "--check"]) == 0
    assert capfd.readouterr() == ("", "")


def test_the_table_names_every_input_and_every_page():
    words = [shlex.split(command) for command in COMMANDS]
    inputs = {f"examples/{path.name}" for path in EXAMPLES.glob("*.json")}
    pages = {f"examples/{path.name}" for path in EXAMPLES.glob("*.py")}
    assert {first for first, *_ in words} == inputs
    assert {last for *_, last in words} == pages - {"examples/make.py"}


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_black_has_nothing_to_change(path):
    text = path.read_text("utf-8")
    assert black.format_str(text, mode=black.Mode()) == text


@pytest.mark.parametrize("run", RUNS)
def test_a_page_runs(run, monkeypatch, capfd):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", shlex.split(run))
    runpy.run_path(sys.argv[0], run_name="__main__")
    wanted = "Total params: 50,890" if "mlp" in run else "ExponentialDecay"
    assert wanted in capfd.readouterr().out


def test_a_page_that_moved_rebuilds_its_model_to_the_byte(tmp_path):
    """In a process and a folder of its own, without kcodegen."""
    shutil.copy(EXAMPLES / "mlp.py", tmp_path)
    done = python("-c", REBUILD, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == (EXAMPLES / "mlp.json").read_text("utf-8")


@pytest.mark.parametrize("name", ["matcher", "resnet50"])
def test_a_page_rebuilds_its_model(name):
    original = json.loads((EXAMPLES / f"{name}.json").read_text("utf-8"))
    assert differences(original, rebuild(EXAMPLES / f"{name}.py").config) == ()


@pytest.mark.parametrize("page", ["mlp.py", "mlp_flat.py"])
def test_the_weights_are_loaded(page):
    model = import_page(EXAMPLES / page).load_model(EXAMPLES / "mlp_weights")
    w0, b0, w1, b1 = (np.load(EXAMPLES / "mlp_weights" / f"weight_{i}.npy") for i in range(4))
    x = np.random.default_rng(0).normal(size=(3, 784)).astype("float32")
    scores = np.exp(np.maximum(x @ w0 + b0, 0) @ w1 + b1)
    expected = scores / scores.sum(axis=1, keepdims=True)
    assert np.allclose(model.predict(x, verbose=0), expected, atol=1e-5)


@pytest.mark.sweep
def test_keras_writes_the_same_files_again(tmp_path):
    done = python(str(EXAMPLES / "make.py"), "--into", str(tmp_path), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    inputs = [*EXAMPLES.glob("*.json"), *EXAMPLES.glob("mlp_weights/*.npy")]
    made = {path.relative_to(tmp_path) for path in tmp_path.rglob("*.*")}
    assert made == {path.relative_to(EXAMPLES) for path in inputs}
    for path in made:
        assert (tmp_path / path).read_bytes() == (EXAMPLES / path).read_bytes(), path


def python(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder, and return what it said."""
    return subprocess.run(
        [sys.executable, *words],
        cwd=cwd,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
