"""README.md and docs/: what they show is what happens, and what they name is there."""

from __future__ import annotations

import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import zipfile
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from kcodegen import Options, arguments
from kcodegen.diagnostics import Exit
from tests.cli.inputs import dense, layer, sequential, source, text

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *ROOT.glob("examples/*.md")]
OPEN = r"(?:<!-- (?P<mark>.*?) -->\n)?```(?P<kind>\w+)\n(?P<body>.*?)```\n"
BLOCKS = [match.groupdict() for match in re.finditer(OPEN, README, flags=re.DOTALL)]
TOP = "benchmarks docs examples golden kcodegen templates tests".split()


OLD = {
    "class_name": "Sequential",
    "keras_version": "1.2.2",
    "config": [
        {"class_name": name, "config": {"name": f"{name.lower()}_{place}", **config}}
        for place, (name, config) in enumerate(
            [
                ("Dense", {"output_dim": 8, "init": "he_normal", "batch_input_shape": [None, 4]}),
                ("Dropout", {"p": 0.5}),
                ("Dense", {"output_dim": 1, "init": "uniform", "activation": "hard_sigmoid"}),
            ],
            1,
        )
    ],
}


def bodies(kind: str, mark: str | None = None) -> list[str]:
    """Return the code blocks of one kind."""
    return [b["body"] for b in BLOCKS if b["kind"] == kind and b["mark"] == mark]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder that holds what the README speaks of."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    custom = layer("Discount", "shop.layers", name="discount", rate=0.1)
    model = sequential(source(), {**custom, "registered_name": "Shop>Discount"}, dense())
    (tmp_path / "shop.json").write_bytes(text(model))
    (tmp_path / "old.json").write_text(json.dumps(OLD), "utf-8")
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        archive.write(ROOT / "examples" / "mlp.json", "config.json")
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.15.1"}))
    command = tmp_path / "bin" / "kcodegen"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m kcodegen "$@"\n')
    command.chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join([str(command.parent), os.environ["PATH"]]))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("body", bodies("console"))
def test_commands_say_what_is_shown(body, folder):
    steps = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", body, flags=re.MULTILINE)
    assert steps
    for command, expected in steps:
        done = subprocess.run(
            ["sh", "-c", command], capture_output=True, text=True, encoding="utf-8", check=False
        )
        assert done.stderr + done.stdout == expected, command


def test_the_set_up_is_what_ci_runs():
    steps = (ROOT / ".ci" / "run").read_text("utf-8")
    assert len(bodies("sh")) == 2
    for body in bodies("sh"):
        assert f"step '{body.strip()}'" in steps


def test_the_python_api_works_as_shown(folder, capsys):
    api, *_ = bodies("python", "run")
    found = run(folder, api)
    assert capsys.readouterr().out == f"{found['result'].text}\n()\n"


def test_weights_are_converted_as_shown(folder, capsys):
    _, convert, *_ = bodies("python", "run")
    run(folder, convert)
    files = tuple(f"weight_{i}.npy" for i in range(4))
    assert capsys.readouterr().out == f"weights {files}\n()\n"
    for name in files:
        converted, given = (
            np.load(folder / place / name) for place in ("weights", "examples/mlp_weights")
        )
        assert np.array_equal(converted, given)


def test_weights_travel_as_shown(folder, monkeypatch):
    *_, save, load = bodies("python", "run")
    shutil.copy("examples/mlp.py", "model_def.py")
    monkeypatch.syspath_prepend(folder)
    first = "import numpy as np\nfrom model_def import build_model\nmodel = build_model()\n"
    (folder / "weights").mkdir()
    monkeypatch.chdir(folder / "weights")
    saved = run(folder, first + save)["model"]
    monkeypatch.chdir(folder)
    loaded = run(folder, load)["model"]
    monkeypatch.delitem(sys.modules, "model_def")
    for ours, theirs in zip(loaded.get_weights(), saved.get_weights(), strict=True):
        assert np.array_equal(ours, theirs)


def run(folder: Path, code: str) -> dict:
    """Run a block of Python and return its names."""
    script = folder / "script.py"
    script.write_text(code, "utf-8")
    return runpy.run_path(str(script))


@pytest.mark.parametrize(
    "block", [b for b in BLOCKS if (b["mark"] or "").startswith("from ")], ids=lambda b: b["mark"]
)
def test_an_excerpt_is_in_its_file(block):
    whole = (ROOT / block["mark"].removeprefix("from ")).read_text("utf-8")
    parts = [part for part in re.split(r"^\.\.\.\n", block["body"], flags=re.MULTILINE) if part]
    for part in parts:
        assert part in whole


def test_the_table_lists_the_options_of_the_command_line():
    rows = re.findall(r"^\| (`-.*?`) \|", README, flags=re.MULTILINE)
    listed = {option for row in rows for option in re.findall(r"`(-[\w-]+)", row)}
    listed |= {option for row in rows for option in re.findall(r", `(--[\w-]+)", row)}
    actions = [action for action in arguments._parser()._actions if action.option_strings]
    assert listed == {option for action in actions for option in action.option_strings}
    for action in actions:
        [row] = [row for row in rows if f"{action.option_strings[-1]} " in f"{row[:-1]} "]
        if action.choices is not None:
            assert "{" + ",".join(action.choices) + "}" in row
        elif action.metavar is not None:
            assert row.endswith(f" {action.metavar}`")


def test_the_exit_codes_are_all_there():
    codes = re.findall(r"^\| (\d+) \| ", README, flags=re.MULTILINE)
    assert [int(code) for code in codes] == sorted(Exit)


def test_the_fields_of_the_options_are_all_there():
    [sentence] = re.findall(r"`Options` has the fields (.*?)\.\s`", README, flags=re.DOTALL)
    assert re.findall(r"`(\w+)`", sentence) == [field.name for field in fields(Options)]


def test_the_hook_is_the_one_that_there_is():
    hooks = (ROOT / ".pre-commit-hooks.yaml").read_text("utf-8")
    [body] = bodies("yaml")
    assert re.findall(r"- id: (\S+)", body) == re.findall(r"^- id: (\S+)", hooks, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_names_is_there(page):
    words = page.read_text("utf-8")
    links = [path for path in re.findall(r"\]\(([^)#]+)\)", words) if "://" not in path]
    paths = re.findall(rf"`((?:{'|'.join(TOP)})/[\w./-]*)`", words)
    assert [path for path in links if not (page.parent / path).exists()] == []
    assert [path for path in paths if not (ROOT / path).exists()] == []
