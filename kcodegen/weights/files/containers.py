"""Files in which Keras 3 puts its weights: HDF5, a `.keras` archive, a folder, shards.

The HDF5 in an archive is read where it lies; only one that is compressed is unpacked first, into
a temporary file.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO

from kcodegen.diagnostics import CompileError, rejected
from kcodegen.ir.document import Json
from kcodegen.weights.files import hdf5
from kcodegen.weights.files.keras_file import Tree, read_tree
from kcodegen.weights.files.legacy_hdf5 import is_legacy
from kcodegen.words import prose

WEIGHTS = "model.weights.h5"
SAFETENSORS = ".safetensors"

_HDF5, _ZIP = b"\x89HDF\r\n\x1a\n", b"PK\x03\x04"
MAX_INDEX = 64 * 2**20
MAX_SHARDS = 10_000
# Weights are as good as random: what unpacks to much more is none.
_MAX_EXPANSION, _EXPANSION_FLOOR = 100, 256 * 2**20
_PIECE = 2**20
_ENCRYPTED = 1
_LOCAL_HEADER = 30


def tree_of(path: Path, stack: ExitStack) -> Tree | None:
    """Return what a file or folder of Keras 3 holds, which stays open with `stack`.

    None for what is in another format. Raises CompileError for what is broken or doubtful.
    """
    if path.is_dir():
        path /= WEIGHTS
    if not path.is_file():
        return None
    with path.open("rb") as file:
        start = file.read(len(_HDF5))
    if start.startswith(_ZIP):
        return _from_archive(path, stack) if holds_weights(path) else None
    if start == _HDF5:
        file = stack.enter_context(hdf5.opened(path))
        return None if is_legacy(file) else read_tree((file,))
    shards = shards_of(path)
    if not shards or shards[0].name.endswith(SAFETENSORS):
        return None
    return read_tree(tuple(stack.enter_context(hdf5.opened(shard)) for shard in shards))


def holds_weights(path: Path) -> bool:
    """Tell whether a zip archive has weights as Keras 3 puts them into one."""
    with _broken_archives(), zipfile.ZipFile(path) as archive:
        return WEIGHTS in archive.namelist()


def _from_archive(path: Path, stack: ExitStack) -> Tree:
    """Return what a `.keras` archive holds."""
    with _broken_archives():
        archive = stack.enter_context(zipfile.ZipFile(path))
        info = _member(archive)
        source = _in_place(path, archive, info, stack) or _unpacked(archive, info, stack)
    return read_tree((stack.enter_context(hdf5.opened(source)),))


def shards_of(path: Path) -> tuple[Path, ...]:
    """Return the files that an index of shards names, which lie beside it; none for another file.

    A `.weights.json` of Keras names HDF5 files, a `.safetensors.index.json` those of safetensors.
    """
    if path.suffix != ".json":
        return ()
    with path.open("rb") as file:
        text = file.read(MAX_INDEX + 1)
    if len(text) > MAX_INDEX or b'"weight_map"' not in text:
        return ()
    try:
        index: Json = json.loads(text)
    except (ValueError, RecursionError):
        raise _bad_index("it is no JSON") from None
    return tuple(path.with_name(name) for name in _shard_names(index))


def _shard_names(index: Json) -> list[str]:
    """Return the names in an index, all of one format."""
    places = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(places, dict):
        raise _bad_index("its weight_map is no map")
    names: dict[str, None] = {}
    for given in places.values():
        for name in given if isinstance(given, list) else [given]:
            if not isinstance(name, str) or not _is_plain(name):
                raise _bad_index(f"{prose(str(name))} is no name of a file beside it")
            names[name] = None
    if len(names) > MAX_SHARDS:
        raise _bad_index(f"it names more than {MAX_SHARDS} files")
    if len({name.endswith(SAFETENSORS) for name in names}) > 1:
        raise _bad_index("it names files of two formats")
    return list(names)


def _is_plain(name: str) -> bool:
    """Tell whether a name is that of a shard as Keras writes it, and no path."""
    return (
        name.endswith((".weights.h5", SAFETENSORS))
        and not set(name) & set("/\\:\0")
        and name[0] != "."
    )


# Archives


def _member(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """Return the weights of an archive; CompileError where they are doubtful."""
    found = [info for info in archive.infolist() if info.filename == WEIGHTS]
    if len(found) != 1:
        what = "holds no weights" if not found else "holds its weights twice"
        raise rejected("weights", f"the archive {what}", hint=f"they are in {WEIGHTS}")
    info = found[0]
    if info.flag_bits & _ENCRYPTED:
        raise rejected("broken-archive", "the weights in the archive are encrypted")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise rejected("broken-archive", "the weights are compressed in a way Keras doesn't know")
    if info.file_size > max(_EXPANSION_FLOOR, info.compress_size * _MAX_EXPANSION):
        message = f"{WEIGHTS} claims {info.file_size} bytes and stores {info.compress_size}"
        raise rejected("broken-archive", message, hint="it is no archive that Keras wrote")
    return info


class Section(io.RawIOBase):
    """A part of a file, read as a file of its own."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self._file, self._start, self._size, self._at = file, start, size, 0

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def seekable(self) -> bool:
        """Return that it can be read from any place."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place of the section."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """Return the place in the section."""
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer as far as the section goes."""
        view = memoryview(buffer).cast("B")[: max(0, self._size - self._at)]
        self._file.seek(self._start + self._at)
        count = self._file.readinto(view)  # type: ignore[attr-defined]
        self._at += count
        return int(count)


def _in_place(
    path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo, stack: ExitStack
) -> BinaryIO | None:
    """Return a member as a part of the archive's file; None when it is compressed."""
    if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
        return None
    with archive.open(info) as member:
        _check_sum(member)
    file = stack.enter_context(path.open("rb", buffering=0))
    file.seek(info.header_offset)
    header = file.read(_LOCAL_HEADER)
    # The lengths of the name and of what follows it stand at the end of the header.
    name, extra = (int.from_bytes(header[i : i + 2], "little") for i in (26, 28))
    start = info.header_offset + _LOCAL_HEADER + name + extra
    return io.BufferedReader(Section(file, start, info.file_size), _PIECE)


def _check_sum(member: IO[bytes]) -> None:
    """Read a member to its end, where zipfile compares the sum."""
    while member.read(_PIECE):
        pass


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo, stack: ExitStack) -> BinaryIO:
    """Return a member as a temporary file."""
    import tempfile  # few archives need it

    target = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 (the stack closes it)
    with archive.open(info) as member:
        while piece := member.read(_PIECE):
            target.write(piece)
    target.seek(0)
    return target


@contextmanager
def _broken_archives() -> Iterator[None]:
    """Turn what zipfile finds broken into a CompileError."""
    try:
        yield
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error):
        message = "the archive is damaged, or is not one that Keras wrote"
        raise rejected("broken-archive", message, hint="is the file complete?") from None


def _bad_index(why: str) -> CompileError:
    return rejected("bad-index", f"the index of the shards is not as Keras writes it: {why}")
