"""Files that people have published: all compile, and become the models that their Keras reads."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from kcodegen import Options
from kcodegen.pipeline import Result, compile_document
from kcodegen.readers import read_bytes
from kcodegen.verification.rebuild import build, fresh_keras, import_page

HERE = Path(__file__).parent
ENTRIES = json.loads((HERE / "index.json").read_text("utf-8"))
RECORDED = [entry for entry in ENTRIES if "read_by" in entry]


def page(entry: dict[str, Any]) -> Result:
    """Return the page of a file, with skeletons for what is its author's own."""
    data = gzip.decompress((HERE / "files" / f"{entry['file']}.gz").read_bytes())
    return compile_document(read_bytes(data, entry["file"]), Options(stubs=True))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["file"])
def test_a_published_file_compiles(entry: dict[str, Any]) -> None:
    assert page(entry).text


@pytest.mark.sweep
@pytest.mark.parametrize("entry", RECORDED, ids=lambda entry: entry["file"])
def test_a_published_model_has_the_layers_and_weights_that_its_keras_gives_it(
    entry: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "page.py"
    path.write_text(page(entry).text, "utf-8")
    fresh_keras()
    model = build(import_page(path))
    names = [layer.name for layer in model.layers if type(layer).__name__ != "InputLayer"]
    assert sorted(names) == sorted(name.replace("/", "_") for name in entry["layers"])
    assert model.count_params() == entry["parameters"]
    if "shapes" in entry:
        assert sorted(list(weight.shape) for weight in model.weights) == entry["shapes"]


def test_the_published_files_are_all_there() -> None:
    assert (len(ENTRIES), len(RECORDED)) == (60, 45)
    assert {path.name for path in (HERE / "files").iterdir()} == {
        f"{e['file']}.gz" for e in ENTRIES
    }


def test_every_repository_and_licence_is_in_the_notice() -> None:
    parts = (HERE / "NOTICE").read_text("utf-8").split("=" * 80)
    for entry in ENTRIES:
        (part,) = (part for part in parts if f"({entry['licence']})" in part)
        assert f"https://github.com/{entry['repo']}\n" in part
