"""Merging: copies of a block, aligned, become one body with holes and conditions.

conv bn add | conv pad bn      ->      conv; if ?pad: pad; bn; if ?add: add
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field, replace

from kcodegen.ir.formulas import fill
from kcodegen.ir.outline import MOST_PARAMS
from kcodegen.ir.values import Value
from kcodegen.records import record
from kcodegen.registry.rows import Required
from kcodegen.structure.align import Aligner, Column
from kcodegen.structure.conditions import (
    decide_tests,
    flags_as_factors,
    fold_choices,
    fold_multiples,
    settle_choices,
)
from kcodegen.structure.draft import Chain, Draft, Looks, Node, deep, free
from kcodegen.structure.names import name_templates
from kcodegen.structure.paddings import explain_paddings
from kcodegen.structure.parts import Part, parts_of
from kcodegen.structure.statements import default_of
from kcodegen.structure.thresholds import fold_threshold
from kcodegen.structure.unify import ABSENT, NONE, Fail, Found, Known, Unifier, fill_found
from kcodegen.structure.widths import explain_by_width

_MOST_CONDITIONS, LONGEST = 6, 100
_OPEN = -1  # what a condition gives in a case in which nobody asks for it


@record(frozen=False)
class Merged:
    """What copies come to: a body, the parameters, and what each copy puts in."""

    chain: Chain
    params: list[Found]
    inputs: list[tuple[int, ...]]
    outputs: list[tuple[int, ...]]
    conditions: int = 0
    width: str = ""
    single: int = 0
    """How many nodes of the body one copy alone has."""
    idle: int = 0
    """How many tensors copies are given that have no use for them."""


@record(frozen=False)
class Merger:
    """Merges copies: each a row of nodes with the tensors that are used after it."""

    draft: Draft
    looks: Looks
    copies: Sequence[Sequence[Node]]
    outputs: list[tuple[int, ...]]
    unifier: Unifier = field(init=False)
    parts: list[Part] = field(default_factory=list)
    known: list[dict[int, int]] = field(init=False)
    inputs: list[list[int | None]] = field(default_factory=list)
    takes: list[int] = field(default_factory=list)
    width: str = ""

    def __post_init__(self) -> None:
        self.unifier = Unifier(self.draft)
        self.known = [{} for _ in self.copies]

    def merge(self, most_conditions: int = _MOST_CONDITIONS) -> Merged:
        """Return what the copies come to; raises Fail when that can't be said."""
        columns = Aligner(self.looks).align(self.copies)
        self.parts = parts_of(columns)
        if len(columns) > LONGEST:
            raise Fail
        conditions = sum(not (p.is_whole or p.may_be_empty) for p in self.parts)
        if conditions > most_conditions:
            raise Fail
        single = sum(part.single for part in self.parts)
        for part in self.parts:
            self._wire(part, part.columns, 0)
            self._wire(part, part.orelse, 1)
        gives = self._gives()
        if not self.inputs or any(number is None for number in self.inputs[0]):
            raise Fail
        idle = sum(row.count(None) for row in self.inputs)
        for row in self.inputs:  # what a copy makes itself, it is not given: anything will do
            row[:] = [n if n is not None else self.inputs[0][k] for k, n in enumerate(row)]
        nodes, tests = self._assemble()
        chain = Chain(tuple(self.takes), nodes, gives)
        if not _is_in_order(chain):
            raise Fail
        params = self._settle(chain, tests)
        inputs = [tuple(row[k] for row in self.inputs) for k in range(len(self.copies))]
        return Merged(chain, params, inputs, self.outputs, conditions, self.width, single, idle)  # type: ignore[arg-type]

    # Wiring

    def _wire(self, part: Part, columns: list[Column], branch: int) -> None:
        for column in columns:
            first = next(node for node in column.nodes if node is not None)
            width = {(len(n.operands), len(n.results)) for n in column.nodes if n is not None}
            if len(width) != 1:
                raise Fail
            operands = tuple(
                self._source([None if n is None else n.operands[q] for n in column.nodes], part)
                for q in range(len(first.operands))
            )
            results = tuple(self.draft.number() for _ in first.results)
            self.draft.stand_for(first.results, results)
            for k, node in enumerate(column.nodes):
                if node is not None:
                    self.known[k].update(zip(node.results, results, strict=True))
            part.made[branch].update(results)
            part.nodes[branch].append(self._node(column, operands, results))

    def _source(self, numbers: list[int | None], here: Part | None) -> int:
        """Return the tensor of the body that stands for one tensor in each copy."""
        inside = [None if n is None else self.known[k].get(n) for k, n in enumerate(numbers)]
        present = [k for k, n in enumerate(numbers) if n is not None]
        return self._resolve(numbers, inside, present, here)

    def _resolve(
        self,
        numbers: list[int | None],
        inside: list[int | None],
        copies: list[int],
        here: Part | None,
    ) -> int:
        found = {inside[k] for k in copies}
        if found == {None}:
            return self._input(numbers, copies)
        if len(found) == 1:
            (number,) = found
            assert number is not None
            if self._is_visible(number, here):
                return number
        for part in reversed(self.parts):
            if part.is_whole or part is here:
                continue
            there = [k for k in copies if part.presence[k]]
            elsewhere = [k for k in copies if not part.presence[k]]
            if not there and (no := self._inside(part, 1, inside, elsewhere)) is not None:
                return self._export(part, _OPEN, no)
            yes = self._inside(part, 0, inside, there)
            if yes is None:
                continue
            if not elsewhere:
                return self._export(part, yes, _OPEN)
            no = self._inside(part, 1, inside, elsewhere)
            if part.may_be_empty:
                if self._resolve(numbers, inside, elsewhere, here) == part.nodes[0][0].operands[0]:
                    return yes
                continue
            if no is None:
                no = self._resolve(numbers, inside, elsewhere, here)
                if no in part.made[1]:
                    continue
                no = self._latest(no, part, elsewhere)
            return self._export(part, yes, no)
        raise Fail

    def _latest(self, number: int, before: Part, copies: list[int]) -> int:
        """Return what a tensor has become where copies lack all that was done to it."""
        for part in self.parts[: self.parts.index(before)]:
            if not any(part.presence[k] for k in copies):
                number = next((e[0] for e in part.exports if e[2] == number), number)
        return number

    def _is_visible(self, number: int, here: Part | None) -> bool:
        """Tell whether a tensor can be used: it is no secret of a condition."""
        for part in self.parts:
            is_open = part.is_whole or part is here or part.may_be_empty
            if not is_open and (number in part.made[0] or number in part.made[1]):
                return False
        return True

    def _inside(
        self, part: Part, branch: int, inside: list[int | None], copies: list[int]
    ) -> int | None:
        found = {inside[k] for k in copies}
        if len(found) == 1 and (number := found.pop()) in part.made[branch]:
            return number
        return None

    def _export(self, part: Part, yes: int, no: int) -> int:
        """Return what a condition gives: `yes` where it is met, `no` elsewhere."""
        for place, (result, *known) in enumerate(part.exports):
            if all(a == b or _OPEN in (a, b) for a, b in zip(known, (yes, no), strict=True)):
                part.exports[place] = (result, max(known[0], yes), max(known[1], no))
                return result
        result = self.draft.number()
        part.exports.append((result, yes, no))
        return result

    def _input(self, numbers: list[int | None], copies: list[int]) -> int:
        for place, row in enumerate(self.inputs):
            if all(row[k] == numbers[k] for k in copies):
                return self.takes[place]
        for place, row in enumerate(self.inputs):
            if all(row[k] in (None, numbers[k]) for k in copies):
                for k in copies:
                    row[k] = numbers[k]
                return self.takes[place]
        self.inputs.append([numbers[k] if k in copies else None for k in range(len(numbers))])
        self.takes.append(self.draft.number())
        return self.takes[-1]

    def _gives(self) -> tuple[int, ...]:
        """Return the tensors of the body that are used after it."""
        count = {len(out) for out in self.outputs}
        if len(count) != 1:
            raise Fail
        rows = range(count.pop())
        return tuple(self._source([out[i] for out in self.outputs], None) for i in rows)

    def _assemble(self) -> tuple[list[Node], list[tuple[int, tuple[bool, ...]]]]:
        """Return the nodes of the body, and the place and presence of each condition."""
        nodes: list[Node] = []
        tests = []
        for part in self.parts:
            if part.is_whole or part.may_be_empty:
                nodes += part.nodes[0]
                continue
            tests.append((len(nodes), part.presence))
            nodes.append(self._condition(part))
        return nodes, tests

    def _condition(self, part: Part) -> Node:
        gives = [
            [self.takes[0] if e[1 + branch] == _OPEN else e[1 + branch] for e in part.exports]
            for branch in (0, 1)
        ]
        outer: dict[int, None] = {}
        for branch in (0, 1):
            for node in part.nodes[branch]:
                outer.update((n, None) for n in node.operands if n not in part.made[branch])
        for branch in (0, 1):
            outer.update((n, None) for n in gives[branch] if n not in part.made[branch])
        taken = tuple(outer)
        chains = []
        for branch in (0, 1):
            names = {number: self.draft.number() for number in taken}
            nodes = [
                replace(n, operands=tuple(names.get(o, o) for o in n.operands))
                for n in part.nodes[branch]
            ]
            given = tuple(names.get(number, number) for number in gives[branch])
            chains.append(Chain(tuple(names.values()), nodes, given))
        results = tuple(result for result, _, _ in part.exports)
        return Node(("when", len(results)), taken, {}, results, tuple(chains))

    # Slots

    def _node(self, column: Column, operands: tuple[int, ...], results: tuple[int, ...]) -> Node:
        return _unified(self, column.nodes, operands, results, NONE)

    def _settle(self, chain: Chain, tests: list[tuple[int, tuple[bool, ...]]]) -> list[Found]:
        """Fill in names, derived numbers and conditions; return the parameters left."""
        names = name_templates(self.unifier)
        _fill_chain(chain, names)
        width, by_width = explain_by_width(self.draft, self.unifier, self.inputs[0])
        _fill_chain(chain, by_width)
        _fill_chain(chain, explain_paddings(self.unifier))
        _fill_chain(chain, self.unifier.derive())
        _fill_chain(chain, self.unifier.derive_starts())
        params = self.unifier.params
        conditions = [(chain.nodes[place], presence) for place, presence in tests]
        decided = decide_tests(self.draft, params, conditions, width)
        for (node, _), test in zip(conditions, decided, strict=True):
            node.slots["test"] = test
        folded = fold_choices(params, chain)
        _fill_chain(chain, folded)
        params = [param for param in params if param.name not in folded]
        folded = fold_multiples(params, chain, width)
        flags_as_factors(params, chain, folded)
        _fill_chain(chain, folded)
        params = [param for param in params if param.name not in folded]
        if len(params) + len(self.takes) - 1 > MOST_PARAMS:
            folded = fold_threshold(params)
            _fill_chain(chain, folded)
            params = [param for param in params if param.name not in folded]
        if width is not None and any(width.name in free(node) for node in chain.nodes):
            self.width = width.name
        settle_choices(chain)
        fill_found(params, {})
        return params


def _unified(
    merger: Merger,
    nodes: Sequence[Node | None],
    operands: tuple[int, ...],
    results: tuple[int, ...],
    bound: frozenset[str],
) -> Node:
    """Return the node that stands for one node of each copy."""
    present = [node for node in nodes if node is not None]
    first = present[0]
    inner = frozenset(v for v in (first.slots.get("index"), *_columns(first)) if isinstance(v, str))
    slots = {
        name: merger.unifier.value(column, _hint(merger.draft, first, name), bound)
        for name, column in _slot_columns(nodes, present).items()
    }
    chains = []
    for place, chain in enumerate(first.chains):
        inside = []
        for row, node in enumerate(chain.nodes):
            column = [None if n is None else n.chains[place].nodes[row] for n in nodes]
            inside.append(_unified(merger, column, node.operands, node.results, bound | inner))
        chains.append(merger.draft.copy_chain(Chain(chain.takes, inside, chain.gives), {}))
    return Node(first.head, operands, slots, results, tuple(chains))


def _is_in_order(chain: Chain) -> bool:
    """Tell whether every node takes what is there already; a condition may want a later one."""
    there = set(chain.takes)
    for node in chain.nodes:
        if not there.issuperset(node.operands):
            return False
        there.update(node.results)
    return True


def _columns(node: Node) -> tuple[Value, ...]:
    columns = node.slots.get("columns", ())
    return columns if isinstance(columns, tuple) else ()


def _slot_columns(nodes: Sequence[Node | None], present: list[Node]) -> dict[str, list[Known]]:
    """Return the values of each slot; where a copy leaves one out, its default."""
    columns: dict[str, list[Known]] = {}
    for name in dict.fromkeys(name for node in present for name in node.slots):
        column: list[Known] = []
        for node in nodes:
            if node is None:
                is_loop = present[0].kind == "repeat" and name == "count"
                column.append(0 if is_loop else ABSENT)
            elif name in node.slots:
                column.append(node.slots[name])
            else:
                default = default_of(node, name)
                if isinstance(default, Required):
                    raise Fail
                column.append(default)
        columns[name] = column
    return columns


def _hint(draft: Draft, node: Node, name: str) -> str:
    if node.kind == "use":
        slots = draft.blocks[node.head[1]].slots
        return next(slot.hint for slot in slots if slot.name == name)
    if node.kind == "repeat":
        return {"count": "blocks", "start": "first", "rows": "table"}.get(name, name)
    return name.rpartition(".")[2]


def _fill_chain(chain: Chain, env: dict[str, Value]) -> None:
    """Fill holes in all nodes of a new chain."""
    if not env:
        return
    for node in deep(chain.nodes):
        for name in list(node.slots):
            node.slots[name] = fill(node.slots[name], env)
