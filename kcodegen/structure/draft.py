"""The draft: a model as nodes that the search for structure can compare, cut out and put back.

A node is what stays the same (its head, how it is wired) apart from what may differ (its slots).
Tensors are numbers; every node makes new ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import field, replace
from typing import Any, TypeAlias

from kcodegen.ir.formulas import Affine, Condition, fill, holes, key
from kcodegen.ir.graph import Call, Graph, Layer
from kcodegen.ir.values import Hole, Obj, Ref, Value
from kcodegen.records import record

Slots: TypeAlias = "dict[str, Value]"


@record(frozen=False)
class Chain:
    """Nodes in a row that take and give tensors: a model, a block, the body of a loop."""

    takes: tuple[int, ...]
    nodes: list[Node]
    gives: tuple[int, ...]


@record(frozen=True, eq=False)
class Node:
    """A layer, an op, the use of a block, a loop or a condition.

    `head` begins with its kind: "layer", "op", "make", "apply", "opaque", "use", "repeat", "when".
    """

    head: tuple[Any, ...]
    operands: tuple[int, ...]
    slots: Slots
    results: tuple[int, ...]
    chains: tuple[Chain, ...] = ()

    @property
    def kind(self) -> str:
        """Return what kind of node this is."""
        kind: str = self.head[0]
        return kind


@record(frozen=True)
class Slot:
    """A parameter of a block: `hint` is the argument it stands for."""

    name: str
    hint: str
    optional: bool = False
    default: Value = None


@record(frozen=False)
class DraftBlock:
    """A block being made; `before` is a weight, for the explanation.

    `captures` are the layers of the model that it calls: such a block is a closure.
    """

    chain: Chain
    slots: list[Slot]
    before: float = 0.0
    copies: int = 0
    captures: tuple[int, ...] = ()
    width: str = ""
    """The hole that stands for the width of the first tensor taken."""

    def variant(self, filling: Slots) -> tuple[object, ...]:
        """Return which conditions of the body are met."""
        tests = (node.slots["test"] for node in self.chain.nodes if node.kind == "when")
        return tuple(key(self._decided(fill(test, filling))) for test in tests)

    def _decided(self, test: Value) -> Value:
        """Return a test, decided where it asks for a number that counts up in a loop."""
        if isinstance(test, Condition) and isinstance(test.of, Affine) and not test.than:
            return test.op == ""
        if isinstance(test, Condition) and test.of == Hole(self.width):
            return None  # nobody knows
        return test


@record(frozen=False)
class Draft:
    """The working state of one recovery; `made` are the numbers that stand for layers."""

    graph: Graph
    main: Chain
    blocks: dict[str, DraftBlock] = field(default_factory=dict)
    opaque: dict[str, Layer] = field(default_factory=dict)
    constants: dict[Hashable, Value] = field(default_factory=dict)
    refs: dict[int, Ref] = field(default_factory=dict)
    calls: dict[str, Call] = field(default_factory=dict)
    layers: dict[str, Layer] = field(default_factory=dict)
    layer_numbers: dict[int, str] = field(default_factory=dict)
    made: set[int] = field(default_factory=set)
    widths: dict[int, int] = field(default_factory=dict)
    tried: dict[Hashable, tuple[float, list[Node]]] = field(default_factory=dict)
    numbers: int = 0
    holes: int = 0

    def number(self) -> int:
        """Return a new tensor."""
        self.numbers += 1
        return self.numbers

    def hole(self) -> str:
        """Return a new name for what differs."""
        self.holes += 1
        return f"h{self.holes}"

    def chains(self) -> Iterator[Chain]:
        """Yield every chain: the model, the blocks, and what is inside their loops."""
        for chain in (self.main, *(block.chain for block in self.blocks.values())):
            yield from nested(chain)

    def copy(self, node: Node, known: dict[int, int], env: Mapping[str, Value]) -> Node:
        """Return a copy that makes new tensors, with the holes in `env` filled."""
        results = tuple(self.number() for _ in node.results)
        operands = tuple(known.get(number, number) for number in node.operands)
        self.stand_for(node.results, results)
        known.update(zip(node.results, results, strict=True))
        slots = filled(node.slots, env)
        chains = tuple(self.copy_chain(chain, env) for chain in node.chains)
        return Node(node.head, operands, slots, results, chains)

    def copy_chain(self, chain: Chain, env: Mapping[str, Value]) -> Chain:
        """Return a copy of a closed chain."""
        known = {number: self.number() for number in chain.takes}
        takes = tuple(known.values())
        self.stand_for(chain.takes, takes)
        nodes = [self.copy(node, known, env) for node in chain.nodes]
        return Chain(takes, nodes, tuple(known[number] for number in chain.gives))

    def stand_for(self, numbers: Iterable[int], others: Iterable[int]) -> None:
        """Note that what stands for a layer is a layer, too."""
        if self.made:
            pairs = zip(numbers, others, strict=True)
            self.made.update(other for number, other in pairs if number in self.made)


def filled(slots: Slots, env: Mapping[str, Value]) -> Slots:
    """Return slots with the holes in `env` filled."""
    return {name: fill(value, env) for name, value in slots.items()} if env else slots


def nested(chain: Chain) -> Iterator[Chain]:
    """Yield a chain and those inside its nodes."""
    yield chain
    for node in chain.nodes:
        for inner in node.chains:
            yield from nested(inner)


def deep(nodes: Iterable[Node]) -> Iterator[Node]:
    """Yield nodes and those inside them."""
    for node in nodes:
        yield node
        for chain in node.chains:
            yield from deep(chain.nodes)


def free(node: Node) -> set[str]:
    """Return the names of the holes in a node, its own loop variables included."""
    return {
        name for part in deep((node,)) for value in part.slots.values() for name in holes(value)
    }


def change_slots(node: Node, change: Callable[[Node], Slots]) -> Node:
    """Return the node with other slots, also inside it; the wiring stays as it is."""
    chains = tuple(
        Chain(c.takes, [change_slots(inner, change) for inner in c.nodes], c.gives)
        for c in node.chains
    )
    return replace(node, slots=change(node), chains=chains)


def last_uses(chain: Chain) -> dict[int, int]:
    """Return where each tensor is used last; what the chain gives lives beyond its end."""
    last: dict[int, int] = {}
    for place, node in enumerate(chain.nodes):
        for number in node.operands:
            last[number] = place
    for number in chain.gives:
        last[number] = len(chain.nodes) + 1
    return last


# What nodes look like, and what they weigh


@record(frozen=False)
class Looks:
    """Tokens and weights of nodes, remembered for one round of the search."""

    draft: Draft
    variants: bool = True
    known: dict[int, tuple[Node, Hashable]] = field(default_factory=dict)
    weights: dict[int, tuple[Node, float]] = field(default_factory=dict)
    numbers: dict[Hashable, int] = field(default_factory=dict)

    def token(self, node: Node) -> Hashable:
        """Return what is equal for two nodes when only their slots may differ.

        With `variants`, uses of a block are told apart by the conditions that they meet.
        """
        if not node.chains and (node.kind != "use" or not self.variants):
            return node.head
        found = self.known.get(id(node))
        if found is None and not node.chains:
            variant = self._variant(node)
            found = self.known[id(node)] = (node, (node.head, variant) if variant else node.head)
        if found is None:
            shape = (node.head, *(self._shape(chain) for chain in node.chains))
            number = self.numbers.setdefault(shape, len(self.numbers))
            found = self.known[id(node)] = (node, ("nested", node.head[0], number))
        return found[1]

    def _variant(self, node: Node) -> tuple[object, ...]:
        block, filling = self.draft.blocks[node.head[1]], node.slots
        if block.width and node.operands[0] in self.draft.widths:
            filling = filling | {block.width: self.draft.widths[node.operands[0]]}
        return block.variant(filling)

    def _shape(self, chain: Chain) -> Hashable:
        names: dict[int, Hashable] = {number: -1 - i for i, number in enumerate(chain.takes)}
        shape: list[Hashable] = []
        for place, node in enumerate(chain.nodes):
            shape.append((self.token(node), tuple(names[number] for number in node.operands)))
            names.update({number: (place, i) for i, number in enumerate(node.results)})
        return (tuple(shape), tuple(names[number] for number in chain.gives), len(chain.takes))

    def weight(self, node: Node) -> float:
        """Return about how many lines a node takes."""
        found = self.weights.get(id(node))
        if found is None:
            found = self.weights[id(node)] = (node, self._weigh(node))
        return found[1]

    def _weigh(self, node: Node) -> float:
        if node.chains:
            inside = sum(self.weight(inner) for chain in node.chains for inner in chain.nodes)
            if node.kind == "repeat":
                table = node.slots.get("rows", ())
                cells = len(table) * (2 * node.head[4] + 2) if isinstance(table, tuple) else 0
                return inside + (12 + cells) / LINE
            return inside + (5 + 3 * bool(node.chains[1].nodes)) / LINE + 0.3
        args = sum(3 + size(value) for value in node.slots.values())
        if node.kind == "use":
            return (5 + 2 * len(node.operands) + args - len(node.slots)) / LINE
        parts = 5 * len(node.head[1]) if node.kind == "chain" else 0
        return (9 + 2 * len(node.operands) + args + parts) / LINE


LINE = 20.0  # tokens


def size(value: Value) -> int:
    """Return about how many tokens a value takes."""
    if isinstance(value, tuple):
        return 1 + sum(1 + size(item) for item in value)
    if isinstance(value, Obj):
        return 4 + sum(3 + size(item) for _, item in value.args)
    return 1


def height(node: Node) -> int:
    """Return how deep loops are nested in a node, itself included."""
    inside = max((height(inner) for chain in node.chains for inner in chain.nodes), default=0)
    return inside + (node.kind == "repeat")


def producers(chain: Chain) -> dict[int, int]:
    """Return the place of the node that makes each tensor."""
    return {n: place for place, node in enumerate(chain.nodes) for n in node.results}


def use_counts(chain: Chain) -> Counter[int]:
    """Return how often each tensor is used."""
    counts = Counter(number for node in chain.nodes for number in node.operands)
    counts.update(chain.gives)
    return counts
