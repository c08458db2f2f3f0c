"""Operators on tensors, where the target has them: `x + y` says what `tf.add(x, y)` says."""

from __future__ import annotations

import ast
from typing import Any

from kcodegen.ir.values import Array, Ref
from kcodegen.readback.values import Outputs, ReadBackError
from kcodegen.registry.targets import Target

_SIGNS: dict[type, str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}


def has_tensor(*operands: Any) -> bool:
    """Tell whether one of the operands is a tensor."""
    return any(isinstance(operand, (Ref, Outputs)) for operand in operands)


def function_of(op: ast.AST, left: Any, right: Any, target: Target) -> str:
    """Return the key of the function that an operator stands for; one side is a tensor."""
    keys = {sign: key for key, sign in target.signs}
    key = keys.get(_SIGNS.get(type(op), ""))
    takes = (Ref, Outputs, int, float)
    fits = isinstance(left, takes) and isinstance(right, (*takes, Array))
    if key is None or not fits or bool in (type(left), type(right)):
        raise ReadBackError("a page computes with numbers and texts only")
    return key
