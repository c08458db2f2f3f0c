"""Layers that two models share, as Keras 3.0 to 3.2 wrote them: with other numbers than today."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kcodegen import CompileError, Options
from kcodegen.pipeline import Result, compile_document
from kcodegen.readers import read_bytes
from kcodegen.verification.early import recounted
from kcodegen.verification.rebuild import build, fresh_keras, import_page

HERE = Path(__file__).parent / "early"
VERSIONS = ("3.0.5", "3.2.1", "3.3.0")
MODELS = ("ambiguous", "gap", "nested", "tail", "twice")
# What the numbers of calls leave open, without the version and with it.
UNTOLD = {*((version, "ambiguous") for version in VERSIONS)}
UNTOLD |= {("3.2.1", name) for name in ("gap", "nested", "twice")}
UNTOLD_BY_3_3 = {("3.3.0", "ambiguous")}


def compiled(version: str, name: str, is_archive: bool) -> Result:
    """Return the page of a file: of the JSON alone, or beside the version that wrote it."""
    data = (HERE / f"keras{version}_{name}.json").read_bytes()
    if is_archive:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("config.json", data)
            archive.writestr("metadata.json", json.dumps({"keras_version": version}))
        data = buffer.getvalue()
    return compile_document(read_bytes(data, "model"), Options())


def gap(page: Path, name: str) -> float:
    """Return how far the outputs of a page are from the recorded ones."""
    with np.load(HERE / f"{name}.npz") as recorded:
        found = dict(recorded)
    fresh_keras()
    model = build(import_page(page))
    model.set_weights([found[f"w{i}"] for i in range(len(model.weights))])
    given = [found[key] for key in sorted(found) if key.startswith("x")]
    outputs = model(given if len(given) > 1 else given[0])
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    wanted = [found[key] for key in sorted(found) if key.startswith("y")]
    return max(
        float(np.abs(np.asarray(got) - y).max()) for got, y in zip(outputs, wanted, strict=True)
    )


@pytest.mark.parametrize("is_archive", [False, True], ids=["json", "keras"])
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_shared_layer_is_called_where_its_author_called_it_or_the_file_is_refused(
    version: str, name: str, is_archive: bool, tmp_path: Path
) -> None:
    untold = UNTOLD - UNTOLD_BY_3_3 if is_archive else UNTOLD
    if (version, name) in untold:
        with pytest.raises(CompileError) as caught:
            compiled(version, name, is_archive)
        (found,) = caught.value.diagnostics
        assert found.code == "ambiguous-call"
        assert "Keras 3.3 or newer" in found.hint
        return
    page = tmp_path / "page.py"
    page.write_text(compiled(version, name, is_archive).text)
    assert gap(page, name) == 0.0


@pytest.mark.parametrize("name", ["gap", "nested", "tail", "twice"])
def test_the_file_is_compared_as_today_it_would_be_written(name: str) -> None:
    early, today = (
        json.loads((HERE / f"keras{version}_{name}.json").read_text())
        for version in ("3.0.5", "3.3.0")
    )
    assert _calls(early) != _calls(today)
    assert _calls(recounted(early, None)) == _calls(today)
    assert recounted(today, None) == today


def _calls(model: dict[str, Any]) -> list[Any]:
    return [layer["inbound_nodes"] for layer in model["config"]["layers"]]


@pytest.mark.parametrize("wrong", ['["d", -1, 0]', '["d", 2, 1]', '["e", 3, 0]'])
def test_numbers_that_no_version_writes_are_refused(wrong: str) -> None:
    text = (HERE / "keras3.0.5_gap.json").read_text()
    changed = text.replace('["d", 3, 0]', wrong)
    assert changed != text
    with pytest.raises(CompileError) as caught:
        compile_document(read_bytes(changed.encode(), "model"), Options())
    assert "unknown-reference" in {found.code for found in caught.value.diagnostics}
