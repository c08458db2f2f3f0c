"""Serialized configs as IR values, with nested objects stripped of their defaults."""

from __future__ import annotations

from functools import cache
from typing import Any

import keras
from keras.src.utils.naming import reset_uids

from kcodegen.ir.values import Array, Dict, Obj, Symbol, Value
from kcodegen.registry.harvest.recipes import needed

Json = dict[str, Any]


def serialized(instance: object) -> Json:
    """Return what Keras writes for `instance`."""
    data: Json = keras.saving.serialize_keras_object(instance)
    return data


def config_of(key: str, cls: type, **given: Any) -> Json:
    """Return the config of the smallest instance of a class, with arguments of ours on top.

    Raises whatever the constructor raises.
    """
    reset_uids()
    config: Json = serialized(cls(**{**needed(key, cls), **given}))["config"]
    return config


@cache
def _defaults(key: str) -> Json:
    cls = keras.src.api_export.get_symbol_from_name(key)
    try:
        config = config_of(key, cls)
    except (KeyError, TypeError):
        return {}
    return {name: value for name, value in config.items() if name not in needed(key, cls)}


def value_of(data: Any) -> Value:
    """Return serialized data as a value: a plain dtype policy is its name, lists are tuples."""
    match data:
        case None | bool() | int() | float() | str():
            return data
        case list() | tuple():
            return tuple(value_of(item) for item in data)
        case {"class_name": "DTypePolicy", "config": {"name": str(name)}}:
            return name
        case {"class_name": "__tensor__", "config": {"value": value, "dtype": str(dtype)}}:
            return Array("tensor", dtype, value_of(value))
        case {"class_name": "function", "config": str(name)}:
            return Symbol(name)
        case {"module": str(module), "class_name": str(name), "config": dict(config)}:
            key = f"{module}.{name}"
            usual = _defaults(key)
            kept = {k: v for k, v in config.items() if k not in usual or usual[k] != v}
            return Obj(key, tuple((k, value_of(v)) for k, v in kept.items()))
        case dict():
            return Dict(tuple((k, value_of(v)) for k, v in data.items()))
        case _:
            raise TypeError(f"not a serialized value: {data!r}")
