"""The variables that a model wants, and the layers whose own a file has to tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeAlias

from kcodegen.ir.graph import Graph, Layer
from kcodegen.records import record
from kcodegen.weights.variables.definition import Slot
from kcodegen.weights.variables.slots import layer_slots

Path: TypeAlias = "tuple[str, ...]"


@record(frozen=True)
class Strange:
    """A layer whose class is not known, and the names that lead to it."""

    names: Path
    layer: Layer


def wanted(graph: Graph, names: Path = ()) -> Iterator[Slot | Strange]:
    """Yield the variables of a model; a layer whose class is not known stands for its own."""
    for layer in graph.layers:
        own = layer_slots(layer)
        if own is not None:
            yield from (replace(slot, layers=(*names, *slot.layers)) for slot in own)
        elif layer.body is not None:
            yield from wanted(layer.body, (*names, layer.name))
        else:
            yield Strange((*names, layer.name), layer)
