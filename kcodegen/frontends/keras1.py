"""`to_json()` of Keras 1 in the words of Keras 2, which the frontend for that reads.

    {"class_name": "Dense", "config": {"output_dim": 8, "init": "he_normal", "bias": true}}
        ->  {"class_name": "Dense", "config": {"units": 8, "kernel_initializer": ..., ...}}

Every object remembers where it stands in the file, so that messages point there. The words
are in `registry.keras1`; what one layer's arguments mean is in `keras1_layers`.
"""

from __future__ import annotations

from kcodegen.frontends import keras1_merge
from kcodegen.frontends.classes import is_model
from kcodegen.frontends.context import Context
from kcodegen.frontends.keras1_layers import Old, class_of, read_arguments
from kcodegen.frontends.keras1_padding import with_padding
from kcodegen.ir.document import Json, Node
from kcodegen.registry.keras1 import CLASSES, FORMATS

# Arguments that only Keras 1 had.
_OWN = frozenset({"output_dim", "nb_filter", "nb_row", "border_mode", "init", "subsample", "p"})
_WRAPPERS = ("TimeDistributed", "Bidirectional")


def looks_like_1(root: Node) -> bool:
    """Tell whether a layer is one of Keras 1; Embedding has kept its `output_dim`."""
    config = root.field("config")
    layers = config if isinstance(config.value, list) else config.get("layers")
    items = layers.value if layers is not None and isinstance(layers.value, list) else []
    for item in items:
        inner = item.get("config") if isinstance(item, dict) else None
        if isinstance(item, dict) and isinstance(inner, dict):
            name = item.get("class_name")
            if name == "Merge" or (name != "Embedding" and _OWN & inner.keys()):
                return True
    return False


def translated(root: Node, context: Context, version: tuple[int, int]) -> Node:
    """Return a whole model in the words of Keras 2."""
    old = Old(context.problems, version, _format(root.value))
    model = Node(_model(root, old))
    context.problems.warnings.extend(old.warnings())
    return model


def _format(value: Json) -> str | None:
    """Return the one dim_ordering that a file speaks of; None for no one, and for two."""
    found: set[str] = set()
    waiting = [value]
    while waiting:
        match waiting.pop():
            case dict() as fields:
                found.update(name for name in FORMATS if fields.get("dim_ordering") == name)
                waiting.extend(fields.values())
            case list() as items:
                waiting.extend(items)
    return found.pop() if len(found) == 1 else None


def _model(node: Node, old: Old) -> Json:
    config = node.field("config")
    if isinstance(config.value, list):
        items = config.items()
        if items and keras1_merge.has_branches(items[0]):
            models = [_layer(item, old) for item in keras1_merge.branches(items[0])]
            layers = with_padding([_layer(item, old) for item in items[1:]])
            start = keras1_merge.merge(items[0], old.version)
            return keras1_merge.functional(node, models, layers, start, old)
        return node.placed({**node.mapping(), "config": _chain(items, old)})
    layers = with_padding([_layer(item, old) for item in config.field("layers").items()])
    new = config.placed({**config.mapping(), "layers": layers})
    return node.placed({**node.mapping(), "config": new})


def _chain(items: tuple[Node, ...], old: Old) -> list[Json]:
    """Return the layers of a Sequential, its input as the first of them."""
    layers = keras1_merge.with_names([_layer(item, old) for item in items], old)
    layers = with_padding(layers)
    first = items[0].get("config") if items else None
    if first is None or not isinstance(first.value, dict) or is_model(items[0]):
        return layers
    name, shape = items[0].field("class_name").value, first.get("batch_input_shape")
    if name == "InputLayer" or shape is None or shape.value is None:
        return layers
    config: dict[str, Json] = {"name": old.name("input_layer"), "batch_input_shape": shape.value}
    config["dtype"] = "int32" if name == "Embedding" else first.mapping().get("input_dtype")
    was = {"dtype": "input_dtype"}
    entry: dict[str, Json] = {"class_name": "InputLayer", "config": first.placed(config, was)}
    return [items[0].placed(entry), *layers]


def _layer(node: Node, old: Old) -> Json:
    """Return one layer, a model or a wrapper included."""
    if is_model(node):
        return _model(node, old)
    name, config = class_of(node), node.field("config")
    own = config.mapping().get("name")
    if isinstance(own, str):
        node = node.named(own)
        config = node.field("config")
    if name == "Merge":
        return keras1_merge.merge(node, old.version)
    if name in _WRAPPERS:
        given = {**read_arguments(node, old), "layer": _layer(config.field("layer"), old)}
        return node.placed({**node.mapping(), "config": config.placed(given)})
    row = CLASSES.get(name)
    fields: dict[str, Json] = {"class_name": row.name if row is not None else name}
    return node.placed({**node.mapping(), **fields, "config": read_arguments(node, old)})
