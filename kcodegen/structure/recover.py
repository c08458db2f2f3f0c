"""Structure recovery: Graph -> Outline, by taking the best block or loop again and again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate

from kcodegen.ir.graph import Graph
from kcodegen.ir.outline import Outline
from kcodegen.structure.candidates import Candidate, Search
from kcodegen.structure.closures import share
from kcodegen.structure.draft import Chain, Draft, DraftBlock, Looks, Node, Slot, last_uses
from kcodegen.structure.flat import flat_outline
from kcodegen.structure.frequent import search_words
from kcodegen.structure.grow import search_grown
from kcodegen.structure.loops import LoopBuilder, Rolled, tandem_runs
from kcodegen.structure.named_groups import search_groups
from kcodegen.structure.pairs import BONUS
from kcodegen.structure.regions import Place, Region, naturalness
from kcodegen.structure.spell import spell
from kcodegen.structure.stages import count_the_first, search_stages
from kcodegen.structure.statements import draft_of
from kcodegen.structure.tidy import tidy
from kcodegen.structure.unify import known

_MOST_ROUNDS = 100
_LEAST_BLOCK, _LEAST_LOOP = 1.0, 0.4
# What a loop can save at most, its place, start, period and turns.
_Possible = tuple[float, Place, int, int, int]


def recover(graph: Graph) -> Outline:
    """Return the outline of a graph with its blocks, loops and conditions."""
    if not graph.calls:
        return flat_outline(graph)
    draft = draft_of(graph)
    share(draft)
    search(draft)
    tidy(draft)
    return spell(draft)


def search(draft: Draft) -> None:
    """Make blocks and loops until none is worth it."""
    for _ in range(_MOST_ROUNDS):
        looks = Looks(draft)
        places = [Place(chain) for chain in draft.chains()]
        found = Search(draft, looks, places)
        search_groups(found)
        search_stages(found)
        loop = best_loop(draft, looks, places, found.wanted)
        found.floor = loop[0].saving if loop is not None else 0.0
        search_words(found)
        search_grown(found)
        saved = found.best.saving if found.best is not None else 0.0
        if loop is not None and loop[0].saving >= saved:
            replace_by_loop(*loop)
        elif found.best is not None and saved >= _LEAST_BLOCK:
            make_block(draft, found.best)
            roll_runs(draft)
        else:
            return


def make_block(draft: Draft, candidate: Candidate) -> None:
    """Make a block of a candidate, and uses of its copies."""
    name = f"block{len(draft.blocks)}"
    merged = candidate.merged
    count_the_first(merged)
    slots = [
        Slot(p.name, p.hint, p.name in candidate.defaults, candidate.defaults.get(p.name))
        for p in merged.params
    ]
    copies = len(candidate.regions)
    draft.blocks[name] = DraftBlock(
        merged.chain, slots, candidate.before, copies, width=merged.width
    )
    for k in reversed(range(len(candidate.regions))):
        region = candidate.regions[k]
        values = {param.name: known(param.values[k]) for param in merged.params}
        head = ("use", name, len(merged.outputs[k]))
        use = Node(head, merged.inputs[k], values, merged.outputs[k])
        region.place.chain.nodes[region.start : region.end] = [use]


def replace_by_loop(rolled: Rolled, chain: Chain, start: int, length: int) -> None:
    """Put a loop in the place of its turns."""
    chain.nodes[start : start + length] = [rolled.node]


def best_loop(
    draft: Draft, looks: Looks, places: Sequence[Place], wanted: float
) -> tuple[Rolled, Chain, int, int] | None:
    """Return the loop that saves most, with its place; None where all save less than is wanted."""
    best: tuple[Rolled, Chain, int, int] | None = None
    wanted = max(wanted, _LEAST_LOOP)
    for bound, place, start, period, turns in _possible_loops(draft, looks, places):
        if bound <= (wanted - BONUS if best is None else best[0].saving):
            break
        rolled = _longest(draft, looks, place, start, period, turns)
        if rolled is not None and rolled[0].saving >= wanted:
            best, wanted = rolled, rolled[0].saving + 1e-9
    return best


def _possible_loops(draft: Draft, looks: Looks, places: Sequence[Place]) -> list[_Possible]:
    """Return the loops that may be made, the best first."""
    found: list[_Possible] = []
    for place in places:
        nodes = place.chain.nodes
        weights = [0.0, *accumulate(map(looks.weight, nodes))]
        for start, period, length in runs(draft, looks, nodes):
            for begin in range(start, start + min(period, length - period + 1)):
                turns = (length - begin + start) // period + 1
                weight = weights[begin + turns * period] - weights[begin]
                found.append((weight * (1 - 1 / turns), place, begin, period, turns))
    return sorted(found, key=lambda item: -item[0])


def runs(draft: Draft, looks: Looks, nodes: Sequence[Node]) -> Iterator[tuple[int, int, int]]:
    """Yield the stretches in which nodes recur: alike, and where layers are shared, with those."""
    tokens = [looks.token(node) for node in nodes]
    yield from tandem_runs(tokens)
    if draft.made and any(node.kind == "apply" for node in nodes):
        yield from tandem_runs(
            [
                (token, node.operands[0]) if node.kind == "apply" else token
                for token, node in zip(tokens, nodes, strict=True)
            ]
        )


def _longest(
    draft: Draft, looks: Looks, place: Place, start: int, period: int, turns: int
) -> tuple[Rolled, Chain, int, int] | None:
    """Return the loop over most of the turns."""
    for begin, count in _choices(start, period, turns):
        builder = LoopBuilder(draft, looks, place.chain, place.last, begin, period, count)
        rolled = builder.build()
        if rolled is None:
            continue
        if period > 1 and rolled.saving > 0:
            region = Region(place, begin, begin + period)
            factor = max(0.2, naturalness(draft, region, in_loop=True))
            rolled = Rolled(rolled.node, rolled.saving * factor)
        return rolled, place.chain, begin, count * period
    return None


def _choices(start: int, period: int, turns: int) -> list[tuple[int, int]]:
    found = [(start, turns)]
    if turns > 2:
        found += [(start + period, turns - 1), (start, turns - 1)]
    if turns > 3:
        found.append((start + period, turns - 2))
    return found


# Runs of uses


def roll_runs(draft: Draft) -> None:
    """Roll every run of uses of one block that a plain range of numbers can say."""
    for chain in list(draft.chains()):
        looks = Looks(draft)
        row = 0
        while row < len(chain.nodes) - 1:
            rolled = _plain_run(draft, looks, chain, row)
            if rolled is not None:
                node, turns = rolled
                chain.nodes[row : row + turns] = [node]
            row += 1


def _plain_run(draft: Draft, looks: Looks, chain: Chain, start: int) -> tuple[Node, int] | None:
    """Return the longest plain loop from a node on, and its turns."""
    first = chain.nodes[start]
    if first.kind != "use" or len(first.results) != 1:
        return None
    token, most = looks.token(first), 1
    while start + most < len(chain.nodes) and looks.token(chain.nodes[start + most]) == token:
        most += 1
    if most < 2:
        return None
    last = last_uses(chain)

    def tried(turns: int) -> Node | None:
        rolled = LoopBuilder(draft, looks, chain, last, start, 1, turns).build()
        if rolled is None or rolled.node.head[1:5] != (1, 0, 0, 0):
            return None
        return rolled.node

    best = tried(2)
    if best is None:
        return None
    low, high = 2, most + 1
    while high - low > 1:
        middle = min(2 * low, (low + high + 1) // 2) if high == most + 1 else (low + high) // 2
        node = tried(middle)
        if node is None:
            high = middle
        else:
            low, best = middle, node
    return best, low
