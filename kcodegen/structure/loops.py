"""Loops: rows of equal nodes that feed each other become one body that is repeated.

x = block(x, 1); x = block(x, 2); x = block(x, 3)   ->   for i in range(1, 4): x = block(x, i)
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import field
from typing import Any

from kcodegen.ir.values import Value
from kcodegen.records import record
from kcodegen.registry.rows import Required
from kcodegen.structure.draft import Chain, Draft, Looks, Node, change_slots, deep, free, height
from kcodegen.structure.pairs import BONUS, GROWING, are_taken_back, grows, were_kept
from kcodegen.structure.rolling import Roller
from kcodegen.structure.statements import default_of
from kcodegen.structure.unify import Fail

_FARTHEST = 2
_MOST_CARRIED = 3
# An operand of the body: (turns ago, node, output), or ("outside", tensor), or ("drawn", column).
Source = tuple[Hashable, ...]


@record(frozen=True)
class Rolled:
    """A loop and what it saves."""

    node: Node
    saving: float


@record(frozen=False)
class LoopBuilder:
    """Tries to make a loop of `turns` times `period` nodes from `start` on."""

    draft: Draft
    looks: Looks
    chain: Chain
    last: dict[int, int]
    start: int
    period: int
    turns: int
    where: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    first: dict[tuple[int, int, int], int] = field(default_factory=dict)
    outside: dict[int, None] = field(default_factory=dict)
    drawn: list[tuple[int, ...]] = field(default_factory=list)

    def build(self) -> Rolled | None:
        """Return the loop, or None when the nodes are no turns of one."""
        for turn in range(self.turns):
            for row in range(self.period):
                for place, number in enumerate(self._node(turn, row).results):
                    self.where[number] = (turn, row, place)
        template = self._template()
        if template is None:
            return None
        carried = self._carried()
        if carried is None:
            return None
        ends = self._ends(carried)
        if ends is None:
            return None
        try:
            return self._rolled(template, carried, *ends)
        except Fail:
            return None

    def _node(self, turn: int, row: int) -> Node:
        return self.chain.nodes[self.start + turn * self.period + row]

    # Wiring

    def _template(self) -> list[list[Source]] | None:
        """Return where each operand of the body comes from."""
        template = []
        for row in range(self.period):
            sources: list[Source] = []
            for q in range(len(self._node(0, row).operands)):
                source = self._source([self._node(t, row).operands[q] for t in range(self.turns)])
                if source is None:
                    return None
                sources.append(source)
            template.append(sources)
        return template

    def _source(self, numbers: list[int]) -> Source | None:
        last = self.where.get(numbers[-1])
        if last is None:
            return self._from_outside(numbers)
        distance = self.turns - 1 - last[0]
        if distance and numbers[-1] in self.draft.made:
            return None
        if distance > _FARTHEST or distance >= self.turns:
            return None
        source = (distance, *last[1:])
        for turn, number in enumerate(numbers):
            there = self.where.get(number)
            if turn >= distance:
                if there is None or (turn - there[0], *there[1:]) != source:
                    return None
            elif (
                there is not None
                or self.first.setdefault((last[1], last[2], distance - turn), number) != number
            ):
                return None
        return source

    def _from_outside(self, numbers: list[int]) -> Source | None:
        if any(number in self.where for number in numbers):
            return None
        if len(set(numbers)) == 1:
            self.outside[numbers[0]] = None
            return ("outside", numbers[0])
        if len(set(numbers)) < len(numbers) or not self.draft.made.isdisjoint(numbers):
            return None
        if tuple(numbers) not in self.drawn:
            self.drawn.append(tuple(numbers))
        return ("drawn", self.drawn.index(tuple(numbers)))

    def _carried(self) -> list[tuple[int, int, int]] | None:
        """Return what goes from one turn to the next: node, output, turns ago."""
        deepest: dict[tuple[int, int], int] = {}
        for row, place, distance in self.first:
            deepest[row, place] = max(deepest.get((row, place), 0), distance)
        carried = [
            (row, place, d) for (row, place), most in deepest.items() for d in range(1, most + 1)
        ]
        if any(item not in self.first for item in carried) or len(carried) > _MOST_CARRIED:
            return None
        return carried

    def _ends(
        self, carried: list[tuple[int, int, int]]
    ) -> tuple[dict[tuple[int, int, int], int], list[tuple[int, int]]] | None:
        """Return the carried values used after the loop, and the outputs of which all turns are."""
        end = self.start + self.turns * self.period
        used: dict[tuple[int, int, int], int] = {}
        lists: dict[tuple[int, int], None] = {}
        for number, (turn, row, place) in self.where.items():
            if self.last.get(number, -1) < end:
                continue
            if number in self.draft.made:
                return None
            ago = self.turns - turn
            if (row, place, ago) in carried:
                used[row, place, ago] = number
            else:
                lists[row, place] = None
        if not used and not lists:
            return None
        return used, list(lists)

    # Making it

    def _rolled(
        self,
        template: list[list[Source]],
        carried: list[tuple[int, int, int]],
        used: dict[tuple[int, int, int], int],
        lists: list[tuple[int, int]],
    ) -> Rolled:
        roller = Roller(self._index(), self.turns)
        nodes = [self._roll_row(row, roller) for row in range(self.period)]
        number = self.draft.number
        takes: dict[Source, int] = {(d, row, place): number() for row, place, d in carried}
        takes |= {("outside", n): number() for n in self.outside}
        takes |= {("drawn", i): number() for i in range(len(self.drawn))}
        self.draft.stand_for(self.outside, (takes["outside", n] for n in self.outside))
        self._note_widths(takes)
        body, made = self._turn(nodes, template, roller, takes)
        gives = [
            made[0, row, place] if d == 1 else takes[d - 1, row, place] for row, place, d in carried
        ]
        gives += [made[0, row, place] for row, place in lists]
        chain = Chain(tuple(takes.values()), body, tuple(gives))
        if roller.start:
            _shift_inside(chain, roller)
        results = tuple(used.get(item) or number() for item in carried)
        items = tuple(
            self._node(turn, row).results[place]
            for row, place in lists
            for turn in range(self.turns)
        )
        operands = tuple(self.first[item] for item in carried)
        operands += (*self.outside, *(n for column in self.drawn for n in column))
        node = self._node_of(roller, chain, operands, (*results, *items), len(carried), len(lists))
        saving = self._saving(roller, chain, len(carried), len(lists))
        if self._is_paired(items, len(lists)):
            saving += BONUS + GROWING * grows(self.draft, body[0])
        # An author keeps what comes before a pooling, not what the next turn begins with.
        goes_on = sum((row, place, 1) in carried for row, place in lists)
        return Rolled(node, saving - 0.4 * goes_on)

    def _note_widths(self, takes: dict[Source, int]) -> None:
        """Note how wide the tensors are that a turn takes, where all turns agree."""
        widths = self.draft.widths
        for source, take in takes.items():
            found = {widths.get(number) for number in self._numbers(source)}
            if len(found) == 1 and (width := found.pop()) is not None:
                widths[take] = width

    def _numbers(self, source: Source) -> list[int]:
        """Return the tensors that a turn takes from a source, one after the other."""
        match source:
            case (int() as ago, int() as row, int() as place):
                made = [self._node(t, row).results[place] for t in range(self.turns - 1)]
                return [self.first[row, place, ago], *made]
            case ("outside", int() as number):
                return [number]
            case _:
                return []

    def _turn(
        self,
        nodes: list[Node],
        template: list[list[Source]],
        roller: Roller,
        takes: dict[Source, int],
    ) -> tuple[list[Node], dict[Source, int]]:
        """Return the nodes of one turn, wired to what it takes, and what they make."""
        made: dict[Source, int] = {}
        body: list[Node] = []
        for row, node in enumerate(nodes):
            operands = tuple(
                made[source] if source[0] == 0 else takes[source] for source in template[row]
            )
            results = tuple(self.draft.number() for _ in node.results)
            self.draft.stand_for(node.results, results)
            made |= {(0, row, place): n for place, n in enumerate(results)}
            chains = tuple(self.draft.copy_chain(chain, {}) for chain in node.chains)
            slots = {name: roller.shifted(value) for name, value in node.slots.items()}
            body.append(Node(node.head, operands, slots, results, chains))
        return body, made

    def _node_of(
        self,
        roller: Roller,
        chain: Chain,
        operands: tuple[int, ...],
        results: tuple[int, ...],
        carried: int,
        lists: int,
    ) -> Node:
        width = len(roller.columns)
        slots: dict[str, Value] = {
            "index": roller.index if roller.uses_index else "",
            "start": roller.start if roller.uses_index else 0,
            "count": self.turns,
        }
        fixed = self.turns if lists or self.drawn else 0
        head: tuple[Any, ...] = (
            "repeat",
            carried,
            lists,
            len(self.drawn),
            width,
            roller.index,
            fixed,
            roller.step if roller.uses_index else 1,
        )
        if width:
            slots["columns"] = tuple(roller.name(i) for i in range(width))
            slots["rows"] = tuple(tuple(c[t] for c in roller.columns) for t in range(self.turns))
            head = (*head, self.turns)
        return Node(head, operands, slots, results, (chain,))

    def _is_paired(self, items: tuple[int, ...], lists: int) -> bool:
        """Tell whether the loop fills a list that is emptied later, or empties one."""
        end = self.start + self.turns * self.period
        filled = (items[i * self.turns : (i + 1) * self.turns] for i in range(lists))
        return any(
            are_taken_back(self.chain, self.looks, self.last, kept, end) for kept in filled
        ) or any(were_kept(self.chain, self.looks, column, self.start) for column in self.drawn)

    def _index(self) -> str:
        """Return a loop variable that nothing inside uses."""
        nodes = self.chain.nodes[self.start : self.start + self.period]
        used = {name for node in nodes for name in free(node)}
        used |= {str(inner.head[5]) for inner in deep(nodes) if inner.kind == "repeat"}
        level = max(map(height, nodes), default=0)
        while any(name == f"i{level}" or name.startswith(f"i{level}.") for name in used):
            level += 1
        return f"i{level}"

    def _roll_row(self, row: int, roller: Roller) -> Node:
        return roll_nodes([self._node(turn, row) for turn in range(self.turns)], roller)

    def _saving(self, roller: Roller, chain: Chain, carried: int, lists: int) -> float:
        end = self.start + self.turns * self.period
        before = sum(self.looks.weight(node) for node in self.chain.nodes[self.start : end])
        width = len(roller.columns)
        after = (
            0.7 + sum(self.looks.weight(node) for node in chain.nodes) + 0.3 * max(0, carried - 1)
        )
        if width:
            after += 0.5 + 0.1 * (self.turns + 1) * (width + 1) + 0.5 * max(0, width - 1)
        if self.turns == 2:  # nobody makes a table of two rows and counts besides
            after += 0.7 + 1.5 * (width > 0 and roller.uses_index)
        if width and self.turns <= 4:
            after += 0.5
        after += 1.5 * (not carried) + 0.15 * roller.derived
        after += 0.3 * len(self.drawn) - 0.2 * lists  # lists of skips are what authors write
        return before - after


def roll_nodes(nodes: Sequence[Node], roller: Roller) -> Node:
    """Return the node that stands for one node of each turn, also inside it."""
    first = nodes[0]
    slots: dict[str, Value] = {}
    for name in dict.fromkeys(name for node in nodes for name in node.slots):
        values = [n.slots[name] if name in n.slots else default_of(n, name) for n in nodes]
        if any(isinstance(value, Required) for value in values):
            raise Fail
        if name in ("index", "columns") and len({str(v) for v in values}) > 1:
            raise Fail
        slots[name] = roller.roll(values)  # type: ignore[arg-type]
    chains = []
    for place, chain in enumerate(first.chains):
        inside = [
            Node(
                node.head,
                node.operands,
                (rolled := roll_nodes([n.chains[place].nodes[row] for n in nodes], roller)).slots,
                node.results,
                rolled.chains,
            )
            for row, node in enumerate(chain.nodes)
        ]
        chains.append(Chain(chain.takes, inside, chain.gives))
    return Node(first.head, first.operands, slots, first.results, tuple(chains))


def _shift_inside(chain: Chain, roller: Roller) -> None:
    """Make the index begin with its start in nested loops, too."""
    for place, node in enumerate(chain.nodes):
        if node.chains:
            chains = tuple(
                Chain(
                    c.takes,
                    [change_slots(n, lambda m: _shifted(m, roller)) for n in c.nodes],
                    c.gives,
                )
                for c in node.chains
            )
            chain.nodes[place] = Node(node.head, node.operands, node.slots, node.results, chains)


def _shifted(node: Node, roller: Roller) -> dict[str, Value]:
    return {name: roller.shifted(value) for name, value in node.slots.items()}


def tandem_runs(tokens: Sequence[Hashable], longest: int = 12) -> Iterator[tuple[int, int, int]]:
    """Yield (start, period, length) of stretches in which tokens recur at a distance."""
    size = len(tokens)
    for period in range(1, min(longest, size // 2) + 1):
        place = 0
        while place + period < size:
            if tokens[place] != tokens[place + period]:
                place += 1
                continue
            start = place
            while place + period < size and tokens[place] == tokens[place + period]:
                place += 1
            if place - start >= period and _is_new(tokens, start, period):
                yield start, period, place - start


def _is_new(tokens: Sequence[Hashable], start: int, period: int) -> bool:
    """Tell whether a word is no repetition of a shorter one."""
    word = tokens[start : start + period]
    return not any(
        period % part == 0 and word[part:] == word[:-part] for part in range(1, period // 2 + 1)
    )
