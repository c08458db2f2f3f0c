"""Single steps of a body: constructors, calls and ops as expressions, and their names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import field

from kcodegen import registry
from kcodegen.backends.expressions import Expressions
from kcodegen.ir.graph import Call, Graph, Layer
from kcodegen.ir.order import flatten, operands
from kcodegen.ir.outline import Item, Step
from kcodegen.ir.program import (
    Assign,
    Binary,
    CallExpr,
    DictExpr,
    Expr,
    ListExpr,
    Literal,
    Name,
    Statement,
    Subscript,
)
from kcodegen.ir.values import Array, Dict, Hole, Ref, Value
from kcodegen.naming.scope import Scope
from kcodegen.naming.variables import Wish
from kcodegen.records import record
from kcodegen.registry.arity import call_structure, names_of
from kcodegen.registry.vocabulary import INPUT, SEQUENTIAL, is_custom
from kcodegen.words import identifier, snake_case

Env = dict[Ref, Expr]


@record(frozen=False)
class StepMaker:
    """Makes the expressions of steps."""

    expressions: Expressions
    layers: dict[str, Layer] = field(default_factory=dict)
    layer_names: dict[str, str] = field(default_factory=dict)
    uses: Counter[Ref] = field(default_factory=Counter)
    structures: dict[str, Value] = field(default_factory=dict)

    def structure(self, call: Call) -> Value:
        """Return the structure of what a call gives."""
        return call_structure(call, self.layers.get(call.target))

    def name_shared_layers(
        self, items: Iterable[Item], calls_of: Counter[str], scope: Scope
    ) -> None:
        """Give layers that are called more than once a variable of their own."""
        for item in items:
            if not isinstance(item, Step) or item.layer is None:
                continue
            name = item.layer.name
            if calls_of[name] > 1 or item.call is None:
                self.layer_names[name] = scope.unique(self.word(item.layer), "layer")

    def word(self, layer: Layer) -> str:
        """Return an identifier for a layer: its name, or its class when it has none here."""
        if layer.name.startswith("%"):
            return snake_case(layer.key.rpartition(".")[2])
        return identifier(layer.name, "layer")

    def input_word(self, ref: Ref) -> str:
        """Return an identifier for an input that its author has named, or nothing."""
        layer = self.layers.get(ref.call.rpartition("/")[0])
        if layer is None or layer.key != INPUT.key or not layer.named:
            return ""
        return self.word(layer)

    def layer(self, item: Step, call: Call, env: Env) -> tuple[list[Statement], Expr]:
        """Return the expression of a layer's call, and what has to be said before."""
        known = self.layers[call.target]
        before: list[Statement] = []
        if call.target in self.layer_names:
            name = self.layer_names[call.target]
            if item.layer is not None:
                before.append(Assign((name,), self.construct(item.layer, item.name)))
            callee: Expr = Name(name)
        else:
            callee = self.construct(known, item.name)
        return before, callee if known.key == INPUT.key else self._called(callee, call, env)

    def construct(self, layer: Layer, name: Value = None) -> Expr:
        """Return the constructor call of a layer; `name` is its name where that is a formula."""
        if layer.body is not None:
            return CallExpr(Name(self.expressions.build_nested(layer.body)))
        args = layer.args
        own = name if name is not None else layer.name
        written = own if layer.named else None
        if layer.key == SEQUENTIAL.key:
            return self.expressions.chain(dict(args)["layers"], written)
        if layer.key == INPUT.key and any(isinstance(value, Hole) for _, value in args):
            rest = tuple(item for item in args if item[0] != "shape")
            made = self.expressions.construct(layer.key, rest, written)
            return CallExpr(made.func, (Name("input_shape"),), made.kwargs)
        return self.expressions.construct(layer.key, args, written)

    def _called(self, callee: Expr, call: Call, env: Env) -> Expr:
        args = tuple(self.argument(value, env) for value in call.args)
        kwargs = tuple((name, self.argument(value, env)) for name, value in call.kwargs)
        return CallExpr(callee, args, kwargs)

    def argument(self, value: Value, env: Env) -> Expr:
        """Return an argument of a layer's call; structures of tensors are lists."""
        if isinstance(value, tuple) and (not value or any(True for _ in flatten(value))):
            return ListExpr(tuple(self.argument(item, env) for item in value))
        if isinstance(value, Dict):
            return DictExpr(tuple((Literal(k), self.argument(v, env)) for k, v in value.items))
        return self.expressions.value(value, None, env)

    def op(self, call: Call, env: Env) -> Expr:
        """Return the expression of an op."""
        row = registry.op(call.target)
        if row.method == "getitem" and len(call.kwargs) == 2:
            (_, base), (_, key) = call.kwargs
            if isinstance(base, Ref) and not self._is_unknown(base):
                return self.expressions.index(env[base], key, env)
        sign = dict(self.expressions.vocabulary.target.signs).get(call.target)
        if sign is not None and self._may_be_operator(call):
            left, right = (self.expressions.value(value, None, env) for _, value in call.kwargs)
            return Binary(sign, left, right)
        func = self.expressions.imports.name(call.target)
        if not row.variadic:
            made = self.expressions.arguments(call.kwargs, row.params, row.positional, env)
            return CallExpr(func, *made)
        names = [param.name for param in row.params]
        given = dict(call.kwargs)
        leading = [given.pop(name) for name in names[: names.index(row.variadic)] if name in given]
        star = given.pop(row.variadic, ())
        assert isinstance(star, tuple)
        positional = tuple(self.expressions.value(v, None, env) for v in (*leading, *star))
        rest = tuple(
            (name, self.expressions.value(value, row.param(name), env))
            for name, value in call.kwargs
            if name in given
        )
        return CallExpr(func, positional, rest)

    def _may_be_operator(self, call: Call) -> bool:
        """Tell whether Python's operator does what the op does: one side is surely a tensor."""
        if len(call.kwargs) != 2:
            return False
        (_, left), (_, right) = call.kwargs
        if isinstance(left, Ref):
            fits = isinstance(right, (Ref, Hole, Array)) or is_plain_number(right)
            return fits and not self._is_unknown(left)
        # An array of NumPy on the left would take the tensor for one of its own.
        return is_plain_number(left) and isinstance(right, Ref) and not self._is_unknown(right)

    def _is_unknown(self, ref: Ref) -> bool:
        """Tell whether an index on this output could be taken for one of several outputs."""
        layer = self.layers.get(ref.call.rpartition("/")[0])
        return layer is not None and is_custom(layer.key)

    def can_inline(self, call: Call, following: Call | None, wish: Wish, env: Env) -> bool:
        """Tell whether an op reads well inside the next one: small, and used only there."""
        ref = Ref(call.id)
        if following is None or following.kind != "op" or wish.several:
            return False
        if wish.whole or self.uses[ref] != 1 or len(operands(following)) != 1:
            return False
        plain = all(isinstance(env[r], (Name, Subscript)) for r in operands(call))
        return plain and operands(following)[0] == ref and len(call.kwargs) <= 2


def is_plain_number(value: Value) -> bool:
    """Tell whether a value is a number without a sign: nobody writes `x + -1`."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0


def wish_of(call: Call, steps: StepMaker, calls_of: Counter[str], single: bool) -> Wish:
    """Return what the outputs of a call want to be called."""
    steps.structures[call.id] = steps.structure(call)
    if call.kind == "op":
        kind = call.target.rpartition(".")[2]
        return _outputs_wish(kind, kind, call, steps)
    layer = steps.layers[call.target]
    word, kind = steps.word(layer), layer.key.rpartition(".")[2].lower()
    if layer.key == INPUT.key:
        return Wish("inputs" if single and not layer.named else word, kind, fixed=True)
    shared = calls_of[call.target] > 1
    if shared:
        first = next(flatten(call.args), None)
        source = first.call.rpartition("/")[0].lstrip("/") if first is not None else ""
        is_input = source in steps.layers and steps.layers[source].key == INPUT.key
        word = f"{identifier(source)}_{word}" if is_input else word
    names = _names_of_ends(layer.body) if layer.body is not None else ()
    if names:
        return Wish(word, kind, names, is_nested=shared)
    return _outputs_wish(word, kind, call, steps, layer.body is not None and shared)


def _outputs_wish(
    word: str, kind: str, call: Call, steps: StepMaker, is_nested: bool = False
) -> Wish:
    match steps.structures[call.id]:
        case str():
            return Wish(word, kind, is_nested=is_nested)
        case None:  # a user's class: a list if more than its first output is used
            indices = {ref.index for ref in steps.uses if ref.call == call.id}
            return Wish(word, kind, whole=bool(indices - {0}), is_nested=is_nested)
        case structure:
            names = names_of(structure) or None
            return Wish(word, kind, names, whole=names is None, is_nested=is_nested)


def _names_of_ends(body: Graph) -> tuple[str, ...]:
    """Return the names of a nested model's outputs, when they are a list of different layers'."""
    ends = body.outputs if isinstance(body.outputs, tuple) else ()
    calls = [item.call for item in ends if isinstance(item, Ref)]
    names = tuple(identifier(call.rpartition("/")[0].lstrip("/")) for call in calls)
    return names if len(set(names)) == len(ends) > 1 else ()


def paths(value: Value) -> list[tuple[str | int, ...]]:
    """Return the subscripts that lead to each tensor of a structure, as Keras flattens it."""
    match value:
        case tuple():
            return [(i, *path) for i, item in enumerate(value) for path in paths(item)]
        case Dict(items):
            ordered = sorted(items, key=lambda item: item[0])
            return [(key, *path) for key, item in ordered for path in paths(item)]
        case _:
            return [()]
