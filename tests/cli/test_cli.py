"""The command line, as a user's shell sees it."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from kcodegen import __version__, cli
from tests.cli.inputs import (
    OTHER,
    ROOT,
    TINY,
    command,
    dense,
    environment,
    functional,
    run,
    source,
    text,
)

BUG = (
    "this is a bug in kcodegen, please report it with the input file; --debug shows the traceback\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a model in it."""
    (tmp_path / "arch.json").write_bytes(TINY)
    (tmp_path / "other.json").write_bytes(OTHER)
    return tmp_path


def names(folder: Path) -> list[str]:
    """Return what is in a folder."""
    return sorted(path.name for path in folder.iterdir())


# Compiling


def test_a_page_is_written(folder: Path) -> None:
    done = run("arch.json", "-o", "page.py", cwd=folder)

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    page = (folder / "page.py").read_bytes()
    assert b"layers.Dense(4" in page
    assert b"\r" not in page
    assert names(folder) == ["arch.json", "other.json", "page.py"]


def test_a_page_is_printed_and_standard_input_is_read(folder: Path) -> None:
    printed = run("arch.json", cwd=folder)
    piped = run("-", cwd=folder, stdin=TINY)

    assert (printed.returncode, printed.stderr) == (0, b"")
    assert (piped.returncode, piped.stderr) == (0, b"")
    ast.parse(printed.stdout)
    assert b"arch.json" in printed.stdout
    assert b"arch.json" not in piped.stdout
    code = printed.stdout.partition(b"\nimport ")[2]
    assert code
    assert code == piped.stdout.partition(b"\nimport ")[2]


def test_a_device_is_written_to(folder: Path) -> None:
    done = run("arch.json", "-o", "/dev/stdout", cwd=folder)

    assert (done.returncode, done.stderr) == (0, b"")
    assert b"layers.Dense(4" in done.stdout
    assert run("arch.json", "-o", os.devnull, cwd=folder).returncode == 0


def test_an_unchanged_page_is_not_touched(folder: Path) -> None:
    run("arch.json", "-o", "page.py", cwd=folder)
    before = (folder / "page.py").stat()

    assert run("arch.json", "-o", "page.py", cwd=folder).returncode == 0

    after = (folder / "page.py").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_the_page_compiles_the_same_from_everywhere(folder: Path) -> None:
    here = run("arch.json", cwd=folder)
    there = run(folder / "arch.json", cwd=ROOT)

    assert here.stdout == there.stdout


def test_a_warning_is_one_line_and_no_failure(folder: Path) -> None:
    model = functional((source("a"), None), (dense("unused"), "a"), (dense("b"), "a"))

    done = run("-", "-o", "page.py", cwd=folder, stdin=text(model))

    assert (done.returncode, done.stdout) == (0, b"")
    assert done.stderr.startswith(b"kcodegen: <stdin>: warning: ")
    assert b"unused" in done.stderr
    assert done.stderr.count(b"\n") == 1
    assert b"unused" not in (folder / "page.py").read_bytes()


def test_compiling_needs_no_keras(folder: Path) -> None:
    script = (
        "import sys; from kcodegen.cli import main; code = main(['arch.json', '-o', 'page.py']);"
        "print(code, sorted({'keras', 'tensorflow', 'black'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, env=environment(), capture_output=True
    )

    assert (done.stdout.strip(), done.stderr) == (b"0 []", b"")


# --check and --diff


def test_check_is_silent_about_a_true_page(folder: Path) -> None:
    run("arch.json", "-o", "page.py", cwd=folder)

    done = run("arch.json", "-o", "page.py", "--check", cwd=folder)

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize(
    ("options", "code"), [(["--check"], 1), (["--diff"], 0), (["--check", "--diff"], 1)]
)
def test_a_page_that_is_out_of_date_is_shown_and_left(
    options: list[str], code: int, folder: Path
) -> None:
    run("other.json", "-o", "page.py", cwd=folder)
    old = (folder / "page.py").read_bytes()

    done = run("arch.json", "-o", "page.py", *options, cwd=folder)

    assert done.returncode == code
    assert done.stdout.startswith(b"--- page.py\n+++ page.py\n@@ ")
    assert re.search(rb"\n-.*layers\.Dense\(5\)", done.stdout)
    assert re.search(rb'\n\+.*layers\.Dense\(4, activation="relu"\)', done.stdout)
    assert (folder / "page.py").read_bytes() == old
    assert done.stderr.count(b"\n") == code
    if code:
        assert done.stderr.startswith(
            b"kcodegen: page.py: error: the page is not what arch.json compiles to"
        )


def test_a_missing_page_is_out_of_date(folder: Path) -> None:
    done = run("arch.json", "-o", "page.py", "--check", cwd=folder)

    assert done.returncode == 1
    assert done.stdout.startswith(b"--- /dev/null\n+++ page.py\n")
    assert names(folder) == ["arch.json", "other.json"]


def test_the_diff_is_a_patch(folder: Path) -> None:
    run("other.json", "-o", "page.py", cwd=folder)
    (folder / "arch.json").replace(folder / "other.json")
    patch = run("other.json", "-o", "page.py", "--diff", cwd=folder).stdout

    subprocess.run(["git", "apply", "-p0"], cwd=folder, input=patch, check=True)

    assert run("other.json", "-o", "page.py", "--check", cwd=folder).returncode == 0


# --format


def test_format_obeys_the_settings_of_the_user(folder: Path) -> None:
    settings = "[tool.black]\nline-length = 50\nfast = true\n"
    (folder / "pyproject.toml").write_text(settings)
    run("arch.json", "-o", "plain.py", cwd=folder)
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()

    done = run("../arch.json", "-o", "../page.py", "--format", cwd=elsewhere)

    assert (done.returncode, done.stderr) == (0, b"")
    plain, page = ((folder / name).read_text() for name in ("plain.py", "page.py"))
    assert "    def load_weights(" not in page
    assert "def load_weights(\n    model: keras.Model" in page
    assert "def load_weights(model" in plain
    assert run("arch.json", "-o", "page.py", "--format", "--check", cwd=folder).returncode == 0
    wide = run("arch.json", "--format", "--line-length", "90", cwd=folder)
    assert b"def load_weights(model" in wide.stdout


def test_format_without_black_is_an_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(folder))
    page = folder / "page.py"

    assert cli.main([str(folder / "arch.json"), "-o", str(page), "--format"]) == 2

    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("kcodegen: error: --format needs Black, which is not installed")
    assert 'pip install "kcodegen[format]"' in captured.err
    assert not page.exists()


def test_what_black_refuses_is_an_error(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "pyproject.toml").write_text('[tool.black]\ntarget-version = ["py1"]\n')
    page = folder / "page.py"

    assert cli.main([str(folder / "arch.json"), "-o", str(page), "--format"]) == 2

    message = capsys.readouterr().err
    assert message.startswith("kcodegen: error: Black (exit code ")
    assert message.count("\n") == 1
    assert not page.exists()


# Files


@pytest.mark.parametrize("options", [[], ["--check"]])
@pytest.mark.parametrize("file", ["missing.json", ".", "arch.json/x.json", "no/arch.json"])
def test_a_file_that_cannot_be_read(file: str, options: list[str], folder: Path) -> None:
    done = run(file, "-o", "page.py", *options, cwd=folder)

    assert (done.returncode, done.stdout) == (4, b"")
    assert done.stderr.startswith(f"kcodegen: {file}: error: ".encode())
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("output", [".", "no/page.py", "arch.json/page.py", "/proc/page.py"])
def test_a_file_that_cannot_be_written(output: str, folder: Path) -> None:
    done = run("arch.json", "-o", output, cwd=folder)

    assert (done.returncode, done.stdout) == (4, b"")
    assert done.stderr.startswith(f"kcodegen: {output}: error: cannot write the file: ".encode())
    assert done.stderr.count(b"\n") == 1
    assert names(folder) == ["arch.json", "other.json"]


def test_a_link_to_itself_cannot_be_written(folder: Path) -> None:
    (folder / "loop.py").symlink_to("loop.py")

    done = run("arch.json", "-o", "loop.py", cwd=folder)

    assert done.returncode == 4
    assert done.stderr.startswith(b"kcodegen: loop.py: error: cannot write the file: ")


@pytest.mark.parametrize(
    ("option", "what"), [("--weights", "file or folder"), ("--template-dir", "folder")]
)
def test_a_folder_that_is_missing(option: str, what: str, folder: Path) -> None:
    done = run("arch.json", option, "no\nwhere", cwd=folder)

    assert (done.returncode, done.stdout) == (4, b"")
    assert done.stderr == (
        f"kcodegen: arch.json: error: {option}: there is no {what} no\\nwhere\n".encode()
    )


def test_the_input_is_never_the_output(folder: Path) -> None:
    (folder / "link.json").symlink_to("arch.json")
    os.link(folder / "arch.json", folder / "hard.json")

    for output in ("arch.json", "./arch.json", "link.json", "hard.json"):
        done = run("arch.json", "-o", output, cwd=folder)
        assert done.returncode == 2
        assert done.stderr.startswith(f"kcodegen: error: the output {output} is the input".encode())

    assert (folder / "arch.json").read_bytes() == TINY


def test_the_name_of_a_file_is_never_raw(folder: Path) -> None:
    name = "b\x1b[31m\nad\u202e.json"

    missing = run(name, cwd=folder)
    (folder / name).write_bytes(TINY)
    done = run(name, "-o", "page.py", cwd=folder)

    assert missing.stderr.startswith(b"kcodegen: b\\x1b[31m\\nad\\u202e.json: error: ")
    assert missing.stderr[:-1].decode().isprintable()
    assert (done.returncode, done.stderr) == (0, b"")
    assert all(line.isprintable() for line in (folder / "page.py").read_text().split("\n"))


def test_a_terminal_that_knows_no_umlauts_is_told_all_the_same(folder: Path) -> None:
    variables = {**environment(), "PYTHONIOENCODING": "ascii:strict"}
    done = subprocess.run(command("Größe.json"), cwd=folder, env=variables, capture_output=True)

    assert done.returncode == 4
    assert done.stderr.startswith(b"kcodegen: Gr\\xf6\\xdfe.json: error: ")


# Usage, help


def test_nonsense_is_one_line(folder: Path) -> None:
    done = run("arch.json", "--line-length", "9\n\x1b", cwd=folder)

    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == (
        b"kcodegen: error: argument --line-length: '9\\n\\x1b' is not from 40 to 320; "
        b"hint: kcodegen --help shows every option\n"
    )


def test_help_and_version_are_instant(folder: Path) -> None:
    script = (
        "import sys; from kcodegen.cli import main; main(sys.argv[1:]);"
        "print([m for m in ('numpy', 'jinja2', 'json', 'kcodegen.pipeline') if m in sys.modules])"
    )
    for option in ("--help", "--version"):
        done = subprocess.run(
            [sys.executable, "-c", script, option], env=environment(), capture_output=True
        )
        assert done.stdout.endswith(b"\n[]\n")


def test_help_shows_every_option_and_examples(folder: Path) -> None:
    done = run("--help", cwd=folder)

    assert (done.returncode, done.stderr) == (0, b"")
    shown = done.stdout.decode("ascii")
    assert shown.startswith("usage: kcodegen FILE [-o FILE] [options]\n")
    for option in (
        "-o --target --input-shape --weights --custom --names --line-length --format --check "
        "--diff --template-dir --version --report --debug -h"
    ).split():
        assert f"\n  {option}" in shown
    assert "\n  kcodegen arch.json -o model_def.py  " in shown
    assert "\n  0 written   1 --check found a difference" in shown


def test_version(folder: Path) -> None:
    done = run("--version", cwd=folder)

    assert (done.returncode, done.stdout.decode()) == (0, f"kcodegen {__version__}\n")
