"""`to_json()` of Keras 0 in the form of Keras 1.

    {"name": "Sequential", "layers": [{"name": "Dense", "custom_name": "dense", ...}]}
        ->  {"class_name": "Sequential", "config": [{"class_name": "Dense", "config": {...}}]}

Source: `Layer.get_config` and `container_from_config` of Keras 0.3.3.
"""

from __future__ import annotations

from collections import Counter

from kcodegen.ir.document import Json, Node
from kcodegen.registry.keras1 import CLASSES
from kcodegen.words import snake_case

VERSION = (0, 3)
_OWN_NAMES = ("name", "custom_name", "input_shape")


def is_flat(root: Node) -> bool:
    """Tell whether a document is a model of Keras 0: layers whose class is called `name`."""
    fields = root.mapping()
    layers = fields.get("layers")
    first = layers[0] if isinstance(layers, list) and layers else None
    return (
        fields.get("name") == "Sequential"
        and "class_name" not in fields
        and isinstance(first, dict)
        and isinstance(first.get("name"), str)
        and not {"class_name", "config"} & first.keys()
    )


def translated(root: Node) -> Node:
    """Return a whole model in the form of Keras 1."""
    rest = {k: v for k, v in root.mapping().items() if k not in ("name", "layers")}
    chain = _chain(root.field("layers"), Counter())
    return Node(root.placed({**rest, "class_name": "Sequential", "config": chain}))


def _chain(layers: Node, used: Counter[str]) -> list[Json]:
    return [read_layer(item, used) for item in layers.items("a list of layers")]


def read_layer(node: Node, used: Counter[str], own: str = "") -> dict[str, Json]:
    """Return one layer; `own` is its name where it is known, `used` counts the others."""
    name = node.field("name").text("the class of a layer")
    if name == "Sequential":
        fields: dict[str, Json] = {
            "class_name": name,
            "config": _chain(node.field("layers"), used),
        }
        return node.placed(fields, {"class_name": "name"})
    config = {k: v for k, v in node.mapping().items() if k not in _OWN_NAMES}
    shape = node.get("input_shape")
    shape = None if shape is not None and shape.value is None else shape
    if name == "Embedding" and shape is not None:  # it wrote the size of its vocabulary there
        config["batch_input_shape"] = [None, node.mapping().get("input_length")]
    elif shape is not None:
        config["batch_input_shape"] = [None, *(item.value for item in shape.items())]
    if name == "Merge":
        config["layers"] = _chain(node.field("layers"), used)
    elif node.has("layer"):
        config["layer"] = read_layer(node.field("layer"), used)
    config["name"] = own or _layer_name(node, name, used)
    was = {"batch_input_shape": "input_shape", "name": "custom_name"}
    inner = node.placed(config, {new: old for new, old in was.items() if node.has(old)})
    return node.placed({"class_name": name, "config": inner}, {"class_name": "name"})


def _layer_name(node: Node, name: str, used: Counter[str]) -> str:
    """Return a layer's own name, or the one that Keras 3 gives it; no name comes twice."""
    given = node.get("custom_name")
    own = given.text("the name of a layer") if given is not None else ""
    row = CLASSES.get(name)
    automatic = not own or own == name.lower()
    base = snake_case(row.name if row is not None else name) if automatic else own
    used[base] += 1
    return base if used[base] == 1 else f"{base}_{used[base] - 1}"
