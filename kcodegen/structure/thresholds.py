"""Thresholds: flags that follow from how wide a block is, where it would have too many parameters.

hard_silu=False for 16, 24 and 40 filters, True for 80 and more   ->   filters >= 80
"""

from __future__ import annotations

from kcodegen.ir.formulas import Condition
from kcodegen.ir.values import Hole, Value
from kcodegen.structure.unify import Found

_WIDTHS = frozenset({"filters", "units"})


def fold_threshold(params: list[Found]) -> dict[str, Value]:
    """Return the formula of one flag that holds from some width on; nothing where none does."""
    flags = [param for param in params if all(isinstance(v, bool) for v in param.values)]
    # What a block gives comes last: its width is what an author thinks in.
    widths = [param for param in reversed(params) if param.hint in _WIDTHS]
    for flag in flags:
        for width in widths:
            if (test := _threshold(flag, width)) is not None:
                return {flag.name: test}
    return {}


def _threshold(flag: Found, width: Found) -> Condition | None:
    """Return from where on, or up to where, a flag holds; None where its widths are mixed."""
    pairs = zip(flag.values, width.values, strict=True)
    known = [(bool(held), size) for held, size in pairs if type(size) is int]
    there = [size for held, size in known if held]
    absent = [size for held, size in known if not held]
    if len(known) < len(width.values) or not there or not absent:
        return None
    if min(there) > max(absent):
        return Condition(Hole(width.name), ">=", min(there))
    if max(there) < min(absent):
        return Condition(Hole(width.name), "<", min(absent))
    return None
