"""Which layer names a page has to write.

    Dense(64, name="dense")   ->   Dense(64)          where Keras would call it "dense" anyway

The policy: "auto" leaves out what Keras gives again by itself, "keep" writes every name, "drop"
leaves out whatever looks automatic, also where the number changes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from typing import Literal

from kcodegen.diagnostics import CompileError, Diagnostic
from kcodegen.ir.graph import Graph, Layer
from kcodegen.ir.order import rename_calls
from kcodegen.ir.rewrite import HOLDERS
from kcodegen.ir.values import Args, Dict, Obj, Value, lookup
from kcodegen.naming.counters import (
    MASK_PREFIXES,
    Counters,
    MaskNames,
    counts_names,
    hidden,
    op_prefix,
    prefix_of,
)
from kcodegen.records import record, replace
from kcodegen.registry.masking import makes_mask
from kcodegen.registry.rows import ClassRow, holds_of
from kcodegen.registry.vocabulary import SEQUENTIAL, Vocabulary
from kcodegen.words import prose

Policy = Literal["auto", "keep", "drop"]


@record(frozen=False)
class Namer:
    """Walks what a page constructs in the order it does, and decides on every name.

    `pinned` are names that something outside the model refers to (the keys of a loss dict);
    `shared_prefixes` are those that layers share with ops, which are counted in any case.
    """

    vocabulary: Vocabulary
    policy: Policy
    pinned: frozenset[str] = frozenset()
    shared_prefixes: frozenset[str] = frozenset()
    counters: Counters = field(default_factory=Counters)
    kept: set[str] = field(default_factory=set)

    def model(self, graph: Graph) -> Graph:
        """Return the graph with `named` decided for its layers and for itself.

        Under "drop" names change to what Keras will call the layers. Raises CompileError when
        Keras would give an op the name of a layer.
        """
        self._keep(graph)
        if graph.style == SEQUENTIAL.key or not graph.calls:
            return self._sequential(graph)
        layers = {layer.name: layer for layer in graph.layers}
        done: dict[str, Layer] = {}
        masks = MaskNames(self.counters)
        ops: list[str] = []
        for call in graph.calls:
            if call.kind == "op":
                ops.append(self.counters.take(op_prefix(call.target)))
                continue
            if call.target not in done:
                done[call.target] = self.layer(layers[call.target])
                self._call(done[call.target], "call")
            layer = done[call.target]
            self._call(layer, "every call")
            ops += masks.call(call, layer.key, layer.args)
        _refuse_clashes(done.values(), ops)
        graph = _renamed(graph, done)
        return self._own(graph)

    def _own(self, graph: Graph) -> Graph:
        prefix = prefix_of(self.vocabulary.row(graph.style))
        name, named = self._decide(graph.name, prefix)
        return replace(graph, name=name, named=named)

    def _sequential(self, graph: Graph) -> Graph:
        layers = tuple(self.layer(layer) for layer in graph.layers)
        graph = self._own(replace(graph, layers=layers))
        if builds_itself(graph):
            if graph.layers[0].key != "keras.Input":
                self.counters.take("input_layer")
            for layer in layers:
                self._call(layer, "call")
                self._call(layer, "every call")
            self.counters.take("functional")
        return graph

    def layer(self, layer: Layer) -> Layer:
        """Return the layer with `named` decided, its parts included."""
        if layer.body is not None:
            body = self.model(replace(layer.body, name=layer.name))
            return replace(layer, name=body.name, body=body, named=body.named)
        row = self.vocabulary.row(layer.key)
        args = self._args(layer.args, row)
        name, named = self._decide(layer.name, prefix_of(row))
        self._take_hidden(row, args, "construct", name if named else None)
        return replace(layer, name=name, args=args, named=named)

    def object(self, obj: Obj, holds: str = "") -> Obj:
        """Return a nested constructor call, without its name where Keras gives it again.

        A user's class is named like a layer only in the place of a layer (`holds`).
        """
        if obj.body is not None:
            return replace(obj, body=self.model(obj.body))
        row = self.vocabulary.row(obj.key)
        args = self._args(obj.args, row)
        name = lookup(obj.args, "name")
        if counts_names(row, holds):
            prefix = prefix_of(row)
            if isinstance(name, str):
                new, named = self._decide(name, prefix)
            else:  # the file gives it none, and so does the page: Keras will
                new, named = self.counters.take(prefix), False
            args = (*(item for item in args if item[0] != "name"), ("name", new))
            obj = replace(obj, named=named)
        own = lookup(args, "name") if obj.named else None
        self._take_hidden(row, args, "construct", own if isinstance(own, str) else None)
        return obj if args is obj.args else replace(obj, args=args)

    def _args(self, args: Args, row: ClassRow) -> Args:
        if not any(type(value) in HOLDERS for _, value in args):  # most are scalars
            return args
        return tuple((name, self.value(value, holds_of(row, name))) for name, value in args)

    def value(self, value: Value, holds: str = "") -> Value:
        """Return a value with the names of the layers inside it decided."""
        match value:
            case Obj():
                return self.object(value, holds)
            case tuple():
                return tuple(self.value(item, holds) for item in value)
            case Dict(items):
                return Dict(tuple((key, self.value(item, holds)) for key, item in items))
            case _:
                return value

    def _keep(self, graph: Graph) -> None:
        """Note the names that stay in any case: no other layer may be renamed to one of them."""
        for layer in graph.layers:
            if not _looks_automatic(layer.name, prefix_of(self.vocabulary.row(layer.key))):
                self.kept.add(layer.name)

    def _decide(self, name: str, prefix: str) -> tuple[str, bool]:
        """Return the name an object will have, and whether the page writes it."""
        again = name == self.counters.next(prefix)
        if again and (self.policy != "keep" or prefix in self.shared_prefixes):
            return self.counters.take(prefix), False
        if self.policy == "keep":
            return name, True
        free = self.counters.next(prefix) not in self.kept | self.pinned and name not in self.pinned
        if self.policy == "drop" and _looks_automatic(name, prefix) and free:
            return self.counters.take(prefix), False
        return name, True

    def _call(self, layer: Layer, when: str) -> None:
        if layer.body is None:
            name = layer.name if layer.named else None
            self._take_hidden(self.vocabulary.row(layer.key), layer.args, when, name)

    def _take_hidden(self, row: ClassRow, args: Args, when: str, name: str | None) -> None:
        for prefix in hidden(row, args, when, name):
            self.counters.take(prefix)


def prefixes_of_ops(graph: Graph) -> frozenset[str]:
    """Return the prefixes by which Keras names ops of a model, nested ones and masks included.

    `--names keep` can't write a name that an op would take first: there, too, it is left out.
    """
    found: set[str] = set()
    waiting = [graph]
    while waiting:
        graph = waiting.pop()
        found.update(op_prefix(call.target) for call in graph.calls if call.kind == "op")
        if any(makes_mask(layer.key, layer.args) for layer in graph.layers):
            found.update(MASK_PREFIXES)
        waiting += [layer.body for layer in graph.layers if layer.body is not None]
    return frozenset(found)


def _refuse_clashes(layers: Iterable[Layer], ops: Iterable[str]) -> None:
    """Raise CompileError for layers whose names Keras will give to ops: it takes none twice."""
    taken = set(ops)
    clashes = [layer for layer in layers if layer.name in taken]
    if clashes:
        raise CompileError(_clash(layer) for layer in clashes)


def _clash(layer: Layer) -> Diagnostic:
    message = (
        f"the layer has the name that Keras gives one of the model's ops, {prose(layer.name)}, "
        "when the code is run in a fresh session"
    )
    hint = "--names drop lets Keras number the layers and ops anew"
    return Diagnostic("name-clash", message, layer.origin, hint)


def builds_itself(graph: Graph) -> bool:
    """Tell whether a Sequential is built as soon as it is made: its input is known."""
    if not graph.layers or len(graph.layers) < 2:
        return False
    first = graph.layers[0]
    return first.key == "keras.Input" or (first.body is not None and _has_input(first.body))


def _has_input(graph: Graph) -> bool:
    return bool(graph.calls) or builds_itself(graph)


def _looks_automatic(name: str, prefix: str) -> bool:
    rest = name.removeprefix(prefix)
    return name.startswith(prefix) and (not rest or (rest[0] == "_" and rest[1:].isdigit()))


def _renamed(graph: Graph, layers: dict[str, Layer]) -> Graph:
    """Return the graph with its layers replaced; calls follow when names change."""
    new = tuple(layers.get(layer.name, layer) for layer in graph.layers)
    changed = {old: layer.name for old, layer in layers.items() if old != layer.name}
    graph = replace(graph, layers=new)
    if not changed:
        return graph
    ids = {call.id: call.id for call in graph.calls}
    for call in graph.calls:
        if call.target in changed and call.kind == "layer":
            ids[call.id] = f"{changed[call.target]}/{call.id.rpartition('/')[2]}"
    graph = rename_calls(graph, ids)
    calls = tuple(
        replace(call, target=changed.get(call.target, call.target))
        if call.kind == "layer"
        else call
        for call in graph.calls
    )
    return replace(graph, calls=calls)
