"""SavedModels of tf.keras: what Keras wrote down of the model beside its graph of operations.

    saved_model/keras_metadata.pb     node "root": {"model_config": {...}, "keras_version": "2.9.0"}

TensorFlow 2.0 to 2.4 kept the same text in `saved_model.pb` itself. Both are protocol buffers, of
which a few fields are read: numbers, lengths and bytes; nothing of the graph is looked at.
Source: `saved_metadata.proto` of Keras, `saved_object_graph.proto` of TensorFlow.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from kcodegen.diagnostics import CompileError, rejected
from kcodegen.ir.document import Json
from kcodegen.protobuf import MalformedError, fields
from kcodegen.readers import json_text
from kcodegen.readers.containers import TO_JSON

FORMAT = "saved-model"
METADATA, MODEL = "keras_metadata.pb", "saved_model.pb"

# Numbers of fields, from the outermost message to the text.
_NODES, _PATH, _TEXT = 1, 3, 5
_GRAPHS, _OBJECTS, _OBJECT_NODES, _USER_OBJECT, _USER_TEXT = 2, 7, 1, 4, 3
# Classes that stand for a list in a text of TensorFlow.
_LISTS = ("__tuple__", "TensorShape")
_KEPT = ("model_config", "training_config", "keras_version", "backend")


def read_folder(folder: Path) -> Json:
    """Return what a SavedModel folder says of its model; CompileError where it says nothing."""
    for name in (METADATA, MODEL):
        path = folder / name
        if path.is_file():
            with path.open("rb") as file:
                found = read_message(file.read(json_text.MAX_BYTES + 1))
            if found is not None:
                return found
    raise without_model("this SavedModel folder")


def read_message(data: bytes) -> Json:
    """Return what `keras_metadata.pb` or `saved_model.pb` says of its model; None for nothing."""
    if len(data) > json_text.MAX_BYTES:
        return None
    try:
        text = _from_metadata(data) or _from_graph(data)
    except MalformedError:
        return None
    if text is None:
        return None
    try:
        root = json_text.parse(text)
    except CompileError:
        return None
    if not isinstance(root, dict) or not isinstance(root.get("model_config"), dict):
        return None
    return {"format": FORMAT, **{key: _plain(root[key]) for key in _KEPT if key in root}}


def without_model(what: str) -> CompileError:
    """Return the error for a SavedModel that Keras did not write, or whose layers are Python."""
    message = f"{what} holds operations of TensorFlow, and no architecture of Keras"
    return rejected("not-keras", message, hint=TO_JSON)


def _from_metadata(data: bytes) -> bytes | None:
    """Return the text of the outermost object in `keras_metadata.pb`."""
    for node in _all(data, _NODES):
        if next(_all(node, _PATH), b"") == b"root":
            return next(_all(node, _TEXT), None)
    return None


def _from_graph(data: bytes) -> bytes | None:
    """Return the text of the outermost object in a `saved_model.pb` of TensorFlow 2.0 to 2.4."""
    found = data
    for number in (_GRAPHS, _OBJECTS, _OBJECT_NODES, _USER_OBJECT, _USER_TEXT):
        inner = next(_all(found, number), None)
        if inner is None:
            return None
        found = inner
    return found


def _all(message: bytes, number: int) -> Iterator[bytes]:
    """Yield the bytes of each field of a message that has this number."""
    return (v for place, v in fields(message) if place == number and isinstance(v, bytes))


def _plain(value: Json) -> Json:
    """Return a value with lists in place of the tuples and shapes that TensorFlow marks."""
    match value:
        case {"class_name": str(name), "items": [*items], **rest} if name in _LISTS and not rest:
            return [_plain(item) for item in items]
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list():
            return [_plain(item) for item in value]
        case _:
            return value
