"""`to_json()` of Keras 2.0 to 2.3, tf.keras 2 and tf_keras -> Graph.

Source of the format: `get_network_config` in `keras.engine.functional`, `Sequential.get_config`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from kcodegen.diagnostics import CompileError, Diagnostic
from kcodegen.frontends import changes, old_names, time_major
from kcodegen.frontends.classes import find_row, is_model
from kcodegen.frontends.context import Context
from kcodegen.frontends.keras2_calls import OldWires, read_call
from kcodegen.frontends.keras2_inputs import chain_input, known_sizes, read_old_input
from kcodegen.frontends.keras3 import build_shape, model_key, model_row
from kcodegen.frontends.old_masks import with_old_masks, with_own_masks
from kcodegen.frontends.outputs import wrong_outputs
from kcodegen.frontends.tf_ops import is_op_layer, note_op, op_name, read_op
from kcodegen.frontends.tf_products import with_order_kept
from kcodegen.frontends.values import read_config, read_dropped
from kcodegen.ir.document import Json, Node
from kcodegen.ir.graph import Call, Graph, Layer
from kcodegen.ir.order import flatten, operands
from kcodegen.ir.values import Dict, Ref, Value
from kcodegen.records import record
from kcodegen.registry.vocabulary import INPUT, MODEL, SEQUENTIAL
from kcodegen.words import prose

_STRUCTURE = ("name", "layers", "input_layers", "output_layers", "build_input_shape", "dtype")


def read_model(node: Node, context: Context) -> Graph:
    """Return the graph of a Sequential or Functional model of Keras 2."""
    config = node.field("config")
    if isinstance(config.value, dict) and "input_layers" in config.value:
        return _read_functional(node, context)
    return _read_sequential(node, context)


# Layers


def _read_layer(node: Node, name: str, context: Context) -> Layer | None:
    """Return one layer's definition, called `name`; None after noting why it can't be read."""
    node = node.named(name)
    try:
        if is_model(node):
            graph = replace(context.read_model(node, context), name=name)
            return Layer(name, graph.style, body=graph, origin=node.origin)
        if node.field("class_name").value == INPUT.name:
            return read_old_input(node, name, context)
        old = read_dropped(node, node.field("class_name").text(), context, ("name",))
        if old is not None:
            return Layer(name, old.key, old.args, origin=node.origin, built=build_shape(node))
        row = find_row(node, context, "layer")
        if row is None:
            return None
        args = read_config(node.field("config"), row, context, ("name",))
        return Layer(name, row.key, args, origin=node.origin, built=build_shape(node))
    except CompileError as error:
        context.problems.add(error)
        return None


# Sequential


def _read_sequential(node: Node, context: Context) -> Graph:
    """Return the graph of a Sequential: its config is a list of layers up to Keras 2.1."""
    config = node.field("config")
    is_list = isinstance(config.value, list)
    items = (config if is_list else config.field("layers")).items()
    names = old_names.unique([(item, _file_name(item)) for item in items], context)
    layers = [
        layer
        for item, name in zip(items, names, strict=True)
        if (layer := _read_layer(item, name, context)) is not None
    ]
    first = chain_input(node, items, layers)
    chain = (first, *layers) if first is not None else tuple(layers)
    key = model_key(node, context, "Sequential", SEQUENTIAL.key)
    args = () if is_list else read_config(config, SEQUENTIAL, context, _STRUCTURE)
    return Graph(
        _model_name(node, "sequential", context), key, chain, args=args, origin=node.origin
    )


def _model_name(node: Node, otherwise: str, context: Context) -> str:
    """Return a model's name; a Sequential whose config is a list has none."""
    config = node.field("config")
    named = config.get("name") if isinstance(config.value, dict) else None
    named = node.get("name") if named is None else named
    name = named.value if named is not None else None
    if not isinstance(name, str) or not name:
        return otherwise
    return name if context.vocabulary.target.is_old else old_names.without_slashes(name)


def _file_name(item: Node) -> str:
    """Return what the file calls a layer."""
    named, config = item.get("name"), item.get("config")
    if named is None and config is not None and isinstance(config.value, dict):
        named = config.get("name")
    if named is None and is_model(item):
        return "sequential"
    name = named.text("the name of a layer") if named is not None else ""
    if not name:
        raise item.error("unnamed-layer", "a layer has no name")
    return name


# Functional


@record(frozen=True)
class _Entry:
    """One item of `layers`: what the file calls it, what the page will, and what it is."""

    node: Node
    old: str
    name: str
    is_op: bool
    is_model: bool
    is_input: bool


def _read_functional(node: Node, context: Context) -> Graph:
    config = node.field("config")
    entries = _entries(config.field("layers"), context)
    wires = OldWires(
        sizes={e.old: known_sizes(e.node) for e in entries if e.is_input},
        uses={e.old: _uses(e) for e in entries},
        first={e.old: _first_use(e, config.value) for e in entries if e.is_model},
        names={e.old: e.name for e in entries if not e.is_op},
    )
    op_calls = [call for e in entries if e.is_op for call in _read_ops(e, wires, context)]
    made = {e.old: wires.made_layers.get(e.old) for e in entries if e.is_op}
    layers = [
        layer
        for e in entries
        if (layer := made[e.old] if e.is_op else _read_entry(e, context)) is not None
    ]
    known = {layer.name: layer for layer in layers}
    calls = [c for e in entries if not e.is_op for c in _read_calls(e, known, wires, context)]
    key = model_key(node, context, "Functional", MODEL.key)
    graph = Graph(
        name=_model_name(node, "model", context),
        style=key,
        layers=tuple(layers),
        calls=(*calls, *op_calls),
        inputs=_ends(config.field("input_layers"), wires),
        outputs=_ends(config.field("output_layers"), wires),
        args=read_config(config, model_row(key, context), context, _STRUCTURE),
        origin=node.origin,
    )
    problems = context.problems
    problems.found.extend(wrong_outputs(graph))
    if not problems.found and not problems.unknown:  # what could not be read is missing
        problems.found.extend(_never_made(graph))
    if op_calls and not problems.found and not problems.unknown:
        graph = with_order_kept(graph)
    turned_names = frozenset(e.name for e in entries if time_major.is_turned(e.node))
    graph, swaps = time_major.turned(graph, turned_names)
    masked = with_own_masks if context.vocabulary.target.is_old else with_old_masks
    graph, masks = masked(graph, context.version)
    problems.warnings.extend((*swaps, *masks))
    return graph


def _never_made(graph: Graph) -> Iterator[Diagnostic]:
    """Yield an error for every tensor that no call makes: of an op that stands behind its use."""
    made = {call.id for call in graph.calls}
    for call in graph.calls:
        for ref in operands(call):
            if ref.call not in made:
                name = prose(ref.call.lstrip("/").rpartition("/")[0])
                message = f"the tensor of {name!r} is used before it is made"
                yield Diagnostic("unknown-reference", message, call.origin)
    for ref in (*flatten(graph.inputs), *flatten(graph.outputs)):
        if ref.call not in made:
            yield Diagnostic("unknown-reference", "an end of the model is never made", graph.origin)
    if any(ref.index for ref in flatten(graph.inputs)):
        yield Diagnostic("unknown-reference", "an input has one tensor, counted 0", graph.origin)


def _read_entry(entry: _Entry, context: Context) -> Layer | None:
    """Return the layer of an entry; how its steps lie is a matter of its calls."""
    is_turned = time_major.is_turned(entry.node)
    node = time_major.plain(entry.node) if is_turned else entry.node
    return _read_layer(node, entry.name, context)


def _entries(layers: Node, context: Context) -> list[_Entry]:
    items = layers.items()
    old = [_file_name(item) for item in items]
    for name, count in Counter(old).items():
        if count > 1:
            message = f"{count} layers are called {prose(name)!r}"
            raise layers.named(name).error("duplicate-name", message)
    ops = [is_op_layer(item) for item in items]
    named = [(item, name) for item, name, op in zip(items, old, ops, strict=True) if not op]
    taken = [op_name(item) for item, op in zip(items, ops, strict=True) if op]
    new = iter(old_names.unique(named, context, frozenset(taken)))
    return [
        _Entry(
            item,
            name,
            name if op else next(new),
            op,
            is_model(item),
            item.mapping().get("class_name") == INPUT.name,
        )
        for item, name, op in zip(items, old, ops, strict=True)
    ]


def _uses(entry: _Entry) -> int:
    """Return how many calls of a layer there are: an input has one without a node."""
    return max(len(entry.node.field("inbound_nodes").items()), 1)


def _first_use(entry: _Entry, config: Json) -> int:
    """Return the number of a nested model's first call: 1, because making it was call 0.

    A file in which its call 0 is used counts from 0 (the last call would have no number).
    """
    found: set[int] = set()
    waiting: list[Json] = [config]
    while waiting:
        match waiting.pop():
            case [str(name), int(use), int(), *_] if name == entry.old:
                found.add(use)
            case list() as items:
                waiting.extend(items)
            case dict() as items:
                waiting.extend(v for k, v in items.items() if k != "config")
    return 0 if 0 in found else 1


def _read_calls(
    entry: _Entry, known: dict[str, Layer], wires: OldWires, context: Context
) -> list[Call]:
    """Return the calls of one layer, in the order they were made."""
    node = entry.node.named(entry.name)
    nodes = node.field("inbound_nodes").items()
    layer = known.get(entry.name)
    if nodes and entry.is_input:
        raise node.error("wrong-value", "an input is called on a tensor")
    if not nodes:
        if layer is not None and layer.key != INPUT.key:
            message = f"{prose(entry.name)} is never called"
            context.problems.add(node.error("not-connected", message))
        return [Call(f"{entry.name}/0", "layer", entry.name, origin=node.origin)]
    calls = []
    for use, item in enumerate(nodes):
        try:
            calls += read_call(item, entry.name, use, layer, wires, context)
        except CompileError as error:
            context.problems.add(error)
    return calls


def _read_ops(entry: _Entry, wires: OldWires, context: Context) -> list[Call]:
    node = entry.node.named(entry.name)
    calls: list[Call] = []
    for use, item in enumerate(node.field("inbound_nodes").items()):
        try:
            made = read_op(node, item, entry.old, use, wires)
            note_op(node, made, changes.since_keras3(context))
            calls += made
        except CompileError as error:
            context.problems.add(error)
    return calls


def _ends(node: Node, wires: OldWires) -> Value:
    """Return the structure of inputs or outputs; a list of one tensor is that tensor."""
    value = _end(node, wires)
    if isinstance(value, tuple) and len(value) == 1 and isinstance(value[0], Ref):
        return value[0]
    return value


def _end(node: Node, wires: OldWires) -> Value:
    if isinstance(node.value, dict):
        return Dict(tuple((key, _end(child, wires)) for key, child in node.fields()))
    if wires.looks_like_tensor(node.value):
        return wires.tensor(node)
    return tuple(_end(item, wires) for item in node.items("a list of tensors"))
