"""Folders of weights: what is written can be read back, and nothing is half written."""

from __future__ import annotations

import json
import os
import sys
import types
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from kcodegen.diagnostics import CompileError, FileError
from kcodegen.weights import manifest, writer
from kcodegen.weights.files.npy import folder
from kcodegen.weights.files.store import Stored, in_pieces, whole
from kcodegen.weights.variables.definition import Slot
from kcodegen.weights.writer import write_folder

SLOT = Slot("kernel", None, "keras.layers.Dense", ("cell",), ("encoder", "dense"))


def stored(array: Any, dtype: str = "", *name: str) -> Stored:
    """Return an array as a file has it."""
    array = np.asarray(array)
    flat = array.reshape(-1)
    return Stored(name or ("a",), array.shape, dtype or array.dtype.name, lambda: in_pieces(flat))


def test_what_is_written_is_what_numpy_reads(tmp_path: Path) -> None:
    arrays = [np.arange(6, dtype="f4").reshape(2, 3), np.float16(2.5), np.zeros((0, 4), "i8")]
    arrays += [np.arange(5, dtype=">i4"), np.array([True, False]), np.int8([-3])]
    write_folder(tmp_path / "w", [(SLOT, stored(array)) for array in arrays])
    for number, array in enumerate(arrays):
        found = np.load(tmp_path / "w" / f"weight_{number}.npy", allow_pickle=False)
        assert found.dtype == np.asarray(array).dtype.newbyteorder("<")
        np.testing.assert_array_equal(found, array, strict=False)
    assert len(folder(tmp_path / "w")) == len(arrays)


@pytest.mark.parametrize(
    "dtype", [ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2]
)
def test_types_that_numpy_has_not_become_float32(tmp_path: Path, dtype: Any) -> None:
    bits = np.arange(2 ** (8 * np.dtype(dtype).itemsize)).astype(f"u{np.dtype(dtype).itemsize}")
    numbers = bits.view(dtype)
    write_folder(tmp_path / "w", [(SLOT, stored(bits, np.dtype(dtype).name))])
    found = np.load(tmp_path / "w" / "weight_0.npy")
    assert found.dtype == "float32"
    np.testing.assert_array_equal(found, numbers.astype("float32"))
    known = ~np.isnan(found)
    np.testing.assert_array_equal(found[known].astype(dtype).view(bits.dtype), bits[known])


def test_the_manifest_says_what_each_file_is(tmp_path: Path) -> None:
    write_folder(tmp_path / "w", [(SLOT, stored(np.ones(2, "f4"), "", "g", "k:0"))], checksums=True)
    text = (tmp_path / "w" / "manifest.json").read_text("utf-8")
    (row,) = json.loads(text)["weights"]
    total = row.pop("sha256")
    expected = {"index": 0, "file": "weight_0.npy", "layer": "encoder/dense", "attributes": "cell"}
    expected |= {"role": "kernel", "shape": [2], "dtype": "float32", "source": "g/k:0"}
    assert row == expected
    assert total == manifest.digest(tmp_path / "w" / "weight_0.npy")
    assert manifest.verify(tmp_path / "w") == (1, 1)


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    write_folder(tmp_path / "w", [(SLOT, stored(np.ones(2, "f4")))], checksums=True)
    path = tmp_path / "w" / "weight_0.npy"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(CompileError, match="not the file whose sum"):
        manifest.verify(tmp_path / "w")
    np.save(path, np.ones(3, "f4"))
    with pytest.raises(CompileError, match="another shape"):
        manifest.verify(tmp_path / "w")
    path.unlink()
    with pytest.raises(CompileError, match=r"weight_0\.npy is missing"):
        manifest.verify(tmp_path / "w")


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{",
        '{"weights": 3}',
        '{"weights": [3]}',
        '{"weights": [{"file": "../x"}]}',
        '{"weights": [{"file": "weight_0.npy", "sha256": 3}]}',
        "[" * 100_000,
    ],
)
def test_a_manifest_of_a_stranger_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(CompileError, match="malformed"):
        manifest.verify(tmp_path)


def test_our_own_folder_is_replaced_and_no_other(tmp_path: Path) -> None:
    place = tmp_path / "w"
    write_folder(place, [(SLOT, stored([1.0])), (SLOT, stored([2.0]))])
    write_folder(place, [(SLOT, stored([3.0]))])
    assert sorted(os.listdir(place)) == ["manifest.json", "weight_0.npy"]
    assert os.listdir(tmp_path) == ["w"]
    (place / "notes.txt").write_text("mine")
    with pytest.raises(FileError, match=r"more than weights: notes\.txt"):
        write_folder(place, [])
    (tmp_path / "other").mkdir()
    np.save(tmp_path / "other" / "weight_0.npy", np.ones(3))
    with pytest.raises(FileError, match="kcodegen didn't write it"):
        write_folder(tmp_path / "other", [])
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match="is no folder"):
        write_folder(tmp_path / "file", [])
    with pytest.raises(FileError, match="there is no folder"):
        write_folder(tmp_path / "no" / "w", [])
    assert np.load(place / "weight_0.npy") == [3.0]


def test_what_fails_leaves_the_old_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "w"
    write_folder(place, [(SLOT, stored([1.0]))])
    short = Stored(("a",), (3,), "float32", lambda: iter([np.ones(2, "f4")]))
    with pytest.raises(CompileError, match="has 2 numbers and not 3"):
        write_folder(place, [(SLOT, short)])
    with pytest.raises(CompileError, match="has 2 numbers and not 3"):
        whole(short)

    real = os.rename

    def rename(old: Any, new: Any) -> None:
        if str(old).endswith(".tmp"):
            raise OSError(28, "No space left on device")
        real(old, new)

    monkeypatch.setattr(writer.os, "rename", rename)
    with pytest.raises(FileError, match="no space left"):
        write_folder(place, [(SLOT, stored([2.0]))])
    assert np.load(place / "weight_0.npy") == [1.0]
    assert os.listdir(tmp_path) == ["w"]


class Terminal:
    """A standard error that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("large", "shown"), [(0, [12]), (2**30, [])])
def test_only_what_is_large_has_a_progress_bar(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: int, shown: list[int]
) -> None:
    steps: list[int] = []

    class Bar:
        def __init__(self, total: int, **_: Any) -> None:
            assert total == 12

        def __enter__(self) -> Any:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def update(self, count: int) -> None:
            steps.append(count)

    monkeypatch.setitem(sys.modules, "tqdm", types.SimpleNamespace(tqdm=Bar))
    monkeypatch.setattr(writer.sys, "stderr", Terminal())
    monkeypatch.setattr(writer, "_LARGE", large)
    write_folder(tmp_path / "w", [(SLOT, stored(np.ones(3, "f4")))])
    assert steps == shown
    # Without the package there is no bar, and nothing is said.
    monkeypatch.setitem(sys.modules, "tqdm", None)
    write_folder(tmp_path / "w", [(SLOT, stored(np.ones(3, "f4")))])
