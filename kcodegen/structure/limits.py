"""Limits: what regions can save at most, as far as that can be told before they are merged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence

from kcodegen.ir.formulas import Ramp, Text
from kcodegen.ir.values import Value
from kcodegen.structure.draft import Draft, Looks, Node
from kcodegen.structure.lifting import inner_use
from kcodegen.structure.merge import LONGEST
from kcodegen.structure.regions import Region, naturalness

OWN_LINES, USE = 1.0, 0.35  # what a block and each use of it take at least
_LEAST_NATURAL = 0.4


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
    most: Counter[Hashable] = Counter()
    lightest: dict[Hashable, float] = {}
    for region in regions:
        nodes = region.nodes
        tokens = tuple(map(_kind, nodes))
        if tokens in seen:
            continue
        seen.add(tokens)
        most |= Counter(tokens)
        for token, node in zip(tokens, nodes, strict=True):
            lightest[token] = min(lightest.get(token, 1e9), looks.weight(node))
    if most.total() > LONGEST:
        return 1e9
    return sum(count * lightest[token] for token, count in most.items())


def _kind(node: Node) -> Hashable:
    """Return what is equal for all nodes that can stand for the same line."""
    use = inner_use(node)
    return use.head if use is not None else node.head


def without_repetitions(draft: Draft, regions: Sequence[Region]) -> list[Region]:
    """Return the regions that differ from the one before in more than names and depth."""
    found: list[Region] = []
    before: Sequence[Hashable] = ()
    for region in regions:
        nodes = region.nodes
        widths = [draft.widths.get(number) for number in nodes[0].operands]
        content = [widths, *((node.head, *_content(node)) for node in nodes)]
        if content != before or any(node.chains for node in nodes):
            found.append(region)
        before = content
    return found


def _content(node: Node) -> Iterator[tuple[str, Value]]:
    return ((n, v) for n, v in node.slots.items() if not isinstance(v, (Text, Ramp)))
