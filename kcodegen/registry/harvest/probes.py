"""Finds out by trying: which arguments Keras widens, rounds, or takes from one another."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from kcodegen.ir.values import Value, same
from kcodegen.registry.harvest.recipes import signature
from kcodegen.registry.harvest.values import Json, config_of, value_of
from kcodegen.registry.overrides import holds
from kcodegen.registry.rows import widen

WORDS = ("same", "channels_first", "he_normal", "l2", "non_neg", "relu", "int8", "sum", "float16")
NUMBERS: tuple[Any, ...] = (3, 2, 1, 0.3, 0.7, 30.0, 64)


def others(default: Any) -> Iterator[Any]:
    """Yield values of the kind of `default` that differ from it, likely ones first."""
    if isinstance(default, bool):
        yield not default
        return
    words, numbers = WORDS, (*NUMBERS, (3, 3), (0.1, 0.2), [1, 2])
    for value in (*words, *numbers) if isinstance(default, str) else (*numbers, True, *words):
        if value != default or type(value) is not type(default):
            yield value


def config_or_none(key: str, cls: type, **given: Any) -> Json | None:
    """Return the config of a small instance, or None when Keras refuses the arguments."""
    try:
        return config_of(key, cls, **given)
    except Exception:  # noqa: BLE001 - constructors raise whatever they like
        return None


def is_lost(key: str, cls: type, param: inspect.Parameter) -> bool:
    """Tell whether no value of a parameter ever shows in the config."""
    for value in others(param.default):
        config = config_or_none(key, cls, **{param.name: value})
        if config is not None and param.name in config:
            return False
    return True


def spread_of(key: str, cls: type, name: str) -> Value:
    """Return how the number 1 comes back from the argument `name`, None when unchanged."""
    for number in (3, 2, 1, 0.3):
        config = config_or_none(key, cls, **{name: number})
        if config is None or name not in config:
            continue
        got = value_of(config[name])
        if not isinstance(got, tuple):
            return None
        skeleton = _skeleton(got, number) if got else None
        if skeleton is not None and same(widen(number, skeleton), got):
            return skeleton
    return None


def _skeleton(value: Value, number: float) -> Value:
    if isinstance(value, tuple):
        parts = tuple(_skeleton(part, number) for part in value)
        return None if any(part is None for part in parts) else parts
    known = {number: 1, -number: -1, 0: 0}
    return known.get(value) if isinstance(value, (int, float)) else None


def rounded(key: str, cls: type, name: str) -> bool:
    """Tell whether the argument `name` comes back rounded to float32."""
    config = config_or_none(key, cls, **{name: 0.3})
    return config is not None and config.get(name) == 0.30000001192092896


def default_sources(key: str, cls: type) -> dict[str, str]:
    """Return for each parameter that follows another one when left out the other's name."""
    usual = config_or_none(key, cls)
    found: dict[str, str] = {}
    if usual is None:
        return found
    params = [param for param in signature(cls) if param.name in usual]
    followers = [p.name for p in params if p.default is None and usual[p.name] is not None]
    followers = [n for n in followers if n not in ("name", "data_format") and not holds(n)]
    for name in (param.name for param in params if followers and param.name not in followers):
        for value in others(usual[name]):
            config = config_or_none(key, cls, **{name: value})
            if config is None or config.get(name) == usual[name]:
                continue
            for other in followers:
                if config.get(other) != usual[other] and config.get(other) == config[name]:
                    found.setdefault(other, name)
            break
    return found
