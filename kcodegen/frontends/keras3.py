"""Keras 3 `to_json()` -> Graph: Sequential and Functional, nested to any depth.

Source of the format: `keras.src.models.functional` and `keras.src.saving.serialization_lib`.
"""

from __future__ import annotations

from collections import Counter

from kcodegen import registry
from kcodegen.diagnostics import CompileError, Diagnostic
from kcodegen.frontends.calls import Wires, read_call
from kcodegen.frontends.classes import find_row, is_model
from kcodegen.frontends.context import Context
from kcodegen.frontends.early_calls import early_places, may_be_early
from kcodegen.frontends.outputs import wrong_outputs
from kcodegen.frontends.values import read_config, read_value
from kcodegen.ir.document import Node
from kcodegen.ir.graph import Call, Graph, Layer, Shape
from kcodegen.ir.values import Args, Dict, Ref, Value
from kcodegen.records import record
from kcodegen.registry.rows import ClassRow
from kcodegen.registry.vocabulary import INPUT, MODEL, SEQUENTIAL, is_custom
from kcodegen.words import prose

OPS_MODULE = "keras.src.ops"
ROOTS = ("keras", "tf_keras")


def read_model(node: Node, context: Context) -> Graph:
    """Return the graph of a serialized Sequential or Functional model."""
    if node.has("config") and node.field("config").has("input_layers"):
        return _read_functional(node, context)
    return read_sequential(node, context)


def read_sequential(node: Node, context: Context) -> Graph:
    """Return the graph of a Sequential: its layers are its chain."""
    config = node.field("config")
    layers = [
        layer
        for item in config.field("layers").items()
        if (layer := read_layer(item, context)) is not None
    ]
    _refuse_duplicates(config.field("layers"), layers)
    skip = ("name", "layers", "build_input_shape", "dtype")
    args = read_config(config, SEQUENTIAL, context, skip)
    _warn_of_policy(config, context)
    key = model_key(node, context, "Sequential", SEQUENTIAL.key)
    return Graph(_model_name(config), key, tuple(layers), args=args, origin=node.origin)


def _warn_of_policy(config: Node, context: Context) -> None:
    """Note a dtype policy of the Sequential itself, which no constructor takes.

    Keras, too, forgets it when it loads the file; the policies of the layers count.
    """
    node = config.get("dtype")
    if node is not None and read_value(node, context, "dtype_policy") not in (None, "float32"):
        message = "a Sequential takes no dtype: the dtypes of its layers are kept, its own is not"
        context.problems.warnings.append(
            Diagnostic("sequential-dtype", message, node.origin, severity="warning")
        )


def read_layer(node: Node, context: Context) -> Layer | None:
    """Return one layer's definition; None after noting why it can't be read."""
    name = layer_name(node)
    node = node.named(name)
    try:
        return _read_layer(node, name, context)
    except CompileError as error:
        context.problems.add(error)
        return None


def _read_layer(node: Node, name: str, context: Context) -> Layer | None:
    built = build_shape(node)
    if is_model(node):
        graph = context.read_model(node, context)
        return Layer(name, graph.style, body=graph, origin=node.origin, built=built)
    if node.field("class_name").value == INPUT.name:
        return read_input(node, node.field("config"), name)
    row = find_row(node, context, "layer")
    if row is None:
        return None
    args = read_config(node.field("config"), row, context, ("name",))
    return Layer(name, row.key, args, origin=node.origin, built=built)


def read_input(node: Node, config: Node, name: str) -> Layer:
    """Return an input layer, as the call of `keras.Input` that makes it."""
    return Layer(name, INPUT.key, _input_args(config), origin=node.origin)


def layer_name(node: Node) -> str:
    """Return a layer's name, which a graph must know before anything else."""
    named = node.get("name")
    if named is None and node.has("config"):
        named = node.field("config").get("name")
    name = named.text("the name of a layer") if named is not None else ""
    if not name:
        raise node.error("unnamed-layer", "a layer has no name")
    if "/" in name:
        hint = "Keras 3 allows no '/' in a name; this is a Keras 2 file"
        raise node.error("slash-in-name", f"the layer name {prose(name)!r} holds a '/'", hint)
    return name


def _input_args(config: Node) -> Args:
    """Return the arguments of `keras.Input`: `batch_shape` [null, 4] -> `shape` (4,)."""
    shape_node = config.field("batch_shape")
    args: list[tuple[str, Value]] = []
    if shape_node.value is None or not shape_node.items():
        args.append(("batch_shape", None if shape_node.value is None else ()))
    else:
        batch, *rest = (_dimension(item) for item in shape_node.items())
        args.append(("shape", tuple(rest)))
        args.append(("batch_size", batch))
    for key in ("dtype", "sparse", "ragged", "optional"):
        child = config.get(key)
        if child is not None:
            args.append((key, child.text() if key == "dtype" else _flag(child)))
    return tuple(args)


def _flag(node: Node) -> bool:
    if not isinstance(node.value, bool):
        raise node.wrong("a boolean")
    return node.value


def _dimension(node: Node) -> int | None:
    return None if node.value is None else node.integer("a dimension")


def build_shape(node: Node) -> Value:
    """Return the shape or shapes a layer was built with, for comments and counts."""
    config = node.get("build_config")
    if config is None or not isinstance(config.value, dict):
        return None
    shapes = config.value.get("shapes_dict", config.value.get("input_shape"))
    return _plain(shapes)


def _plain(value: object) -> Value:
    match value:
        case list():
            return tuple(_plain(item) for item in value)
        case dict():
            return Dict(tuple((key, _plain(item)) for key, item in value.items()))
        case None | bool() | int() | float() | str():
            return value
    return None


def _model_name(config: Node) -> str:
    return config.field("name").text("the name of a model")


def model_key(node: Node, context: Context, expected: str, key: str) -> str:
    """Return the key of the model's class: Keras' own, or the user's."""
    name = node.field("class_name").text()
    module = node.get("module")
    module_name = module.value if module is not None else None
    plain = name in ("Model", "Functional", "Sequential")
    if plain and (module_name is None or str(module_name).split(".")[0] in ROOTS):
        if (name == "Sequential") == (expected == "Sequential"):
            return key
        raise node.error("model-class", f"a {name} can't have the config of a {expected}")
    row = find_row(node, context, "layer")
    if row is None:
        return key
    if not is_custom(row.key):
        raise node.error("model-class", f"{prose(name)} is no model class")
    return row.key


def _refuse_duplicates(node: Node, layers: list[Layer]) -> None:
    for name, count in Counter(layer.name for layer in layers).items():
        if count > 1:
            message = f"{count} layers are called {prose(name)!r}"
            raise node.named(name).error("duplicate-name", message, "rename one of them")


@record(frozen=True)
class _Entry:
    """One item of a Functional's `layers`: a layer, or an op, and its calls."""

    node: Node
    name: str
    is_op: bool
    is_functional: bool


def _entries(layers: Node) -> list[_Entry]:
    found = []
    for item in layers.items():
        functional = is_model(item) and item.field("config").has("input_layers")
        found.append(_Entry(item, layer_name(item), _is_op(item), functional))
    return found


def _is_op(item: Node) -> bool:
    """Tell whether an entry is an op.

    HDF5 leaves its module out; but every layer writes down whether it is trainable, and its dtype.
    """
    module = item.get("module")
    if module is not None:
        return str(module.value).startswith(OPS_MODULE)
    if not item.has("config") or any(item.field("config").has(k) for k in ("trainable", "dtype")):
        return False
    return item.field("class_name").value in registry.op_names()


def _read_functional(node: Node, context: Context) -> Graph:
    config = node.field("config")
    entries = _entries(config.field("layers"))
    layers = [
        layer
        for entry in entries
        if not entry.is_op and (layer := read_layer(entry.node, context)) is not None
    ]
    counts = Counter(entry.name for entry in entries)
    for name, count in counts.items():
        if count > 1:
            message = f"{count} layers are called {prose(name)!r}"
            raise config.field("layers").named(name).error("duplicate-name", message)
    wires = _wires(config, entries, context)
    calls = [call for entry in entries for call in _read_calls(entry, wires, context)]
    skip = ("name", "layers", "input_layers", "output_layers")
    key = model_key(node, context, "Functional", MODEL.key)
    modern = any(e.node.field("config").has("optional") for e in entries if e.node.has("config"))
    shapes: dict[Ref, Shape] = dict(wires.shapes)
    graph = Graph(
        name=_model_name(config),
        style=key,
        layers=tuple(layers),
        calls=tuple(calls),
        inputs=_ends(config.field("input_layers"), wires, modern),
        outputs=_ends(config.field("output_layers"), wires, modern),
        args=read_config(config, model_row(key, context), context, skip),
        origin=node.origin,
        shapes=shapes,
    )
    context.problems.found.extend(wrong_outputs(graph))
    return graph


def _wires(config: Node, entries: list[_Entry], context: Context) -> Wires:
    uses = {e.name: _uses(e) for e in entries}
    functional = frozenset(e.name for e in entries if e.is_functional)
    places: dict[str, dict[int, int]] = {}
    if may_be_early(config, context.version):
        places = early_places(config, uses, functional, context.version)
    return Wires(uses, frozenset(e.name for e in entries if e.is_op), functional, places=places)


def model_row(key: str, context: Context) -> ClassRow:
    """Return the row of a Functional model's class."""
    return context.vocabulary.row(key) if is_custom(key) else MODEL


def _uses(entry: _Entry) -> int:
    """Return how many outputs a layer offers: an input has one without a node."""
    nodes = entry.node.get("inbound_nodes")
    count = len(nodes.items()) if nodes is not None else 0
    return max(count, 1)


def _read_calls(entry: _Entry, wires: Wires, context: Context) -> list[Call]:
    """Return the calls of one entry, in the order they were made."""
    node = entry.node.named(entry.name)
    nodes = node.field("inbound_nodes").items()
    if not nodes:
        is_input = entry.node.field("class_name").value == INPUT.name
        if not is_input:
            error = node.error("not-connected", f"{prose(entry.name)} is never called")
            context.problems.add(error)
        return [Call(f"{entry.name}/0", "layer", entry.name, origin=node.origin)]
    calls = []
    for use, item in enumerate(nodes):
        try:
            calls.append(read_call(entry.node, item, entry.name, use, wires, context))
        except CompileError as error:
            context.problems.add(error)
    return calls


def _ends(node: Node, wires: Wires, modern: bool) -> Value:
    """Return the structure of inputs or outputs.

    Before Keras 3.12 a single tensor was written as a list of one; `modern` files mean it.
    """
    value = _end(node, wires)
    if not modern and isinstance(value, tuple) and len(value) == 1 and isinstance(value[0], Ref):
        return value[0]
    return value


def _end(node: Node, wires: Wires) -> Value:
    if isinstance(node.value, dict):
        return Dict(tuple((key, _end(child, wires)) for key, child in node.fields()))
    items = node.items("a list of tensors")
    if len(items) == 3 and isinstance(items[0].value, str):
        return wires.ref(node, one_based=True)
    return tuple(_end(item, wires) for item in items)
