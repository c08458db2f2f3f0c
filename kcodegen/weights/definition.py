"""A layer as its weights see it: typed arguments, and the shapes it was built with."""

from __future__ import annotations

from typing import TypeAlias

from kcodegen.ir.graph import Graph, Shape
from kcodegen.ir.values import Args, Dict, Obj, Value, lookup
from kcodegen.records import record

WeightShape: TypeAlias = "tuple[int, ...]"
Weights: TypeAlias = "tuple[WeightShape, ...]"


class UnknownWeightsError(Exception):
    """A definition does not say what the weights are."""


@record(frozen=True)
class Definition:
    """A constructor call and what it was built with.

    `built` is a shape, a tuple of shapes, or a `Dict` of shapes; None for a layer that was
    never built. Every getter raises UnknownWeightsError for a value of another type: arguments
    come from strangers, and a wrong one is found elsewhere.
    """

    key: str
    args: Args = ()
    body: Graph | None = None
    built: Value = None

    def value(self, name: str, default: Value = None) -> Value:
        """Return an argument as it is."""
        return lookup(self.args, name, default)

    def integer(self, name: str, default: Value = None) -> int:
        """Return a whole number, zero or more."""
        return _size(self.value(name, default))

    def flag(self, name: str, default: bool) -> bool:
        """Return a boolean."""
        value = self.value(name, default)
        if not isinstance(value, bool):
            raise UnknownWeightsError
        return value

    def sizes(self, name: str, rank: int) -> WeightShape:
        """Return an argument that is one number or `rank` of them: `3` is `(3, 3)`."""
        value = self.value(name)
        sizes = value if isinstance(value, tuple) else (value,) * rank
        if len(sizes) != rank:
            raise UnknownWeightsError
        return tuple(map(_size, sizes))

    def axes(self, name: str, default: Value = -1) -> tuple[int, ...]:
        """Return an argument that is one axis or several; an axis counts from the end too."""
        value = self.value(name, default)
        axes = value if isinstance(value, tuple) else (value,)
        for axis in axes:
            if not isinstance(axis, int) or isinstance(axis, bool):
                raise UnknownWeightsError
        return tuple(axis for axis in axes if isinstance(axis, int))

    def shape(self, name: str = "", index: int | None = None) -> Shape:
        """Return the input shape, batch axis included.

        `name` picks one shape of a `Dict`, `index` one of a tuple of shapes.
        """
        found = self.built
        if name and isinstance(found, Dict):
            found = lookup(found.items, name)
        if index is not None and isinstance(found, tuple) and index < len(found):
            found = found[index]
        if not isinstance(found, tuple):
            raise UnknownWeightsError
        return tuple(None if size is None else _size(size) for size in found)

    def channels(self, shape: Shape | None = None) -> int:
        """Return the size of the channel axis, which the argument `data_format` names."""
        axis = 1 if self.value("data_format") == "channels_first" else -1
        return dimension(self.shape() if shape is None else shape, axis)

    def inner(self, name: str, built: Value) -> Definition:
        """Return the definition of a wrapped layer, built with `built`."""
        return inner_definition(self.value(name), built)


def inner_definition(value: Value, built: Value) -> Definition:
    """Return a nested layer's definition, built with `built`."""
    if not isinstance(value, Obj):
        raise UnknownWeightsError
    return Definition(value.key, value.args, value.body, built)


def dimension(shape: Shape, axis: int) -> int:
    """Return the size of one axis, which must exist and be known."""
    if not -len(shape) <= axis < len(shape):
        raise UnknownWeightsError
    return _size(shape[axis])


def _size(value: Value) -> int:
    """Return a whole number, zero or more."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise UnknownWeightsError
    return value
