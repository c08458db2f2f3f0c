"""Flat files that do not know the shape of their input: it is given, learned, or asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kcodegen import Options, compile_file
from kcodegen.verification.numbers import number_differences
from kcodegen.verification.rebuild import described, fresh_keras, import_page
from tests.corpus.cases import Case, cases
from tests.corpus.harness import compiled_page

SHAPELESS = [case for case in cases("seed_flat") if "input_shape" in case.entry]
IDS = [case.name for case in SHAPELESS]
# Dense and recurrent layers tell the size of the last axis by their first weight.
LEARNED = [case for case in SHAPELESS if case.name.endswith(("_mlp", "_lstm", "_autoencoder"))]


def folder_of(case: Case) -> Path:
    """Return the folder with the recorded numbers of a case."""
    assert case.numeric is not None
    return case.numeric


def built(path: Path, *shape: tuple[int, ...]) -> tuple[Any, Any]:
    """Return a page and its model, built in a fresh Keras."""
    module = import_page(path)
    fresh_keras()
    return module, module.build_model(*shape)


@pytest.mark.parametrize("case", SHAPELESS, ids=IDS)
def test_a_page_without_a_shape_asks_for_it(case: Case, tmp_path: Path) -> None:
    asking = tmp_path / "asking.py"
    asking.write_text(compile_file(case.path).text, "utf-8")
    module, model = built(asking, tuple(case.entry["input_shape"]))
    assert number_differences(module, model, folder_of(case)) == ()
    _, given = built(compiled_page(case, tmp_path))
    assert described(model) == described(given)


@pytest.mark.parametrize("case", LEARNED, ids=[case.name for case in LEARNED])
def test_the_weights_tell_the_last_axis(case: Case, tmp_path: Path) -> None:
    learned = tmp_path / "learned.py"
    options = Options(weights=folder_of(case))
    learned.write_text(compile_file(case.path, options).text, "utf-8")
    module, model = built(learned)
    assert model.inputs[0].shape[-1] == case.entry["input_shape"][-1]
    assert number_differences(module, model, folder_of(case)) == ()


def test_there_are_such_files() -> None:
    assert (len(SHAPELESS), len(LEARNED)) == (5, 3)
