"""Frequent words: rows of nodes that recur, found by the suffix array of all chains.

a b c d a b c e   ->   a b c (twice)
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from heapq import heappop, heappush

from kcodegen.structure.candidates import Search
from kcodegen.structure.draft import Draft
from kcodegen.structure.regions import (
    Place,
    Region,
    do_not_overlap,
    naturalness,
    possible_lengths,
    wiring,
)
from kcodegen.structure.suffixes import is_primitive, repeated_words

_LONGEST = 96
_MOST_OVERLAP = 2
_MOST_WORDS, _MOST_TRIALS = 6000, 15
_MOST_NATURAL = 1.08 * 1.1


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
        return search.wanted

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
    raw = _bounds(tokens, where, weights, best() / _MOST_NATURAL)
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


def _bounds(tokens: list[int], where: _Where, weights: list[float], wanted: float) -> list[_Bound]:
    """Return the words that may save more than is wanted, however natural they are."""
    found = []
    total = weights[-1]
    wanted = max(wanted, 0.8)
    for least, word in repeated_words(tokens, _LONGEST):
        count, start = len(word.places), word.places[0]
        if (count - 1) * (weights[start + word.length] - weights[start]) - 1.0 <= wanted:
            continue
        there = [where[place] for place in _sample(word.places)]
        possible = [possible_lengths(*at, word.length) for at in there if at is not None]
        for length in range(max(2, least), word.length + 1):
            if not any(lengths[length] for lengths in possible):
                continue
            weight = weights[start + length] - weights[start]
            bound = (min(count, total / weight) - 1) * weight - 1.0
            if bound > wanted:
                found.append((bound, length, word.places))
    found.sort(key=lambda item: (-item[0], item[1], item[2]))
    return found[:_MOST_WORDS]


def _sample(starts: tuple[int, ...]) -> tuple[int, ...]:
    """Return two places of many."""
    return (starts[len(starts) // 3], starts[-1]) if len(starts) > 2 else starts


def _sampled(draft: Draft, where: _Where, length: int, starts: tuple[int, ...]) -> float:
    """Return how natural the best of a few places is, with a margin for the others."""
    best = 0.0
    for start in _sample(starts):
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
    if not search.wanted:
        return False
    weight = sum(search.looks.weight(node) for node in regions[0].nodes)
    sample = regions[:12]
    mean = sum(naturalness(search.draft, r) for r in sample) / len(sample)
    return (len(regions) - 1) * weight * mean * 1.1 <= search.wanted


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
