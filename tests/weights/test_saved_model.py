"""A SavedModel of tf.keras becomes a page and its weights by one command."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import numpy as np
import pytest

from kcodegen import convert_weights
from tests.cli.inputs import run

# Dense, Add and BatchNormalization with random weights, saved by `model.save(path)` of TensorFlow
# 2.3 and 2.15; `weights.npz` is its `get_weights()`.
FILES = Path(__file__).parent / "files" / "saved_model"


@pytest.fixture(params=["tf2.3", "tf2.15"])
def saved(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return the folder as TensorFlow wrote it, but for the graph of 2.15."""
    source, place = FILES / request.param, tmp_path / "saved"
    (place / "variables").mkdir(parents=True)
    (place / "saved_model.pb").write_bytes(b"\x08\x01")
    for path in source.iterdir():
        if path.suffix == ".gz":
            (place / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
        elif path.suffix != ".npz":
            shutil.copy(path, place / "variables")
    return place


def check(folder: Path, version: str) -> None:
    """Compare a folder of weights with those that were saved, bit for bit."""
    with np.load(FILES / version / "weights.npz") as wanted:
        assert len(list(folder.glob("*.npy"))) == len(wanted.files)
        for place in range(len(wanted.files)):
            found = np.load(folder / f"weight_{place}.npy")
            assert np.array_equal(found, wanted[f"arr_{place}"]), place


def test_the_page_comes_with_its_weights(
    saved: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    outcome = run(saved, "-o", "page.py", cwd=tmp_path)
    assert (outcome.returncode, outcome.stderr) == (0, b"")
    check(tmp_path / "page_weights", request.node.callspec.params["saved"])


def test_a_file_in_it_will_do(saved: Path, tmp_path: Path) -> None:
    file = next(path for path in saved.glob("*.pb") if path.stat().st_size > 2)
    outcome = run(file, "-o", "page.py", cwd=tmp_path)
    assert outcome.returncode == 0
    assert (tmp_path / "page_weights" / "manifest.json").exists()


def test_python_converts_them_too(saved: Path, tmp_path: Path) -> None:
    assert len(convert_weights(saved, tmp_path / "weights").files) == 10


def test_without_its_variables_it_is_an_architecture_alone(saved: Path, tmp_path: Path) -> None:
    shutil.rmtree(saved / "variables")
    outcome = run(saved, "-o", "page.py", cwd=tmp_path)
    assert outcome.returncode == 0
    assert not (tmp_path / "page_weights").exists()


def test_verification_loads_what_keras_can(saved: Path, tmp_path: Path) -> None:
    outcome = run(saved, "-o", "page.py", "--verify", cwd=tmp_path)
    assert outcome.returncode == 0
    assert b"Errno" not in outcome.stderr
