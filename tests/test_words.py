"""Small rules about words."""

from __future__ import annotations

import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcodegen.words import did_you_mean, identifier, is_identifier, listed, prose, snake_case
from tests.graphs import HOSTILE


@given(st.text())
def test_snake_case_is_that_of_keras(name):
    from keras.src.utils.naming import to_snake_case

    assert snake_case(name) == to_snake_case(name)


@given(st.text(), st.sampled_from(("value", "layer")))
def test_an_identifier_is_one(text, fallback):
    word = identifier(text, fallback)
    assert is_identifier(word)
    assert not keyword.issoftkeyword(word)
    assert word == word.lower()
    assert identifier(word, fallback) == word


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("skip", "skip"),
        ("block-2/conv", "block_2_conv"),
        ("", "value"),
        ("___", "value"),
        ("2nd", "value_2nd"),
        ("class", "class_"),
        ("print", "print_"),
        ("match", "match_"),
        ("\u00e9t\u00e9", "t"),
        ("a" * 3, "aaa"),
    ],
)
def test_identifiers(text, word):
    assert identifier(text) == word


@given(st.one_of(st.text(), st.sampled_from(HOSTILE)))
def test_prose_can_harm_nobody(text):
    shown = prose(text)
    assert len(shown) <= 80
    assert set(shown) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-?")


def test_prose_keeps_what_is_harmless():
    assert prose("block1_conv-2.x") == "block1_conv-2.x"
    assert prose('"""\n; import os #') == "??????import?os??"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("dense", True),
        ("Dense1", True),
        ("match", True),
        ("", False),
        ("1a", False),
        ("a b", False),
        ("class", False),
        ("\u00e9", False),
        ("\u2168", False),
    ],
)
def test_plain_names(text, answer):
    assert is_identifier(text) is answer


def test_near_misses():
    assert did_you_mean("unit", ("units", "activation")) == "did you mean 'units'?"
    assert did_you_mean("zzz", ("units", "activation")) == ""
    assert did_you_mean("x" * 100_000, ("units",)) == ""


def test_a_list_says_how_many_it_leaves_out():
    assert listed(["a", "b"], 2) == "a, b"
    assert listed(["a", "b", "c", "d", "e"], 2) == "a, b and 3 more"
    assert listed([], 2) == ""
