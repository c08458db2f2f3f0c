"""--report: what is said about a model, as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.inputs import EVIL, TINY, layer, run, sequential, source, text

BAD = text(sequential(source(), layer("Nonesuch", name=EVIL)))


def report(folder: Path) -> Any:
    """Return what is in the report."""
    return json.loads((folder / "report.json").read_text("ascii"))


def test_nothing_to_say_is_said_too(tmp_path: Path) -> None:
    (tmp_path / "arch.json").write_bytes(TINY)
    done = run("arch.json", "-o", "page.py", "--report", "report.json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")
    assert report(tmp_path) == {"file": "arch.json", "compiled": True, "diagnostics": []}


def test_a_warning_has_its_address(tmp_path: Path) -> None:
    old = json.dumps(
        {
            "class_name": "Sequential",
            "keras_version": "2.2.4",
            "config": [
                {
                    "class_name": "LSTM",
                    "config": {
                        "name": "memory",
                        "units": 3,
                        "batch_input_shape": [None, 4, 2],
                        "recurrent_activation": "hard_sigmoid",
                    },
                }
            ],
        }
    )
    done = run("-", "--report", "report.json", cwd=tmp_path, stdin=old.encode())
    assert done.returncode == 0
    assert done.stderr.count(b"[changed-meaning]") == 1
    found = report(tmp_path)
    assert (found["file"], found["compiled"]) == ("<stdin>", True)
    (row,) = [row for row in found["diagnostics"] if row["code"] == "changed-meaning"]
    assert row["severity"] == "warning"
    assert row["layer"] == "memory"
    assert row["pointer"] == "/config/0/config/recurrent_activation"


def test_what_is_refused_is_reported_and_no_page_is_written(tmp_path: Path) -> None:
    (tmp_path / "arch.json").write_bytes(BAD)
    done = run("arch.json", "-o", "page.py", "--report", "report.json", cwd=tmp_path)
    assert done.returncode == 3
    assert not (tmp_path / "page.py").exists()
    found = report(tmp_path)
    assert found["compiled"] is False
    (row,) = found["diagnostics"]
    assert (row["severity"], row["layer"]) == ("error", EVIL)
    assert row["hint"]


@pytest.mark.parametrize(("page", "other"), [("page.py", "arch.json"), ("one", "./one")])
def test_a_report_takes_no_other_files_place(page: str, other: str, tmp_path: Path) -> None:
    (tmp_path / "arch.json").write_bytes(TINY)
    done = run("arch.json", "-o", page, "--report", other, cwd=tmp_path)
    assert done.returncode == 2
    assert b"write to another file" in done.stderr
    assert (tmp_path / "arch.json").read_bytes() == TINY
