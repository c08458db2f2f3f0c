"""Annotations: the text of a type, which layout may have to break, as an expression."""

from __future__ import annotations

import ast

from kcodegen.ir.program import (
    Attribute,
    Binary,
    Expr,
    ListExpr,
    Literal,
    Name,
    Subscript,
    TupleExpr,
)


def annotation(text: str) -> Expr:
    """Return the expression of a type: names, paths, `X[Y, Z]`, `X | Y`, lists and constants.

    Raises ValueError for anything else.
    """
    return _expression(ast.parse(text, mode="eval").body)


def _expression(node: ast.expr) -> Expr:
    match node:
        case ast.Name(id):
            return Name(id)
        case ast.Attribute(value, attribute):
            return Attribute(_expression(value), attribute)
        case ast.Subscript(value, index):
            return Subscript(_expression(value), _expression(index))
        case ast.Tuple(items):
            return TupleExpr(tuple(map(_expression, items)))
        case ast.List(items):
            return ListExpr(tuple(map(_expression, items)))
        case ast.BinOp(left, ast.BitOr(), right):
            return Binary("|", _expression(left), _expression(right))
        case ast.Constant(None | bool() | int() | str() | bytes() as value):
            return Literal(value)
        case ast.Constant(value) if value is ...:
            return Literal(...)
        case _:
            raise ValueError(f"not a type: {ast.unparse(node)}")
