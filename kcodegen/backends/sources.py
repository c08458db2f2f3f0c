"""Functions that the file itself holds -> functions of the page, with names that fit them."""

from __future__ import annotations

import ast
import re

from kcodegen.backends.imports import Imports
from kcodegen.ir.graph import Artifact
from kcodegen.ir.program import (
    Assign,
    Attribute,
    Binary,
    CallExpr,
    Comment,
    Conditional,
    DictExpr,
    Expr,
    Function,
    ListExpr,
    Literal,
    Name,
    Param,
    Return,
    SliceExpr,
    Statement,
    Subscript,
    TupleExpr,
    Unary,
)
from kcodegen.ir.rewrite import used_sources
from kcodegen.ir.source import Source
from kcodegen.naming.scope import Scope
from kcodegen.words import is_identifier

ORIGIN = "Decompiled from the bytecode in the file."
_PUBLIC = ("keras", "keras2", "numpy", "tf")
_OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%",
    ast.Pow: "**", ast.MatMult: "@", ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^",
    ast.LShift: "<<", ast.RShift: ">>", ast.USub: "-", ast.UAdd: "+", ast.Invert: "~",
    ast.Not: "not", ast.And: "and", ast.Or: "or", ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<",
    ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.In: "in", ast.NotIn: "not in", ast.Is: "is",
    ast.IsNot: "is not",
}  # fmt: skip
# What functions are called that nobody has named: by the operator they end in.
_WORDS = {
    ast.Add: "add", ast.Sub: "subtract", ast.Mult: "scale", ast.Div: "divide", ast.Pow: "power",
    ast.MatMult: "multiply", ast.USub: "negate",
}  # fmt: skip


def source_names(artifact: Artifact, scope: Scope) -> dict[Source, str]:
    """Return what the functions of a page are called: after their author, layer, or work."""
    users: dict[Source, list[str]] = {}
    for layer, source in used_sources(artifact):
        users.setdefault(source, []).append(layer)
    return {source: scope.unique(_wish(source, layers)) for source, layers in users.items()}


def _wish(source: Source, layers: list[str]) -> str:
    if is_identifier(source.name):
        return source.name
    common = layers[0] if len(layers) == 1 else _common(layers)
    word = re.sub(r"[0-9_\W]+$", "", common) if len(layers) > 1 else common
    if len(word) > 2 and not re.fullmatch(r"lambda(_\d+)?", word):
        return word
    return _work(source)


def _common(names: list[str]) -> str:
    """Return what all names begin with."""
    first, last = min(names), max(names)
    return next((first[:n] for n, c in enumerate(first) if last[n : n + 1] != c), first)


def _work(source: Source) -> str:
    """Return a word for what a function does: the last thing that it does."""
    last = source.function().body[-1]
    value = last.value if isinstance(last, ast.Return) else None
    match value:
        case ast.Call(func=ast.Attribute(attr=name)):
            return name
        case ast.BinOp(op=op) | ast.UnaryOp(op=op) if type(op) in _WORDS:
            return _WORDS[type(op)]
        case ast.Subscript():
            return "pick"
    return "function"


def function(source: Source, name: str, imports: Imports) -> Function:
    """Return a function of the page."""
    made = source.function()
    printer = _Printer(imports)
    names = [arg.arg for arg in made.args.args]
    defaults = [None] * (len(names) - len(made.args.defaults))
    values = [*defaults, *map(printer.value, made.args.defaults)]
    params = tuple(Param(n, default=value) for n, value in zip(names, values, strict=True))
    body: list[Statement] = [Comment(ORIGIN), *map(printer.statement, made.body)]
    return Function(name, params, body=tuple(body))


class _Printer:
    """Turns the syntax tree of a function into the expressions that pages are made of."""

    def __init__(self, imports: Imports) -> None:
        self.imports = imports

    def statement(self, node: ast.stmt) -> Statement:
        """Return an assignment, or what the function returns."""
        match node:
            case ast.Return(value=ast.expr() as value):
                return Return(self.value(value))
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                return Assign((name,), self.value(value))
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=value) if len(names) > 1:
                targets = tuple(name.id for name in names if isinstance(name, ast.Name))
                return Assign(targets, self.value(value))
        raise AssertionError(ast.dump(node))

    def value(self, node: ast.expr) -> Expr:
        """Return an expression."""
        match node:
            case ast.Constant(value=None | bool() | int() | float() | str() as value):
                return Literal(value)
            case ast.Constant():
                return Literal(...)
            case ast.Name(id=name):
                return Name(name)
            case ast.Attribute(value=base, attr=attr):
                path = _path(node)
                return self._public(path) if path else Attribute(self.value(base), attr)
            case ast.Call(func=func, args=args, keywords=keywords):
                kwargs = tuple((k.arg or "", self.value(k.value)) for k in keywords)
                return CallExpr(self.value(func), self._all(args), kwargs)
            case ast.Subscript(value=base, slice=index):
                return Subscript(self.value(base), self.value(index))
            case ast.Slice(lower=lower, upper=upper, step=step):
                bounds = (None if b is None else self.value(b) for b in (lower, upper, step))
                return SliceExpr(*bounds)
            case ast.Tuple(elts=items):
                return TupleExpr(self._all(items))
            case ast.List(elts=items):
                return ListExpr(self._all(items))
            case ast.Dict(keys=keys, values=values):
                pairs = zip((k for k in keys if k is not None), values, strict=True)
                return DictExpr(tuple((self.value(k), self.value(v)) for k, v in pairs))
        return self._operation(node)

    def _operation(self, node: ast.expr) -> Expr:
        match node:
            case ast.BinOp(left=left, op=op, right=right):
                return Binary(_OPERATORS[type(op)], self.value(left), self.value(right))
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
                return Literal(-number)
            case ast.UnaryOp(op=op, operand=operand):
                return Unary(_OPERATORS[type(op)], self.value(operand))
            case ast.BoolOp(op=op, values=values):
                return self._row(_OPERATORS[type(op)], self._all(values))
            case ast.Compare(left=left, ops=comparisons, comparators=others):
                (right,), (comparison,) = others, comparisons
                return Binary(_OPERATORS[type(comparison)], self.value(left), self.value(right))
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return Conditional(self.value(test), self.value(body), self.value(orelse))
        raise AssertionError(ast.dump(node))

    def _all(self, nodes: list[ast.expr]) -> tuple[Expr, ...]:
        return tuple(self.value(node) for node in nodes)

    def _row(self, operator: str, parts: tuple[Expr, ...]) -> Expr:
        found = parts[0]
        for part in parts[1:]:
            found = Binary(operator, found, part)
        return found

    def _public(self, path: str) -> Name:
        if path.startswith("numpy."):
            return Name(f"{self.imports.numpy().id}.{path.removeprefix('numpy.')}")
        return self.imports.name(path)


def _path(node: ast.expr) -> str:
    """Return a public name in full, or nothing for an attribute of a value."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in _PUBLIC:
        return ""
    return ".".join([node.id, *reversed(parts)])
