"""Readers: from the bytes of a file to the Document inside it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

from kcodegen.diagnostics import CompileError, Diagnostic, FileError
from kcodegen.ir.document import Node
from kcodegen.readers import json_text


def read(path: Path | Literal["-"]) -> Node:
    """Return the root of the document in a file, or in standard input for "-".

    Raises FileError when the file cannot be read, CompileError when it holds no strict JSON.
    """
    # One byte more than allowed, so that what is too large shows as such without being held.
    if path == "-":
        data = sys.stdin.buffer.read(json_text.MAX_BYTES + 1)
        return read_bytes(data, "stdin")
    assert isinstance(path, Path)
    if path.is_dir():
        raise _folder(path)
    try:
        with path.open("rb") as file:
            data = file.read(json_text.MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        # `!a` keeps control characters of a hostile name away from the terminal.
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        message = f"cannot read {str(path)!a}: {reason}"
        raise FileError(Diagnostic("unreadable-file", message)) from None
    return read_bytes(data, path.name)


def read_bytes(data: bytes, name: str) -> Node:
    """Return the root of the document in `data`; `name` only serves the hints.

    Raises CompileError when `data` is not strict JSON in UTF-8, or exceeds a limit.
    """
    try:
        return Node(json_text.parse(data))
    except CompileError:
        from kcodegen.readers import containers  # only what is no JSON needs them

        container = containers.recognise(data)
        if container is not None:
            raise container.refusal(name) from None
        raise


def _folder(path: Path) -> FileError:
    """Return the error for a folder given as a file."""
    message = f"{str(path)!a} is a folder, not a file"
    hint = "name the JSON file in it"
    if (path / "saved_model.pb").exists():
        message = f"{str(path)!a} is a SavedModel folder, which holds no architecture"
        from kcodegen.readers.containers import TO_JSON

        hint = TO_JSON
    return FileError(Diagnostic("unreadable-file", message, hint=hint))
