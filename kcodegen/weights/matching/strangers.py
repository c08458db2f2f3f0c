"""Layers whose weights no rule tells: a user's own. Their file tells them.

own kernel, inner gamma beta, own total, inner mean variance
    ->  own kernel total, inner gamma beta mean variance
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kcodegen.diagnostics import Diagnostic
from kcodegen.ir.graph import Layer
from kcodegen.weights.files.store import Stored
from kcodegen.weights.matching.owners import Pairs, role_of
from kcodegen.weights.variables.definition import Slot, Slots
from kcodegen.words import prose


def in_order_of_file(layer: Layer, arrays: Sequence[Stored]) -> Pairs:
    """Return the weights of a layer, object by object: its own first, as Keras 3 lists them.

    In the file those that are trained come first.
    """
    objects: dict[tuple[str, ...], list[Stored]] = {}
    for array in arrays:
        objects.setdefault(array.name[:-1], []).append(array)
    # The sort is stable: objects inside stay in the order of the file.
    nearest = min((len(path) for path in objects), default=0)
    paths = sorted(objects, key=lambda path: len(path) > nearest)
    return tuple(
        (Slot(role_of(array.name[-1]), array.shape, layer.key, path[1:], (layer.name,)), array)
        for path in paths
        for array in objects[path]
    )


def variables(layer: Layer, count: int) -> Slots:
    """Return so many variables of a layer, of which nothing else is known."""
    return tuple(
        Slot(f"weight_{number}", None, layer.key, layers=(layer.name,)) for number in range(count)
    )


def note(layer: Layer, arrays: Sequence[Stored]) -> Iterator[Diagnostic]:
    """Yield a warning for a layer with layers inside: their order is not sure."""
    if len({array.name[:-1] for array in arrays}) > 1:
        message = (
            f"{prose(layer.name)!r} is no layer of Keras and holds others: its weights come object "
            "by object, in the order of the file"
        )
        hint = "compare with the order of its `weights`"
        yield Diagnostic("weight-order", message, layer.origin, hint, "warning")
