"""Reads a page by interpreting it symbolically: nothing of it is ever executed.

Functions are entered, loops unrolled and f-strings evaluated; each constructor becomes a
record and each call of a layer or op a line of the trace.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from dataclasses import field
from typing import Any

from kcodegen import registry
from kcodegen.ir.values import Hole, Ref, Slice
from kcodegen.naming.counters import Counters
from kcodegen.readback.construct import Constructor
from kcodegen.readback.imports import imported
from kcodegen.readback.operators import function_of, has_tensor
from kcodegen.readback.values import (
    Closure,
    Made,
    Method,
    Outputs,
    Path,
    ReadBackError,
    Sizes,
    Trace,
    Trained,
)
from kcodegen.records import record
from kcodegen.registry.vocabulary import Vocabulary

_STEPS = 100_000  # statements; the largest known model has some 3,000
_LONGEST = 10_000  # characters of a text, digits of a number
_DEPTH = 100
_OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}
_PURE: dict[str, Callable[..., Any]] = {
    "range": lambda *a: _range(*a),
    "enumerate": lambda items, start=0: [(i, x) for i, x in enumerate(items, start)],
    "zip": lambda *a: list(zip(*a, strict=True)),
    "reversed": lambda items: list(reversed(items)),
    "len": len,
    "chr": chr,
    "ord": ord,
    "slice": lambda *a: Slice(*a),
}
Env = dict[str, Any]


def _range(*bounds: int) -> list[int]:
    if len(range(*bounds)) > _STEPS:
        raise ReadBackError("the page runs without end")
    return list(range(*bounds))


class _Returned(Exception):  # noqa: N818  (a way out, no error)
    def __init__(self, value: Any) -> None:
        self.value = value


@record(frozen=False)
class Interpreter:
    """The state of one reading: the page's names, the counters, the trace."""

    vocabulary: Vocabulary
    counters: Counters = field(default_factory=Counters)
    trace: Trace = field(default_factory=Trace)
    top: Env = field(default_factory=dict)
    functions: dict[str, ast.FunctionDef] = field(default_factory=dict)
    stubs: frozenset[str] = frozenset()
    steps: int = 0
    depth: int = 0
    construct: Constructor = field(init=False)

    def __post_init__(self) -> None:
        self.counters.given.update(self.vocabulary.target.counted)
        self.construct = Constructor(self.vocabulary, self.counters, self.trace)

    def load(self, tree: ast.Module, helpers: dict[str, str]) -> None:
        """Take in the imports and functions of a page; `helpers` maps its own to keys."""
        for statement in tree.body:
            if getattr(statement, "name", "") in self.stubs:
                self._load_stub(statement)
            elif isinstance(statement, (ast.Import, ast.ImportFrom, ast.Try)):
                for name, path in imported(statement, self.vocabulary):
                    self._define(name, path)
            elif isinstance(statement, ast.FunctionDef) and statement.name in helpers:
                self._define(statement.name, Path(helpers[statement.name]))
            elif isinstance(statement, ast.FunctionDef):
                if statement.name in self.functions or statement.name in self.top:
                    raise ReadBackError(f"{statement.name} is defined twice")
                self.functions[statement.name] = statement
            elif isinstance(statement, ast.ClassDef):
                self._define(statement.name, Path(helpers[statement.name]))

    def _load_stub(self, statement: ast.stmt) -> None:
        from kcodegen.readback.stubs import read_stub  # few pages have one

        name, key, params = read_stub(statement)
        self._define(name, Path(key))
        self.construct.signatures[key] = params

    def _define(self, name: str, path: Path) -> None:
        if name in self.top and self.top[name] != path:
            raise ReadBackError(f"{name} is defined twice")
        self.top[name] = path

    # Functions and statements

    def run(self, name: str, *args: Any) -> Any:
        """Return what a function of the page returns."""
        if name not in self.functions:
            raise ReadBackError(f"the page has no {name}")
        return self._enter(self.functions[name], list(args), {})

    def _close(self, function: ast.FunctionDef, env: Env) -> None:
        """Define a function inside another one."""
        if not isinstance(function.body[-1], ast.Return):
            raise ReadBackError(f"{function.name} returns nothing")
        closure = Closure(function, env)
        public = self.top.keys() | self.functions.keys() | _PURE.keys()
        if not public.isdisjoint({function.name, *closure.local}):
            raise ReadBackError(f"{function.name} hides a name of the page")
        env[function.name] = closure

    def _enter(
        self, function: ast.FunctionDef, args: list[Any], kwargs: Env, outer: Env | None = None
    ) -> Any:
        self.depth += 1
        if self.depth > _DEPTH:
            raise ReadBackError("functions call each other without end")
        env = (outer or {}) | self._bind(function, args, kwargs)
        try:
            self._block(function.body, env)
        except _Returned as returned:
            return returned.value
        finally:
            self.depth -= 1
        return None

    def _bind(self, function: ast.FunctionDef, args: list[Any], kwargs: Env) -> Env:
        names = [arg.arg for arg in function.args.args]
        if len(args) > len(names) or function.args.vararg or function.args.kwonlyargs:
            raise ReadBackError(f"{function.name} takes {len(names)} arguments")
        env = dict(zip(names, args, strict=False))
        for name, value in kwargs.items():
            if name not in names or name in env:
                raise ReadBackError(f"{function.name} has no free argument {name}")
            env[name] = value
        defaults = function.args.defaults
        for name, default in zip(names[len(names) - len(defaults) :], defaults, strict=True):
            if name not in env:
                env[name] = self.value(default, {})
        if len(env) != len(names):
            raise ReadBackError(f"{function.name} lacks an argument")
        return env

    def _block(self, body: list[ast.stmt], env: Env) -> None:
        for statement in body:
            self.steps += 1
            if self.steps > _STEPS:
                raise ReadBackError("the page runs without end")
            self._statement(statement, env)

    def _statement(self, statement: ast.stmt, env: Env) -> None:
        match statement:
            case ast.Assign(targets=[target], value=value):
                self._assign(target, self.value(value, env), env)
            case ast.Return(value=value):
                raise _Returned(self.value(value, env) if value is not None else None)
            case ast.Expr(value=ast.Constant(value=str())):
                pass  # a docstring
            case ast.Expr(value=ast.Call() as call):
                self.value(call, env)
            case ast.FunctionDef():
                self._close(statement, env)
            case ast.For(target=target, iter=iterable, body=body, orelse=[]):
                for item in self._items(self.value(iterable, env)):
                    self._assign(target, item, env)
                    self._block(body, env)
            case ast.If(test=test, body=body, orelse=orelse):
                self._block(body if self._truth(self.value(test, env)) else orelse, env)
            case _:
                raise ReadBackError(f"a page never says {type(statement).__name__} here")

    def _assign(self, target: ast.expr, value: Any, env: Env) -> None:
        match target:
            case ast.Name(id=name):
                env[name] = value
            case ast.Tuple(elts=targets):
                items = self._items(value)
                if len(items) != len(targets):
                    raise ReadBackError(f"{len(items)} values for {len(targets)} names")
                for part, item in zip(targets, items, strict=True):
                    self._assign(part, item, env)
            case _:
                raise ReadBackError("a page assigns to names only")

    def _items(self, value: Any) -> list[Any]:
        if not isinstance(value, (list, tuple)):
            raise ReadBackError("only a list or a tuple has items")
        return value if isinstance(value, list) else list(value)

    def _truth(self, value: Any) -> bool:
        if isinstance(value, (Ref, Outputs, Made, Sizes)):
            raise ReadBackError("a tensor decides nothing")
        return bool(value)

    # Expressions

    def value(self, node: ast.expr, env: Env) -> Any:
        """Return what an expression comes to."""
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return self._name(name, env)
            case ast.Attribute(value=base, attr=attr):
                return self._attribute(self.value(base, env), attr)
            case ast.List(elts=items):
                return [self.value(item, env) for item in items]
            case ast.Tuple(elts=items):
                return tuple(self.value(item, env) for item in items)
            case ast.Dict(keys=keys, values=values):
                return self._dict(keys, values, env)
            case ast.Call():
                return self._call(node, env)
            case ast.Subscript(value=base, slice=index):
                return self._subscript(self.value(base, env), self.value(index, env))
            case ast.Slice(lower=lower, upper=upper, step=step):
                bounds = (lower, upper, step)
                return Slice(*(None if b is None else self.value(b, env) for b in bounds))
            case ast.JoinedStr(values=values):
                return "".join(self._text(part, env) for part in values)
            case ast.UnaryOp(op=op, operand=operand):
                return self._unary(op, self.value(operand, env))
            case ast.BinOp(left=left, op=op, right=right):
                return self._operate(op, self.value(left, env), self.value(right, env))
            case ast.IfExp(test=test, body=body, orelse=orelse):
                chosen = body if self._truth(self.value(test, env)) else orelse
                return self.value(chosen, env)
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return self._operate(op, self.value(left, env), self.value(right, env))
        raise ReadBackError(f"a page never says {type(node).__name__} here")

    def _name(self, name: str, env: Env) -> Any:
        if name in env:
            return env[name]
        if name in self.top:
            return self.top[name]
        if name in self.functions:
            return self.functions[name]
        if name in _PURE:
            return _PURE[name]
        raise ReadBackError(f"{name} is not defined")

    def _attribute(self, base: Any, attr: str) -> Any:
        if isinstance(base, Path):
            return Path(f"{base.key}.{attr}")
        if isinstance(base, Ref) and attr == "shape":
            return Sizes(base)
        if isinstance(base, list) and attr in ("append", "pop"):
            return Method(base, attr)
        if isinstance(base, Trained) and attr == "compile":
            return Method(base, attr)
        raise ReadBackError(f"nothing on a page has an attribute {attr}")

    def _dict(self, keys: list[ast.expr | None], values: list[ast.expr], env: Env) -> Any:
        found: dict[str, Any] = {}
        for key, value in zip(keys, values, strict=True):
            name = self.value(key, env) if key is not None else None
            if not isinstance(name, str) or name in found:
                raise ReadBackError("the keys of a dict are different texts")
            found[name] = self.value(value, env)
        return found

    def _text(self, part: ast.expr, env: Env) -> str:
        if isinstance(part, ast.FormattedValue):
            value = self.value(part.value, env)
            if not isinstance(value, (str, int)) or part.format_spec or part.conversion != -1:
                raise ReadBackError("an f-string holds texts and integers")
            return str(value)
        return str(self.value(part, env))

    def _unary(self, op: ast.unaryop, value: Any) -> Any:
        if isinstance(op, ast.Not):
            return not self._truth(value)
        if isinstance(op, ast.USub) and isinstance(value, (int, float)):
            return -value
        raise ReadBackError("a page negates numbers only")

    def _operate(self, op: ast.AST, left: Any, right: Any) -> Any:
        if has_tensor(left, right):
            key = function_of(op, left, right, self.vocabulary.target)
            return self.construct.op(registry.op(key), [left, right], {})
        plain = (bool, int, float, str, type(None))
        if type(op) not in _OPERATORS or not all(isinstance(v, plain) for v in (left, right)):
            raise ReadBackError("a page computes with numbers and texts only")
        if isinstance(op, (ast.Mult, ast.Mod)) and str in (type(left), type(right)):
            raise ReadBackError("a page multiplies and divides numbers only")
        if isinstance(op, (ast.Add, ast.Mult)) and _size(left) + _size(right) > _LONGEST:
            raise ReadBackError("a text or number grows without end")
        return _OPERATORS[type(op)](left, right)

    def _subscript(self, base: Any, index: Any) -> Any:
        match base:
            case Ref():
                return self.construct.op(registry.op("keras.ops.get_item"), [base, index], {})
            case Sizes(tensor) if isinstance(index, int) and index == -1:
                return self.construct.width(tensor)
            case Outputs(call) if isinstance(index, int) and not isinstance(index, bool):
                return Ref(call, index)
            case list() | tuple() | dict():
                try:
                    return base[index]
                except (LookupError, TypeError) as error:
                    raise ReadBackError(f"no item {index!r}") from error
        raise ReadBackError("only tensors and lists have items")

    def _call(self, node: ast.Call, env: Env) -> Any:
        callee = self.value(node.func, env)
        args = [self.value(arg, env) for arg in node.args]
        kwargs: Env = {}
        for keyword in node.keywords:
            if keyword.arg is None or keyword.arg in kwargs:
                raise ReadBackError("an argument is given twice, or by **")
            kwargs[keyword.arg] = self.value(keyword.value, env)
        if isinstance(callee, (Made, Path)):
            args = [self._source(arg) for arg in args]
            kwargs = {name: self._source(value) for name, value in kwargs.items()}
        match callee:
            case ast.FunctionDef():
                return self._enter(callee, args, kwargs)
            case Closure(function, outer):
                own = callee.local
                seen = {name: value for name, value in outer.items() if name not in own}
                return self._enter(function, args, kwargs, seen)
            case Made():
                return self.construct.call(callee, args, kwargs)
            case Path(key):
                return self.construct.public(key, args, kwargs)
            case Method(Trained() as model, _):
                if args or model.training is not None:
                    raise ReadBackError("a model is compiled once, with keywords")
                model.training = kwargs
                return None
            case Method(owner, "append") if len(args) == 1 and not kwargs:
                return owner.append(args[0])
            case Method(owner, "pop") if owner and not args and not kwargs:
                return owner.pop()
        if callable(callee) and callee in _PURE.values():
            return callee(*args, **kwargs)
        raise ReadBackError("a page calls Keras and its own functions only")

    def _source(self, value: Any) -> Any:
        """Return a function of the page that is given to a constructor as what it says."""
        if not isinstance(value, ast.FunctionDef):
            return value
        from kcodegen.readback.sources import source_of  # few pages have one

        return source_of(value, self.top)


def _size(value: Any) -> int:
    """Return how long a text or number is, counted in characters or bits."""
    return len(value) if isinstance(value, str) else int(value or 0).bit_length()


HOLE = Hole("input_shape")
