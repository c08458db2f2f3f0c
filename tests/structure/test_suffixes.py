"""Repeated words: what the suffix array says is what counting says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kcodegen.structure.suffixes import is_primitive, repeated_words, suffix_array

texts = st.text("abc", max_size=40)


def counted(text: str) -> dict[str, tuple[int, ...]]:
    """Return every word that occurs at least twice, and where."""
    found: dict[str, list[int]] = {}
    for start in range(len(text)):
        for end in range(start + 1, len(text) + 1):
            found.setdefault(text[start:end], []).append(start)
    return {word: tuple(places) for word, places in found.items() if len(places) > 1}


@given(texts)
def test_all_repeated_words_are_found_with_all_their_places(text):
    found = {}
    for least, word in repeated_words(text):
        for length in range(least, word.length + 1):
            found[text[word.places[0] : word.places[0] + length]] = word.places
    assert found == counted(text)


@given(texts)
def test_suffixes_are_in_order_when_the_alphabet_is(text):
    sequence = "".join(sorted(set(text))) + "~" + text  # tokens count in the order they are met
    order = suffix_array(sequence, len(sequence) + 1)
    rank = {token: i for i, token in enumerate(dict.fromkeys(sequence))}
    suffixes = [[rank[token] for token in sequence[start:]] for start in order]
    assert suffixes == sorted(suffixes)


@given(st.text("ab", min_size=1, max_size=12))
def test_a_primitive_word_is_no_repetition(word):
    size = len(word)
    parts = (word[:n] * (size // n) for n in range(1, size) if size % n == 0)
    assert is_primitive(word) == (word not in list(parts))


def test_words_are_as_long_as_asked_at_most():
    assert max(word.length for _, word in repeated_words("ab" * 100, 10)) == 10
