"""Keras' counters for automatic names, replayed without Keras.

In a fresh session the first unnamed Dense is `dense`, the second `dense_1`. Whatever makes an
object counts: constructors, ops, models, and the layers that layers make for themselves.
Source: `keras.src.utils.naming` and the constructors of the classes with hidden parts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from kcodegen.ir.values import Args
from kcodegen.registry.rows import ClassRow
from kcodegen.words import snake_case


@dataclass(slots=True)
class Counters:
    """How many names each prefix has given out."""

    given: dict[str, int] = field(default_factory=dict)

    def next(self, prefix: str) -> str:
        """Return the name that the next unnamed object gets, without counting it."""
        count = self.given.get(prefix, 0)
        return f"{prefix}_{count}" if count else prefix

    def take(self, prefix: str) -> str:
        """Return the name that the next unnamed object gets, and count it."""
        name = self.next(prefix)
        self.given[prefix] = self.given.get(prefix, 0) + 1
        return name


def prefix_of(row: ClassRow) -> str:
    """Return the prefix of a class' automatic names: `Conv2D -> conv2d`."""
    return row.auto or snake_case(row.name)


def counts_names(row: ClassRow, holds: str) -> bool:
    """Tell whether an unnamed object in a place that `holds` a kind is counted by its class."""
    return row.kind == "layer" or (row.kind == "custom" and holds == "layer")


def hidden(row: ClassRow, args: Args, when: str, name: str | None = None) -> Iterator[str]:
    """Yield the prefixes an instance uses up by itself: "construct", "call" or "every call".

    `name` is given when the page writes it.
    """
    if row.hidden:
        given = args if name is None else (*args, ("name", name))
        for part in row.hidden:
            if part.when == when and part.applies(given):
                yield part.prefix


def uncertain(row: ClassRow) -> frozenset[str]:
    """Return the prefixes whose count depends on masks, which nobody counts here."""
    return frozenset(part.prefix for part in row.hidden if part.when == "masked call")
