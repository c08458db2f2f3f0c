"""`--verify` on the command line: what it says, what it writes, and what it holds back."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from kcodegen import arguments, cli
from kcodegen.diagnostics import UsageError
from kcodegen.verification import process
from tests.cli.inputs import TINY, command, environment

RIGHT = process.Verification("Keras 9", (("page", "ok", "it runs"), ("outputs", "ok", "equal")))
WRONG = process.Verification("Keras 9", (("page", "ok", ""), ("outputs", "FAILED", "\x1b[31m1")))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "arch.json"
    path.write_bytes(TINY)
    return path


def test_a_page_is_verified_in_a_clean_interpreter(source: Path) -> None:
    words = command("arch.json", "-o", "page.py", "--verify", "--verify-report", "found.json")
    done = subprocess.run(words, cwd=source.parent, env=environment(), capture_output=True)
    lines = done.stderr.decode().splitlines()
    assert done.returncode == 0, lines
    assert lines[0].startswith("kcodegen: arch.json: verified with Keras 3.")
    assert [line.split()[:2] for line in lines[1:]] == [
        ["page", "ok"],
        ["configuration", "ok"],
        ["weights", "ok"],
        ["outputs", "ok"],
    ]
    assert (source.parent / "page.py").exists()
    found = json.loads((source.parent / "found.json").read_text())
    assert (found["file"], found["verified"]) == ("arch.json", True)
    assert [row["result"] for row in found["checks"]] == ["ok"] * 4


def test_without_keras_nothing_is_written(source: Path, tmp_path: Path) -> None:
    """A package that cannot be imported stands for one that is not there."""
    (tmp_path / "keras.py").write_text("raise ImportError('no keras here')\n")
    words = command("arch.json", "-o", "page.py", "--verify")
    done = subprocess.run(words, cwd=tmp_path, env=environment(), capture_output=True)
    assert done.returncode == 2
    assert done.stderr.decode() == (
        "kcodegen: error: --verify needs Keras, which is not there: no keras here [no-keras]; "
        "hint: pip install 'kcodegen[verify]', or leave --verify out\n"
    )
    assert not (tmp_path / "page.py").exists()


def test_a_wrong_page_is_not_written(
    source: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page, report = source.parent / "page.py", source.parent / "found.json"
    page.write_text("old")
    monkeypatch.setattr(process, "verify_page", lambda *_: WRONG)
    words = [str(source), "-o", str(page), "--verify", "--verify-report", str(report)]
    assert cli.main(words) == 70
    said = capsys.readouterr().err
    assert "  outputs        FAILED       \\x1b[31m1\n" in said
    assert "internal error: the page is not what the file says: outputs: " in said
    assert page.read_text() == "old"
    assert json.loads(report.read_text())["verified"] is False


def test_the_page_that_is_verified_is_the_one_that_is_written(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, str]] = []

    def verify_page(text: str, file: str, *_: object) -> process.Verification:
        seen.append((text, file))
        return RIGHT

    monkeypatch.setattr(process, "verify_page", verify_page)
    page = source.parent / "page.py"
    assert cli.main([str(source), "-o", str(page), "--verify", "--format"]) == 0
    assert seen == [(page.read_text(), str(source))]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["a.json", "--verify-report", "r.json"], "--verify-report has nothing to report"),
        (["-", "--verify"], "standard input is read once"),
        (["a.json", "--verify", "--stubs"], "--verify cannot run skeletons"),
    ],
)
def test_what_cannot_be_verified_is_refused(words: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        arguments.parse(words)


@pytest.mark.parametrize("other", ["--report", "-o"])
def test_results_need_files_of_their_own(
    source: Path, capsys: pytest.CaptureFixture[str], other: str
) -> None:
    same = str(source.parent / "same")
    assert cli.main([str(source), "--verify", "--verify-report", same, other, same]) == 2
    assert f"two results would be written to {same}" in capsys.readouterr().err
    assert os.listdir(source.parent) == ["arch.json"]


def test_a_process_that_dies_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "__package__", "kcodegen.no_such_module")
    found = process._run(tmp_path, "keras3")
    assert found.failed[0].startswith("page: the process ended with exit code 1: ")
    assert "kcodegen.no_such_module" in found.failed[0]


def test_a_page_without_a_shape_asks_for_it(tmp_path: Path) -> None:
    (tmp_path / "flat.json").write_text(
        '{"layers": [{"class_name": "Dense", "name": "a", "units": 2}]}'
    )
    words = command("flat.json", "--verify")
    done = subprocess.run(words, cwd=tmp_path, env=environment(), capture_output=True)
    assert done.returncode == 2
    assert b"say it with --input-shape" in done.stderr
