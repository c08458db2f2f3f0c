"""A folder of `.npy` files and its manifest, put in its place whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from kcodegen.diagnostics import Diagnostic, FileError, rejected
from kcodegen.ir.document import Json
from kcodegen.weights import manifest
from kcodegen.weights.files.store import Stored, raw_dtype, saved_dtype, widened
from kcodegen.weights.variables.definition import Slot
from kcodegen.words import prose

Weight: TypeAlias = "tuple[Slot, Stored]"

# What takes a moment to write deserves a progress bar.
_LARGE = 256 * 2**20


def write_folder(
    directory: Path,
    weights: Sequence[Weight],
    texts: Sequence[tuple[str, str]] = (),
    extra: dict[str, Json] | None = None,
    checksums: bool = False,
) -> None:
    """Write `weight_0.npy`, ... and the manifest, in the place of a folder that we wrote before.

    `texts` are further files. Raises FileError where something else is in the way or the disk
    is full, and then leaves the old folder as it was.
    """
    target = Path(os.path.realpath(directory))
    check_place(target)
    temporary = target.with_name(f".kcodegen-{os.urandom(8).hex()}.tmp")
    try:
        temporary.mkdir()
        with _progress(weights) as advance:
            entries = [
                _entry(temporary, number, weight, checksums, advance)
                for number, weight in enumerate(weights)
            ]
        for name, content in (*texts, (manifest.NAME, manifest.text(entries, extra or {}))):
            with (temporary / name).open("xb") as file:
                file.write(content.encode("utf-8", "backslashreplace"))
                _sync(file)
        _put(temporary, target)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        message = f"cannot write the folder {str(directory)!a}: {reason}"
        raise FileError(Diagnostic("unwritable-folder", message)) from None
    finally:
        with suppress(OSError):
            shutil.rmtree(temporary)


def check_place(target: Path) -> None:
    """Raise FileError unless a folder may be written here: nothing else than ours is in the way."""
    hint = "name another folder with --weights-out, or move it away"
    if not target.parent.is_dir():
        message = f"there is no folder {str(target.parent)!a}"
        raise FileError(Diagnostic("unwritable-folder", message))
    if not os.path.lexists(target):
        return
    if not target.is_dir():
        message = f"{str(target)!a} is in the way: it is no folder"
        raise FileError(Diagnostic("in-the-way", message, hint=hint))
    names = os.listdir(target)
    if names and not manifest.is_ours(target):
        message = f"the folder {str(target)!a} is in the way: kcodegen didn't write it"
        raise FileError(Diagnostic("in-the-way", message, hint=hint))
    strange = sorted(name for name in names if not _is_ours(name))
    if strange:
        message = f"the folder {str(target)!a} holds more than weights: {prose(strange[0])}"
        raise FileError(Diagnostic("in-the-way", message, hint=hint))


def _is_ours(name: str) -> bool:
    """Tell whether a file may be one that `write_folder` wrote."""
    return name == manifest.NAME or name.startswith(("weight_", "vocabulary_"))


def _entry(
    directory: Path, number: int, weight: Weight, checksums: bool, advance: Callable[[int], Any]
) -> manifest.Entry:
    """Write one array and return its line of the manifest."""
    slot, stored = weight
    name = f"weight_{number}.npy"
    with (directory / name).open("xb") as raw:
        file = _Summed(raw) if checksums else raw
        write_array(file, stored, advance)
        _sync(raw)
    total = file.hexdigest() if isinstance(file, _Summed) else ""
    dtype = saved_dtype(stored.dtype)
    return manifest.Entry(name, slot, stored.shape, dtype, stored.name, total)


def write_array(file: Any, stored: Stored, advance: Callable[[int], Any] = lambda _: None) -> None:
    """Write an array as `.npy`, piece by piece; CompileError when its file is cut short."""
    import numpy as np  # its import takes longer than most models do

    dtype = np.dtype(saved_dtype(stored.dtype)).newbyteorder("<")
    header = {
        "descr": np.lib.format.dtype_to_descr(dtype),
        "fortran_order": False,
        "shape": stored.shape,
    }
    np.lib.format.write_array_header_1_0(file, header)
    raw, written = np.dtype(raw_dtype(stored.dtype)), 0
    for piece in stored.chunks():
        # The same numbers in the byte order of every machine.
        same = piece if piece.dtype == raw else piece.astype(raw)
        numbers = widened(same, stored.dtype).astype(dtype, copy=False)
        written += numbers.size
        file.write(numbers.view("uint8"))
        advance(numbers.nbytes)
    if written != stored.count:
        message = f"{stored.shown} has {written} numbers and not {stored.count}"
        raise rejected("truncated-weights", message, hint="is the file complete?")


class _Summed:
    """A file that adds up what is written to it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._sum = file, hashlib.sha256()

    def write(self, data: Any) -> None:
        self._sum.update(data)
        self._file.write(data)

    def hexdigest(self) -> str:
        return self._sum.hexdigest()


@contextmanager
def _progress(weights: Sequence[Weight]) -> Iterator[Callable[[int], Any]]:
    """Show how far the writing is, on a terminal, for large files, where tqdm is installed."""
    import numpy as np  # as above

    size = sum(stored.count * np.dtype(saved_dtype(stored.dtype)).itemsize for _, stored in weights)
    if size < _LARGE or sys.stderr is None or not sys.stderr.isatty():
        yield lambda _: None
        return
    try:
        from tqdm import tqdm
    except ImportError:
        yield lambda _: None
        return
    with tqdm(total=size, unit="B", unit_scale=True, desc="weights", leave=False) as bar:
        yield bar.update


def _put(temporary: Path, target: Path) -> None:
    """Rename a finished folder into its place; what was there comes back when that fails."""
    old = target.with_name(f"{temporary.stem}.old")
    check_place(target)
    if target.exists():
        os.rename(target, old)
    try:
        os.rename(temporary, target)
    except OSError:
        if old.exists():
            os.rename(old, target)
        raise
    _sync_folder(target.parent)
    if old.exists():
        shutil.rmtree(old, ignore_errors=True)


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make a new name durable, on systems where a folder can be synced."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
