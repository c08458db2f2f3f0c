"""Arrays with paths for names, and the variables of objects: who is who.

    bi/forward_lstm/lstm_cell/kernel:0   ->   bi, attributes forward_layer/cell, role kernel

The arrays of one object have the same path but for the last name. A path tells its object by the
names in it; what names don't tell goes by the order of the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from kcodegen.records import record
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


@record(frozen=True)
class Paired:
    """Variables with their arrays, and the objects that neither name nor shape told apart.

    Of each such object: its variables, and the path of the arrays that it was given by order.
    """

    pairs: Pairs
    unsure: tuple[tuple[Slots, Path], ...] = ()


def paired(
    expected: Slots, arrays: Sequence[Stored], producer: Producer, is_ordered: bool = True
) -> Paired | None:
    """Return the variables with their arrays, None where nothing tells which is which.

    `expected` are the variables in the order in which the file should have them, if it has one.
    Names go before order, if they tell all objects. Some of them alone don't: in a file of another
    run `dense_1` may be what is `dense` here.
    """
    if len(expected) != len(arrays):
        return None
    groups: dict[Path, list[Stored]] = {}
    for array in arrays:
        groups.setdefault(array.name[:-1], []).append(array)
    owners = list(by_owner(expected).values())
    told = _by_path(owners, groups, producer) if len(owners) == len(groups) else None
    if told is not None and len(told) == len(owners):
        return Paired(_in_order_of(owners, told))
    if not is_ordered:
        return None
    ordered = in_order(expected, arrays, producer)
    if ordered is not None:
        return Paired(ordered, _unsure(owners, ordered))
    left = None if told is None else _by_shape(owners, groups, told, producer)
    return None if left is None or _unsure(owners, left) else Paired(left)


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
    owners: Sequence[Slots], groups: dict[Path, list[Stored]], producer: Producer
) -> dict[int, Pairs]:
    """Return what the names in the paths tell, by the numbers of the objects."""
    free = dict(groups)
    places = _places(free)
    found: dict[int, Pairs] = {}
    for number, group in enumerate(owners):
        path = _named(group, free, places)
        if path is None or not _is_known_by(group, path):
            continue
        pairs = by_role(group, free[path], producer)
        if pairs is not None:
            found[number] = pairs
            del free[path]
    return found


def _by_shape(
    owners: Sequence[Slots],
    groups: dict[Path, list[Stored]],
    told: dict[int, Pairs],
    producer: Producer,
) -> Pairs | None:
    """Return what is told, and each other object with arrays that fit; None where some has none."""
    taken = {array.name[:-1] for pairs in told.values() for _, array in pairs}
    free = {path: group for path, group in groups.items() if path not in taken}
    found = dict(told)
    for number, group in enumerate(owners):
        if number in found:
            continue
        fitting = (
            (path, pairs)
            for path, arrays in free.items()
            if (pairs := by_role(group, arrays, producer)) is not None
        )
        first = next(fitting, None)
        if first is None:
            return None
        del free[first[0]]
        found[number] = first[1]
    return _in_order_of(owners, found)


def _in_order_of(owners: Sequence[Slots], found: dict[int, Pairs]) -> Pairs:
    return tuple(pair for number in range(len(owners)) for pair in found[number])


def _unsure(owners: Sequence[Slots], pairs: Pairs) -> tuple[tuple[Slots, Path], ...]:
    """Return the objects that might have each other's arrays, as far as names and shapes tell."""
    given = dict(pairs)
    unnamed: dict[object, list[tuple[Slots, Path]]] = {}
    for group in owners:
        path = given[group[0]].name[:-1]
        if not _is_known_by(group, path):
            looks = tuple((slot.role, given[slot].shape) for slot in group)
            unnamed.setdefault(looks, []).append((group, path))
    return tuple(one for alike in unnamed.values() if len(alike) > 1 for one in alike)


def _is_known_by(group: Slots, path: Path) -> bool:
    """Tell whether a path has the name of an object, or of the layer that it is a part of."""
    first = group[0]
    return first.layers[-1] in path or (first.owner != "" and first.owner in path)


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
