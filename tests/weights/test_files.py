"""Files of weights from strangers: what is sound is read in pieces, all else is refused."""

from __future__ import annotations

import json
import os
import struct
import zipfile
from pathlib import Path
from typing import Any

import h5py
import ml_dtypes
import numpy as np
import pytest

from kcodegen.diagnostics import CompileError, FileError, KcodegenError
from kcodegen.ir.document import Node
from kcodegen.weights.files import hdf5, legacy_hdf5, numpy_files, store, tfjs
from kcodegen.weights.files.sources import Source
from kcodegen.weights.files.store import whole


def arrays(source: Source) -> dict[str, Any]:
    """Return the arrays of a file by their names."""
    return {"/".join(array.name): whole(array) for array in source.arrays}


def why(error: KcodegenError) -> str:
    """Return what is said, which must be harmless and on one line."""
    said = "; ".join(found.message for found in error.diagnostics)
    assert said.isprintable()
    return said


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read everything in pieces of a few bytes."""
    for module in (store, numpy_files, tfjs):
        monkeypatch.setattr(module, "PIECE", 24)


# npz


def test_an_archive_of_numpy_is_read(tmp_path: Path, small_pieces: None) -> None:
    path = tmp_path / "w.npz"
    kept = {
        "a/kernel": np.arange(60, dtype="f4").reshape(3, 20),
        "a/turned": np.asfortranarray(np.arange(12.0).reshape(3, 4)),
        "a/big": np.arange(7, dtype=">i4"),
        "a/none": np.zeros((0, 3), "f2"),
        "a/one": np.float64(3.5),
    }
    for save in (np.savez, np.savez_compressed):
        save(path, **kept)
        source = numpy_files.read_npz(path)
        assert source.kind == "names"
        found = arrays(source)
        assert list(found) == list(kept)
        for name, array in kept.items():
            np.testing.assert_array_equal(found[name], array)


def test_arrays_with_numbers_come_by_number(tmp_path: Path) -> None:
    path = tmp_path / "w.npz"
    np.savez(path, *(np.full(1, i) for i in range(12)))
    source = numpy_files.read_npz(path)
    assert source.kind == "numbers"
    assert [int(whole(array)[0]) for array in source.arrays] == list(range(12))
    np.savez(path, arr_0=np.ones(1), arr_2=np.ones(1))
    with pytest.raises(CompileError, match="have gaps"):
        numpy_files.read_npz(path)


def test_bfloat16_of_numpy_is_known_by_its_two_bytes(tmp_path: Path) -> None:
    array = np.array([1.5, -2.0, 3e38], ml_dtypes.bfloat16)
    np.save(tmp_path / "weight_0.npy", array)
    np.savez(tmp_path / "w.npz", array)
    for source in (numpy_files.read_folder(tmp_path), numpy_files.read_npz(tmp_path / "w.npz")):
        (found,) = source.arrays
        assert found.dtype == "bfloat16"
        np.testing.assert_array_equal(whole(found), array.view("u2"))


def test_what_an_archive_must_not_hold(tmp_path: Path) -> None:
    path = tmp_path / "w.npz"
    np.savez(path, fine=np.ones(2), a=np.array([{}], object), b=np.zeros(2, [("x", "f4")]))
    with pytest.raises(CompileError) as caught:
        numpy_files.read_npz(path)
    said = why(caught.value)
    assert "a.npy holds Python objects" in said
    assert "b.npy holds records" in said


def header_of(shape: str) -> bytes:
    """Return a header of numpy for an array of a shape."""
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (header_of("(9,)") + bytes(8), "cut short"),
        (header_of("(-1,)"), "negative"),
        (header_of("(4294967296, 4294967296)"), "no memory"),
        (header_of("(1,)") + bytes(8), "longer than its header says"),
        (b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**31), "longer than"),
        (b"\x93NUM", "no .npy file"),
    ],
)
def test_a_member_that_is_no_array_is_refused(tmp_path: Path, data: bytes, word: str) -> None:
    path = tmp_path / "w.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../\x1b[31m.npy", data)
    with pytest.raises(CompileError) as caught:
        numpy_files.read_npz(path)
    assert word in why(caught.value)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "w.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", header_of("(16777216,)") + bytes(2**26))
    data = path.read_bytes().replace(
        struct.pack("<I", 2**26 + len(header_of("(16777216,)"))), b"\xff\xff\xff\x7f"
    )
    path.write_bytes(data)
    with pytest.raises(CompileError, match="claims"):
        numpy_files.read_npz(path)


def test_members_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.npy", header_of("()") + bytes(4))
        archive.writestr("b.npy", header_of("()") + bytes(4))
    path.write_bytes(path.read_bytes().replace(b"b.npy", b"a.npy"))
    with pytest.raises(CompileError, match="twice"):
        numpy_files.read_npz(path)


def test_a_damaged_member_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.npz"
    np.savez_compressed(path, np.random.default_rng(0).normal(size=1000))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    (found,) = numpy_files.read_npz(path).arrays
    with pytest.raises(CompileError, match="damaged"):
        whole(found)


# TensorFlow.js


def manifest(*weights: dict[str, Any], paths: tuple[str, ...] = ("a.bin",)) -> Node:
    """Return a model.json with one group of shards."""
    return Node({"weightsManifest": [{"paths": list(paths), "weights": list(weights)}]})


def weight(name: str, *shape: int, dtype: str = "float32", **more: Any) -> dict[str, Any]:
    """Return a row of a manifest."""
    return {"name": name, "shape": list(shape), "dtype": dtype, **more}


def test_weights_may_go_over_the_ends_of_shards(tmp_path: Path, small_pieces: None) -> None:
    kernel, bias = np.arange(15, dtype="<f4").reshape(5, 3), np.arange(3, dtype="<i4")
    data = kernel.tobytes() + bias.tobytes()
    for number, start in enumerate(range(0, len(data), 13)):
        (tmp_path / f"{number}.bin").write_bytes(data[start : start + 13])
    paths = tuple(f"{number}.bin" for number in range(-(-len(data) // 13)))
    rows = weight("d/kernel", 5, 3), weight("d/bias", 3, dtype="int32"), weight("d/no", 0)
    found = arrays(tfjs.read(manifest(*rows, paths=paths), tmp_path))
    np.testing.assert_array_equal(found["d/kernel"], kernel)
    np.testing.assert_array_equal(found["d/bias"], bias)
    assert found["d/no"].shape == (0,)


@pytest.mark.parametrize("bits", ["uint8", "uint16"])
def test_small_integers_stand_for_numbers(tmp_path: Path, bits: str) -> None:
    kept = np.array([0, 1, 200, np.iinfo(bits).max], bits)
    (tmp_path / "a.bin").write_bytes(kept.tobytes())
    how = {"dtype": bits, "scale": 0.0123, "min": -1.5, "original_dtype": "float32"}
    (found,) = tfjs.read(manifest(weight("k", 4, quantization=how)), tmp_path).arrays
    expected = (kept.astype("f8") * 0.0123 - 1.5).astype("f4")
    assert whole(found).dtype == "float32"
    np.testing.assert_array_equal(whole(found), expected)
    (whole_numbers,) = tfjs.read(
        manifest(weight("k", 4, dtype="int32", quantization=how)), tmp_path
    ).arrays
    np.testing.assert_array_equal(whole(whole_numbers), np.rint(kept.astype("f8") * 0.0123 - 1.5))


def test_half_precision_is_widened(tmp_path: Path) -> None:
    kept = np.array([0.1, -2.5, 65504], "<f2")
    (tmp_path / "a.bin").write_bytes(kept.tobytes())
    (found,) = tfjs.read(
        manifest(weight("k", 3, quantization={"dtype": "float16"})), tmp_path
    ).arrays
    np.testing.assert_array_equal(whole(found), kept.astype("f4"))


@pytest.mark.parametrize(
    "name",
    ["../a.bin", "/etc/passwd", "x/../../a.bin", "C:\\a.bin", "", "./a.bin", "out/a.bin", "l"],
)
def test_a_shard_is_beside_its_model(tmp_path: Path, name: str) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (tmp_path / "a.bin").write_bytes(bytes(4))
    (model / "out").symlink_to(tmp_path)
    (model / "l").symlink_to(tmp_path / "a.bin")
    with pytest.raises(CompileError) as caught:
        tfjs.read(manifest(weight("k"), paths=(name,)), model)
    assert "is not beside the model" in why(caught.value)


@pytest.mark.parametrize(
    ("row", "word"),
    [
        (weight("k", 2), "hold 4 bytes, the weights in the manifest 8"),
        (weight("k", -1), "no shape"),
        (weight("k", 2**40, 2**40), "no memory"),
        (weight("k", dtype="string"), "no numbers"),
        (weight("k", dtype="\x1b[31m"), "no numbers"),
        (weight("k", quantization={"dtype": "int4"}), "not quantized to int4"),
        (weight("k", quantization={"dtype": "uint8"}), "missing"),
        (weight("k", quantization={"dtype": "uint8", "scale": "1", "min": 0}), "expected a number"),
        ({"name": "k", "shape": [], "dtype": 3}, "expected a string"),
        ({"name": "k", "shape": [True], "dtype": "int32"}, "expected an integer"),
    ],
)
def test_a_manifest_that_cannot_be_right_is_refused(
    tmp_path: Path, row: dict[str, Any], word: str
) -> None:
    (tmp_path / "a.bin").write_bytes(bytes(4))
    with pytest.raises(CompileError) as caught:
        tfjs.read(manifest(row), tmp_path)
    assert word in why(caught.value)


def test_a_shard_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"a\.bin.*no such file"):
        tfjs.read(manifest(weight("k")), tmp_path)
    os.mkfifo(tmp_path / "a.bin")
    with pytest.raises(FileError, match="it is no file"):
        tfjs.read(manifest(weight("k")), tmp_path)


# HDF5 by layers


def legacy(path: Path, chunked: bool = False, **layers: dict[str, Any]) -> Path:
    """Write weights as Keras does; `chunked` cuts the lists of names in two."""
    with h5py.File(path, "w") as file:
        listed(file, "layer_names", list(layers), chunked)
        for name, weights in layers.items():
            group = file.create_group(name)
            listed(group, "weight_names", list(weights), chunked)
            for key, array in weights.items():
                group[key] = array
    return path


def listed(item: Any, key: str, names: list[str], chunked: bool) -> None:
    """Write a list of names as an attribute, or as two."""
    encoded = [name.encode() for name in names]
    if chunked:
        item.attrs[f"{key}0"], item.attrs[f"{key}1"] = encoded[:1], encoded[1:]
    else:
        item.attrs[key] = encoded


@pytest.mark.parametrize("chunked", [False, True])
def test_lists_of_names_may_lie_in_parts(tmp_path: Path, chunked: bool) -> None:
    kernel = {"a/kernel:0": np.ones((2, 3), "f4"), "a/bias:0": np.zeros(3, "f2")}
    path = legacy(tmp_path / "w.h5", chunked, a=kernel, drop={}, b={"b/x:0": np.int8(3)})
    with hdf5.opened(path) as file:
        assert legacy_hdf5.is_legacy(file)
        source = legacy_hdf5.read(file)
        assert [name for name, _ in source.groups] == ["a", "drop", "b"]
        found = arrays(source)
    assert list(found) == ["a/a/kernel:0", "a/a/bias:0", "b/b/x:0"]
    assert [array.dtype.name for array in found.values()] == ["float32", "float16", "int8"]


def broken(path: Path, change: Any) -> str:
    """Return what is said of a file after a change."""
    legacy(path, a={"a/kernel:0": np.ones((2, 3), "f4")})
    with h5py.File(path, "r+") as file:
        change(file)
    with pytest.raises(CompileError) as caught, hdf5.opened(path) as file:
        legacy_hdf5.read(file)
    return why(caught.value)


def test_lists_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    path, secret = tmp_path / "w.h5", tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["a/kernel:0"] = np.ones((2, 3))

    def put(key: str, *names: bytes) -> Any:
        return lambda file: file.attrs.__setitem__(key, list(names))

    def link(file: Any) -> None:
        del file["a"]
        file["a"] = h5py.ExternalLink(str(secret), "/")

    def soft(file: Any) -> None:
        file["a"].attrs["weight_names"] = [b"x"]
        file["a"]["x"] = h5py.SoftLink("/a/a/kernel:0")

    def names(*given: bytes) -> Any:
        return lambda file: file["a"].attrs.__setitem__("weight_names", list(given))

    assert "on its list only" in broken(path, put("layer_names", b"a", b"b"))
    assert "two layers of one name" in broken(path, put("layer_names", b"a", b"a"))
    assert "on its list only" in broken(path, put("layer_names", b"../a"))
    assert "on its list only" in broken(path, names(b"a/\x1b[31m"))
    assert "on its list only" in broken(path, names(b"../a/a/kernel:0"))
    assert "on its list only" in broken(path, names(b"a"))
    assert "two weights of one name" in broken(path, names(b"a/kernel:0", b"a/kernel:0"))
    assert "link to another place" in broken(path, link)
    assert "link to another place" in broken(path, soft)


def test_a_manifest_is_json_that_may_be_anything(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(bytes(4))
    for value in (3, [3], [{}], [{"paths": 3, "weights": []}], [{"paths": [3], "weights": []}]):
        with pytest.raises(CompileError):
            tfjs.read(Node(json.loads(json.dumps({"weightsManifest": value}))), tmp_path)
