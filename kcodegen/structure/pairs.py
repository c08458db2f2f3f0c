"""Pairs of loops: what an encoder keeps, a decoder takes back, the last one first.

skips.append(x) in one loop, skips.pop() in another
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import pairwise

from kcodegen.structure.draft import Chain, Draft, Looks, Node, producers
from kcodegen.structure.regions import leaf_class

# What two loops that mirror each other are worth besides the lines that they save: a reader sees
# at once that the network goes down and up again.
BONUS = 2.0
# A turn of a decoder begins where the size grows.
GROWING = 0.3
_UPS = ("UpSampling", "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose", "resize")
_LEAST_DEPTH = 3


def are_taken_back(
    chain: Chain, looks: Looks, last: dict[int, int], kept: Sequence[int], end: int
) -> bool:
    """Tell whether the nodes that use what a loop keeps mirror it; `end` is where it ends."""
    if len(kept) < _LEAST_DEPTH:
        return False
    rows = [last.get(number, -1) for number in kept]
    if min(rows) < end or max(rows) >= len(chain.nodes):
        return False
    if len(set(rows)) > 1:
        return _is_mirrored(looks, chain, rows)
    user = chain.nodes[rows[0]]
    return user.kind == "repeat" and _ends_with(user.operands, kept, user.head[3])


def were_kept(chain: Chain, looks: Looks, drawn: Sequence[int], start: int) -> bool:
    """Tell whether the nodes that made what a loop draws mirror it; `start` is where it starts."""
    if len(drawn) < _LEAST_DEPTH:
        return False
    made = producers(chain)
    rows = [made.get(number, start) for number in drawn]
    if max(rows) >= start:
        return False
    if len(set(rows)) > 1:
        return _is_mirrored(looks, chain, rows)
    maker = chain.nodes[rows[0]]
    return maker.kind == "repeat" and _ends_with(maker.results, drawn, maker.head[2])


def grows(draft: Draft, node: Node) -> bool:
    """Tell whether a node begins with a layer or an op that makes its input larger."""
    return leaf_class(draft, node, 0).startswith(_UPS)


def _is_mirrored(looks: Looks, chain: Chain, rows: Sequence[int]) -> bool:
    """Tell whether rows go back, each to a node that looks like the others."""
    tokens: set[Hashable] = {looks.token(chain.nodes[row]) for row in rows}
    return len(tokens) == 1 and all(after < before for before, after in pairwise(rows))


def _ends_with(numbers: Sequence[int], others: Sequence[int], columns: int) -> bool:
    """Tell whether one of the last columns of `numbers` are `others` from the end."""
    size = len(others)
    wanted = tuple(reversed(others))
    ends = range(len(numbers), len(numbers) - size * columns, -size)
    return any(tuple(numbers[end - size : end]) == wanted for end in ends)
