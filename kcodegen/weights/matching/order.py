"""The order of weights in what other versions of Keras saved.

    TimeDistributed(model with a BatchNormalization)     Keras 2: gamma beta kernel mean variance
                                                         Keras 3: gamma beta mean variance kernel

Keras 2 put the weights of a composite layer in two heaps, those that are trained first. tf.keras
looked into nested models for that, Keras 2.3 and older did not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

from kcodegen.weights.matching.owners import Pairs, shape_of_keras2
from kcodegen.weights.variables.definition import Slot, Slots


def old_order(found: Slots, enters_models: bool) -> Slots:
    """Return the weights of a model in the order of Keras 2's `get_weights()`."""
    return tuple(_ordered(found, enters_models, 1))


def _ordered(found: Slots, enters_models: bool, depth: int) -> Iterator[Slot]:
    for _, group in groupby(found, key=lambda slot: slot.layers[:depth]):
        layer = tuple(group)
        if enters_models and all(len(slot.layers) > depth for slot in layer):
            yield from _ordered(layer, enters_models, depth + 1)
        else:
            yield from heaps(layer)


def heaps(layer: Slots) -> Slots:
    """Return the weights of a layer: those that are trained, then the others."""
    trained = tuple(slot for slot in layer if slot.trained)
    return (*trained, *(slot for slot in layer if not slot.trained))


def pairs_of_keras2(pairs: Pairs) -> Pairs:
    """Return weights as `model.weights` of tf.keras has them, whatever wrote them."""
    given = dict(pairs)
    found = ((slot, given[slot]) for slot in old_order(tuple(given), enters_models=True))
    return tuple(
        (slot, replace(array, shape=shape_of_keras2(slot, array.shape))) for slot, array in found
    )


def slots_of_keras2(own: Slots) -> Slots:
    """Return the weights of a model in the order, and the shapes, that tf.keras gives them."""
    return tuple(
        slot if slot.shape is None else replace(slot, shape=shape_of_keras2(slot, slot.shape))
        for slot in old_order(own, enters_models=True)
    )
