"""The inverse of structure recovery: Outline -> the very graph it came from."""

from __future__ import annotations

from dataclasses import replace

from kcodegen.ir.graph import Graph
from kcodegen.ir.order import sort_layers, traverse
from kcodegen.ir.outline import Outline


def expand(outline: Outline) -> Graph:
    """Return the graph that `outline` says.

    Layers come in Keras' own order, which follows from the calls; those of a Sequential in the
    order of the steps.
    """
    graph = replace(
        outline.frame,
        layers=tuple(step.layer for step in outline.steps if step.layer is not None),
        calls=tuple(step.call for step in outline.steps if step.call is not None),
    )
    if not graph.calls:
        return graph
    return sort_layers(graph, traverse(graph).operations)
