"""Values: equality that sees types, and walks that miss nothing."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcodegen.ir.values import (
    Dict,
    Obj,
    Ref,
    Slice,
    Symbol,
    Value,
    lookup,
    refs,
    rewrite,
    same,
    walk,
)

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from((0.0, -0.0, 1.0, math.inf, math.nan)),
    st.sampled_from(("", "a", "1")),
    st.just(...),
    st.sampled_from((Ref("a/0"), Ref("a/0", 1), Ref("b/0"), Symbol("keras.activations.relu"))),
)


def named(values: st.SearchStrategy[Value]) -> st.SearchStrategy[tuple[tuple[str, Value], ...]]:
    keys = st.sampled_from(("a", "b", "c"))
    return st.dictionaries(keys, values, max_size=3).map(lambda found: tuple(found.items()))


values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(tuple),
        named(inner).map(Dict),
        named(inner).map(lambda args: Obj("keras.regularizers.L2", args)),
        st.tuples(inner, inner, inner).map(lambda bounds: Slice(*bounds)),
    ),
    max_leaves=12,
)


@given(values, values)
def test_same_tells_apart_whatever_prints_differently(left, right):
    assert same(left, right) == (repr(left) == repr(right))


@pytest.mark.parametrize(
    ("left", "right"),
    [(1, True), (1, 1.0), (0, False), (0.0, -0.0), ((1,), (1.0,)), ("1", 1), ((), None)],
)
def test_same_is_stricter_than_equality(left, right):
    assert same(left, left)
    assert not same(left, right)
    assert not same(Dict((("k", left),)), Dict((("k", right),)))
    assert not same(Obj("k", (("a", left),)), Obj("k", (("a", right),)))


def test_same_ignores_what_takes_no_part_in_comparison():
    assert same(Obj("k", named=True), Obj("k", named=False))
    assert not same(Obj("k", tag=1), Obj("k", tag=2))


@given(values)
def test_rewriting_with_the_identity_changes_nothing(value):
    assert same(rewrite(value, lambda item: item), value)


@given(values)
def test_rewrite_reaches_every_reference(value):
    marked = rewrite(value, lambda item: "seen" if isinstance(item, Ref) else item)
    assert not list(refs(marked))
    count = sum(1 for item in walk(marked) if item == "seen")
    assert count == len(list(refs(value)))


def test_walk_goes_from_left_to_right_and_outside_in():
    value = (Ref("a"), Dict((("x", (Ref("b"),)), ("y", Ref("c")))), Slice(Ref("d"), None, Ref("e")))
    assert [ref.call for ref in refs(value)] == list("abcde")
    assert next(walk(value)) is value


def test_walk_is_no_deeper_than_a_flat_loop():
    value: Value = Ref("deep")
    for _ in range(20_000):
        value = (value,)
    assert [ref.call for ref in refs(value)] == ["deep"]


def test_lookup():
    args = (("a", 1), ("b", None))
    assert lookup(args, "a") == 1
    assert lookup(args, "b", 5) is None
    assert lookup(args, "c", 5) == 5
