"""The words of an outline: blocks, parameters, loop variables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field

from kcodegen.ir.formulas import FORMULAS, Text, holes
from kcodegen.ir.values import Hole, Value
from kcodegen.records import record
from kcodegen.structure import closures
from kcodegen.structure.align import names_of
from kcodegen.structure.draft import Chain, Draft, DraftBlock, Node, Slot, deep
from kcodegen.structure.titles import title
from kcodegen.words import identifier

_INDICES = "ijkmn"
_HINTS = {"table": "rows", "offset": "offset", "of": "depth", "part": "suffix", "layer": "cell"}
# Several parameters of one kind are told apart by a word, the last one has none.
_ORDINALS = ("inner", "first", "middle", "second", "outer", "third", "extra", "further", "final")

# What an author says of a layer tells better what its size is.
_SAYING = {"expand": "expand", "squeeze": "squeeze", "se": "squeeze", "reduce": "reduce"}


@record(frozen=False)
class Wording:
    """Names by what they stand for: blocks in their order, the holes of each, loop variables."""

    order: list[str] = field(default_factory=list)
    blocks: dict[str, str] = field(default_factory=dict)
    params: dict[str, dict[str, str]] = field(default_factory=dict)
    loops: dict[int, list[str]] = field(default_factory=dict)


def wording(draft: Draft) -> Wording:
    """Return the words of a draft."""
    words = Wording()
    for name in draft.blocks:
        _order(draft, name, words.order)
    taken: set[str] = set()
    for name in words.order:
        block = draft.blocks[name]
        base = next(t for t in _titles(draft, block, words.blocks) if t not in taken)
        taken.add(base)
        words.blocks[name] = base
        words.params[name] = params_of(block)
    for name in words.order:
        block = draft.blocks[name]
        _name_loops(draft, words, block.chain, 0, set(words.params[name].values()))
    _name_loops(draft, words, draft.main, 0, set())
    return words


def _order(draft: Draft, name: str, order: list[str]) -> None:
    """Put a block into the order after those that it uses."""
    if name in order:
        return
    for node in deep(draft.blocks[name].chain.nodes):
        if node.kind == "use":
            _order(draft, node.head[1], order)
    if name not in order:
        order.append(name)


def _titles(draft: Draft, block: DraftBlock, known: dict[str, str]) -> Iterator[str]:
    found = closures.titles(draft, block) if block.captures else title(draft, block, known)
    for text in found:
        yield identifier(text, "block")
    number = 2
    while True:
        yield identifier(f"block_{number}")
        number += 1


def params_of(block: DraftBlock) -> dict[str, str]:
    """Return the names of a block's parameters."""
    groups: dict[str, list[Slot]] = {}
    for slot in block.slots:
        groups.setdefault(identifier(_HINTS.get(slot.hint, slot.hint), "value"), []).append(slot)
    found: dict[str, str] = {}
    for word, slots in groups.items():
        ordered = sorted(slots, key=lambda slot: _first_use(block.chain, slot.name))
        said = [_said(block.chain, slot.name) for slot in ordered]
        for place, slot in enumerate(ordered):
            is_last = place == len(ordered) - 1
            is_clear = said[place] and said.count(said[place]) == 1
            which = said[place] if is_clear else _ORDINALS[place]
            found[slot.name] = word if is_last else f"{which}_{word}"
    return found


def _said(chain: Chain, hole: str) -> str:
    """Return what a layer's name says of a number that is first given to it: `squeeze`."""
    for node in deep(chain.nodes):
        given = (value for name, value in node.slots.items() if name != "test")
        if any(hole in set(holes(value)) for value in given):
            words = {part for name in names_of(node) for part in name}
            return next((said for word, said in _SAYING.items() if word in words), "")
    return ""


def _first_use(chain: Chain, hole: str) -> int:
    """Return where a hole is used last."""
    place = -1
    for row, node in enumerate(deep(chain.nodes)):
        if any(hole in set(holes(value)) for value in node.slots.values()):
            place = row
    return place


# Loops


def _name_loops(draft: Draft, words: Wording, chain: Chain, level: int, taken: set[str]) -> None:
    for node in chain.nodes:
        inner = set(taken)
        if node.kind == "repeat":
            names = [_unique(_INDICES[min(level, 4)], inner)]
            columns = node.slots.get("columns", ())
            assert isinstance(columns, tuple)
            for column in columns:
                names.append(_unique(_column_word(draft, node, str(column)), inner))
            words.loops[id(node)] = names
        for inside in node.chains:
            _name_loops(draft, words, inside, level + (node.kind == "repeat"), inner)


def _unique(word: str, taken: set[str]) -> str:
    for name in (word, *(f"{o}_{word}" for o in _ORDINALS), *(word * n for n in range(2, 50))):
        if name not in taken:
            taken.add(name)
            return name
    raise AssertionError(word)


def _column_word(draft: Draft, loop: Node, column: str) -> str:
    """Return what a column of a table is called: the argument it is given to."""
    for node in deep(loop.chains[0].nodes):
        for name, value in node.slots.items():
            word = _word_in(draft, node, name, value, column)
            if word:
                return identifier(word, "value")
    return "value"


def _word_before(parts: tuple[Value, ...], column: str) -> str:
    """Return what a name says of a number in it: `stack{?}_layer3 -> stack`."""
    if parts == (Hole(column),):
        return "name"
    for before, part in zip(("", *parts), parts, strict=False):
        if column in set(holes(part)):
            is_word = isinstance(before, str) and before.isalpha() and len(before) > 2
            return before.lower() if is_word and isinstance(before, str) else "suffix"
    return "suffix"


def _word_in(draft: Draft, node: Node, name: str, value: Value, column: str) -> str:
    if column not in set(holes(value)):
        return ""
    if isinstance(value, Text):
        return _word_before(value.parts, column)
    if node.kind == "use":
        slot = next(slot for slot in draft.blocks[node.head[1]].slots if slot.name == name)
        return _HINTS.get(slot.hint, slot.hint)
    if node.kind == "repeat":
        return {"count": "blocks", "start": "first"}.get(name, "rows")
    word = name.rpartition(".")[2]
    return word if isinstance(value, (Hole, *FORMULAS)) else f"{word}"
