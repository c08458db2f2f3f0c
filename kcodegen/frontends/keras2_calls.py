"""The inbound nodes of Keras 2 -> Calls.

[["a", 0, 0, {"training": false}]]   ->   Call("bn/0", args=(a,), kwargs=(("training", False),))
"""

from __future__ import annotations

from dataclasses import field

from kcodegen.diagnostics import Diagnostic
from kcodegen.frontends import changes
from kcodegen.frontends.context import Context
from kcodegen.frontends.values import read_value
from kcodegen.ir.document import Json, Node
from kcodegen.ir.graph import Call, Layer
from kcodegen.ir.values import Args, Array, Dict, Ref, Value, lookup
from kcodegen.records import record
from kcodegen.registry.vocabulary import is_custom
from kcodegen.words import did_you_mean, prose

CONSTANT = "_CONSTANT_VALUE"
# Layers whose states came in one list with their input.
_RECURRENT = frozenset(
    f"keras.layers.{name}"
    for name in (
        *("Bidirectional", "RNN", "SimpleRNN", "LSTM", "GRU"),
        *("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"),
    )
)


@record(frozen=True)
class OldWires:
    """The names that a graph's tensors can come from, as the file spells them.

    `uses` counts the calls of each entry; `first` is the number of the first call where that is
    not 0: of nested models. `names` are today's names of the layers; an entry without one is an op,
    whose call has the id `/<name>/<use>`. `sizes` are the shapes of the inputs.
    `made_layers` are layers that an op became, by its name.
    `stands_for` are ops that are no call of their own, and
    what they are instead: another tensor, or a size (see `tf_ops`).
    """

    uses: dict[str, int]
    first: dict[str, int]
    names: dict[str, str]
    sizes: dict[str, tuple[int | None, ...]] = field(default_factory=dict)
    stands_for: dict[Ref, object] = field(default_factory=dict)
    made_layers: dict[str, Layer] = field(default_factory=dict)

    def looks_like_tensor(self, value: Json) -> bool:
        """Tell whether a value is `["name", use, index]`, perhaps with keyword arguments."""
        match value:
            case [str(), int(), int()] | [str(), int(), int(), dict()]:
                return True
        return False

    def is_tensor(self, value: Json) -> bool:
        """Tell whether a value is a reference to a layer of this model, not a list like one."""
        return self.looks_like_tensor(value) and isinstance(value, list) and value[0] in self.uses

    def ref(self, node: Node) -> Ref:
        """Return the reference of `["name", use, index]`, checked against the graph."""
        items = node.items("a tensor reference")
        if len(items) < 3:
            raise node.wrong("a reference of three items")
        name, use, index = items[0].text(), items[1].integer(), items[2].integer()
        if name not in self.uses:
            hint = did_you_mean(name, self.uses)
            message = f"the tensor of {prose(name)!r} is used, but no layer has that name"
            raise node.error("unknown-reference", message, hint)
        call = use - self.first.get(name, 0)
        if not 0 <= call < self.uses[name] or index < 0:
            message = f"{prose(name)!r} has no call number {use}"
            raise node.error("unknown-reference", message)
        return Ref(f"{self.names.get(name, '/' + name)}/{call}", index)

    def found(self, node: Node) -> object:
        """Return what a reference stands for: a tensor, or a size that was computed."""
        ref = self.ref(node)
        return self.stands_for.get(ref, ref)

    def tensor(self, node: Node) -> Ref:
        """Return the tensor of a reference; an error for a size that is used like one."""
        found = self.found(node)
        if isinstance(found, Ref):
            return found
        message = "a size of a tensor is used as a tensor, which no page can say"
        raise node.error("size-as-tensor", message, "compute it in a layer of your own")


def first_argument(node: Node, wires: OldWires) -> tuple[Value, Node | None]:
    """Return the first argument of a call, and the node of its keyword arguments.

    Those are repeated beside every tensor of it; the first ones count.
    """
    if isinstance(node.value, dict):
        fields = [(key, first_argument(child, wires)) for key, child in node.fields()]
        more = (kwargs for _, (_, kwargs) in fields if kwargs is not None)
        return Dict(tuple((key, value) for key, (value, _) in fields)), next(more, None)
    items = node.items("the tensors of a call")
    if items and isinstance(items[0].value, str):
        kwargs = items[3] if len(items) > 3 else None
        if items[0].value == CONSTANT and len(items) > 2:
            return constant(items[2]), kwargs
        return wires.tensor(node), kwargs
    parts = [first_argument(item, wires) for item in items]
    return tuple(value for value, _ in parts), next((k for _, k in parts if k is not None), None)


def constant(node: Node) -> Value:
    """Return a number as it is and nested lists of numbers as an array."""
    match node.value:
        case bool() | int() | float() | str() | None:
            return node.value
        case list():
            data = _numbers(node)
            kinds = {type(item) for item in _leaves(data)}
            dtype = "bool" if kinds == {bool} else "float32" if float in kinds else "int32"
            return Array("tensor", dtype, data)
    raise node.wrong("a number or a list of numbers")


def _numbers(node: Node) -> Value:
    if isinstance(node.value, list):
        rows = tuple(_numbers(item) for item in node.items())
        if len({len(row) if isinstance(row, tuple) else -1 for row in rows}) > 1:
            raise node.error("ragged-array", "the rows of an array differ in length")
        return rows
    if not isinstance(node.value, (bool, int, float)):
        raise node.wrong("a number")
    return node.value


def _leaves(value: Value) -> list[Value]:
    if isinstance(value, tuple):
        return [leaf for item in value for leaf in _leaves(item)]
    return [value]


def read_call(
    node: Node, name: str, use: int, layer: Layer | None, wires: OldWires, context: Context
) -> list[Call]:
    """Return one use of a layer."""
    node = node.named(name)
    value, given = first_argument(node, wires)
    if isinstance(value, tuple) and len(value) == 1:
        value = value[0]
    kwargs = read_kwargs(given, wires, context) if given is not None else ()
    if layer is None:  # what is wrong with it is said elsewhere
        return [Call(f"{name}/{use}", "layer", name, (value,), kwargs, node.origin)]
    if not is_custom(layer.key):
        kwargs = tuple(item for item in kwargs if item[1] is not None)
    if layer.key in _RECURRENT:
        value, kwargs = _with_states(value, kwargs, layer)
    _warn_of_training(node, kwargs, context)
    return [Call(f"{name}/{use}", "layer", name, (value,), kwargs, node.origin)]


def read_kwargs(node: Node, wires: OldWires, context: Context) -> Args:
    """Return the keyword arguments of a call, in which tensors are references."""
    return tuple((key, _argument(child, wires, context)) for key, child in node.fields())


def _argument(node: Node, wires: OldWires, context: Context) -> Value:
    match node.value:
        case list() if wires.is_tensor(node.value):
            return wires.tensor(node)
        case list():
            return tuple(_argument(item, wires, context) for item in node.items())
        case dict() if "class_name" not in node.value:
            return Dict(
                tuple((key, _argument(child, wires, context)) for key, child in node.fields())
            )
        case _:
            return read_value(node, context)


def _with_states(value: Value, kwargs: Args, layer: Layer) -> tuple[Value, Args]:
    """Return the input of a recurrent layer, its states and constants by their own names.

    `dec([x, h, c])   ->   dec(x, initial_state=[h, c])`
    """
    if not isinstance(value, tuple) or len(value) < 2:
        return value, kwargs
    count = lookup(layer.args, "num_constants")
    states = value[1:]
    constants: tuple[Value, ...] = ()
    if isinstance(count, int) and count:
        states, constants = states[:-count], states[-count:]
    more: list[tuple[str, Value]] = []
    if states:
        more.append(("initial_state", states))
    if constants:
        more.append(("constants", constants))
    return value[0], (*(item for item in kwargs if item[0] not in dict(more)), *more)


def _warn_of_training(node: Node, kwargs: Args, context: Context) -> None:
    """Note a call that asks for a mode by itself: in Keras 3 the model's mode goes before it."""
    training = lookup(kwargs, "training")
    if not isinstance(training, bool):
        return
    message = (
        f"training={training} was for this call alone; "
        "in Keras 3 model.fit and model.predict go before it"
    )
    hint = (
        f"call the model itself with training={training}"
        if training
        else ("set trainable = False on the layer to freeze it")
    )
    changes.since_keras3(context).warnings.append(
        Diagnostic("call-training", message, node.origin, hint, "warning")
    )
