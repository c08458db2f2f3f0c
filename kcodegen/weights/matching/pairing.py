"""Arrays with paths for names, and the variables of objects: who is who.

    bi/forward_lstm/lstm_cell/kernel:0   ->   bi, attributes forward_layer/cell, role kernel

The arrays of one object have the same path but for the last name. A path tells its object by the
names in it; what two objects could both be goes by order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from kcodegen.weights.files.sources import Producer
from kcodegen.weights.files.store import Stored
from kcodegen.weights.matching.owners import (
    Pairs,
    all_fit,
    by_owner,
    by_role,
    is_called,
    layout_of_today,
    names_of,
)
from kcodegen.weights.variables.definition import Slots

Path: TypeAlias = "tuple[str, ...]"

# What a wrapper puts before the names of its two layers.
_PREFIXES = {"forward_layer": "forward_", "backward_layer": "backward_"}


def paired(
    expected: Slots, arrays: Sequence[Stored], producer: Producer, is_ordered: bool = True
) -> Pairs | None:
    """Return the variables with their arrays, None where that isn't sure.

    `expected` are the variables in the order in which the file should have them, if it has one.
    """
    if len(expected) != len(arrays):
        return None
    found = _by_path(expected, arrays, producer, is_ordered)
    return in_order(expected, arrays, producer) if found is None and is_ordered else found


def in_order(
    expected: Slots, arrays: Sequence[Stored], producer: Producer, named: bool = True
) -> Pairs | None:
    """Return the variables with the arrays in their order, if roles and shapes say the same."""
    if len(expected) != len(arrays):
        return None
    if named and not all(
        is_called(slot, array.name[-1]) for slot, array in zip(expected, arrays, strict=True)
    ):
        return None
    given = dict(zip(expected, arrays, strict=True))
    found: list[tuple[Slots, Pairs]] = []
    for group in by_owner(expected).values():
        own = [given[slot] for slot in group]
        found.append((group, tuple(zip(group, layout_of_today(group, own, producer), strict=True))))
    pairs = tuple(pair for _, pairs in found for pair in pairs)
    return pairs if all_fit(pairs) else None


def _by_path(
    expected: Slots, arrays: Sequence[Stored], producer: Producer, is_ordered: bool
) -> Pairs | None:
    """Return what the names in the paths tell."""
    groups: dict[Path, list[Stored]] = {}
    for array in arrays:
        groups.setdefault(array.name[:-1], []).append(array)
    owners = list(by_owner(expected).values())
    if len(groups) != len(owners):
        return None
    places = _places(groups)
    found: dict[int, Pairs] = {}
    left: list[int] = []
    # Those with a name of their own first, so that they are not given to others.
    for number, group in enumerate(owners):
        path = _named(group, groups, places)
        pairs = None if path is None else by_role(group, groups[path], producer)
        if path is None or pairs is None:
            left.append(number)
            continue
        found[number] = pairs
        del groups[path]
    if left and not is_ordered:
        return None
    for number in left:
        fitting = (
            (path, pairs)
            for path, group in groups.items()
            if (pairs := by_role(owners[number], group, producer)) is not None
        )
        first = next(fitting, None)
        if first is None:
            return None
        del groups[first[0]]
        found[number] = first[1]
    return tuple(pair for number in sorted(found) for pair in found[number])


def _places(groups: Iterable[Path]) -> dict[str, list[Path]]:
    """Return the paths in which each name occurs."""
    places: dict[str, list[Path]] = {}
    for path in groups:
        for name in set(path):
            places.setdefault(name, []).append(path)
    return places


def _named(
    group: Slots, groups: dict[Path, list[Stored]], places: dict[str, list[Path]]
) -> Path | None:
    """Return the one path that has more of an object's names than any other, if there is one."""
    names = list(names_of(group))
    prefixes = [_PREFIXES[name] for name in group[0].attributes if name in _PREFIXES]
    near = next((found for name in reversed(names) if (found := places.get(name))), None)
    scores: dict[Path, int] = {}
    for path in near if near is not None else groups:
        if path in groups:
            hints = sum(any(part.startswith(prefix) for part in path) for prefix in prefixes)
            scores[path] = sum(name in path for name in names) + hints
    best = max(scores.values(), default=0)
    winners = [path for path, score in scores.items() if score == best]
    return winners[0] if len(winners) == 1 and best > 0 else None
