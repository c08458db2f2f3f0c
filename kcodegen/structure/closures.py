"""Closures: layers that are called in the same way for several tensors.

y = b(a(left)); z = b(a(right))   ->   encode(x) = b(a(x)); y = encode(left); z = encode(right)
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import field
from itertools import pairwise

from kcodegen import registry
from kcodegen.ir.formulas import key
from kcodegen.records import record
from kcodegen.registry.vocabulary import OWN_ROWS, is_custom
from kcodegen.structure.draft import Chain, Draft, DraftBlock, Node, last_uses
from kcodegen.words import RESERVED, snake_case

_LEAST_STEPS, _LEAST_OF_MANY, _MANY = 3, 2, 3
_MOST_INPUTS, _MOST_OUTPUTS, _MOST_LEFT_OUT = 3, 2, 16


@record(frozen=True)
class _Copies:
    """Rows of one length from `starts` on that do the same with the same layers."""

    starts: tuple[int, ...]
    length: int
    inputs: list[tuple[int, ...]]
    outputs: list[tuple[int, ...]]


def share(draft: Draft) -> None:
    """Make a closure of every row of shared layers that is called several times."""
    if not draft.layer_numbers:
        return
    search = _Search(draft)
    found = sorted(search.copies(), key=lambda copies: copies.starts)
    if not found:
        return
    made = {n.results[0]: n for n in draft.main.nodes if n.kind.startswith("make")}
    rows = search.rows
    new: dict[int, list[Node]] = {row: [node] for row, node in enumerate(rows)}
    for copies in found:
        first = copies.starts[0]
        nodes = rows[first : first + copies.length]
        called = dict.fromkeys(n.operands[0] for n in nodes if n.kind == "apply")
        makes = [made.pop(n) for n in called if n in made and search.calls[n][0] >= first]
        if not _feed_each_other(copies):
            uses = _closure(draft, copies, nodes, tuple(called))
            for use, start in zip(uses, copies.starts, strict=True):
                new |= {row: [] for row in range(start, start + copies.length)}
                new[start] = [use]
        new[first] = [*makes, *new[first]]
    draft.main.nodes[:] = _with_the_rest(made, new)


def _with_the_rest(made: dict[int, Node], rows: dict[int, list[Node]]) -> Iterator[Node]:
    """Yield the nodes of the model: layers that no closure calls are made where they are called."""
    for nodes in rows.values():
        for node in nodes:
            if node.kind == "apply" and node.operands[0] in made:
                yield made.pop(node.operands[0])
            yield node


def _closure(
    draft: Draft, copies: _Copies, nodes: list[Node], called: tuple[int, ...]
) -> list[Node]:
    """Add a closure to the draft; return its uses."""
    name = f"block{len(draft.blocks)}"
    known = {number: draft.number() for number in copies.inputs[0]}
    takes = tuple(known.values())
    body = [draft.copy(node, known, {}) for node in nodes]
    chain = Chain(takes, body, tuple(known[number] for number in copies.outputs[0]))
    draft.blocks[name] = DraftBlock(chain, [], 0.0, len(copies.starts), called)
    head = ("use", name, len(copies.outputs[0]))
    return [
        Node(head, inputs, {}, outputs)
        for inputs, outputs in zip(copies.inputs, copies.outputs, strict=True)
    ]


def _feed_each_other(copies: _Copies) -> bool:
    """Tell whether each copy goes on right where the one before it ends: that is a loop."""
    return all(
        after == before + copies.length and set(copies.outputs[i]) & set(copies.inputs[i + 1])
        for i, (before, after) in enumerate(pairwise(copies.starts))
    )


@record(frozen=False)
class _Search:
    """Looks for copies among the nodes of the model, the making of shared layers left out."""

    draft: Draft
    rows: list[Node] = field(default_factory=list)
    tokens: list[Hashable] = field(default_factory=list)
    makers: dict[int, int] = field(default_factory=dict)
    last: dict[int, int] = field(default_factory=dict)
    calls: dict[int, list[int]] = field(default_factory=dict)
    claimed: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        main = self.draft.main
        self.rows = [node for node in main.nodes if not node.kind.startswith("make")]
        self.tokens = [_token(node, row) for row, node in enumerate(self.rows)]
        self.makers = {n: row for row, node in enumerate(self.rows) for n in node.results}
        self.last = last_uses(Chain((), self.rows, main.gives))
        for row, node in enumerate(self.rows):
            if node.kind == "apply":
                self.calls.setdefault(node.operands[0], []).append(row)

    def copies(self) -> Iterator[_Copies]:
        """Yield the copies that are worth a closure, or a loop."""
        for places in self.calls.values():
            if not self.claimed.isdisjoint(places):
                continue
            found = self._around(places)
            if found is not None:
                for start in found.starts:
                    self.claimed.update(range(start, start + found.length))
                if self._is_worth_it(found):
                    yield found

    def _is_worth_it(self, copies: _Copies) -> bool:
        least = _LEAST_OF_MANY if len(copies.starts) >= _MANY else _LEAST_STEPS
        nodes = self.rows[copies.starts[0] : copies.starts[0] + copies.length]
        return copies.length >= least and not _changes_names(self.draft, nodes)

    def _around(self, places: list[int]) -> _Copies | None:
        """Return the longest copies around the calls of one layer."""
        before = after = 0
        gap = min(after - before for before, after in pairwise(places))
        while before + after < gap - 1 and self._goes_on(places, after + 1, -before, after):
            after += 1
        while before + after < gap - 1 and self._goes_on(places, -before - 1, -before, after):
            before += 1
        starts = tuple(place - before for place in places)
        return self._wired(starts, before + after + 1)

    def _goes_on(self, places: list[int], offset: int, start: int, end: int) -> bool:
        """Tell whether all copies have the same node at an offset, and it belongs to them."""
        rows = [place + offset for place in places]
        if rows[0] < 0 or rows[-1] >= len(self.rows) or not self.claimed.isdisjoint(rows):
            return False
        if len({self.tokens[row] for row in rows}) > 1:
            return False
        for place, row in zip(places, rows, strict=True):
            inside = range(place + start, place + end + 1)
            node = self.rows[row]
            if offset > 0 and not any(self.makers.get(n) in inside for n in node.operands):
                return False
            if offset < 0 and any(self.last.get(n, -1) not in inside for n in node.results):
                return False
        return True

    def _wired(self, starts: tuple[int, ...], length: int) -> _Copies | None:
        """Return the rows as copies, shortened until they are wired alike."""
        for size in range(length, max(1, length - _MOST_LEFT_OUT), -1):
            inputs = [self._inputs(start, size) for start in starts]
            if len({form for form, _ in inputs}) > 1:
                continue
            used = {place for start in starts for place in self._used(start, size)}
            outputs = [self._outputs(start, sorted(used)) for start in starts]
            taken = [numbers for _, numbers in inputs]
            if 0 < len(taken[0]) <= _MOST_INPUTS and 0 < len(used) <= _MOST_OUTPUTS:
                return _Copies(starts, size, taken, outputs)
        return None

    def _inputs(self, start: int, size: int) -> tuple[Hashable, tuple[int, ...]]:
        """Return how rows are wired, and what they take from outside."""
        taken: dict[int, int] = {}
        form: list[Hashable] = []
        for row in range(start, start + size):
            node = self.rows[row]
            for number in node.operands[1:] if node.kind == "apply" else node.operands:
                maker = self.makers[number]
                if start <= maker < row:
                    form.append((maker - start, self.rows[maker].results.index(number)))
                else:
                    form.append(taken.setdefault(number, len(taken)))
        return tuple(form), tuple(taken)

    def _used(self, start: int, size: int) -> Iterator[tuple[int, int]]:
        for offset in range(size):
            for place, number in enumerate(self.rows[start + offset].results):
                if self.last.get(number, -1) >= start + size:
                    yield offset, place

    def _outputs(self, start: int, used: Sequence[tuple[int, int]]) -> tuple[int, ...]:
        return tuple(self.rows[start + offset].results[place] for offset, place in used)


def _token(node: Node, row: int) -> Hashable:
    """Return what is equal for two calls that do the same; other nodes are like no other."""
    if node.kind == "apply":
        return (node.head, node.operands[0])
    if node.kind == "op":
        return (node.head, tuple((name, key(value)) for name, value in node.slots.items()))
    return row


def _changes_names(draft: Draft, nodes: list[Node]) -> bool:
    """Tell whether making all layers before all calls would change automatic names.

    A layer that names itself must not be made before a call that counts the same name.
    """
    counted, own = set(), set()
    for node in nodes:
        if node.kind == "op":
            counted.add(snake_case(registry.op(node.head[1]).name))
            continue
        layer = draft.layers[draft.layer_numbers[node.operands[0]]]
        if is_custom(layer.key):
            continue
        row = OWN_ROWS[layer.key] if layer.key in OWN_ROWS else registry.row(layer.key)
        counted.update(part.prefix for part in row.hidden if part.when != "construct")
        if not layer.named:
            own.add(row.auto or snake_case(row.name))
    return not counted.isdisjoint(own)


def titles(draft: Draft, block: DraftBlock) -> Iterator[str]:
    """Yield names for a closure, the best first: what its layers are called, or what it does."""
    named = [draft.layers[draft.layer_numbers[number]] for number in block.captures]
    word = _common_word([layer.name for layer in named if layer.named])
    if word and word not in _VAGUE:
        yield f"{word}_head" if word in RESERVED else _VERBS.get(word, word)
    classes = {layer.key.rpartition(".")[2] for layer in named}
    if all(name.startswith(_PREPARING) for name in classes):
        yield "preprocess"
    yield from _PLAIN
    yield from (f"{verb}_{word}" for verb in _PLAIN for word in ("other", "further", "last"))


_VERBS = {"encoder": "encode", "enc": "encode", "embedding": "embed", "decoder": "decode"}
_VAGUE = frozenset("shared siamese common layer dense conv block x".split())
_PREPARING = ("Rescaling", "Resizing", "Normalization", "Random", "CenterCrop", "StringLookup")
_PLAIN = ("encode", "embed", "transform", "project")


def _common_word(names: Sequence[str]) -> str:
    """Return the words that all names begin with: `user_tower_1, user_tower_2 -> user_tower`."""
    if len(names) < _LEAST_OF_MANY:
        return ""
    split = [name.lower().split("_") for name in names]
    shared = []
    for words in zip(*split, strict=False):
        if len(set(words)) > 1:
            break
        shared.append(words[0])
    if len(shared) == min(map(len, split)):
        shared = shared[:-1]
    return "_".join(shared)
