"""Small laws of the rows: widening, hidden names, what a build writes."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcodegen import registry
from kcodegen.ir.values import Obj, same
from kcodegen.registry.built import built_value
from kcodegen.registry.rows import Hidden, narrow, widen

SPREADS = sorted(
    {
        str(param.spread): param.spread
        for name in registry.class_names("layer")
        for row in registry.candidates(name, None, "layer")
        for param in (*row.params, *row.extra)
        if param.spread is not None
    }.items()
)
numbers = st.integers(-100, 100) | st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize("spread", [spread for _, spread in SPREADS], ids=[s for s, _ in SPREADS])
@given(number=numbers)
def test_narrowing_undoes_widening(spread, number):
    wide = widen(number, spread)
    found = narrow(wide, spread)
    assert (found is None) == (number == 0)
    if found is not None:
        assert same(widen(found, spread), wide)


@pytest.mark.parametrize(
    ("value", "spread", "expected"),
    [
        ((3, 3), (1, 1), 3),
        ((3.0, 3.0), (1, 1), 3.0),
        ((3, 3.0), (1, 1), None),
        ((3, 4), (1, 1), None),
        ((3, 3, 3), (1, 1), None),
        ((True, True), (1, 1), None),
        ((0, 0), (1, 1), None),
        (((1, 1), (1, 1)), ((1, 1), (1, 1)), 1),
        (((1, 1), (2, 2)), ((1, 1), (1, 1)), None),
        ((0, 0.3), (0, 1), 0.3),
        ((0.0, 0.3), (0, 1), None),
        ((-0.3, 0.3), (-1, 1), 0.3),
        ((0.3, -0.3), (-1, 1), -0.3),
        ((-0.2, 0.3), (-1, 1), None),
        ((-1,), (1,), -1),
        ((), (1,), None),
        (3, (1, 1), None),
        ("same", (1, 1), None),
        (("a", "a"), (1, 1), None),
        ((math.inf, math.inf), (1, 1), math.inf),
    ],
)
def test_only_what_was_one_number_is_narrowed(value, spread, expected):
    assert same(narrow(value, spread), expected)


@pytest.mark.parametrize(
    ("given_", "args", "expected"),
    [
        ("", (), True),
        ("mask_zero", (("mask_zero", True),), True),
        ("mask_zero", (("mask_zero", False),), False),
        ("mask_zero", (), False),
        ("factor", (("factor", 0.0),), False),
        ("factor", (("factor", (0.0, 0.2)),), True),
        ("!name", (), True),
        ("!name", (("name", "given"),), False),
        ("cell[]", (("cell", (Obj("keras.layers.LSTMCell"),)),), True),
        ("cell[]", (("cell", Obj("keras.layers.LSTMCell")),), False),
    ],
)
def test_a_hidden_name_has_its_condition(given_, args, expected):
    assert Hidden("construct", "prefix", given_).applies(args) is expected


@pytest.mark.parametrize(
    ("key", "name", "args", "rank", "expected"),
    [
        ("keras.layers.LayerNormalization", "axis", (), 3, (-1,)),
        ("keras.layers.MultiHeadAttention", "attention_axes", (), 3, (1,)),
        ("keras.layers.MultiHeadAttention", "attention_axes", (), 4, (1, 2)),
        ("keras.layers.MultiHeadAttention", "attention_axes", (), None, None),
        ("keras.layers.Dense", "units", (), 2, None),
    ],
)
def test_what_a_build_writes(key, name, args, rank, expected):
    assert same(built_value(registry.row(key), name, args, rank), expected)


def test_an_argument_is_found_among_those_of_every_layer():
    row = registry.row("keras.layers.Dense")
    trainable = row.param("trainable")
    assert trainable is not None
    assert trainable.serialized is True
    assert row.param("spam") is None
