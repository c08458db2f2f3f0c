"""HDF5 from strangers: what is read, and what is refused before anything is allocated."""

from __future__ import annotations

import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from kcodegen.diagnostics import CompileError, FileError
from kcodegen.weights.files import hdf5


def written(path: Path, write: Callable[[Any], object]) -> Path:
    with h5py.File(path, "w") as file:
        write(file)
    return path


def read(path: Path, name: str = "x") -> Any:
    """Return a dataset of the root, put together from its pieces."""
    with hdf5.opened(path) as file:
        found = hdf5.array(hdf5.child(file, name))
        parts = list(found.pieces())
        assert all(part.ndim == 1 for part in parts)
        return np.concatenate(parts).reshape(found.shape) if parts else np.empty(found.shape)


def refusal(path: Path, name: str = "x") -> str:
    with pytest.raises(CompileError) as caught:
        read(path, name)
    return str(caught.value)


@pytest.mark.parametrize(
    "dtype", ["float32", "float64", "float16", "int8", "int64", "uint8", "bool"]
)
@pytest.mark.parametrize("shape", [(), (3,), (0, 4), (5, 1, 7)])
def test_plain_arrays_are_read(tmp_path: Path, dtype: str, shape: tuple[int, ...]) -> None:
    values = np.asarray(np.random.default_rng(0).normal(size=shape)).astype(dtype)
    path = written(tmp_path / "a.h5", lambda file: file.create_dataset("x", data=values))
    found = read(path)
    assert found.shape == shape
    assert np.array_equal(found, values)


def test_big_endian_numbers_keep_their_values(tmp_path: Path) -> None:
    path = written(
        tmp_path / "a.h5", lambda file: file.create_dataset("x", data=[1.5], dtype=">f4")
    )
    assert read(path).tolist() == [1.5]


@pytest.mark.parametrize("shape", [(1000,), (7, 11, 13), (1, 1000), (1000, 1), (3, 1, 333)])
@pytest.mark.parametrize("chunks", [None, 1, 3])
@pytest.mark.parametrize("piece", [4, 40, 900])
def test_pieces_go_through_an_array_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shape: Any, chunks: int | None, piece: int
) -> None:
    monkeypatch.setattr(hdf5, "PIECE", piece)
    values = np.arange(np.prod(shape), dtype="f4").reshape(shape)
    cut = None if chunks is None else tuple(min(chunks, size) for size in shape)
    made = written(
        tmp_path / "a.h5",
        lambda file: file.create_dataset(
            "x", data=values, chunks=cut, compression="gzip" if cut else None
        ),
    )
    assert np.array_equal(read(made), values)


def gigantic(file: Any, **how: Any) -> None:
    file.create_dataset("x", shape=(10**6, 10**6), dtype="f4", **how)


def external(file: Any) -> None:
    file.create_dataset("x", shape=(4,), dtype="u1", external=[("/etc/passwd", 0, 4)])


def virtual(file: Any) -> None:
    layout = h5py.VirtualLayout(shape=(4,), dtype="f4")
    layout[:] = h5py.VirtualSource("other.h5", "y", shape=(4,))
    file.create_virtual_dataset("x", layout)


def plugin(file: Any) -> None:
    created = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    created.set_chunk((4,))
    created.set_filter(32015, h5py.h5z.FLAG_OPTIONAL, ())
    h5py.h5d.create(file.id, b"x", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((4,)), created)


REFUSED: dict[str, tuple[Callable[[Any], object], str]] = {
    "bomb": (
        lambda f: gigantic(f, chunks=(1000, 1000), compression="gzip"),
        "claims 4000000000000",
    ),
    "unwritten": (gigantic, "is cut short: it claims 4000000000000 bytes and stores 0"),
    "chunk": (
        lambda f: gigantic(f, chunks=(10**4, 10**5), compression="gzip"),
        "in chunks of more",
    ),
    "external": (external, "keeps its numbers in another file"),
    "virtual": (virtual, "is put together from other datasets"),
    "plugin": (plugin, "only a plugin can undo"),
    "soft": (lambda f: f.update({"y": 1, "x": h5py.SoftLink("/y")}), "is a link to another place"),
    "dangling": (lambda f: f.update({"x": h5py.SoftLink("/y")}), "is a link to another place"),
    "linked": (lambda f: f.update({"x": h5py.ExternalLink("b.h5", "/y")}), "is a link to another"),
    "type": (lambda f: f.update({"x": np.dtype("f4")}), "neither a group nor a dataset"),
    "text": (lambda f: f.create_dataset("x", data=["a"]), "holds Python objects or text"),
    "bytes": (lambda f: f.create_dataset("x", data=np.array([b"abc"])), "holds text"),
    "records": (lambda f: f.create_dataset("x", data=np.zeros(2, "f4,i4")), "records with fields"),
    "lists": (lambda f: f.create_dataset("x", (2,), h5py.vlen_dtype("f4")), "Python objects"),
    "arrays": (lambda f: f.create_dataset("x", (2,), np.dtype(("f4", 3))), "arrays within arrays"),
    "opaque": (lambda f: f.create_dataset("x", data=np.zeros(2, "V8")), "bytes without a type"),
    "references": (lambda f: f.create_dataset("x", (2,), h5py.ref_dtype), "Python objects"),
    "empty": (lambda f: f.create_dataset("x", data=h5py.Empty("f4")), "is empty"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_not_plain_is_refused_by_its_name(tmp_path: Path, kind: str) -> None:
    write, why = REFUSED[kind]
    path = written(tmp_path / "a.h5", write)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    message = refusal(path)
    assert message.startswith("/x in the HDF5 file ")
    assert why in message
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 2**10


def test_a_name_from_strangers_is_printed_harmlessly(tmp_path: Path) -> None:
    name = "a\x1b[31m\n.."
    path = written(tmp_path / "a.h5", lambda file: file.create_dataset(name, data=["a"]))
    assert refusal(path, name).startswith("/a??31m?.. in the HDF5 file ")


def test_a_path_is_no_name(tmp_path: Path) -> None:
    path = written(tmp_path / "a.h5", lambda file: file.create_dataset("g/x", data=1))
    with hdf5.opened(path) as file:
        for name in ("g/x", "/g", ".", "", "..", "h"):
            assert hdf5.child(file, name) is None
        group = hdf5.descend(file, "g")
        assert hdf5.members(group) == ("x",)
        assert hdf5.descend(file, "g", "x") is None


@pytest.mark.parametrize("size", [0, 7, 8, 100, 2000, 4000])
def test_a_file_that_is_cut_short_is_refused(tmp_path: Path, size: int) -> None:
    path = written(tmp_path / "a.h5", lambda f: f.create_dataset("g/x", data=np.ones(1000, "f4")))
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(CompileError, match="damaged"), hdf5.opened(path) as file:
        list(hdf5.array(hdf5.child(hdf5.descend(file, "g"), "x")).pieces())


def test_damaged_chunks_are_refused(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=5000)
    path = written(
        tmp_path / "a.h5", lambda f: f.create_dataset("x", data=values, compression="gzip")
    )
    data = bytearray(path.read_bytes())
    data[-2000:-1000] = bytes(1000)
    path.write_bytes(data)
    assert "damaged" in refusal(path)


def test_a_file_that_cannot_be_opened_is_no_damaged_one(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing.h5"):
        with pytest.raises(FileError, match="cannot read"), hdf5.opened(path):
            pass


def test_an_error_of_the_caller_stays_what_it_is(tmp_path: Path) -> None:
    path = written(tmp_path / "a.h5", lambda file: file.create_group("g"))
    with pytest.raises(OSError, match="full"), hdf5.opened(path):
        raise OSError("full")


def test_names_in_attributes(tmp_path: Path) -> None:
    def write(file: Any) -> None:
        file.attrs["fixed"] = [b"a", b"bcd"]
        file.attrs["one"] = "é"
        file.attrs["free"] = ["x", "yy"]
        file.attrs["long0"] = [b"a"]
        file.attrs["long1"] = [b"b"]
        file.attrs["none"] = np.zeros((0,), "S1")

    with hdf5.opened(written(tmp_path / "a.h5", write)) as file:
        assert hdf5.texts(file, "fixed") == ("a", "bcd")
        assert hdf5.texts(file, "one") == ("é",)
        assert hdf5.texts(file, "free") == ("x", "yy")
        assert hdf5.texts(file, "long") == ("a", "b")
        assert hdf5.texts(file, "none") == ()
        assert hdf5.texts(file, "missing") is None


def test_a_long_list_of_short_texts_is_read_in_a_large_file(tmp_path: Path) -> None:
    def write(file: Any) -> None:
        file.create_dataset("x", data=np.zeros(2**22, "u1"))
        file.attrs["names"] = ["a"] * 1000

    with hdf5.opened(written(tmp_path / "a.h5", write)) as file:
        assert hdf5.texts(file, "names") == ("a",) * 1000


def test_a_list_that_might_unfold_is_refused(tmp_path: Path) -> None:
    """A thousand texts may be one and the same large one in the file, and each be read anew."""

    def write(file: Any) -> None:
        file.attrs["names"] = ["a"] * 999 + ["b" * 2**21]
        file.attrs["numbers"] = [1, 2]

    with hdf5.opened(written(tmp_path / "a.h5", write)) as file:
        for name in ("names", "numbers"):
            with pytest.raises(CompileError, match=f"attribute {name} that is no list of names"):
                hdf5.texts(file, name)


def test_bfloat16_of_keras_2_is_read(tmp_path: Path) -> None:
    """HDF5 has no name for it, and holds its bytes."""
    from kcodegen.weights.files import legacy_hdf5
    from kcodegen.weights.files.store import whole, widened

    bits = np.array([0x3F80, 0xC000], "u2")
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file.attrs["layer_names"] = [b"d"]
        file.create_group("d").attrs["weight_names"] = [b"d/mean:0"]
        file["d/d/mean:0"] = bits.view("V2")
    with hdf5.opened(tmp_path / "w.h5") as file:
        (array,) = legacy_hdf5.read(file).arrays
        assert array.dtype == "bfloat16"
        assert widened(whole(array), array.dtype).tolist() == [1.0, -2.0]
