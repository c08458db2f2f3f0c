"""Draft -> Outline: numbers become references, holes get the names of their parameters."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import field, replace

from kcodegen.ir.formulas import change, plain
from kcodegen.ir.graph import Call, Graph, Layer, Shape
from kcodegen.ir.outline import Block, Body, Item, Outline, Param, Repeat, Step, Use, When
from kcodegen.ir.values import Args, Dict, Hole, Obj, Ref, Value, rewrite
from kcodegen.records import record
from kcodegen.registry.vocabulary import SEQUENTIAL
from kcodegen.structure.draft import Chain, Draft, Node, Slot, Slots, free
from kcodegen.structure.statements import NAME, order_of
from kcodegen.structure.wording import Wording, wording


def spell(draft: Draft) -> Outline:
    """Return the outline that a draft says."""
    return _Speller(draft, wording(draft)).outline()


@record(frozen=False)
class _Speller:
    draft: Draft
    words: Wording
    refs: dict[int, Ref] = field(default_factory=dict)
    layers: dict[int, str] = field(default_factory=dict)
    shapes: dict[Ref, Shape] = field(default_factory=dict)
    hole_names: dict[str, str] = field(default_factory=dict)
    count: int = 0

    def outline(self) -> Outline:
        graph = self.draft.graph
        for block in self.draft.blocks.values():
            self.layers.update({n: self.draft.layer_numbers[n] for n in block.captures})
        blocks = tuple(self._block(name) for name in self.words.order)
        steps = tuple(self._main())
        kept = {s.layer.name for s in steps if isinstance(s, Step) and s.layer is not None}
        numbers = {ref: number for number, ref in self.draft.refs.items()}

        def changed(value: Value) -> Value:
            return self.refs[numbers[value]] if isinstance(value, Ref) else value

        frame = replace(
            graph,
            layers=(),
            calls=(),
            inputs=rewrite(graph.inputs, changed),
            outputs=rewrite(graph.outputs, changed),
            shapes=self.shapes,
        )
        return Outline(frame, steps, blocks, tuple(automatic_names(graph, kept)))

    def _main(self) -> Iterator[Item]:
        for node in self.draft.main.nodes:
            yield from self._node(node, is_main=True)

    def _block(self, name: str) -> Block:
        block = self.draft.blocks[name]
        params = self.words.params[name]
        self.hole_names = {slot.name: params[slot.name] for slot in block.slots}
        width = ""
        if any(block.width in free(node) for node in block.chain.nodes):
            width = "width" if "channels" in params.values() else "channels"
            self.hole_names[block.width] = width
        slots = sorted(block.slots, key=_signature_order)
        return Block(
            self.words.blocks[name],
            tuple(Param(params[s.name], s.optional, plain(s.default)) for s in slots),
            self._body(block.chain),
            tuple(self.layers[number] for number in block.captures),
            width,
        )

    def _body(self, chain: Chain) -> Body:
        takes = tuple(self._take(number) for number in chain.takes if number not in self.layers)
        items = tuple(item for node in chain.nodes for item in self._node(node, is_main=False))
        return Body(takes, items, tuple(self.refs[number] for number in chain.gives))

    def _take(self, number: int) -> str:
        self.count += 1
        self.refs[number] = Ref(f"take{self.count}")
        return f"take{self.count}"

    def _identify(self, node: Node) -> str:
        """Return the id of a node; of one in the model, the id of the call that its result was."""
        known = self.draft.refs.get(node.results[0])
        self.count += 1
        id = known.call if known is not None and known.index == 0 else f"v{self.count}"
        for place, number in enumerate(node.results):
            self.refs[number] = Ref(id, place)
            original = self.draft.refs.get(number)
            if original is not None and original in self.draft.graph.shapes:
                self.shapes[Ref(id, place)] = self.draft.graph.shapes[original]
        return id

    def _node(self, node: Node, is_main: bool) -> Iterator[Item]:
        match node.kind:
            case "use":
                inputs = tuple(self.refs[n] for n in node.operands)
                yield Use(
                    self._identify(node),
                    self.words.blocks[node.head[1]],
                    inputs,
                    self._filling(node),
                )
            case "repeat":
                yield self._repeat(node)
            case "when":
                inputs = tuple(self.refs[n] for n in node.operands)
                test = self._value(node.slots["test"])
                bodies = [self._inner(chain, node.operands) for chain in node.chains]
                yield When(self._identify(node), test, inputs, *bodies)
            case _ if is_main:
                yield self._as_it_was(node)
            case "make layer" | "make chain" | "make opaque":
                self.count += 1
                self.layers[node.results[0]] = f"%{self.count}"
                yield Step(self._layer(node, f"%{self.count}"), None, self._name(node))
            case _:
                yield self._step(node)

    def _filling(self, node: Node) -> Args:
        params = self.words.params[node.head[1]]
        slots = {slot.name: slot for slot in self.draft.blocks[node.head[1]].slots}
        return tuple(
            (params[name], self._value(value))
            for name, value in node.slots.items()
            if name in slots
        )

    def _inner(self, chain: Chain, operands: tuple[int, ...]) -> Body:
        """Return the body of a loop or a condition; layers from outside keep their names."""
        for take, number in zip(chain.takes, operands, strict=False):
            if number in self.layers:
                self.layers[take] = self.layers[number]
        return self._body(chain)

    def _repeat(self, node: Node) -> Repeat:
        _, carried, lists, drawn, _, index, _, step, *_ = node.head
        fixed = len(node.chains[0].takes) - drawn
        inputs = tuple(self.refs[n] for n in node.operands if n not in self.layers)
        columns = node.slots.get("columns", ())
        assert isinstance(columns, tuple)
        taken = self.words.loops[id(node)]
        names = {str(index): taken[0], **dict(zip(map(str, columns), taken[1:], strict=True))}
        outer, self.hole_names = self.hole_names, self.hole_names | names
        rows, start, count = (
            self._value(node.slots.get(name, ())) for name in ("rows", "start", "count")
        )
        body = self._inner(node.chains[0], node.operands[:fixed])
        self.hole_names = outer
        uses_index = bool(node.slots["index"])
        return Repeat(
            self._identify(node),
            taken[0] if uses_index else "",
            start,
            count,
            inputs,
            carried,
            body,
            tuple(taken[1:]),
            rows,
            lists,
            drawn,
            step,
        )

    # Steps

    def _as_it_was(self, node: Node) -> Step:
        """Return the step of a node that is no part of anything: as in the flat outline."""
        if node.kind.startswith("make"):
            name = self.draft.layer_numbers[node.results[0]]
            self.layers[node.results[0]] = name
            return Step(self.draft.layers[name], None)
        original = self.draft.refs[node.results[0]]
        call = self.draft.calls[original.call]
        for place, number in enumerate(node.results):
            self.refs[number] = Ref(call.id, place)
            if Ref(original.call, place) in self.draft.graph.shapes:
                self.shapes[Ref(call.id, place)] = self.draft.graph.shapes[
                    Ref(original.call, place)
                ]
        numbers = iter(node.operands[1:] if node.kind == "apply" else node.operands)
        plain = call.kind == "layer" and node.kind != "apply"
        layer = self.draft.layers[call.target] if plain else None
        return Step(layer, _with_refs(call, numbers, self.refs))

    def _layer(self, node: Node, name: str) -> Layer:
        kind = node.kind.removeprefix("make ")
        if kind == "opaque":
            return replace(self.draft.opaque[node.head[1]], name=name)
        if kind == "chain":
            parts = tuple(
                self._part(key, place, node.slots) for place, key in enumerate(node.head[1])
            )
            return Layer(name, SEQUENTIAL.key, (("layers", parts),), named=NAME in node.slots)
        slots = {n: v for n, v in node.slots.items() if n != NAME}
        return Layer(name, node.head[1], self._args(node.head[1], slots), named=NAME in node.slots)

    def _part(self, key: str, place: int, slots: Slots) -> Obj:
        mark = f"{place}."
        own = {n.removeprefix(mark): v for n, v in slots.items() if n.startswith(mark)}
        name = own.pop(NAME, None)
        args = self._args(key, own)
        if name is None:
            return Obj(key, args, named=False)
        return Obj(key, (*args, (NAME, self._value(name))))

    def _args(self, key: str, slots: Slots) -> Args:
        order = {name: place for place, name in enumerate(order_of(key))}
        given = sorted(slots.items(), key=lambda item: order.get(item[0], len(order)))
        return tuple((name, self._value(value)) for name, value in given)

    def _name(self, node: Node) -> Value:
        return self._value(node.slots[NAME]) if NAME in node.slots else None

    def _step(self, node: Node) -> Step:
        operands = tuple(n for n in node.operands if n not in self.layers)
        numbers = iter(operands)
        if node.kind == "op":
            shapes = dict(node.head[2])
            slots = {name: self._value(value) for name, value in node.slots.items()}
            named = {name: self._filled(shape, numbers) for name, shape in shapes.items()} | slots
            given = tuple((n, named[n]) for n in order_of(node.head[1]) if n in named)
            return Step(None, Call(self._identify(node), "op", node.head[1], (), given))
        args, keywords = node.head[-2]
        filled = tuple(self._filled(shape, numbers) for shape in args)
        kwargs = tuple((name, self._filled(shape, numbers)) for name, shape in keywords)
        id = self._identify(node)
        if node.kind == "apply":
            return Step(None, Call(id, "layer", self.layers[node.operands[0]], filled, kwargs))
        self.count += 1
        layer = self._layer(node, f"%{self.count}")
        return Step(layer, Call(id, "layer", layer.name, filled, kwargs), self._name(node))

    def _filled(self, shape: Hashable, numbers: Iterator[int]) -> Value:
        """Return a structure with its tensors put back."""
        match shape:
            case "@":
                return self.refs[next(numbers)]
            case ("tuple", *items):
                return tuple(self._filled(item, numbers) for item in items)
            case ("dict", *items):
                pairs = (item for item in items if isinstance(item, tuple))
                return Dict(tuple((str(name), self._filled(v, numbers)) for name, v in pairs))
            case _:
                return self.draft.constants[shape]

    def _value(self, value: Value) -> Value:
        def named(hole: Hole) -> Value:
            return Hole(self.hole_names.get(hole.name, hole.name))

        return plain(change(value, named))


_LEADING = ("first", "filters", "units", "size", "kernel_size", "blocks")


def _signature_order(slot: Slot) -> tuple[bool, bool, int]:
    """Return the place of a parameter: sizes first, the name last, then what is optional."""
    place = _LEADING.index(slot.hint) if slot.hint in _LEADING else len(_LEADING)
    return slot.optional, slot.hint in ("name", "index"), place


def _with_refs(call: Call, numbers: Iterator[int], refs: dict[int, Ref]) -> Call:
    """Return a call with its tensors replaced in the order in which nodes list them."""

    def changed(value: Value) -> Value:
        match value:
            case Ref():
                return refs[next(numbers)]
            case tuple():
                return tuple(changed(item) for item in value)
            case Dict(items):
                return Dict(tuple((name, changed(item)) for name, item in items))
            case _:
                return value

    args = tuple(changed(value) for value in call.args)
    keys = [name for name, _ in call.kwargs]
    ordered = sorted(keys) if call.kind == "layer" else keys
    given = dict(call.kwargs)
    done = {name: changed(given[name]) for name in ordered}
    return replace(call, args=args, kwargs=tuple((name, done[name]) for name in keys))


def automatic_names(graph: Graph, kept: set[str]) -> Iterator[str]:
    """Yield the names that no step of the model itself says, as Keras makes their layers."""
    layers = {layer.name: layer for layer in graph.layers}
    for call in graph.calls:
        layer = layers.pop(call.target, None) if call.kind == "layer" else None
        if layer is None or layer.name in kept:
            continue
        if layer.body is not None and layer.key == SEQUENTIAL.key:
            yield from (part.name for part in layer.body.layers if not part.named)
        yield from (name for _, value in layer.args for name in _inner_names(value))
        if not layer.named:
            yield layer.name


def _inner_names(value: Value) -> Iterator[str]:
    match value:
        case tuple():
            for item in value:
                yield from _inner_names(item)
        case Obj(_, args):
            for name, item in args:
                if name != NAME:
                    yield from _inner_names(item)
            own = dict(args).get(NAME)
            if not value.named and isinstance(own, str):
                yield own
