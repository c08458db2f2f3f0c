"""Conditional jumps -> `and`, `or`, chained comparisons and conditional expressions.

A jump has two ways on, and both leave a value:

    x JUMP_IF_FALSE_OR_POP end; y; end:       yes: y, no: x itself     ->   x and y
    x POP_JUMP_IF_FALSE else; y; else: z      yes: y, no: z            ->   y if x else z
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from kcodegen.bytecode.instructions import Instruction

EXIT = -1
RETURN = "RETURN_VALUE"
_OPPOSITES: dict[type[ast.cmpop], type[ast.cmpop]] = {ast.Is: ast.IsNot, ast.IsNot: ast.Is}


def ways(items: Sequence[Instruction], place: int) -> tuple[int, ...]:
    """Return where an instruction leads to: on, to its target, or both."""
    item = items[place]
    if item.name == RETURN:
        return (EXIT,)
    if item.target < 0:
        return (place + 1,)
    is_certain = item.name in ("JUMP_FORWARD", "JUMP_ABSOLUTE")
    return (item.target,) if is_certain else (place + 1, item.target)


def meetings(items: Sequence[Instruction]) -> list[int]:
    """Return where all ways from each instruction first meet again, EXIT for the end."""
    met = [EXIT] * len(items)
    for place in reversed(range(len(items))):
        first, *others = ways(items, place)
        for other in others:
            while first != other:  # the later one cannot meet the earlier any more
                if other == EXIT or (first != EXIT and first < other):
                    first = met[first]
                else:
                    other = met[other]
        met[place] = first
    return met


def conditional(test: ast.expr, yes: ast.expr, no: ast.expr) -> ast.expr:
    """Return `yes if test else no`, shorter where one of them is a condition as well."""
    if no is test:
        return both(test, yes)
    if isinstance(test, ast.UnaryOp) and no is test.operand:
        return either(no, yes)
    shared = _shared(test, yes, no)
    if shared is not None:
        return shared
    match yes:
        case ast.IfExp(test=inner, body=body, orelse=orelse):
            if isinstance(no, ast.IfExp) and _alike(body, no.body) and _alike(orelse, no.orelse):
                return ast.IfExp(conditional(test, inner, no.test), body, orelse)
            if _alike(orelse, no):
                return ast.IfExp(both(test, inner), body, orelse)
            if _alike(body, no):
                return ast.IfExp(either(negated(test), inner), body, orelse)
        case ast.BoolOp(op=ast.And(), values=[first, *rest]) if _alike(
            _joined(ast.And(), rest), no
        ):
            return both(either(negated(test), first), no)
        case ast.BoolOp(op=ast.Or(), values=[first, *rest]) if _alike(_joined(ast.Or(), rest), no):
            return either(both(test, first), no)
    return ast.IfExp(test, yes, no)


def _shared(test: ast.expr, yes: ast.expr, no: ast.expr) -> ast.expr | None:
    """Return one expression with the condition inside, or None.

    f(a, 1) if x else f(a, 2)   ->   f(a, 1 if x else 2)

    That is what was written if the very same `f` and `a` were there before the jump: compilers
    copy the end of a function behind both ways.
    """
    if type(yes) is not type(no):
        return None
    left, right = _parts(yes), _parts(no)
    if len(left) != len(right) or not any(a is b for a in left for b in right):
        return None
    places = [n for n, (a, b) in enumerate(zip(left, right, strict=True)) if not _alike(a, b)]
    if len(places) != 1 or not _equal_but_for_parts(yes, no):
        return None
    (place,) = places
    return _replaced(yes, place, conditional(test, left[place], right[place]))


def _parts(node: ast.expr) -> list[ast.expr]:
    """Return the expressions directly inside one."""
    found: list[ast.expr] = []
    for _, value in ast.iter_fields(node):
        for item in value if isinstance(value, list) else [value]:
            part = item.value if isinstance(item, ast.keyword) else item
            if isinstance(part, ast.expr):
                found.append(part)
    return found


def _equal_but_for_parts(yes: ast.expr, no: ast.expr) -> bool:
    """Tell whether two expressions differ in the expressions inside them only."""

    def rest(node: ast.expr) -> list[object]:
        found: list[object] = []
        for name, value in ast.iter_fields(node):
            values = value if isinstance(value, list) else [value]
            for item in values:
                if isinstance(item, ast.keyword):
                    found.append((name, item.arg))
                elif isinstance(item, ast.expr):
                    found.append(name)
                else:
                    found.append((name, ast.dump(item) if isinstance(item, ast.AST) else item))
        return found

    return rest(yes) == rest(no)


def _replaced(node: ast.expr, place: int, new: ast.expr) -> ast.expr:
    """Return an expression with its `place`-th part replaced."""
    parts = _parts(node)
    parts[place] = new
    rest = iter(parts)

    def change(item: object) -> object:
        if isinstance(item, ast.keyword):
            return ast.keyword(item.arg, next(rest))
        return next(rest) if isinstance(item, ast.expr) else item

    fields: dict[str, Any] = {
        key: [change(item) for item in value] if isinstance(value, list) else change(value)
        for key, value in ast.iter_fields(node)
    }
    return type(node)(**fields)


def negated(test: ast.expr) -> ast.expr:
    """Return what is true when `test` is not."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return operand
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _OPPOSITES:
            return ast.Compare(left, [_OPPOSITES[type(op)]()], [right])
    return ast.UnaryOp(ast.Not(), test)


def both(left: ast.expr, right: ast.expr) -> ast.expr:
    """Return `left and right`; comparisons that share their middle are a chain."""
    match left, right:
        case ast.Compare(ops=ops, comparators=[*_, middle]), ast.Compare() if right.left is middle:
            more = [*left.comparators, *right.comparators]
            return ast.Compare(left.left, [*ops, *right.ops], more)
    return _joined(ast.And(), [left, right])


def either(left: ast.expr, right: ast.expr) -> ast.expr:
    """Return `left or right`."""
    return _joined(ast.Or(), [left, right])


def _joined(op: ast.boolop, parts: list[ast.expr]) -> ast.expr:
    """Return conditions with one word between them; the last may be a row of them already."""
    *first, last = parts
    if isinstance(last, ast.BoolOp) and type(last.op) is type(op):
        return ast.BoolOp(op, [*first, *last.values])
    return ast.BoolOp(op, parts) if first else last


def _alike(left: ast.expr, right: ast.expr) -> bool:
    return left is right or ast.dump(left) == ast.dump(right)
