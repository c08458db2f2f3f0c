"""Compares a rebuilt model with a flat {"layers": [...]} file."""

from __future__ import annotations

import json
from typing import Any

from kcodegen.verification.allowances import OLDER, same_noise
from kcodegen.verification.configs import differences

OWN_FORMAT = "keras3.15"


def flat_differences(original: Any, model: Any, producer: str) -> tuple[str, ...]:
    """Return where the layers of `model` are not those of the file.

    What today's Keras wrote must be equal to the last key. Of what an older one wrote, the
    keys with plain values that both know must be equal; nested objects had other shapes then.
    """
    rebuilt = flat(model)
    if producer == OWN_FORMAT:
        return differences(original, rebuilt)
    ours, theirs = shared(original["layers"], rebuilt["layers"])
    return differences(ours, theirs, OLDER)


def flat(model: Any) -> dict[str, Any]:
    """Return a model in the flat format."""
    layers = [
        {"name": layer.name, "class_name": type(layer).__name__, **layer.get_config()}
        for layer in model.layers
    ]
    value: dict[str, Any] = json.loads(json.dumps({"layers": layers}))
    return value


def shared(left: list[Any], right: list[Any]) -> tuple[list[Any], list[Any]]:
    """Return both lists of layers, reduced to the plain values of their common keys."""
    if len(left) != len(right):
        return left, right
    ours, theirs = [], []
    for a, b in zip(left, right, strict=True):
        keys = [key for key in a if key in b and plain(a[key]) and plain(b[key])]
        reduced = {k: alone(a[k], b[k]) for k in keys}
        ours.append(reduced)
        theirs.append(same_noise(reduced, {k: b[k] for k in keys})[1])
    return ours, theirs


def alone(value: Any, today: Any) -> Any:
    """Return what a list of one item holds where today there is no list: an axis was [3] once."""
    is_single = isinstance(value, list) and len(value) == 1 and not isinstance(today, list)
    return value[0] if is_single else value


def plain(value: Any) -> bool:
    """Say whether a value is a number, a word, a flag, or a list of them."""
    if isinstance(value, list):
        return all(plain(item) for item in value)
    return not isinstance(value, dict)
