"""Weights that real versions of Keras saved come to the variables that they were saved from."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from kcodegen import cli
from kcodegen.verification.numbers import number_differences
from kcodegen.verification.rebuild import build, fresh_keras, import_page
from tests.corpus.cases import Case
from tests.corpus.harness import options_for
from tests.weights.saved import ARCHIVES, FILES, arrays_of, hdf5_cases

FOLDERS = ("keras1.2", "keras2.2", "keras2.3", "tf2.15")
HDF5 = [pair for folder in FOLDERS for pair in hdf5_cases(folder)]
SPECTRAL = FILES / "spectral"
CUDNN = FILES / "cudnn"


def recorded(directory: Path, count: int) -> list[object]:
    """Return the arrays of a folder."""
    assert len(list(directory.glob("weight_*.npy"))) == count
    return [np.load(directory / f"weight_{number}.npy") for number in range(count)]


def paths_of(producer: str) -> dict[str, Path]:
    """Return where the weights of one model lie."""
    hdf5 = FILES / "hdf5" / f"{producer}_legacy.h5"
    return {"hdf5": hdf5, "tfjs": FILES / "tfjs" / producer / "model.json"}


@pytest.mark.parametrize("kind", ["hdf5", "tfjs"])
@pytest.mark.parametrize("producer", ARCHIVES)
def test_a_whole_model_gives_its_weights(producer: str, kind: str) -> None:
    path = paths_of(producer)[kind]
    found = arrays_of(path, path)
    wanted = recorded(FILES / f"{producer}_npy", len(found))
    for (_, array), other in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(array, other)


def backend_of(case: Case) -> str:
    """Return what computed for a case, where its files don't tell."""
    return "theano" if case.name.startswith("theano") else ""


@pytest.mark.parametrize(
    ("case", "path"), HDF5, ids=[f"{case.folder}-{case.name}" for case, _ in HDF5]
)
def test_a_file_by_layer_and_a_row_of_arrays_say_the_same(case: Case, path: Path) -> None:
    assert case.numeric is not None
    by_layer = arrays_of(path, case.path, options_for(case), backend_of(case))
    by_number = arrays_of(case.numeric, case.path, options_for(case), backend_of(case))
    assert [slot for slot, _ in by_layer] == [slot for slot, _ in by_number]
    for (_, array), (_, other) in zip(by_layer, by_number, strict=True):
        np.testing.assert_array_equal(array, other)


def test_there_are_files_of_every_old_keras() -> None:
    found = {case.folder for case, _ in HDF5}
    assert found == set(FOLDERS)
    assert len(HDF5) >= 35


def test_a_wrapper_that_names_its_weights_itself() -> None:
    by_layer = arrays_of(SPECTRAL / "w.h5", SPECTRAL / "arch.json")
    by_number = arrays_of(SPECTRAL, SPECTRAL / "arch.json")
    assert [slot.role for slot, _ in by_layer] == ["kernel", "vector_u", "bias"] * 2
    for (slot, array), (other, wanted) in zip(by_layer, by_number, strict=True):
        assert slot == other
        np.testing.assert_array_equal(array, wanted)


def test_layers_of_cudnn_become_what_keras_made_of_them() -> None:
    found = arrays_of(CUDNN / "cudnn.h5", CUDNN / "cudnn.json")
    for (_, array), other in zip(found, recorded(CUDNN, len(found)), strict=True):
        np.testing.assert_array_equal(array, other)


def outputs_differ(page: Path, weights: Path, numbers: Path) -> tuple[str, ...]:
    """Return how the outputs of a page with its weights differ from those recorded."""
    for name in ("inputs.npz", "outputs.npz"):
        shutil.copy(numbers / name, weights / name)
    fresh_keras()
    module = import_page(page)
    return number_differences(module, build(module), weights, 1e-5)


WHOLE = [
    pytest.param(
        paths_of(producer)[kind],
        producer,
        id=f"{producer}-{kind}",
        marks=() if (producer, kind) == ("keras2.3", "hdf5") else pytest.mark.sweep,
    )
    for producer in ARCHIVES
    for kind in ("hdf5", "tfjs")
]


@pytest.mark.parametrize(("path", "producer"), WHOLE)
def test_one_command_gives_a_page_that_computes_the_same(
    path: Path, producer: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "model_def.py"
    assert cli.main([str(path), "-o", str(page)]) == 0
    assert outputs_differ(page, tmp_path / "model_def_weights", FILES / f"{producer}_npy") == ()


def test_a_model_of_cudnn_computes_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page, files = (
        tmp_path / "model_def.py",
        [str(CUDNN / name) for name in ("cudnn.json", "cudnn.h5")],
    )
    assert cli.main([files[0], "--weights", files[1], "-o", str(page)]) == 0
    assert "its weights are others" not in capsys.readouterr().err
    assert outputs_differ(page, tmp_path / "model_def_weights", CUDNN) == ()


@pytest.mark.parametrize("name", ["keras1.2/conv", "keras1.2/rnns"])
def test_a_model_of_keras_1_computes_the_same(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ((case, path),) = ((case, path) for case, path in HDF5 if case.id == name)
    assert case.numeric is not None
    page, weights = tmp_path / "page.py", tmp_path / "w"
    words = [str(case.path), "--weights", str(path), "--weights-out", str(weights)]
    assert cli.main([*words, "-o", str(page)]) == 0
    assert "weight-order" not in capsys.readouterr().err
    assert outputs_differ(page, weights, case.numeric) == ()
