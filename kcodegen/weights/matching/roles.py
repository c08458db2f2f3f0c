"""Which array goes into which variable: by layer and role, where the file tells; else by order.

dense_1: dense_1/kernel:0   ->   encoder/dense_1 kernel
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kcodegen.diagnostics import CompileError, Diagnostic, Origin, rejected
from kcodegen.ir.graph import Graph, Layer
from kcodegen.records import record
from kcodegen.weights.files.sources import Source
from kcodegen.weights.files.store import Stored
from kcodegen.weights.matching import doubts, order, shared, strangers
from kcodegen.weights.matching.keras1 import match_keras1
from kcodegen.weights.matching.layers import same_layers
from kcodegen.weights.matching.misfits import misfits
from kcodegen.weights.matching.owners import Pairs, in_today_order
from kcodegen.weights.matching.pairing import in_order, paired
from kcodegen.weights.variables.definition import Slot, Slots
from kcodegen.weights.variables.slots import layer_slots, slots
from kcodegen.words import prose


@record(frozen=True)
class Matched:
    """The variables of a model with their arrays, in the order of `model.weights`.

    `texts` are further files that belong to them, by name.
    """

    weights: Pairs
    diagnostics: tuple[Diagnostic, ...] = ()
    texts: tuple[tuple[str, str], ...] = ()


def match(graph: Graph, source: Source) -> Matched:
    """Return each variable of a model with its array; CompileError names all that don't fit."""
    if source.producer.is_first:
        return Matched(*match_keras1(graph, source))
    match source.kind:
        case "layers":
            return _by_layer(graph, source)
        case "names":
            return _by_name(graph, source)
        case "numbers":
            return _by_number(graph, source)


def _by_layer(graph: Graph, source: Source) -> Matched:
    """Return what a file says layer by layer."""
    wanted = {layer.name: (layer, layer_slots(layer)) for layer in graph.layers}
    wanted = {name: found for name, found in wanted.items() if found[1] != ()}
    held = {name: arrays for name, arrays in source.groups if arrays}
    # A layer of the user's may have weights or not.
    needed = [name for name, (_, own) in wanted.items() if own is not None or _is_held(name, held)]
    rows = same_layers(needed, list(held))
    if rows is None:
        raise CompileError(tuple(_layers_apart(needed, held)))
    weights: list[Pairs] = []
    problems: list[Diagnostic] = []
    notes: list[Diagnostic] = list(doubts.renamed(rows))
    for ours, theirs in rows:
        layer, own = wanted[ours]
        arrays = held[theirs]
        if own is None:
            notes.extend(strangers.note(layer, arrays))
            weights.append(strangers.in_order_of_file(layer, arrays))
            continue
        pairs = paired(order.heaps(own), arrays, source.producer)
        if pairs is None:
            problems.extend(misfits(layer, order.heaps(own), arrays))
        else:
            notes.extend(doubts.unsure(pairs.unsure))
            weights.append(in_today_order(own, pairs.pairs))
    if problems:
        raise CompileError(problems)
    return Matched(tuple(pair for pairs in weights for pair in pairs), tuple(notes))


def _is_held(name: str, held: dict[str, tuple[Stored, ...]]) -> bool:
    return name in held or name in {other.replace("/", "_") for other in held}


def _layers_apart(
    needed: Sequence[str], held: dict[str, tuple[Stored, ...]]
) -> Iterator[Diagnostic]:
    """Yield what one of the two has and the other has not."""
    plain = {name.replace("/", "_") for name in held}
    hint = "is it the file of this model?"
    for name in needed:
        if name not in plain:
            message = f"the file has no weights of the layer {prose(name)!r}"
            yield Diagnostic("missing-weights", message, Origin("", name), hint)
    for name in held:
        if name.replace("/", "_") not in needed:
            message = f"the model has no layer {prose(name)!r} with weights, but the file has"
            yield Diagnostic("unexpected-weights", message, hint=hint)
    if set(plain) == set(needed):
        yield Diagnostic("unexpected-weights", "the file has two layers of one name", hint=hint)


def _by_name(graph: Graph, source: Source) -> Matched:
    """Return what the paths of a whole model's weights tell."""
    own = known(graph)
    expected = tuple(slot for layer in _by_top(own) for slot in order.heaps(layer))
    stands = shared.stand_ins(expected, len(source.arrays))
    asked = tuple(slot for slot in expected if slot not in stands)
    found = paired(asked, source.arrays, source.producer, source.is_ordered)
    if found is None:
        raise _untold(expected, source)
    notes = (*shared.note(stands), *doubts.unsure(found.unsure))
    return Matched(in_today_order(own, shared.filled(found.pairs, stands)), notes)


def _untold(expected: Slots, source: Source) -> CompileError:
    """Return the error for a file that doesn't tell which weight is which."""
    if source.is_ordered or len(expected) != len(source.arrays):
        return CompileError(tuple(misfits(None, expected, source.arrays)))
    names = ", ".join(array.shown for array in source.arrays[:3])
    message = f"the names in the file don't tell which weight is which: {names}"
    return rejected("unknown-weights", message, hint="call each by its path in the model")


def _by_top(found: Slots) -> list[Slots]:
    """Return the variables of each layer of the outermost model."""
    groups: dict[str, list[Slot]] = {}
    for slot in found:
        groups.setdefault(slot.layers[0], []).append(slot)
    return [tuple(group) for group in groups.values()]


def _by_number(graph: Graph, source: Source) -> Matched:
    """Return the arrays in the order of `get_weights()` of the Keras that saved them."""
    own, producer = _counted(graph, len(source.arrays)), source.producer
    expected = own
    if producer.version is None or producer.version < (3, 0):
        expected = order.old_order(own, producer.enters_models)
    stands = shared.stand_ins(expected, len(source.arrays))
    asked = tuple(slot for slot in expected if slot not in stands)
    pairs = in_order(asked, source.arrays, producer, named=False)
    if pairs is None:
        raise _untold(expected, source)
    notes = list(shared.note(stands))
    if producer.version is None and not stands:
        rows = (in_order(other, source.arrays, producer, named=False) for other in _orders(own))
        notes.extend(doubts.numbered(pairs, [row for row in rows if row is not None]))
    return Matched(in_today_order(own, shared.filled(pairs, stands)), tuple(notes))


def _orders(own: Slots) -> Iterator[Slots]:
    """Yield the weights in the order of every Keras from 2 on."""
    yield own
    yield from (order.old_order(own, enters_models) for enters_models in (True, False))


def _counted(graph: Graph, count: int) -> Slots:
    """Return the variables of a model that has so many; one layer may keep silent about its own."""
    told = [layer_slots(layer) for layer in graph.layers]
    left = count - sum(len(own or ()) for own in told)
    # The class of a user's model may have weights beside those of its layers.
    if told.count(None) != 1 and (None in told or left):
        return known(graph)
    found: list[Slot] = []
    for layer, own in zip(graph.layers, told, strict=True):
        found.extend(strangers.variables(layer, left) if own is None else own)
    return tuple(found)


def known(graph: Graph) -> Slots:
    """Return the variables of a model; CompileError where a layer doesn't tell its own."""
    own = slots(graph)
    if own is None:
        unknown: list[Layer] = [layer for layer in graph.layers if layer_slots(layer) is None]
        first = unknown[0] if unknown else None
        name = prose(first.name) if first else prose(graph.name)
        message = f"what weights {name!r} has is not known, and the file doesn't tell"
        hint = "give a file that keeps weights by layer: model.save_weights('weights.h5')"
        raise rejected("unknown-weights", message, first.origin if first else Origin(), hint)
    return own
