"""What a model lies in: attributes of HDF5, TensorFlow.js, or a `get_config()` without its class.

    {"format": "layers-model", "modelTopology": {"model_config": {...}, "keras_version": "2.9.0"}}
        ->  {"class_name": ..., "config": ..., "keras_version": "2.9.0", "training_config": ...}

A JSON pointer still leads to the place in the file.
"""

from __future__ import annotations

import re

from kcodegen import registry
from kcodegen.ir.document import Json, Node, Placed

_NONE, _3 = (0, 0), (3, 0)
_BESIDE = ("keras_version", "backend", "training_config")


def unwrapped(root: Node) -> Node:
    """Return the model that a document holds, or the document when it is none of these."""
    if isinstance(root.value, list):
        return _from_list(root)
    if not isinstance(root.value, dict):
        return root
    attributes = root.get("root_attrs")
    if attributes is not None and attributes.has("model_config") and not root.has("class_name"):
        return unwrapped(attributes)
    if root.has("modelTopology") or root.value.get("format") in ("layers-model", "graph-model"):
        return _from_tfjs(root)
    if root.has("model_config") and not root.has("class_name"):
        return _from_attributes(root)
    return _from_config(root)


def _from_tfjs(root: Node) -> Node:
    topology = root.get("modelTopology")
    if topology is None:
        raise root.error(
            "not-keras",
            "this TensorFlow.js model has no modelTopology, so no architecture",
            "convert the Keras model again with tensorflowjs_converter",
        )
    if root.mapping().get("format") == "graph-model" or topology.has("node"):
        raise root.error(
            "graph-model",
            "this is a TensorFlow.js graph model: ops of TensorFlow without layers",
            "give the Keras model that it was converted from",
        )
    return unwrapped(topology)


def _from_attributes(root: Node) -> Node:
    """Return the model in attributes of HDF5, with what stands beside it."""
    model = root.field("model_config")
    beside = {key: child.value for key, child in root.fields() if key in _BESIDE}
    version = beside.get("keras_version")
    writer = version if isinstance(version, str) and (version_in(version) or _NONE) >= _3 else ""
    if writer:  # the JSON of Keras 3 itself has no version
        del beside["keras_version"]
        beside.pop("backend", None)
        beside["registered_name"] = None  # which it has everywhere but in HDF5
    made = model.placed({**beside, **model.mapping("a model")})
    made.writer = writer
    return Node(made)


def version_in(text: str) -> tuple[int, int] | None:
    """Return the first two numbers of a version: `"3.0.5"` -> `(3, 0)`."""
    found = re.match(r"(\d{1,3})\.(\d{1,3})", text)
    return (int(found[1]), int(found[2])) if found else None


def writer_of(root: Node) -> tuple[int, int] | None:
    """Return the version of the Keras 3 that wrote a document, where something beside it tells."""
    return version_in(root.value.writer) if isinstance(root.value, Placed) else None


def names_no_modules(root: Node) -> bool:
    """Tell whether Keras 3 wrote a model in the words of its HDF5, as TensorFlow.js has it, too."""
    return writer_of(root) is not None and not root.has("module")


def _from_config(root: Node) -> Node:
    """Return a bare `get_config()` of a model as the model."""
    if root.has("class_name") or not root.has("name") or not root.has("layers"):
        return root
    layers = root.field("layers").value
    first = layers[0] if isinstance(layers, list) and layers else None
    if not isinstance(first, dict) or not {"class_name", "config"} <= first.keys():
        return root
    name = "Functional" if root.has("input_layers") else "Sequential"
    return Node(root.placed({"class_name": name, "config": root.placed(root.mapping())}))


def _from_list(root: Node) -> Node:
    """Return the `get_config()` of a Sequential up to Keras 2.2, which is a list, as the model."""
    items = root.items()
    first = items[0].get("config") if items and isinstance(items[0].value, dict) else None
    if first is None or not isinstance(first.value, dict) or "batch_input_shape" not in first.value:
        return root
    if not all(isinstance(item.value, dict) and _is_layer(item) for item in items):
        return root
    layers: list[Json] = [item.placed(item.mapping()) for item in items]
    return Node(Placed({"class_name": "Sequential", "config": layers}, root.pointer, {}))


def _is_layer(item: Node) -> bool:
    from kcodegen.registry.keras1 import CLASSES  # few files need them

    name = item.mapping().get("class_name")
    known = isinstance(name, str) and (name in CLASSES or registry.candidates(name, None, "layer"))
    return bool(known) and item.has("config") and not item.has("registered_name")
