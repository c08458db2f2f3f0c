"""Loops of an outline -> `for` statements: ranges, tables, lists that are filled and emptied."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kcodegen.backends.formulas import span
from kcodegen.backends.stacks import columns, is_taken_once, pop
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

    def reach_items(self, env: dict[Ref, Expr], stacks: set[Ref]) -> None:
        """Note how the items of the lists are reached; `stacks` are those to be popped."""
        count = self.item.count
        if not self.lists:
            return
        assert isinstance(count, int)
        for place, name in enumerate(self.lists):
            for turn in range(count):
                ref = Ref(self.item.id, self.item.carried + place * count + turn)
                env[ref] = pop(name) if ref in stacks else Subscript(Name(name), Literal(turn))


@record(frozen=True)
class Drawn:
    """A tensor that differs from turn to turn: its variable, and the items.

    `popped` is what every turn takes it with, `is_brief` says that it needs no variable then;
    `whole` is the list that these items are, or that list from its end.
    """

    name: str
    items: tuple[Expr, ...]
    popped: Expr | None = None
    is_brief: bool = False
    whole: Expr | None = None


def drawn_columns(
    item: Repeat,
    env: dict[Ref, Expr],
    scope: Scope,
    stacks: set[Ref],
    lists: Mapping[str, int],
) -> list[Drawn]:
    """Return the columns of tensors that a loop goes through; `lists` have so many items."""
    found = []
    takes = item.body.takes[len(item.body.takes) - item.drawn :]
    for take, column in zip(takes, columns(item), strict=True):
        exprs = tuple(env[ref] for ref in column)
        popped = exprs[0] if column[0] in stacks else None
        is_brief = popped is not None and is_taken_once(item.body, take)
        whole = _whole(exprs, lists) if popped is None else None
        word = "x" if not item.carried and "x" not in scope.taken else "skip"
        found.append(Drawn(scope.unique(word), exprs, popped, is_brief, whole))
    return found


def _whole(exprs: tuple[Expr, ...], lists: Mapping[str, int]) -> Expr | None:
    """Return the list that has just these items, or `reversed` of it."""
    base = exprs[0].base if isinstance(exprs[0], Subscript) else None
    if not isinstance(base, Name) or lists.get(base.id) != len(exprs):
        return None
    items = tuple(Subscript(base, Literal(place)) for place in range(len(exprs)))
    if exprs == items:
        return base
    return CallExpr(Name("reversed"), (base,)) if exprs == items[::-1] else None


def header(
    item: Repeat,
    drawn: list[Drawn],
    spelled: Callable[[Value], Expr],
    statements: list[Statement],
) -> For:
    """Return the `for` statement of a loop."""
    table = [column for column in drawn if column.popped is None]
    popped = [
        Assign((column.name,), column.popped)
        for column in drawn
        if column.popped is not None and not column.is_brief
    ]
    body = (*popped, *statements)
    width = len(item.columns) + len(table)
    if not width:
        targets = (item.index or "_",)
        return For(targets, span(item.start, item.count, spelled, item.step), body)
    names = (*item.columns, *(column.name for column in table))
    if any(column.whole is not None for column in table):
        counted = (item.index, *names) if item.index else names
        return For(counted, _side_by_side(item, table, spelled), body)
    rows = _rows(item, table, spelled)
    if not item.index:
        iterable = [row[0] if width == 1 else TupleExpr(row) for row in rows]
        return For(names, TupleExpr(tuple(iterable)), body)
    if width == 1 and item.step > 0:
        values = TupleExpr(tuple(row[0] for row in rows))
        start = () if _is_zero(item.start) else (("start", spelled(item.start)),)
        return For((item.index, *names), CallExpr(Name("enumerate"), (values,), start), body)
    numbered = tuple(
        TupleExpr((spelled(plus(item.start, item.step * turn)), *row))
        for turn, row in enumerate(rows)
    )
    return For((item.index, *names), TupleExpr(numbered), body)


def _side_by_side(item: Repeat, table: list[Drawn], spelled: Callable[[Value], Expr]) -> Expr:
    """Return what goes through lists: themselves, counted, or with other columns."""
    assert isinstance(item.rows, tuple)
    columns: list[Expr] = [
        TupleExpr(tuple(spelled(row[place]) for row in item.rows if isinstance(row, tuple)))
        for place in range(len(item.columns))
    ]
    columns += [c.whole if c.whole is not None else TupleExpr(c.items) for c in table]
    if not item.index and len(columns) == 1:
        return columns[0]
    if item.index and len(columns) == 1 and item.step > 0:
        start = () if _is_zero(item.start) else (("start", spelled(item.start)),)
        return CallExpr(Name("enumerate"), tuple(columns), start)
    if item.index:
        columns.insert(0, span(item.start, item.count, spelled, item.step))
    return CallExpr(Name("zip"), tuple(columns))


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
