"""The orders of a graph: how its calls depend on each other, and how Keras sorts its layers.

Everything here is iterative: a chain of 20,000 layers is no deeper than one of two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from kcodegen.ir.graph import Call, Graph
from kcodegen.ir.values import Args, Dict, Obj, Ref, Slice, Value, rewrite
from kcodegen.records import record, replace


def flatten(value: Value) -> Iterator[Ref]:
    """Yield the references of a structure as Keras flattens it: dicts by sorted key."""
    match value:
        case Ref():
            yield value
        case tuple():
            for item in value:
                yield from flatten(item)
        case Dict(items):
            for _, item in sorted(items, key=lambda pair: pair[0]):
                yield from flatten(item)
        case Slice(start, stop, step):
            for item in (start, stop, step):
                yield from flatten(item)
        case Obj(_, args):
            for _, item in args:
                yield from flatten(item)


def operands(call: Call) -> tuple[Ref, ...]:
    """Return the tensors a call takes, in the order in which Keras sees them.

    A layer's keyword arguments come sorted by name; an op's are positional in truth.
    """
    plain = tuple(value for value in call.args if isinstance(value, Ref))
    if not call.kwargs and len(plain) == len(call.args):
        return plain  # nearly all calls
    kwargs = sorted(call.kwargs) if call.kind == "layer" and len(call.kwargs) > 1 else call.kwargs
    positional = [ref for value in call.args for ref in flatten(value)]
    return (*positional, *(ref for _, value in kwargs for ref in flatten(value)))


def sources(calls: Iterable[Call]) -> dict[str, list[str]]:
    """Return the ids of the calls whose outputs each call takes, by its own id."""
    return {call.id: [ref.call for ref in operands(call)] for call in calls}


def sources_in_turn(calls: Iterable[Call]) -> dict[str, list[str]]:
    """Return `sources`, and for each call of a layer the call of it before."""
    found = sources(calls := tuple(calls))
    last: dict[str, str] = {}
    for call in calls:
        if call.kind == "layer":
            if call.target in last:
                found[call.id].append(last[call.target])
            last[call.target] = call.id
    return found


class Cycle(Exception):  # noqa: N818  (what was found, not what went wrong)
    """Calls need each other in a circle; `call` is the id of one of them."""

    def __init__(self, call: str) -> None:
        self.call = call
        super().__init__(f"a cycle through {call}")


def post_order(
    roots: Sequence[str],
    before: Mapping[str, Sequence[str]],
    seen: Callable[[str], None] = lambda _: None,
) -> list[str]:
    """Return the ids reachable from `roots`, each after everything in `before` it.

    `seen` is told of each id when it is first reached. Raises Cycle.
    """
    order: list[str] = []
    state: dict[str, int] = {}  # 1: in progress, 2: done
    for root in roots:
        stack: list[tuple[str, Iterator[str]]] = []
        if root not in state:
            state[root] = 1
            seen(root)
            stack.append((root, iter(before[root])))
        while stack:
            current, rest = stack[-1]
            child = next(rest, None)
            if child is None:
                state[current] = 2
                order.append(current)
                stack.pop()
            elif child not in state:
                state[child] = 1
                seen(child)
                stack.append((child, iter(before[child])))
            elif state[child] == 1:
                raise Cycle(child)
    return order


def executable(calls: Sequence[Call]) -> list[Call]:
    """Return the calls so that each comes after what it takes. Raises Cycle."""
    known = {call.id: call for call in calls}
    return [known[id] for id in post_order(list(known), sources_in_turn(calls))]


@record(frozen=True)
class Traversal:
    """Keras' walk over a graph: call ids from inputs to outputs, and operations in model order.

    `operations` holds a layer's name or an op's call id. Source: `map_graph` in
    `keras.src.ops.function`.
    """

    calls: tuple[str, ...]
    operations: tuple[str, ...]


def traverse(graph: Graph) -> Traversal:
    """Return the order in which Keras walks and sorts a functional graph."""
    calls = {call.id: call for call in graph.calls}
    before = sources(graph.calls)
    operation = {id: call.target if call.kind == "layer" else id for id, call in calls.items()}
    index: dict[str, int] = {}

    def reached(id: str) -> None:
        index.setdefault(operation[id], len(index))

    walked = post_order(
        [ref.call for ref in flatten(graph.outputs)],
        before,
        reached,
    )
    depths: dict[str, int] = {}
    by_operation: dict[str, int] = {}
    for id in reversed(walked):
        name = operation[id]
        depth = max(depths.setdefault(id, 0), by_operation.get(name, 0))
        by_operation[name] = depths[id] = depth
        for parent in before[id]:
            depths[parent] = max(depth + 1, depths.get(parent, 0))
    for ref in flatten(graph.inputs):
        name = operation[ref.call]
        if name not in by_operation:
            by_operation[name], index[name] = 0, -1
            walked.append(ref.call)
    order = sorted(by_operation, key=lambda name: (-by_operation[name], index[name]))
    return Traversal(tuple(walked), tuple(order))


def rename_calls(graph: Graph, names: Mapping[str, str]) -> Graph:
    """Return the graph with other call ids."""

    def change(value: Value) -> Value:
        return Ref(names[value.call], value.index) if isinstance(value, Ref) else value

    def changed(args: Args) -> Args:
        return tuple((key, rewrite(value, change)) for key, value in args)

    calls = tuple(
        replace(
            call,
            id=names[call.id],
            args=tuple(rewrite(value, change) for value in call.args),
            kwargs=changed(call.kwargs),
        )
        for call in graph.calls
    )
    shapes = {Ref(names[r.call], r.index): s for r, s in graph.shapes.items() if r.call in names}
    return replace(
        graph,
        calls=calls,
        inputs=rewrite(graph.inputs, change),
        outputs=rewrite(graph.outputs, change),
        shapes=shapes,
    )


def number_ops(graph: Graph) -> Graph:
    """Return the graph with ops counted in the order of its calls: `/keras.ops.add/0`."""
    names: dict[str, str] = {}
    counts: dict[str, int] = {}
    for call in graph.calls:
        if call.kind == "layer":
            names[call.id] = call.id
        else:
            count = counts.get(call.target, 0)
            counts[call.target] = count + 1
            names[call.id] = f"/{call.target}/{count}"
    if all(old == new for old, new in names.items()):
        return graph
    return rename_calls(graph, names)


def sort_calls(graph: Graph, order: Sequence[str]) -> Graph:
    """Return the graph with its calls in `order` (others are dropped) and its ops renumbered."""
    calls = {call.id: call for call in graph.calls}
    return number_ops(replace(graph, calls=tuple(calls[id] for id in order)))


def sort_layers(graph: Graph, order: Sequence[str]) -> Graph:
    """Return the graph with its layers in the order of their names in `order`."""
    layers = {layer.name: layer for layer in graph.layers}
    return replace(graph, layers=tuple(layers[name] for name in order if name in layers))
