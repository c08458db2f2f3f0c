"""Which layers of Keras 2 kept their weights in another order."""

from __future__ import annotations

import pytest

from tests.frontends.old_documents import (
    dense,
    old_input,
    old_layer,
    old_model,
    warnings_of,
)

A = [["a", 0, 0, {}]]


def inner(*last, **frozen):
    """Return a model with a BatchNormalization, and perhaps something after it."""
    layers = (
        old_input("i"),
        old_layer("bn", "BatchNormalization", [["i", 0, 0, {}]], **frozen),
        *last,
    )
    return {"class_name": "Functional", "config": old_model(*layers, name="inner")["config"]}


AFTER = dense("d", [["bn", 0, 0, {}]])


def nested(model):
    return {**model, "name": "inner", "inbound_nodes": [A]}


def timed(model):
    return old_layer("t", "TimeDistributed", A, layer=model)


@pytest.mark.parametrize(
    ("layer", "version", "moved"),
    [
        (nested(inner(AFTER)), "2.3.1", True),
        (nested(inner(AFTER)), "2.9.0", False),
        (nested(inner()), "2.3.1", False),
        (nested(inner(AFTER, trainable=False)), "2.3.1", True),
        (timed(inner(AFTER)), "2.9.0", True),
        (timed(inner()), "2.9.0", False),
        (old_layer("b", "BatchNormalization", A), "2.3.1", False),
        (old_layer("n", "SpectralNormalization", A, layer=dense("d")), "2.15.0", True),
        (
            old_layer("n", "SpectralNormalization", A, layer=dense("d", use_bias=False)),
            "2.15.0",
            False,
        ),
    ],
)
def test_what_is_trained_came_first(layer, version, moved):
    found = warnings_of(old_model(old_input("a", 3, 4), layer, version=version))
    assert ("weight-order" in found) == moved
    if moved:
        assert found["weight-order"].origin.layer == layer["name"]
