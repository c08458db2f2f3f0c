"""Readers: from the bytes of a file to the Document inside it."""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, Literal

from kcodegen.diagnostics import CompileError, Diagnostic, FileError
from kcodegen.ir.document import Json, Node
from kcodegen.readers import json_text

_START = 8
# What JSON begins with, and nothing at all.
_BEGINNINGS = (b"{", b"[", b'"', b"")
_READ = "kcodegen reads JSON, .keras, HDF5, SavedModels and TensorFlow.js"
# Attributes that hold JSON, and what may hold those.
_TREES = ("model_config", "training_config")
_HOLDERS = ("root_attrs", "modelTopology")


def read(path: Path | Literal["-"]) -> Node:
    """Return the root of the document in a file, or in standard input for "-".

    Raises FileError when the file cannot be read, CompileError when it holds no strict JSON.
    """
    # One byte more than allowed, so that what is too large shows as such without being held.
    if path == "-":
        return read_bytes(sys.stdin.buffer.read(json_text.MAX_BYTES + 1), "stdin")
    assert isinstance(path, Path)
    if path.is_dir():
        return _from_folder(path)
    try:
        with path.open("rb") as file:
            data = file.read(_START)
            if _may_be_archive(data):  # its weights may be larger than any architecture
                found = _from_archive(file)
                if found is not None:
                    return found
                file.seek(len(data))
            data += file.read(json_text.MAX_BYTES + 1 - len(data))
    except (OSError, ValueError) as error:
        # `!a` keeps control characters of a hostile name away from the terminal.
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        message = f"cannot read {str(path)!a}: {reason}"
        raise FileError(Diagnostic("unreadable-file", message)) from None
    return read_bytes(data, path.name)


def read_bytes(data: bytes, name: str) -> Node:
    """Return the root of the document in `data`; `name` only serves the hints.

    Raises CompileError when `data` is neither strict JSON in UTF-8 nor an archive with an
    architecture in it, or exceeds a limit.
    """
    if _may_be_archive(data):
        found = _from_archive(io.BytesIO(data))
        if found is not None:
            return found
    try:
        return Node(_opened(json_text.parse(data)))
    except CompileError as error:
        from kcodegen.readers import containers  # only what is no JSON needs them

        container = containers.recognise(data)
        if container is None:
            if data.lstrip()[:1] in _BEGINNINGS:
                raise
            raise _unknown(error) from None
        if container.is_saved_model:
            from kcodegen.readers import saved_model

            held = saved_model.read_message(data)
            if held is not None:
                return Node(held)
        raise container.refusal(name) from None


def _may_be_archive(data: bytes) -> bool:
    """Tell whether data begins like a zip archive or HDF5."""
    return data.startswith((b"PK", b"\x89HDF"))


def _from_archive(file: BinaryIO) -> Node | None:
    """Return the document in an archive, or None."""
    from kcodegen.readers import archives  # most files are JSON

    found = archives.read_archive(file)
    return Node(_opened(found)) if found is not None else None


def _opened(value: Json) -> Json:
    """Return a document with the attributes of HDF5 parsed that are JSON in a string."""
    if not isinstance(value, dict):
        return value
    changed: dict[str, Json] = {}
    for key in _HOLDERS:
        if isinstance(value.get(key), dict):
            changed[key] = _opened(value[key])
    for key in _TREES:
        text = value.get(key)
        if isinstance(text, str) and text.lstrip().startswith("{"):
            changed[key] = json_text.parse(text.encode("utf-8", "surrogatepass"))
    return {**value, **changed} if changed else value


def _unknown(error: CompileError) -> CompileError:
    """Return the error for what does not even begin like JSON, with what is read."""
    return CompileError(
        replace(found, hint=found.hint or _READ) if found.code == "invalid-json" else found
        for found in error.diagnostics
    )


def _from_folder(path: Path) -> Node:
    """Return the document in a SavedModel folder; FileError for any other."""
    if (path / "saved_model.pb").is_file():
        from kcodegen.readers import saved_model  # few files are folders

        return Node(saved_model.read_folder(path))
    message, hint = f"{str(path)!a} is a folder, not a file", "name the JSON file in it"
    raise FileError(Diagnostic("unreadable-file", message, hint=hint))
