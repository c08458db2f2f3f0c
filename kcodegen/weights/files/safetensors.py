"""Weights in the safetensors format: a JSON header, and the numbers of all arrays behind it.

An array is found by the name of its variable, as Keras 3 has it in `variable.path`
(`encoder/dense/kernel`), with dots for slashes (`encoder.dense.kernel`), or by its number among
`model.weights` (`weight_0`, `0`). The order of a file tells nothing: it is sorted by type.
Source: https://github.com/huggingface/safetensors#format
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from kcodegen.diagnostics import CompileError, rejected
from kcodegen.records import record
from kcodegen.weights.files.sources import Source, by_number
from kcodegen.weights.files.store import PIECE, Array, Stored
from kcodegen.words import prose

MAX_HEADER = 100 * 2**20
MAX_AXES = 64
_LENGTH = 8
_METADATA = "__metadata__"
# Their names, what numpy calls them, and their bytes.
_DTYPES = {
    "BOOL": ("bool", 1),
    "BF16": ("bfloat16", 2),
    "F8_E4M3": ("float8_e4m3fn", 1),
    "F8_E5M2": ("float8_e5m2", 1),
    **{f"F{bits}": (f"float{bits}", bits // 8) for bits in (16, 32, 64)},
    **{f"I{bits}": (f"int{bits}", bits // 8) for bits in (8, 16, 32, 64)},
    **{f"U{bits}": (f"uint{bits}", bits // 8) for bits in (8, 16, 32, 64)},
}


@record(frozen=True)
class Entry:
    """What a header says of one array: where its bytes begin in the file, and where they end."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


def is_safetensors(path: Path) -> bool:
    """Tell whether a file begins as one of this format does."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(_LENGTH + 1)
    length = int.from_bytes(start[:_LENGTH], "little")
    return start[_LENGTH:] == b"{" and length <= min(MAX_HEADER, size - _LENGTH)


def read(*paths: Path) -> Source:
    """Return the arrays of some files, which share none; by number where names are numbers."""
    arrays: dict[str, Stored] = {}
    for path in paths:
        if not path.is_file():
            raise rejected("missing-weights", f"there is no file {prose(path.name)}")
        for entry in _entries(path):
            if entry.name in arrays:
                raise _malformed(path, f"another file has {prose(entry.name)}, too")
            arrays[entry.name] = _stored(path, entry)
    return by_number(tuple(arrays.values()), "save each of model.weights under its path")


def _stored(path: Path, entry: Entry) -> Stored:
    separator = "/" if "/" in entry.name else "."
    name = tuple(entry.name.split(separator))
    return Stored(name, entry.shape, entry.dtype, partial(_pieces, path, entry))


def _entries(path: Path) -> Iterator[Entry]:
    """Yield what the header says, checked: the arrays fill the file, without gaps."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(_LENGTH), "little")
        if length > min(MAX_HEADER, size - _LENGTH):
            raise _malformed(path, "its header is longer than the file, or than any header")
        text = file.read(length)
    entries = sorted(_parsed(path, text), key=lambda entry: (entry.start, entry.end))
    at = 0
    for entry in entries:
        if entry.start != at:
            raise _malformed(path, f"{prose(entry.name)} doesn't begin where another ends")
        at = entry.end
    if at != size - _LENGTH - length:
        raise _malformed(path, f"it holds {size - _LENGTH - length} bytes of {at}")
    for entry in entries:
        base = _LENGTH + length
        yield Entry(entry.name, entry.dtype, entry.shape, base + entry.start, base + entry.end)


def _parsed(path: Path, text: bytes) -> Iterator[Entry]:
    """Yield the entries of a header."""
    try:
        header = json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        raise _malformed(path, "its header is no JSON, or has a name twice") from None
    if not isinstance(header, dict):
        raise _malformed(path, "its header is no map")
    for name, fields in header.items():
        if name != _METADATA:
            yield _entry(path, name, fields)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found


def _entry(path: Path, name: str, fields: object) -> Entry:
    """Return one entry of the header; CompileError unless shape, type and size agree."""
    shown = prose(name)
    if not isinstance(fields, dict) or fields.keys() != {"dtype", "shape", "data_offsets"}:
        raise _malformed(path, f"what it says of {shown} is not complete")
    shape, offsets = fields["shape"], fields["data_offsets"]
    if not _are_sizes(shape) or not _are_sizes(offsets) or len(offsets) != 2:
        raise _malformed(path, f"{shown} has no shape, or no place")
    known = _DTYPES.get(fields["dtype"]) if isinstance(fields["dtype"], str) else None
    if known is None:
        raise _malformed(path, f"{shown} has the type {prose(str(fields['dtype']))}")
    dtype, item = known
    if len(shape) > MAX_AXES or math.prod(shape) * item != offsets[1] - offsets[0]:
        raise _malformed(path, f"{shown} has another size than its shape")
    return Entry(name, dtype, tuple(shape), *offsets)


def _are_sizes(value: object) -> bool:
    """Tell whether a value is a list of whole numbers, zero or more."""
    return isinstance(value, list) and all(
        isinstance(size, int) and not isinstance(size, bool) and 0 <= size < 2**63 for size in value
    )


def _pieces(path: Path, entry: Entry) -> Iterator[Array]:
    """Yield the numbers of an array, bits for what numpy has no name for."""
    import numpy as np  # its import takes longer than most models do

    from kcodegen.weights.files.store import raw_dtype

    dtype = np.dtype(raw_dtype(entry.dtype)).newbyteorder("<")
    with path.open("rb") as file:
        file.seek(entry.start)
        left = entry.end - entry.start
        while left:
            data = file.read(min(PIECE, left))
            if not data:
                raise _malformed(path, f"{prose(entry.name)} is cut short")
            left -= len(data)
            yield np.frombuffer(data, dtype)


def _malformed(path: Path, why: str) -> CompileError:
    message = f"{prose(path.name)} is no plain safetensors file: {why}"
    return rejected("bad-safetensors", message, hint="is the file complete?")
