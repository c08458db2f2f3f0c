"""The strings that Keras takes for an object, and its functions that go by name."""

from __future__ import annotations

import inspect
from types import FunctionType, ModuleType
from typing import Any

import keras
from keras.src import (
    activations,
    constraints,
    initializers,
    losses,
    metrics,
    optimizers,
    regularizers,
)
from keras.src.backend.common.dtypes import ALLOWED_DTYPES
from keras.src.utils.naming import reset_uids

from kcodegen.registry import overrides
from kcodegen.registry.harvest.values import serialized

TABLES: dict[str, ModuleType] = {
    "activation": activations,
    "constraint": constraints,
    "initializer": initializers,
    "loss": losses,
    "metric": metrics,
    "optimizer": optimizers,
    "regularizer": regularizers,
}
"""For each kind the module with its table of strings and its `get`."""

SPACES: dict[str, ModuleType] = {
    "activation": keras.activations,
    "loss": keras.losses,
    "metric": keras.metrics,
}

NOT_OBJECTS = frozenset({"deserialize", "get", "serialize"})
"""Functions of those modules that are tools."""


def names() -> dict[str, Any]:
    """Return what every string stands for and the path of every function, by kind of place."""
    found = {kind: strings(kind, space) for kind, space in TABLES.items()}
    words = (*ALLOWED_DTYPES, "mixed_bfloat16", "mixed_float16")
    found["dtype_policy"] = dict.fromkeys(sorted(words), "")
    found["metric"] |= dict.fromkeys(overrides.COMPILE_WORDS, "")
    return {
        "strings": {kind: dict(sorted(words.items())) for kind, words in sorted(found.items())},
        "functions": {kind: functions(space) for kind, space in SPACES.items()},
    }


def strings(kind: str, space: ModuleType) -> dict[str, str]:
    """Return the public path of what each string stands for, where Keras can make it."""
    found = {}
    for name, item in sorted(space.ALL_OBJECTS_DICT.items()):
        path = public_path(item, kind)
        if path is not None and path not in overrides.REFUSED and means(space, name, item):
            found[name] = path
    return found


def public_path(item: Any, kind: str) -> str | None:
    """Return the public path of a class or of a function of this kind."""
    if inspect.isclass(item):
        path: str | None = keras.src.api_export.get_name_from_symbol(item)
        return path
    return functions(SPACES[kind]).get(item.__name__)


def means(space: ModuleType, name: str, item: Any) -> bool:
    """Tell whether Keras takes the string for `item`, a class with its default arguments."""
    try:
        reset_uids()
        meant = space.get(name)
        reset_uids()
        return meant is item or serialized(meant) == serialized(item())
    except (KeyError, TypeError, ValueError):
        return False


def functions(space: ModuleType) -> dict[str, str]:
    """Return the public path of each function by every name it has in its module."""
    return {
        name: f"{space.__name__}.{item.__name__ if hasattr(space, item.__name__) else name}"
        for name, item in sorted(vars(space).items())
        if isinstance(item, FunctionType) and name not in NOT_OBJECTS
    }
