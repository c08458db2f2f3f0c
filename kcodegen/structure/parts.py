"""Parts: columns in a row that the same copies have, and those that others have instead."""

from __future__ import annotations

from dataclasses import field

from kcodegen.records import record
from kcodegen.structure.align import Column
from kcodegen.structure.draft import Node


@record(frozen=False)
class Part:
    """Columns in a row that the same copies have; `orelse` those that all others have instead."""

    presence: tuple[bool, ...]
    columns: list[Column]
    orelse: list[Column] = field(default_factory=list)
    made: tuple[set[int], set[int]] = field(default_factory=lambda: (set(), set()))
    exports: list[tuple[int, int, int]] = field(default_factory=list)
    """What it gives: (result, from the columns, from elsewhere)."""
    nodes: tuple[list[Node], list[Node]] = field(default_factory=lambda: ([], []))

    @property
    def is_whole(self) -> bool:
        """Tell whether all copies have it."""
        return all(self.presence)

    @property
    def single(self) -> int:
        """Return how many nodes one copy alone has, of several that do not."""
        there = sum(self.presence)
        alone = len(self.columns) * (there == 1) + len(self.orelse) * (
            there == len(self.presence) - 1
        )
        return alone if len(self.presence) > 2 else 0

    @property
    def may_be_empty(self) -> bool:
        """Tell whether this is a loop that some copies have no turn of."""
        if self.is_whole or self.orelse or len(self.columns) > 1:
            return False
        node = next(n for n in self.columns[0].nodes if n is not None)
        return node.kind == "repeat" and node.head[1:5] == (1, 0, 0, 0)


def parts_of(columns: list[Column]) -> list[Part]:
    """Return the columns in parts; neighbours that complete each other are alternatives."""
    parts: list[Part] = []
    for column in columns:
        presence = column.presence
        last = parts[-1] if parts else None
        if last is not None and last.presence == presence:
            last.columns.append(column)
        elif (
            last is not None
            and not last.is_whole
            and all(a != b for a, b in zip(last.presence, presence, strict=True))
        ):
            last.orelse.append(column)
        else:
            parts.append(Part(presence, [column]))
    return parts
