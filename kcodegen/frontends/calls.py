"""The inbound nodes of a Keras 3 graph -> Calls.

{"args": [<tensor a>, <tensor b>], "kwargs": {}}   of op Subtract
    ->  Call("/keras.ops.subtract/0", "op", "keras.ops.subtract", kwargs=(x1, x2))
"""

from __future__ import annotations

from dataclasses import field

from kcodegen import registry
from kcodegen.frontends.context import Context
from kcodegen.frontends.values import read_value
from kcodegen.ir.document import Node
from kcodegen.ir.graph import Call, Shape
from kcodegen.ir.values import Args, Dict, Ref, Value, same
from kcodegen.records import record
from kcodegen.registry.rows import OpRow
from kcodegen.words import did_you_mean, is_identifier, prose

_SIZES = (int, type(None))


@record(frozen=True)
class Wires:
    """The names that a graph's tensors can come from.

    `uses` counts the outputs each entry offers; `functional` names nested functional models,
    whose uses are counted from one in `output_layers`. `shapes` gathers what the references
    say of their tensors. An op's call has the id `<name>/0` here, until ops are numbered.
    `places` are today's numbers of calls that an early Keras 3 counted otherwise.
    """

    uses: dict[str, int]
    ops: frozenset[str]
    functional: frozenset[str]
    shapes: dict[Ref, Shape] = field(default_factory=dict)
    places: dict[str, dict[int, int]] = field(default_factory=dict)

    def ref(self, node: Node, one_based: bool = False) -> Ref:
        """Return the reference of `["name", use, index]`, checked against the graph."""
        name, use, index = _parts(node)
        if name not in self.uses:
            hint = did_you_mean(name, self.uses)
            message = f"the tensor of {prose(name)!r} is used, but no layer has that name"
            raise node.error("unknown-reference", message, hint)
        if one_based and name in self.functional:
            use -= 1
        if not one_based and name in self.places:
            use = self.places[name][use]
        if not 0 <= use < self.uses[name] or index < 0:
            message = f"{prose(name)!r} has no call number {use}"
            raise node.error("unknown-reference", message)
        prefix = "/" if name in self.ops else ""
        return Ref(f"{prefix}{name}/{use}", index)


def _parts(node: Node) -> tuple[str, int, int]:
    """Return the name, the use and the index in a tensor reference."""
    match node.value:
        case [str(name), int(use), int(index)] if bool not in (type(use), type(index)):
            return name, use, index  # no address is needed for most
    items = node.items("a tensor reference")
    if len(items) != 3:
        raise node.wrong("a reference of three items")
    return items[0].text(), items[1].integer(), items[2].integer()


def read_call(entry: Node, node: Node, name: str, use: int, wires: Wires, context: Context) -> Call:
    """Return one use of a layer or an op."""
    node = node.named(name)
    if isinstance(node.value, list):
        hint = "this file mixes Keras 2 and Keras 3; Keras 2 models are not read yet"
        raise node.error("legacy-node", "a call is written in the Keras 2 form", hint)
    args = tuple(
        _read_argument(item, wires, context) for item in node.field("args").items("a list")
    )
    kwargs = tuple(
        (key, _read_argument(child, wires, context)) for key, child in node.field("kwargs").fields()
    )
    if name not in wires.ops:
        return Call(f"{name}/{use}", "layer", name, args, kwargs, node.origin)
    return _op_call(entry, node, f"/{name}/{use}", args, kwargs, context)


def _read_argument(node: Node, wires: Wires, context: Context) -> Value:
    """Return an argument of a call, in which tensors are references."""
    match node.value:
        case dict() if node.value.get("class_name") == "__keras_tensor__":
            config = node.field("config")
            ref = wires.ref(config.field("keras_history"))
            wires.shapes[ref] = _shape(config.field("shape"))
            return ref
        case dict() if "class_name" in node.value:
            return read_value(node, context)
        case dict():
            return Dict(
                tuple((key, _read_argument(child, wires, context)) for key, child in node.fields())
            )
        case list():
            return tuple(_read_argument(item, wires, context) for item in node.items())
        case _:
            return read_value(node, context)


def _shape(node: Node) -> Shape:
    sizes = node.value
    if sizes is None:
        return ()
    if isinstance(sizes, list) and all(type(size) in _SIZES for size in sizes):
        return tuple(sizes)  # type: ignore[arg-type]
    return tuple(None if item.value is None else item.integer() for item in node.items())


def _op_call(
    entry: Node, node: Node, call_id: str, args: tuple[Value, ...], kwargs: Args, context: Context
) -> Call:
    """Return an op's call with every argument under the name its public function gives it."""
    name = entry.field("class_name").text()
    module = entry.get("module")
    row = registry.find_op(name, module.text() if module is not None else registry.OP_MODULE)
    if row is None:
        hint = did_you_mean(name, (key.rpartition(".")[2] for key in registry.op_keys()))
        raise entry.error("unknown-op", f"the op {prose(name)!r} is not known to Keras", hint)
    if row.refusal:
        raise entry.error("op-refused", f"the op {row.name} can't be written: {row.refusal}")
    bound = _bind_operands(row, node, args, kwargs)
    renamed = dict(row.config)
    for key, child in entry.field("config").fields():
        if key == "name":
            continue
        if key not in renamed:
            if any(key == ignored and same(child.value, value) for ignored, value in row.ignored):
                continue
            hint = did_you_mean(key, renamed)
            raise child.error("unknown-argument", f"{name} has no argument {prose(key)!r}", hint)
        param = row.param(renamed[key])
        holds = param.holds if param is not None else ""
        bound[renamed[key]] = read_value(child, context, holds)
    order = {param.name: i for i, param in enumerate(row.params)}
    ordered = tuple(sorted(bound.items(), key=lambda item: order.get(item[0], len(order))))
    return Call(call_id, "op", row.key, (), ordered, node.origin, call_id[1:].rpartition("/")[0])


def _bind_operands(
    row: OpRow, node: Node, args: tuple[Value, ...], kwargs: Args
) -> dict[str, Value]:
    """Return the arguments of the op's call by name; those of `*args` as one tuple."""
    bound: dict[str, Value] = {}
    names = row.operands
    if row.variadic:
        fixed = names.index(row.variadic)
        bound = dict(zip(names[:fixed], args, strict=False))
        bound[row.variadic] = args[fixed:]
    elif len(args) > len(names):
        raise node.error("too-many-arguments", f"{row.name} takes {len(names)} tensors")
    else:
        bound = dict(zip(names, args, strict=False))
    known = {param.name for param in row.params}
    for key, value in kwargs:
        if key not in known and not (row.open_keywords and is_identifier(key)):
            hint = did_you_mean(key, known)
            raise node.error("unknown-argument", f"{row.name} has no argument {prose(key)!r}", hint)
        bound[key] = value
    return bound
