"""What is said when the arrays of a file are not the variables of a model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kcodegen.diagnostics import Diagnostic, Origin
from kcodegen.ir.graph import Layer, Shape
from kcodegen.weights.files.store import Stored
from kcodegen.weights.matching.owners import fits, is_called
from kcodegen.weights.variables.definition import Slot, Slots
from kcodegen.words import listed, prose

_HINT = "is it the file of this model?"


def misfits(layer: Layer | None, expected: Slots, arrays: Sequence[Stored]) -> Iterator[Diagnostic]:
    """Yield what is missing, left over or misshapen, of one layer or of a whole model."""
    where = Origin("", layer.name) if layer is not None else Origin()
    if len(expected) == len(arrays):
        wrong = [
            (slot, array)
            for slot, array in _likely(expected, arrays)
            if not fits(slot.shape, array.shape)
        ]
        for slot, array in wrong:
            message = f"{shown(slot)} needs {_shape(slot.shape)}, {array.shown} has {array.shape}"
            yield Diagnostic("misshapen-weights", message, where, _HINT)
        if not wrong:
            yield from _misnamed(where, expected, arrays)
        return
    of = f"the layer {prose(layer.name)!r}" if layer is not None else "the model"
    message = f"{of} has {len(expected)} weights, the file {len(arrays)}"
    hint = f"needed: {listed([shown(slot) for slot in expected], 12)}"
    yield Diagnostic("weights", message, where, hint)


def _likely(expected: Slots, arrays: Sequence[Stored]) -> list[tuple[Slot, Stored]]:
    """Return each variable with the array of its name that is nearest to its place."""
    left, found = list(enumerate(arrays)), []
    for place, slot in enumerate(expected):
        named = [item for item in left if is_called(slot, item[1].name[-1])] or left
        item = min(named, key=lambda item: abs(item[0] - place))
        left.remove(item)
        found.append((slot, item[1]))
    return found


def _misnamed(where: Origin, expected: Slots, arrays: Sequence[Stored]) -> Iterator[Diagnostic]:
    for slot, array in zip(expected, arrays, strict=True):
        if not is_called(slot, array.name[-1]):
            message = f"nothing tells which weight of the file is {shown(slot)}: {array.shown}?"
            yield Diagnostic("unknown-weights", message, where, _HINT)
            return
    message = "the weights are in no order that is known"
    yield Diagnostic("unknown-weights", message, where, _HINT)


def shown(slot: Slot) -> str:
    """Return what messages call a variable."""
    return " ".join(("/".join(map(prose, (*slot.layers, *slot.attributes))), slot.role))


def _shape(shape: Shape | None) -> str:
    if shape is None:
        return "another shape"
    return str(shape).replace("None", "?")
