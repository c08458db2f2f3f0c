"""References to outputs, held against what the calls return.

["lu_factor", 0, 1]   is there: lu_factor returns two tensors
["lu_factor", 0, 2]   is not, and no page could say it
"""

from __future__ import annotations

from collections.abc import Iterator

from kcodegen.diagnostics import Diagnostic, Origin
from kcodegen.ir.graph import Graph
from kcodegen.ir.order import flatten, operands
from kcodegen.ir.values import Ref
from kcodegen.registry.arity import call_structure, leaves
from kcodegen.words import prose


def wrong_outputs(graph: Graph) -> Iterator[Diagnostic]:
    """Yield an error for every output that is used and does not exist, or that can't be told."""
    layers = {layer.name: layer for layer in graph.layers}
    counts: dict[str, int] = {}
    for call in graph.calls:
        structure = call_structure(call, layers.get(call.target))
        if structure is None or structure == ():
            continue  # as many as are used
        names = leaves(structure)
        counts[call.id] = len(names)
        if None in names:
            message = f"what {prose(call.target)!r} returns depends on a cell of yours"
            hint = "return no state, or put a cell of Keras in its place"
            yield Diagnostic("unknown-outputs", message, call.origin, hint)
    for call in graph.calls:
        yield from _missing(operands(call), counts, call.origin)
    yield from _missing(tuple(flatten(graph.outputs)), counts, graph.origin)


def _missing(refs: tuple[Ref, ...], counts: dict[str, int], origin: Origin) -> Iterator[Diagnostic]:
    for ref in refs:
        count = counts.get(ref.call)
        if count is not None and ref.index >= count:
            name = prose(ref.call.rpartition("/")[0].lstrip("/"))
            returned = "one tensor" if count == 1 else f"{count} tensors"
            message = f"output {ref.index} of {name!r} is used, but it returns {returned}"
            yield Diagnostic("unknown-reference", message, origin, "count its outputs from 0")
