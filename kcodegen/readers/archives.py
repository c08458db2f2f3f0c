"""Archives that hold an architecture: `.keras` files and HDF5, whatever they are called.

Only the JSON inside is read: of HDF5 the attributes of the root, so that no dataset, and no link
to another file, is ever followed.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from typing import Any, BinaryIO

from kcodegen.diagnostics import CompileError, rejected
from kcodegen.ir.document import Json, Placed
from kcodegen.readers import json_text

ZIP, HDF5 = b"PK\x03\x04", b"\x89HDF\r\n\x1a\n"
_CONFIG, _METADATA = "config.json", "metadata.json"
# What only a file of weights has.
_WEIGHTS = {"layer_names", "layers", "_layer_checkpoint_dependencies", "top_level_model_weights"}
# Attributes that hold JSON, and those that hold a word.
_TREES, _WORDS = ("model_config", "training_config"), ("keras_version", "backend")


def read_archive(file: BinaryIO) -> Json:
    """Return the document inside an archive, None when it is none that holds an architecture.

    Raises CompileError for an archive that is broken or too large, or that holds weights alone.
    """
    file.seek(0)
    start = file.read(len(HDF5))
    file.seek(0)
    if start.startswith(ZIP):
        return _from_zip(file)
    return _from_hdf5(file) if start == HDF5 else None


def _from_zip(file: BinaryIO) -> Json:
    """Return `config.json` of a `.keras` file, with the version of Keras where it matters."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            if _CONFIG not in names:
                return None
            if names.count(_CONFIG) > 1 or names.count(_METADATA) > 1:
                raise rejected("broken-archive", "the archive holds config.json twice")
            config = json_text.parse(_member(archive, _CONFIG))
            metadata: Json = None
            if _METADATA in names:
                metadata = json_text.parse(_member(archive, _METADATA))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError):
        raise _broken("zip") from None
    version = metadata.get("keras_version") if isinstance(metadata, dict) else None
    if not isinstance(config, dict) or not isinstance(version, str):
        return config
    if version.startswith("2."):
        return {**config, "keras_version": version}
    return Placed(config, "", {}, version)


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return a file of an archive; one byte more than allowed shows that it is too large."""
    with archive.open(name) as member:
        return member.read(json_text.MAX_BYTES + 1)


def _from_hdf5(file: BinaryIO) -> Json:
    """Return the attributes in which `model.save()` writes an architecture to HDF5."""
    try:
        import h5py
    except ImportError:
        message = "this is an HDF5 file, and h5py, which reads those, is not installed"
        raise rejected("needs-h5py", message, hint="pip install 'kcodegen[h5]'") from None
    try:
        with h5py.File(file, "r") as archive:
            texts = {key: _attribute(archive.attrs, key) for key in (*_TREES, *_WORDS)}
            held = {*archive.attrs, *archive}
    except (OSError, KeyError, RuntimeError, ValueError, TypeError, AttributeError):
        raise _broken("HDF5") from None
    if texts["model_config"] is None:
        raise _without_config(held)
    found: dict[str, Json] = {}
    for key, text in texts.items():
        if text is not None:
            found[key] = json_text.parse(text) if key in _TREES else text.decode("utf-8", "replace")
    return found


def _attribute(attributes: Any, key: str) -> bytes | None:
    """Return the text of an attribute; a long one lies in `<key>0`, `<key>1`, ..."""
    if key in attributes:
        return b"".join(_texts(attributes, key))
    keys = [f"{key}{number}" for number in range(len(attributes)) if f"{key}{number}" in attributes]
    return b"".join(part for name in keys for part in _texts(attributes, name)) if keys else None


def _texts(attributes: Any, key: str) -> Iterator[bytes]:
    """Yield the parts of one attribute: a string, or an array of them."""
    if attributes.get_id(key).get_storage_size() > json_text.MAX_BYTES:
        raise ValueError(key)
    value = attributes[key]
    parts = value.ravel().tolist() if hasattr(value, "ravel") else [value]
    for part in parts if isinstance(parts, list) else [parts]:
        yield part if isinstance(part, bytes) else str(part).encode("utf-8", "surrogatepass")


def _without_config(held: set[str]) -> CompileError:
    """Return the error for an HDF5 file without an architecture."""
    if held & _WEIGHTS:
        message = "this HDF5 file holds weights, not an architecture"
        hint = "give the file that model.to_json() wrote, and this one with --weights"
        return rejected("only-weights", message, hint=hint)
    message = "this HDF5 file holds no Keras model"
    return rejected("not-keras", message, hint="kcodegen reads what model.save() wrote")


def _broken(what: str) -> CompileError:
    message = f"the {what} archive is damaged, or is not one that Keras wrote"
    return rejected("broken-archive", message, hint="is the file complete?")
