"""Headers of .npy files: what numpy writes is read, and nothing else gets through."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Any, Literal

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from kcodegen.diagnostics import CompileError, FileError
from kcodegen.weights.files.npy import Header, folder, read_header

PLAIN = ["?", *"bhilqBHILQ", "e", "f", "d", "F", "D"]


def saved(
    directory: Path, array: np.ndarray[Any, Any], version: tuple[int, int] | None = None
) -> Path:
    """Write an array and return the path."""
    path = directory / "weight_0.npy"
    with path.open("wb") as file:
        np.lib.format.write_array(file, array, version)
    return path


def header(directory: Path, text: bytes, data: bytes = b"", version: int = 1) -> Path:
    """Write a file with a header of our own and return the path."""
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    path = directory / "weight_0.npy"
    path.write_bytes(b"\x93NUMPY" + bytes([version, 0]) + length + text + data)
    return path


def refusal(path: Path) -> tuple[str, str]:
    """Return code and message of a file that must be refused."""
    with pytest.raises(CompileError) as caught:
        read_header(path)
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.message + diagnostic.hint).isprintable()
    return diagnostic.code, diagnostic.message


@given(
    st.sampled_from(PLAIN),
    st.sampled_from("<>"),
    arrays.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4),
    st.sampled_from([None, (1, 0), (2, 0), (3, 0)]),
    st.booleans(),
)
def test_what_numpy_writes_is_read(
    tmp_path_factory: pytest.TempPathFactory,
    code: str,
    order: Literal["<", ">"],
    shape: tuple[int, ...],
    version: tuple[int, int] | None,
    fortran: bool,
) -> None:
    array = np.zeros(shape, np.dtype(code).newbyteorder(order), order="F" if fortran else "C")
    path = saved(tmp_path_factory.mktemp("npy"), array, version)
    # numpy calls an array that is both ways contiguous C-ordered.
    in_fortran_order = array.flags.f_contiguous and not array.flags.c_contiguous
    assert read_header(path) == Header(shape, array.dtype.name, in_fortran_order, array.nbytes)


@pytest.mark.parametrize(
    ("dtype", "name"), [(ml_dtypes.bfloat16, "void16"), (ml_dtypes.float8_e4m3fn, "void8")]
)
def test_types_without_a_name_in_numpy_are_void(tmp_path: Path, dtype: type, name: str) -> None:
    path = tmp_path / "weight_0.npy"
    np.save(path, np.zeros((2, 3), dtype))
    assert (read_header(path).dtype, read_header(path).shape) == (name, (2, 3))


@pytest.mark.parametrize(
    ("array", "what"),
    [
        (np.array([{}], dtype=object), "holds Python objects"),
        (np.array(["a"]), "holds strings"),
        (np.array([b"a"]), "holds strings"),
        (np.array(["2020-01-01"], "M8[D]"), "holds dates"),
        (np.zeros(2, [("a", "f4"), ("b", "i4")]), "holds records with fields"),
        (np.zeros(2, np.longdouble), "holds the dtype"),
        (np.zeros(2, "V7"), "holds the dtype"),
    ],
)
def test_what_is_no_number_is_refused_by_name(
    tmp_path: Path, array: np.ndarray[Any, Any], what: str
) -> None:
    code, message = refusal(saved(tmp_path, array))
    assert code == "bad-dtype"
    assert message.startswith(f"weight_0.npy {what}")


FIELDS = b"{'descr': '<f4', 'fortran_order': False, 'shape': %s, }\n"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (FIELDS % b"(-1,)", "negative"),
        (FIELDS % b"(9223372036854775808, 0)", "no memory"),
        (FIELDS % b"(4294967296, 4294967296)", "no memory"),
        (FIELDS % b"(True,)", "malformed"),
        (FIELDS % b"[2]", "malformed"),
        (FIELDS % b"2", "malformed"),
        (FIELDS % b"(2 2)", "malformed"),
        (FIELDS % (b"(" + b"1," * 65 + b")"), "malformed"),
        (FIELDS % (b"(" + b"9" * 5000 + b",)"), ""),
        (FIELDS % b"(__import__('os').getpid(),)", "malformed"),
        (FIELDS % (b"(" * 900 + b")" * 900), "malformed"),
        (FIELDS % (b"(" * 20_000 + b")" * 20_000), "malformed"),
        (FIELDS % (b"-" * 40_000 + b"1"), "malformed"),
        (b"{'descr': '<f4', 'fortran_order': 1, 'shape': ()}", "malformed"),
        (b"{'descr': '<f4', 'shape': ()}", "malformed"),
        (b"{'descr': '<f4', 'fortran_order': False, 'shape': (), 'x': 1}", "malformed"),
        (b"{[]: 1}", "malformed"),
        (b"('descr', 'fortran_order', 'shape')", "malformed"),
        (b"", "malformed"),
        (b"\xff\xfe", "malformed"),
    ],
)
def test_a_hostile_header_is_refused(tmp_path: Path, text: bytes, word: str) -> None:
    for version in (1, 2, 3):
        code, message = refusal(header(tmp_path, text, bytes(4), version))
        assert code == "bad-npy"
        assert word in message


def test_headers_of_other_writers_are_read(tmp_path: Path) -> None:
    text = b'{"shape":(2,3),"fortran_order":True,"descr":"|u1"}'
    assert read_header(header(tmp_path, text, bytes(6))) == Header((2, 3), "uint8", True, 6)


def test_a_long_header_is_not_read(tmp_path: Path) -> None:
    path = header(tmp_path, b" " * 70_000, version=2)
    assert "longer than 65536 bytes" in refusal(path)[1]


def test_every_way_to_cut_a_file_is_noticed(tmp_path: Path) -> None:
    whole = saved(tmp_path, np.zeros((3, 2), "f4")).read_bytes()
    path = tmp_path / "weight_0.npy"
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        code, _ = refusal(path)
        assert code == ("not-npy" if length < 6 else "truncated-npy")
    path.write_bytes(whole + b"x")
    size = len(whole)
    said = f"weight_0.npy is longer than its header says: {size + 1} bytes instead of {size}"
    assert refusal(path) == ("bad-npy", said)


def test_other_files_are_no_npy(tmp_path: Path) -> None:
    path = tmp_path / "weight_0.npy"
    np.savez(tmp_path / "weights.npz", np.zeros(2))
    path.write_bytes((tmp_path / "weights.npz").read_bytes())
    assert refusal(path)[0] == "not-npy"
    path.write_bytes(b"\x93NUMPY\x04" + bytes(9))
    assert "version" in refusal(path)[1]


@given(st.binary(max_size=60), st.integers(0, 255))
def test_random_bytes_raise_nothing_but_compile_errors(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, version: int
) -> None:
    path = tmp_path_factory.mktemp("npy") / "weight_0.npy"
    for start in (b"", b"\x93NUMPY", b"\x93NUMPY" + bytes([version % 4, 0])):
        path.write_bytes(start + data)
        with pytest.raises(CompileError):
            read_header(path)


def test_what_is_no_file_is_a_file_error(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("gone", "pipe", "."):
        with pytest.raises(FileError, match="cannot read"):
            read_header(tmp_path / name)


# Folders


def filled(directory: Path, *names: str) -> Path:
    """Write arrays of growing size under these names and return the folder."""
    for i, name in enumerate(names):
        with (directory / name).open("wb") as file:
            np.save(file, np.zeros(i, "f4"))
    return directory


def complaints(directory: Path) -> list[tuple[str, str]]:
    """Return codes and messages of a folder that must be refused."""
    with pytest.raises(CompileError) as caught:
        folder(directory)
    return [(diagnostic.code, diagnostic.message) for diagnostic in caught.value.diagnostics]


def test_a_folder_is_read_by_number(tmp_path: Path) -> None:
    names = [f"weight_{i}.npy" for i in range(12)]
    filled(tmp_path, *names)
    filled(tmp_path, "inputs.npz", "labels.npy")
    assert [header.shape for header in folder(tmp_path)] == [(i,) for i in range(12)]


def test_all_that_is_wrong_with_a_folder_is_named_at_once(tmp_path: Path) -> None:
    filled(
        tmp_path, "weight_0.npy", "weight_2.npy", "weight_5.npy", "weight_03.npy", "weight_a.npy"
    )
    (tmp_path / "weight_2.npy").write_bytes(b"nothing")
    assert complaints(tmp_path) == [
        ("missing-weights", "missing: weight_1.npy, weight_3.npy, weight_4.npy"),
        ("unexpected-weights", "not expected: weight_03.npy, weight_a.npy"),
        ("not-npy", "weight_2.npy is no .npy file"),
    ]


def test_a_far_number_costs_nothing(tmp_path: Path) -> None:
    filled(tmp_path, "weight_0.npy", f"weight_{10**200}.npy")
    ((code, message),) = complaints(tmp_path)
    assert code == "missing-weights"
    assert message.startswith("missing: weight_1.npy, weight_2.npy, ")
    assert message.endswith(f"weight_10.npy and {10**200 - 11} more")


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    filled(tmp_path, "labels.npy")
    assert complaints(tmp_path) == [("no-weights", "the folder holds no weight_0.npy")]
    with pytest.raises(FileError, match="no such file or directory"):
        folder(tmp_path / "gone")


def test_hostile_names_do_not_reach_the_message(tmp_path: Path) -> None:
    filled(tmp_path, "weight_0.npy", "weight_\x1b[2J.npy")
    assert complaints(tmp_path) == [("unexpected-weights", "not expected: weight_??2J.npy")]
