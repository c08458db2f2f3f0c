"""Layers in the order in which Keras lists them, which is the order of their weights.

layers out, in   ->   layers in, out
"""

from __future__ import annotations

from kcodegen.diagnostics import Diagnostic
from kcodegen.ir.graph import Graph
from kcodegen.ir.order import sort_layers, traverse
from kcodegen.passes.masks import with_recorded_masks
from kcodegen.weights.variables.weightless import WEIGHTLESS
from kcodegen.words import prose


def settle_order(graph: Graph) -> tuple[Graph, tuple[Diagnostic, ...]]:
    """Return the graph with its layers in Keras' own order, and a warning when that differs.

    A file that Keras wrote differs in nothing; one that was edited may.
    """
    if not graph.calls:
        return graph, ()
    settled = sort_layers(graph, traverse(with_recorded_masks(graph)).operations)
    known = {layer.name for layer in settled.layers}
    notes = []
    lost = [layer.name for layer in graph.layers if layer.name not in known]
    if lost:
        message = f"no output needs {', '.join(map(prose, lost))}: left out, as Keras does"
        notes.append(Diagnostic("unused-layer", message, graph.origin, severity="warning"))
    if _with_weights(graph, known) != _with_weights(settled, known):
        message = "the layers are not in Keras' order: weights come in the order of the page"
        notes.append(Diagnostic("layer-order", message, graph.origin, severity="warning"))
    return settled, tuple(notes)


def _with_weights(graph: Graph, known: set[str]) -> list[str]:
    """Return the names of the layers that may have weights, in their order."""
    return [
        layer.name for layer in graph.layers if layer.name in known and layer.key not in WEIGHTLESS
    ]
