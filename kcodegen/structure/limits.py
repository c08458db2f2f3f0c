"""Limits: what regions can save at most, as far as that can be told before they are merged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence

from kcodegen.ir.formulas import Ramp, Text
from kcodegen.ir.values import same
from kcodegen.structure.draft import Draft, Looks, Node
from kcodegen.structure.lifting import inner_use
from kcodegen.structure.merge import LONGEST
from kcodegen.structure.regions import Region, naturalness

OWN_LINES, USE = 1.0, 0.35  # what a block and each use of it take at least
_LEAST_NATURAL = 0.4
_ENDLESS = 1e9


def most_saved(draft: Draft, looks: Looks, regions: Sequence[Region], wanted: float) -> float:
    """Return what regions can save at most; where it is less than `wanted`, about that."""
    weights = [sum(map(looks.weight, region.nodes)) for region in regions]
    sample = regions[:: max(1, len(regions) // 8)]
    natural = max(naturalness(draft, region) for region in sample)
    natural = max(natural, _LEAST_NATURAL)
    total = sum(weights) - OWN_LINES - USE * min(len(regions), 4)  # a loop costs as much as four
    if (total - max(weights)) * natural <= wanted:
        return (total - max(weights)) * natural
    return (total - _least_body(looks, regions)) * natural


def _least_body(looks: Looks, regions: Sequence[Region]) -> float:
    """Return what the body of a block weighs at least: each node as often as a copy has it."""
    seen: set[tuple[Hashable, ...]] = set()
    most: dict[Hashable, int] = {}
    lightest: dict[Hashable, float] = {}
    for region in regions:
        nodes = region.nodes
        tokens = tuple(map(_kind, nodes))
        if tokens in seen:
            continue
        seen.add(tokens)
        for token, node in zip(tokens, nodes, strict=True):
            lightest[token] = min(lightest.get(token, _ENDLESS), looks.weight(node))
        for token, count in Counter(tokens).items():
            if count > most.get(token, 0):
                most[token] = count
    if sum(most.values()) > LONGEST:
        return _ENDLESS
    return sum(count * lightest[token] for token, count in most.items())


def _kind(node: Node) -> Hashable:
    """Return what is equal for all nodes that can stand for the same line."""
    use = inner_use(node) if node.chains else None
    return use.head if use is not None else node.head


def without_repetitions(draft: Draft, regions: Sequence[Region]) -> list[Region]:
    """Return the regions that differ from the one before in more than names and depth."""
    return [
        region
        for place, region in enumerate(regions)
        if not place or not _is_repetition(draft, regions[place - 1].nodes, region.nodes)
    ]


def _is_repetition(draft: Draft, before: Sequence[Node], nodes: Sequence[Node]) -> bool:
    """Tell whether nodes say the same as others, but for names and depth."""
    if len(before) != len(nodes):
        return False
    widths = draft.widths
    pairs = zip(before[0].operands, nodes[0].operands, strict=False)
    if any(widths.get(one) != widths.get(other) for one, other in pairs):
        return False
    return all(map(_is_alike, before, nodes))


def _is_alike(one: Node, other: Node) -> bool:
    if one.head != other.head or one.chains or one.slots.keys() != other.slots.keys():
        return False
    return all(
        isinstance(value, (Text, Ramp)) or same(value, other.slots[name])
        for name, value in one.slots.items()
    )
