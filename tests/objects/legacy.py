"""Holds an object that an older Keras serialized against the one that today's Keras writes."""

from __future__ import annotations

import inspect
from typing import Any

from kcodegen.verification.allowances import is_object, plain_dtype, renamed_class, rewritten

# Keys that no longer exist, with the values that may be forgotten; None in place of the values
# means any: such a key says how something is computed or written, not what it is.
GONE: dict[str, tuple[Any, ...] | None] = {
    "activity_regularizer": (None,),
    "axis": (-1,),  # of a cosine similarity, which no longer writes it
    "delta": (1.0,),  # of a Huber loss, which no longer writes it
    "decay": (0.0, 0.004),  # the second is what Nadam always had
    "fn": None,  # the function of a loss, which its class says already
    "gain": (1.0,),
    "implementation": None,
    "is_legacy_optimizer": None,
    "jit_compile": None,
    "schedule_decay": (0.004,),
    "shared_object_id": None,
    "time_major": (False,),
}
# What only today's Keras writes around a config, and what an object is called by default.
NEW = ("module", "registered_name", "build_config", "name", "dtype", "backward_layer")
WORDS = {"auto": "sum_over_batch_size"}
SCALINGS = {
    "HeNormal": (2.0, "fan_in", "truncated_normal"),
    "HeUniform": (2.0, "fan_in", "uniform"),
    "GlorotNormal": (1.0, "fan_avg", "truncated_normal"),
    "GlorotUniform": (1.0, "fan_avg", "uniform"),
    "LecunNormal": (1.0, "fan_in", "truncated_normal"),
    "LecunUniform": (1.0, "fan_in", "uniform"),
}


def modern(left: Any, right: Any) -> tuple[Any, Any]:
    """Return both sides with what changed between the versions, and nothing else, taken out."""
    return matched(rewritten(left, spelled_today), rewritten(right, spelled_today), {})


def spelled_today(value: dict[str, Any]) -> Any:
    """Give the classes and words of older versions their names of today."""
    value = {**value, "class_name": str(value["class_name"]).removeprefix("Custom>")}
    value, config = renamed_class(value), value["config"]
    if value["class_name"] == "function":
        return config
    if value["class_name"] in ("Policy", "DTypePolicy"):
        return plain_dtype({**value, "class_name": "DTypePolicy"})
    if not isinstance(config, dict):
        return value
    if value["class_name"] in SCALINGS:
        scaling = zip(("scale", "mode", "distribution"), SCALINGS[value["class_name"]], strict=True)
        return {**value, "class_name": "VarianceScaling", "config": {**config, **dict(scaling)}}
    if config.get("distribution") == "normal":
        config = {**config, "distribution": "truncated_normal"}
    if value["class_name"] == "Bidirectional":
        config = {**config, "layer": without_direction(config["layer"])}
    today = {k: WORDS.get(v, v) if isinstance(v, str) else v for k, v in config.items()}
    return {**value, "config": {k: v for k, v in today.items() if (k, v) != ("name", None)}}


def without_direction(layer: dict[str, Any]) -> dict[str, Any]:
    """forward_lstm  ->  lstm, as the wrapped layer was called before it was wrapped."""
    name = str(layer["config"]["name"]).removeprefix("forward_")
    return {**layer, "config": {**layer["config"], "name": name}}


def matched(left: Any, right: Any, usual: dict[str, Any]) -> tuple[Any, Any]:
    """Drop the keys that one side does not know and that say nothing; `usual` are defaults."""
    if isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        pairs = [matched(a, b, usual) for a, b in zip(left, right, strict=True)]
        return [a for a, _ in pairs], [b for _, b in pairs]
    if not (isinstance(left, dict) and isinstance(right, dict)):
        return left, right
    ours = {k: v for k, v in left.items() if k in right or not forgotten(k, v)}
    theirs = {k: v for k, v in right.items() if k in left or not unsaid(k, v, usual)}
    inner = usual_values(right) if is_object(right) else {}
    for key in ours.keys() & theirs.keys():
        ours[key], theirs[key] = matched(ours[key], theirs[key], inner)
    if is_object(left) and is_object(right):
        for side in (ours, theirs):  # modules moved, and the class is compared by its name
            side.pop("module", None)
            side.pop("registered_name", None)
    return ours, theirs


def forgotten(key: str, value: Any) -> bool:
    """Say whether a key of the past may be left out."""
    values = GONE.get(key, ())
    return values is None or value in values


def unsaid(key: str, value: Any, usual: dict[str, Any]) -> bool:
    """Say whether a key that only today's Keras writes says what was so before."""
    return key in NEW or (key in usual and usual[key] == value)


def usual_values(value: dict[str, Any]) -> dict[str, Any]:
    """Return the defaults of a class of Keras, as its constructors state them."""
    import keras

    owner: Any = keras
    for part in str(value.get("module", "")).split(".")[1:]:
        owner = getattr(owner, part, None)
    found: dict[str, Any] = {}
    for base in getattr(getattr(owner, str(value["class_name"]), None), "__mro__", ()):
        if "__init__" in vars(base):
            for name, parameter in inspect.signature(base.__init__).parameters.items():
                found.setdefault(name, parameter.default)
    return {name: value for name, value in found.items() if value is not inspect.Parameter.empty}
