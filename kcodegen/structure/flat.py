"""The trivial outline: one step per call, in the order of the page."""

from __future__ import annotations

from dataclasses import replace

from kcodegen.ir.graph import Graph
from kcodegen.ir.outline import Outline, Step


def flat_outline(graph: Graph) -> Outline:
    """Return the outline that says every call of `graph` on a line of its own.

    A layer is defined where it is first called; the layers of a Sequential are its steps.
    """
    frame = replace(graph, layers=(), calls=())
    if not graph.calls:
        return Outline(frame, tuple(Step(layer, None) for layer in graph.layers))
    undefined = {layer.name: layer for layer in graph.layers}
    steps = []
    for call in graph.calls:
        layer = undefined.pop(call.target, None) if call.kind == "layer" else None
        steps.append(Step(layer, call))
    return Outline(frame, tuple(steps))
