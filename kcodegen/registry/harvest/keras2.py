"""Rows of Keras 2, from the installed `tf_keras`: what the target `keras2` is made of.

Only classes that Keras 3 has too get a row, and those of `OWN`: a page comes from a Graph, and the
Graph is in the words of Keras 3. What people do (which arguments they pass by position) and what
Keras widens to tuples is as in the row of Keras 3.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tf_keras
from tf_keras.src import backend

from kcodegen import registry
from kcodegen.ir.values import Dict, Obj, Symbol, Value
from kcodegen.registry import overrides
from kcodegen.registry.harvest.recipes import ARGUMENTS, signature, takes_keywords
from kcodegen.registry.helper_rows import LOCAL_1D, LOCAL_2D
from kcodegen.registry.rows import LAYER_EXTRA, ClassRow, Hidden, Parameter
from kcodegen.registry.spelling import RENAMED
from kcodegen.words import snake_case

Json = dict[str, Any]
ROOT = "keras2."
KINDS = frozenset(
    """layer initializer regularizer constraint loss metric optimizer schedule""".split()
)
OWN = {
    LOCAL_1D.key: "keras.layers.LocallyConnected1D",
    LOCAL_2D.key: "keras.layers.LocallyConnected2D",
}
"""Classes that Keras 2 has and pages for Keras 3 bring with them."""

MADE: dict[str, Callable[[], Any]] = {
    **ARGUMENTS,
    "cell": lambda: tf_keras.layers.LSTMCell(2, name="cell"),
    "cells": lambda: [tf_keras.layers.LSTMCell(2, name="cell")],
    "fn": lambda: tf_keras.losses.mean_squared_error,
    "function": lambda: tf_keras.activations.relu,
    "layer": lambda: tf_keras.layers.Dense(2, name="inner"),
    "num_tokens": lambda: 4,
    "height": lambda: 4,
    "alpha": lambda: 0.3,
    "l2": lambda: 0.1,
    "mean_metric": lambda: None,
}
TRIALS: dict[str, tuple[Any, ...]] = {
    "activity_regularizer": ("l2",),
    "trainable": (False,),
    "dtype": ("float16", "int32"),
    "name": ("given",),
    "zero_output_for_mask": (True,),
}
"""For each argument that goes through `**kwargs` values that are not its default."""
SKIPPED = frozenset({"batch_input_shape", "vocabulary_size"})
"""What a config tells of a build, and no page writes."""
MODELS = frozenset({"keras.Model", "keras.Sequential", "keras.layers.InputLayer"})
"""Classes whose rows stand in `registry/targets.py`."""


def find(key: str) -> type | None:
    """Return the class of Keras 2 behind a path of Keras 3, or None."""
    item: Any = tf_keras
    for part in key.split(".")[1:]:
        item = getattr(item, part, None)
    return item if inspect.isclass(item) else None


def keras2_rows() -> Iterator[ClassRow]:
    """Yield the row of every class that both have, sorted by key."""
    pairs = dict(OWN)
    for kind in KINDS:
        for name in registry.class_names(kind):
            pairs |= {row.key: row.key for row in registry.candidates(name, None, kind)}
    for key, path in sorted(pairs.items(), key=lambda pair: pair[1]):
        row, cls = registry.row(key), find(path)
        public = path.startswith("keras.") and ".src." not in path and path not in MODELS
        if cls is not None and public and not row.refusal:
            yield class_row(row, ROOT + path.partition(".")[2], cls)


def class_row(today: ClassRow, key: str, cls: type) -> ClassRow:
    """Return the row of one class; `today` is its row of Keras 3."""
    config = make(key, cls).get_config()
    needed = required(key, cls)
    params = tuple(_parameter(param, config, needed, today) for param in signature(cls))
    extra = tuple(_extra(key, cls, config, today.kind)) if takes_keywords(cls) else ()
    row = ClassRow(
        key=key,
        kind=today.kind,
        module=key.rpartition(".")[0].replace("keras2", "keras"),
        name=cls.__name__,
        params=params,
        extra=extra,
        positional=_positional(today, params),
        shorthand=_shorthand(today, cls, config),
    )
    if today.kind == "layer":
        row = replace(row, hidden=tuple(hidden_names(key, cls, today)), auto=_prefix(key, cls))
    return row


def required(key: str, cls: type) -> dict[str, Any]:
    """Return fresh arguments for the smallest instance of a class."""
    if key == f"{ROOT}layers.Bidirectional":
        return {"layer": tf_keras.layers.LSTM(2, name="inner")}
    names = [p.name for p in signature(cls) if p.default is p.empty]
    if key == f"{ROOT}layers.CategoryEncoding":
        names.append("num_tokens")
    if key == f"{ROOT}layers.Discretization":
        names.append("num_bins")
    return {name: MADE[name]() for name in names}


def make(key: str, cls: type, **given: Any) -> Any:
    """Return a small instance of a class."""
    backend.clear_session()
    return cls(**{**required(key, cls), **given})


def _parameter(param: inspect.Parameter, config: Json, needed: Json, today: ClassRow) -> Parameter:
    now = today.param(old_to_new(today).get(param.name, param.name))
    row = Parameter(
        param.name,
        holds=overrides.holds(param.name),
        spread=now.spread if now is not None else None,
        float32=now.float32 if now is not None else False,
        keyword_only=param.kind is param.KEYWORD_ONLY,
        default_of=now.default_of if now is not None else "",
    )
    if param.default is param.empty:
        return row
    default = value_of(param.default)
    seen = param.name in config and param.name not in needed and not row.default_of
    if not seen or (param.name == "name" and today.kind == "layer"):
        return replace(row, default=default, serialized=default)
    return replace(row, default=default, serialized=value_of(config[param.name]))


def old_to_new(row: ClassRow) -> dict[str, str]:
    """Return what the arguments of a class are called today, where that has changed."""
    return {old: new for (cls, new), old in RENAMED.items() if cls in (row.key, f"*{row.kind}")}


def _positional(today: ClassRow, params: tuple[Parameter, ...]) -> int:
    names = old_to_new(today)
    count = 0
    for now, param in zip(today.params[: today.positional], params, strict=False):
        if names.get(param.name, param.name) != now.name:
            break
        count += 1
    return count


def _extra(key: str, cls: type, config: Json, kind: str) -> Iterator[Parameter]:
    """Yield what the constructor takes through `**kwargs` and writes to its config."""
    named = {param.name for param in signature(cls)}
    # A metric of a function takes every keyword, and hands it to the function.
    for name, values in TRIALS.items() if kind == "layer" else ():
        if name not in named and any(_shows(key, cls, config, name, value) for value in values):
            usual = LAYER_EXTRA.get(name) or Parameter(name, False, False)
            shown = name in config and name != "name"
            yield replace(usual, serialized=value_of(config[name])) if shown else usual
    for name, value in config.items():
        if name in named or name in TRIALS or name in SKIPPED:
            continue
        try:
            make(key, cls, **{name: value})
        except Exception:  # noqa: BLE001 - constructors raise whatever they like
            continue
        default = value_of(value)
        yield Parameter(name, default, default, holds=overrides.holds(name))


def _shows(key: str, cls: type, config: Json, name: str, value: Any) -> bool:
    try:
        changed = make(key, cls, **{name: value}).get_config()
    except Exception:  # noqa: BLE001 - constructors raise whatever they like
        return False
    return bool(changed.get(name, config.get(name)) != config.get(name))


# Values


@cache
def _usual(name: str, space: str) -> Json:
    cls = getattr(getattr(tf_keras, space), name)
    try:
        usual: Json = cls().get_config()
    except TypeError:
        return {}
    return usual


def value_of(data: Any) -> Value:
    """Return a default or a serialized value as an IR value."""
    match data:
        case None | bool() | int() | float() | str():
            return data
        case np.floating() | np.integer() | np.ndarray():
            return value_of(data.tolist())
        case list() | tuple():
            return tuple(value_of(item) for item in data)
        case {"class_name": "function", "config": str(name)}:
            return Symbol(name)
        case {"module": str(module), "class_name": str(name), "config": dict(config)}:
            space = module.rpartition(".")[2]
            usual = _usual(name, space)
            kept = {k: v for k, v in config.items() if k not in usual or usual[k] != v}
            return Obj(f"{ROOT}{space}.{name}", tuple((k, value_of(v)) for k, v in kept.items()))
        case dict():
            return Dict(tuple((k, value_of(v)) for k, v in data.items()))
        case _ if hasattr(data, "name"):  # a dtype
            return str(data.name)
        case _:
            raise TypeError(f"not a value: {data!r}")


def _shorthand(today: ClassRow, cls: type, config: Json) -> str:
    """Return the string that stands for an object with default arguments, or nothing."""
    getters: dict[str, Callable[[str], Any]] = {
        "constraint": tf_keras.constraints.get,
        "initializer": tf_keras.initializers.get,
        "optimizer": tf_keras.optimizers.get,
        "regularizer": tf_keras.regularizers.get,
    }
    if not today.shorthand or today.kind not in getters:
        return ""
    try:
        meant: Any = getters[today.kind](today.shorthand)
    except ValueError:
        return ""
    if type(meant) is not cls:
        return ""
    made: Any = meant
    return today.shorthand if made.get_config() == config else ""


# What goes by name


def keras2_names() -> dict[str, Any]:
    """Return which of the strings and functions of Keras 3 mean the same in Keras 2."""
    kinds = ("activation", "loss", "metric", "optimizer", "dtype_policy")
    strings = {kind: sorted(filter(_MEANS[kind], registry.strings(kind))) for kind in kinds}
    spaces = {"activations": "activation", "losses": "loss", "metrics": "metric"}
    paths = {space: set(_functions(kind)) for space, kind in spaces.items()}
    functions = [
        f"{space}.{name}"
        for space, names in paths.items()
        for name in sorted(names)
        if inspect.isfunction(getattr(getattr(tf_keras, space), name, None))
        and (space != "activations" or _same_activation(name))
    ]
    return {"strings": strings, "functions": functions}


def _functions(kind: str) -> Iterator[str]:
    for path in registry.function_paths(kind):
        yield path.rpartition(".")[2]


def _takes(get: Callable[[str], Any]) -> Callable[[str], bool]:
    def works(name: str) -> bool:
        try:
            return get(name) is not None
        except (TypeError, ValueError):
            return False

    return works


def _same_activation(name: str) -> bool:
    """Tell whether both Keras compute the same for an activation called `name`."""
    numbers = np.linspace(-6.0, 6.0, 48, dtype="float32").reshape(3, 16)
    try:
        old = tf_keras.activations.get(name)(tf.constant(numbers)).numpy()
        new = np.asarray(keras.activations.get(name)(numbers))
    except (TypeError, ValueError):
        return False
    return old.shape == new.shape and bool(np.allclose(old, new, atol=1e-6))


_MEANS: dict[str, Callable[[str], bool]] = {
    "activation": _same_activation,
    "dtype_policy": _takes(lambda name: tf.as_dtype(name.removeprefix("mixed_"))),
    "loss": _takes(tf_keras.losses.get),
    "metric": lambda name: name in overrides.COMPILE_WORDS or _takes(tf_keras.metrics.get)(name),
    "optimizer": _takes(tf_keras.optimizers.get),
}


# Automatic names


@contextmanager
def counted() -> Iterator[list[str]]:
    """Note every automatic name that is given out."""
    found: list[str] = []
    usual = backend.unique_object_name

    def noted(name: str, *args: Any, **kwargs: Any) -> str:
        found.append(name)
        made: str = usual(name, *args, **kwargs)
        return made

    backend.unique_object_name = noted
    try:
        yield found
    finally:
        backend.unique_object_name = usual


def _prefix(key: str, cls: type) -> str:
    name: str = make(key, cls).name
    return "" if name == snake_case(cls.__name__) else name


def hidden_names(key: str, cls: type, today: ClassRow) -> Iterator[Hidden]:
    """Yield the automatic names that an instance uses up by itself."""
    with counted() as named:
        layer = make(key, cls, name="named")
    own = _prefix(key, cls) or snake_case(cls.__name__)
    yield from (Hidden("construct", prefix) for prefix in named)
    with counted() as unnamed:
        make(key, cls)
    rest = list(unnamed)
    for prefix in (own, *named):
        if prefix in rest:
            rest.remove(prefix)
    yield from (Hidden("construct", prefix, "!name") for prefix in rest)
    yield from overrides.HIDDEN.get(today.key, ())
    for inputs in _inputs():
        try:
            layer = make(key, cls, name="named")
            with counted() as first:
                _call(layer, inputs())
            with counted() as again:
                _call(layer, inputs())
        except Exception:  # noqa: BLE001 - layers raise whatever they like
            continue
        every = list(again)
        for prefix in every:
            first.remove(prefix)
        yield from (Hidden("call", prefix) for prefix in first)
        yield from (Hidden("every call", prefix) for prefix in every)
        return


def _call(layer: Any, inputs: Any) -> Any:
    if type(layer).__name__ == "MultiHeadAttention":
        return layer(inputs, inputs)
    return layer(inputs)


def _inputs() -> Iterator[Callable[[], Any]]:
    shapes: tuple[tuple[int, ...], ...] = (
        (2, 4), (2, 4, 4), (2, 8, 8, 3), (2, 4, 4, 4, 3), (2, 2, 4, 4, 4, 3), (2, 4, 64),
    )  # fmt: skip
    for shape in shapes:
        yield lambda shape=shape: tf_keras.Input(batch_shape=shape, name="input")  # type: ignore[misc]
    for shape in shapes[:2]:
        yield lambda shape=shape: [  # type: ignore[misc]
            tf_keras.Input(batch_shape=shape, name=name) for name in ("a", "b")
        ]
