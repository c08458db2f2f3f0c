"""Checkpoints of TensorFlow: a table that says where each variable is, and shards of raw bytes.

model.ckpt.index                  dense/kernel: float32 (3, 4), shard 0, bytes 0 to 48
model.ckpt.data-00000-of-00001    the bytes

Source: `tensorflow/core/protobuf/tensor_bundle.proto` and `tensor_bundle.cc`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

from kcodegen.diagnostics import CompileError, Diagnostic, FileError, rejected
from kcodegen.protobuf import MalformedError, content, fields, number, varint
from kcodegen.records import record
from kcodegen.weights.files import sstable
from kcodegen.weights.files.crc32c import crc32c, unmasked
from kcodegen.weights.files.store import PIECE, Array, Stored, raw_dtype
from kcodegen.words import prose

MAX_SHARDS = 10_000
MAX_AXES = 254
MAX_TEXT = 256 * 2**20

# The numbers of TensorFlow's types, and what numpy calls them.
_STRING: Final = 7
_DTYPES: Final = {
    1: "float32",
    2: "float64",
    3: "int32",
    4: "uint8",
    5: "int16",
    6: "int8",
    8: "complex64",
    9: "int64",
    10: "bool",
    14: "bfloat16",
    17: "uint16",
    18: "complex128",
    19: "float16",
    22: "uint32",
    23: "uint64",
    24: "float8_e5m2",
    25: "float8_e4m3fn",
}
_SIZES: Final = {"bool": 1, "bfloat16": 2, "float8_e5m2": 1, "float8_e4m3fn": 1}


@record(frozen=True)
class Entry:
    """What an index says of one tensor: its type, its shape, and where its bytes are."""

    key: str
    dtype: int
    shape: tuple[int, ...]
    shard: int
    start: int
    size: int
    checksum: int


@record(frozen=True)
class Checkpoint:
    """The tensors of a checkpoint, each checked against its shard, by key."""

    entries: dict[str, Entry]
    shards: tuple[Path, ...]

    def is_array(self, key: str) -> bool:
        """Tell whether a key is that of an array of numbers."""
        return key in self.entries and self.entries[key].dtype in _DTYPES

    def array(self, key: str, name: tuple[str, ...]) -> Stored:
        """Return an array under the name that messages and the manifest show."""
        entry = self.entries[key]
        pieces = partial(_pieces, self.shards[entry.shard], entry)
        return Stored(name, entry.shape, _DTYPES[entry.dtype], pieces)

    def texts(self, key: str) -> list[bytes] | None:
        """Return the texts of a tensor of texts; None where there is none."""
        entry = self.entries.get(key)
        if entry is None or entry.dtype != _STRING:
            return None
        try:
            return _texts(self.shards[entry.shard], entry)
        except MalformedError:
            raise _damaged(entry) from None


def read(index: Path) -> Checkpoint:
    """Return what the index of a checkpoint names, in the shards beside it.

    Raises CompileError for what can't be right, FileError for a shard that can't be read.
    """
    try:
        rows = sstable.entries(index)
        key, header = next(rows, (b"-", b""))
        if key != b"":
            raise MalformedError
        shards, sizes = _shards(index, _shard_count(index, header))
        entries = {entry.key: entry for entry in (_entry(*row) for row in rows)}
    except MalformedError:
        raise _malformed("its index is no list of tensors") from None
    for entry in entries.values():
        _check_place(entry, sizes)
    _check_overlaps(list(entries.values()))
    return Checkpoint(entries, shards)


# The index


def _shard_count(index: Path, header: bytes) -> int:
    """Return how many shards there are; CompileError for bytes in the order of other machines."""
    found = {1: 0, 2: 0}
    for place, value in fields(header):
        if place in found:
            found[place] = number(value)
    if found[2] != 0:
        raise _malformed("it was written on a machine that is big-endian")
    if not 1 <= found[1] <= MAX_SHARDS:
        raise _malformed(f"{prose(index.name)} tells of {found[1]} shards")
    return found[1]


def _entry(key: bytes, value: bytes) -> Entry:
    """Return one line of the index."""
    name = key.decode("utf-8", "replace")
    found = {1: 0, 3: 0, 4: 0, 5: 0, 6: 0}
    shape: tuple[int, ...] = ()
    for place, field in fields(value):
        if place in found:
            found[place] = number(field)
        elif place == 2:
            shape = _shape(name, content(field))
        elif place == 7:
            raise _malformed(f"{prose(name)} lies in slices, as a partitioned variable does")
    return Entry(name, found[1], shape, found[3], found[4], found[5], found[6])


def _shape(name: str, message: bytes) -> tuple[int, ...]:
    sizes = []
    for place, dim in fields(message):
        if place == 2:
            sizes.append(next((number(size) for at, size in fields(content(dim)) if at == 1), 0))
        elif place == 3:
            raise _malformed(f"{prose(name)} has no known shape")
    if len(sizes) > MAX_AXES or any(not 0 <= size < 2**63 for size in sizes):
        raise _malformed(f"{prose(name)} has a shape of no array")
    return tuple(sizes)


def _check_place(entry: Entry, sizes: tuple[int, ...]) -> None:
    """Raise CompileError unless the bytes of a tensor lie in its shard, as many as it needs."""
    shown = prose(entry.key)
    if not 0 <= entry.shard < len(sizes) or entry.start < 0 or entry.size < 0:
        raise _malformed(f"{shown} lies nowhere")
    if entry.start + entry.size > sizes[entry.shard]:
        message = f"{shown} ends behind the end of its shard"
        raise rejected("truncated-weights", message, hint="copy the checkpoint again")
    dtype = _DTYPES.get(entry.dtype)
    if dtype is not None and math.prod(entry.shape) * _itemsize(dtype) != entry.size:
        raise _malformed(f"{shown} has another size than its shape")


def _check_overlaps(entries: list[Entry]) -> None:
    """Raise CompileError where two tensors share bytes: they would be more than the shards."""
    entries.sort(key=lambda entry: (entry.shard, entry.start, entry.size))
    shard = end = 0
    for entry in entries:
        if entry.shard == shard and entry.start < end:
            raise _malformed(f"{prose(entry.key)} shares its bytes with another tensor")
        shard, end = entry.shard, entry.start + entry.size


def _itemsize(dtype: str) -> int:
    """Return the bytes of a number, by the digits in the name of its type."""
    known = _SIZES.get(dtype)
    return int("".join(filter(str.isdigit, dtype))) // 8 if known is None else known


# The shards


def _shards(index: Path, count: int) -> tuple[tuple[Path, ...], tuple[int, ...]]:
    """Return the files beside an index that TensorFlow gives these names, and their sizes."""
    prefix = index.name.removesuffix(".index")
    paths, sizes = [], []
    for shard in range(count):
        path = index.with_name(f"{prefix}.data-{shard:05}-of-{count:05}")
        try:
            if not path.is_file():
                raise _unreadable(path, "it is no file" if path.exists() else "no such file")
            sizes.append(path.stat().st_size)
        except OSError as error:
            raise _unreadable(path, (error.strerror or "it can't be read").lower()) from None
        paths.append(path)
    return tuple(paths), tuple(sizes)


def _bytes(path: Path, entry: Entry) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(entry.start)
        left = entry.size
        while left:
            data = file.read(min(PIECE, left))
            if not data:
                raise _damaged(entry)
            left -= len(data)
            yield data


def _pieces(path: Path, entry: Entry) -> Iterator[Array]:
    """Yield the numbers of an array; CompileError at the end where their sum is another."""
    import numpy as np  # its import takes longer than most models do

    dtype, total = np.dtype(raw_dtype(_DTYPES[entry.dtype])).newbyteorder("<"), 0
    for data in _bytes(path, entry):
        total = crc32c(data, total)
        yield np.frombuffer(data, dtype)
    if total != unmasked(entry.checksum):
        raise _damaged(entry)


def _texts(path: Path, entry: Entry) -> list[bytes]:
    """Return the texts of a tensor: their lengths come first, and a sum of those."""
    if entry.size > MAX_TEXT or math.prod(entry.shape) > entry.size:
        raise _malformed(f"{prose(entry.key)} holds more than {MAX_TEXT} bytes of text")
    data, at, lengths = b"".join(_bytes(path, entry)), 0, []
    for _ in range(math.prod(entry.shape)):
        length, at = varint(data, at)
        lengths.append(length)
    stated, at = data[at : at + 4], at + 4
    total = crc32c(b"".join(length.to_bytes(4, "little") for length in lengths))
    if unmasked(int.from_bytes(stated, "little")) != total or at + sum(lengths) != len(data):
        raise MalformedError
    if crc32c(data[at:], crc32c(stated, total)) != unmasked(entry.checksum):
        raise MalformedError
    found = []
    for length in lengths:
        found.append(data[at : at + length])
        at += length
    return found


def _damaged(entry: Entry) -> CompileError:
    message = f"{prose(entry.key)} of the checkpoint is damaged"
    return rejected("truncated-weights", message, hint="copy the checkpoint again")


def _malformed(why: str) -> CompileError:
    message = f"the checkpoint is not as TensorFlow writes it today: {why}"
    return rejected("bad-checkpoint", message, hint="save it again, or its weights as .h5")


def _unreadable(path: Path, reason: str) -> FileError:
    message = f"cannot read {str(path)!a}: {reason}"
    return FileError(Diagnostic("unreadable-file", message, hint="it belongs to the checkpoint"))
