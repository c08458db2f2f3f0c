"""Which call of a layer a tensor comes from, in files of Keras 3.0 to 3.2, which counted otherwise.

    3.0, 3.1     all calls of the layer, those outside of the model too:    1, 4   ->   0, 1
    3.2          every call was written as the first:                       0, 0   ->   not known
    3.3 and on   the calls that the model has, as they are listed:          0, 1   ->   0, 1

Only `.keras` and HDF5 tell the version. Without it every way of counting that a file leaves has to
give the same call. Calls are listed in the order in which they were made, and none is listed that
nothing uses. The ends of a model were always counted as today.
Source: `serialize_node` in `keras.src.models.functional` of 3.0.5, 3.1.1, 3.2.1 and 3.3.0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from kcodegen.diagnostics import CompileError
from kcodegen.ir.document import Json, Node
from kcodegen.words import prose

Version = tuple[int, int]
Places = dict[int, int]

_COUNTS_ALL, _COUNTS_NONE, _AS_TODAY = (3, 0), (3, 2), (3, 3)


def may_be_early(config: Node, version: Version | None) -> bool:
    """Tell whether a Keras before 3.3 may have written a model: dtypes of its layers were texts."""
    if version is not None:
        return version < _AS_TODAY
    waiting: list[Json] = [config.value]
    while waiting:
        match waiting.pop():
            case {"layers": [*layers]}:
                waiting.extend(layer.get("config") for layer in layers if isinstance(layer, dict))
            case {"batch_shape": _}:  # of an input
                continue
            case {"dtype": dtype}:
                return isinstance(dtype, str)
    return False


def early_places(
    config: Node, uses: Mapping[str, int], functional: frozenset[str], version: Version | None
) -> dict[str, Places]:
    """Return what number each number of a call has today, by the name of the layer.

    `uses` are the calls that the model lists of each layer; those of `functional` are counted from
    1 at its ends. CompileError where the file doesn't tell which call is meant.
    """
    seen: dict[str, Counter[int]] = {}
    for name, use in _inner(config.field("layers").value):
        seen.setdefault(name, Counter())[use] += 1
    ends: dict[str, set[int]] = {}
    for key in ("input_layers", "output_layers"):
        for name, use in _ends(config.field(key).value):
            ends.setdefault(name, set()).add(use - (name in functional))
    found: dict[str, Places] = {}
    for name, numbers in seen.items():
        if name not in uses:
            continue
        readings = _readings(uses[name], numbers, ends.get(name, set()), version)
        (places,) = readings if len(readings) == 1 else (None,)
        if places is None:
            raise _not_told(config, name, uses[name], bool(readings), version)
        found[name] = places
    return found


def _inner(layers: Json) -> Iterator[tuple[str, int]]:
    """Yield the name and the number of every tensor that a call is given."""
    items = layers if isinstance(layers, list) else []
    waiting: list[Json] = [i.get("inbound_nodes") for i in items if isinstance(i, dict)]
    while waiting:
        match waiting.pop():
            case {"class_name": "__keras_tensor__", "config": {"keras_history": [name, use, _]}}:
                if isinstance(name, str) and type(use) is int:
                    yield name, use
            case list() as parts:
                waiting.extend(parts)
            case dict() as parts:
                waiting.extend(parts.values())


def _ends(value: Json) -> Iterator[tuple[str, int]]:
    waiting = [value]
    while waiting:
        match waiting.pop():
            case [str(name), int(use), int()]:
                yield name, use
            case list() as parts:
                waiting.extend(parts)
            case dict() as parts:
                waiting.extend(parts.values())


def _readings(
    count: int, seen: Mapping[int, int], ends: set[int], version: Version | None
) -> list[Places | None]:
    """Return what the numbers of one layer's calls can mean, None for more than one thing."""
    order, unseen = sorted(seen), set(range(count)) - ends
    if order[0] < 0:
        return []
    if count == 1:
        return [dict.fromkeys(order, 0)]
    ways: list[Places | None] = []
    if version is None and order[-1] < count and unseen <= seen.keys():
        ways.append({use: use for use in order})
    if version is None or version < _COUNTS_NONE:
        ways += _by_order(count, order, unseen)
    if (version is None or version >= _COUNTS_NONE) and order == [0]:
        ways += _all_as_first(seen[0], unseen)
    return list(_distinct(ways))


def _by_order(count: int, order: Sequence[int], unseen: set[int]) -> Iterator[Places | None]:
    """Yield what numbers mean that count all calls: as many before each as are listed, or more."""
    if len(order) == count:
        yield {use: place for place, use in enumerate(order)}
    elif order[-1] == len(order) - 1:  # nothing can be left out between them
        if unseen <= set(order):
            yield {use: use for use in order}
    elif len(order) == len(unseen):
        if all(place <= use for place, use in zip(sorted(unseen), order, strict=True)):
            yield dict(zip(order, sorted(unseen), strict=True))
    elif len(unseen) < len(order) < count:
        yield None


def _all_as_first(number: int, unseen: set[int]) -> Iterator[Places | None]:
    """Yield what 0 means for `number` tensors, of which any may come from any call."""
    if number == 1 and len(unseen) == 1:
        yield {0: next(iter(unseen))}
    elif len(unseen) <= number:
        yield None


def _distinct(ways: Iterable[Places | None]) -> Iterator[Places | None]:
    known: list[Places | None] = []
    for way in ways:
        if way not in known:
            known.append(way)
            yield way


def _not_told(
    config: Node, name: str, count: int, is_several: bool, version: Version | None
) -> CompileError:
    node = config.field("layers").named(name)
    hint = "save the model again with Keras 3.3 or newer"
    if version is None:
        hint += "; a .keras file may tell more than its JSON, as it says which Keras wrote it"
    if not is_several:
        message = f"the numbers of the calls of {prose(name)!r} fit no version of Keras 3"
        return node.error("unknown-reference", message, hint)
    message = (
        f"the file does not tell which of the {count} calls of {prose(name)!r} a tensor comes from:"
        " Keras 3.0 to 3.2 wrote wrong numbers"
    )
    return node.error("ambiguous-call", message, hint)
