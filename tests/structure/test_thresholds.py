"""A flag follows from the width of a block only where the widths say it without exception."""

from __future__ import annotations

import pytest

from kcodegen.ir.formulas import Condition, Either, fill
from kcodegen.ir.values import Hole
from kcodegen.structure.thresholds import fold_threshold
from kcodegen.structure.unify import Found

WIDTHS = [16, 40, 24, 80, 160]


def folded(flags, widths=WIDTHS):
    return fold_threshold([Found("f", "hard_silu", flags), Found("w", "filters", widths)])


@pytest.mark.parametrize("flags", [[False] * 3 + [True] * 2, [True] * 3 + [False] * 2])
def test_a_flag_follows_from_the_width(flags):
    (test,) = folded(flags).values()
    assert [fill(test, {"w": width}) for width in WIDTHS] == flags


@pytest.mark.parametrize(
    ("flags", "widths"),
    [
        ([False, False, True, True, True], WIDTHS),  # 24 lies between 16 and 40
        ([False, True], [16, 16]),
        ([True, True], [16, 32]),
        ([False, 1], [16, 32]),
        ([False, True], [16, Hole("k")]),
        ([False, True], [16, None]),
    ],
)
def test_a_flag_stays_where_widths_do_not_tell(flags, widths):
    assert folded(flags, widths) == {}


def test_the_width_that_a_block_gives_is_asked_first():
    params = [
        Found("f", "hard_silu", [False, True]),
        Found("inner", "filters", [64, 96]),
        Found("given", "filters", [16, 32]),
    ]
    assert fold_threshold(params) == {"f": Condition(Hole("given"), ">=", 32)}


def test_what_asked_for_the_flag_asks_for_the_width():
    env = folded([False, False, False, True, True])
    wide, narrow = Condition(Hole("w"), ">=", 80), Condition(Hole("w"), "<", 80)
    assert fill(Condition(Hole("f"), ""), env) == wide
    assert fill(Condition(Hole("f"), "not"), env) == narrow
    assert fill(Either(Condition(Hole("f"), "not"), 3, 6), env) == Either(narrow, 3, 6)
