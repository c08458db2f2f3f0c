"""How a run can end besides well or with an error of the input."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kcodegen import cli, pipeline
from tests.cli.inputs import TINY, command, environment

BUG = (
    "this is a bug in kcodegen, please report it with the input file; --debug shows the traceback\n"
)
# Runs the command that follows it as a process that heeds an interrupt.
HEEDING = (
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL);"
    "os.execv(sys.argv[1], sys.argv[1:])"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a model in it."""
    (tmp_path / "arch.json").write_bytes(TINY)
    return tmp_path


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (KeyError("lay\x1ber"), "KeyError: 'lay\\x1ber'"),
        (RecursionError("deep\ndown"), "RecursionError: deep\\ndown"),
        (MemoryError(), "MemoryError"),
    ],
)
def test_a_bug_is_one_line(
    error: BaseException,
    words: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(pipeline, "read", _raise(error))
    file = str(folder / "arch.json")

    assert cli.main([file]) == 70
    plain = capsys.readouterr()
    assert cli.main([file, "--debug"]) == 70
    debug = capsys.readouterr()

    assert plain.out == debug.out == ""
    assert plain.err.startswith(f"kcodegen: {file}: internal error: {words}")
    assert plain.err.endswith(BUG)
    assert plain.err.count("\n") == 1
    assert debug.err.startswith("Traceback (most recent call last):\n")
    assert debug.err.endswith(plain.err)
    assert "\x1b" not in debug.err


def test_a_page_that_says_something_else_is_a_bug_and_never_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = pipeline.render
    monkeypatch.setattr(
        pipeline, "render", lambda *a, **k: real(*a, **k).replace("Dense(4", "Dense(5")
    )
    page = folder / "page.py"
    page.write_text("old\n")

    assert cli.main([str(folder / "arch.json"), "-o", str(page)]) == 70

    message = capsys.readouterr().err
    assert ": internal error: " in message
    assert message.endswith(BUG)
    assert message.count("\n") == 1
    assert page.read_text() == "old\n"


def _raise(error: BaseException) -> Callable[..., None]:
    """Return a function that raises."""

    def function(*args: object, **kwargs: object) -> None:
        raise error

    return function


def test_interrupting_is_quiet(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    process = subprocess.Popen(
        # A shell that starts this test in the background has it ignore the signal, and so has
        # every process below it, unless told otherwise.
        [sys.executable, "-c", HEEDING, *command("pipe", "-o", "page.py")],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    writer = os.open(folder / "pipe", os.O_WRONLY)  # returns when the reader is there

    out, err = _interrupt(process)
    os.close(writer)

    assert (process.returncode, out, err) == (130, b"", b"")
    assert not (folder / "page.py").exists()


def _interrupt(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """Interrupt a process until it ends, for one signal may come just before it blocks to read."""
    for _ in range(12):
        process.send_signal(signal.SIGINT)
        try:
            return process.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            continue
    process.kill()
    return process.communicate()


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(("args", "codes"), [(["-"], {141}), (["--help"], {0, 141})])
def test_a_reader_that_has_gone_is_no_news(
    args: list[str], codes: set[int], unbuffered: str
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    variables = {**environment(), "PYTHONUNBUFFERED": unbuffered}
    done = subprocess.run(
        command(*args), stdout=writer, stderr=subprocess.PIPE, env=variables, input=TINY
    )
    os.close(writer)

    assert done.returncode in codes
    assert done.stderr == b""


def test_a_standard_output_that_is_closed_is_an_error(folder: Path) -> None:
    script = f"{sys.executable} -m kcodegen arch.json >&-"
    done = subprocess.run(
        ["sh", "-c", script], cwd=folder, env=environment(), stderr=subprocess.PIPE
    )

    assert done.returncode == 4
    assert done.stderr == b"kcodegen: <stdout>: error: cannot write the file: Bad file descriptor\n"
