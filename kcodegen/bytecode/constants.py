"""Constants of a code object -> expressions."""

from __future__ import annotations

import ast
import math

from kcodegen.bytecode.code import Code, NotDecompiled

_KINDS = {bytes: "bytes", complex: "a complex number"}


def constant(value: object) -> ast.expr:
    """Return a constant as it is written: `-1` is the minus of 1, a tuple its items."""
    match value:
        case tuple():
            return ast.Tuple([constant(item) for item in value], ast.Load())
        case bool() | None | str():
            return ast.Constant(value)
        case int() | float():
            if isinstance(value, float) and not math.isfinite(value):
                raise NotDecompiled("it holds a number that is not finite")
            if abs(value) >= 1 << 64 and isinstance(value, int):
                raise NotDecompiled("it holds a number beyond 64 bits")
            if math.copysign(1, value) < 0:
                return ast.UnaryOp(ast.USub(), ast.Constant(-value))
            return ast.Constant(value)
        case Code():
            raise NotDecompiled("it holds another function, or a comprehension")
        case _ if value is ...:
            return ast.Constant(value)
    kind = _KINDS.get(type(value), "a set")
    raise NotDecompiled(f"it holds a constant that no page can say, {kind}")
