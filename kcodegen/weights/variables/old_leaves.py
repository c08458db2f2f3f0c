"""The weights of layers that Keras 3 has no longer, and that a page writes out itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod
from typing import Final

from kcodegen.ir.graph import Shape
from kcodegen.weights.variables.definition import Definition, Size, Slots, times


def _with_bias(definition: Definition, *weights: tuple[str, Shape | None]) -> Slots:
    """Return the weights, those called after a bias only if the layer has one."""
    has_bias = definition.flag("use_bias", True)
    return tuple(
        definition.slot(role, shape) for role, shape in weights if has_bias or "bias" not in role
    )


def _highway(definition: Definition) -> Slots:
    units = definition.size(-1)
    return _with_bias(
        definition,
        ("kernel", (units, units)),
        ("transform_kernel", (units, units)),
        ("bias", (units,)),
        ("bias_of_transform", (units,)),
    )


def _maxout_dense(definition: Definition) -> Slots:
    features, units = definition.integer("features", 4), definition.integer("units")
    kernel = (features, definition.size(-1), units)
    return _with_bias(definition, ("kernel", kernel), ("bias", (features, units)))


def _normalized(definition: Definition) -> Slots:
    """Return the weights of the modes of BatchNormalization that there are no longer."""
    shape = tuple(map(definition.size, definition.axes("axis")))
    return (
        *(definition.slot(role, shape) for role in ("gamma", "beta")),
        *(definition.slot(role, shape, False) for role in ("moving_mean", "moving_variance")),
    )


def _local(rank: int, definition: Definition) -> Slots:
    """Return the weights of a convolution whose kernel differs from place to place."""
    filters = definition.integer("filters")
    patch = times(definition.size(-1), prod(definition.sizes("kernel_size", rank)))
    places: tuple[Size, ...] = (None,) * rank
    kernel, bias = (None, patch, filters), (*places, filters)
    return _with_bias(definition, ("kernel", kernel), ("bias", bias))


def _by_place(roles: tuple[str, ...], definition: Definition) -> Slots:
    """Return weights of the shape of a sample."""
    shape = definition.shape()
    sample = None if shape is None else shape[1:]
    return tuple(definition.slot(role, sample) for role in roles)


OLD_LEAVES: Final[dict[str, Callable[[Definition], Slots]]] = {
    "kcodegen.CurrentBatchNormalization": _normalized,
    "kcodegen.Highway": _highway,
    "kcodegen.LocallyConnected1D": partial(_local, 1),
    "kcodegen.LocallyConnected2D": partial(_local, 2),
    "kcodegen.MaxoutDense": _maxout_dense,
    "kcodegen.ParametricSoftplus": partial(_by_place, ("alpha", "beta")),
    "kcodegen.SampleNormalization": _normalized,
    "kcodegen.SReLU": partial(_by_place, ("t_left", "a_left", "t_right", "a_right")),
}
