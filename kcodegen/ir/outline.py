"""The Outline: what repeats in a graph, as steps that a page can say.

Today an outline is flat: one step per layer or call. Whatever structure recovery learns to
say, `structure.expand` learns to undo in the same change, so that
`expand(outline(graph)) == graph` always holds.
"""

from __future__ import annotations

from typing import TypeAlias

from kcodegen.ir.graph import Call, Graph, Layer
from kcodegen.records import record


@record(frozen=True)
class Step:
    """One line of a model: a layer that is defined here, its call, or both.

    `layer` is None for an op and for a later use of a layer; `call` is None in a Sequential.
    """

    layer: Layer | None
    call: Call | None


Item: TypeAlias = Step


@record(frozen=True)
class Outline:
    """A graph's frame (its name, style, inputs, outputs; no layers, no calls) and its steps."""

    frame: Graph
    steps: tuple[Item, ...]
