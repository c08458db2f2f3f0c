"""Files from strangers: one line, the right exit code, and the old page untouched."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.cli.inputs import EVIL, HOSTILE, dense, functional, run, sequential, source, text


@pytest.mark.parametrize("what", HOSTILE)
def test_is_rejected_in_one_line_and_leaves_the_old_page(what: str, tmp_path: Path) -> None:
    content, word = HOSTILE[what]
    (tmp_path / "arch.json").write_bytes(content)
    page = tmp_path / "page.py"
    page.write_text("old\n")
    before = page.stat()

    done = run("arch.json", "-o", "page.py", cwd=tmp_path)

    assert done.returncode == 3
    assert done.stdout == b""
    message = done.stderr.decode("ascii")
    *lines, last = message.split("\n")
    assert last == ""
    assert all(line.startswith("kcodegen: arch.json: error: ") for line in lines)
    assert all(line.isprintable() for line in lines), "nothing raw in it"
    assert len(lines) == 1
    assert word.lower() in message.lower()
    after = page.stat()
    assert page.read_text() == "old\n"
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert {path.name for path in tmp_path.iterdir()} == {"arch.json", "page.py"}


@pytest.mark.parametrize(
    "model",
    [
        sequential(source(), dense(EVIL)),
        functional((source("a"), None), (dense(EVIL), "a"), (dense("b"), EVIL)),
    ],
    ids=["sequential", "functional"],
)
def test_an_evil_name_is_kept_exactly(model: dict[str, object], tmp_path: Path) -> None:
    done = run("-", cwd=tmp_path, stdin=text(model))

    assert (done.returncode, done.stderr) == (0, b"")
    page = done.stdout.decode("ascii")
    assert all(line.isprintable() for line in page.split("\n"))
    strings = [node.value for node in ast.walk(ast.parse(page)) if isinstance(node, ast.Constant)]
    assert strings.count(EVIL) == 1


def test_every_problem_has_a_line(tmp_path: Path) -> None:
    first, second = dense("one", noone=1), dense("two", notwo=2)

    done = run("-", cwd=tmp_path, stdin=text(sequential(source(), first, second)))

    assert done.returncode == 3
    lines = done.stderr.decode("ascii").splitlines()
    assert [line.startswith("kcodegen: <stdin>: error: ") for line in lines] == [True, True]
    assert ("noone" in lines[0], "notwo" in lines[1]) == (True, True)
    assert "at /config/layers/1" in lines[0]
