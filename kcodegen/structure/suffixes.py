"""Repeated words in a sequence, by its suffix array.

a b c a b d   ->   a b (twice), b (twice)
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from functools import cache

from kcodegen.records import record


@record(frozen=True)
class Word:
    """A word of `length` tokens and the places where it begins."""

    length: int
    places: tuple[int, ...]


def repeated_words(sequence: Sequence[Hashable], longest: int = 96) -> Iterator[tuple[int, Word]]:
    """Yield the repeated words of a sequence, each with the least length that has those places."""
    order = suffix_array(sequence, longest)
    common = _common_prefixes(sequence, order, longest)
    stack = [(0, 0)]
    for rank in range(1, len(order) + 1):
        here = common[rank] if rank < len(order) else 0
        left = rank - 1
        while stack and stack[-1][0] > here:
            length, left = stack.pop()
            parent = max(here, stack[-1][0] if stack else 0)
            yield parent + 1, Word(length, tuple(sorted(order[left:rank])))
        if not stack or stack[-1][0] < here:
            stack.append((here, left))


def suffix_array(sequence: Sequence[Hashable], longest: int) -> list[int]:
    """Return the starts of all suffixes in order, compared by their first `longest` tokens."""
    size = len(sequence)
    numbers = {token: i for i, token in enumerate(dict.fromkeys(sequence))}
    rank = [numbers[token] for token in sequence]
    order = sorted(range(size), key=rank.__getitem__)
    step = 1
    while step < longest and size > 1:
        pairs = [(rank[i], rank[i + step] if i + step < size else -1) for i in range(size)]
        order = sorted(range(size), key=pairs.__getitem__)
        new = [0] * size
        for place in range(1, size):
            new[order[place]] = new[order[place - 1]] + (
                pairs[order[place]] != pairs[order[place - 1]]
            )
        rank = new
        if rank[order[-1]] == size - 1:
            break
        step *= 2
    return order


def _common_prefixes(sequence: Sequence[Hashable], order: list[int], longest: int) -> list[int]:
    """Return how long each suffix agrees with the one before it, up to `longest` tokens."""
    size = len(sequence)
    found = [0] * size
    for place in range(1, size):
        one, other = order[place - 1], order[place]
        most = min(longest, size - max(one, other))
        length = 0
        while length < most and sequence[one + length] == sequence[other + length]:
            length += 1
        found[place] = length
    return found


def is_primitive(word: Sequence[Hashable]) -> bool:
    """Tell whether a word is no repetition of a shorter one."""
    size = len(word)
    return not any(word[: size - part] == word[part:] for part in _divisors(size))


@cache
def _divisors(number: int) -> tuple[int, ...]:
    """Return what divides a number, without itself."""
    return tuple(part for part in range(1, number // 2 + 1) if number % part == 0)
