"""Op layers of tf.keras -> calls of Keras' own ops.

{"class_name": "TFOpLambda", "config": {"function": "math.multiply", ...},
 "inbound_nodes": [["a", 0, 0, {"y": 2.0, "name": null}]]}     ->     ops.multiply(a, 2.0)

The functions are rows of `registry.tf_functions`; what is in no row is refused.
"""

from __future__ import annotations

from kcodegen import registry
from kcodegen.frontends import changes, tf_rules, tf_sizes
from kcodegen.frontends.keras2_calls import OldWires, first_argument
from kcodegen.frontends.problems import Problems
from kcodegen.frontends.tf_rules import Given, GivenArgs, TfCall
from kcodegen.ir.document import Node
from kcodegen.ir.graph import Call
from kcodegen.ir.values import Ref, Slice, Value, same
from kcodegen.registry.tf_functions import (
    FUNCTIONS,
    LOST,
    OLD_PARAMS,
    TfFunction,
    find_function,
)
from kcodegen.words import did_you_mean, prose, snake_case

_LAMBDA = "TFOpLambda"
_SLICING = "SlicingOpLambda"
_NODE = "TensorFlowOpLayer"
_REFUSED = {
    "ClassMethod": "a method of a class of TensorFlow, often of a ragged tensor",
    "InstanceMethod": "a method of a tensor of TensorFlow, often of a ragged one",
    "InstanceProperty": "a property of a tensor of TensorFlow, often of a ragged one",
}
_KEPT_PROPERTIES = ("shape",)
_SHAPES = ("compat.v1.shape", "shape")
_SLICES = ("strided_slice", "slice")
_CLASSES = frozenset({_LAMBDA, _SLICING, _NODE, *_REFUSED})


def is_op_layer(item: Node) -> bool:
    """Tell whether an item of `layers` is an op without weights."""
    name = item.mapping().get("class_name")
    return isinstance(name, str) and name in _CLASSES


def op_name(item: Node) -> str:
    """Return what Keras 3 calls the op that an op layer becomes: `multiply`, or nothing."""
    kind, path = item.mapping().get("class_name"), item.field("config").mapping().get("function")
    if kind == _NODE:
        from kcodegen.frontends import tf_nodes  # only models of TensorFlow 2.0 to 2.3 have some

        path = tf_nodes.function_of(item)
    if kind == _SLICING or path in _SLICES:
        return "get_item"
    row = find_function(path) if isinstance(path, str) else None
    return snake_case(registry.op(row.key).name) if row is not None and row.rule != "same" else ""


def read_op(entry: Node, node: Node, name: str, use: int, wires: OldWires) -> list[Call]:
    """Return the calls that an op layer comes to; none where it only computes a size."""
    kind = entry.field("class_name").text()
    config = entry.field("config")
    place = Ref(f"/{name}/{use}")
    if kind == _SLICING:
        return _slice(node, place, wires)
    if kind == "InstanceProperty" and config.field("attr_name").value in _KEPT_PROPERTIES:
        return _shape(node, place, wires)
    if kind in _REFUSED:
        hint = "put it into a layer of your own"
        message = f"{prose(name)} is {_REFUSED[kind]}: Keras 3 has no equal"
        raise entry.error("tensorflow-op", message, hint)
    if kind == _NODE:
        return _node(entry, node, place, wires)
    path = config.field("function").text()
    if path in _SHAPES:
        return _shape(node, place, wires)
    value, kwargs = _raw_argument(node, wires)
    given = _given(kwargs, wires)
    if path in LOST:
        hint = "write the op into the page by hand, or put it into a layer of your own"
        message = f"tf.{path}: the file has lost its tensors, and Keras 2 can't read it either"
        raise entry.error("tensorflow-op", message, hint)
    return _function(entry, node, place, path, value, given, wires)


def _node(entry: Node, node: Node, place: Ref, wires: OldWires) -> list[Call]:
    """Return the calls that an op of TensorFlow's graph comes to."""
    from kcodegen.frontends import tf_nodes  # only models of TensorFlow 2.0 to 2.3 have some

    read = tf_nodes.read_node(entry, node, wires)
    if read.path in _SLICES:
        value, key = tf_nodes.sliced(node, read)
        return _sliced(node, place, value, key, wires)
    if read.path in _SHAPES:
        return _shape_of(node, place, read.value, wires)
    if read.path == "einsum":
        return tf_nodes.einsum(node, place, read)
    if read.path == "fill":
        return tf_nodes.filled(node, place, read)
    return _function(entry, node, place, read.path, read.value, read.given, wires)


def _function(
    entry: Node, node: Node, place: Ref, path: str, value: Given, given: GivenArgs, wires: OldWires
) -> list[Call]:
    """Return the calls that a function of TensorFlow comes to; none where it computes a size."""
    found = tf_sizes.computed(path, value, given)
    if found is None:
        found = tf_sizes.vector(path, value, given, wires)
    if found is not None:
        wires.stands_for[place] = found
        return []
    if path == "range":
        return tf_sizes.positions(node, place, value, given, wires)
    row = find_function(path)
    if row is None:
        raise _unknown(entry, path)
    return _calls(node, place, row, value, given, wires)


def note_op(entry: Node, calls: list[Call], problems: Problems) -> None:
    """Note what an op layer became: `tf.math.multiply -> ops.multiply`."""
    ops = [f"ops.{call.target.removeprefix('keras.ops.')}" for call in calls if call.kind == "op"]
    if not ops:
        return
    if entry.field("class_name").value == _SLICING:
        changes.replaced_op(entry, "tf.Tensor.__getitem__", "x[...]", problems)
        return
    config = entry.field("config").mapping()
    path, definition = config.get("function"), config.get("node_def")
    if isinstance(definition, dict):
        path = f"raw_ops.{definition.get('op')}"
    changes.replaced_op(entry, f"tf.{prose(str(path))}", " + ".join(ops), problems)


def _unknown(entry: Node, path: str) -> Exception:
    hint = did_you_mean(path, FUNCTIONS) or "put it into a layer of your own"
    message = f"the function tf.{prose(path)} has no equal in the ops of Keras 3 that is known"
    return entry.error("tensorflow-op", message, hint)


def _raw_argument(node: Node, wires: OldWires) -> tuple[Given, Node | None]:
    """Return the first argument as it is: a tensor, a size, a list of them, or a constant."""
    items = node.items("the tensors of a call")
    if wires.is_tensor(node.value):
        return wires.found(node), items[3] if len(items) > 3 else None
    return first_argument(node, wires)


def _given(kwargs: Node | None, wires: OldWires) -> GivenArgs:
    """Return the keyword arguments of an op, without its name and what is None."""
    if kwargs is None:
        return {}
    return {
        key: _operand(child, wires)
        for key, child in kwargs.fields()
        if key != "name" and child.value is not None
    }


def _operand(node: Node, wires: OldWires) -> Given:
    """Return an argument of an op: a tensor, a size, a constant, or a list of them."""
    match node.value:
        case list() if wires.is_tensor(node.value):
            return wires.found(node)
        case list():
            return tuple(_operand(item, wires) for item in node.items())
        case dict():
            message = "an argument of an op is an object of TensorFlow"
            raise node.error("tensorflow-op", message, "put the op into a layer of your own")
        case scalar:
            return scalar


def _shape(node: Node, place: Ref, wires: OldWires) -> list[Call]:
    """Note that an op is the shape of a tensor."""
    value, _ = _raw_argument(node, wires)
    return _shape_of(node, place, value, wires)


def _shape_of(node: Node, place: Ref, value: Given, wires: OldWires) -> list[Call]:
    if not isinstance(value, Ref):
        raise node.error("tensorflow-op", "the shape of a shape", "put it into a layer of your own")
    wires.stands_for[place] = tf_sizes.Shape(value)
    return []


# Slices


def _slice(node: Node, place: Ref, wires: OldWires) -> list[Call]:
    """Return the call for `x[1:, 0]`, or note which size of a tensor it is."""
    value, kwargs = _raw_argument(node, wires)
    if kwargs is None or not kwargs.has("slice_spec"):
        raise node.error("tensorflow-op", "a slice says nothing of what it takes")
    return _sliced(node, place, value, _index(kwargs.field("slice_spec"), wires), wires)


def _sliced(node: Node, place: Ref, value: Given, key: Value, wires: OldWires) -> list[Call]:
    if isinstance(value, tf_sizes.Shape):
        wires.stands_for[place] = tf_sizes.size_of(node, value, key, wires)
        return []
    if not isinstance(value, Ref):
        raise node.error("tensorflow-op", "a slice of what is no tensor")
    call = tf_rules.op("get_item", node, x=value, key=key)
    return [tf_rules.at(call, place)]


def _index(node: Node, wires: OldWires) -> Value:
    match node.value:
        case list() if wires.is_tensor(node.value):
            message = (
                "a tensor is indexed with another one: its size would be known in running only"
            )
            raise node.error("tensorflow-op", message, "put it into a layer of your own")
        case list():
            return tuple(_index(item, wires) for item in node.items())
        case {"class_name": "__ellipsis__"}:
            return ...
        case dict():
            bounds = (node.get("config") or node).mapping()
            parts = (_bound(node, bounds.get(key)) for key in ("start", "stop", "step"))
            return Slice(*parts)
        case None:
            return None
    return node.integer("an index")


def _bound(node: Node, value: object) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    message = "a slice ends where a tensor says, which no page can say"
    raise node.error("tensorflow-op", message, "put it into a layer of your own")


# Functions


def _calls(
    node: Node, place: Ref, row: TfFunction, value: Given, given: GivenArgs, wires: OldWires
) -> list[Call]:
    """Return the calls of one function of TensorFlow."""
    bound = _bind(node, row, value, given)
    for key, default in row.defaults:
        bound.setdefault(key, default)
    call = TfCall(node, place, row, bound)
    if row.key == "keras.ops.reshape" and isinstance(value, Ref):
        new = bound.get("newshape")
        kept = tf_sizes.kept_batch(value, new) if tf_sizes.known_shape(new) is None else None
        if kept is not None:
            return [tf_sizes.reshaped(node, place, value, kept, wires)]
    if row.rule == "lrn":
        args = tuple((name, call.plain(name)) for name in bound if name != "x")
        return [tf_sizes.normalized(node, place, call.tensor("x"), args, wires)]
    if row.rule == "same":
        wires.stands_for[place] = call.tensor(next(iter(bound)))
        return []
    if row.rule:
        return tf_rules.RULES[row.rule](call)
    return [call.made(_plain(call, name) for name in bound)]


def _plain(call: TfCall, name: str) -> tuple[str, Value]:
    """Return an argument as the op takes it: numbers in a tensor's place are a tensor."""
    row = registry.op(call.row.key)
    if name in row.operands:
        return name, call.operand(name)
    value = call.plain(name)
    is_one = name == "axis" and isinstance(value, tuple) and len(value) == 1
    return name, value[0] if is_one and isinstance(value, tuple) else value


def _bind(node: Node, row: TfFunction, value: Given, given: GivenArgs) -> GivenArgs:
    """Return the arguments by the names that Keras gives them."""
    names = dict(row.params)
    only = dict(row.only)
    bound: GivenArgs = {row.params[0][1]: value}
    for key, item in given.items():
        key = key if key in names or key in only else OLD_PARAMS.get(key, key)
        if key == "" or (key in only and any(same(item, fine) for fine in only[key])):
            continue
        if key not in names:
            message = f"tf.{row.name} with {prose(key)} has no equal in Keras 3"
            raise node.error("tensorflow-op", message, "put it into a layer of your own")
        bound[names[key]] = item
    order = {new: place for place, (_, new) in enumerate(row.params)}
    return dict(sorted(bound.items(), key=lambda item: order[item[0]]))
