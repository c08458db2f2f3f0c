"""float32 noise: what comes back rounds to the same float32, and nothing shorter does."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kcodegen.ir.numbers import shortest_float32, to_float32
from kcodegen.passes.float32 import undo_float32

singles = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-3e38, max_value=3e38))
def test_rounding_is_that_of_numpy(value):
    assert to_float32(value) == float(np.float32(value))


@given(singles)
def test_the_round_trip_is_exact(value):
    short = shortest_float32(value)
    assert to_float32(short) == value
    assert math.copysign(1, short) == math.copysign(1, value)


@given(singles)
def test_nothing_with_fewer_digits_rounds_to_the_same(value):
    short = shortest_float32(value)
    digits = len(f"{short:.17g}".split("e")[0].strip("-0").replace(".", "").strip("0"))
    digits = next((n for n in range(1, 18) if float(f"{short:.{n}g}") == short), digits)
    for fewer in range(1, digits):
        assert to_float32(float(f"{value:.{fewer}g}")) != value


@given(st.decimals(-9999, 9999, allow_nan=False, places=3))
def test_what_a_person_typed_comes_back(typed):
    value = float(typed)
    assert shortest_float32(to_float32(value)) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_that_never_was_a_float32_stays(value):
    if to_float32(value) != value:
        assert shortest_float32(value) == value


def test_only_where_keras_keeps_a_float32():
    noisy = 0.0010000000474974513
    adam = undo_float32("keras.optimizers.Adam", (("learning_rate", noisy), ("epsilon", noisy)))
    assert adam == (("learning_rate", 0.001), ("epsilon", noisy))
    assert undo_float32("keras.layers.Dropout", (("rate", noisy),)) == (("rate", noisy),)
