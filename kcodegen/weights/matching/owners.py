"""The weights of one object (a layer, a cell): its slots, and the arrays that go into them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final, TypeAlias

from kcodegen.ir.graph import Shape
from kcodegen.ir.values import lookup
from kcodegen.weights.files.sources import Producer
from kcodegen.weights.files.store import Stored
from kcodegen.weights.matching import conversions
from kcodegen.weights.variables.definition import Size, Slot, Slots

Owner: TypeAlias = "tuple[tuple[str, ...], tuple[str, ...]]"
Pairs: TypeAlias = "tuple[tuple[Slot, Stored], ...]"

# What other versions of Keras called these.
_ROLES: Final = {
    "kernel": ("depthwise_kernel", "pointwise_kernel"),
    "variable": ("gamma", "layer_scale_gamma"),
    "vector_u": ("sn_u", "u"),
    "moving_variance": ("running_std", "running_var"),
    "moving_mean": ("running_mean",),
    "quantized_kernel": ("kernel",),
    "kernel_zero": ("zero_point",),
}
_LAYER_NORMALIZATION: Final = "keras.layers.LayerNormalization"
_CUDNN: Final = {"keras.layers.LSTMCell": 4, "keras.layers.GRUCell": 3}
# What Theano turned: the roles of the kernels, by class.
_TURNED: Final = {
    **dict.fromkeys(
        (f"keras.layers.{name}" for name in ("Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose")),
        ("kernel",),
    ),
    "keras.layers.SeparableConv2D": ("depthwise_kernel", "pointwise_kernel"),
    "keras.src.layers.rnn.conv_lstm.ConvLSTMCell": ("kernel", "recurrent_kernel"),
}


def owner_of(slot: Slot) -> Owner:
    """Return what tells the owner of a variable from all others."""
    return slot.layers, slot.attributes


def by_owner(found: Slots) -> dict[Owner, Slots]:
    """Return the variables of each object, in the order of the first one of each."""
    owners: dict[Owner, list[Slot]] = {}
    for slot in found:
        owners.setdefault(owner_of(slot), []).append(slot)
    return {owner: tuple(group) for owner, group in owners.items()}


def role_of(name: str) -> str:
    """Return what an array's name says that it is: `kernel_1:0 -> kernel`."""
    return re.sub(r"(_[0-9]+)?(:[0-9]+)?$", "", name)


def is_called(slot: Slot, name: str) -> bool:
    """Tell whether an array of this name may be a variable of this role."""
    plain = re.sub(r":[0-9]+$", "", name)
    roles = (slot.role, *_ROLES.get(slot.role, ()))
    return plain in roles or role_of(name) in roles


def fits(shape: Shape | None, stored: tuple[int, ...]) -> bool:
    """Tell whether an array goes into a variable, as far as its shape is known."""
    if shape is None:
        return True
    return len(shape) == len(stored) and all(
        size is None or size == found for size, found in zip(shape, stored, strict=True)
    )


def all_fit(pairs: Pairs) -> bool:
    """Tell whether each array goes into its variable."""
    return all(fits(slot.shape, stored.shape) for slot, stored in pairs)


def by_role(group: Slots, arrays: Sequence[Stored], producer: Producer) -> Pairs | None:
    """Return each variable of one object with its array, by name; None where they don't fit."""
    if len(group) != len(arrays):
        return None
    left, found = list(arrays), []
    for slot in group:
        named = [array for array in left if is_called(slot, array.name[-1])]
        if not named:
            return None
        found.append(named[0])
        left.remove(named[0])
    pairs = tuple(zip(group, layout_of_today(group, found, producer), strict=True))
    return pairs if all_fit(pairs) else None


def layout_of_today(
    group: Slots, arrays: Sequence[Stored], producer: Producer
) -> tuple[Stored, ...]:
    """Return the arrays of one object in the layout of Keras 3; they are in its order."""
    key = group[0].key
    if key in _CUDNN and len(arrays) == 3 == len(group):
        arrays = _from_cudnn(_CUDNN[key], arrays)
    if key == _LAYER_NORMALIZATION and (producer.version or (2, 0)) < (3, 0):
        arrays = [_sorted_axes(slot, array) for slot, array in zip(group, arrays, strict=True)]
    if producer.backend == "theano" and any(map(is_turned, group)):
        arrays = [
            conversions.converted([array], array.shape, conversions.turned)
            if is_turned(slot)
            else array
            for slot, array in zip(group, arrays, strict=True)
        ]
    return tuple(arrays)


def is_turned(slot: Slot) -> bool:
    """Tell whether a variable is a kernel that Theano kept turned."""
    return slot.role in _TURNED.get(slot.key, ())


def _sorted_axes(slot: Slot, array: Stored) -> Stored:
    """Return a weight of Keras 2 in the shape of today; its numbers are in that order already.

    LayerNormalization(axis=[3, 1]): (channels, rows)   ->   (rows, channels)
    """
    places = _places(slot)
    if len(places) != len(array.shape):
        return array
    return replace(array, shape=tuple(array.shape[place] for place in places))


def shape_of_keras2(slot: Slot, shape: tuple[Size, ...]) -> tuple[Any, ...]:
    """Return the shape that Keras 2 gives a weight; its numbers are in the same order."""
    places = _places(slot)
    if slot.key != _LAYER_NORMALIZATION or len(places) != len(shape):
        return shape
    return tuple(shape[places.index(i)] for i in range(len(places)))


def _places(slot: Slot) -> tuple[int, ...]:
    """Return the places that the axes of a LayerNormalization have in order."""
    axes = lookup(slot.args, "axis", -1)
    numbers = [axis for axis in axes if isinstance(axis, int)] if isinstance(axes, tuple) else [0]
    # Those that count from the end come after those that count from the beginning.
    return tuple(sorted(range(len(numbers)), key=lambda i: (numbers[i] < 0, numbers[i])))


def _from_cudnn(gates: int, arrays: Sequence[Stored]) -> Sequence[Stored]:
    """Return the weights of a CuDNNLSTM or CuDNNGRU as those of an LSTM or GRU; others as is."""
    kernel, recurrent, bias = arrays
    if len(recurrent.shape) != 2 or recurrent.shape[1] != gates * recurrent.shape[0]:
        return arrays
    units = recurrent.shape[0]
    if bias.shape != (2 * gates * units,) or len(kernel.shape) != 2:
        return arrays
    shape = (gates * units,) if gates == 4 else (2, gates * units)
    merge = conversions.cudnn_lstm_bias if gates == 4 else conversions.cudnn_gru_bias
    return (
        conversions.converted([kernel], kernel.shape, partial(conversions.cudnn_kernel, gates)),
        conversions.converted(
            [recurrent], recurrent.shape, partial(conversions.cudnn_recurrent_kernel, gates)
        ),
        conversions.converted([bias], shape, merge),
    )


def names_of(group: Slots) -> Iterator[str]:
    """Yield the names by which a file may tell an object from its neighbours."""
    first = group[0]
    yield from first.layers
    if first.owner and first.owner not in first.layers:
        yield first.owner


def in_today_order(own: Slots, pairs: Pairs) -> Pairs:
    """Return the variables with their arrays in another order of the same variables."""
    given = dict(pairs)
    return tuple((slot, given[slot]) for slot in own)
