"""Keras' counters for automatic names, replayed without Keras.

In a fresh session the first unnamed Dense is `dense`, the second `dense_1`. Whatever makes an
object counts: constructors, ops, models, and the layers that layers make for themselves.
Source: `keras.src.utils.naming` and the constructors of the classes with hidden parts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field

from kcodegen import registry
from kcodegen.ir.graph import Call
from kcodegen.ir.values import Args, refs
from kcodegen.records import record
from kcodegen.registry.masking import MaskReplay, records_masks
from kcodegen.registry.rows import ClassRow
from kcodegen.words import snake_case

MASK_PREFIXES = frozenset({"concatenate"})
"""Prefixes of layers that Keras also counts for the ops it makes masks with."""


@record(frozen=False)
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


def op_prefix(key: str) -> str:
    """Return the prefix of an op's automatic names: `keras.ops.not_equal -> not_equal`."""
    return snake_case(registry.op(key).name)


@record(frozen=False)
class MaskNames:
    """Counts the ops that Keras makes for masks, call by call."""

    counters: Counters
    replay: MaskReplay = field(default_factory=MaskReplay)
    ops: dict[str, Call] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def call(self, call: Call, key: str, args: Args) -> list[str]:
        """Count what the call of a layer makes; return the names of the ops it brings with it.

        Those are the ops behind the masks that Keras records with the call: they are part of the
        model, where a name is given once.
        """
        before = len(self.replay.calls)
        filled = self.replay.call(call, key, args)
        for op in self.replay.calls[before:]:
            self.ops[op.id] = op
            self.names[op.id] = self.counters.take(op_prefix(op.target))
        if filled is call or not records_masks(call):
            return []
        found: set[str] = set()
        wanted = [ref.call for _, value in filled.kwargs for ref in refs(value)]
        while wanted:
            id = wanted.pop()
            if id in self.ops and id not in found:
                found.add(id)
                wanted += [ref.call for _, value in self.ops[id].kwargs for ref in refs(value)]
        return [self.names[id] for id in sorted(found)]
