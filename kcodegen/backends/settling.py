"""The end of a body inside another: what it has made goes to the variables that are there.

y_2 = cell(x, y); y, x = y_2, y   ->   y, x = cell(x, y), y
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kcodegen.ir.program import Assign, CallExpr, Expr, Name, Statement, TupleExpr
from kcodegen.ir.values import Ref


def settled(
    statements: Sequence[Statement],
    env: Mapping[Ref, Expr],
    gives: Sequence[Ref],
    names: Sequence[str],
) -> list[Statement]:
    """Return the statements with one at the end that gives results their names, if any need it."""
    pairs = [
        (name, env[ref]) for ref, name in zip(gives, names, strict=True) if env[ref] != Name(name)
    ]
    if not pairs:
        return [*statements]
    targets = tuple(name for name, _ in pairs)
    values = tuple(expr for _, expr in pairs)
    if len(values) == 1:
        return [*statements, Assign(targets, values[0])]
    last = statements[-1] if statements else None
    if isinstance(last, Assign) and _is_passed_on(last, values):
        values = tuple(last.value if v == Name(last.targets[0]) else v for v in values)
        statements = statements[:-1]
    return [*statements, Assign(targets, TupleExpr(values))]


def _is_passed_on(last: Assign, values: tuple[Expr, ...]) -> bool:
    """Tell whether the use of a block is given a name only to get another one."""
    if len(last.targets) != 1 or not isinstance(last.value, CallExpr):
        return False
    is_use = isinstance(last.value.func, Name) and not last.comment
    return is_use and values.count(Name(last.targets[0])) == 1
