"""The project around the code: what is built, what CI runs, what the README promises."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.cli.inputs import ROOT, TINY

COMPILE = (
    "python3 -m venv .venv && .venv/bin/pip install -q -e . "
    "&& .venv/bin/kcodegen examples/mlp.json -o model_def.py"
)
TEST = '.venv/bin/pip install -q -e ".[dev]" && .venv/bin/pytest -n 2'


@pytest.mark.parametrize("command", [COMPILE, TEST], ids=["compile", "test"])
def test_ci_runs_the_commands_of_the_readme(command: str) -> None:
    assert f"\n{command}\n" in (ROOT / "README.md").read_text("utf-8")
    assert f"\nstep '{command}'\n" in (ROOT / ".ci" / "run").read_text("utf-8")


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the wheel and the source distribution."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return folder


def sources(*patterns: str) -> set[str]:
    """Return the files of the checkout that match."""
    return {str(path.relative_to(ROOT)) for pattern in patterns for path in ROOT.glob(pattern)}


def test_the_wheel_holds_the_templates_and_the_rows(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())

    assert {f"kcodegen/{name}" for name in sources("templates/**/*.j2")} <= packed
    assert sources("kcodegen/**/*.py", "kcodegen/registry/**/*.json*") <= packed
    assert "kcodegen/registry/classes.jsonl" in packed
    assert "kcodegen/templates/keras3/module.py.j2" in packed
    assert {name.split("/")[0] for name in packed if ".dist-info/" not in name} == {"kcodegen"}


def test_the_source_distribution_can_be_built_and_tested(dist: Path) -> None:
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()}

    wanted = sources("kcodegen/**/*.py", "templates/**/*.j2", "tests/**/*.py", "golden/**/*.json")
    assert wanted | {"pyproject.toml", "LICENSE", "README.md", "CHANGELOG.md"} <= packed


def test_a_wheel_works_without_the_checkout(dist: Path, tmp_path: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    script = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r});"
        "import kcodegen.cli; print(kcodegen.cli.__file__, flush=True);"
        "sys.exit(kcodegen.cli.main(['-']))"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, input=TINY, capture_output=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, b"")
    first, _, page = done.stdout.partition(b"\n")
    assert first.decode().startswith(str(tmp_path))
    assert b"layers.Dense(4" in page
