"""Every golden is what comes out now, to the byte; `--update-golden` rewrites them all."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import black
import pytest

from kcodegen import cli
from tests.golden.stages import (
    GOLDEN,
    OPTIONS,
    PAGES,
    SOURCE,
    Golden,
    goldens,
    inside,
    pin,
    stages,
)

ALL = goldens()
NAMES = [golden.folder.name for golden in ALL]
SHUFFLED = Path(__file__).with_name("shuffled.py")


def differences(golden: Golden) -> str:
    """Return what is missing, left over or different; nothing when all is as pinned."""
    pinned, found = golden.pinned(), stages(golden)
    lines = [f"{name} is missing" for name in found.keys() - pinned.keys()]
    lines += [f"{name} is an orphan" for name in pinned.keys() - found.keys()]
    lines += [
        f"{name} differs:\n{found[name]}"
        for name in found.keys() & pinned.keys()
        if found[name] != pinned[name]
    ]
    return "\n".join(sorted(lines))


@pytest.mark.parametrize("golden", ALL, ids=NAMES)
def test_every_stage_is_as_pinned(golden, update_golden):
    if update_golden:
        pin(golden)
    assert not differences(golden), "after a change that is meant: pytest --update-golden"


@pytest.mark.parametrize("golden", ALL, ids=NAMES)
def test_black_finds_nothing_to_change(golden):
    mode = black.Mode(line_length=golden.options.line_length)
    for page in PAGES & golden.pinned().keys():
        text = golden.pinned()[page]
        assert black.format_str(text, mode=mode) == text


@pytest.mark.parametrize("name", ["custom-class", "names-keep", "refused-unknown-class"])
def test_the_command_line_says_the_same(name, capfdbinary):
    golden = Golden(GOLDEN / name)
    with inside(golden.folder):
        cli.main([SOURCE, *golden.words])
    page, words = (stream.decode() for stream in capfdbinary.readouterr())
    assert page == golden.pinned().get("keras3.py", "")
    assert words == golden.pinned().get("stderr.txt", "")


def test_nothing_but_goldens_lies_in_the_folder():
    assert [path.name for path in GOLDEN.iterdir() if not (path / SOURCE).is_file()] == []


def test_every_golden_shows_a_page_or_says_why_not():
    for golden in ALL:
        results = golden.pinned().keys()
        assert results & PAGES or results == {"stderr.txt"}, golden.folder.name


@pytest.mark.parametrize("seed", [pytest.param("0", marks=pytest.mark.sweep), "4242"])
def test_neither_hash_seed_nor_key_order_changes_a_byte(seed):
    """The same files with the keys of their configs shuffled, in a process of their own."""
    done = subprocess.run(
        [sys.executable, str(SHUFFLED), seed],
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(GOLDEN.parent)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    found = json.loads(done.stdout)
    assert found == {golden.folder.name: golden.pinned() for golden in ALL}


# The test itself


@pytest.fixture
def copy(tmp_path: Path) -> Golden:
    """Return a copy of one golden, to be spoiled."""
    folder = tmp_path / "sequential-mlp"
    shutil.copytree(GOLDEN / folder.name, folder)
    return Golden(folder)


def test_a_missing_result_fails_and_does_not_write_itself(copy):
    for name in copy.pinned():
        os.remove(copy.folder / name)
    assert differences(copy).splitlines() == [
        "graph.txt is missing",
        "keras3.py is missing",
        "outline.txt is missing",
    ]
    assert copy.pinned() == {}


def test_an_orphan_fails(copy):
    (copy.folder / "keras1.py").write_text("")
    assert differences(copy) == "keras1.py is an orphan"


def test_a_changed_byte_fails(copy):
    page = copy.folder / "keras3.py"
    page.write_text(page.read_text() + "\n")
    assert differences(copy).startswith("keras3.py differs")


def test_updating_writes_the_results_and_removes_orphans_only(copy):
    wanted = copy.pinned()
    source = (copy.folder / SOURCE).read_bytes()
    (copy.folder / OPTIONS).write_text("[]")
    (copy.folder / "keras3.py").write_text("spoiled")
    (copy.folder / "graph.txt").unlink()
    (copy.folder / "stderr.txt").write_text("an orphan")
    pin(copy)
    assert copy.pinned() == wanted
    assert (copy.folder / SOURCE).read_bytes() == source
    assert (copy.folder / OPTIONS).read_text() == "[]"
