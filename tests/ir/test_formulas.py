"""Formulas come to values once their holes are filled, and tell which holes they have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcodegen.ir.formulas import (
    Affine,
    Condition,
    Either,
    Letter,
    Quotient,
    Ramp,
    Text,
    fill,
    holes,
    key,
    plain,
    plus,
)
from kcodegen.ir.values import Dict, Hole, Obj, same

INDEX, NAME = Hole("i"), Hole("name")


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        (INDEX, 3),
        (Affine(INDEX, 4), 12),
        (Affine(INDEX, -1, 5), 2),
        (Affine(Affine(INDEX, 2, 1), 3, 4), 25),
        (Affine(INDEX, 1, Affine(INDEX, 2, 1)), 10),
        (Quotient(Affine(INDEX, 4), 6), 2),
        (Letter(INDEX), "d"),
        (Ramp(0.2, INDEX, 16), 0.2 * 3 / 16),
        (Text(("block", INDEX, "_", NAME)), Text(("block", 3, "_", "conv"))),
        (Condition(INDEX, "==", 3), True),
        (Condition(INDEX, "!=", 3), False),
        (Condition(NAME, ""), True),
        (Condition(NAME, "not"), False),
        (Either(Condition(INDEX, "==", 3), "valid", "same"), "valid"),
        (Either(Condition(INDEX, "==", 4), "valid", Affine(INDEX, 2)), 6),
        ((INDEX, (INDEX, None)), (3, (3, None))),
        (Dict((("a", INDEX),)), Dict((("a", 3),))),
        (
            Obj("keras.layers.Dense", (("units", INDEX),)),
            Obj("keras.layers.Dense", (("units", 3),)),
        ),
    ],
)
def test_filled_formulas_are_values(formula, value):
    assert same(fill(formula, {"i": 3, "name": "conv"}), value)
    assert set(holes(formula)) <= {"i", "name"}
    assert not list(holes(value))


def test_what_is_not_known_stays_open():
    assert fill(Affine(INDEX, 2, 1), {"i": Affine(Hole("j"), 3)}) == Affine(Hole("j"), 6, 1)
    assert fill(Text((NAME, "_bn")), {"name": Text(("a", INDEX))}) == Text(("a", INDEX, "_bn"))
    assert fill(Affine(INDEX, 1, 0), {}) == INDEX
    assert fill(Either(Condition(INDEX, ""), 1, 2), {}) == Either(Condition(INDEX, ""), 1, 2)


@given(st.integers(-9, 9), st.integers(-9, 9), st.integers(-9, 9), st.integers(-9, 9))
def test_filling_in_two_steps_is_filling_at_once(factor, offset, shift, i):
    inner = Affine(Hole("j"), 1, shift)
    formula = Affine(INDEX, factor, offset)
    once = fill(formula, {"i": i + shift})
    assert fill(fill(formula, {"i": inner}), {"j": i}) == once == factor * (i + shift) + offset


def test_texts_without_holes_are_strings_again():
    assert plain(Text(("block", 2, "_", "conv"))) == "block2_conv"
    assert plain((Text(("a", 1)), 3)) == ("a1", 3)
    assert plain(Text(("a", INDEX))) == Text(("a", INDEX))


def test_keys_tell_types_apart():
    values = (1, 1.0, True, "1", None, (1,), (1.0,), 0.0, -0.0)
    assert len({key(value) for value in values}) == len(values)


def test_plus():
    assert plus(3, 4) == 7
    assert plus(INDEX, 0) == INDEX
    assert plus(plus(INDEX, 2), -2) == INDEX
