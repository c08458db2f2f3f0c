"""The manifest of a folder of weights: which file is which variable, and where it came from."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

from kcodegen.diagnostics import CompileError, Diagnostic, rejected
from kcodegen.ir.document import Json
from kcodegen.records import record
from kcodegen.weights.files.npy import read_header
from kcodegen.weights.variables.definition import Slot
from kcodegen.words import prose

NAME = "manifest.json"
FORMAT = "kcodegen weights"
VERSION = 1
MAX_BYTES = 64 * 2**20

_AGAIN = "convert the weights again"
_FILE = re.compile(r"weight_(0|[1-9][0-9]{0,6})\.npy")
_SUM = re.compile(r"[0-9a-f]{64}")


@record(frozen=True)
class Entry:
    """One file of the folder; `source` is the key in the file that it was read from."""

    file: str
    slot: Slot
    shape: tuple[int, ...]
    dtype: str
    source: tuple[str, ...]
    sha256: str = ""


def text(entries: list[Entry], extra: dict[str, Json]) -> str:
    """Return a manifest: one line for each weight."""
    head = {"format": FORMAT, "version": VERSION, **extra}
    start = json.dumps(head, indent=1).removesuffix("\n}")
    rows = ",\n".join(f"  {json.dumps(row(i, entry))}" for i, entry in enumerate(entries))
    return f'{start},\n "weights": [\n{rows}\n ]\n}}\n'


def row(index: int, entry: Entry) -> dict[str, Json]:
    """Return what a manifest says of one file."""
    slot = entry.slot
    found: dict[str, Json] = {
        "index": index,
        "file": entry.file,
        "layer": "/".join(slot.layers),
        "attributes": "/".join(slot.attributes),
        "role": slot.role,
        "shape": list(entry.shape),
        "dtype": entry.dtype,
        "source": "/".join(entry.source),
    }
    return {**found, "sha256": entry.sha256} if entry.sha256 else found


def is_ours(directory: Path) -> bool:
    """Tell whether a folder has a manifest that this module wrote."""
    path = directory / NAME
    try:
        return path.is_file() and _read(path).get("format") == FORMAT
    except (OSError, CompileError):
        return False


def verify(directory: Path) -> tuple[int, int]:
    """Check a folder against its manifest; return how many files it has, and how many with sums.

    Raises CompileError with all that is wrong, FileError for what can't be read.
    """
    path = directory / NAME
    if not path.is_file():
        message = f"the folder has no {NAME}"
        if not directory.is_dir():
            message = f"{prose(directory.name)} is no folder, so it has no {NAME}"
        raise rejected("manifest", message, hint="kcodegen writes one when it converts weights")
    rows = _read(path).get("weights")
    if not isinstance(rows, list):
        raise _malformed()
    problems: list[Diagnostic] = []
    files: set[str] = set()
    summed = 0
    for row in rows:
        if not isinstance(row, dict):
            raise _malformed()
        file, total = row.get("file"), row.get("sha256", "")
        if not isinstance(file, str) or not _FILE.fullmatch(file) or not isinstance(total, str):
            raise _malformed()
        files.add(file)
        problems.extend(_wrong(directory / file, row, total))
        summed += bool(total)
    found = sorted(path.name for path in directory.iterdir() if _FILE.fullmatch(path.name))
    problems.extend(
        _other(name, f"is left over: {NAME} does not have it")
        for name in found
        if name not in files
    )
    if problems:
        raise CompileError(problems)
    return len(rows), summed


def _wrong(path: Path, row: dict[str, Json], total: str) -> list[Diagnostic]:
    """Return what is wrong with a file, which may be missing or broken."""
    if not path.exists():
        return [_other(path.name, "is missing")]
    try:
        return _compare(path, row, total)
    except CompileError as error:
        return list(error.diagnostics)


def _other(name: str, why: str) -> Diagnostic:
    """Return the error for a file that only the folder has, or only the manifest."""
    return Diagnostic("manifest", f"{name} {why}", hint=_AGAIN)


def _compare(path: Path, row: dict[str, Json], total: str) -> list[Diagnostic]:
    """Return how a file differs from what the manifest says of it."""
    header = read_header(path)
    found = {"shape": list(header.shape), "dtype": header.dtype}
    for key, value in found.items():
        if row.get(key) != value:
            message = f"{path.name} has another {key} than {NAME} says: {prose(str(value))}"
            return [Diagnostic("manifest", message, hint=_AGAIN)]
    if total and digest(path) != total:
        message = f"{path.name} is not the file whose sum {NAME} has"
        return [Diagnostic("manifest", message, hint=_AGAIN)]
    return []


def digest(path: Path) -> str:
    """Return the SHA-256 sum of a file."""
    with path.open("rb") as file:
        found = hashlib.sha256()
        while data := file.read(2**20):
            found.update(data)
    return found.hexdigest()


def _read(path: Path) -> dict[str, Json]:
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    try:
        found = json.loads(data) if len(data) <= MAX_BYTES else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise _malformed()
    return found


def _malformed() -> CompileError:
    return rejected("manifest", f"{NAME} is malformed", hint=_AGAIN)
