"""How Python 2 divided: what is meant can be told when there is a float, or a tensor.

x / 255   ->   x / 255          1 / 2   ->   1 // 2          x.shape[1] / 2   ->   not known
"""

from __future__ import annotations

import ast

from kcodegen.bytecode.code import NotDecompiled

# Functions whose results are integers, or may be.
_WHOLE = frozenset(
    """argmax argmin as_list cast count_params eval get_shape int int_shape len ndim one_hot
    round shape size to_int32 to_int64""".split()
)


def division(left: ast.expr, right: ast.expr, given: tuple[str, ...]) -> ast.operator:
    """Return the operator of today; `given` is the argument that a tensor is passed as.

    Integers were divided without a rest, and so was a tensor of integers; but what Lambda layers
    are given are floats as a rule: see `divides_as_2`.
    """
    if _is_integer(left) and _is_integer(right):
        return ast.FloorDiv()
    if not any(_is_float(part) or _is_tensor(part, given) for part in (left, right)):
        raise NotDecompiled("Python 2 divided integers in another way, and it may divide such")
    return ast.Div()


def divides_as_2(body: list[ast.stmt]) -> bool:
    """Tell whether statements divide what may be a tensor of integers by an integer."""
    parts = (part for statement in body for part in ast.walk(statement))
    return any(
        isinstance(part, ast.BinOp)
        and isinstance(part.op, ast.Div)
        and not (_is_float(part.left) or _is_float(part.right))
        for part in parts
    )


def _is_float(node: ast.expr) -> bool:
    """Tell whether an expression is certainly no integer."""
    match node:
        case ast.Constant(value=value):
            return isinstance(value, float)
        case ast.UnaryOp(operand=operand):
            return _is_float(operand)
        case ast.BinOp(left=left, right=right):
            return _is_float(left) or _is_float(right)
    return False


def _is_integer(node: ast.expr) -> bool:
    """Tell whether an expression is an integer as it stands."""
    if isinstance(node, ast.UnaryOp):
        return _is_integer(node.operand)
    return isinstance(node, ast.Constant) and type(node.value) is int


def _is_tensor(node: ast.expr, given: tuple[str, ...]) -> bool:
    """Tell whether an expression is made of the tensor that is given, not of its shape."""
    match node:
        case ast.Name(id=name):
            return name in given
        case ast.BinOp(left=left, right=right):
            return _is_tensor(left, given) or _is_tensor(right, given)
        case ast.UnaryOp(operand=operand):
            return _is_tensor(operand, given)
        case ast.Subscript(value=base, slice=ast.Tuple()):  # a single number may index a shape
            return _is_tensor(base, given)
        case ast.Call(func=function, args=args):
            name = getattr(function, "attr", getattr(function, "id", ""))
            return name not in _WHOLE and any(_is_tensor(arg, given) for arg in args)
    return False
