"""Which layer names a page has to write.

    Dense(64, name="dense")   ->   Dense(64)          where Keras would call it "dense" anyway

The policy: "auto" leaves out what Keras gives again by itself, "keep" writes every name, "drop"
leaves out whatever looks automatic, also where the number changes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from kcodegen import registry
from kcodegen.ir.graph import Graph, Layer
from kcodegen.ir.order import rename_calls
from kcodegen.ir.values import Args, Dict, Obj, Value, lookup
from kcodegen.naming.counters import Counters, counts_names, hidden, prefix_of, uncertain
from kcodegen.registry.rows import ClassRow, holds_of
from kcodegen.registry.vocabulary import SEQUENTIAL, Vocabulary
from kcodegen.words import snake_case

Policy = Literal["auto", "keep", "drop"]


@dataclass(slots=True)
class Namer:
    """Walks what a page constructs in the order it does, and decides on every name.

    `pinned` are names that something outside the model refers to (the keys of a loss dict);
    names that begin with one of `pinned_prefixes` are written because their count is uncertain.
    """

    vocabulary: Vocabulary
    policy: Policy
    pinned: frozenset[str] = frozenset()
    pinned_prefixes: frozenset[str] = frozenset()
    counters: Counters = field(default_factory=Counters)
    kept: set[str] = field(default_factory=set)

    def model(self, graph: Graph) -> Graph:
        """Return the graph with `named` decided for its layers and for itself.

        Under "drop" names change to what Keras will call the layers.
        """
        self._keep(graph)
        if graph.style == SEQUENTIAL.key or not graph.calls:
            return self._sequential(graph)
        layers = {layer.name: layer for layer in graph.layers}
        done: dict[str, Layer] = {}
        for call in graph.calls:
            if call.kind == "op":
                self.counters.take(snake_case(registry.op(call.target).name))
                continue
            if call.target not in done:
                done[call.target] = self.layer(layers[call.target])
                self._call(done[call.target], "call")
            self._call(done[call.target], "every call")
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
        if counts_names(row, holds) and isinstance(name, str):
            new, named = self._decide(name, prefix_of(row))
            args = (*(item for item in args if item[0] != "name"), ("name", new))
            obj = replace(obj, named=named)
        own = lookup(args, "name") if obj.named else None
        self._take_hidden(row, args, "construct", own if isinstance(own, str) else None)
        return replace(obj, args=args)

    def _args(self, args: Args, row: ClassRow) -> Args:
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
        if self.policy == "keep" or prefix in self.pinned_prefixes:
            return name, True
        if name == self.counters.next(prefix):
            return self.counters.take(prefix), False
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


def uncertain_prefixes(graph: Graph, vocabulary: Vocabulary) -> frozenset[str]:
    """Return the prefixes that Keras counts higher where masks flow through a model."""
    rows = [vocabulary.row(key) for key in _keys(graph)]
    if not any(row.masks.startswith("make") for row in rows):
        return frozenset()
    return frozenset(prefix for row in rows for prefix in uncertain(row))


def _keys(graph: Graph) -> set[str]:
    found: set[str] = set()
    for layer in graph.layers:
        found.add(layer.key)
        if layer.body is not None:
            found |= _keys(layer.body)
    return found


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
