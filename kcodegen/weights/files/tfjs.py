"""Weights of TensorFlow.js: `model.json` with a manifest, and shards of raw bytes beside it.

paths   group1-shard1of2.bin group1-shard2of2.bin
weights dense/kernel (784, 128) float32, dense/bias (128,) float32, ...   one after the other
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

from kcodegen.diagnostics import CompileError, Diagnostic, FileError, rejected
from kcodegen.ir.document import Node
from kcodegen.records import record
from kcodegen.weights.files.sources import Producer, Source, version_of
from kcodegen.weights.files.store import PIECE, Array, Stored
from kcodegen.words import prose

_DTYPES: Final = {
    "float32": "<f4",
    "int32": "<i4",
    "bool": "|b1",
    "complex64": "<c8",
    "uint8": "|u1",
    "uint16": "<u2",
    "float16": "<f2",
}
_QUANTIZED: Final = ("uint8", "uint16", "float16")
_MAX_AXES, _MAX_SIZE = 64, 2**63


@record(frozen=True)
class _Quantized:
    """Numbers kept as small integers: `value * scale + low`; as they are with a scale of None."""

    dtype: str
    scale: float | None
    low: float


@record(frozen=True)
class _Shards:
    """Files that are one row of bytes; `ends` are the places in it where each file ends."""

    paths: tuple[Path, ...]
    ends: tuple[int, ...]

    def pieces(self, start: int, size: int, width: int) -> Iterator[bytes]:
        """Yield bytes of the row; every piece but the last is a multiple of `width` long."""
        waiting = b""
        for data in self._read(start, start + size):
            waiting += data
            full = len(waiting) - len(waiting) % width
            if full:
                yield waiting[:full]
                waiting = waiting[full:]
        if waiting:
            raise rejected("truncated-weights", "a shard is cut short", hint="copy it again")

    def _read(self, start: int, end: int) -> Iterator[bytes]:
        first = 0
        for path, last in zip(self.paths, self.ends, strict=True):
            low, high = max(start, first), min(end, last)
            if low < high:
                with path.open("rb") as file:
                    file.seek(low - first)
                    while low < high and (data := file.read(min(PIECE, high - low))):
                        low += len(data)
                        yield data
            first = last


def has_manifest(root: Node) -> bool:
    """Tell whether a document names the shards of its weights."""
    return isinstance(root.value, dict) and bool(root.value.get("weightsManifest"))


def read(root: Node, directory: Path) -> Source:
    """Return the weights that a document's manifest names, in shards in a folder.

    Raises CompileError for a manifest that can't be right, FileError for a shard that can't be
    read.
    """
    problems: list[Diagnostic] = []
    arrays: list[Stored] = []
    for group in root.field("weightsManifest").items():
        try:
            arrays.extend(_of_group(group, directory))
        except CompileError as error:
            problems.extend(error.diagnostics)
    if problems:
        raise CompileError(problems)
    return Source("names", (("", tuple(arrays)),), _producer(root))


def _producer(root: Node) -> Producer:
    topology = root.get("modelTopology")
    found = topology.value if topology is not None and isinstance(topology.value, dict) else {}
    version = found.get("keras_version")
    return Producer(version_of(version if isinstance(version, str) else None), "tensorflow")


def _of_group(group: Node, directory: Path) -> Iterator[Stored]:
    """Yield the weights of one group of shards."""
    weights = group.field("weights").items()
    shards = _shards(group.field("paths"), directory)
    place = 0
    for weight in weights:
        stored, size = _weight(weight, shards, place)
        place += size
        yield stored
    total = shards.ends[-1] if shards.ends else 0
    if place != total:
        message = f"the shards hold {total} bytes, the weights in the manifest {place}"
        raise group.error("truncated-weights", message, "are all shards complete?")


def _weight(node: Node, shards: _Shards, place: int) -> tuple[Stored, int]:
    """Return one weight that begins at a place, and how many bytes it has."""
    name, dtype = node.field("name").text(), node.field("dtype").text()
    shape = tuple(item.integer() for item in node.field("shape").items())
    if len(shape) > _MAX_AXES or any(not 0 <= size < _MAX_SIZE for size in shape):
        raise node.error("bad-shape", "this is no shape of an array")
    if dtype not in _DTYPES:
        raise node.error("bad-dtype", f"{prose(name)} holds {prose(dtype)}, no numbers")
    quantized = _quantization(node)
    raw = _DTYPES[dtype if quantized is None else quantized.dtype]
    width = int(raw[2:])
    size = math.prod(shape) * width
    if size >= _MAX_SIZE:
        raise node.error("bad-shape", "no memory can hold an array of this shape")
    pieces = partial(_pieces, shards, place, size, raw, dtype, quantized)
    return Stored(tuple(name.split("/")), shape, dtype, pieces), size


def _quantization(node: Node) -> _Quantized | None:
    found = node.get("quantization")
    if found is None:
        return None
    dtype = found.field("dtype").text()
    if dtype not in _QUANTIZED:
        raise found.error("bad-dtype", f"weights are not quantized to {prose(dtype)}")
    if dtype == "float16":
        return _Quantized(dtype, None, 0.0)
    return _Quantized(dtype, _number(found.field("scale")), _number(found.field("min")))


def _number(node: Node) -> float:
    if isinstance(node.value, bool) or not isinstance(node.value, (int, float)):
        raise node.wrong("a number")
    return float(node.value)


def _pieces(
    shards: _Shards, place: int, size: int, raw: str, dtype: str, quantized: _Quantized | None
) -> Iterator[Array]:
    """Yield the numbers of one weight."""
    import numpy as np  # its import takes longer than most models do

    for data in shards.pieces(place, size, int(raw[2:])):
        found: Any = np.frombuffer(data, raw)
        if quantized is not None and quantized.scale is not None:
            found = found.astype("float64") * quantized.scale + quantized.low
            found = np.rint(found) if dtype == "int32" else found
        yield found.astype(dtype, copy=False)


# Shards


def _shards(paths: Node, directory: Path) -> _Shards:
    """Return the shards of a group, each a plain file in the folder or below it."""
    found, ends, end = [], [], 0
    for node in paths.items():
        path = _inside(node, directory)
        try:
            if not path.is_file():
                raise _unreadable(path, "no such file" if not path.exists() else "it is no file")
            end += path.stat().st_size
        except OSError as error:
            raise _unreadable(path, (error.strerror or "it can't be read").lower()) from None
        found.append(path)
        ends.append(end)
    return _Shards(tuple(found), tuple(ends))


def _inside(node: Node, directory: Path) -> Path:
    """Return the path of a shard; an error for one that leads out of the folder."""
    name = node.text()
    parts = name.split("/")
    odd = any(part in ("", ".", "..") or "\\" in part or "\0" in part for part in parts)
    path = directory.joinpath(*parts) if not odd and not os.path.isabs(name) else None
    if path is None or ":" in name or not _is_below(path, directory):
        raise node.error("outside", f"the shard {prose(name)} is not beside the model")
    return path


def _is_below(path: Path, directory: Path) -> bool:
    """Tell whether a path, links followed, stays in a folder."""
    base = os.path.realpath(directory)
    return os.path.commonpath((base, os.path.realpath(path))) == base


def _unreadable(path: Path, reason: str) -> FileError:
    message = f"cannot read {str(path)!a}: {reason}"
    hint = "the shards have to lie beside the model's JSON file"
    return FileError(Diagnostic("unreadable-file", message, hint=hint))
