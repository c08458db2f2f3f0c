"""Formulas -> expressions: `4 * filters`, `f"{name}_conv"`, `range(2, blocks + 1)`."""

from __future__ import annotations

from collections.abc import Callable

from kcodegen.ir.formulas import (
    Affine,
    Condition,
    Either,
    Formula,
    Letter,
    Quotient,
    Ramp,
    Text,
    plus,
)
from kcodegen.ir.program import (
    Binary,
    CallExpr,
    Conditional,
    Expr,
    FString,
    Literal,
    Name,
    Unary,
)
from kcodegen.ir.values import Hole, Value

Spelled = Callable[[Value], Expr]


def formula(value: Formula | Hole, spelled: Spelled) -> Expr:
    """Return the expression of a formula; `spelled` makes those of the values in it."""
    match value:
        case Hole(name):
            return Name(name)
        case Affine(of, factor, offset):
            return _affine(of, factor, offset, spelled)
        case Quotient(of, divisor):
            return Binary("//", spelled(of), Literal(divisor))
        case Letter(of):
            return CallExpr(Name("chr"), (spelled(plus(of, ord("a"))),))
        case Ramp(scale, of, steps):
            rise = Binary("*", Literal(scale), spelled(of))
            return Binary("/", rise, Literal(steps))
        case Text(parts):
            return _text(parts, spelled)
        case Condition():
            return condition(value, spelled)
        case Either(test, yes, no):
            return Conditional(condition(test, spelled), spelled(yes), spelled(no))


def _affine(of: Value, factor: Value, offset: Value, spelled: Spelled) -> Expr:
    expr = spelled(of)
    if isinstance(factor, int) and factor == -1:
        return Binary("-", spelled(offset), expr)
    if not (isinstance(factor, int) and factor == 1):
        expr = Binary("*", spelled(factor), expr)
    return _sum(expr, offset, spelled)


def _sum(expr: Expr, offset: Value, spelled: Spelled) -> Expr:
    if isinstance(offset, int):
        if not offset:
            return expr
        return Binary("+" if offset > 0 else "-", expr, Literal(abs(offset)))
    if isinstance(offset, Affine) and offset.factor == 1 and isinstance(offset.offset, int):
        return _sum(Binary("+", spelled(offset.of), expr), offset.offset, spelled)
    return Binary("+", spelled(offset), expr)


def _text(parts: tuple[Value, ...], spelled: Spelled) -> Expr:
    """Return an f-string, or the name alone where a text is nothing but a parameter."""
    if len(parts) == 1 and isinstance(parts[0], Hole):
        return Name(parts[0].name)
    merged: list[str | Expr] = []
    for part in parts:
        if isinstance(part, (str, int)):
            if merged and isinstance(merged[-1], str):
                merged[-1] += str(part)
            else:
                merged.append(str(part))
        else:
            merged.append(spelled(part))
    return FString(tuple(merged))


def condition(test: Value, spelled: Spelled) -> Expr:
    """Return the expression of a test."""
    if not isinstance(test, Condition):
        return spelled(test)
    of = spelled(test.of)
    if test.op == "":
        return of
    if test.op == "not":
        return Unary("not", of)
    return Binary(test.op, of, spelled(test.than))


def span(start: Value, count: Value, spelled: Spelled, step: int = 1) -> Expr:
    """Return the range of a loop that counts up by 1, or down."""
    if step < 0:
        last = plus(start, -count) if isinstance(count, int) else Affine(count, -1, start)
        return CallExpr(Name("range"), (spelled(start), spelled(last), Literal(step)))
    if isinstance(start, int) and not start:
        return CallExpr(Name("range"), (spelled(count),))
    return CallExpr(Name("range"), (spelled(start), spelled(total(start, count))))


def total(start: Value, count: Value) -> Value:
    """Return the sum of two numbers of which either may be a formula."""
    if isinstance(start, int):
        return plus(count, start)
    if isinstance(count, int):
        return plus(start, count)
    if isinstance(start, Affine) and isinstance(start.offset, int):
        return (
            plus(Affine(count, 1, start.of), start.offset)
            if _is_plain(start)
            else Affine(count, 1, start)
        )
    return Affine(count, 1, start)


def _is_plain(value: Affine) -> bool:
    return isinstance(value.factor, int) and value.factor == 1
