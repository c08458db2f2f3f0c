"""Groups that names tell of: `conv2_block1_*`, `block2a_*`, `expanded_conv_3_*`."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from kcodegen.ir.outline import MOST_PARAMS
from kcodegen.structure.align import Aligner, common_prefix, names_of
from kcodegen.structure.candidates import Search, count_params
from kcodegen.structure.draft import Node
from kcodegen.structure.regions import Place, Region

_JOINTS = ("_", "-", ".", "/")
_DEEPEST = 12
_INSIDE = "number inside"
_BONUS, _INSIDE_BONUS = 1.1, 1.2  # several words with one number: an author counts blocks by it


def search_groups(search: Search) -> None:
    """Try the groups of nodes whose names have a prefix in common."""
    families: dict[Hashable, list[Region]] = {}
    for place in search.places:
        for pattern, region in (*_groups(place), *_numbered(place)):
            families.setdefault(pattern, []).append(region)
    for pattern, regions in families.items():
        if len(regions) < 2 or max(r.end - r.start for r in regions) < 2:
            continue
        for cluster in _clusters(search, regions):
            bonus = _INSIDE_BONUS if pattern == _INSIDE else _BONUS
            found = search.try_regions(cluster, bonus=bonus)
            if found is not None and count_params(found.merged) > MOST_PARAMS:
                shorter = without_optional_end(search, cluster)
                if shorter:
                    search.try_regions(shorter, bonus=3.0)


def without_optional_end(search: Search, regions: list[Region]) -> list[Region]:
    """Return regions without what not all of them end with: fewer parameters are needed then."""
    columns = Aligner(search.looks).align([region.nodes for region in regions])
    tail = 0
    while tail < len(columns) and not all(columns[-1 - tail].presence):
        tail += 1
    if not tail or tail == len(columns):
        return []
    lost = [sum(c.presence[k] for c in columns[len(columns) - tail :]) for k in range(len(regions))]
    return [Region(r.place, r.start, r.end - n) for r, n in zip(regions, lost, strict=True)]


def _groups(place: Place) -> Iterator[tuple[Hashable, Region]]:
    """Yield the runs of nodes that share a prefix, each with the prefix' pattern."""
    prefixes = [_prefix(node) for node in place.chain.nodes]
    rows = [(row, p, _pattern(p)) for row, p in enumerate(prefixes) if p is not None]
    for depth in range(1, _DEEPEST):
        start: int | None = None
        pattern: tuple[object, ...] = ()
        end, current = 0, None
        for row, prefix, parts in rows:
            head = _head(prefix, depth)
            if start is not None and head == current:
                end = row + 1
                continue
            if start is not None and current is not None:
                yield pattern, Region(place, start, end)
            start, end, current = (row, row + 1, head) if head is not None else (None, 0, None)
            pattern = parts[:depth]
        if start is not None and current is not None:
            yield pattern, Region(place, start, end)


def _numbered(place: Place) -> Iterator[tuple[Hashable, Region]]:
    """Yield the runs of nodes with the same number in their names: `conv_1_7`, `conv_dw_7_bn`."""
    for pattern, number_in in (("numbered", _last_number), (_INSIDE, _only_number)):
        start, end, current = 0, 0, None
        for row, names in enumerate(place.names):
            if not names:
                continue
            found = {number_in(name) for name in names}
            number = found.pop() if len(found) == 1 else None
            if number == current and number is not None:
                end = row + 1
                continue
            if current is not None and end - start > 2:
                yield pattern, Region(place, start, end)
            start, end, current = row, row + 1, number
        if current is not None and end - start > 2:
            yield pattern, Region(place, start, end)


def _last_number(name: Sequence[object]) -> object:
    """Return the number that a name ends in."""
    return name[-1] if isinstance(name[-1], int) else None


def _only_number(name: Sequence[object]) -> object:
    """Return the one number in a name, with a joint before it: the 7 in `conv_dw_7_bn`."""
    places = [place for place, part in enumerate(name) if isinstance(part, int)]
    if len(places) != 1 or not places[0] or name[places[0] - 1] not in _JOINTS:
        return None
    return name[places[0]]


def _prefix(node: Node) -> tuple[object, ...] | None:
    """Return what all names in a node begin with, None when it has none."""
    names = names_of(node)
    return names[0][: common_prefix(names)] if names else None


def _head(prefix: tuple[object, ...], depth: int) -> tuple[object, ...] | None:
    """Return the first `depth` parts of a name, where a group's name can end there."""
    if len(prefix) < depth:
        return None
    head = prefix[:depth]
    if len(prefix) > depth and prefix[depth] not in _JOINTS:
        is_letter = len(str(prefix[depth])) == 1 and isinstance(head[-1], int)
        return head if is_letter else None
    return head if head[-1] not in _JOINTS else None


def _pattern(head: tuple[object, ...]) -> tuple[object, ...]:
    """Return a prefix with its numbers and single letters left out."""
    return tuple(
        "#"
        if isinstance(part, int)
        else "@"
        if len(str(part)) == 1 and part not in _JOINTS
        else part
        for part in head
    )


def _clusters(search: Search, regions: list[Region]) -> Iterator[list[Region]]:
    """Yield groups of regions that look alike: all, and those that share most of their nodes."""
    looks = search.looks
    kinds: dict[tuple[Hashable, ...], list[Region]] = {}
    for region in regions:
        kinds.setdefault(tuple(looks.token(n) for n in region.nodes), []).append(region)
    yield regions
    if len(kinds) == 1:
        return
    ranked = sorted(kinds, key=lambda k: -len(k) * len(kinds[k]))
    for count in range(len(ranked) - 1, max(0, len(ranked) - 3), -1):
        frequent = ranked[:count]
        cluster = [r for r in regions if tuple(looks.token(n) for n in r.nodes) in frequent]
        if len(cluster) > 1:
            yield cluster
    left = list(ranked)
    while left:
        base = left.pop(0)
        members = [base]
        for other in list(left):
            if _likeness(base, other) >= 0.6:
                members.append(other)
                left.remove(other)
        cluster = [r for r in regions if tuple(looks.token(n) for n in r.nodes) in members]
        if 1 < len(cluster) < len(regions):
            yield cluster


def _likeness(one: Sequence[Hashable], other: Sequence[Hashable]) -> float:
    """Return how much of the longer row the two have in common, in order."""
    numbers = {token: number for number, token in enumerate(dict.fromkeys((*one, *other)))}
    one, other = [numbers[token] for token in one], [numbers[token] for token in other]
    row = [0] * (len(other) + 1)
    for a in one:
        diagonal = left = 0
        for j, b in enumerate(other, start=1):
            above = row[j]
            if a == b:
                left = diagonal + 1
            elif above > left:
                left = above
            row[j], diagonal = left, above
    return row[-1] / max(len(one), len(other))
