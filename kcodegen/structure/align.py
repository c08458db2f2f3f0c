"""Alignment: which nodes of several copies stand for the same line, and which copies lack it.

conv bn relu | conv bn relu pad | bn relu   ->   conv? bn relu pad?
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import field

from kcodegen.ir.formulas import Text
from kcodegen.records import record
from kcodegen.structure.draft import Looks, Node, deep

_MATCH, _NAMED, _PRODUCED, _OTHERWISE_NAMED = 4.0, 6.0, 2.0, -3.0
_STRANGE = -5.0  # of two without names that follow other nodes and are given other arguments


@record(frozen=False)
class Column:
    """A line of all copies: the looks of its first node, and the node of each copy."""

    token: Hashable
    label: Hashable
    source: Hashable
    given: Hashable
    nodes: list[Node | None]

    @property
    def presence(self) -> tuple[bool, ...]:
        """Tell which copies have the line."""
        return tuple(node is not None for node in self.nodes)


@record(frozen=True)
class _Copy:
    """One copy as it is compared: tokens, labels (what its names say), makers of its operands.

    `given` are the names of the arguments.
    """

    tokens: tuple[Hashable, ...]
    labels: tuple[Hashable, ...]
    sources: tuple[Hashable, ...]
    given: tuple[Hashable, ...]


@record(frozen=False)
class Aligner:
    """Aligns copies with a profile that grows."""

    looks: Looks
    columns: list[Column] = field(default_factory=list)

    def align(self, copies: Sequence[Sequence[Node]]) -> list[Column]:
        """Return the columns of all copies."""
        size = len(copies)
        tokens = [tuple(map(self._token, copy)) for copy in copies]
        if all(row == tokens[0] for row in tokens):
            rows = zip(tokens[0], *copies, strict=True)
            self.columns = [Column(token, None, None, None, list(nodes)) for token, *nodes in rows]
            return self.columns
        views = [self.view(copy) for copy in copies]
        distinct: dict[_Copy, list[int]] = {}
        for place, view in enumerate(views):
            distinct.setdefault(view, []).append(place)
        ranked = sorted(distinct, key=lambda v: (-len(v.tokens), -len(distinct[v]), distinct[v][0]))
        for view in ranked:
            matched = self._match(view)
            for place in distinct[view]:
                for column, node in zip(matched, copies[place], strict=True):
                    if not column.nodes:
                        column.nodes = [None] * size
                    column.nodes[place] = node
        return self.columns

    def view(self, copy: Sequence[Node]) -> _Copy:
        """Return a copy as it is compared."""
        tokens = tuple(map(self._token, copy))
        makers = {n: tokens[i] for i, node in enumerate(copy) for n in node.results}
        sources = tuple(tuple(makers.get(n) for n in node.operands) for node in copy)
        given = tuple(frozenset(node.slots) for node in copy)
        return _Copy(tokens, labels(copy), sources, given)

    def _token(self, node: Node) -> Hashable:
        """Return what is equal for nodes that one line can stand for: both have names, or none."""
        is_named = node.kind in ("layer", "make layer") and "name" in node.slots
        return (is_named, self.looks.token(node))

    def _match(self, view: _Copy) -> list[Column]:
        """Return the column of each node of a copy; new ones are put in where they are missing."""
        if not self.columns:
            self.columns = [
                Column(*looks, [])
                for looks in zip(view.tokens, view.labels, view.sources, view.given, strict=True)
            ]
            return list(self.columns)
        pairs = _best_pairs(self.columns, view)
        matched = {id(column) for _, column in pairs}
        result: list[Column] = []
        grown: list[Column] = []
        place = 0
        for i, column in pairs:
            while column is not None and self.columns[place] is not column:
                grown.append(self.columns[place])
                place += 1
            if column is None:
                other = self.columns[place] if place < len(self.columns) else None
                if other and id(other) not in matched and other.source == view.sources[i]:
                    grown.append(other)  # what stands there instead
                    place += 1
                looks = (view.tokens[i], view.labels[i], view.sources[i], view.given[i])
                column = Column(*looks, [])
            else:
                place += 1
            grown.append(column)
            result.append(column)
        self.columns = [*grown, *self.columns[place:]]
        return result


def _best_pairs(columns: list[Column], view: _Copy) -> list[tuple[int, Column | None]]:
    """Return the nodes of a copy, each with the column it is best put in (global alignment)."""
    rows, width = len(columns), len(view.tokens)
    best = [[0.0] * (width + 1) for _ in range(rows + 1)]
    places: dict[Hashable, list[int]] = {}
    for j, token in enumerate(view.tokens):
        places.setdefault(token, []).append(j)
    for i in range(rows - 1, -1, -1):
        column, below = columns[i], best[i + 1]
        scores = {j: below[j + 1] + _score(column, view, j) for j in places.get(column.token, ())}
        line, top = best[i], 0.0
        for j in range(width - 1, -1, -1):
            if below[j] > top:
                top = below[j]
            if j in scores and scores[j] > top:
                top = scores[j]
            line[j] = top
    found: list[tuple[int, Column | None]] = []
    i = j = 0
    while j < width:
        if i < rows and columns[i].token == view.tokens[j]:
            score = best[i + 1][j + 1] + _score(columns[i], view, j)
            if score >= best[i][j] - 1e-9:
                found.append((j, columns[i]))
                i, j = i + 1, j + 1
                continue
        if i < rows and best[i + 1][j] >= best[i][j + 1]:
            i += 1
        else:
            found.append((j, None))
            j += 1
    return found


def _score(column: Column, view: _Copy, place: int) -> float:
    score = _MATCH + (_PRODUCED if column.source == view.sources[place] else 0.0)
    one, other = column.label, view.labels[place]
    if one is other is None and score == _MATCH and column.given != view.given[place]:
        return score + _STRANGE
    if one == other:
        return score + (_NAMED if one is not None else 0.0)
    return score + (_OTHERWISE_NAMED if None not in (one, other) else 0.0)


def labels(copy: Sequence[Node]) -> tuple[Hashable, ...]:
    """Return what the names in a copy say beyond what they share, numbers left out."""
    names = [names_of(node) for node in copy]
    every = [name for row in names for name in row]
    start = common_prefix(every)
    end = common_prefix([name[start:][::-1] for name in every])
    return tuple(_label(row, start, end) for row in names)


def _label(names: list[tuple[object, ...]], start: int, end: int) -> Hashable:
    if not names:
        return None
    name = names[0]
    return tuple(str(part) for part in name[start : len(name) - end])


def names_of(node: Node) -> list[tuple[object, ...]]:
    """Return the names in a node, in parts."""
    return [
        value.parts
        for part in deep((node,))
        for value in part.slots.values()
        if isinstance(value, Text)
    ]


def common_prefix(names: Sequence[tuple[object, ...]]) -> int:
    """Return how many parts all names begin with."""
    if not names:
        return 0
    first = names[0]
    count = len(first)
    for name in names:
        if name[:count] != first[:count]:
            count = min(count, len(name))
            count = next((i for i in range(count) if name[i] != first[i]), count)
    return count
