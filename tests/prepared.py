"""Graphs as they are after the passes, and what is inside them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kcodegen import registry
from kcodegen.ir.graph import Artifact, Graph
from kcodegen.ir.values import Obj, walk
from kcodegen.pipeline import prepare
from kcodegen.registry.vocabulary import Vocabulary
from kcodegen.words import snake_case


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


def could_clash(graph: Graph) -> bool:
    """Tell whether a layer may be called what Keras will call an op: a random name's luck."""
    models = list(nested(graph))
    calls = [call for model in models for call in model.calls if call.kind == "op"]
    prefixes = {snake_case(registry.op(call.target).name) for call in calls}
    names = [layer.name for model in models for layer in model.layers]
    return any(re.sub(r"_\d+$", "", name) in prefixes for name in names)
