"""The validator of an outline: what is used is there, tables are even, nothing uses itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field

from kcodegen.ir.formulas import holes
from kcodegen.ir.graph import Call
from kcodegen.ir.order import flatten, operands
from kcodegen.ir.outline import MOST_PARAMS, Block, Body, Item, Outline, Repeat, Step, Use, When
from kcodegen.ir.values import Ref, Value
from kcodegen.records import record

# What a page itself may ask for: the size that no file knows.
_ASKED = frozenset({"input_shape"})


def verify_outline(outline: Outline) -> None:
    """Raise ValueError unless a page can say the outline.

    Blocks have one name each and use those before them only, with as many tensors as they take
    and all their parameters; references lead to what was made before in the same body; holes are
    parameters, a block's width, or variables of loops around them; tables have a row for each
    turn and a cell for each column; layers are made before they are called.
    """
    blocks: dict[str, Block] = {}
    for block in outline.blocks:
        _once([block.name, *blocks], "block")
        _block(block, blocks)
        blocks[block.name] = block
    _want(not outline.frame.layers and not outline.frame.calls, "the frame holds steps")
    scope = _Scope(blocks, _ASKED, set())
    scope.items(outline.steps)
    frame = outline.frame
    scope.see((*flatten(frame.inputs), *flatten(frame.outputs)), "the model")


def _block(block: Block, known: dict[str, Block]) -> None:
    names = [param.name for param in block.params]
    known_holes = [*names, block.width] if block.width else names
    _once(known_holes, f"parameter of {block.name}")
    count = len(names) + len(block.body.takes) - 1
    _want(count <= MOST_PARAMS, f"{block.name} takes {count} things besides its first tensor")
    _want(bool(block.body.gives), f"{block.name} gives nothing")
    for param in block.params:
        is_closed = not list(holes(param.default))
        _want(is_closed, f"the default of {param.name} in {block.name} is not known")
    _once(block.captures, f"layer around {block.name}")
    _Scope(known, frozenset(known_holes), set(block.captures)).body(block.body, block.name)


def _want(holds: bool, why: str) -> None:
    if not holds:
        raise ValueError(f"the outline is wrong: {why}")


def _once(names: Iterable[str], what: str) -> None:
    for name, count in Counter(names).items():
        _want(count == 1, f"{name!r} is the name of more than one {what}")


@record(frozen=False)
class _Scope:
    """What is known at a place: blocks, holes, layers, and how many results each item has."""

    blocks: dict[str, Block]
    holes: frozenset[str]
    layers: set[str]
    results: dict[str, int | None] = field(default_factory=dict)

    def body(self, body: Body, what: str) -> None:
        """Check a body in a scope of its own."""
        inner = _Scope(self.blocks, self.holes, set(self.layers))
        for take in body.takes:
            inner.make(take, 1)
        inner.items(body.steps)
        inner.see(body.gives, what)

    def make(self, id: str, count: int | None) -> None:
        """Note an item and the number of its results; None when nothing here tells it."""
        _want(id not in self.results, f"{id!r} is made twice")
        self.results[id] = count

    def see(self, refs: Iterable[Ref], what: str) -> None:
        """Check that references lead to results that are there."""
        for ref in refs:
            _want(ref.call in self.results, f"{what} takes {ref.call!r}, which is not made yet")
            count = self.results[ref.call]
            is_there = count is None or 0 <= ref.index < count
            _want(is_there, f"{what} takes result {ref.index} of {ref.call!r}")

    def know(self, values: Iterable[Value], what: str) -> None:
        """Check that all holes of values are known."""
        for value in values:
            for hole in holes(value):
                _want(hole in self.holes, f"{what} wants {hole!r}, which nothing here gives")

    def items(self, items: Sequence[Item]) -> None:
        """Check items in their order."""
        for item in items:
            match item:
                case Step():
                    self.step(item)
                case Use():
                    self.use(item)
                case Repeat():
                    self.repeat(item)
                case When():
                    self.when(item)

    def step(self, step: Step) -> None:
        """Check the making of a layer, a call, or both."""
        layer, call = step.layer, step.call
        _want(layer is not None or call is not None, "a step does nothing")
        if layer is not None:
            _want(layer.name not in self.layers, f"{layer.name!r} is made twice")
            self.know((step.name, *(value for _, value in layer.args)), f"{layer.name!r}")
            self.layers.add(layer.name)
        if call is not None:
            self.call(call)
            self.make(call.id, None)

    def call(self, call: Call) -> None:
        """Check the tensors, the holes and the layer of a call."""
        is_made = call.kind == "op" or call.target in self.layers
        _want(is_made, f"{call.target!r} is called before it is made")
        self.see(operands(call), f"{call.id!r}")
        self.know((*call.args, *(value for _, value in call.kwargs)), f"{call.id!r}")

    def use(self, use: Use) -> None:
        """Check that a block is there, and is given what it takes."""
        _want(use.block in self.blocks, f"{use.block!r} is used, but no block before")
        block = self.blocks[use.block]
        takes, given = len(block.body.takes), [name for name, _ in use.filling]
        _want(len(use.inputs) == takes, f"{use.block!r} takes {takes} tensors")
        _once(given, f"argument of {use.block}")
        wanted = {param.name for param in block.params if not param.optional}
        known = {param.name for param in block.params}
        _want(wanted <= set(given) <= known, f"{use.block!r} is not given its parameters")
        _want(self.layers.issuperset(block.captures), f"{use.block!r} is used where no layers are")
        self.see(use.inputs, f"{use.block!r}")
        self.know((value for _, value in use.filling), f"{use.block!r}")
        self.make(use.id, len(block.body.gives))

    def repeat(self, loop: Repeat) -> None:
        """Check a loop: its numbers, its table, its body."""
        what, body = f"the loop {loop.id!r}", loop.body
        self.see(loop.inputs, what)
        self.know((loop.start, loop.count, loop.rows), what)
        _want(loop.step in (1, -1), f"{what} goes by {loop.step}")
        count = loop.count if isinstance(loop.count, int) else None
        has_lists = bool(loop.lists or loop.drawn)
        _want(count is not None or not has_lists, f"{what} has lists of any length")
        fixed = len(body.takes) - loop.drawn
        drawn = loop.drawn * (count or 0)
        _want(0 <= loop.carried <= fixed, f"{what} carries more than it takes")
        _want(len(loop.inputs) == fixed + drawn, f"{what} takes {fixed + drawn} tensors")
        given = loop.carried + loop.lists
        _want(len(body.gives) == given, f"a turn of {what} gives {given} tensors")
        _table(loop, count, what)
        names = [*([loop.index] if loop.index else []), *loop.columns]
        _once([*names, *self.holes], f"variable in {what}")
        inner = _Scope(self.blocks, self.holes | set(names), set(self.layers))
        inner.body(body, what)
        self.make(loop.id, loop.carried + loop.lists * (count or 0))

    def when(self, when: When) -> None:
        """Check a condition and both of its bodies."""
        what = f"the condition {when.id!r}"
        self.see(when.inputs, what)
        self.know((when.test,), what)
        for body in (when.body, when.orelse):
            _want(len(body.takes) == len(when.inputs), f"{what} takes other tensors inside")
            self.body(body, what)
        alike = len(when.body.gives) == len(when.orelse.gives)
        _want(alike, f"{what} gives more on one side")
        self.make(when.id, len(when.body.gives))


def _table(loop: Repeat, count: int | None, what: str) -> None:
    """Check that a table has a row for each turn, and a cell for each column."""
    if not loop.columns:
        _want(loop.rows == (), f"{what} has rows, but no columns")
        return
    if not isinstance(loop.rows, tuple):
        return
    _want(count is None or len(loop.rows) == count, f"{what} has {len(loop.rows)} rows")
    _want(set(_widths(loop.rows)) <= {len(loop.columns)}, f"the rows of {what} are uneven")


def _widths(rows: tuple[Value, ...]) -> Iterator[int]:
    for row in rows:
        yield len(row) if isinstance(row, tuple) else -1
