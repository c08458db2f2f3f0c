"""Growing: what stands before every copy of a block, or a step further off, belongs to it.

relu conv bn | relu pad conv bn   ->   relu; if strides == 2: pad; conv; bn
"""

from __future__ import annotations

from kcodegen.structure.candidates import Search
from kcodegen.structure.draft import Looks
from kcodegen.structure.regions import Region, do_not_overlap

_FARTHEST = 2


def search_grown(search: Search) -> None:
    """Try the best candidate with what comes before all of its copies."""
    if search.best is None:
        return
    regions = list(search.best.regions)
    for steps in range(1, _FARTHEST + 1):
        grown = _grown(search.looks, regions, steps)
        if grown is not None:
            search.try_regions(grown, search.best.bonus)
            return


def _grown(looks: Looks, regions: list[Region], steps: int) -> list[Region] | None:
    """Return regions that all begin with the same node, at most so many steps further up."""
    ways = [_before(region, steps) for region in regions]
    tokens = [
        [looks.token(region.place.chain.nodes[row]) for row in way]
        for region, way in zip(regions, ways, strict=True)
    ]
    shared = [token for token in tokens[0] if all(token in other for other in tokens)]
    if not shared:
        return None
    starts = [way[row.index(shared[0])] for way, row in zip(ways, tokens, strict=True)]
    grown = [Region(r.place, start, r.end) for r, start in zip(regions, starts, strict=True)]
    return grown if len(do_not_overlap(grown)) == len(grown) else None


def _before(region: Region, steps: int) -> list[int]:
    """Return the rows before a region that feed nothing but it, one after the other."""
    nodes, row = region.place.chain.nodes, region.start
    found: list[int] = []
    while row > 0 and len(found) < steps:
        maker, user = nodes[row - 1], nodes[row]
        if len(maker.results) != 1 or len(maker.operands) != 1 or maker.kind == "make layer":
            break
        (number,) = maker.results
        first = user.operands[:1] == (number,) and region.place.last.get(number) == row
        if not first or user.operands.count(number) > 1:
            break
        row -= 1
        found.append(row)
    return found
