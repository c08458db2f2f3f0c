"""The flat form that people write by hand: `{"layers": [{"name", "class_name", **get_config()}]}`.

    {"layers": [{"name": "dense", "class_name": "Dense", "units": 64, ...}, ...]}
        ->  Sequential([Input(...), Dense(64), ...])

It is written with every Keras from 2.3 on, so with old argument names too. It keeps no wiring:
what was not a plain chain can't come back, and is refused.
"""

from __future__ import annotations

from kcodegen.diagnostics import CompileError
from kcodegen.frontends.classes import find_row
from kcodegen.frontends.context import Context
from kcodegen.frontends.keras3 import layer_name, read_input
from kcodegen.frontends.values import read_config
from kcodegen.ir.document import Node
from kcodegen.ir.graph import Graph, Layer, Shape
from kcodegen.ir.values import Args, Hole, Value
from kcodegen.registry.vocabulary import INPUT, SEQUENTIAL
from kcodegen.words import prose

_MERGES = frozenset(
    "Add Average Concatenate Dot Maximum Minimum Multiply Subtract Attention AdditiveAttention"
    " MultiHeadAttention GroupQueryAttention".split()
)
_NAME = "model"


def is_flat(root: Node) -> bool:
    """Tell whether the document is a flat list of layers."""
    layers = root.get("layers")
    if layers is None or root.has("class_name") or not isinstance(layers.value, list):
        return False
    first = layers.value[0] if layers.value else None
    return isinstance(first, dict) and "class_name" in first and "config" not in first


def read_flat(root: Node, context: Context, input_shape: Shape | None) -> Graph:
    """Return the Sequential that the list stands for.

    Without a recorded shape the input's is `input_shape`, or a hole that the page asks for.
    """
    items = root.field("layers").items()
    _refuse_lost_wiring(root, items)
    layers = [layer for item in items if (layer := _read_layer(item, context)) is not None]
    names = [layer.name for layer in layers]
    for name in {name for name in names if names.count(name) > 1}:
        message = f"{names.count(name)} layers are called {prose(name)!r}"
        context.problems.add(root.named(name).error("duplicate-name", message))
    first = _input_layer(items[0], layers, input_shape)
    chain = (first, *layers) if first is not None else tuple(layers)
    return Graph(_name(root), SEQUENTIAL.key, chain, origin=root.origin)


def _name(root: Node) -> str:
    named = root.get("name")
    return named.text() if named is not None and named.value else "sequential"


def _read_layer(item: Node, context: Context) -> Layer | None:
    name = layer_name(item)
    node = item.named(name)
    try:
        if item.field("class_name").value == INPUT.name:
            return read_input(node, item, name)
        row = find_row(node, context, "layer")
        if row is None:
            return None
        skip = ("name", "class_name", "batch_input_shape", "batch_shape")
        args = read_config(node, row, context, skip)
    except CompileError as error:
        context.problems.add(error)
        return None
    return Layer(name, row.key, args, origin=node.origin)


def _refuse_lost_wiring(root: Node, items: tuple[Node, ...]) -> None:
    """Raise an error when the layers can't have been one chain."""
    classes = [item.field("class_name").text() for item in items]
    merges = [
        prose(item.field("name").text())
        for item, name in zip(items, classes, strict=True)
        if name in _MERGES and item.has("name")
    ]
    inputs = classes.count(INPUT.name)
    hint = "write the model with model.to_json(), which keeps the connections"
    if merges:
        what = f"{', '.join(merges)} had several inputs"
        message = f"this flat file has lost the connections between its layers: {what}"
        raise root.field("layers").error("lost-wiring", message, hint)
    if inputs > 1 or INPUT.name in classes[1:]:
        what = f"it has {inputs} inputs" if inputs > 1 else "its input is not its first layer"
        message = f"this flat file has lost the connections between its layers: {what}"
        raise root.field("layers").error("lost-wiring", message, hint)


def _input_layer(first: Node, layers: list[Layer], input_shape: Shape | None) -> Layer | None:
    """Return the input that the chain begins with; None when it has one already."""
    if layers and layers[0].key == INPUT.key:
        return None
    shape: Value = input_shape
    batch: Value = None
    recorded = first.get("batch_input_shape") or first.get("batch_shape")
    if recorded is not None and recorded.value is not None:
        if shape is not None:
            raise recorded.error(
                "input-shape", "the file knows its input", "leave --input-shape out"
            )
        sizes = [
            None if item.value is None else item.integer("a dimension") for item in recorded.items()
        ]
        batch, shape = sizes[0], tuple(sizes[1:])
    elif shape is None:
        shape = Hole("input_shape")
    args: Args = (("shape", shape), ("batch_size", batch))
    dtype = first.get("dtype")
    if first.field("class_name").value == "Embedding":
        args = (*args, ("dtype", "int32"))
    elif dtype is not None and isinstance(dtype.value, str) and dtype.value != "float32":
        args = (*args, ("dtype", dtype.value))
    return Layer("input_layer", INPUT.key, args, origin=first.origin)
