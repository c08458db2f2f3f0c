"""What changes from turn to turn: progressions, letters, tables, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcodegen.ir.formulas import Text, fill, plain
from kcodegen.ir.values import Obj, Value
from kcodegen.structure.rolling import Roller
from kcodegen.structure.statements import atoms
from kcodegen.structure.unify import Fail

numbers = st.one_of(
    st.integers(0, 300),
    st.sampled_from((0.1, 0.5, "same", "valid", None, True, (1, 7), (7, 1))),
)


def unrolled(roller: Roller, value: Value) -> list[Value]:
    """Return what a rolled value comes to in each turn."""
    shifted = roller.shifted(value)
    found = []
    for turn in range(roller.turns):
        env: dict[str, Value] = {roller.index: roller.start + roller.step * turn}
        env |= {roller.name(i): column[turn] for i, column in enumerate(roller.columns)}
        found.append(plain(fill(shifted, env)))
    return found


@given(st.lists(numbers, min_size=2, max_size=8))
def test_unrolling_gives_the_values_back(values):
    roller = Roller("i", len(values))
    assert unrolled(roller, roller.roll(values)) == values


@given(st.lists(st.from_regex(r"[a-c]{1,3}[0-9]{0,2}(_[a-c][0-9])?", fullmatch=True), min_size=2))
def test_unrolling_gives_names_back(names):
    roller = Roller("i", len(names))
    try:
        rolled = roller.roll([atoms(name) for name in names])
    except Fail:
        return
    assert unrolled(roller, rolled) == names


@pytest.mark.parametrize(
    ("names", "start", "columns"),
    [
        (("block1", "block2", "block3"), 1, 0),
        (("block7", "block8"), 7, 0),
        (("block2b", "block2c", "block2d"), 1, 0),
        (("up4", "up3", "up2"), 4, 0),
        (("conv", "conv", "conv"), 0, 0),
        (("a_x", "b_x", "d_x"), 0, 1),
        (("row1", "row2", "row5"), 0, 1),
    ],
)
def test_names_are_progressions_or_columns(names, start, columns):
    roller = Roller("i", len(names))
    rolled = roller.roll([atoms(name) for name in names])
    assert unrolled(roller, rolled) == list(names)
    assert (roller.start, len(roller.columns)) == (start, columns)


def test_two_numbers_that_are_no_neighbours_are_no_progression():
    roller = Roller("i", 2)
    roller.roll([64, 256])
    assert roller.columns == [(64, 256)]
    roller = Roller("i", 3)
    roller.roll([64, 128, 192])
    assert roller.columns == []


def test_a_column_that_follows_from_another_is_none():
    roller = Roller("i", 3)
    roller.roll([64, 128, 512])
    rolled = roller.roll([256, 512, 2048])
    assert len(roller.columns) == 1
    assert unrolled(roller, rolled) == [256, 512, 2048]


def test_objects_are_rolled_inside():
    values: list[Value] = [Obj("keras.regularizers.L2", (("l2", x),)) for x in (0.1, 0.2, 0.4)]
    roller = Roller("i", 3)
    assert unrolled(roller, roller.roll(values)) == values


def test_too_many_columns_are_no_loop():
    roller = Roller("i", 3)
    for number in (1, 2, 3):
        roller.roll([number, None, "x"])
    with pytest.raises(Fail):
        roller.roll([4, None, "x"])


def test_names_of_other_lengths_are_no_loop():
    with pytest.raises(Fail):
        Roller("i", 2).roll([Text(("a", 1)), Text(("a", 1, "_", "b"))])
