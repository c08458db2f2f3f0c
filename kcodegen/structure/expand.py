"""The inverse of structure recovery: Outline -> the very graph it came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace

from kcodegen.ir.formulas import Text, fill
from kcodegen.ir.graph import Call, Graph, Layer
from kcodegen.ir.order import number_ops, sort_layers, traverse
from kcodegen.ir.outline import Block, Body, Item, Outline, Repeat, Step, Use, When
from kcodegen.ir.values import Args, Obj, Ref, Value, rewrite
from kcodegen.records import record
from kcodegen.registry import row
from kcodegen.registry.vocabulary import OWN_ROWS, SEQUENTIAL, is_custom
from kcodegen.registry.widths import width_of


def expand(outline: Outline) -> Graph:
    """Return the graph that `outline` says.

    Layers come in Keras' own order, which follows from the calls; those of a Sequential in the
    order of the steps. Arguments that a block leaves at their default are written out.
    """
    if not outline.blocks and all(isinstance(step, Step) for step in outline.steps):
        graph = _flat(outline)
    else:
        graph = _Expansion(outline).graph()
    if not graph.calls:
        return graph
    return sort_layers(graph, traverse(graph).operations)


def tally(outline: Outline) -> dict[str, tuple[int, int]]:
    """Return how often each block is entered when the model is built, and what calls it makes."""
    expansion = _Expansion(outline)
    expansion.graph()
    return {b.name: (expansion.entered[b.name], expansion.made[b.name]) for b in outline.blocks}


def _flat(outline: Outline) -> Graph:
    steps = [step for step in outline.steps if isinstance(step, Step)]
    return replace(
        outline.frame,
        layers=tuple(step.layer for step in steps if step.layer is not None),
        calls=tuple(step.call for step in steps if step.call is not None),
    )


@record(frozen=True)
class _Scope:
    """What references, layers and holes stand for where a step is said."""

    refs: dict[Ref, Ref]
    layers: dict[str, str]
    holes: Mapping[str, Value]


@record(frozen=False)
class _Expansion:
    outline: Outline
    blocks: dict[str, Block] = field(default_factory=dict)
    layers: list[Layer] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    uses: Counter[str] = field(default_factory=Counter)
    entered: Counter[str] = field(default_factory=Counter)
    made: Counter[str] = field(default_factory=Counter)
    automatic: Iterator[str] = field(init=False)
    measures: bool = False
    widths: dict[Ref, int] = field(default_factory=dict)
    known: dict[str, Layer] = field(default_factory=dict)

    def graph(self) -> Graph:
        outline = self.outline
        self.blocks = {block.name: block for block in outline.blocks}
        self.automatic = iter(outline.automatic)
        self.measures = any(block.width for block in outline.blocks)
        scope = _Scope({}, {}, {})
        self._items(outline.steps, scope)
        if next(self.automatic, None) is not None:
            raise ValueError("the outline holds names that no layer has")

        def put_back(value: Value) -> Value:
            return scope.refs[value] if isinstance(value, Ref) else value

        frame = outline.frame
        graph = replace(
            frame,
            layers=tuple(self.layers),
            calls=tuple(self.calls),
            inputs=rewrite(frame.inputs, put_back),
            outputs=rewrite(frame.outputs, put_back),
        )
        return number_ops(graph)

    def _items(self, items: Sequence[Item], scope: _Scope) -> None:
        for item in items:
            match item:
                case Step():
                    self._step(item, scope)
                case Use():
                    block = self.blocks[item.block]
                    given = {param.name: param.default for param in block.params if param.optional}
                    given |= {name: fill(value, scope.holes) for name, value in item.filling}
                    inputs = [scope.refs[ref] for ref in item.inputs]
                    if block.width:
                        given[block.width] = self.widths[inputs[0]]
                    before = len(self.calls)
                    layers = {name: scope.layers[name] for name in block.captures}
                    self._results(item.id, self._body(block.body, inputs, layers, given), scope)
                    self.entered[item.block] += 1
                    self.made[item.block] += len(self.calls) - before
                case Repeat():
                    self._repeat(item, scope)
                case When():
                    chosen = item.body if fill(item.test, scope.holes) else item.orelse
                    inputs = [scope.refs[ref] for ref in item.inputs]
                    gives = self._body(chosen, inputs, scope.layers, scope.holes)
                    self._results(item.id, gives, scope)

    def _results(self, id: str, gives: Sequence[Ref], scope: _Scope) -> None:
        scope.refs.update({Ref(id, place): ref for place, ref in enumerate(gives)})

    def _body(
        self,
        body: Body,
        inputs: Sequence[Ref],
        layers: dict[str, str],
        holes: Mapping[str, Value],
    ) -> list[Ref]:
        """Return what a body gives."""
        taken = {Ref(take): ref for take, ref in zip(body.takes, inputs, strict=True)}
        inner = _Scope(taken, dict(layers), holes)
        self._items(body.steps, inner)
        return [inner.refs[ref] for ref in body.gives]

    def _repeat(self, item: Repeat, scope: _Scope) -> None:
        count, start = fill(item.count, scope.holes), fill(item.start, scope.holes)
        rows = fill(item.rows, scope.holes)
        assert isinstance(count, int)
        assert isinstance(start, int)
        assert isinstance(rows, tuple)
        inputs = [scope.refs[ref] for ref in item.inputs]
        fixed = len(item.body.takes) - item.drawn
        kept, drawn = inputs[:fixed], inputs[fixed:]
        lists: list[list[Ref]] = [[] for _ in range(item.lists)]
        for turn in range(count):
            holes = dict(scope.holes) | {item.index: start + item.step * turn}
            if item.columns:
                cells = rows[turn]
                assert isinstance(cells, tuple)
                holes |= dict(zip(item.columns, cells, strict=True))
            taken = [*kept, *drawn[turn::count]]
            gives = self._body(item.body, taken, scope.layers, holes)
            kept[: item.carried] = gives[: item.carried]
            for items, ref in zip(lists, gives[item.carried :], strict=True):
                items.append(ref)
        results = [*kept[: item.carried], *(ref for items in lists for ref in items)]
        self._results(item.id, results, scope)

    # Steps

    def _step(self, step: Step, scope: _Scope) -> None:
        if step.layer is not None:
            layer = self._layer(step.layer, step.name, scope)
            self.layers.append(layer)
            scope.layers[step.layer.name] = layer.name
        if step.call is None:
            return
        call, id = step.call, f"/op/{len(self.calls)}"
        target = call.target
        if call.kind == "layer":
            target = scope.layers[call.target]
            id = f"{target}/{self.uses[target]}"
            self.uses[target] += 1

        def put(value: Value) -> Value:
            return scope.refs[value] if isinstance(value, Ref) else value

        args = tuple(fill(rewrite(value, put), scope.holes) for value in call.args)
        kwargs = tuple((n, fill(rewrite(v, put), scope.holes)) for n, v in call.kwargs)
        self.calls.append(replace(call, id=id, target=target, args=args, kwargs=kwargs))
        if self.measures:
            self._measure(self.calls[-1])
        for index in range(_MOST_OUTPUTS):
            scope.refs[Ref(call.id, index)] = Ref(id, index)

    def _measure(self, call: Call) -> None:
        """Note how wide the tensor is that a call gives."""
        key, given = call.target, call.kwargs
        if call.kind == "layer":
            while len(self.known) < len(self.layers):
                layer = self.layers[len(self.known)]
                self.known[layer.name] = layer
            key, given = self.known[call.target].key, self.known[call.target].args
        width = width_of(call, key, given, self.widths)
        if width is not None:
            self.widths[Ref(call.id)] = width

    def _layer(self, layer: Layer, name: Value, scope: _Scope) -> Layer:
        args = tuple((key, self._inner(fill(value, scope.holes))) for key, value in layer.args)
        own = self._own_name(layer, fill(name, scope.holes))
        if layer.key == SEQUENTIAL.key and layer.body is None:
            return self._sequential(own, args, layer.named)
        return replace(layer, name=own, args=args)

    def _own_name(self, layer: Layer, name: Value) -> str:
        if isinstance(name, str):
            return name
        if isinstance(name, Text):
            return "".join(map(str, name.parts))
        return next(self.automatic) if _is_local(layer.name) and not layer.named else layer.name

    def _inner(self, value: Value) -> Value:
        """Return a value with the automatic names of the layers inside it."""
        match value:
            case tuple():
                return tuple(self._inner(item) for item in value)
            case Obj(key, args):
                new = tuple((name, self._inner(item)) for name, item in args)
                if not value.named and "name" not in dict(args) and _is_layer(key):
                    new = (*new, ("name", next(self.automatic)))
                return replace(value, args=new)
            case _:
                return _as_text(value)

    def _sequential(self, name: str, args: Args, named: bool) -> Layer:
        parts = dict(args)["layers"]
        assert isinstance(parts, tuple)
        layers = []
        for part in parts:
            assert isinstance(part, Obj)
            given = dict(part.args)
            own = given.pop("name")
            layers.append(Layer(str(own), part.key, tuple(given.items()), named=part.named))
        body = Graph(name, SEQUENTIAL.key, tuple(layers), named=named)
        return Layer(name, SEQUENTIAL.key, body=body, named=named)


_MOST_OUTPUTS = 64


def _is_local(name: str) -> bool:
    """Tell whether a layer goes by a name of the outline, not by its own."""
    return name.startswith("%")


def _is_layer(key: str) -> bool:
    if is_custom(key) or key in OWN_ROWS:
        return True
    return row(key).kind == "layer"


def _as_text(value: Value) -> Value:
    return "".join(map(str, value.parts)) if isinstance(value, Text) else value
