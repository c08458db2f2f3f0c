"""`kcodegen.convert_weights` writes the folder that the command line writes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import kcodegen
from kcodegen import cli
from tests.weights.saved import FILES

WHOLE = FILES / "hdf5" / "tf2.15_legacy.h5"
CHECKPOINTS = FILES / "checkpoints" / "tf2.15"


def contents(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("file", "weights", "target"),
    [
        (WHOLE, None, "keras3"),
        (WHOLE, None, "keras2"),
        (FILES / "tfjs" / "tf2.15" / "model.json", None, "keras3"),
        (CHECKPOINTS / "nested.json", CHECKPOINTS / "nested", "keras3"),
        (CHECKPOINTS / "nested.json", CHECKPOINTS / "nested", "keras2"),
        (CHECKPOINTS / "trained.json", CHECKPOINTS / "trained", "keras3"),
    ],
)
def test_it_does_what_the_command_line_does(
    file: Path, weights: Path | None, target: str, tmp_path: Path
) -> None:
    given = [] if weights is None else ["--weights", str(weights)]
    words = [str(file), *given, "-o", str(tmp_path / "page.py"), "--checksums", "--target", target]
    assert cli.main(words) == 0
    options = kcodegen.Options(target=target)
    converted = kcodegen.convert_weights(file, tmp_path / "w", weights, options, checksums=True)
    assert contents(tmp_path / "w") == contents(tmp_path / "page_weights")
    assert converted.directory == tmp_path / "w"
    assert set(contents(converted.directory)) == {*converted.files, "manifest.json"}
    assert all(diagnostic.severity != "error" for diagnostic in converted.diagnostics)


@pytest.mark.parametrize(
    ("file", "weights", "message"),
    [
        (CHECKPOINTS / "nested.json", None, "'nested.json' is no file of weights that is known"),
        (CHECKPOINTS / "nested.json", CHECKPOINTS / "plain", "4 layers with weights"),
        (CHECKPOINTS / "nested.json", CHECKPOINTS / "no", "cannot read"),
        (CHECKPOINTS / "no.json", CHECKPOINTS / "nested", "cannot read"),
    ],
)
def test_what_cannot_be_converted_is_an_error(
    file: Path, weights: Path | None, message: str, tmp_path: Path
) -> None:
    with pytest.raises(kcodegen.KcodegenError, match=message):
        kcodegen.convert_weights(file, tmp_path / "w", weights)
    assert list(tmp_path.iterdir()) == []


def test_an_object_has_no_weights(tmp_path: Path) -> None:
    path = tmp_path / "adam.json"
    path.write_text('{"module": "keras.optimizers", "class_name": "Adam", "config": {}}')
    with pytest.raises(kcodegen.CompileError, match="the file holds no model"):
        kcodegen.convert_weights(path, tmp_path / "w")


def test_importing_kcodegen_imports_little() -> None:
    code = (
        "import sys, kcodegen; kcodegen.convert_weights\n"
        "print('numpy' in sys.modules, 'h5py' in sys.modules)"
    )
    before = "import sys, kcodegen; print([m for m in sys.modules if 'pipeline' in m])\n"
    done = subprocess.run(
        [sys.executable, "-c", before + code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\nFalse False\n"
