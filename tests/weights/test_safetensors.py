"""Weights in the safetensors format."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kcodegen.diagnostics import CompileError
from kcodegen.ir.graph import Graph, Layer
from kcodegen.weights.files import safetensors
from kcodegen.weights.files.sources import Producer
from kcodegen.weights.files.store import whole, widened
from kcodegen.weights.formats import gathered

DTYPES = {"float32": "F32", "float16": "F16", "int8": "I8", "int64": "I64", "bool": "BOOL"}


def dense(name: str) -> Layer:
    return Layer(name, "keras.layers.Dense", (("units", 4),), built=(None, 4))


def gru(name: str) -> Layer:
    return Layer(name, "keras.layers.GRU", (("units", 4),), built=(None, 5, 4))


# "b" comes before "a" in the model, and after it in any sorted file.
GRAPH = Graph("model", "keras.Sequential", (dense("b"), dense("a"), gru("c")))
NAMES = ["b/kernel", "b/bias", "a/kernel", "a/bias"]
NAMES += [f"c/gru_cell/{role}" for role in ("kernel", "recurrent_kernel", "bias")]
SHAPES = [(4, 4), (4,), (4, 4), (4,), (4, 12), (4, 12), (2, 12)]
ARRAYS = [np.random.default_rng(i).normal(size=s).astype("f4") for i, s in enumerate(SHAPES)]


def saved(
    path: Path, arrays: dict[str, Any], change: Callable[[Any], object] | None = None
) -> Path:
    """Write a file; `change` may spoil its header first."""
    header: dict[str, Any] = {"__metadata__": {"format": "np"}}
    data = b""
    for name, array in sorted(arrays.items()):
        bits = np.ascontiguousarray(array).tobytes()
        header[name] = {
            "dtype": DTYPES[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [len(data), len(data) + len(bits)],
        }
        data += bits
    if change is not None:
        change(header)
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


def read(path: Path) -> list[Any]:
    with gathered(path, GRAPH, Producer()) as matched:
        return [widened(whole(s), s.dtype).reshape(s.shape) for _, s in matched.weights]


@pytest.mark.parametrize(
    "renamed",
    [
        lambda i, name: name,
        lambda i, name: f"model/{name}",
        lambda i, name: f"{name}:0",
        lambda i, name: name.replace("/", "."),
        lambda i, name: f"weight_{i}",
        lambda i, name: str(i),
    ],
)
def test_an_array_is_found_by_its_name_or_its_number(
    tmp_path: Path, renamed: Callable[[int, str], str]
) -> None:
    names = [renamed(i, name) for i, name in enumerate(NAMES)]
    path = saved(tmp_path / "a.safetensors", dict(zip(names, ARRAYS, strict=True)))
    found = read(path)
    assert all(np.array_equal(a, b) for a, b in zip(found, ARRAYS, strict=True))


def test_names_that_tell_nothing_are_refused(tmp_path: Path) -> None:
    """The order of a file is no help: it is sorted."""
    names = [name.replace("b/", "x/").replace("a/", "y/") for name in NAMES]
    path = saved(tmp_path / "a.safetensors", dict(zip(names, ARRAYS, strict=True)))
    with pytest.raises(CompileError, match="don't tell which weight is which: c/gru_cell/bias"):
        read(path)


def test_shards_are_put_together(tmp_path: Path) -> None:
    halves = [
        dict(zip(NAMES[:3], ARRAYS[:3], strict=True)),
        dict(zip(NAMES[3:], ARRAYS[3:], strict=True)),
    ]
    places = {}
    for number, half in enumerate(halves):
        path = saved(tmp_path / f"model-{number}.safetensors", half)
        places |= dict.fromkeys(half, path.name)
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": places}))
    assert all(np.array_equal(a, b) for a, b in zip(read(index), ARRAYS, strict=True))
    saved(tmp_path / "model-1.safetensors", dict(zip(NAMES[2:], ARRAYS[2:], strict=True)))
    with pytest.raises(CompileError, match="another file has a\\?kernel, too"):
        read(index)
    (tmp_path / "model-0.safetensors").unlink()
    with pytest.raises(CompileError, match="there is no file model-0"):
        read(index)


@pytest.mark.parametrize(
    "name", ["../a.safetensors", "/a.safetensors", "a\\b.safetensors", "a.npy", 3]
)
def test_a_shard_lies_beside_its_index(tmp_path: Path, name: object) -> None:
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"x": name}}))
    with pytest.raises(CompileError, match="no name of a file beside it"):
        read(index)


def entry(**fields: Any) -> Callable[[Any], object]:
    return lambda header: header["a/kernel"].update(fields)


LONGER = {"shape": [4, 13], "data_offsets": [448, 656]}
SPOILT: dict[str, tuple[Callable[[Any], object], str]] = {
    "type": (entry(dtype="F4"), "has the type F4"),
    "no type": (entry(dtype=None), "has the type None"),
    "size": (entry(shape=[4, 5]), "another size than its shape"),
    "huge": (entry(shape=[2**62, 2**62]), "another size than its shape"),
    "too huge": (entry(shape=[2**64]), "has no shape"),
    "negative": (entry(shape=[-4, -4]), "has no shape"),
    "truth": (entry(shape=[True]), "has no shape"),
    "axes": (entry(shape=[1] * 65 + [16]), "another size than its shape"),
    "hole": (entry(data_offsets=[20, 84]), "doesn't begin where another ends"),
    "overlap": (entry(data_offsets=[0, 64]), "doesn't begin where another ends"),
    "offsets": (entry(data_offsets=[16]), "no place"),
    "beyond": (lambda h: h["c/gru_cell/recurrent_kernel"].update(LONGER), "bytes of"),
    "field": (entry(more=1), "is not complete"),
    "list": (lambda h: h.update({"a/kernel": []}), "is not complete"),
}  # fmt: skip


@pytest.mark.parametrize("kind", SPOILT)
def test_a_header_that_is_not_right_is_refused(tmp_path: Path, kind: str) -> None:
    change, why = SPOILT[kind]
    path = saved(tmp_path / "a.safetensors", dict(zip(NAMES, ARRAYS, strict=True)), change)
    with pytest.raises(CompileError, match="a.safetensors is no plain safetensors file: .*" + why):
        read(path)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b'{"a": 1, "a": 2}', "a name twice"),
        (b'{"a": ' + b"[" * 100_000, "no JSON"),
        (b"{", "no JSON"),
        (b'{"\xff": 1}', "no JSON"),
    ],
)
def test_a_header_that_is_no_json_is_refused(tmp_path: Path, text: bytes, why: str) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text)
    with pytest.raises(CompileError, match=why):
        read(path)


def test_a_file_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.safetensors", dict(zip(NAMES, ARRAYS, strict=True)))
    whole_file = path.read_bytes()
    for size in (8, 9, 100, len(whole_file) - 1):
        path.write_bytes(whole_file[:size])
        with pytest.raises(CompileError):
            read(path)
    path.write_bytes(whole_file + b"x")
    with pytest.raises(CompileError, match="bytes of"):
        read(path)


def test_numbers_of_half_precision(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    text = json.dumps({"x": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"\x80\x3f\x00\xc0")
    (stored,) = safetensors.read(path).arrays
    assert widened(whole(stored), stored.dtype).tolist() == [1.0, -2.0]
