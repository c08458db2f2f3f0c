"""What tests of Keras' own files share."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from kcodegen import Options, compile_file
from kcodegen.ir.graph import Graph
from kcodegen.weights.files.containers import tree_of
from kcodegen.weights.files.store import whole, widened
from kcodegen.weights.matching.native import match
from kcodegen.weights.variables.definition import Slot


def graph_of(path: Path, options: Options | None = None) -> Graph:
    """Return the graph of a file, as its page has it."""
    graph = compile_file(path, options or Options(stubs=True)).artifact.model
    assert graph is not None
    return graph


def weights_of(path: Path, graph: Graph) -> list[tuple[Slot, Any]]:
    """Return the weights of a model as a file has them."""
    with ExitStack() as stack:
        tree = tree_of(path, stack)
        assert tree is not None
        return [
            (slot, widened(whole(stored), stored.dtype).reshape(stored.shape))
            for slot, stored in match(graph, tree).weights
        ]
