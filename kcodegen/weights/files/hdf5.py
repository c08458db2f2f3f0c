"""HDF5 from strangers: nothing outside the file is followed, nothing is allocated for a mere claim.

A file is walked by names, each a plain hard link; a dataset is checked as a whole before its first
byte is read, and read in pieces. Needs h5py, the extra `kcodegen[h5]`.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from kcodegen.diagnostics import CompileError, Diagnostic, FileError, rejected
from kcodegen.records import record
from kcodegen.weights.files.store import PIECE, Stored
from kcodegen.words import prose

# An open group or file, and a dataset, of h5py: imported only when there is a file to read.
Group: TypeAlias = Any
Dataset: TypeAlias = Any

MAX_MEMBERS = 100_000
MAX_TEXTS = 2**30
_HEAP = b"GCOL\x01\0\0\0"
# One chunk of a compressed dataset is unpacked as a whole.
MAX_CHUNK = 128 * 2**20
# Deflate can't do better than 1032 to 1; what is smaller than the floor may be all fill value.
MAX_EXPANSION, EXPANSION_FLOOR = 1100, 16 * 2**20
# The filters that libhdf5 has in itself, and h5py's lzf: any other would be loaded as a plugin.
_FILTERS = frozenset({1, 2, 3, 4, 5, 6, 32000})
_KINDS = {
    "O": "Python objects or text of any length",
    "S": "text",
    "U": "text",
    "M": "dates",
    "m": "time spans",
}


@record(frozen=True)
class Array:
    """A dataset that was checked and not yet read.

    `dtype` is numpy's name; bytes of a type that numpy doesn't know are "void8" or "void16".
    `pieces` gives the elements in C order as flat arrays of at most `PIECE` bytes (or one row of
    chunks).
    """

    path: str
    shape: tuple[int, ...]
    dtype: str
    pieces: Callable[[], Iterator[Any]]


@contextmanager
def opened(source: Path | BinaryIO) -> Iterator[Group]:
    """Open an HDF5 file for reading.

    Raises FileError for a file that can't be opened, CompileError for one that is broken.
    """
    try:
        import h5py
    except ImportError:
        message = "this is an HDF5 file, and h5py, which reads those, is not installed"
        raise rejected("needs-h5py", message, hint="pip install 'kcodegen[h5]'") from None
    with ExitStack() as stack:
        if isinstance(source, Path):
            _check_readable(source)
        with _reading():
            # A cache that holds a row of chunks: pieces need not end where chunks end.
            file = h5py.File(source, "r", rdcc_nbytes=4 * PIECE)
        yield stack.enter_context(file)


def _check_readable(path: Path) -> None:
    """Raise FileError for a file that can't be opened, which h5py would call broken."""
    try:
        # A named pipe would wait for ever for a writer.
        if path.exists() and not path.is_file():
            raise FileError(
                Diagnostic("unreadable-file", f"cannot read {str(path)!a}: it is no file")
            )
        with path.open("rb"):
            pass
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        message = f"cannot read {str(path)!a}: {reason}"
        raise FileError(Diagnostic("unreadable-file", message)) from None


@contextmanager
def _reading() -> Iterator[None]:
    """Turn what h5py finds broken into a CompileError."""
    try:
        yield
    except (OSError, KeyError, RuntimeError, ValueError, TypeError, OverflowError):
        message = "the HDF5 file is damaged, or is not one that Keras wrote"
        raise rejected("broken-archive", message, hint="is the file complete?") from None


def members(group: Group) -> tuple[str, ...]:
    """Return the names in a group."""
    with _reading():
        if len(group) > MAX_MEMBERS:
            raise _refused(group.name, f"has more than {MAX_MEMBERS} members")
        return tuple(group)


def child(group: Group, name: str) -> Group | Dataset | None:
    """Return the group or dataset called `name` in a group, None when there is none.

    Only a hard link is followed: a soft or external one may lead to another place or file.
    """
    import h5py

    key = name.encode("utf-8", "surrogateescape")
    with _reading():
        links = group.id.links
        # A path would be followed through links that nobody looked at, `.` is the group itself.
        if "/" in name or name in ("", ".") or not links.exists(key):
            return None
        if links.get_info(key).type != h5py.h5l.TYPE_HARD:
            raise _refused(_join(group, name), "is a link to another place")
        if group.get(name, getclass=True) not in (h5py.Group, h5py.Dataset):
            raise _refused(_join(group, name), "is neither a group nor a dataset")
        return group[name]


def is_group(item: Group | Dataset) -> bool:
    """Tell a group from a dataset."""
    import h5py

    return isinstance(item, h5py.Group)


def address(group: Group) -> int:
    """Return where a group lies in its file: the same for two names of one group."""
    import h5py

    with _reading():
        return int(h5py.h5o.get_info(group.id).addr)


def descend(group: Group, *names: str) -> Group | None:
    """Return the group that a path of names leads to, None when there is none."""
    for name in names:
        found = child(group, name)
        if found is None or not is_group(found):
            return None
        group = found
    return group


def array(dataset: Dataset) -> Array:
    """Return a dataset as an array that is read later, in pieces; refused unless it is plain."""
    with _reading():
        path, why = str(dataset.name), _why_not_plain(dataset)
        if why is not None:
            raise _refused(path, why)
        shape = tuple(map(int, dataset.shape))
        return Array(path, shape, dataset.dtype.name, lambda: _pieces(dataset, shape))


def texts(group: Group | Dataset, name: str) -> tuple[str, ...] | None:
    """Return the texts of an attribute, None when there is none.

    Keras cuts a long list into the attributes `<name>0`, `<name>1`, ...
    """
    with _reading():
        attributes = group.attrs
        if name in attributes:
            return _texts(group, name)
        numbered: list[str] = []
        while f"{name}{len(numbered)}" in attributes:
            numbered.append(f"{name}{len(numbered)}")
        found = tuple(text for part in numbered for text in _texts(group, part))
        return found if numbered else None


def _texts(group: Group | Dataset, name: str) -> tuple[str, ...]:
    """Return the texts of one attribute: a string, or an array of them."""
    stored = group.attrs.get_id(name)
    count = math.prod(stored.shape or (1,))
    if count == 0:  # an empty list is one of numbers to h5py
        return ()
    if stored.dtype.kind not in "SOV" or not _is_believable(group, stored, count):
        raise _refused(str(group.name), f"has an attribute {prose(name)} that is no list of names")
    value = group.attrs[name]
    parts = value.ravel().tolist() if hasattr(value, "ravel") else [value]
    return tuple(
        part.decode("utf-8", "replace") if isinstance(part, bytes) else str(part) for part in parts
    )


def _is_believable(group: Group | Dataset, stored: Any, count: int) -> bool:
    """Tell whether a list of texts is no longer in memory than such lists are."""
    if stored.dtype.kind != "O":
        return count * int(stored.dtype.itemsize) <= MAX_TEXTS
    # Texts of any length lie elsewhere in the file, and many may be one and the same there.
    size = int(group.file.id.get_filesize())
    if count <= 1 or count * size <= MAX_TEXTS:
        return True
    # A file in an archive has no path.
    path = group.file.filename
    return os.path.isfile(path) and count * _longest_text(path, size) <= MAX_TEXTS


@lru_cache(maxsize=8)
def _longest_text(path: str, size: int) -> int:
    """Return the size of the largest heap of a file: no text of any length is longer.

    A heap begins with `GCOL`, its version and three zeros, and its size. The whole file is looked
    through, but once, and piece by piece: pages of a mapped file would count as memory.
    """
    largest, head = 0, 16
    with open(path, "rb") as file:
        data = file.read(PIECE)
        while len(data) >= head:
            at = data.find(_HEAP)
            while 0 <= at <= len(data) - head:
                largest = max(largest, int.from_bytes(data[at + 8 : at + head], "little"))
                at = data.find(_HEAP, at + 1)
            more = file.read(PIECE)
            # A heap may begin at the end of a piece.
            data = data[1 - head :] + more if more else b""
    return min(largest, size)


def _why_not_plain(dataset: Dataset) -> str | None:
    """Return why a dataset is not read, None when it is plain numbers that lie in the file."""
    if dataset.external:
        return "keeps its numbers in another file"
    if dataset.is_virtual:
        return "is put together from other datasets"
    dtype = dataset.dtype
    if dtype.names is not None:
        return "holds records with fields"
    if dtype.subdtype is not None or dtype.kind not in "biufcV":
        return f"holds {_KINDS.get(dtype.kind, 'arrays within arrays')}"
    if dtype.kind == "V" and dtype.itemsize > 2:
        return "holds bytes without a type"
    if dataset.shape is None:
        return "is empty"
    return _why_too_large(dataset)


def _why_too_large(dataset: Dataset) -> str | None:
    """Return why the size that a dataset claims is not believed."""
    declared = math.prod(dataset.shape) * dataset.dtype.itemsize
    if declared >= 2**63 or max(dataset.shape, default=0) >= 2**63:
        return "has a shape that no memory can hold"
    stored, created = int(dataset.id.get_storage_size()), dataset.id.get_create_plist()
    filters = {created.get_filter(i)[0] for i in range(created.get_nfilters())}
    if not filters <= _FILTERS:
        return "is compressed in a way that only a plugin can undo"
    if dataset.chunks and math.prod(dataset.chunks) * dataset.dtype.itemsize > MAX_CHUNK:
        return f"lies in chunks of more than {MAX_CHUNK} bytes"
    if filters and declared > max(EXPANSION_FLOOR, stored * MAX_EXPANSION):
        return f"claims {declared} bytes and stores {stored}"
    if not filters and declared > stored:
        return f"is cut short: it claims {declared} bytes and stores {stored}"
    # What lies beyond the end of the file would be read as an error at best.
    if stored > dataset.file.id.get_filesize():
        return f"claims {stored} bytes, more than the file has"
    return None


def numbers(dataset: Dataset, name: tuple[str, ...]) -> Stored:
    """Return a dataset as numbers under a name; CompileError for what is no plain array.

    numpy has no name for bfloat16, and writes its bytes.
    """
    found = array(dataset)
    if found.dtype == "void16":
        return Stored(name, found.shape, "bfloat16", lambda: _bits(found))
    if found.dtype.startswith("void"):
        raise _refused(found.path, "holds bytes of no type that is known")
    return Stored(name, found.shape, found.dtype, found.pieces)


def _bits(found: Array) -> Iterator[Any]:
    """Return the bits of numbers of 16 bits, piece by piece."""
    return (piece.view("uint16") for piece in found.pieces())


def _pieces(dataset: Dataset, shape: tuple[int, ...]) -> Iterator[Any]:
    """Yield the elements of a dataset in C order, as flat arrays."""
    import numpy as np  # its import takes longer than most models do

    for part in _parts(shape, dataset.dtype.itemsize, dataset.chunks or (1,) * len(shape)):
        with _reading():
            piece = np.asarray(dataset[part]).reshape(-1)
        yield piece


def _parts(shape: tuple[int, ...], size: int, chunks: tuple[int, ...]) -> Iterator[Any]:
    """Yield indices that go through an array in C order, each of about `PIECE` bytes.

    (1000, 4096, 4096) of 4 bytes   ->   [0, 0:1024], [0, 1024:2048], ...
    """
    if 0 in shape:
        return
    axis = 0
    while axis < len(shape) and math.prod(shape[axis + 1 :]) * size > PIECE:
        axis += 1
    if axis == len(shape):
        axis -= 1
    if axis < 0:
        yield ()
        return
    rows = max(1, PIECE // (math.prod(shape[axis + 1 :]) * size))
    # Whole chunks, so that none is unpacked twice.
    rows = max(1, rows // chunks[axis]) * chunks[axis]
    for outer in _indices(shape[:axis]):
        for start in range(0, shape[axis], rows):
            yield (*outer, slice(start, min(start + rows, shape[axis])))


def _indices(shape: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Yield every index of an array in C order."""
    from itertools import product

    return product(*map(range, shape))


def _join(group: Group, name: str) -> str:
    return f"{str(group.name).rstrip('/')}/{name}"


def _refused(path: str, why: str) -> CompileError:
    """Return the error for one place of an HDF5 file."""
    hint = "give a file as Keras wrote it"
    shown = "/".join(map(prose, path.split("/"))) or "/"
    return rejected("bad-hdf5", f"{shown} in the HDF5 file {why}", hint=hint)
