"""The differences between two serialized models that do not make them different models.

Every row of the tables says which difference it forgives and why; whatever is in no row is a
difference. A row's function takes both sides and returns both sides with that one difference
removed.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from kcodegen.verification.op_names import OP_MODULE, canonical_ops

Json: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class Allowance:
    """One forgiven difference: its name, why it is harmless, and how to remove it."""

    name: str
    reason: str
    apply: Callable[[Json, Json], tuple[Json, Json]]


# (class, key, value): what 3.15 writes where an older Keras 3 wrote nothing.
NEWER_KEYS: dict[str, dict[str, Json]] = {
    "InputLayer": {"ragged": False, "optional": False},
    "Dense": {"quantization_config": None},
    "EinsumDense": {"quantization_config": None},
    "Embedding": {"quantization_config": None},
    "ReversibleEmbedding": {"quantization_config": None},
    "BatchNormalization": {"renorm": False, "renorm_clipping": None, "renorm_momentum": 0.99},
    "MultiHeadAttention": {"use_gate": False, "sliding_window": None, "seed": None},
    "GroupQueryAttention": {"use_gate": False, "sliding_window": None, "seed": None},
    **{
        name: {"input_axes": None, "output_axes": None}
        for name in (
            *("VarianceScaling", "GlorotUniform", "GlorotNormal"),
            *("HeUniform", "HeNormal", "LecunUniform", "LecunNormal"),
        )
    },
}
NEWER_OBJECT_KEYS: dict[str, Json] = {"compile_config": {}}
RENAMED_CLASSES = {
    "OrthogonalInitializer": "Orthogonal",
    "IdentityInitializer": "Identity",
}
# (scale, mode, is uniform) of VarianceScaling, and the initializer that is the same.
NAMED_INITIALIZERS = {
    (1.0, "fan_avg", True): "GlorotUniform",
    (1.0, "fan_avg", False): "GlorotNormal",
    (2.0, "fan_in", True): "HeUniform",
    (2.0, "fan_in", False): "HeNormal",
    (1.0, "fan_in", True): "LecunUniform",
    (1.0, "fan_in", False): "LecunNormal",
}
OF_KERNELS = ("kernel_initializer", "kernel_regularizer", "kernel_constraint")
SEPARABLE = ("SeparableConv1D", "SeparableConv2D")
APPLICATIONS = "keras.src.applications."


def is_object(value: Json) -> bool:
    """Say whether `value` is a serialized object with a class and a config."""
    return isinstance(value, dict) and "class_name" in value and "config" in value


def rewritten(value: Json, change: Callable[[dict[str, Json]], Json]) -> Json:
    """Return `value` with `change` applied to each serialized object in it, inner ones first."""
    if isinstance(value, list):
        return [rewritten(item, change) for item in value]
    if not isinstance(value, dict):
        return value
    inner = {key: rewritten(item, change) for key, item in value.items()}
    return change(inner) if is_object(inner) else inner


def without(value: dict[str, Json], *keys: str) -> dict[str, Json]:
    """Return a dict without some keys."""
    return {key: item for key, item in value.items() if key not in keys}


def both(change: Callable[[dict[str, Json]], Json]) -> Callable[[Json, Json], tuple[Json, Json]]:
    """Return the rule that applies `change` to the objects of both sides."""
    return lambda left, right: (rewritten(left, change), rewritten(right, change))


def paired(
    change: Callable[[dict[str, Json], dict[str, Json]], dict[str, Json]], left: Json, right: Json
) -> Json:
    """Return `right` with `change(left, right)` in place of each object at the same place."""
    if isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        return [paired(change, a, b) for a, b in zip(left, right, strict=True)]
    if not (isinstance(left, dict) and isinstance(right, dict)):
        return right
    if is_object(left) and is_object(right):
        right = change(left, right)
    return {k: paired(change, left[k], v) if k in left else v for k, v in right.items()}


def plain_dtype(value: dict[str, Json]) -> Json:
    """{"class_name": "DTypePolicy", "config": {"name": "float32"}}  ->  "float32"."""
    if value["class_name"] == "DTypePolicy" and set(value["config"]) == {"name"}:
        return value["config"]["name"]
    return value


def renamed_class(value: dict[str, Json]) -> Json:
    """Give a class of an older Keras 3 the name it has today."""
    new = RENAMED_CLASSES.get(value["class_name"])
    if new is None or not str(value.get("module", "")).startswith("keras"):
        return value
    return {**value, "class_name": new}


def named_initializer(value: dict[str, Json]) -> Json:
    """VarianceScaling(1.0, "fan_avg", "uniform")  ->  GlorotUniform()."""
    if value["class_name"] != "VarianceScaling" or not isinstance(value["config"], dict):
        return value
    config = dict(value["config"])
    scale, mode, spread = (config.pop(key, None) for key in ("scale", "mode", "distribution"))
    known = spread in ("uniform", "normal", "truncated_normal")
    name = NAMED_INITIALIZERS.get((scale, mode, spread == "uniform")) if known else None
    return {**value, "class_name": name, "config": config} if name else value


def without_module(value: dict[str, Json]) -> Json:
    """Drop the module of a user's class: Keras finds it by its registered name."""
    module, registered = value.get("module"), value.get("registered_name")
    if not isinstance(module, str) or registered is None:
        return value
    if module.startswith(APPLICATIONS) or "LayerScale" in str(registered):
        short = str(registered).rpartition(">")[2]
        return {**value, "module": None, "registered_name": short}
    if module == "keras" or module.startswith("keras."):
        return value
    return {**value, "module": None}


def fill_newer(left: dict[str, Json], right: dict[str, Json]) -> dict[str, Json]:
    """Drop keys that only newer versions write, where they hold the value they had before."""
    right = without_new(left, right, NEWER_OBJECT_KEYS)
    if not (isinstance(right["config"], dict) and isinstance(left["config"], dict)):
        return right
    known = dict(NEWER_KEYS.get(right["class_name"], {}))
    if str(right.get("module", "")).startswith(OP_MODULE):
        known["name"] = right.get("name")
    return {**right, "config": without_new(left["config"], right["config"], known)}


def without_new(
    left: dict[str, Json], right: dict[str, Json], known: dict[str, Json]
) -> dict[str, Json]:
    """Drop from `right` what `left` lacks and what holds the value that `known` gives."""
    return {
        key: value
        for key, value in right.items()
        if key in left or key not in known or known[key] != value
    }


def without_batch(value: dict[str, Json]) -> Json:
    """Drop the number of samples that a Normalization was adapted to from its shape."""
    built = value.get("build_config")
    if value["class_name"] != "Normalization" or not isinstance(built, dict):
        return value
    shape = built.get("input_shape")
    if not isinstance(shape, list):
        return value
    return {**value, "build_config": {**built, "input_shape": [None, *shape[1:]]}}


def without_input_shape(value: dict[str, Json]) -> Json:
    """Drop the shape that a layer of Keras 2 was given for its input."""
    if value["class_name"] == "InputLayer" or not isinstance(value["config"], dict):
        return value
    return {**value, "config": without(value["config"], "batch_input_shape")}


def without_kernel(value: dict[str, Json]) -> Json:
    """Drop what is said of the kernel of a convolution that has a depthwise and a pointwise one."""
    config = value["config"]
    if not (value["class_name"] in SEPARABLE and isinstance(config, dict)):
        return value
    return {**value, "config": without(config, *OF_KERNELS)}


def same_class(value: dict[str, Json]) -> Json:
    """ThresholdedReLU(0.5)  ->  ReLU(threshold=0.5), as pages for Keras 2 have it."""
    config = value["config"]
    if value["class_name"] == "ThresholdedReLU" and isinstance(config, dict) and "theta" in config:
        relu = {"max_value": None, "negative_slope": 0.0, "threshold": config["theta"]}
        return {**value, "class_name": "ReLU", "config": {**without(config, "theta"), **relu}}
    if value["class_name"] == "SyncBatchNormalization":
        return {**value, "class_name": "BatchNormalization", "module": "keras.layers"}
    return value


def without_shared_id(value: dict[str, Json]) -> Json:
    """Drop the number by which a `.keras` file tells that one object stands in several places."""
    return without(value, "shared_object_id")


def without_null_arguments(value: dict[str, Json]) -> Json:
    """Drop call arguments that are None: leaving them out says the same."""
    nodes = value.get("inbound_nodes")
    if not isinstance(nodes, list):
        return value
    return {**value, "inbound_nodes": [without_nulls(node) for node in nodes]}


def without_nulls(node: Json) -> Json:
    """Return one call without its keywords that are None."""
    if not (isinstance(node, dict) and isinstance(node.get("kwargs"), dict)):
        return node
    given = {key: value for key, value in node["kwargs"].items() if value is not None}
    return {**node, "kwargs": given}


def without_build_config(value: dict[str, Json]) -> Json:
    """Drop the shapes that a layer was built with."""
    return without(value, "build_config")


def single_tensors(left: dict[str, Json], right: dict[str, Json]) -> dict[str, Json]:
    """[["a", 0, 0]] of an older file  ->  ["a", 0, 0], as versions since 3.12 write it."""
    if not (isinstance(left["config"], dict) and isinstance(right["config"], dict)):
        return right
    config = dict(right["config"])
    for key in ("input_layers", "output_layers"):
        if key in config and left["config"].get(key) == [config[key]]:
            config[key] = [config[key]]
    return {**right, "config": config}


def decompiled(left: dict[str, Json], right: dict[str, Json]) -> dict[str, Json]:
    """Take a function of the page for the bytecode that it was decompiled from, and proved by."""
    if left["class_name"] != "Lambda" or not isinstance(right["config"], dict):
        return right
    before, now = left["config"], dict(right["config"])
    for key in ("function", "output_shape", "mask"):
        old, new = before.get(key), now.get(key)
        is_function = isinstance(new, dict) and new.get("class_name") == "function"
        if is_function and isinstance(old, dict) and old.get("class_name") == "__lambda__":
            now[key] = old
    return {**right, "config": now}


def is_function(name: Json, value: Json) -> bool:
    """Say whether `value` is a serialized function of this name."""
    is_object_of_it = is_object(value) and value["class_name"] == "function"
    return is_object_of_it and isinstance(name, str) and value["config"] == name


def is_float32_of(a: float, b: float) -> bool:
    """Say whether `a` is what remains of `b` in 32 bits."""
    return bool(ctypes.c_float(b).value == a)


def same_noise(left: Json, right: Json) -> tuple[Json, Json]:
    """Replace a float of the right that is the 32-bit image of the left one, or the reverse."""
    if isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        return left, [same_noise(a, b)[1] for a, b in zip(left, right, strict=True)]
    if isinstance(left, dict) and isinstance(right, dict):
        return left, {k: same_noise(left[k], v)[1] if k in left else v for k, v in right.items()}
    if isinstance(left, float) and isinstance(right, float):
        near = is_float32_of(left, right) or is_float32_of(right, left)
        return left, left if near else right
    return left, right


def without_blocks(value: dict[str, Json]) -> Json:
    """Return a configuration of int4 that says it when it has no blocks."""
    if value["class_name"] != "Int4QuantizationConfig" or not isinstance(value["config"], dict):
        return value
    return {**value, "config": {"block_size": None, **value["config"]}}


CURRENT: tuple[Allowance, ...] = (
    Allowance(
        "op-names",
        "a weightless op is found by its place, not by its name",
        lambda left, right: (canonical_ops(left), canonical_ops(right)),
    ),
    Allowance(
        "user-module",
        "the module of a user's class is where it happens to live; the registered name counts",
        both(without_module),
    ),
    Allowance(
        "adapted-batch",
        "an adapted Normalization remembers how many samples it has seen, and forgets it again",
        both(without_batch),
    ),
    Allowance(
        "named-initializer",
        "VarianceScaling with the numbers of Glorot, He or LeCun is theirs",
        both(named_initializer),
    ),
    Allowance(
        "shared-object-id",
        "it is an address in the memory of the process that wrote the file",
        both(without_shared_id),
    ),
    Allowance(
        "no-blocks",
        "int4 of Keras 3.13 had no blocks, and none is what Keras reads where no size is",
        both(without_blocks),
    ),
    Allowance(
        "decompiled",
        "a Lambda's bytecode is a function of the page, which has been proved to be the same",
        lambda left, right: (left, paired(decompiled, left, right)),
    ),
)
# Of models that Keras 2 has built.
KERAS_2: tuple[Allowance, ...] = (
    Allowance(
        "input-shape",
        "Keras 2 remembers with a layer the shape of its input, or of what it was adapted to",
        both(without_input_shape),
    ),
    Allowance(
        "no-kernel",
        "a separable convolution of Keras 2 takes arguments of a kernel that it does not have",
        both(without_kernel),
    ),
    Allowance(
        "same-class",
        "a class of Keras 2 that is another one with some arguments",
        both(same_class),
    ),
)
# Of single objects, which no file of a model holds.
OBJECTS: tuple[Allowance, ...] = (
    Allowance(
        "built",
        "a layer of a page is a new one: whether it has been built is no argument of it",
        both(without_build_config),
    ),
    Allowance(
        "name",
        "a name alone is the function of that name, which Keras writes as an object",
        lambda left, right: (left, left if is_function(left, right) else right),
    ),
)
OLDER: tuple[Allowance, ...] = (
    Allowance("dtype", "a policy's name and its object are the same policy", both(plain_dtype)),
    Allowance("renamed-class", "the class was renamed, not changed", both(renamed_class)),
    Allowance(
        "newer-keys",
        "a newer key that holds its default says what was true before the key existed",
        lambda left, right: (left, paired(fill_newer, left, right)),
    ),
    Allowance(
        "build-config",
        "versions differ in which layers they write it for, and it follows from the calls",
        both(without_build_config),
    ),
    Allowance(
        "null-arguments",
        "older versions wrote the optional call arguments that nobody had given",
        both(without_null_arguments),
    ),
    Allowance(
        "single-tensor",
        "up to 3.11 one tensor and a list of one tensor were written alike",
        lambda left, right: (left, paired(single_tensors, left, right)),
    ),
    Allowance(
        "float32-noise",
        "older versions read numbers back from 32-bit variables before they wrote them",
        same_noise,
    ),
)
