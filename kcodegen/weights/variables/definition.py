"""A layer as its weights see it: typed arguments, and the shapes it was built with.

What a file doesn't record is None: a size, or a whole shape.
"""

from __future__ import annotations

from dataclasses import field
from typing import TypeAlias

from kcodegen.ir.graph import Graph, Shape
from kcodegen.ir.values import Args, Dict, Obj, Value, lookup
from kcodegen.records import record

Size: TypeAlias = "int | None"


class UnknownWeightsError(Exception):
    """A definition does not say what the weights are."""


@record(frozen=True)
class Slot:
    """A variable of a model: where it lies, what it is called, what fits in.

    `layers` are the names of the layers around it, from the outermost model's layer to the
    innermost one that a model lists. `attributes` lead from there to the object that owns the
    variable, in the words of Keras 3's own files: `()` for the layer itself, `("cell",)`,
    `("forward_layer", "cell")`, `("layer", "layers", "dense_1")` for a wrapped model. `owner` is
    that object's name where the file tells it, else "", `key` its registry key; `role` is what
    Keras 3 calls the variable. `trained` is false for what no gradient changes: a frozen layer, a
    moving mean. In `shape` None stands for a size that the file doesn't tell; `shape` is None
    where it doesn't even tell how many there are. `args` are the owner's arguments.
    """

    role: str
    shape: Shape | None
    key: str
    attributes: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    owner: str = ""
    trained: bool = True
    args: Args = field(default=(), compare=False, repr=False)


Slots: TypeAlias = "tuple[Slot, ...]"


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
    name: str = ""

    def slot(self, role: str, shape: Shape | None, trained: bool = True) -> Slot:
        """Return a variable of this very object."""
        return Slot(role, shape, self.key, owner=self.name, trained=trained, args=self.args)

    def value(self, name: str, default: Value = None) -> Value:
        """Return an argument as it is."""
        return lookup(self.args, name, default)

    def integer(self, name: str, default: Value = None) -> int:
        """Return a whole number, zero or more."""
        return whole(self.value(name, default))

    def flag(self, name: str, default: bool) -> bool:
        """Return a boolean."""
        value = self.value(name, default)
        if not isinstance(value, bool):
            raise UnknownWeightsError
        return value

    def sizes(self, name: str, rank: int) -> tuple[int, ...]:
        """Return an argument that is one number or `rank` of them: `3` is `(3, 3)`."""
        value = self.value(name)
        sizes = value if isinstance(value, tuple) else (value,) * rank
        if len(sizes) != rank:
            raise UnknownWeightsError
        return tuple(map(whole, sizes))

    def axes(self, name: str, default: Value = -1) -> tuple[int, ...]:
        """Return an argument that is one axis or several; an axis counts from the end too."""
        value = self.value(name, default)
        axes = value if isinstance(value, tuple) else (value,)
        for axis in axes:
            if not isinstance(axis, int) or isinstance(axis, bool):
                raise UnknownWeightsError
        return tuple(axis for axis in axes if isinstance(axis, int))

    def shape(self, name: str = "", index: int | None = None) -> Shape | None:
        """Return the input shape, batch axis included; None where the file doesn't record it.

        `name` picks one shape of a `Dict`, `index` one of a tuple of shapes.
        """
        found = self.built
        if name and isinstance(found, Dict):
            found = lookup(found.items, name)
        if index is not None and isinstance(found, tuple) and index < len(found):
            found = found[index] if isinstance(found[index], tuple) else found
        if not isinstance(found, tuple) or any(isinstance(size, tuple) for size in found):
            return None
        return tuple(None if size is None else whole(size) for size in found)

    def size(self, axis: int) -> Size:
        """Return the size of one axis of the input."""
        return dimension(self.shape(), axis)

    def channels(self) -> Size:
        """Return the size of the channel axis, which the argument `data_format` names."""
        return self.size(1 if self.value("data_format") == "channels_first" else -1)

    def inner(self, name: str, built: Value) -> Definition:
        """Return the definition of a wrapped layer, built with `built`."""
        return inner_definition(self.value(name), built)


def inner_definition(value: Value, built: Value) -> Definition:
    """Return a nested layer's definition, built with `built`."""
    if not isinstance(value, Obj):
        raise UnknownWeightsError
    name = value.body.name if value.body is not None else lookup(value.args, "name", "")
    return Definition(
        value.key, value.args, value.body, built, name if isinstance(name, str) else ""
    )


def dimension(shape: Shape | None, axis: int) -> Size:
    """Return the size of one axis, which must exist; None where it isn't known."""
    if shape is None:
        return None
    if not -len(shape) <= axis < len(shape):
        raise UnknownWeightsError
    return shape[axis]


def times(size: Size, factor: int) -> Size:
    """Return a size multiplied, None for one that isn't known."""
    return None if size is None else size * factor


def whole(value: Value) -> int:
    """Return a whole number, zero or more."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise UnknownWeightsError
    return value
