"""What Keras 3 calls the members of a list in a file of weights: by class, counted.

    Dense, Dense, LSTM   ->   dense, dense_1, lstm

Source: `_save_container_state` of `keras.src.saving.saving_lib`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from kcodegen.words import snake_case

# What these are called in memory.
_CLASSES = {
    "keras.Input": "InputLayer",
    "keras.Model": "Functional",
    "keras.layers.GroupQueryAttention": "GroupedQueryAttention",
}


def member_names(keys: Iterable[str]) -> tuple[str, ...]:
    """Return what the objects of a list are called, from the registry keys of their classes."""
    counts: dict[str, int] = {}
    names = []
    for key in keys:
        plain = class_word(key)
        count = counts[plain] = counts.get(plain, -1) + 1
        names.append(f"{plain}_{count}" if count else plain)
    return tuple(names)


def class_word(key: str) -> str:
    """Return what the first object of a class is called."""
    return snake_case(_CLASSES.get(key, re.split(r"[.:>]", key)[-1]))


def is_automatic(name: str, word: str) -> bool:
    """Tell whether Keras may have given a name: a word for the class, counted."""
    return re.fullmatch(rf"{re.escape(word)}(_[0-9]+)?", name) is not None
