"""Models of tf.keras with arguments that few files have: their pages compute the same numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kcodegen import compile_file
from kcodegen.frontends.producers import producer_of
from kcodegen.verification.rebuild import build, fresh_keras, import_page
from kcodegen.weights.formats import gathered
from kcodegen.weights.writer import write_folder

ODD = sorted((Path(__file__).parent / "odd").glob("*.json"))
QUICK = ("tf2.1_ops2", "tf2.3_mask_concat", "tf2.9_ops1", "tf2.15_time_major", "tf2.15_gru_before")


def rows(recorded: dict[str, Any], letter: str) -> list[Any]:
    """Return the recorded arrays of one kind in their order."""
    count = sum(key[0] == letter for key in recorded)
    return [recorded[f"{letter}{number}"] for number in range(count)]


def gaps(path: Path, place: Path) -> list[float]:
    """Return how far each output of a page is from the recorded one."""
    with np.load(path.with_suffix(".npz")) as file:
        recorded = dict(file)
    result = compile_file(path)
    page = place / "page.py"
    page.write_text(result.text, "utf-8")
    fresh_keras()
    module = import_page(page)
    model = build(module)
    if weights := rows(recorded, "w"):
        (place / "given").mkdir()
        for number, array in enumerate(weights):
            np.save(place / "given" / f"weight_{number}.npy", array)
        assert result.model is not None
        assert result.document is not None
        with gathered(place / "given", result.model, producer_of(result.document)) as matched:
            write_folder(place / "taken", matched.weights)
        module.load_weights(model, place / "taken")
    given = rows(recorded, "x")
    ends = model.get_config().get("input_layers")
    named = dict(zip(ends, given, strict=True)) if isinstance(ends, dict) else given
    outputs = model(
        named if isinstance(named, dict) or len(given) > 1 else given[0], training=False
    )
    import keras

    found = [np.asarray(output) for output in keras.tree.flatten(outputs)]
    wanted = rows(recorded, "y")
    assert [array.shape for array in found] == [array.shape for array in wanted]
    return [float(np.abs(a - b).max()) for a, b in zip(found, wanted, strict=True)]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", [p for p in ODD if p.stem in QUICK], ids=lambda path: path.stem)
def test_an_odd_model_computes_the_recorded_numbers(path: Path, tmp_path: Path) -> None:
    assert max(gaps(path, tmp_path)) < 1e-4


@pytest.mark.sweep
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "path", [p for p in ODD if p.stem not in QUICK], ids=lambda path: path.stem
)
def test_every_odd_model_computes_the_recorded_numbers(path: Path, tmp_path: Path) -> None:
    assert max(gaps(path, tmp_path)) < 1e-4


def test_the_odd_models_are_all_there() -> None:
    assert {path.stem for path in ODD} >= set(QUICK)
    assert len(ODD) == len(list(ODD[0].parent.glob("*.npz"))) >= 80
