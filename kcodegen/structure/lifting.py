"""Lifting: a single use of a block, seen as the loop of one turn that other copies have there.

x = block(x, "a1")   |   for i in range(1, 4): x = block(x, f"b{i}")      ->   both for i in range
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kcodegen.ir.formulas import Affine, Letter, Text, fill, holes
from kcodegen.ir.values import Hole, Value, same
from kcodegen.structure.draft import Chain, Draft, Node
from kcodegen.structure.unify import Fail


def lifted_alike(draft: Draft, copies: Sequence[Sequence[Node]]) -> Sequence[Sequence[Node]]:
    """Return copies whose single uses are loops of one turn where other copies have a loop.

    That is so only where no copy has both: a first use that is not like the others stays.
    """
    templates = {u.head[1]: n for nodes in copies for n in nodes if (u := inner_use(n))}
    if not templates or not any(_is_single(node, templates) for c in copies for node in c):
        return copies
    for block in list(templates):
        most = max(sum(_block(node) == block for node in nodes) for nodes in copies)
        if most > 1:
            del templates[block]
    try:
        return [
            [lifted(draft, n, templates[n.head[1]]) if _is_single(n, templates) else n for n in c]
            for c in copies
        ]
    except Fail:
        return copies


def _is_single(node: Node, templates: dict[str, Node]) -> bool:
    return node.kind == "use" and len(node.results) == 1 and node.head[1] in templates


def _block(node: Node) -> str:
    """Return the block that a node uses, or that a simple loop repeats."""
    use = inner_use(node) or node
    return str(use.head[1]) if use.kind == "use" else ""


def inner_use(node: Node) -> Node | None:
    """Return the use of a block that a simple loop repeats."""
    if node.kind != "repeat" or node.head[1:5] != (1, 0, 0, 0):
        return None
    inside = node.chains[0].nodes
    if len(inside) != 1 or inside[0].kind != "use" or len(node.results) != 1:
        return None
    return inside[0]


def lifted(draft: Draft, node: Node, template: Node) -> Node:
    """Return a single use as a loop of one turn, like `template`."""
    if node.kind == "repeat":
        return node
    use = inner_use(template)
    assert use is not None
    index = str(template.slots["index"])
    turn = _turn(node, use, index)
    if turn is None:
        start = template.slots["start"]
        turn = start if isinstance(start, int) else 0
    slots = {
        name: _seen(value, use.slots.get(name), index, turn) for name, value in node.slots.items()
    }
    take, result = draft.number(), draft.number()
    others = [draft.number() for _ in node.operands[1:]]
    inside = Node(node.head, (take, *others), slots, (result,))
    chain = Chain((take, *others), [inside], (result,))
    known = {"index": template.slots["index"], "start": turn, "count": 1}
    return Node(template.head, node.operands, known, node.results, (chain,))


def _turn(node: Node, use: Node, index: str) -> int | None:
    """Return the turn that a use would be: the number in its name."""
    for name, pattern in use.slots.items():
        value = node.slots.get(name)
        if not isinstance(pattern, Text) or not isinstance(value, Text):
            continue
        if len(pattern.parts) != len(value.parts):
            continue
        for part, there in zip(pattern.parts, value.parts, strict=True):
            if isinstance(part, Letter) and isinstance(there, str) and index in set(holes(part)):
                return ord(there) - ord(str(fill(part, {index: 0})))
            if isinstance(there, int) and index in set(holes(part)):
                zero = fill(part, {index: 0})
                return there - zero if isinstance(zero, int) else None
    return None


def _seen(value: Value, pattern: Value, index: str, turn: int) -> Value:
    """Return a value as a formula of the turn, where the pattern has one."""
    if index not in set(holes(pattern)):
        return value
    if isinstance(pattern, Text) and isinstance(value, Text):
        if len(pattern.parts) != len(value.parts):
            raise Fail
        pairs = zip(value.parts, pattern.parts, strict=True)
        return Text(tuple(_seen(part, there, index, turn) for part, there in pairs))
    if same(fill(pattern, {index: turn}), value):
        return pattern
    if isinstance(pattern, Affine) and isinstance(value, int) and isinstance(pattern.factor, int):
        return Affine(Hole(index), pattern.factor, value - pattern.factor * turn)
    if hasattr(pattern, "of") and type(value) is type(pattern):
        return replace(value, of=_seen(value.of, pattern.of, index, turn))  # type: ignore[union-attr, type-var]
    raise Fail
