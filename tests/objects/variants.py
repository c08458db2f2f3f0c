"""Every public class of Keras, made once for every argument that can be given to it."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kcodegen.verification.rebuild import fresh_keras

KINDS = (
    *("layers", "optimizers", "optimizers.schedules", "losses", "metrics", "initializers"),
    *("regularizers", "constraints", "quantizers", "dtype_policies"),
)
# Classes that need what no file can hold, or that only other classes are made of.
LEFT_OUT = {
    *("Layer", "Wrapper", "InputLayer", "Lambda", "TFSMLayer", "JaxLayer", "FlaxLayer"),
    *("TorchModuleWrapper", "Loss", "Metric", "Initializer", "Regularizer", "Constraint"),
    *(
        "Optimizer",
        "LearningRateSchedule",
        "Quantizer",
        "InputSpec",
        "QuantizationConfig",
        "DTypePolicyMap",
    ),
    *(
        "AWQConfig",
        "GPTQConfig",
        "AWQDTypePolicy",
        "GPTQDTypePolicy",
        "Int4DTypePolicy",
        "MeanMetricWrapper",
        "OptimizerMap",
        "MultiOptimizer",
    ),
}
# Arguments without which a class can't be made, by name.
REQUIRED: dict[str, Any] = {
    **dict.fromkeys(("units", "filters", "kernel_size", "pool_size", "n", "num_bins"), 3),
    **dict.fromkeys(("height", "width", "num_heads", "key_dim", "head_dim", "input_dim"), 4),
    **dict.fromkeys(("num_query_heads", "output_dim", "max_number", "output_size"), 4),
    **dict.fromkeys(("rate", "stddev", "scale", "factor", "width_factor", "recall"), 0.25),
    **dict.fromkeys(("height_factor", "precision", "specificity", "sensitivity"), 0.25),
    **dict.fromkeys(("decay_steps", "first_decay_steps"), 10),
    "num_key_value_heads": 2,
    "axes": 1,
    "num_classes": 3,
    "target_class_ids": [1],
    "equation": "ab,bc->ac",
    "output_shape": 4,
    "activation": "relu",
    "decay_rate": 0.5,
    "initial_learning_rate": 0.1,
    "boundaries": [5, 9],
    "values": [0.1, 0.2, 0.3],
    "target_shape": (2, 3),
    "dims": (2, 1),
    "mode": "int8",
    "output_mode": "int",
}
ALSO = {"RandomPosterization": {"factor": 3}, "LossScaleOptimizer": {}}
# What else an argument can be, by name; by the type of its default for all others.
WORDS: dict[str, tuple[Any, ...]] = {
    "activation": ("tanh",),
    "recurrent_activation": ("hard_sigmoid",),
    "padding": ("same", "causal", "valid"),
    "data_format": ("channels_first", "channels_last"),
    "interpolation": ("nearest", "bilinear"),
    "merge_mode": ("sum", "ave"),
    "fill_mode": ("constant", "nearest"),
    "reduction": ("sum", "none"),
    "average": ("micro",),
    "curve": ("PR",),
    "summation_method": ("minoring",),
    "mode": ("fan_out", "horizontal", "int4", "float8"),
    "distribution": ("uniform", "untruncated_normal"),
    "dtype": ("float16", "mixed_bfloat16"),
    "output_mode": ("one_hot", "multi_hot", "count"),
    "ragged": (),
    "name": ("given",),
    "seed": (7,),
    "axis": (1, (1, 2), 0),
    "strides": (2, 1),
    "dilation_rate": (2,),
    "size": (3,),
    "cropping": (1, 2),
    "padding_mode": ("reflect",),
    "order": (1,),
    "bounding_box_format": ("xyxy",),
    "lora_rank": (2,),
}
EMPTY = inspect.Parameter.empty
TRIED_FOR_NONE: tuple[Any, ...] = (3, 0.75, "sum", (2, 3), True)


@dataclass(frozen=True, slots=True)
class Variant:
    """One object: what was given besides the required arguments, and what it serializes to."""

    said: str
    config: Any


def classes() -> dict[str, Any]:
    """Return the public classes of Keras by their dotted names; aliases once."""
    keras = fresh_keras()
    found: dict[str, Any] = {}
    seen = set()
    for kind in KINDS:
        owner: Any = keras
        for part in kind.split("."):
            owner = getattr(owner, part)
        for name, value in sorted(vars(owner).items()):
            if inspect.isclass(value) and value.__name__ == name and name not in LEFT_OUT:
                if value not in seen:
                    found[f"{kind}.{name}"] = value
                seen.add(value)
    return found


def parameters(cls: Any) -> dict[str, Any]:
    """Return the arguments of a class and of what it passes on, with their defaults."""
    found: dict[str, Any] = {}
    makers = [base for base in cls.__mro__ if "__init__" in vars(base)]
    for base in makers:
        signature = list(inspect.signature(base.__init__).parameters.values())[1:]
        own = [p for p in signature if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
        for parameter in own:
            if base is makers[0] or parameter.default is not EMPTY:
                found.setdefault(parameter.name, parameter.default)
        if all(parameter.kind is not parameter.VAR_KEYWORD for parameter in signature):
            break
    return found


def required(cls: Any) -> dict[str, Any]:
    """Return the arguments that a class can't do without."""
    needed = [name for name, default in parameters(cls).items() if default is EMPTY]
    given = {n: REQUIRED[n] if n in REQUIRED else nested(n)[0] for n in needed}
    return given | ALSO.get(cls.__name__, {})


def nested(name: str) -> tuple[Any, ...]:
    """Return objects that an argument of this name can be; none for a plain argument."""
    import keras

    if name.endswith("regularizer"):
        return keras.regularizers.L2(0.25), "l1", keras.regularizers.L1L2(0.5, 0.125)
    if name.endswith("constraint"):
        return "non_neg", keras.constraints.MaxNorm(3)
    if name.endswith("initializer"):
        return "ones", keras.initializers.HeNormal(seed=3), keras.initializers.Constant(0.5)
    match name:
        case "layer" | "backward_layer":
            return (keras.layers.LSTM(3, return_sequences=True),)
        case "layers":
            return ([keras.layers.RandomFlip(), keras.layers.RandomRotation(0.1)],)
        case "cell":
            return keras.layers.LSTMCell(3), keras.layers.GRUCell(3, reset_after=False)
        case "cells":
            return ([keras.layers.LSTMCell(3), keras.layers.SimpleRNNCell(2)],)
        case "inner_optimizer":
            return (keras.optimizers.SGD(0.25),)
        case "learning_rate":
            return 0.5, keras.optimizers.schedules.ExponentialDecay(0.5, 10, 0.5)
        case _:
            return ()


def candidates(name: str, default: Any) -> tuple[Any, ...]:
    """Return values to try for an argument."""
    if nested(name):
        return nested(name)
    if name in WORDS:
        return WORDS[name]
    match default:
        case bool():
            return (not default,)
        case int():
            return default + 1, default * 2 + 3
        case float():
            return default * 0.5 + 0.125, 0.0
        case str():
            return ()
        case tuple():
            return (tuple(item + 1 for item in default),)
        case None:
            return TRIED_FOR_NONE
        case _:
            return ()


def variants(cls: Any) -> Iterator[Variant]:
    """Yield an object with required arguments only, and one for each value that Keras takes."""
    base = required(cls)
    seen = set()
    tried = [("", None), *((n, v) for n, d in parameters(cls).items() for v in candidates(n, d))]
    for name, value in tried:
        given = {**base, name: value} if name else base
        config = written(cls, given)
        key = json.dumps(config)
        if config is not None and key not in seen:
            seen.add(key)
            yield Variant(f"{name}={value!r}" if name else "", config)


def written(cls: Any, given: dict[str, Any]) -> Any:
    """Return what an object serializes to; None unless Keras makes the same of it again."""
    import keras

    try:
        fresh_keras()
        config = json.loads(json.dumps(keras.saving.serialize_keras_object(cls(**given))))
        again = keras.saving.deserialize_keras_object(json.loads(json.dumps(config)))
        same = json.loads(json.dumps(keras.saving.serialize_keras_object(again))) == config
    except Exception:  # what Keras does not take is no variant
        return None
    return config if same else None
