"""`[tool.kcodegen.custom]` of a pyproject.toml, at or above the current folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from kcodegen import arguments
from kcodegen.diagnostics import UsageError

PAIRS = '[project]\nname = "x"\n[tool.kcodegen.custom]\n"Acme>Scale" = "acme.layers:Scale"\n'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the project file of an empty folder, two above the current one."""
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    return tmp_path / "pyproject.toml"


def asked(*words: str) -> tuple[tuple[str, str], ...]:
    return arguments.options(arguments.parse(["model.json", *words])).custom


def test_a_project_maps_names_for_all_its_files(project):
    project.write_text(PAIRS)
    assert asked() == (("Acme>Scale", "acme.layers:Scale"),)


def test_what_is_typed_goes_before_it(project):
    project.write_text(PAIRS)
    assert asked("--custom", "Acme>Scale=other:Scale") == (("Acme>Scale", "other:Scale"),)
    assert asked("--custom", "B=b:B") == (("B", "b:B"), ("Acme>Scale", "acme.layers:Scale"))


@pytest.mark.parametrize("text", ["", "[tool.black]\n", "not TOML ["])
def test_a_project_that_says_nothing_is_nothing(project, text):
    project.write_text(text)
    assert asked() == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[tool.kcodegen", "is no TOML"),
        ("[tool.kcodegen]\nstub = 1", "has no 'stub'"),
        ("[tool.kcodegen]\ncustom = 1", "maps names to texts"),
        ("[tool.kcodegen.custom]\nScale = 1", "maps names to texts"),
        ('[tool.kcodegen.custom]\nScale = "import os"', "is not of the form"),
        ('[tool.kcodegen.custom]\nScale = "a.b:c; import os"', "cannot be imported"),
    ],
)
def test_a_project_that_is_wrong_says_so(project, text, said):
    project.write_text(text)
    with pytest.raises(UsageError, match=r"pyproject\.toml") as caught:
        asked()
    assert said in str(caught.value)


def test_the_nearest_project_counts(project):
    project.write_text(PAIRS)
    (project.parent / "a" / "pyproject.toml").write_text("")
    assert asked() == ()
