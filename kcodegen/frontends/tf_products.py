"""Products with a turned side, as one op where two ops would change the order of the layers.

    ops.matmul(q, ops.swapaxes(k, -2, -1))   ->   ops.einsum("...ij,...kj->...ik", q, k)

Keras lists its layers, and with them its weights, by how many steps come after them: one step
more behind `k` may move the layer before it to another place than the file has it in.
"""

from __future__ import annotations

from dataclasses import replace

from kcodegen.ir.graph import Call, Graph
from kcodegen.ir.order import Cycle, sort_layers, traverse
from kcodegen.ir.values import Ref, Value, lookup
from kcodegen.weights.variables.weightless import WEIGHTLESS

_MATMUL, _SWAP, _EINSUM = "keras.ops.matmul", "keras.ops.swapaxes", "keras.ops.einsum"
# The equation by which side is turned.
_EQUATIONS = {
    (False, True): "...ij,...kj->...ik",
    (True, False): "...ji,...jk->...ik",
    (True, True): "...ji,...kj->...ik",
}


def with_order_kept(graph: Graph) -> Graph:
    """Return the graph, its products in the form that keeps the order of layers with weights."""
    turned = {call.id: call for call in graph.calls if call.target == _SWAP and "." in call.id}
    if not turned or _is_in_order(graph):
        return graph
    calls = tuple(
        _as_one(call, turned) if call.target == _MATMUL else call
        for call in graph.calls
        if call.id not in turned
    )
    single = replace(graph, calls=calls)
    return single if _is_in_order(single) else graph


def _is_in_order(graph: Graph) -> bool:
    """Tell whether Keras lists the layers that have weights in the order of the file."""
    try:
        settled = sort_layers(graph, traverse(graph).operations)
    except Cycle:  # said elsewhere
        return True
    known = {layer.name for layer in settled.layers}
    names = [
        [item.name for item in one.layers if item.name in known and item.key not in WEIGHTLESS]
        for one in (graph, settled)
    ]
    return names[0] == names[1]


def _as_one(call: Call, turned: dict[str, Call]) -> Call:
    """Return a product that turns its sides by itself."""
    sides = [lookup(call.kwargs, name) for name in ("x1", "x2")]
    swaps = [turned.get(side.call) if isinstance(side, Ref) else None for side in sides]
    if not any(swaps):
        return call
    operands: list[Value] = [
        side if swap is None else lookup(swap.kwargs, "x")
        for side, swap in zip(sides, swaps, strict=True)
    ]
    equation = _EQUATIONS[swaps[0] is not None, swaps[1] is not None]
    args = (("subscripts", equation), ("operands", tuple(operands)))
    return replace(call, target=_EINSUM, kwargs=args)
