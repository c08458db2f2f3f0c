"""The one door for names."""

from __future__ import annotations

import builtins
import keyword

from hypothesis import given
from hypothesis import strategies as st

from kcodegen.naming.scope import PAGE_NAMES, Scope
from tests.graphs import HOSTILE, WORDS

wishes = st.one_of(st.text(max_size=8), st.sampled_from((*WORDS, *HOSTILE)))


def assert_can_be_a_variable(name: str) -> None:
    assert name.isidentifier()
    assert name.isascii()
    assert not keyword.iskeyword(name)
    assert not keyword.issoftkeyword(name)
    assert not hasattr(builtins, name)
    assert name not in PAGE_NAMES


@given(st.lists(wishes, max_size=12))
def test_names_are_plain_new_and_nobody_elses(found):
    scope = Scope()
    given_out = [scope.unique(wish) for wish in found]
    assert len(set(given_out)) == len(given_out)
    for name in given_out:
        assert_can_be_a_variable(name)


@given(wishes, wishes)
def test_a_released_name_is_given_out_again(wish, other):
    scope = Scope()
    scope.unique(other)
    name = scope.unique(wish)
    scope.release(name)
    assert scope.unique(wish) == name


def test_a_good_name_is_kept_as_it_is():
    scope = Scope()
    assert [scope.unique(wish) for wish in ("skip", "skip", "Block-2/conv", "2nd", "lambda")] == [
        "skip",
        "skip_2",
        "block_2_conv",
        "value_2nd",
        "lambda_",
    ]
