"""The layers of a model and those of a file: which is which, by name, or all by order."""

from __future__ import annotations

import re
from collections.abc import Sequence


def same_layers(model: Sequence[str], file: Sequence[str]) -> list[tuple[str, str]] | None:
    """Return the layers of a model, each with its name in the file; None where they differ.

    By name, if the names are the same; else all by order, if they differ in their numbers only:
    a file of weights may be from another run, where `dense_1` was `dense_4`.
    """
    plain = {_plain(name): name for name in file}
    if len(plain) == len(file) and set(plain) == set(model):
        return [(name, plain[name]) for name in model]
    if len(model) != len(file):
        return None
    pairs = list(zip(model, file, strict=True))
    return pairs if all(_alike(ours, _plain(theirs)) for ours, theirs in pairs) else None


def _plain(name: str) -> str:
    """Return a name as Keras 3 allows it."""
    return name.replace("/", "_")


def _alike(ours: str, theirs: str) -> bool:
    """Tell whether two names differ in their numbers only, or in what a page has to add."""
    number = r"(_[0-9]+)?$"
    return re.sub(number, "", ours).removesuffix("_layer") == re.sub(number, "", theirs) or (
        re.sub(number, "", ours) == re.sub(number, "", theirs)
    )
