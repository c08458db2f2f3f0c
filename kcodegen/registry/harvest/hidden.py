"""Finds out by building small models: hidden names, values that a build writes, and masks."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import keras
from keras.src import backend
from keras.src.backend.common import global_state
from keras.src.utils.naming import reset_uids

from kcodegen.ir.values import Args, Obj, Symbol, Value, same, walk
from kcodegen.registry import overrides
from kcodegen.registry.harvest.probes import others
from kcodegen.registry.harvest.recipes import INPUTS, needed, signature
from kcodegen.registry.harvest.values import Json, serialized, value_of
from kcodegen.registry.rows import Hidden
from kcodegen.words import snake_case

UNSEEN = ("keras_tensor", "scratch_graph", "seed_generator", "variable")
"""Counters that never name a layer or an operation."""

MASK_OPS = ("any", "not_equal")
"""What layers make their masks with: `registry.masking` counts these and all that follows."""

TIMES = ("construct", "call", "every call")


@dataclass(frozen=True)
class Trial:
    """What one instance used up at each of `TIMES`, and its config before and after a call."""

    spent: tuple[Counter[str], ...]
    before: Json
    after: Json
    inputs: Any
    make: Callable[[], Any]

    @property
    def rank(self) -> int:
        """How many axes the first input has."""
        return len(keras.tree.flatten(self.inputs)[0].shape)


def counters() -> Counter[str]:
    """Return how often each prefix has been used in this session."""
    found = global_state.get_global_attribute("object_name_uids") or {}
    return Counter({k: v for k, v in found.items() if k not in (*UNSEEN, *MASK_OPS)})


def call(layer: Any, inputs: Any) -> Any:
    """Call a layer in the way its class wants."""
    name = type(layer).__name__
    if name in ("MultiHeadAttention", "GroupedQueryAttention"):
        return layer(inputs, inputs)
    if name == "StackedRNNCells":
        return layer(inputs, [_states(2)])
    if name.endswith("Cell"):
        return layer(inputs, _states(2 if name == "LSTMCell" else 1))
    return layer(inputs)


def _states(count: int) -> list[Any]:
    return [keras.Input(batch_shape=(2, 2), name=f"state_{i}") for i in range(count)]


def trials(
    key: str, cls: type, makers: Iterable[Callable[[], Any]] = INPUTS, calls: int = 2, **given: Any
) -> Iterator[Trial]:
    """Yield a trial for every kind of input that a small instance takes."""
    for make in makers:
        arguments = {**needed(key, cls), **given}
        reset_uids()
        try:
            layer = cls(**arguments)
            spent = [counters()]
            before = serialized(layer)["config"]
            inputs = make()
            for _ in range(calls):
                start = counters()
                call(layer, inputs)
                spent.append(counters() - start)
        except Exception:  # noqa: BLE001 - layers raise whatever they like
            continue
        if calls == 2:
            spent[1] -= spent[2]
        yield Trial(tuple(spent), before, serialized(layer)["config"], inputs, make)


def hidden_names(key: str, cls: type) -> tuple[Hidden, ...]:
    """Return the automatic names that an instance uses up by itself."""
    own = Counter([_own_prefix(cls)])
    named = next(trials(key, cls, name="named"), None)
    if named is None:
        return overrides.HIDDEN.get(key, ())
    found = [Hidden(when, prefix) for when, prefix in _spent(named)]
    arguments = needed(key, cls)
    reset_uids()
    cls(**arguments)
    more = counters() - own - named.spent[0]
    found += [Hidden("construct", prefix, "!name") for prefix in sorted(more)]
    for param in signature(cls):
        if _may_matter(param):
            found += _conditional(key, cls, param, named)
    return (*found, *overrides.HIDDEN.get(key, ()))


def _may_matter(param: inspect.Parameter) -> bool:
    """Tell whether an argument could bring in another layer: a switch or a number."""
    words = param.name in ("name", "dtype", "seed", "data_format") or overrides.holds(param.name)
    plain = param.default is None or isinstance(param.default, (bool, int, float))
    return plain and not words


def _conditional(key: str, cls: type, param: inspect.Parameter, usual: Trial) -> list[Hidden]:
    """Return the names that are used up only when `param` is given."""
    for value in others(param.default):
        makers = (usual.make,)
        changed = next(trials(key, cls, makers, name="named", **{param.name: value}), None)
        if changed is not None:
            more = [item for item in _spent(changed) if item not in _spent(usual)]
            return [Hidden(when, prefix, param.name) for when, prefix in more]
    return []


def _own_prefix(cls: type) -> str:
    return snake_case(cls.__name__)


def _spent(trial: Trial) -> list[tuple[str, str]]:
    return [
        (w, p)
        for w, spent in zip(TIMES, trial.spent, strict=True)
        for p in sorted(spent.elements())
    ]


def built_values(key: str, cls: type) -> Args:
    """Return what a build writes in place of a default: a value, or the name of a rule."""
    found: dict[str, list[tuple[int, Value]]] = {}
    for trial in trials(key, cls, calls=1, name="named"):
        for name, value in trial.after.items():
            if trial.before.get(name) != value and not _nested(value_of(value)):
                found.setdefault(name, []).append((trial.rank, value_of(value)))
    return tuple((name, _rule(key, name, seen)) for name, seen in found.items())


def _nested(value: Value) -> bool:
    return any(isinstance(part, Obj) for part in walk(value))


def _rule(key: str, name: str, seen: list[tuple[int, Value]]) -> Value:
    """Return the one value that was seen, or the rule that explains all of them."""
    if all(same(value, seen[0][1]) for _, value in seen):
        return seen[0][1]
    if all(same(value, tuple(range(1, rank - 1))) for rank, value in seen):
        return Symbol("inner_axes")
    raise AssertionError(f"no rule explains {key}.{name}: {seen}")


def mask_rule(key: str, cls: type) -> str:
    """Return what an instance does with masks: see `ClassRow.masks`."""
    if key in overrides.MASKS:
        return overrides.MASKS[key]
    deaf = cls.compute_mask is keras.Layer.compute_mask  # type: ignore[attr-defined]
    if deaf and not cls(**needed(key, cls)).supports_masking:
        return ""
    usual = _mask(key, cls)
    if usual:
        return usual
    for param in signature(cls):
        if isinstance(param.default, bool):
            changed = _mask(key, cls, **{param.name: not param.default})
            if changed:
                return f"{changed} {param.name}"
    return ""


def _mask(key: str, cls: type, **given: Any) -> str:
    """Return the word for what an instance with these arguments does with masks."""
    for shape in ((2, 5), (2, 4, 64), (2, 8, 8, 3), (2, 4, 4, 4, 3), (2, 2, 4, 4, 4, 3)):
        if _masked(key, cls, [_input(shape)], given):
            return "make"
        if _masked(key, cls, [_masked_input(shape)], given):
            return "keep"
        if _masked(key, cls, [_masked_input(shape), _input(shape)], given):
            second = _masked(key, cls, [_input(shape), _masked_input(shape)], given)
            return "any" if second else "first"
        if _masked(key, cls, [_masked_input(shape), _masked_input(shape)], given):
            return "all"
    return ""


@cache
def _input(shape: tuple[int, ...]) -> Any:
    return keras.Input(batch_shape=shape)


@cache
def _masked_input(shape: tuple[int, ...]) -> Any:
    return keras.layers.Masking()(_input(shape))


def _masked(key: str, cls: type, inputs: list[Any], given: dict[str, Any]) -> bool:
    """Tell whether the output of a small instance has a mask."""
    try:
        layer = cls(**{**needed(key, cls), **given})
        outputs = call(layer, inputs if len(inputs) > 1 else inputs[0])
        return any(backend.get_keras_mask(x) is not None for x in keras.tree.flatten(outputs)[:1])
    except Exception:  # noqa: BLE001 - layers raise whatever they like
        return False
