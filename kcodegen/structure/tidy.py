"""Tidying up: blocks that are used once go back to where they are used, constant parameters go.

def pad(x, padding): ...; pad(x, 1); pad(y, 1)   ->   def pad(x): ...; pad(x); pad(y)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from kcodegen.ir.formulas import Env, fill, holes
from kcodegen.ir.values import Hole, Value, same
from kcodegen.structure.draft import (
    Chain,
    Draft,
    DraftBlock,
    Node,
    Slot,
    change_slots,
    deep,
    filled,
    nested,
)
from kcodegen.structure.unify import usual

# Of these, as many uses as not say one thing: what is run more often is what is usual.
_MANNERS = frozenset({"strides", "padding", "activation", "expansion"})


def tidy(draft: Draft) -> None:
    """Remove what the search has left over."""
    for name in list(draft.blocks):
        _unwrap(draft, name)
    for name in list(draft.blocks):
        _inline(draft, name)
    for name, block in draft.blocks.items():
        env = _settled(draft, name, block)
        if env:
            _without(draft, name, block, env)
        block.slots = [_with_default(draft, name, slot) for slot in block.slots]


def _unwrap(draft: Draft, name: str) -> None:
    """Replace the uses of a block that is nothing but a use of another one."""
    chain = draft.blocks[name].chain
    if len(chain.nodes) != 1 or chain.nodes[0].kind != "use":
        return
    inner = chain.nodes[0]
    if inner.results != chain.gives or draft.blocks[name].width:
        return
    for place, row in list(_uses(draft, name)):
        use = place.nodes[row]
        known = dict(zip(chain.takes, use.operands, strict=True))
        operands = tuple(known[number] for number in inner.operands)
        slots = filled(inner.slots, use.slots)
        place.nodes[row] = Node(inner.head, operands, slots, use.results)
    del draft.blocks[name]


def _with_default(draft: Draft, name: str, slot: Slot) -> Slot:
    """Return a parameter with the default that most uses have."""
    if not slot.optional:
        return slot
    closed: list[Value] = []
    often: list[Value] = []  # as often as the function is called that says so
    for owner in (None, *draft.blocks):
        times = 1 if owner is None else len(list(_uses(draft, owner)))
        for chain, row in _uses(draft, name, owner):
            value = chain.nodes[row].slots[slot.name]
            if not holes(value):
                closed.append(value)
                often += [value] * times
    if not closed:
        return slot
    default, count = usual(closed)
    is_manner = isinstance(default, bool) or slot.hint in _MANNERS
    if is_manner and 2 * count == len(closed):
        default, count = usual(often)
        if slot.hint == "strides" and often.count(1) == count:
            default = 1  # as in Keras
    return replace(slot, default=default)


def _uses(draft: Draft, name: str, *owners: str | None) -> Iterator[tuple[Chain, int]]:
    """Yield where a block is used: everywhere, or in the blocks named; None is the model."""
    for owner in owners or (None, *draft.blocks):
        outer = draft.main if owner is None else draft.blocks[owner].chain
        for chain in nested(outer):
            for row, node in enumerate(chain.nodes):
                if node.kind == "use" and node.head[1] == name:
                    yield chain, row


def _inline(draft: Draft, name: str) -> None:
    """Put the body of a block that is used once in the place of its use."""
    found = list(_uses(draft, name))
    if len(found) != 1:
        return
    (chain, row), block = found[0], draft.blocks[name]
    use, gives = chain.nodes[row], block.chain.gives
    given = dict(use.slots)
    if block.width:
        if use.operands[0] not in draft.widths:
            return
        given[block.width] = draft.widths[use.operands[0]]
    made = {number for node in block.chain.nodes for number in node.results}
    if len(set(gives)) < len(gives) or not made.issuperset(gives):
        return
    inside = list(deep(block.chain.nodes))
    if any(_is_decided(node, given) for node in inside) or _would_capture(inside, use):
        return
    known = dict(zip(block.chain.takes, use.operands, strict=True))
    results = dict(zip(gives, use.results, strict=True))
    nodes = []
    for node in block.chain.nodes:
        copied = draft.copy(node, known, given)
        renamed = tuple(
            results.get(old, new) for old, new in zip(node.results, copied.results, strict=True)
        )
        known.update(zip(node.results, renamed, strict=True))
        nodes.append(Node(copied.head, copied.operands, copied.slots, renamed, copied.chains))
    chain.nodes[row : row + 1] = nodes
    del draft.blocks[name]


def _would_capture(inside: Iterable[Node], use: Node) -> bool:
    """Tell whether a loop of a body has the variable of a loop around its use."""
    given = {hole for value in use.slots.values() for hole in holes(value)}
    indices = {str(node.head[5]) for node in inside if node.kind == "repeat"}
    return any(hole.partition(".")[0] in indices for hole in given)


def _is_decided(node: Node, env: Env) -> bool:
    """Tell whether a condition would have nothing to decide, or a loop nothing to count."""
    if node.kind == "when":
        return isinstance(fill(node.slots["test"], env), bool)
    return node.kind == "repeat" and node.slots["count"] != fill(node.slots["count"], env)


def _settled(draft: Draft, name: str, block: DraftBlock) -> dict[str, Value]:
    """Return the parameters that are the same everywhere, or the same as another."""
    uses = [chain.nodes[row].slots for chain, row in _uses(draft, name)]
    env: dict[str, Value] = {}
    for place, slot in enumerate(block.slots):
        values = [use[slot.name] for use in uses]
        first = values[0]
        if not holes(first) and all(same(value, first) for value in values):
            env[slot.name] = first
            continue
        for other in block.slots[:place]:
            if other.name not in env and all(same(use[other.name], use[slot.name]) for use in uses):
                env[slot.name] = Hole(other.name)
                break
    tested = {
        hole
        for node in deep(block.chain.nodes)
        for part in ("test", "count")
        for hole in holes(node.slots.get(part))
    }
    return {hole: value for hole, value in env.items() if hole not in tested}


def _without(draft: Draft, name: str, block: DraftBlock, env: dict[str, Value]) -> None:
    """Take parameters out of a block and its uses."""
    nodes = block.chain.nodes
    nodes[:] = [change_slots(node, lambda part: filled(part.slots, env)) for node in nodes]
    block.slots = [slot for slot in block.slots if slot.name not in env]
    for chain, row in list(_uses(draft, name)):
        node = chain.nodes[row]
        slots = {hole: value for hole, value in node.slots.items() if hole not in env}
        chain.nodes[row] = Node(node.head, node.operands, slots, node.results, node.chains)
