"""Numbers that Keras widens to tuples: narrowing and widening are inverse."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcodegen import registry
from kcodegen.ir.values import same
from kcodegen.passes.defaults import parameters
from kcodegen.passes.spread import widen_args
from kcodegen.registry.rows import narrow, widen
from tests.passes.test_defaults import KEYS

PARAMETERS = tuple(param for key in KEYS for param in parameters(key).values())
SPREADS = tuple(dict.fromkeys(param.spread for param in PARAMETERS if param.spread is not None))
numbers = st.one_of(st.integers(-9, 9), st.floats(-9, 9)).filter(lambda number: number != 0)


def test_the_rows_have_spreads():
    assert len(SPREADS) > 3
    assert registry.row("keras.layers.Conv2D").param("kernel_size").spread == (1, 1)


@pytest.mark.parametrize("spread", SPREADS, ids=str)
@given(number=numbers)
def test_a_widened_number_narrows_to_itself_or_to_its_twin(spread, number):
    wide = widen(number, spread)
    narrowed = narrow(wide, spread)
    assert isinstance(narrowed, (int, float))
    assert same(widen(narrowed, spread), wide)


@pytest.mark.parametrize("spread", SPREADS, ids=str)
@given(value=st.lists(st.sampled_from((0, 1, 2, -1, 0.5, -0.5, None)), max_size=3).map(tuple))
def test_a_narrowed_tuple_widens_to_itself(spread, value):
    narrowed = narrow(value, spread)
    assert narrowed is None or same(widen(narrowed, spread), value)


def test_a_number_is_widened_and_everything_else_stays():
    conv = "keras.layers.Conv2D"
    assert widen_args(conv, (("filters", 8), ("kernel_size", 3))) == (
        ("filters", 8),
        ("kernel_size", (3, 3)),
    )
    for value in ((3, 5), None, True):
        assert widen_args(conv, (("kernel_size", value),)) == (("kernel_size", value),)
