"""Graph -> Draft: one node per call, its arguments as slots, its name in words and numbers.

Conv2D(64, 3, name="conv2_bn")   ->   filters=64, kernel_size=3, name=("conv", 2, "_", "bn")
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Hashable
from dataclasses import field, replace
from itertools import pairwise
from typing import Any

from kcodegen import registry
from kcodegen.ir.formulas import Ramp, Text, key
from kcodegen.ir.graph import Call, Graph, Layer
from kcodegen.ir.order import operands
from kcodegen.ir.values import Args, Dict, Obj, Ref, Value, refs
from kcodegen.records import record
from kcodegen.registry.rows import Parameter, Required, narrow
from kcodegen.registry.vocabulary import INPUT, OWN_ROWS, SEQUENTIAL, is_custom
from kcodegen.registry.widths import width_of
from kcodegen.structure.draft import Chain, Draft, Node, Slots

_ATOMS = re.compile(r"[0-9]+|[A-Za-z]+|[^A-Za-z0-9]")
_LEAST_RATES, _MOST_STEPS = 4, 100
_SCALES = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
NAME = "name"


def atoms(name: str) -> Text:
    """Return a name in words, numbers and separators; `007` is a word, for it is no number."""
    parts = map(sys.intern, _ATOMS.findall(name))  # what is one object is compared in no time
    return Text(tuple(int(p) if p.isdigit() and str(int(p)) == p else p for p in parts))


def draft_of(graph: Graph) -> Draft:
    """Return the draft of a functional graph."""
    return _Loader(graph).load()


@record(frozen=False)
class _Loader:
    graph: Graph
    layers: dict[str, Layer] = field(default_factory=dict)
    tensors: dict[Ref, int] = field(default_factory=dict)
    made: dict[str, int] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    widths: Counter[str] = field(default_factory=Counter)
    draft: Draft = field(init=False)

    def load(self) -> Draft:
        graph = self.graph
        self.draft = Draft(graph, Chain((), self.nodes, ()))
        self.layers = self.draft.layers = {layer.name: layer for layer in graph.layers}
        self.draft.calls = {call.id: call for call in graph.calls}
        uses = Counter(call.target for call in graph.calls if call.kind == "layer")
        for ref in self._refs():
            self.widths[ref.call] = max(self.widths[ref.call], ref.index + 1)
        for call in graph.calls:
            if call.kind == "op":
                self._op(call)
            elif uses[call.target] > 1:
                self._shared(call)
            else:
                self._layer(call)
        gives = tuple(self.tensors[ref] for ref in refs(graph.outputs))
        self.draft.main = Chain((), _with_ramps(self.nodes), gives)
        self.draft.refs = {number: ref for ref, number in self.tensors.items()}
        self.draft.layer_numbers = {number: name for name, number in self.made.items()}
        self.draft.made.update(self.draft.layer_numbers)
        self.draft.widths = {self.tensors[ref]: width for ref, width in self._widths().items()}
        return self.draft

    def _widths(self) -> dict[Ref, int]:
        """Return how wide the tensors are, as far as that is known."""
        found: dict[Ref, int] = {}
        for call in self.graph.calls:
            layer = self.layers[call.target] if call.kind == "layer" else None
            key, args = (layer.key, layer.args) if layer is not None else (call.target, call.kwargs)
            width = width_of(call, key, args, found)
            if width is not None:
                found[Ref(call.id)] = width
        return found

    def _refs(self) -> list[Ref]:
        found = [ref for call in self.graph.calls for ref in operands(call)]
        return [*found, *refs(self.graph.outputs), *refs(self.graph.inputs)]

    def _add(self, head: tuple[Any, ...], extra: tuple[int, ...], slots: Slots, call: Call) -> None:
        results = tuple(self.draft.number() for _ in range(max(1, self.widths[call.id])))
        taken = tuple(self.tensors[ref] for ref in _in_order(call))
        self.nodes.append(Node((*head, len(results)), (*extra, *taken), slots, results))
        self.tensors.update({Ref(call.id, i): number for i, number in enumerate(results)})

    def _op(self, call: Call) -> None:
        slots = {name: v for name, v in call.kwargs if not any(True for _ in refs(v))}
        kwargs = tuple(
            (name, None if name in slots else self._shape(value)) for name, value in call.kwargs
        )
        head = ("op", call.target, tuple((n, s) for n, s in kwargs if n not in slots))
        self._add(head, (), slots, call)

    def _layer(self, call: Call) -> None:
        layer = self.layers[call.target]
        kind, slots = self._constructor(layer)
        self._add((*kind, self._call_shape(call)), (), slots, call)

    def _shared(self, call: Call) -> None:
        if call.target not in self.made:
            (kind, *rest), slots = self._constructor(self.layers[call.target])
            number = self.made[call.target] = self.draft.number()
            self.nodes.append(Node((f"make {kind}", *rest), (), slots, (number,)))
        self._add(("apply", self._call_shape(call)), (self.made[call.target],), {}, call)

    def _constructor(self, layer: Layer) -> tuple[tuple[Any, ...], Slots]:
        """Return the head and the slots of a layer."""
        if layer.key == INPUT.key or (layer.body is not None and not _is_chain(layer)):
            self.draft.opaque[layer.name] = layer
            return ("opaque", layer.name), {}
        if layer.body is not None:
            return self._sequential(layer, layer.body)
        slots = slots_of(layer.key, layer.args)
        if layer.named:
            slots[NAME] = atoms(layer.name)
        return ("layer", layer.key), slots

    def _sequential(self, layer: Layer, body: Graph) -> tuple[tuple[Any, ...], Slots]:
        slots: Slots = {}
        for place, part in enumerate(body.layers):
            slots |= {f"{place}.{n}": v for n, v in slots_of(part.key, part.args).items()}
            if part.named:
                slots[f"{place}.{NAME}"] = atoms(part.name)
        if layer.named:
            slots[NAME] = atoms(layer.name)
        self.draft.opaque.setdefault(layer.name, layer)
        return ("chain", tuple(part.key for part in body.layers), layer.named), slots

    def _call_shape(self, call: Call) -> Hashable:
        args = tuple(self._shape(value) for value in call.args)
        kwargs = tuple((name, self._shape(value)) for name, value in sorted(call.kwargs))
        return (args, kwargs)

    def _shape(self, value: Value) -> Hashable:
        """Return a structure with its tensors left out; constants in it are looked up again."""
        match value:
            case Ref():
                return "@"
            case tuple() if any(True for _ in refs(value)):
                return ("tuple", *(self._shape(item) for item in value))
            case Dict(items) if any(True for _ in refs(value)):
                return ("dict", *((name, self._shape(item)) for name, item in items))
            case _ if any(True for _ in refs(value)):
                self.draft.constants[("odd", id(value))] = value
                return ("odd", id(value))
            case _:
                self.draft.constants[("=", key(value))] = value
                return ("=", key(value))


def _in_order(call: Call) -> list[Ref]:
    """Return the tensors of a call in the order in which its shape lists them."""
    kwargs = sorted(call.kwargs) if call.kind == "layer" else call.kwargs
    return [ref for value in (*call.args, *(v for _, v in kwargs)) for ref in refs(value)]


def _is_chain(layer: Layer) -> bool:
    """Tell whether a nested model reads well inside another line: a few plain layers in a row."""
    body = layer.body
    return (
        body is not None
        and layer.key == SEQUENTIAL.key
        and not body.args
        and 0 < len(body.layers) <= 4
        and all(part.body is None for part in body.layers)
    )


def slots_of(key: str, args: Args) -> Slots:
    """Return arguments as slots: numbers are as short as a person writes them."""
    found: Slots = {}
    for name, value in args:
        param = parameter(key, name)
        found[name] = _slot(value, param)
    return found


def _slot(value: Value, param: Parameter | None) -> Value:
    if isinstance(value, tuple) and param is not None and param.spread is not None:
        number = narrow(value, param.spread)
        if isinstance(number, (int, float)):
            return number
    if isinstance(value, tuple) and any(isinstance(item, Obj) for item in value):
        return tuple(_slot(item, None) for item in value)
    if isinstance(value, Obj) and value.body is None:
        args = value.args if value.named else tuple(a for a in value.args if a[0] != NAME)
        return replace(value, args=tuple((n, _part(n, v)) for n, v in args))
    return value


def _part(name: str, value: Value) -> Value:
    if name == NAME and isinstance(value, str):
        return atoms(value)
    return _slot(value, None)


def parameter(key: str, name: str) -> Parameter | None:
    """Return what the registry knows of an argument of a class or an op."""
    if is_custom(key):
        return None
    if key.startswith(registry.OPS):
        return registry.op(key).param(name)
    row = OWN_ROWS[key] if key in OWN_ROWS else registry.row(key)
    return row.param(name)


def default_of(node: Node, name: str) -> Value | Required:
    """Return what a missing slot of a node stands for."""
    from kcodegen.registry.rows import REQUIRED

    kind, where = node.kind.removeprefix("make "), node.head[1]
    if kind == "chain":
        place, _, name = name.partition(".")
        where = where[int(place)] if place.isdigit() else ""
    elif kind not in ("layer", "op"):
        return REQUIRED
    param = parameter(where, name) if where and name != NAME else None
    if param is None or isinstance(param.default, Required):
        return REQUIRED
    return _slot(param.default, param)


def order_of(key: str) -> list[str]:
    """Return the names of a class' arguments in the order of its signature."""
    if is_custom(key):
        return []
    if key.startswith(registry.OPS):
        return [param.name for param in registry.op(key).params]
    row = OWN_ROWS[key] if key in OWN_ROWS else registry.row(key)
    return [param.name for param in (*row.params, *row.extra)]


# Rates that grow with depth


def _with_ramps(nodes: list[Node]) -> list[Node]:
    """Return the nodes with rates like `0.2 * 3 / 16` as formulas of their numerators."""
    rates = [v for node in nodes if isinstance(v := node.slots.get("rate"), float) and v > 0]
    found = _ramp(sorted(set(rates))) if _rises(rates) else None
    if found is None:
        return nodes
    scale, steps = found
    known = {repr(scale * i / steps): i for i in range(1, steps + 1)}
    return [
        replace(
            node, slots=node.slots | {"rate": Ramp(scale, known[repr(node.slots["rate"])], steps)}
        )
        if repr(node.slots.get("rate")) in known
        else node
        for node in nodes
    ]


def _rises(rates: list[float]) -> bool:
    """Tell whether rates never fall on the way through the network, but for the last one."""
    return all(before <= after for before, after in pairwise(rates[:-1]))


def _ramp(rates: list[float]) -> tuple[float, int] | None:
    """Return the scale and the number of steps that most rates share exactly."""
    if len(rates) < _LEAST_RATES:
        return None
    for steps in range(len(rates), _MOST_STEPS):
        found = [(_hits(rates, scale, steps), scale) for scale in _SCALES]
        hits, scale = max(found)
        if hits >= max(_LEAST_RATES, len(rates) - 2):
            return scale, steps
    return None


def _hits(rates: list[float], scale: float, steps: int) -> int:
    hits = 0
    for rate in rates:
        numerator = round(rate * steps / scale)
        hits += 0 < numerator <= steps and scale * numerator / steps == rate
    return hits
