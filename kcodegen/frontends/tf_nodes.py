"""Op layers of TensorFlow 2.0 to 2.3, which hold a node of TensorFlow's own graph.

{"class_name": "TensorFlowOpLayer", "config": {"node_def": {"op": "Mul", "input": ["a", "y"]},
 "constants": {"1": 2.0}}, "inbound_nodes": [[["a", 0, 0, {}]]]}     ->     tf.math.multiply(a, 2.0)

The ops are rows of `registry.tf_nodes`; from there on they are read like functions of TensorFlow.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re

from kcodegen.frontends import tf_rules, tf_sizes
from kcodegen.frontends.keras2_calls import OldWires
from kcodegen.frontends.tf_rules import Given, GivenArgs
from kcodegen.ir.document import Json, Node
from kcodegen.ir.graph import Call
from kcodegen.ir.numbers import shortest_float32
from kcodegen.ir.values import Ref, Slice, Value, same
from kcodegen.records import record
from kcodegen.registry.tf_functions import find_function
from kcodegen.registry.tf_nodes import METHODS, REFUSED, SILENT, TYPES, TfNode, nodes
from kcodegen.words import did_you_mean, prose

_HAND = "put it into a layer of your own"


@record(frozen=True)
class Read:
    """What an op says: the path of a function below `tf`, its first argument, and the others."""

    path: str
    value: Given
    given: GivenArgs


def function_of(entry: Node) -> str:
    """Return the path of the function that an op is, or nothing."""
    fields = entry.field("config").mapping().get("node_def")
    name = fields.get("op") if isinstance(fields, dict) else None
    row = nodes().get(name) if isinstance(name, str) else None
    return row.function if row is not None else ""


def read_node(entry: Node, node: Node, wires: OldWires) -> Read:
    """Return the function and the arguments that an op and its constants come to."""
    definition = _definition(entry.field("config").field("node_def"))
    op = definition.field("op").text("the name of an op")
    row = nodes().get(op)
    if row is None:
        why = REFUSED.get(op, "none is known")
        hint = _HAND if op in REFUSED else did_you_mean(op, nodes()) or _HAND
        message = f"the op {prose(op)} of TensorFlow's graph has no equal in Keras 3: {why}"
        raise entry.error("tensorflow-op", message, hint)
    attributes = _attributes(definition, op, row)
    is_float = attributes.pop("T", "float32") == "float32"
    inputs = _inputs(entry, definition, node, wires, is_float)
    given = {**_named(entry, row, inputs), **attributes}
    if op in METHODS:
        given["method"] = METHODS[op]
    if op == "Squeeze" and given.get("axis") == ():
        del given["axis"]
    if given.get("axis") == ():
        raise entry.error("tensorflow-op", f"{op} over no axis at all", _HAND)
    function = find_function(row.function)
    first = function.params[0][0] if function is not None else row.inputs[0].lstrip("*")
    return Read(row.function, given.pop(first), given)


def _definition(node: Node) -> Node:
    """Return the definition of an op, which may be JSON inside of a string."""
    if isinstance(node.value, str):
        try:
            return Node(json.loads(node.value, parse_constant=_refused), node, "", node.layer)
        except (ValueError, RecursionError):
            message = "the op is saved in a form of TensorFlow's own, not as JSON"
            raise node.error("tensorflow-op", message, _HAND) from None
    return node


def _refused(word: str) -> float:
    """Refuse `NaN` and `Infinity`, which are no JSON."""
    raise ValueError(word)


def _inputs(
    entry: Node, definition: Node, node: Node, wires: OldWires, is_float: bool
) -> list[Given]:
    """Return the inputs of an op in order: tensors, and between them what is constant."""
    named = definition.get("input")
    count = len(named.items()) if named is not None else 0
    held = entry.field("config").get("constants")
    constants = dict(held.fields()) if held is not None and held.value is not None else {}
    tensors = iter(node.items("the tensors of a call"))
    found: list[Given] = []
    for place in range(count):
        if str(place) in constants:
            found.append(_constant(constants[str(place)], is_float))
        elif (tensor := next(tensors, None)) is not None:
            found.append(wires.found(tensor))
        else:
            raise entry.error("tensorflow-op", "an op has lost one of its tensors", _HAND)
    if next(tensors, None) is not None:
        raise entry.error("tensorflow-op", "an op is given more tensors than it takes", _HAND)
    return found


def _constant(node: Node, is_float: bool) -> Given:
    match node.value:
        case list():
            return tuple(_constant(item, is_float) for item in node.items())
        case float(number) if is_float and math.isfinite(number):
            return shortest_float32(number)
        case bool() | int() | float() | str():
            return node.value
    raise node.wrong("a number or a list of numbers")


def _named(entry: Node, row: TfNode, inputs: list[Given]) -> GivenArgs:
    """Return the inputs by the names of the function's arguments."""
    names = list(row.inputs)
    found: GivenArgs = {}
    if names[0].startswith("*"):
        taken = len(inputs) - len(names) + 1
        found[names.pop(0)[1:]] = tuple(inputs[:taken])
        inputs = inputs[taken:]
    if len(inputs) != len(names):
        raise entry.error(
            "tensorflow-op", "an op has another number of inputs than it takes", _HAND
        )
    return found | dict(zip(names, inputs, strict=True))


# Attributes


def _attributes(definition: Node, op: str, row: TfNode) -> GivenArgs:
    """Return the attributes that are arguments, and the dtype `T` of the op."""
    found: GivenArgs = {}
    held = definition.get("attr")
    names, only = dict(row.attributes), dict(row.only)
    for key, child in held.fields() if held is not None else ():
        value = _attribute(child)
        if key == "T":
            found[key] = value
        elif key in names:
            found[names[key]] = value
        elif key in only and any(same(value, fine) for fine in only[key]):
            continue
        elif key in only or (key not in SILENT and not key.startswith("_")):
            message = f"the op {op} with {prose(key)} has no equal in Keras 3"
            raise child.error("tensorflow-op", message, _HAND)
    return found


def _attribute(node: Node) -> Given:
    """Return an attribute: `{"i": "2"}   ->   2`, `{"s": "U0FNRQ=="}   ->   "SAME"`."""
    match node.value:
        case {"b": bool(flag)}:
            return flag
        case {"i": str() | int() as number}:
            return _integer(node, number)
        case {"f": bool()}:
            raise node.wrong("an attribute")
        case {"f": int() | float() as number} if math.isfinite(number):
            return shortest_float32(float(number))
        case {"type": str(name)}:
            return TYPES.get(name, name)
        case {"s": str(text)}:
            return _text(node, text)
        case {"list": {"i": list(numbers)}}:
            return tuple(_integer(node, number) for number in numbers)
        case {"list": dict()}:
            return ()
    raise node.wrong("an attribute")


def _integer(node: Node, value: Json) -> int:
    """Return a number, which is written as text when it has 64 bits."""
    number = re.fullmatch(r"-?[0-9]{1,18}", str(value))
    if number is None:
        raise node.wrong("a number")
    return int(number[0])


def _text(node: Node, value: str) -> str:
    try:
        return base64.b64decode(value.encode("ascii"), validate=True).decode("ascii")
    except (ValueError, binascii.Error):
        raise node.wrong("text in base64") from None


# Ops that are no function with arguments


def sliced(node: Node, read: Read) -> tuple[Given, Value]:
    """Return what is sliced, and the index: `begin, end, strides` and their masks."""
    parts = [read.given.get(name) for name in ("begin", "end", "strides", "size")]
    rows = [_whole(node, part) for part in parts if part is not None]
    if read.path == "slice":
        begin, size = rows
        bounds = [_slice(b, None if n == -1 else b + n) for b, n in zip(begin, size, strict=True)]
        return read.value, tuple(bounds)
    key: list[Value] = []
    for place, (start, stop, step) in enumerate(zip(*rows, strict=True)):
        if _bit(read, "ellipsis_mask", place):
            key.append(...)
        elif _bit(read, "new_axis_mask", place):
            key.append(None)
        elif _bit(read, "shrink_axis_mask", place):
            key.append(start)
        else:
            first = None if _bit(read, "begin_mask", place) else start
            last = None if _bit(read, "end_mask", place) else stop
            key.append(_slice(first, last, step))
    return read.value, tuple(key)


def _slice(start: int | None, stop: int | None, step: int = 1) -> Slice:
    return Slice(None if start == 0 and step > 0 else start, stop, None if step == 1 else step)


def _bit(read: Read, mask: str, place: int) -> bool:
    value = read.given.get(mask, 0)
    return isinstance(value, int) and bool(value >> place & 1)


def _whole(node: Node, value: Given) -> list[int]:
    """Return the numbers of a bound."""
    items = value if isinstance(value, tuple) else (value,)
    numbers = [item.known if isinstance(item, tf_sizes.Size) else item for item in items]
    found = [n for n in numbers if isinstance(n, int) and not isinstance(n, bool)]
    if len(found) != len(numbers):
        message = "a slice ends where a tensor says, which no page can say"
        raise node.error("tensorflow-op", message, _HAND)
    return found


def einsum(node: Node, place: Ref, read: Read) -> list[Call]:
    """Return the call of the op that has the same equation."""
    tensors = read.value if isinstance(read.value, tuple) else ()
    equation = read.given.get("equation")
    if not tensors or not isinstance(equation, str) or any(not isinstance(t, Ref) for t in tensors):
        raise node.error("tensorflow-op", "an einsum of what is no tensor", _HAND)
    refs = tuple(tensor for tensor in tensors if isinstance(tensor, Ref))
    made = tf_rules.op("einsum", node, subscripts=equation, operands=refs)
    return [tf_rules.at(made, place)]


def filled(node: Node, place: Ref, read: Read) -> list[Call]:
    """Return the call for a tensor of one number that is as large as another tensor."""
    value = read.given.get("value")
    if not isinstance(read.value, tf_sizes.Shape) or not isinstance(value, (int, float)):
        message = "a tensor of one number, whose size is known in running only"
        raise node.error("tensorflow-op", message, _HAND)
    names = {0.0: "zeros_like", 1.0: "ones_like"}
    if value in names:
        made = tf_rules.op(names[float(value)], node, x=read.value.of)
    else:
        made = tf_rules.op("full_like", node, x=read.value.of, fill_value=value)
    return [tf_rules.at(made, place)]
