"""Widths: numbers of a block that follow from how wide its first tensor is.

block(x, 96, 24); block(x, 144, 24)   ->   block(x, 24) with 6 * channels, channels = x.shape[-1]
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from kcodegen.ir.values import Hole, Value, same
from kcodegen.structure.draft import Draft
from kcodegen.structure.unify import Found, Unifier, _Absent, is_numeric, multiple, values_key

# Where less than this changes from use to use, a parameter is shorter.
_LEAST_CHANGES = 5
_COUNTS = frozenset({"name", "index", "first", "blocks", "depth"})


def explain_by_width(
    draft: Draft, unifier: Unifier, first: Sequence[int | None]
) -> tuple[Found | None, dict[str, Value]]:
    """Return the width of each copy's first tensor, and formulas for what follows from it.

    The parameters that have a formula are gone; None where it would be no shorter.
    """
    found = [draft.widths.get(number) for number in first if number is not None]
    widths = [width for width in found if width is not None]
    if len(widths) < len(first) or len(set(widths)) < 2:
        return None, {}
    base = Found(draft.hole(), "channels", list(widths))
    env: dict[str, Value] = {}
    if _changes(unifier.params) < _LEAST_CHANGES:
        return None, {}
    for param in unifier.params:
        if param.hint in _COUNTS or not is_numeric(param):
            continue
        formula = Hole(base.name) if _is_same(param, base) else multiple(param, base)
        if formula is not None:
            env[param.name] = formula
    unifier.params = [param for param in unifier.params if param.name not in env]
    return base, env


def _is_same(param: Found, base: Found) -> bool:
    pairs = zip(param.values, base.values, strict=True)
    return all(isinstance(a, _Absent) or same(a, b) for a, b in pairs)


def _changes(params: Sequence[Found]) -> int:
    """Return how often what is given changes from one copy to the next: others are in a loop."""
    columns = [param.values for param in params if param.hint not in _COUNTS]
    rows = [values_key(row) for row in zip(*columns, strict=True)]
    return sum(a != b for a, b in pairwise(rows))
