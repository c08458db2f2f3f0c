"""The weights of Keras 0 and 1, taken one object after the other from a row of arrays.

    LSTM: W_i U_i b_i W_c U_c b_c W_f U_f b_f W_o U_o b_o   ->   kernel recurrent_kernel bias

Their names tell little (`dense_1_W`), their order within a layer never changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from kcodegen.diagnostics import Diagnostic, Origin, rejected
from kcodegen.ir.graph import Graph
from kcodegen.ir.values import lookup
from kcodegen.weights.files.sources import Producer, Source
from kcodegen.weights.files.store import Stored
from kcodegen.weights.matching import conversions, doubts
from kcodegen.weights.matching.conversions import converted
from kcodegen.weights.matching.owners import (
    Pairs,
    all_fit,
    by_owner,
    fits,
    in_today_order,
    layout_of_today,
)
from kcodegen.weights.variables.definition import Slot, Slots
from kcodegen.weights.variables.slots import slots
from kcodegen.words import prose

_CONV_LSTM: Final = "keras.src.layers.rnn.conv_lstm.ConvLSTMCell"
# Where each of today's gates stood: i, f, c, o among i, c, f, o; z, r, h.
_GATES: Final = {
    "keras.layers.LSTMCell": (0, 2, 1, 3),
    _CONV_LSTM: (0, 2, 1, 3),
    "keras.layers.GRUCell": (0, 1, 2),
}
_IMAGES: Final = (
    *("keras.layers.Conv2D", "keras.layers.Conv3D", "keras.layers.SeparableConv2D", _CONV_LSTM),
)


def take(group: Slots, arrays: Sequence[Stored], producer: Producer) -> tuple[Pairs, int] | None:
    """Return the variables of one object with the arrays they are made of, and their number.

    The arrays are those that no object before has taken. None where they don't fit.
    """
    count = _count(group, arrays)
    if count is None or count > len(arrays):
        return None
    own = arrays[:count]
    if count > len(group):
        own = _joined(group, own)
    else:
        own = [_of_today(slot, array) for slot, array in zip(group, own, strict=True)]
        own = _in_order(group, own, producer)
    pairs = tuple(zip(group, layout_of_today(group, own, producer), strict=True))
    return (pairs, count) if all_fit(pairs) else None


def _count(group: Slots, arrays: Sequence[Stored]) -> int | None:
    """Return how many arrays an object has: gates may have arrays of their own."""
    gates = _GATES.get(group[0].key)
    if gates is None or len(group) != 3:
        return len(group)
    bias = group[2].shape
    if len(arrays) < 3 or not bias or bias[-1] is None:
        return None
    own = bias[-1] // len(gates)
    return 3 * len(gates) if arrays[2].shape == (own,) else 3


def _joined(group: Slots, arrays: Sequence[Stored]) -> list[Stored]:
    """Return kernel, recurrent kernel and bias of gates that had their own."""
    found = []
    for number, slot in enumerate(group):
        parts = [arrays[3 * gate + number] for gate in _GATES[slot.key]]
        if slot.key == _CONV_LSTM and slot.role != "bias":
            narrow = _one_gate(slot)
            parts = [_of_today(narrow, part) for part in parts]
        shape = parts[0].shape
        joined = (*shape[:-1], sum(part.shape[-1] for part in parts)) if shape else ()
        found.append(converted(parts, joined, conversions.joined_gates))
    return found


def _one_gate(slot: Slot) -> Slot:
    """Return the slot that the kernel of one gate would have."""
    shape = slot.shape or ()
    return replace(slot, shape=(*shape[:-1], None)) if shape else slot


def _of_today(slot: Slot, stored: Stored) -> Stored:
    """Return an array with its axes in today's order, if it is the kernel of a convolution."""
    if not slot.role.endswith("kernel"):
        return stored
    first = lookup(slot.args, "data_format") == "channels_first"
    if slot.key == "keras.layers.Conv1D":
        return _conv1d(slot, stored)
    if slot.key == "keras.layers.Conv2DTranspose" and len(stored.shape) == 4:
        change = conversions.channels_last if first else conversions.swapped
        a, b, *size = stored.shape if first else (*stored.shape[:1:-1], *stored.shape[:2])
        return converted([stored], (*size, a, b), change)
    if slot.key in _IMAGES and len(stored.shape) > 2:
        filters, channels, *size = stored.shape
        other = converted([stored], (*size, channels, filters), conversions.filters_last)
        chosen, spare = (other, stored) if first else (stored, other)
        return chosen if fits(slot.shape, chosen.shape) else spare
    return stored


def _conv1d(slot: Slot, stored: Stored) -> Stored:
    """Return a kernel of Conv1D without its axis of length 1."""
    if len(stored.shape) != 4:
        return stored
    length, one, channels, filters = stored.shape
    new = (length, channels, filters)
    if one == 1 and fits(slot.shape, new):
        return converted([stored], new, conversions.without_width)
    filters, channels, length, _ = stored.shape
    return converted([stored], (length, channels, filters), conversions.oldest_conv1d)


def _in_order(group: Slots, arrays: list[Stored], producer: Producer) -> list[Stored]:
    """Return the arrays of a layer that kept them in another order, or in another form."""
    key, version = group[0].key, producer.version or (1, 2)
    if key == "kcodegen.Highway" and len(arrays) == 4 and version < (1, 2):
        kernel, bias, other, second = arrays
        return [kernel, other, bias, second]
    if key == "keras.layers.BatchNormalization" and len(arrays) == 4 and version < (1, 1):
        given = lookup(group[0].args, "epsilon")
        epsilon = given if isinstance(given, float) else 1e-3
        change = partial(conversions.variance_of, epsilon)
        return [*arrays[:3], converted([arrays[3]], arrays[3].shape, change)]
    return arrays


def match_keras1(graph: Graph, source: Source) -> tuple[Pairs, tuple[Diagnostic, ...]]:
    """Return the variables of a model with the arrays that Keras 0 or 1 saved, and what to say.

    By layer where the file has layers: models inside models were taken apart there. Else by order.
    """
    own = slots(graph)
    if own is None:
        raise rejected("unknown-weights", "the weights of a layer of this model are not known")
    names = [name for name, arrays in source.groups if arrays]
    rows = _rows(own, names) if source.kind == "layers" else None
    if rows is None:
        groups = by_owner(_as_added(own, source.producer.layers)).values()
        pairs = _taken(groups, source.arrays, source.producer)
        notes = doubts.renamed(_names(pairs)) if source.kind == "layers" else ()
        return in_today_order(own, pairs), tuple(notes)
    held = dict(source.groups)
    pairs = tuple(
        pair
        for name, found in rows.items()
        for pair in _taken(by_owner(tuple(found)).values(), held[name], source.producer)
    )
    return in_today_order(own, pairs), ()


def _names(pairs: Pairs) -> list[tuple[str, str]]:
    """Return the layers of a model, each with the name that its arrays are under in the file."""
    rows = {slot.layers: array.name[0] for slot, array in pairs}
    return [(theirs if theirs in ours else ours[-1], theirs) for ours, theirs in rows.items()]


def _as_added(own: Slots, layers: Sequence[str]) -> Slots:
    """Return the variables in the order in which their layers were added to a `Graph`."""
    places = {name: place for place, name in enumerate(layers)}
    return tuple(sorted(own, key=lambda slot: places.get(slot.layers[0], len(places))))


def _rows(own: Slots, names: list[str]) -> dict[str, list[Slot]] | None:
    """Return the variables by the names of layers in the file; None where the names differ."""
    rows: dict[str, list[Slot]] = {name: [] for name in names}
    for slot in own:
        found = [name for name in slot.layers if name in rows]
        if not found:
            return None
        rows[found[0]].append(slot)
    return rows if all(rows.values()) else None


def _taken(groups: Iterable[Slots], arrays: Sequence[Stored], producer: Producer) -> Pairs:
    """Return the objects' variables with the arrays that come one after the other."""
    pairs: list[Pairs] = []
    place = 0
    for group in groups:
        found = take(group, arrays[place:], producer)
        if found is None:
            left = [array.shape for array in arrays[place : place + len(group)]]
            message = f"the weights of {'/'.join(map(prose, group[0].layers))!r} don't fit: {left}"
            hint = "is it the file of this model?"
            raise rejected("misshapen-weights", message, Origin("", group[0].layers[-1]), hint)
        pairs.append(found[0])
        place += found[1]
    if place != len(arrays):
        message = f"the model takes {place} arrays, the file has {len(arrays)}"
        raise rejected("weights", message, hint="is it the file of this model?")
    return tuple(pair for found in pairs for pair in found)
