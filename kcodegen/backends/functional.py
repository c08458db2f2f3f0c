"""One functional graph -> the function that builds it."""

from __future__ import annotations

from collections import Counter
from dataclasses import field

from kcodegen import registry
from kcodegen.backends.comments import shape_comment
from kcodegen.backends.expressions import Expressions
from kcodegen.ir.graph import Call, Graph, Layer
from kcodegen.ir.order import flatten, operands
from kcodegen.ir.outline import Outline
from kcodegen.ir.program import (
    Assign,
    Blank,
    CallExpr,
    DictExpr,
    Expr,
    ListExpr,
    Literal,
    Name,
    Return,
    Statement,
    Subscript,
)
from kcodegen.ir.values import Dict, Hole, Ref, Value, refs
from kcodegen.naming.scope import Scope
from kcodegen.naming.variables import Variables, Wish
from kcodegen.records import record
from kcodegen.registry.arity import names_of, output_structure
from kcodegen.registry.vocabulary import INPUT, MODEL, is_custom
from kcodegen.words import identifier


@record(frozen=False)
class FunctionalBody:
    """Makes the statements of one model, call by call."""

    outline: Outline
    expressions: Expressions
    scope: Scope
    layers: dict[str, Layer] = field(default_factory=dict)
    layer_names: dict[str, str] = field(default_factory=dict)
    env: dict[Ref, Expr] = field(default_factory=dict)
    structures: dict[str, Value] = field(default_factory=dict)
    wishes: dict[str, Wish] = field(default_factory=dict)
    names: dict[Ref, str] = field(default_factory=dict)
    uses: Counter[Ref] = field(default_factory=Counter)
    calls_of: Counter[str] = field(default_factory=Counter)

    def statements(self) -> tuple[Statement, ...]:
        """Return the body of the function that builds the model."""
        frame = self.outline.frame
        calls = [step.call for step in self.outline.steps if step.call is not None]
        self.layers = {s.layer.name: s.layer for s in self.outline.steps if s.layer is not None}
        self.calls_of.update(call.target for call in calls if call.kind == "layer")
        for call in calls:
            self.uses.update(operands(call))
        self.uses.update(refs(frame.outputs))
        graph = Graph(frame.name, frame.style, (), tuple(calls), frame.inputs, frame.outputs)
        self.structures = {call.id: self._structure(call) for call in calls}
        self.wishes = {call.id: self._wish(call) for call in calls}
        self._name_shared_layers()
        self.names = Variables(graph, self.wishes, self.scope).assign()
        body: list[Statement] = []
        for position, step in enumerate(self.outline.steps):
            assert step.call is not None
            following = calls[position + 1] if position + 1 < len(calls) else None
            body += self._step(step.layer, step.call, following)
        return tuple(self._spaced(body))

    # Names

    def _name_shared_layers(self) -> None:
        """Give layers that are called more than once a variable of their own."""
        for name in self.layers:
            if self.calls_of[name] > 1:
                self.layer_names[name] = self.scope.unique(name, "layer")

    def _structure(self, call: Call) -> Value:
        if call.kind == "op":
            return output_structure(call.target, call.kwargs)
        layer = self.layers[call.target]
        return output_structure(layer.key, layer.args, call.args, call.kwargs, layer.body)

    def _wish(self, call: Call) -> Wish:
        if call.kind == "op":
            kind = call.target.rpartition(".")[2]
            return self._outputs_wish(kind, kind, call)
        layer = self.layers[call.target]
        word, kind = identifier(layer.name, "layer"), layer.key.rpartition(".")[2].lower()
        if layer.key == INPUT.key:
            single = isinstance(self.outline.frame.inputs, Ref)
            return Wish("inputs" if single and not layer.named else word, kind, fixed=True)
        shared = self.calls_of[call.target] > 1
        if shared:
            first = next(flatten(call.args), None)
            source = first.call.rpartition("/")[0].lstrip("/") if first is not None else ""
            is_input = source in self.layers and self.layers[source].key == INPUT.key
            word = f"{identifier(source)}_{word}" if is_input else word
        names = _names_of_ends(layer.body) if layer.body is not None else ()
        if names:
            return Wish(word, kind, names, is_nested=shared)
        return self._outputs_wish(word, kind, call, layer.body is not None and shared)

    def _outputs_wish(self, word: str, kind: str, call: Call, is_nested: bool = False) -> Wish:
        match self.structures[call.id]:
            case str():
                return Wish(word, kind, is_nested=is_nested)
            case None:  # a user's class: a list if more than its first output is used
                indices = {ref.index for ref in self.uses if ref.call == call.id}
                return Wish(word, kind, whole=bool(indices - {0}), is_nested=is_nested)
            case structure:
                names = names_of(structure) or None
                return Wish(word, kind, names, whole=names is None, is_nested=is_nested)

    # Statements

    def _step(self, layer: Layer | None, call: Call, following: Call | None) -> list[Statement]:
        body: list[Statement] = []
        if call.kind == "op":
            expr: Expr = self._op(call)
            if self._can_inline(call, following):
                self.env[Ref(call.id)] = expr
                return []
        else:
            known = self.layers[call.target]
            if call.target in self.layer_names:
                if layer is not None:
                    body.append(Assign((self.layer_names[call.target],), self._construct(layer)))
                callee: Expr = Name(self.layer_names[call.target])
            else:
                callee = self._construct(known)
            expr = callee if known.key == INPUT.key else self._called(callee, call)
        comment = shape_comment(call, self.layers, self.outline.frame)
        body.append(Assign(self._targets(call), expr, comment))
        return body

    def _construct(self, layer: Layer) -> Expr:
        if layer.body is not None:
            return CallExpr(Name(self.expressions.build_nested(layer.body)))
        args = layer.args
        name = layer.name if layer.named else None
        if layer.key == INPUT.key and any(isinstance(value, Hole) for _, value in args):
            rest = tuple(item for item in args if item[0] != "shape")
            made = self.expressions.construct(layer.key, rest, name)
            return CallExpr(made.func, (Name("input_shape"),), made.kwargs)
        return self.expressions.construct(layer.key, args, name)

    def _called(self, callee: Expr, call: Call) -> Expr:
        args = tuple(self._argument(value) for value in call.args)
        kwargs = tuple((name, self._argument(value)) for name, value in call.kwargs)
        return CallExpr(callee, args, kwargs)

    def _argument(self, value: Value) -> Expr:
        """Return an argument of a layer's call; structures of tensors are lists."""
        if isinstance(value, tuple) and (not value or any(True for _ in flatten(value))):
            return ListExpr(tuple(self._argument(item) for item in value))
        if isinstance(value, Dict):
            return DictExpr(tuple((Literal(k), self._argument(v)) for k, v in value.items))
        return self.expressions.value(value, None, self.env)

    def _op(self, call: Call) -> Expr:
        row = registry.op(call.target)
        if row.method == "getitem" and len(call.kwargs) == 2:
            (_, base), (_, key) = call.kwargs
            if isinstance(base, Ref) and not self._is_unknown(base):
                return self.expressions.index(self.env[base], key, self.env)
        func = self.expressions.imports.name(call.target)
        if not row.variadic:
            made = self.expressions.arguments(call.kwargs, row.params, row.positional, self.env)
            return CallExpr(func, *made)
        names = [param.name for param in row.params]
        given = dict(call.kwargs)
        leading = [given.pop(name) for name in names[: names.index(row.variadic)] if name in given]
        star = given.pop(row.variadic, ())
        assert isinstance(star, tuple)
        positional = tuple(self.expressions.value(v, None, self.env) for v in (*leading, *star))
        rest = tuple(
            (name, self.expressions.value(value, row.param(name), self.env))
            for name, value in call.kwargs
            if name in given
        )
        return CallExpr(func, positional, rest)

    def _is_unknown(self, ref: Ref) -> bool:
        """Tell whether an index on this output could be taken for one of several outputs."""
        layer = self.layers.get(ref.call.rpartition("/")[0])
        return layer is not None and is_custom(layer.key)

    def _can_inline(self, call: Call, following: Call | None) -> bool:
        """Tell whether an op reads well inside the next one: small, and used only there."""
        ref = Ref(call.id)
        if following is None or following.kind != "op" or self.wishes[call.id].several:
            return False
        if self.wishes[call.id].whole or self.uses[ref] != 1 or len(operands(following)) != 1:
            return False
        plain = all(isinstance(self.env[r], (Name, Subscript)) for r in operands(call))
        return plain and operands(following)[0] == ref and len(call.kwargs) <= 2

    def _targets(self, call: Call) -> tuple[str, ...]:
        """Return the variables of a call, and note how each output is reached from them."""
        wish = self.wishes[call.id]
        if wish.several:
            targets = []
            for index in range(len(wish.several)):
                name = self.names.get(Ref(call.id, index), "_")
                self.env[Ref(call.id, index)] = Name(name)
                targets.append(name)
            return tuple(targets)
        name = self.names[Ref(call.id)]
        if wish.whole:
            self._reach(call, Name(name))
        else:
            self.env[Ref(call.id)] = Name(name)
        return (name,)

    def _reach(self, call: Call, base: Expr) -> None:
        """Note the subscripts that lead to the outputs of a structure."""
        structure = self.structures[call.id]
        if structure:
            for index, path in enumerate(paths(structure)):
                expr = base
                for key in path:
                    expr = Subscript(expr, Literal(key))
                self.env[Ref(call.id, index)] = expr
            return
        for ref in list(self.uses):
            if ref.call == call.id:
                self.env[ref] = Subscript(base, Literal(ref.index))

    def _spaced(self, body: list[Statement]) -> list[Statement]:
        """Return the body in paragraphs, with its return."""
        frame = self.outline.frame
        inputs = sum(1 for layer in self.layers.values() if layer.key == INPUT.key)
        several = inputs > 1
        if several and len(body) > inputs:
            body = [*body[:inputs], Blank(), *body[inputs:], Blank()]
        kwargs = self.expressions.arguments(frame.args, MODEL.params, 0)[1]
        if frame.named:
            kwargs = (*kwargs, ("name", Literal(frame.name)))
        func = self.expressions.imports.name(frame.style)
        ends = (self._argument(frame.inputs), self._argument(frame.outputs))
        return [*body, Return(CallExpr(func, ends, kwargs))]


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
