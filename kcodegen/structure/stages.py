"""Stages: a block that changes the size, and then the same block over and over.

x = block(x, strides=2); for i in range(2, 5): x = block(x)   ->   stage(x, blocks=4)
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from kcodegen.ir.formulas import Affine
from kcodegen.ir.outline import MOST_PARAMS
from kcodegen.ir.values import Hole
from kcodegen.structure.candidates import Candidate, Search, count_params, evaluate
from kcodegen.structure.draft import Looks, Node
from kcodegen.structure.lifting import inner_use, lifted
from kcodegen.structure.merge import Merged
from kcodegen.structure.regions import Place, Region
from kcodegen.structure.unify import Fail, _Absent, known, usual

_BONUS = 1.2


def search_stages(search: Search) -> None:
    """Try, for each block, all stages that are made of it."""
    for block in search.draft.blocks:
        stages = [s for place in search.places for s in _stages(search, place, block)]
        loops = [r.nodes[1] for r in stages if len(r.nodes) > 1 and inner_use(r.nodes[1])]
        if 2 * sum(len(stage.nodes) > 1 for stage in stages) < len(stages):
            stages = [stage for stage in stages if len(stage.nodes) > 1]
        if len(stages) < 2 or not loops:
            continue
        candidate = _as_block(search, stages, loops[0])
        if candidate is not None and count_params(candidate.merged) > MOST_PARAMS:
            stages = [stage for stage in stages if len(stage.nodes) > 1]
            candidate = _as_block(search, stages, loops[0])
        if candidate is not None and count_params(candidate.merged) > MOST_PARAMS:
            candidate = _as_block(search, _usual(candidate), loops[0])
        search.offer(candidate)


def _usual(candidate: Candidate) -> list[Region]:
    """Return the regions of a candidate without those that alone need a flag."""
    regions = list(candidate.regions)
    for param in candidate.merged.params:
        flags = [v for v in param.values if isinstance(v, bool) or param.hint == "expansion"]
        if len(flags) < len(regions) or any(isinstance(flag, _Absent) for flag in flags):
            continue
        most, count = usual([known(flag) for flag in flags])
        if count == len(flags) - 1:
            return [r for r, flag in zip(regions, flags, strict=True) if flag == most]
    return []


def _stages(search: Search, place: Place, block: str) -> Iterator[Region]:
    """Yield the stages in a chain: a use that is not as in the loops, and the turns after it."""
    nodes = place.chain.nodes
    if len(nodes) < 2:
        return
    steady = {
        search.looks.token(use)
        for node in nodes
        if (use := inner_use(node)) and use.head[1] == block
    }
    row = 0
    while row < len(nodes):
        if not _uses(nodes[row], block):
            row += 1
            continue
        follows = nodes[row + 1] if row + 1 < len(nodes) else None
        if follows is not None and _goes_on(search, follows, block, steady, nodes[row]):
            yield Region(place, row, row + 2)
            row += 2
        else:
            if search.looks.token(nodes[row]) not in steady:
                yield Region(place, row, row + 1)
            row += 1


def _uses(node: Node, block: str) -> bool:
    return node.kind == "use" and node.head[1] == block and len(node.results) == 1


def _goes_on(search: Search, node: Node, block: str, steady: set[object], before: Node) -> bool:
    use = inner_use(node) or (node if _uses(node, block) else None)
    if use is None or use.head[1] != block or search.looks.token(use) not in steady:
        return False
    return before.results[0] == node.operands[0]


def _as_block(search: Search, stages: list[Region], template: Node) -> Candidate | None:
    """Return the stages as one block, single turns seen as loops."""
    looks = Looks(search.draft, variants=False)
    copies: list[list[Node]] = []
    kept: list[Region] = []
    for region in stages:
        try:
            copies.append(
                [region.nodes[0], *(lifted(search.draft, n, template) for n in region.nodes[1:])]
            )
            kept.append(region)
        except Fail:
            continue
    if len(kept) < 2:
        return None
    return evaluate(search.draft, looks, kept, _BONUS, copies)


def count_the_first(merged: Merged) -> None:
    """Let the number of blocks include the first one, which stands before the loop."""
    nodes = merged.chain.nodes
    for before, node in pairwise(nodes):
        count, use = node.slots.get("count"), inner_use(node)
        if use is None or not isinstance(count, Hole) or before.head[:2] != use.head[:2]:
            continue
        for param in merged.params:
            if param.name == count.name and param.hint == "blocks":
                param.values = [v + 1 if isinstance(v, int) else v for v in param.values]
                node.slots["count"] = Affine(count, 1, -1)
