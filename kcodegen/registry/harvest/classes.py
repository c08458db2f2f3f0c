"""Rows of classes: signatures, serialized defaults, extra and ignored keys."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from types import ModuleType
from typing import Any

import keras
from keras.src.api_export import REGISTERED_NAMES_TO_OBJS, get_name_from_symbol
from keras.src.utils.naming import reset_uids

from kcodegen.ir.values import Args, lookup, same
from kcodegen.registry import overrides
from kcodegen.registry.harvest.hidden import built_values, hidden_names, mask_rule, trials
from kcodegen.registry.harvest.probes import (
    config_or_none,
    default_sources,
    is_lost,
    rounded,
    spread_of,
)
from kcodegen.registry.harvest.recipes import UNMADE, needed, signature, takes_keywords
from kcodegen.registry.harvest.values import Json, serialized, value_of
from kcodegen.registry.helpers import HELPERS
from kcodegen.registry.rows import LAYER_EXTRA, ClassRow, Parameter
from kcodegen.words import snake_case

KINDS: tuple[tuple[str, type], ...] = (
    ("metric", keras.Metric),
    ("layer", keras.Layer),
    ("layer", keras.utils.FeatureSpace),
    ("loss", keras.Loss),
    ("optimizer", keras.Optimizer),
    ("schedule", keras.optimizers.schedules.LearningRateSchedule),
    ("initializer", keras.Initializer),
    ("regularizer", keras.Regularizer),
    ("constraint", keras.constraints.Constraint),
    ("dtype_policy", keras.DTypePolicy),
    ("quantizer", keras.Quantizer),
    ("quantization_config", keras.quantizers.QuantizationConfig),
    ("seed_generator", keras.random.SeedGenerator),
)

GETTERS = {
    "constraint": keras.constraints.get,
    "initializer": keras.initializers.get,
    "optimizer": keras.optimizers.get,
    "regularizer": keras.regularizers.get,
}
"""What turns a string into an object, for the kinds where people write strings."""

TRIALS: dict[str, tuple[Any, ...]] = {
    "activity_regularizer": ("l2",),
    "trainable": (False,),
    "dtype": ("float16", "int32"),
    "autocast": (False,),
    "bounding_box_format": ("xyxy",),
    "name": ("given",),
}
"""For each argument that layers inherit values that are not its default."""

MODEL = ClassRow(
    key="keras.Model",
    kind="layer",
    module="keras.src.models.functional",
    name="Functional",
    private="keras.src.models.model",
    aliases=("keras.models.Model",),
    params=(
        Parameter("inputs"),
        Parameter("outputs"),
        Parameter("name", None, None),
        Parameter("trainable", True, True),
    ),
    positional=2,
)
"""A functional model: its constructor's signature is `*args`, and its class is private."""


def public_classes() -> dict[str, tuple[str, type]]:
    """Return the kind and the class behind each canonical public path, sorted."""
    found = {}
    for cls in {c for c in REGISTERED_NAMES_TO_OBJS.values() if inspect.isclass(c)}:
        key = get_name_from_symbol(cls)
        kind = next((kind for kind, base in KINDS if issubclass(cls, base)), None)
        if kind is not None and not key.startswith("keras._legacy."):
            found[key] = (kind, cls)
    return dict(sorted(found.items()))


def helper_classes() -> dict[str, tuple[str, type]]:
    """Return the private layers that Keras' own applications are made of, by their path."""
    found: dict[str, tuple[str, type]] = {}
    for path in (path for path in HELPERS if path.startswith("keras.")):
        module, _, name = path.rpartition(".")
        found[path] = ("layer", getattr(importlib.import_module(module), name))
    return found


def class_rows() -> Iterator[ClassRow]:
    """Yield the row of every public class and every helper, sorted by key."""
    for key, (kind, cls) in sorted({**public_classes(), **helper_classes()}.items()):
        if key == MODEL.key:
            yield MODEL
        elif key in UNMADE:
            yield refused_row(key, kind, cls)
        else:
            yield class_row(key, kind, cls)


def names_of(key: str, kind: str, cls: type) -> ClassRow:
    """Return a row with the names of a class and nothing else."""
    module, _, name = key.rpartition(".")
    return ClassRow(
        key,
        kind,
        module,
        name,
        aliases=tuple(path for path in public_paths().get(cls, ()) if path != key),
        private=cls.__module__,
        helper=HELPERS[key].template if key in HELPERS else "",
        refusal=overrides.REFUSED.get(key, ""),
    )


@cache
def public_paths() -> dict[type, list[str]]:
    """Return every public path of every class, sorted."""
    found: dict[type, set[str]] = {}

    def visit(space: ModuleType, path: str) -> None:
        for name, item in vars(space).items():
            if name.startswith("_") or name == "src":
                continue
            if isinstance(item, ModuleType) and item.__name__ == f"{path}.{name}":
                visit(item, f"{path}.{name}")
            elif inspect.isclass(item):
                found.setdefault(item, set()).add(f"{path}.{name}")

    visit(keras, "keras")
    return {cls: sorted(paths) for cls, paths in found.items()}


def refused_row(key: str, kind: str, cls: type) -> ClassRow:
    """Return the row of a class that cannot be made here: its names and its signature."""
    params = tuple(_parameter(param, {}, {}, key, cls) for param in signature(cls))
    return replace(names_of(key, kind, cls), params=params)


def class_row(key: str, kind: str, cls: type) -> ClassRow:
    """Return the full row of a class, found by making small instances of it."""
    reset_uids()
    instance = cls(**needed(key, cls))
    data = serialized(instance)
    config = data["config"]
    sources = default_sources(key, cls)
    params = tuple(_parameter(param, config, sources, key, cls) for param in signature(cls))
    extra = tuple(_extra(key, cls, config)) if takes_keywords(cls) else ()
    extra = (*overrides.EXTRA.get(key, ()), *extra)
    known = {param.name for param in (*params, *extra)}
    ignored = tuple((k, value_of(v)) for k, v in config.items() if k not in known)
    lost = tuple(p.name for p in signature(cls) if p.name not in config and is_lost(key, cls, p))
    row = names_of(key, kind, cls)
    if kind == "layer":
        built = (*built_values(key, cls), *overrides.BUILT.get(key, ()))
        params = tuple(_widened_by_build(key, cls, param, built) for param in params)
        row = replace(row, hidden=hidden_names(key, cls), built=built, masks=mask_rule(key, cls))
    return replace(
        row,
        module=data["module"],
        name=data["class_name"],
        params=params,
        positional=positional(key, kind, params),
        shorthand=shorthand(key, kind, cls),
        ignored=ignored,
        extra=extra,
        lost=lost,
        auto=automatic_prefix(instance, data["class_name"]),
    )


def _parameter(
    param: inspect.Parameter, config: Json, sources: dict[str, str], key: str, cls: type
) -> Parameter:
    """Return the row of one parameter; `config` is that of an instance with defaults."""
    row = Parameter(
        param.name,
        holds=overrides.holds(param.name),
        spread=spread_of(key, cls, param.name) if config and _takes_number(param) else None,
        float32=bool(config) and _takes_number(param) and rounded(key, cls, param.name),
        keyword_only=param.kind is param.KEYWORD_ONLY,
        default_of=sources.get(param.name, ""),
    )
    if param.default is param.empty:
        return row
    default = value_of(param.default)
    seen = param.name in config and param.name not in needed(key, cls) and not row.default_of
    if not seen or (key, param.name) in overrides.UNSEEN:
        return replace(row, default=default, serialized=default)
    if param.name == "name" and issubclass(cls, keras.Layer):
        return replace(row, default=default, serialized=default)
    return replace(row, default=default, serialized=value_of(config[param.name]))


def _takes_number(param: inspect.Parameter) -> bool:
    """Tell whether a parameter may take a number, judging by its default and its name."""
    words = overrides.holds(param.name) not in ("", "schedule") or param.name in ("name", "dtype")
    return not words and not isinstance(param.default, (bool, str))


def _widened_by_build(key: str, cls: type, param: Parameter, built: Args) -> Parameter:
    """Return `param` with its `spread` when only a build widens a number there."""
    if param.spread is None and isinstance(param.default, int) and lookup(built, param.name):
        given: dict[str, Any] = {param.name: 1}
        trial = next(trials(key, cls, name="named", **given))
        if same(value_of(trial.after[param.name]), (1,)):
            return replace(param, spread=(1,))
    return param


def _extra(key: str, cls: type, config: Json) -> Iterator[Parameter]:
    """Yield what the constructor takes through `**kwargs` and writes to its config."""
    named = {param.name for param in signature(cls)}
    required = needed(key, cls)
    for name, value in config.items():
        if name in named or (name in TRIALS and name not in required):
            continue
        if name in required:
            yield Parameter(name)
        elif config_or_none(key, cls, **{name: value}) is not None:
            default = None if (key, name) in overrides.UNSEEN else value_of(value)
            yield Parameter(name, default, default, holds=overrides.holds(name))
    if not issubclass(cls, keras.Layer):
        return
    for name, values in TRIALS.items():
        if name in named or name in required:
            continue
        if any(_shows(key, cls, config, name, value) for value in values):
            usual = LAYER_EXTRA[name]
            if name in config and name != "name":
                usual = replace(usual, serialized=value_of(config[name]))
            yield usual


def _shows(key: str, cls: type, config: Json, name: str, value: Any) -> bool:
    """Tell whether an argument is taken and changes the config."""
    changed = config_or_none(key, cls, **{name: value})
    return changed is not None and changed.get(name, config.get(name)) != config.get(name)


def positional(key: str, kind: str, params: tuple[Parameter, ...]) -> int:
    """Return how many arguments a person passes by position.

    The rule: the required ones, when there are at most two; an optimizer's learning rate; and
    what `overrides` says.
    """
    if key in overrides.POSITIONAL:
        return overrides.POSITIONAL[key]
    if kind in overrides.NEVER_POSITIONAL or not params:
        return 0
    if params[0].name == "learning_rate":
        return 1
    required = sum(param.required for param in params)
    return required if required <= 2 else 0


def shorthand(key: str, kind: str, cls: type) -> str:
    """Return the string that stands for an object with default arguments, or nothing."""
    if kind not in GETTERS or needed(key, cls):
        return ""
    word = cls.__name__.lower() if kind == "optimizer" else snake_case(cls.__name__)
    reset_uids()
    usual = serialized(cls())
    reset_uids()
    try:
        meant = serialized(GETTERS[kind](word))
    except (KeyError, TypeError, ValueError):
        return ""
    return word if meant == usual else ""


def automatic_prefix(instance: object, name: str) -> str:
    """Return the automatic name of `instance`, the first in a session, if it is unusual."""
    auto = getattr(instance, "name", None)
    if not isinstance(instance, keras.Layer) or auto == snake_case(name):
        return ""
    assert isinstance(auto, str)
    return auto
