"""The function of a Lambda in the words of TensorFlow, for Keras 2.

    def _(t):                                     def _(t):
        return keras.ops.mean(t, axis=1) * 2  ->      return tf.reduce_mean(t, axis=1) * 2

Each op in it is spelled by the tables that spell those of a graph. What is no op stays as it is:
TensorFlow runs operators, indices and shapes of tensors in both.
"""

from __future__ import annotations

import ast
from dataclasses import field
from typing import Final

from kcodegen import registry
from kcodegen.ir.graph import Call
from kcodegen.ir.source import Source
from kcodegen.ir.values import Ref, Value
from kcodegen.passes.defaults import drop_defaults
from kcodegen.passes.fit_ops import fit_op
from kcodegen.passes.integers import FLOAT, TRUTH, Kinds, kind_of_op, why_not
from kcodegen.passes.spell_ops import INDEX, Unsaid, spell_op
from kcodegen.records import record

_OPS: Final = "keras.ops."
# Functions of keras.ops that no table of ops spells, and what their arguments are called.
_MAKERS: Final[dict[str, tuple[str, dict[str, str]]]] = {
    "arange": ("tf.range", {"start": "start", "stop": "limit", "step": "delta", "dtype": "dtype"}),
    "dot": (f"{registry.KERAS_2}backend.dot", {"x1": "x", "x2": "y"}),
    "eye": ("tf.eye", {"N": "num_rows", "M": "num_columns", "dtype": "dtype"}),
    "ones": ("tf.ones", {"shape": "shape", "dtype": "dtype"}),
    "size": ("tf.size", {"x": "input"}),
    "zeros": ("tf.zeros", {"shape": "shape", "dtype": "dtype"}),
}
_RANDOM: Final = ("normal", "truncated_normal", "uniform")
# Arguments that are shapes: there a size that is a tensor does as well as a number.
_SHAPES: Final = frozenset({"newshape", "shape", "repeats"})


def spell_lambda(source: Source, kind: str | None, was_old: bool) -> Source:
    """Return a function in the words of TensorFlow; raises Unsaid where it has none.

    `kind` is that of the tensors that it is given, where this is known; `was_old` says that it was
    written for TensorFlow, which took its types.
    """
    made = source.function()
    names = [arg.arg for arg in made.args.args]
    speller = _Speller(was_old, dict.fromkeys(names[:1], kind))
    body = [speller.statement(statement) for statement in made.body]
    return Source.written(made.args, body, source.name)


@record(frozen=False)
class _Speller:
    """Spells expressions.

    `held` are the operands of ops by what stands for them, `kinds` theirs and those of variables,
    `made` the calls of ops by their ids, with the kinds of what they give, `lists` the values that
    were written in brackets.
    """

    was_old: bool
    kinds: dict[str, str | None]
    held: dict[str, ast.expr] = field(default_factory=dict)
    made: dict[int, tuple[ast.expr, str | None]] = field(default_factory=dict)
    lists: dict[int, Value] = field(default_factory=dict)

    def statement(self, node: ast.stmt) -> ast.stmt:
        """Return an assignment or the return of a function."""
        match node:
            case ast.Assign(targets=[target], value=value):
                made = self.value(value)
                for name in ast.walk(target):
                    if isinstance(name, ast.Name):
                        self.kinds[name.id] = self.kind(made)
                return ast.Assign([target], made)
            case ast.Return(value=ast.expr() as value):
                return ast.Return(self.value(value))
        raise AssertionError(ast.dump(node))

    def value(self, node: ast.expr, is_size: bool = False) -> ast.expr:
        """Return an expression; `is_size` says that it stands where a size does."""
        match node:
            case ast.Call():
                return self.call(node, is_size)
            case ast.Attribute() if _name(node).startswith("keras."):
                raise Unsaid(f"{_name(node).removeprefix('keras.')}, which is not called,")
            case ast.Attribute(value=base, attr=attr) if not _name(node).startswith("numpy."):
                return ast.Attribute(self.value(base), attr, ast.Load())
            case ast.Subscript(value=base, slice=index):
                return ast.Subscript(self.value(base, is_size), self.value(index, True), ast.Load())
            case ast.Slice(lower=lower, upper=upper, step=step):
                return ast.Slice(*(b and self.value(b, True) for b in (lower, upper, step)))
            case ast.Tuple(elts=items) | ast.List(elts=items):
                return type(node)(self.all(items, is_size), ast.Load())
            case ast.BinOp(left=left, op=op, right=right):
                is_whole = is_size and not isinstance(op, (ast.Div, ast.Pow))
                return ast.BinOp(self.value(left, is_whole), op, self.value(right, is_whole))
            case ast.UnaryOp(op=op, operand=operand):
                return ast.UnaryOp(op, self.value(operand, is_size))
            case ast.BoolOp(op=op, values=values):
                return ast.BoolOp(op, self.all(values))
            case ast.Compare(left=left, ops=ops, comparators=others):
                return ast.Compare(self.value(left), ops, self.all(others))
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return ast.IfExp(*self.all([test, body, orelse]))
            case ast.Dict(keys=keys, values=values):
                return ast.Dict(keys, self.all(values))
        return node

    def all(self, nodes: list[ast.expr], is_size: bool = False) -> list[ast.expr]:
        """Return expressions."""
        return [self.value(node, is_size) for node in nodes]

    # Calls

    def call(self, node: ast.Call, is_size: bool) -> ast.expr:
        """Return a call, of a function of Keras or of Python or NumPy themselves."""
        path, kwargs = _name(node.func), {k.arg or "": k.value for k in node.keywords}
        if path == f"{_OPS}shape":
            return self.shape(node, is_size)
        if path.startswith("keras."):
            return self.function(path, node.args, kwargs)
        return ast.Call(node.func, self.all(node.args), [])

    def shape(self, node: ast.Call, is_size: bool) -> ast.expr:
        """Return the shape of a tensor, a tuple of numbers for Keras 3, where a tensor does."""
        if not is_size:
            raise Unsaid("ops.shape outside of another shape has no equal in TensorFlow")
        return ast.Call(_path("tf.shape"), self.all(node.args), [])

    def function(self, path: str, args: list[ast.expr], kwargs: dict[str, ast.expr]) -> ast.expr:
        """Return the call of a function of Keras."""
        space, _, name = path.removeprefix("keras.").rpartition(".")
        if space == "ops" and name in _MAKERS:
            return self.maker(name, args, kwargs)
        if space == "ops" and f"{_OPS}{name}" in registry.op_keys():
            return self.op(f"{_OPS}{name}", args, kwargs)
        made = self.all(args, space == "random")
        keywords = [ast.keyword(key, self.value(value)) for key, value in kwargs.items()]
        known = f"{space}.{name}" in registry.keras2_names()["functions"]
        if space == "random" and name in _RANDOM:
            return ast.Call(_path(f"tf.random.{name}"), made, keywords)
        if space == "config" and name in ("epsilon", "floatx"):
            return ast.Call(_path(f"{registry.KERAS_2}backend.{name}"), made, keywords)
        if space == "activations" and known:
            return ast.Call(_path(f"{registry.KERAS_2}{space}.{name}"), made, keywords)
        raise Unsaid(f"{space}.{name} has no equal in Keras 2")

    def maker(self, name: str, args: list[ast.expr], kwargs: dict[str, ast.expr]) -> ast.expr:
        """Return the call of a function that has its equal, with its arguments as they are."""
        path, names = _MAKERS[name]
        if not kwargs.keys() <= names.keys() or len(args) > len(names):
            raise Unsaid(f"ops.{name} with such arguments has no equal in TensorFlow")
        keywords = [ast.keyword(names[key], self.value(v, True)) for key, v in kwargs.items()]
        made = self.all(args, name not in ("dot", "size"))
        return ast.Call(_path(path), made, keywords)

    def op(self, key: str, args: list[ast.expr], kwargs: dict[str, ast.expr]) -> ast.expr:
        """Return the call of an op."""
        row = registry.op(key)
        names = [param.name for param in row.params]
        given: dict[str, ast.expr | list[ast.expr]] = dict(zip(names, args, strict=False))
        if row.variadic:
            place = names.index(row.variadic)
            given = dict(zip(names[:place], args, strict=False))
            given[row.variadic] = args[place:]
        given |= kwargs
        folded = {name: self.folded(value, name in _SHAPES) for name, value in given.items()}
        call = Call("", "op", key, kwargs=tuple((n, folded[n]) for n in names if n in folded))
        if key == INDEX:
            raise Unsaid("ops.get_item in a function has no equal in TensorFlow")
        calls = fit_op(call, self.known(), {})
        for made in calls[:-1]:
            self.held[made.id] = self.said(spell_op(made))
            self.kinds[made.id] = kind_of_op(made, self.known())
        reason = None if self.was_old else why_not(calls[-1], self.known())
        if reason is not None:
            raise Unsaid(f"{key.removeprefix('keras.')} {reason}")
        found = self.said(spell_op(calls[-1]))
        self.made[id(found)] = found, kind_of_op(calls[-1], self.known())
        return found

    def folded(self, node: ast.expr | list[ast.expr], is_size: bool) -> Value:
        """Return a literal as the value that it is, and a reference for what is computed."""
        if isinstance(node, list):
            return tuple(self.folded(item, is_size) for item in node)
        try:
            return _frozen(ast.literal_eval(node))
        except ValueError:
            pass
        if isinstance(node, (ast.Tuple, ast.List)):
            items = tuple(self.folded(item, is_size) for item in node.elts)
            if isinstance(node, ast.List):
                self.lists[id(items)] = items
            return items
        name = f"#{len(self.held)}"
        self.held[name] = ast.Name(name)  # holds its place: an op inside takes the next
        self.held[name] = self.value(node, is_size)
        self.kinds[name] = self.kind(self.held[name])
        return Ref(name)

    def said(self, call: Call) -> ast.expr:
        """Return the call of a function of TensorFlow, its first arguments by position."""
        row, given = registry.op(call.target), drop_defaults(call.target, call.kwargs)
        values = {name: self.unfolded(value) for name, value in given}
        args: list[ast.expr] = []
        for param in row.params[: row.positional]:
            if param.name not in values:
                break
            args.append(values.pop(param.name))
        several = values.get(row.variadic)
        if isinstance(several, ast.Tuple):
            args += several.elts
            del values[row.variadic]
        keywords = [ast.keyword(name, value) for name, value in values.items()]
        return ast.Call(_path(call.target), args, keywords)

    def unfolded(self, value: Value) -> ast.expr:
        """Return a value as an expression."""
        match value:
            case Ref(name):
                return self.held[name]
            case tuple():
                items = [self.unfolded(item) for item in value]
                is_list = id(value) in self.lists
                return ast.List(items, ast.Load()) if is_list else ast.Tuple(items, ast.Load())
        return ast.parse(repr(value), mode="eval").body

    # Kinds

    def known(self) -> Kinds:
        """Return the kinds that are known and count: Keras 2 made floats of truths only."""
        return {
            name: kind
            for name, kind in self.kinds.items()
            if kind is not None and (kind == TRUTH or not self.was_old)
        }

    def kind(self, node: ast.expr) -> str | None:
        """Return the kind of the tensor that a spelled expression is, where that is known."""
        match node:
            case ast.Name(id=name):
                return self.kinds.get(name)
            case ast.Compare():
                return TRUTH
            case ast.BinOp(op=ast.Div()):
                return FLOAT
            case ast.BinOp(left=left, right=right):
                kinds = {self.kind(left), self.kind(right)} - {None}
                return kinds.pop() if len(kinds) == 1 else None
            case ast.UnaryOp(operand=inner) | ast.Subscript(value=inner):
                return self.kind(inner)
        return self.made[id(node)][1] if id(node) in self.made else None


def _name(node: ast.expr) -> str:
    """Return the dotted name that an expression is, or nothing."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def _path(name: str) -> ast.expr:
    return ast.parse(name, mode="eval").body


def _frozen(value: object) -> Value:
    """Return a literal with tuples in the place of lists."""
    match value:
        case list() | tuple():
            return tuple(map(_frozen, value))
        case None | bool() | int() | float() | str():
            return value
    raise ValueError(value)
