"""Arrays as numpy saves them: a folder of `weight_<i>.npy`, or an archive `.npz`."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO

from kcodegen.diagnostics import CompileError, Diagnostic, rejected
from kcodegen.weights.files import npy
from kcodegen.weights.files.sources import Source, by_number
from kcodegen.weights.files.store import PIECE, Array, Stored
from kcodegen.words import prose

_MAX_MEMBERS = 100_000
# Deflate can't do better than 1032 to 1.
_MAX_EXPANSION = 1100
_VOID = {"void16": "bfloat16"}


def read_folder(directory: Path) -> Source:
    """Return `weight_0.npy`, `weight_1.npy`, ... in their order, each checked."""
    arrays = tuple(
        _of_file(directory / f"weight_{number}.npy", header)
        for number, header in enumerate(npy.folder(directory))
    )
    return Source("numbers", (("", arrays),))


def _of_file(path: Path, header: npy.Header) -> Stored:
    return Stored((path.name,), header.shape, _dtype(header), partial(_numbers, path))


def _dtype(header: npy.Header) -> str:
    """Return the dtype; two bytes without a name are a bfloat16, as JAX and TensorFlow save it."""
    return _VOID.get(header.dtype, header.dtype)


def _numbers(path: Path) -> Iterator[Array]:
    """Yield the numbers of a `.npy` file that was checked."""
    import numpy as np  # its import takes longer than most models do

    array = np.load(path, mmap_mode="r", allow_pickle=False)
    dtype = np.dtype("<u2") if array.dtype.kind == "V" else array.dtype
    if not array.flags.c_contiguous:
        yield np.ascontiguousarray(array.view(dtype)).reshape(-1)
        return
    # Read, not mapped: the pages of a mapped file would count as memory.
    left, step = array.size, PIECE // dtype.itemsize
    with path.open("rb") as file:
        file.seek(array.offset)
        while left:
            piece = np.fromfile(file, dtype, min(step, left))
            if not piece.size:
                raise rejected("truncated-npy", f"{prose(path.name)} is cut short")
            left -= piece.size
            yield piece


# Archives


def is_npz(names: list[str]) -> bool:
    """Tell whether an archive with these members is one of numpy's; an empty one may be."""
    return all(name.endswith(".npy") for name in names)


def read_npz(path: Path) -> Source:
    """Return the arrays of an `.npz` file; by number where their names are numbers."""
    try:
        with zipfile.ZipFile(path) as archive:
            stored = _members(archive, path)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error):
        raise rejected("broken-archive", "the npz archive is damaged") from None
    return by_number(stored, "np.savez(path, *model.get_weights())", ordered=True)


def _members(archive: zipfile.ZipFile, path: Path) -> tuple[Stored, ...]:
    """Return the members of an archive, each looked at; all problems are named at once."""
    infos, problems = archive.infolist(), []
    if len(infos) > _MAX_MEMBERS:
        raise rejected("bad-npz", f"the archive has more than {_MAX_MEMBERS} members")
    stored = []
    for name, count in _counts(infos).items():
        if count > 1:
            problems.append(Diagnostic("bad-npz", f"the archive holds {prose(name)} twice"))
    for info in infos:
        try:
            stored.append(_member(archive, info, path))
        except CompileError as error:
            problems.extend(error.diagnostics)
    if problems:
        raise CompileError(problems)
    return tuple(stored)


def _counts(infos: list[zipfile.ZipInfo]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for info in infos:
        counts[info.filename] = counts.get(info.filename, 0) + 1
    return counts


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> Stored:
    """Return one member, its header read and its size believed."""
    shown = prose(info.filename)
    if info.file_size > max(PIECE, info.compress_size * _MAX_EXPANSION):
        message = f"{shown} claims {info.file_size} bytes and stores {info.compress_size}"
        raise rejected("bad-npz", message)
    with archive.open(info) as file:
        header = npy.parse_header(file, shown, info.file_size)
    name = info.filename.removesuffix(".npy")
    pieces = partial(_unpacked, path, info.filename, header)
    return Stored(tuple(name.split("/")), header.shape, _dtype(header), pieces)


def _unpacked(path: Path, name: str, header: npy.Header) -> Iterator[Array]:
    """Yield the numbers of a member of an archive, unpacked piece by piece."""
    import numpy as np  # as above

    dtype = np.dtype(header.descr)
    if dtype.kind == "V":
        dtype = np.dtype("<u2")
    try:
        with zipfile.ZipFile(path) as archive, archive.open(name) as file:
            npy.parse_header(file, prose(name), archive.getinfo(name).file_size)
            if header.fortran_order and len(header.shape) > 1:
                data = _read(file, header.size)
                array = np.frombuffer(data, dtype).reshape(header.shape, order="F")
                yield np.ascontiguousarray(array).reshape(-1)
                return
            left = header.size
            while left:
                data = _read(file, min(PIECE - PIECE % dtype.itemsize, left))
                left -= len(data)
                yield np.frombuffer(data, dtype)
    except (zipfile.BadZipFile, EOFError, zlib.error):
        raise rejected("broken-archive", f"{prose(name)} in the npz archive is damaged") from None


def _read(file: IO[bytes], size: int) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise EOFError
    return data
