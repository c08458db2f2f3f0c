"""The order of the page: inputs first, then each call after what it needs, branch by branch.

Calls of a shared layer keep their order, and automatic names are met in the order of their
numbers, because an author made `dense_1` after `dense`.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise

from kcodegen import registry
from kcodegen.diagnostics import CompileError, rejected
from kcodegen.ir.graph import Call, Graph
from kcodegen.ir.order import (
    Cycle,
    post_order,
    rename_calls,
    sort_calls,
    sources,
    sources_in_turn,
)
from kcodegen.ir.values import refs
from kcodegen.passes.branches import branch_by_branch
from kcodegen.passes.groups import gather
from kcodegen.registry.vocabulary import Vocabulary
from kcodegen.words import prose, snake_case


def schedule(graph: Graph, vocabulary: Vocabulary) -> Graph:
    """Return the graph with its calls in the order of the page; unused ones are gone."""
    if not graph.calls:
        return graph
    try:
        return _schedule(drop_unused(graph), vocabulary)
    except Cycle as cycle:
        raise _cycle_error(graph, cycle) from cycle


def _schedule(graph: Graph, vocabulary: Vocabulary) -> Graph:
    needed = sources_in_turn(graph.calls)
    roots = [ref.call for ref in (*refs(graph.inputs), *refs(graph.outputs))]
    order = post_order(roots, needed)
    chained = {id: list(before) for id, before in needed.items()}
    for earlier, later in automatic_chain(graph, frozenset(order), vocabulary):
        chained[later].append(earlier)
    with suppress(Cycle):  # names that only look automatic may contradict the wiring
        named = post_order(roots, chained)
        in_order = named == order
        order = gather(order, chained) if in_order else branch_by_branch(roots, needed, chained)
    return sort_calls(graph, order)


def drop_unused(graph: Graph) -> Graph:
    """Return the graph without calls that no output needs; uses that stay count up from 0."""
    before = sources(graph.calls)
    roots = [ref.call for ref in (*refs(graph.inputs), *refs(graph.outputs))]
    used = set(post_order(roots, before))
    kept = replace(graph, calls=tuple(call for call in graph.calls if call.id in used))
    uses: Counter[str] = Counter()
    ids = {}
    for call in kept.calls:
        ids[call.id] = call.id if call.kind == "op" else f"{call.target}/{uses[call.target]}"
        uses[call.target] += 1
    return rename_calls(kept, ids)


def _cycle_error(graph: Graph, cycle: Cycle) -> CompileError:
    call = next(call for call in graph.calls if call.id == cycle.call)
    name = prose(call.name or call.target)
    message = f"the graph has a cycle: {name!r} needs its own output"
    return rejected("cycle", message, call.origin, "no Keras model is built like that")


def automatic_chain(
    graph: Graph, used: frozenset[str], vocabulary: Vocabulary
) -> list[tuple[str, str]]:
    """Return pairs of call ids: the first must come before the second for names to count up."""
    keys = {layer.name: layer.key for layer in graph.layers}
    numbered: dict[str, dict[int, str]] = {}
    seen: set[str] = set()
    for call in graph.calls:
        if call.id not in used or (call.kind == "layer" and call.target in seen):
            continue
        seen.add(call.target if call.kind == "layer" else call.id)
        prefix, name = automatic_prefix(call, keys, vocabulary), call.name or call.target
        number = automatic_number(name, prefix)
        if number is not None:
            numbered.setdefault(prefix, {})[number] = call.id
    pairs = []
    for calls in numbered.values():
        ordered = [calls[number] for number in sorted(calls)]
        pairs += list(pairwise(ordered))
    return pairs


def automatic_prefix(call: Call, keys: dict[str, str], vocabulary: Vocabulary) -> str:
    """Return what Keras calls objects of this class when nobody names them: `Conv2D -> conv2d`."""
    if call.kind == "op":
        return snake_case(registry.op(call.target).name)
    return snake_case(vocabulary.row(keys[call.target]).name)


def automatic_number(name: str, prefix: str) -> int | None:
    """Return the place of an automatic name: `dense -> 0`, `dense_3 -> 3`; None for others."""
    if name == prefix:
        return 0
    rest = name.removeprefix(f"{prefix}_")
    if rest == name or not (rest.isascii() and rest.isdigit()) or rest.startswith("0"):
        return None
    return int(rest) if len(rest) < 10 else None
