"""Loops of an outline -> `for` statements: ranges, tables, lists that are filled and emptied."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from kcodegen.backends.formulas import span
from kcodegen.ir.formulas import plus
from kcodegen.ir.outline import Repeat
from kcodegen.ir.program import (
    Assign,
    CallExpr,
    Expr,
    For,
    Literal,
    Name,
    Statement,
    Subscript,
    TupleExpr,
)
from kcodegen.ir.values import Ref, Value
from kcodegen.naming.scope import Scope
from kcodegen.records import record


@record(frozen=True)
class LoopParts:
    """A loop and the variables of its results."""

    item: Repeat
    names: list[str]

    @property
    def carried(self) -> list[str]:
        """Return the variables that go from one turn to the next."""
        return self.names[: self.item.carried]

    @property
    def lists(self) -> list[str]:
        """Return the variables of the lists that the loop fills."""
        return self.names[self.item.carried :]

    def reach_items(self, env: dict[Ref, Expr]) -> None:
        """Note how the items of the lists are reached."""
        count = self.item.count
        if not self.lists:
            return
        assert isinstance(count, int)
        for place, name in enumerate(self.lists):
            for turn in range(count):
                ref = Ref(self.item.id, self.item.carried + place * count + turn)
                env[ref] = Subscript(Name(name), Literal(turn))


@record(frozen=True)
class Drawn:
    """A tensor that differs from turn to turn: its variable, and the items or the list."""

    name: str
    items: tuple[Expr, ...]
    popped: str = ""


def drawn_columns(
    item: Repeat,
    env: dict[Ref, Expr],
    scope: Scope,
    uses: Counter[Ref],
    lists: Mapping[str, int],
) -> list[Drawn]:
    """Return the columns of tensors that a loop goes through; `lists` have so many items."""
    found = []
    count = item.count if isinstance(item.count, int) else 0
    refs = item.inputs[len(item.body.takes) - item.drawn :]
    for place in range(item.drawn):
        column = refs[place * count : (place + 1) * count]
        exprs = tuple(env[ref] for ref in column)
        popped = _popped(exprs, lists) if all(uses[ref] == 1 for ref in column) else ""
        found.append(Drawn(scope.unique("skip"), exprs, popped))
    return found


def _popped(exprs: tuple[Expr, ...], lists: Mapping[str, int]) -> str:
    """Return the list that a loop empties from its end, or nothing."""
    first = exprs[0]
    if not isinstance(first, Subscript) or not isinstance(first.base, Name):
        return ""
    if lists.get(first.base.id) != len(exprs):
        return ""
    wanted = tuple(Subscript(first.base, Literal(i)) for i in reversed(range(len(exprs))))
    return first.base.id if exprs == wanted else ""


def header(
    item: Repeat,
    drawn: list[Drawn],
    spelled: Callable[[Value], Expr],
    statements: list[Statement],
) -> For:
    """Return the `for` statement of a loop."""
    table = [column for column in drawn if not column.popped]
    popped = [
        Assign((column.name,), CallExpr(Name(f"{column.popped}.pop")))
        for column in drawn
        if column.popped
    ]
    body = (*popped, *statements)
    width = len(item.columns) + len(table)
    if not width:
        targets = (item.index or "_",)
        return For(targets, span(item.start, item.count, spelled), body)
    rows = _rows(item, table, spelled)
    names = (*item.columns, *(column.name for column in table))
    if not item.index:
        iterable = [row[0] if width == 1 else TupleExpr(row) for row in rows]
        return For(names, TupleExpr(tuple(iterable)), body)
    if width == 1:
        values = TupleExpr(tuple(row[0] for row in rows))
        start = () if _is_zero(item.start) else (("start", spelled(item.start)),)
        return For((item.index, *names), CallExpr(Name("enumerate"), (values,), start), body)
    numbered = tuple(
        TupleExpr((spelled(plus(item.start, turn)), *row)) for turn, row in enumerate(rows)
    )
    return For((item.index, *names), TupleExpr(numbered), body)


def _rows(
    item: Repeat, table: list[Drawn], spelled: Callable[[Value], Expr]
) -> list[tuple[Expr, ...]]:
    assert isinstance(item.count, int)
    assert isinstance(item.rows, tuple)
    rows = []
    for turn in range(item.count):
        cells = item.rows[turn] if item.columns else ()
        assert isinstance(cells, tuple)
        rows.append((*map(spelled, cells), *(column.items[turn] for column in table)))
    return rows


def _is_zero(value: Value) -> bool:
    return isinstance(value, int) and value == 0
