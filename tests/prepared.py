"""Graphs as they are after the passes, from random ones or from files."""

from __future__ import annotations

from collections.abc import Iterator

from kcodegen.ir.graph import Artifact, Graph
from kcodegen.ir.values import Obj, walk
from kcodegen.pipeline import prepare
from kcodegen.registry.vocabulary import Vocabulary


def prepared(graph: Graph) -> Graph:
    """Return the graph after the passes."""
    artifact, _ = prepare(Artifact("model", model=graph), Vocabulary())
    assert artifact.model is not None
    return artifact.model


def nested(graph: Graph) -> Iterator[Graph]:
    """Yield the graph and every model inside it, wrapped ones too."""
    yield graph
    for layer in graph.layers:
        if layer.body is not None:
            yield from nested(layer.body)
        for _, value in layer.args:
            for item in walk(value):
                if isinstance(item, Obj) and item.body is not None:
                    yield from nested(item.body)
