"""Python source -> Program, for tests: the inverse of printing."""

from __future__ import annotations

import ast
from collections.abc import Collection

from kcodegen.ir.program import (
    Assign,
    Attribute,
    Binary,
    Blank,
    CallExpr,
    Comment,
    Conditional,
    DictExpr,
    Evaluate,
    Expr,
    For,
    FString,
    Function,
    If,
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

OPERATORS = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.BitOr: "|",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Is: "is",
    ast.IsNot: "is not",
}


class NotAProgramError(Exception):
    """Python that a Program cannot say."""


def expression(node: ast.expr) -> Expr:
    match node:
        case ast.Name(id):
            return Name(id)
        case ast.Constant(value):
            return Literal(value)
        case ast.UnaryOp(ast.USub(), ast.Constant(int() | float() as value)) if not isinstance(
            value, bool
        ):
            return Literal(-value)
        case ast.UnaryOp(op, operand):
            return Unary("not" if isinstance(op, ast.Not) else "-", expression(operand))
        case ast.Attribute(value, attr):
            base = expression(value)
            return Name(f"{base.id}.{attr}") if isinstance(base, Name) else Attribute(base, attr)
        case ast.Call(func, args, keywords):
            kwargs = tuple((key.arg, expression(key.value)) for key in keywords if key.arg)
            if len(kwargs) != len(keywords):
                raise NotAProgramError("**kwargs")
            return CallExpr(expression(func), expressions(args), kwargs)
        case ast.List(items):
            return ListExpr(expressions(items))
        case ast.Tuple(items):
            return TupleExpr(expressions(items))
        case ast.Dict(keys, values):
            pairs = zip(keys, values, strict=True)
            return DictExpr(tuple((expression(key), expression(value)) for key, value in pairs))
        case ast.Subscript(value, index):
            return Subscript(expression(value), expression(index))
        case ast.Slice(lower, upper, step):
            return SliceExpr(*(part and expression(part) for part in (lower, upper, step)))
        case ast.JoinedStr(values):
            return FString(tuple(map(fstring_part, values)))
        case ast.IfExp(test, body, orelse):
            return Conditional(expression(test), expression(body), expression(orelse))
        case ast.BinOp(left, op, right) | ast.Compare(left, [op], [right]):
            return Binary(OPERATORS[type(op)], expression(left), expression(right))
        case _:
            raise NotAProgramError(ast.unparse(node))


def expressions(nodes: list[ast.expr]) -> tuple[Expr, ...]:
    return tuple(map(expression, nodes))


def fstring_part(node: ast.expr) -> str | Expr:
    match node:
        case ast.Constant(str() as text):
            return text
        case ast.FormattedValue(value, -1, None):
            return expression(value)
        case _:
            raise NotAProgramError(ast.unparse(node))


def names(node: ast.expr) -> tuple[str, ...]:
    items = node.elts if isinstance(node, ast.Tuple) else [node]
    if not all(isinstance(item, ast.Name) for item in items):
        raise NotAProgramError(ast.unparse(node))
    return tuple(item.id for item in items)


class Reader:
    """Reads functions of one source text, with its blank lines and comments."""

    def __init__(self, source: str) -> None:
        self.lines = source.splitlines()
        self.tree = ast.parse(source)

    def functions(self, unsayable: Collection[str] = ()) -> list[tuple[Function, str]]:
        """Return each function with its source; those called `unsayable` are left out."""
        return [
            (self.function(node), "\n".join(self.lines[node.lineno - 1 : node.end_lineno]))
            for node in self.tree.body
            if isinstance(node, ast.FunctionDef) and node.name not in unsayable
        ]

    def function(self, node: ast.FunctionDef) -> Function:
        doc = ast.get_docstring(node) or ""
        args = node.args.args
        defaults = [None] * (len(args) - len(node.args.defaults)) + node.args.defaults
        params = tuple(
            Param(
                arg.arg,
                ast.unparse(arg.annotation) if arg.annotation else "",
                expression(default) if default else None,
            )
            for arg, default in zip(args, defaults, strict=True)
        )
        returns = ast.unparse(node.returns) if node.returns else ""
        body = self.block(node.body[1:] if doc else node.body)
        return Function(node.name, params, returns, doc, body)

    def block(self, nodes: list[ast.stmt]) -> tuple[Statement, ...]:
        statements: list[Statement] = []
        for node in nodes:
            above = node.lineno - 2
            comments = []
            while self.lines[above].strip().startswith("#"):
                comments.append(Comment(self.lines[above].strip()[2:]))
                above -= 1
            if not self.lines[above] and statements:
                statements.append(Blank())
            statements += reversed(comments)
            if not isinstance(node, ast.Pass):
                statements.append(self.statement(node))
        return tuple(statements)

    def statement(self, node: ast.stmt) -> Statement:
        match node:
            case ast.Assign([target], value):
                rest = self.lines[node.end_lineno - 1].encode()[node.end_col_offset :].decode()
                return Assign(names(target), expression(value), rest.strip()[2:])
            case ast.Expr(value):
                return Evaluate(expression(value))
            case ast.Return(value):
                return Return(value and expression(value))
            case ast.For(target, iterable, body, []):
                return For(names(target), expression(iterable), self.block(body))
            case ast.If(test, body, orelse):
                return If(expression(test), self.block(body), self.block(orelse))
            case _:
                raise NotAProgramError(ast.unparse(node))
