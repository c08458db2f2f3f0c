"""The headers of `.npy` files from strangers, read by hand: no data is loaded, nothing unpickled.

Source of the format: `numpy.lib.format`.
"""

from __future__ import annotations

import ast
import math
import os
import re
from dataclasses import field
from pathlib import Path
from typing import IO

from kcodegen.diagnostics import CompileError, Diagnostic, FileError, rejected
from kcodegen.records import record
from kcodegen.words import prose

MAX_HEADER = 64 * 2**10
MAX_AXES = 64
MAX_SIZE = 2**63

_MAGIC = b"\x93NUMPY"
# The bytes of magic and version, which the length of the header follows.
_FIXED = 8
# For each version, how many bytes hold the header's length, and the header's encoding.
_VERSIONS = {1: (2, "latin-1"), 2: (4, "latin-1"), 3: (4, "utf-8")}
# The only tokens that the header of a plain array is made of; few brackets, so that no nesting
# is a burden to the parser.
_TOKENS = re.compile(r"""(?:\s|[{}()\[\],:]|-?[0-9]+|True|False|'[^'\\\n]*'|"[^"\\\n]*")*""")
_MAX_BRACKETS = 1000
_KEYS = {"descr", "fortran_order", "shape"}

# bfloat16 and the float8 types are written as void, as numpy has no names for them.
_DTYPES = {
    "b1": "bool",
    **{f"i{size}": f"int{8 * size}" for size in (1, 2, 4, 8)},
    **{f"u{size}": f"uint{8 * size}" for size in (1, 2, 4, 8)},
    **{f"f{size}": f"float{8 * size}" for size in (2, 4, 8)},
    **{f"c{size}": f"complex{8 * size}" for size in (8, 16)},
    **{f"V{size}": f"void{8 * size}" for size in (1, 2)},
}
_REFUSED = {
    "O": "Python objects, which only a pickle can hold",
    "S": "strings",
    "U": "strings",
    "M": "dates",
    "m": "time spans",
}
_WEIGHT = re.compile(r"weight_(0|[1-9][0-9]*)\.npy")
_SHOWN = 10


@record(frozen=True)
class Header:
    """What a `.npy` file says of its array.

    `dtype` is numpy's name ("float32"; "void16" for bfloat16), `size` the bytes of the data,
    `descr` the dtype as it is written, byte order included.
    """

    shape: tuple[int, ...]
    dtype: str
    fortran_order: bool
    size: int
    descr: str = field(default="", compare=False)


def read_header(path: Path) -> Header:
    """Return the header of a `.npy` file, checked against the size of the file.

    Raises CompileError for what is no plain array of numbers, FileError for what can't be read.
    """
    try:
        # A named pipe would wait for ever for a writer.
        if not path.is_file():
            reason = "it is no file" if path.exists() else "no such file"
            raise FileError(Diagnostic("unreadable-file", f"cannot read {str(path)!a}: {reason}"))
        with path.open("rb") as file:
            return parse_header(file, prose(path.name), os.fstat(file.fileno()).st_size)
    except OSError as error:
        raise _unreadable(path, error) from None


def folder(directory: Path) -> tuple[Header, ...]:
    """Return the headers of `weight_0.npy`, `weight_1.npy`, ... in a folder, by number.

    Other files are no concern, but every name that begins with `weight_` must fit. Raises
    CompileError that names all that is missing, left over or malformed at once, FileError for
    a folder that can't be read.
    """
    try:
        names = sorted(os.listdir(directory))
    except OSError as error:
        raise _unreadable(directory, error) from None
    found = {int(match[1]): name for name in names if (match := _WEIGHT.fullmatch(name))}
    problems = [*_missing(found), *_left_over(names)]
    headers = []
    for _, name in sorted(found.items()):
        try:
            headers.append(read_header(directory / name))
        except CompileError as error:
            problems.extend(error.diagnostics)
    if problems:
        raise CompileError(problems)
    return tuple(headers)


def _unreadable(path: Path, error: OSError) -> FileError:
    reason = (error.strerror or type(error).__name__).lower()
    return FileError(Diagnostic("unreadable-file", f"cannot read {str(path)!a}: {reason}"))


def _missing(found: dict[int, str]) -> list[Diagnostic]:
    """Return what is missing between the first number and the last."""
    if not found:
        hint = "save it with np.save(f'weight_{i}.npy', w) for each of model.get_weights()"
        return [Diagnostic("no-weights", "the folder holds no weight_0.npy", hint=hint)]
    gaps = max(found) + 1 - len(found)
    # The first gaps lie among as many numbers as there are files and gaps shown.
    numbers = range(len(found) + min(gaps, _SHOWN))
    names = [f"weight_{number}.npy" for number in numbers if number not in found][:_SHOWN]
    return [Diagnostic("missing-weights", f"missing: {_listed(names, gaps)}")] if gaps else []


def _left_over(names: list[str]) -> list[Diagnostic]:
    """Return the names that look like a weight's and are none: `weight_01.npy`."""
    odd = [prose(n) for n in names if n.startswith("weight_") and not _WEIGHT.fullmatch(n)]
    hint = "weights are called weight_0.npy, weight_1.npy, ..."
    message = f"not expected: {_listed(odd[:_SHOWN], len(odd))}"
    return [Diagnostic("unexpected-weights", message, hint=hint)] if odd else []


def _listed(names: list[str], count: int) -> str:
    more = f" and {count - len(names)} more" if count > len(names) else ""
    return ", ".join(names) + more


def parse_header(file: IO[bytes], name: str, total: int) -> Header:
    """Return the header at the start of an open file of `total` bytes, which stays behind it.

    `name` is what messages call the file.
    """
    start = file.read(_FIXED)
    if start[:6] != _MAGIC:
        raise rejected("not-npy", f"{name} is no .npy file", hint="write it with np.save")
    if len(start) < _FIXED:
        raise _truncated(name, _FIXED, total)
    if start[6] not in _VERSIONS or start[7] != 0:
        raise rejected("bad-npy", f"{name} has a version of .npy that is not known")
    width, encoding = _VERSIONS[start[6]]
    size = file.read(width)
    if len(size) < width:
        raise _truncated(name, _FIXED + width, total)
    length = int.from_bytes(size, "little")
    if length > MAX_HEADER:
        raise rejected("bad-npy", f"the header of {name} is longer than {MAX_HEADER} bytes")
    text = file.read(length)
    if len(text) < length:
        raise _truncated(name, _FIXED + width + length, total)
    header = _parse(text.decode(encoding, "replace"), name)
    expected = _FIXED + width + length + header.size
    if total < expected:
        raise _truncated(name, expected, total)
    if total > expected:
        message = f"{name} is longer than its header says: {total} bytes instead of {expected}"
        raise rejected("bad-npy", message, hint="copy the file again")
    return header


def _truncated(name: str, expected: int, total: int) -> CompileError:
    message = f"{name} is cut short: {total} bytes of {expected}"
    return rejected("truncated-npy", message, hint="copy the file again")


def _parse(text: str, name: str) -> Header:
    """Return the header from its text, a Python dict."""
    malformed = rejected("bad-npy", f"the header of {name} is malformed")
    if not _TOKENS.fullmatch(text) or sum(map(text.count, "([{")) > _MAX_BRACKETS:
        raise malformed
    try:
        fields = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise malformed from None
    if not isinstance(fields, dict) or set(fields) != _KEYS:
        raise malformed
    shape, fortran_order = fields["shape"], fields["fortran_order"]
    if not isinstance(shape, tuple) or len(shape) > MAX_AXES or not isinstance(fortran_order, bool):
        raise malformed
    if not all(isinstance(size, int) and not isinstance(size, bool) for size in shape):
        raise malformed
    if any(size < 0 for size in shape):
        raise rejected("bad-npy", f"{name} has a negative size in its shape")
    dtype, item_size = _dtype(fields["descr"], name)
    size = math.prod(shape) * item_size
    if max((size, *shape)) >= MAX_SIZE:
        raise rejected("bad-npy", f"{name} has a shape that no memory can hold")
    return Header(shape, dtype, fortran_order, size, fields["descr"])


def _dtype(descr: object, name: str) -> tuple[str, int]:
    """Return numpy's name of a plain dtype, and its bytes; the byte order is of no concern."""
    hint = "weights are plain numbers: np.save(path, np.asarray(w), allow_pickle=False)"
    if not isinstance(descr, str):
        raise rejected("bad-dtype", f"{name} holds records with fields", hint=hint)
    code = descr[1:] if descr[:1] in tuple("<>|=") else descr
    if code in _DTYPES:
        return _DTYPES[code], int(code[1:])
    what = _REFUSED.get(code[:1], f"the dtype {prose(descr)}")
    raise rejected("bad-dtype", f"{name} holds {what}", hint=hint)
