"""Candidates: copies of what may become a block, and what that would save."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from heapq import heappop, heappush

from kcodegen.ir.formulas import holes, key
from kcodegen.ir.outline import MOST_PARAMS
from kcodegen.ir.values import Value, same
from kcodegen.records import record
from kcodegen.structure.draft import LINE, Draft, Looks, Node, deep
from kcodegen.structure.lifting import lifted_alike
from kcodegen.structure.merge import Merged, Merger
from kcodegen.structure.regions import (
    Place,
    Region,
    Wiring,
    do_not_overlap,
    naturalness,
    wiring,
)
from kcodegen.structure.suffixes import is_primitive, repeated_words
from kcodegen.structure.unify import Fail, Found, usual

_LONGEST = 96
_LEAST = 1.0
_OWN_LINES, _USE = 1.0, 0.35  # what a block and each use of it take at least
_MOST_OVERLAP = 2
_MOST_WORDS, _MOST_TRIALS = 6000, 15
_MOST_NATURAL = 1.08 * 1.1
_TWO_IN_ONE = 0.5
_SINGLE = 0.6  # lines, for each node that one copy alone has
_WIDTH = 9 / LINE  # channels = x.shape[-1]
_MANNERS = frozenset({"strides", "padding", "activation", "use_bias", "dilation_rate", "groups"})
_OWN = frozenset({"filters", "units", "size", "name"})


@record(frozen=True, eq=False)
class Candidate:
    """A block that may be made: its copies, what they come to, what that saves."""

    regions: tuple[Region, ...]
    merged: Merged
    defaults: dict[str, Value]
    saving: float
    before: float
    bonus: float = 1.0


@record(frozen=False)
class Search:
    """One round of looking for the best candidate."""

    draft: Draft
    looks: Looks
    places: list[Place]
    best: Candidate | None = None

    def offer(self, candidate: Candidate | None) -> None:
        """Keep a candidate when it is better than the best so far."""
        if candidate is not None and (self.best is None or candidate.saving > self.best.saving):
            self.best = candidate

    def try_regions(self, regions: Sequence[Region], bonus: float = 1.0) -> Candidate | None:
        """Return what the regions come to as one block."""
        key = (bonus, *(id(node) for region in regions for node in (None, *region.nodes)))
        if bonus * self._most(regions) <= max(_LEAST, self.best.saving if self.best else 0.0):
            return None
        known = self.draft.tried.get(key)
        if known is not None and known[0] <= max(_LEAST, self.best.saving if self.best else 0.0):
            return None
        found = evaluate(self.draft, self.looks, regions, bonus)
        nodes = [node for region in regions for node in region.nodes]
        self.draft.tried[key] = (found.saving if found is not None else 0.0, nodes)
        self.offer(found)
        return found

    def _most(self, regions: Sequence[Region]) -> float:
        """Return what regions can save at most."""
        weights = [sum(map(self.looks.weight, region.nodes)) for region in regions]
        sample = regions[:: max(1, len(regions) // 8)]
        natural = max(naturalness(self.draft, region) for region in sample)
        least = _OWN_LINES + _USE * min(len(regions), 4)  # a loop of uses costs as much as four
        return (sum(weights) - max(weights) - least) * max(natural, 0.4)


def evaluate(
    draft: Draft,
    looks: Looks,
    regions: Sequence[Region],
    bonus: float = 1.0,
    copies: Sequence[Sequence[Node]] = (),
) -> Candidate | None:
    """Return the candidate of some regions, or None when they have too little in common.

    `copies` are the nodes of the regions where they are seen in another way.
    """
    wired = [wiring(region) for region in regions]
    quality = [naturalness(draft, region) for region in regions]
    if min(quality) <= 0 or not all(w.outputs for w in wired):
        return None
    try:
        alike = Looks(draft, variants=False)
        nodes = copies or lifted_alike(draft, [region.nodes for region in regions])
        merger = Merger(draft, alike, nodes, [w.outputs for w in wired])
        merged = merger.merge()
    except Fail:
        return None
    defaults = find_defaults(merged.params, len(regions))
    before = sum(looks.weight(node) for region in regions for node in region.nodes)
    after = _cost(looks, regions, merged, defaults, wired)
    saving = before - after
    names = sum(p.hint == "name" for p in merged.params)
    if saving > 0:
        is_indexed = names > 0 and any(p.hint == "index" for p in merged.params)
        saving *= (0.55 if is_indexed else 1.0) * sum(quality) / len(quality) * bonus
        saving *= _TWO_IN_ONE if _is_mostly_optional(looks, merged) else 1.0
    if names > 1 or count_params(merged) > MOST_PARAMS or _is_repetition(merged):
        saving = 0.0
    return Candidate(tuple(regions), merged, defaults, saving, before, bonus)


def count_params(merged: Merged) -> int:
    """Return how many parameters a block has, its first tensor not counted."""
    return len(merged.params) + len(merged.chain.takes) - 1


def _is_repetition(merged: Merged) -> bool:
    """Tell whether a body does nothing but use one block, some of the time: that is no block."""
    uses = [node.head for node in deep(merged.chain.nodes) if node.kind != "when"]
    return merged.conditions > 0 and len(set(uses)) == 1 and uses[0][0] == "use"


def _is_mostly_optional(looks: Looks, merged: Merged) -> bool:
    """Tell whether most of a body is under one condition: that is two blocks in one."""
    weights = [(node.kind, looks.weight(node)) for node in merged.chain.nodes]
    most = max((weight for kind, weight in weights if kind == "when"), default=0.0)
    return 2 * most > sum(weight for _, weight in weights)


def find_defaults(params: list[Found], copies: int) -> dict[str, Value]:
    """Return the defaults of parameters: what most copies give."""
    found: dict[str, Value] = {}
    for param in params:
        values = [v for v in param.values if not holes(v)]  # type: ignore[arg-type]
        if not values or param.hint in ("name", "index", "blocks", "first"):
            continue
        value, count = usual(values)  # type: ignore[arg-type]
        is_flag = isinstance(value, bool) or value is None or param.hint in _MANNERS
        own = param.hint in _OWN and isinstance(value, int) and not is_flag
        if is_flag or (count * 2 > copies and not own):
            found[param.name] = value
    return found


def _cost(
    looks: Looks,
    regions: Sequence[Region],
    merged: Merged,
    defaults: dict[str, Value],
    wired: list[Wiring],
) -> float:
    """Return about how many lines a block and its uses take."""
    body = sum(looks.weight(node) for node in merged.chain.nodes)
    pay = [0.0] * len(regions)
    for param in merged.params:
        for place, value in enumerate(param.values):
            if param.name not in defaults or not same(value, defaults[param.name]):
                pay[place] += 0.14 + 0.05 * (param.name in defaults)
    cost, place = 0.0, 0
    while place < len(regions):
        end = _run_end(regions, wired, place)
        if end - place >= 3:
            varying = sum(
                p.hint != "name" and len({key(v) for v in p.values[place:end]}) > 1  # type: ignore[arg-type]
                for p in merged.params
            )
            cost += 1.4 + pay[place] + 0.1 * (end - place) * varying
        else:
            cost += sum(_USE + pay[k] for k in range(place, end))
        place = end
    outputs, inputs = len(wired[0].outputs), max(len(w.inputs) for w in wired)
    cost += len(regions) * (0.5 * (outputs - 1) + 0.15 * max(0, inputs - 1))
    many = max(0, len(merged.params) - 5)
    own = _OWN_LINES + 0.12 * len(merged.params) + 0.6 * float(many**1.5) + 0.2 * merged.conditions
    own += _WIDTH * bool(merged.width) + _SINGLE * merged.single
    return body + own + cost


def _run_end(regions: Sequence[Region], wired: list[Wiring], start: int) -> int:
    """Return where the run of neighbours that feed each other ends."""
    end = start + 1
    while (
        end < len(regions)
        and regions[end].place is regions[end - 1].place
        and regions[end].start == regions[end - 1].end
        and set(wired[end].inputs) & set(wired[end - 1].outputs)
        and all(
            regions[end].place.last.get(number, -1) < regions[end].end
            for number in wired[end - 1].outputs
        )
    ):
        end += 1
    return end


# Repeated words


def search_words(search: Search) -> None:
    """Try what the suffix array of all chains finds."""
    looks, draft = search.looks, search.draft
    numbers: dict[Hashable, int] = {}  # of tokens: they are compared much
    tokens: list[int] = []
    where: _Where = []
    weights = [0.0]
    for number, place in enumerate(search.places):
        for row, node in enumerate(place.chain.nodes):
            tokens.append(numbers.setdefault(looks.token(node), len(numbers)))
            where.append((place, row))
            weights.append(weights[-1] + looks.weight(node))
        tokens.append(numbers.setdefault(("end", number), len(numbers)))
        where.append(None)
        weights.append(weights[-1])
    trials = 0

    def best() -> float:
        return search.best.saving if search.best is not None else 0.0

    for bound, length, starts in _best_first(draft, tokens, where, weights, best):
        if bound <= best():
            break
        for regions in _wired_alike(where, starts, length):
            if _hopeless(search, regions):
                continue
            trials += 1
            for group in _subgroups(regions):
                search.try_regions(group)
        if trials > _MOST_TRIALS:
            break


_Where = list[tuple[Place, int] | None]
_Bound = tuple[float, int, tuple[int, ...]]


def _best_first(
    draft: Draft,
    tokens: list[int],
    where: _Where,
    weights: list[float],
    best: Callable[[], float],
) -> Iterator[_Bound]:
    """Yield what each word can save at most, its length and its places: the best first.

    How natural a cut is, is found out only for words that are still in the running.
    """
    raw = _bounds(tokens, weights)
    heap: list[_Bound] = []
    place = 0
    while heap or place < len(raw):
        while place < len(raw) and (not heap or raw[place][0] * _MOST_NATURAL > -heap[0][0]):
            bound, length, starts = raw[place]
            if best() >= bound * _MOST_NATURAL:
                place = len(raw)
                break
            place += 1
            if is_primitive(tokens[starts[0] : starts[0] + length]):
                factor = _sampled(draft, where, length, starts)
                if factor > 0:
                    heappush(heap, (-bound * factor, length, starts))
        if heap:
            bound, length, starts = heappop(heap)
            yield -bound, length, starts


def _bounds(tokens: list[int], weights: list[float]) -> list[_Bound]:
    found = []
    total = weights[-1]
    for least, word in repeated_words(tokens, _LONGEST):
        start = word.places[0]
        for length in range(max(2, least), word.length + 1):
            weight = weights[start + length] - weights[start]
            bound = (min(len(word.places), total / weight) - 1) * weight - 1.0
            if bound > 0.8:
                found.append((bound, length, word.places))
    found.sort(key=lambda item: (-item[0], item[1], item[2]))
    return found[:_MOST_WORDS]


def _sampled(draft: Draft, where: _Where, length: int, starts: tuple[int, ...]) -> float:
    """Return how natural the best of a few places is, with a margin for the others."""
    count = len(starts)
    if count > 2:
        starts = (starts[count // 3], starts[-1])
    best = 0.0
    for start in starts:
        there = where[start]
        assert there is not None
        best = max(best, naturalness(draft, Region(there[0], there[1], there[1] + length)))
    return best * 1.1


def _wired_alike(where: _Where, starts: tuple[int, ...], length: int) -> Iterator[list[Region]]:
    groups: dict[Hashable, list[Region]] = {}
    if len(starts) * length > _MOST_OVERLAP * (starts[-1] - starts[0] + length):
        starts = _apart(starts, length)
    for start in starts:
        there = where[start]
        assert there is not None
        region = Region(there[0], there[1], there[1] + length)
        wired = wiring(region)
        if 0 < len(wired.outputs) <= 2 and len(wired.inputs) <= 4:
            groups.setdefault(wired.form, []).append(region)
    for regions in groups.values():
        apart = do_not_overlap(regions)
        if len(apart) > 1:
            yield apart


def _apart(starts: tuple[int, ...], length: int) -> tuple[int, ...]:
    """Return the places of a word that overlaps itself, without those that do."""
    found = [starts[0]]
    for start in starts[1:]:
        if start >= found[-1] + length:
            found.append(start)
    return tuple(found)


def _hopeless(search: Search, regions: list[Region]) -> bool:
    """Tell whether regions can't save more than the best so far."""
    if search.best is None:
        return False
    weight = sum(search.looks.weight(node) for node in regions[0].nodes)
    sample = regions[:12]
    mean = sum(naturalness(search.draft, r) for r in sample) / len(sample)
    return (len(regions) - 1) * weight * mean * 1.1 <= search.best.saving


def _subgroups(regions: list[Region]) -> Iterator[list[Region]]:
    """Yield all copies together, and by which arguments they give."""
    yield regions
    groups: dict[Hashable, list[Region]] = {}
    for region in regions:
        given = tuple(
            tuple(sorted(n.slots)) if n.kind in ("layer", "op") else () for n in region.nodes
        )
        groups.setdefault(given, []).append(region)
    if 1 < len(groups) <= 8:
        yield from (group for group in groups.values() if len(group) > 1)
