"""Recurrent layers that took the steps first and the batch second, which Keras 3 does not.

LSTM(3, time_major=True)(x)   ->   LSTM(3)(swapaxes(x, 0, 1)), with its steps swapped back
"""

from __future__ import annotations

from dataclasses import replace

from kcodegen.diagnostics import Diagnostic
from kcodegen.ir.document import Node
from kcodegen.ir.graph import Call, Graph
from kcodegen.ir.values import Ref, Value, lookup, rewrite
from kcodegen.words import prose

_SWAP = "keras.ops.swapaxes"


def is_turned(item: Node) -> bool:
    """Tell whether an item of `layers` is a recurrent layer with the steps first."""
    config = item.mapping().get("config")
    return isinstance(config, dict) and config.get("time_major") is True


def plain(item: Node) -> Node:
    """Return the layer as it would be with the batch first."""
    config = item.field("config").mapping() | {"time_major": False}
    return replace(item, value=item.mapping() | {"config": dict(config)})


def turned(graph: Graph, names: frozenset[str]) -> tuple[Graph, tuple[Diagnostic, ...]]:
    """Return the graph with axes swapped around the calls of these layers, and a warning each."""
    if not names:
        return graph, ()
    calls: list[Call] = []
    moved: dict[Ref, Ref] = {}
    notes = []
    for call in graph.calls:
        layer = next((item for item in graph.layers if item.name == call.target), None)
        if call.target not in names or layer is None or not call.args:
            calls.append(call)
            continue
        before = _swap(f"/{_SWAP}/{call.id}/before", call.args[0], call)
        calls += [before, replace(call, args=(Ref(before.id), *call.args[1:]))]
        if lookup(layer.args, "return_sequences") is True:
            after = _swap(f"/{_SWAP}/{call.id}/after", Ref(call.id), call)
            calls.append(after)
            moved[Ref(call.id)] = Ref(after.id)
        message = f"{prose(layer.name)} took the steps first: axes are swapped around it"
        notes.append(Diagnostic("time-major", message, call.origin, severity="warning"))
    made = frozenset(ref.call for ref in moved.values())

    def follow(value: Value) -> Value:
        return moved.get(value, value) if isinstance(value, Ref) else value

    followed = tuple(
        call
        if call.id in made
        else replace(
            call,
            args=tuple(rewrite(value, follow) for value in call.args),
            kwargs=tuple((key, rewrite(value, follow)) for key, value in call.kwargs),
        )
        for call in calls
    )
    outputs = rewrite(graph.outputs, follow)
    return replace(graph, calls=followed, outputs=outputs), tuple(notes)


def _swap(id: str, value: Value, call: Call) -> Call:
    """Return the call that swaps the first two axes."""
    args = (("x", value), ("axis1", 0), ("axis2", 1))
    return Call(id, "op", _SWAP, (), args, call.origin)
