"""The validator of a graph: every reference leads somewhere, every name is there once."""

from __future__ import annotations

from collections import Counter

from kcodegen.diagnostics import rejected
from kcodegen.ir.graph import Graph
from kcodegen.ir.order import flatten, operands
from kcodegen.words import prose


def verify(graph: Graph) -> None:
    """Raise CompileError unless the graph is one that Keras could build.

    References lead to earlier calls, layers have one name each and are called, uses count up
    from 0, and what the model's outputs need comes from its inputs.
    """
    names = Counter(layer.name for layer in graph.layers)
    for name, count in names.items():
        if count > 1:
            raise rejected(
                "duplicate-name", f"{count} layers are called {prose(name)!r}", graph.origin
            )
    seen: set[str] = set()
    uses: Counter[str] = Counter()
    sources = {ref.call for ref in flatten(graph.inputs)}
    for call in graph.calls:
        for ref in operands(call):
            if ref.call not in seen:
                message = f"{prose(call.target)!r} uses a tensor before it is made"
                raise rejected("order", message, call.origin)
        if call.kind == "layer":
            if call.target not in names:
                raise rejected("unknown-layer", f"no layer {prose(call.target)!r}", call.origin)
            if call.id != f"{call.target}/{uses[call.target]}":
                raise rejected(
                    "use-order", f"calls of {prose(call.target)!r} are out of order", call.origin
                )
            uses[call.target] += 1
        if not any(True for _ in operands(call)) and call.id not in sources:
            message = f"{prose(call.target)!r} is no input of the model, but nothing feeds it"
            raise rejected("disconnected", message, call.origin)
        seen.add(call.id)
    for ref in (*flatten(graph.inputs), *flatten(graph.outputs)):
        if ref.call not in seen:
            raise rejected("unknown-reference", "an input or output of the model is never made")
