"""Implicit masks: those that Keras makes by itself come out of the graph, and can go back in.

    emb = Embedding(11, 4, mask_zero=True)(tok)          emb = Embedding(11, 4, mask_zero=True)(tok)
    m = not_equal(tok, 0)                          ->    y = LSTM(3)(emb)
    y = LSTM(3)(emb, mask=m)

`with_masks` replays what `Layer.__call__` of Keras 3 does with masks; `without_masks` leaves out
only what that replay brings back, and keeps every other mask as the argument that it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from kcodegen.ir.graph import Call, Graph, Layer
from kcodegen.ir.order import executable, flatten, post_order
from kcodegen.ir.values import Ref, Value
from kcodegen.passes.defaults import drop_defaults
from kcodegen.registry.masking import (
    MaskReplay,
    is_empty,
    makes_mask,
    mask_arguments,
    records_masks,
)


def with_masks(graph: Graph) -> Graph:
    """Return the graph with the mask ops and `mask` arguments that Keras would add."""
    layers = {layer.name: layer for layer in graph.layers}
    if not any(makes_mask(layer.key, layer.args) for layer in graph.layers):
        return graph
    replay = MaskReplay()
    calls: list[Call] = []
    for call in executable(graph.calls):
        if call.kind == "layer":
            layer = layers[call.target]
            before = len(replay.calls)
            calls.append(replay.call(call, layer.key, layer.args))
            calls.extend(replay.calls[before:])
        else:
            calls.append(call)
    return replace(graph, calls=tuple(calls))


def with_recorded_masks(graph: Graph) -> Graph:
    """Return the graph with those masks that Keras also records in the model."""
    given = {call.id: call for call in graph.calls}
    filled = with_masks(graph)
    calls = tuple(
        given[call.id] if call.id in given and not records_masks(given[call.id]) else call
        for call in filled.calls
    )
    return replace(filled, calls=calls)


# Leaving masks out


def without_masks(graph: Graph) -> Graph:
    """Return the graph without the masks that `with_masks` brings back."""
    if not any(makes_mask(layer.key, layer.args) for layer in graph.layers):
        return graph
    layers = {layer.name: layer for layer in graph.layers}
    bare = replace(graph, calls=tuple(_drop(call, layers) for call in graph.calls))
    derived = {call.id: call for call in with_masks(bare).calls}
    recorded = _Tree(graph.calls)
    replayed = _Tree(tuple(derived.values()))
    calls = []
    for call, stripped in zip(graph.calls, bare.calls, strict=True):
        before = recorded.masks(call, layers)
        after = replayed.masks(derived[call.id], layers)
        calls.append(stripped if before == after or not before else call)
    kept = replace(graph, calls=tuple(calls))
    return _prune(kept)


def _drop(call: Call, layers: Mapping[str, Layer]) -> Call:
    if call.kind == "op":
        return call
    names = mask_arguments(layers[call.target].key)
    kwargs = tuple(kw for kw in call.kwargs if kw[0] not in names or not _is_op(kw[1]))
    return replace(call, kwargs=kwargs)


def _is_op(value: Value) -> bool:
    refs = list(flatten(value))
    return bool(refs) and all(ref.call.startswith("/") for ref in refs)


class _Tree:
    """Spells the expression of ops behind a reference, for comparing masks of two graphs."""

    def __init__(self, calls: tuple[Call, ...]) -> None:
        self.calls = {call.id: call for call in calls}

    def masks(self, call: Call, layers: Mapping[str, Layer]) -> tuple[tuple[str, str], ...]:
        """Return the mask arguments of a call, spelled out."""
        if call.kind == "op":
            return ()
        names = mask_arguments(layers[call.target].key)
        found = [(k, self.spell(v)) for k, v in call.kwargs if k in names and not is_empty(v)]
        return tuple(sorted(found))

    def spell(self, value: Value) -> str:
        """Return one text for equal expressions; defaults of ops are left out."""
        match value:
            case Ref(id, index) if id in self.calls and self.calls[id].kind == "op":
                call = self.calls[id]
                given = drop_defaults(call.target, call.kwargs)
                args = [f"{key}={self.spell(item)}" for key, item in given]
                return f"{call.target}({', '.join(args)})[{index}]"
            case tuple():
                return f"({', '.join(self.spell(item) for item in value)})"
            case _:
                return repr(value)


def _prune(graph: Graph) -> Graph:
    """Return the graph without ops that nothing uses."""
    calls = {call.id: call for call in graph.calls}
    before = {
        call.id: [
            ref.call
            for ref in (*flatten(call.args), *flatten(tuple(value for _, value in call.kwargs)))
        ]
        for call in graph.calls
    }
    roots = [ref.call for ref in (*flatten(graph.outputs), *flatten(graph.inputs))]
    used = set(post_order(roots, before))
    kept = tuple(c for c in graph.calls if c.kind == "layer" or c.id in used)
    assert all(ref in calls for call in kept for ref in before[call.id])
    return replace(graph, calls=kept)
