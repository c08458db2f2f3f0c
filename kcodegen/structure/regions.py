"""Regions: nodes in a row of one chain, what they take and give, and how natural a cut they are."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import field
from itertools import accumulate

from kcodegen.records import record
from kcodegen.structure.align import common_prefix, names_of
from kcodegen.structure.draft import Chain, Draft, Node, deep, last_uses

_LIGHT = frozenset(
    "BatchNormalization Activation ReLU Dropout LeakyReLU PReLU SpatialDropout2D".split()
)
_HEAVY = ("Conv", "Dense", "Separable", "Depthwise", "LSTM", "GRU")
_JOINTS = ("_", "-", ".", "/")
_MANY = 10**6
_MOST_INPUTS, _MOST_OUTPUTS = 4, 2


@record(frozen=False)
class Place:
    """A chain with what the search needs to know of it, for one round.

    For each row: the names in it, how much of them it shares with the next row that has names, and
    how many operands and results it has. For all rows, one after the other: each operand, with its
    place among the results, and each result, with the row that uses it last. For each cut before a
    row: how many names, operands and results stand before it, and whether it parts what belongs
    together.
    """

    chain: Chain
    last: dict[int, int] = field(init=False)
    names: list[list[tuple[object, ...]]] = field(init=False)
    counts: list[int] = field(init=False)
    shared: list[int] = field(init=False)
    sources: list[tuple[int, int]] = field(init=False)
    before_sources: list[int] = field(init=False)
    sizes: list[tuple[int, int]] = field(init=False)
    results: list[int] = field(init=False)
    ends: list[int] = field(init=False)
    before_ends: list[int] = field(init=False)
    natural: dict[tuple[int, int, bool], float] = field(default_factory=dict)
    tight: dict[int, bool] = field(default_factory=dict)
    wired: dict[tuple[int, int], Wiring] = field(default_factory=dict)
    possible: dict[int, bytearray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        nodes = self.chain.nodes
        self.last = last_uses(self.chain)
        self.results = [number for node in nodes for number in node.results]
        made = {number: place for place, number in enumerate(self.results)}
        self.sizes = [(len(node.operands), len(node.results)) for node in nodes]
        self.names = [names_of(node) for node in nodes]
        self.counts = [0, *accumulate(map(len, self.names))]
        self.before_sources = [0, *accumulate(size for size, _ in self.sizes)]
        self.before_ends = [0, *accumulate(size for _, size in self.sizes)]
        self.shared = _shared(self.names)
        self.sources = [(made.get(n, -1), n) for node in nodes for n in node.operands]
        self.ends = [self.last.get(number, -1) for number in self.results]


def _shared(names: list[list[tuple[object, ...]]]) -> list[int]:
    """Return, for each row, how many parts its names and the next ones share."""
    found = [_MANY] * len(names)
    following: tuple[object, ...] | None = None
    for row in range(len(names) - 1, -1, -1):
        if not names[row]:
            continue
        found[row] = common_prefix(names[row]) if len(names[row]) > 1 else len(names[row][0])
        if following is not None:
            found[row] = min(found[row], common_prefix([names[row][0], following]))
        following = names[row][0]
    return found


@record(frozen=True)
class Region:
    """The nodes from `start` to before `end` of a place."""

    place: Place
    start: int
    end: int

    @property
    def nodes(self) -> list[Node]:
        """Return the nodes."""
        return self.place.chain.nodes[self.start : self.end]


@record(frozen=True)
class Wiring:
    """How a region is wired: by number inside, by order of first use to the outside."""

    form: Hashable
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def wiring(region: Region) -> Wiring:
    """Return how a region is wired."""
    known = region.place.wired
    found = known.get((region.start, region.end))
    if found is None:
        found = known[region.start, region.end] = _wiring(region)
    return found


def _wiring(region: Region) -> Wiring:
    place, start, end = region.place, region.start, region.end
    before, made = place.before_sources[start], place.before_ends[start]
    inputs: dict[int, int] = {}
    form = tuple(
        source - made if source >= made else inputs.setdefault(number, -1 - len(inputs))
        for source, number in place.sources[before : place.before_sources[end]]
    )
    given = [i for i in range(made, place.before_ends[end]) if place.ends[i] >= end]
    outputs = tuple(place.results[i] for i in given)
    whole = (form, tuple(place.sizes[start:end]), tuple(i - made for i in given))
    return Wiring(whole, tuple(inputs), outputs)


def naturalness(draft: Draft, region: Region, in_loop: bool = False) -> float:
    """Return how much a person would like to cut here: about 1 for good, 0 for never.

    What a turn of a loop gives besides goes to a list.
    """
    known = region.place.natural
    key = (region.start, region.end, in_loop)
    found = known.get(key)
    if found is None:
        found = known[key] = _naturalness(draft, region, in_loop)
    return found


def _naturalness(draft: Draft, region: Region, in_loop: bool) -> float:
    place, start, end = region.place, region.start, region.end
    made = place.before_ends[start]
    ends = place.ends[made : place.before_ends[end]]
    outputs = sum(map(end.__le__, ends))
    if not 0 < outputs <= _MOST_OUTPUTS:
        return 0.0
    sources = place.sources[place.before_sources[start] : place.before_sources[end]]
    taken = [number for source, number in sources if source < made]
    inputs = dict.fromkeys(taken)
    if len(inputs) > _MOST_INPUTS or (not in_loop and _cuts_layers(draft, region, inputs)):
        return 0.0
    factor = (1.0 if in_loop else 0.5 ** (outputs - 1)) * 0.78 ** max(0, len(inputs) - 1)
    factor *= _names_factor(region)
    before, after = _is_tight(draft, place, start), _is_tight(draft, place, end)
    factor *= 1 - 0.3 * (before + after)
    if after and end - start == 2 and _lacks_norm(draft, place.chain.nodes[end - 1 : end + 1]):
        factor *= 0.5
    if taken and taken.count(taken[0]) >= 2 and place.last.get(taken[0], 0) < end:
        factor *= 1.08
    return factor


def possible_lengths(place: Place, start: int, longest: int) -> bytearray:
    """Return, for each length, whether a region from `start` on takes and gives few tensors."""
    found = place.possible.get(start)
    if found is not None and len(found) > longest:
        return found
    found = place.possible[start] = bytearray(longest + 1)
    inputs: set[int] = set()
    live, dying = 0, [0] * (longest + 1)
    sources, ends = place.sources, place.ends
    source, end = place.before_sources[start], place.before_ends[start]
    made = end
    for row in range(start, min(start + longest, len(place.chain.nodes))):
        for at in range(source, source := place.before_sources[row + 1]):
            if sources[at][0] < made:
                inputs.add(sources[at][1])
        if len(inputs) > _MOST_INPUTS:
            break
        live -= dying[row - start]
        for at in range(end, end := place.before_ends[row + 1]):
            if ends[at] > row:
                live += 1
                if ends[at] < start + longest:
                    dying[ends[at] - start] += 1
        found[row - start + 1] = 0 < live <= _MOST_OUTPUTS
    return found


def _cuts_layers(draft: Draft, region: Region, inputs: Iterable[int]) -> bool:
    """Tell whether a region parts a shared layer from its calls, or a closure from its uses."""
    if not draft.made:
        return False
    if not draft.made.isdisjoint(inputs) or not draft.made.isdisjoint(wiring(region).outputs):
        return True
    uses = (node.head[1] for node in deep(region.nodes) if node.kind == "use")
    return any(draft.blocks[block].captures for block in uses)


def _names_factor(region: Region) -> float:
    """Return less where names say that a group is cut in two, or that there is none."""
    place, start, end = region.place, region.start, region.end
    names = place.names
    if place.counts[end] - place.counts[start] < 2:
        return 1.0
    head, tail = start, end - 1
    while not names[head]:
        head += 1
    while not names[tail]:
        tail -= 1
    size = min(place.shared[head:tail], default=_MANY)
    size = min(size, common_prefix(names[tail]))
    first = names[head][0]
    while size and first[size - 1] in _JOINTS:
        size -= 1
    if not size:
        return 0.6 if _end_alike(names[head : tail + 1], first[-1]) else 0.4
    prefix = first[:size]
    for row in (start - 1, end):
        if 0 <= row < len(names) and any(n[:size] == prefix for n in names[row]):
            return 0.4
    return 1.0


def _end_alike(names: list[list[tuple[object, ...]]], end: object) -> bool:
    """Tell whether all names end in the same number."""
    if isinstance(end, str):
        return False
    return all(name[-1] == end for row in names for name in row)


def _is_tight(draft: Draft, place: Place, cut: int) -> bool:
    """Tell whether a cut parts a convolution from its norm, or a norm from its activation."""
    found = place.tight.get(cut)
    if found is None:
        found = place.tight[cut] = _parts_layers(draft, place.chain, place.last, cut)
    return found


def _parts_layers(draft: Draft, chain: Chain, last: dict[int, int], cut: int) -> bool:
    if not 0 < cut < len(chain.nodes):
        return False
    before, after = chain.nodes[cut - 1], chain.nodes[cut]
    if not any(number in before.results for number in after.operands):
        return False
    if any(last.get(number, 0) > cut for number in before.results):
        return False
    maker, user = leaf_class(draft, before, -1), leaf_class(draft, after, 0)
    if user not in _LIGHT:
        return False
    is_norm = maker == "BatchNormalization" and user in ("Activation", "ReLU")
    return maker.startswith(_HEAVY) or is_norm or user == "Dropout"


def _lacks_norm(draft: Draft, nodes: Sequence[Node]) -> bool:
    """Tell whether of two nodes the first is a convolution and the second its norm."""
    maker, user = leaf_class(draft, nodes[0], -1), leaf_class(draft, nodes[1], 0)
    return maker.startswith(_HEAVY) and user == "BatchNormalization"


def leaf_class(draft: Draft, node: Node, end: int) -> str:
    """Return the class of the first or last layer of a node."""
    for _ in range(20):
        if node.kind == "use":
            node = draft.blocks[node.head[1]].chain.nodes[end]
        elif node.chains and node.chains[0].nodes:
            node = node.chains[0].nodes[end]
        else:
            break
    if node.kind in ("layer", "op", "make layer"):
        return str(node.head[1]).rpartition(".")[2]
    return node.kind


def do_not_overlap(regions: Sequence[Region]) -> list[Region]:
    """Return regions in order, without those that overlap an earlier one."""
    found: list[Region] = []
    for region in regions:
        if found and found[-1].place is region.place and found[-1].end > region.start:
            continue
        found.append(region)
    return found
