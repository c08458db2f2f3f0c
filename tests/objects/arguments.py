"""What the arguments of Keras' classes can be, besides their defaults: one table for both Keras.

The `keras` that functions take here is either `keras` or `tf_keras`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

# Arguments without which a class can't be made, by name: two values of each.
REQUIRED: dict[str, tuple[Any, Any]] = {
    **dict.fromkeys(("units", "filters", "kernel_size", "pool_size", "n", "num_bins"), (3, 5)),
    **dict.fromkeys(("height", "width", "num_heads", "key_dim", "head_dim", "input_dim"), (4, 6)),
    **dict.fromkeys(("num_query_heads", "output_dim", "max_number", "output_size"), (4, 6)),
    **dict.fromkeys(("rate", "stddev", "scale", "factor", "width_factor", "recall"), (0.25, 0.5)),
    **dict.fromkeys(("height_factor", "precision", "specificity", "sensitivity"), (0.25, 0.5)),
    **dict.fromkeys(("decay_steps", "first_decay_steps"), (10, 20)),
    "num_key_value_heads": (2, 1),
    "axes": (1, (2, 1)),
    "num_classes": (3, 5),
    "num_tokens": (4, 6),
    "target_class_ids": ([1], [0, 2]),
    "equation": ("ab,bc->ac", "ab,cb->ac"),
    "output_shape": (4, 6),
    "activation": ("relu", "tanh"),
    "decay_rate": (0.5, 0.75),
    "initial_learning_rate": (0.1, 0.2),
    "boundaries": ([5, 9], [5, 10]),
    "values": ([0.1, 0.2, 0.3], [0.4, 0.2, 0.3]),
    "target_shape": ((2, 3), (3, 2)),
    "dims": ((2, 1), (1, 2)),
    "mode": ("int8", "int4"),
    "output_mode": ("int", "one_hot"),
    "alpha": (0.25, 0.5),
    "init_values": (0.25, 0.5),
    "drop_path_rate": (0.25, 0.5),
    "projection_dim": (4, 6),
    **dict.fromkeys(("dataset", "tokenizer"), (None, None)),
}
# The same for single classes; also what no signature says is needed.
ALSO: dict[str, dict[str, Any]] = {
    "AWQDTypePolicy": {"mode": "awq/4/128"},
    "CategoryEncoding": {"num_tokens": 4},
    "DTypePolicy": {"name": "float16"},
    "Discretization": {"num_bins": 3},
    "FloatDTypePolicy": {"name": "float16"},
    "GPTQDTypePolicy": {"mode": "gptq/4/128"},
    "Int4DTypePolicy": {"mode": "int4/128"},
    "LossScaleOptimizer": {},
    "RandomPosterization": {"factor": 3},
    "STFTSpectrogram": {"mode": "log"},
}
# What else an argument can be, by name; by the type of its default for all others.
WORDS: dict[str, tuple[Any, ...]] = {
    "activation": ("softsign",),
    "recurrent_activation": ("hard_sigmoid", "tanh"),
    "padding": ("same", "causal", "valid", 2),
    "data_format": ("channels_first", "channels_last"),
    "interpolation": ("nearest", "bilinear"),
    "merge_mode": ("sum", "ave"),
    "fill_mode": ("constant", "nearest"),
    "reduction": ("sum", "none"),
    "average": ("micro",),
    "curve": ("PR",),
    "summation_method": ("minoring",),
    "mode": ("fan_out", "horizontal", "columns"),
    "distribution": ("uniform", "untruncated_normal"),
    "dtype": ("float16", "mixed_bfloat16", "int32"),
    "output_mode": ("one_hot", "multi_hot", "count"),
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
    "class_aggregation": ("variance_weighted_average",),
    "encoding": ("utf-16",),
    "oov_method": ("farmhash",),
    "output_dtype": ("int16",),
    "pool_mode": ("average",),
    "scaling": ("spectrum",),
    "rng_type": (),  # the other one is what the session of Keras 2 says
    "score_mode": ("concat",),
    "side": ("imag",),
    "split": ("character", None),
    "standardize": ("lower", None),
    "vocabulary_size": (),  # what a config tells of a build
    "window": ("hamming", None),
}
TRIED_FOR_NONE: tuple[Any, ...] = (3, 0.75, "sum", (2, 3), True)


@dataclass(frozen=True, slots=True)
class With:
    """A value that needs others beside it."""

    value: Any
    others: dict[str, Any]


# Values of single arguments, by class and name; `*` is any class.
SINGLE: dict[tuple[str, str], tuple[Any, ...]] = {
    ("*", "groups"): (3, 1),
    ("*", "lora_alpha"): (With(3.0, {"lora_rank": 2}),),
    ("*", "output_padding"): (With(1, {"strides": 2}),),
    ("*", "salt"): (With([3, 4], {"oov_method": "farmhash", "num_oov_indices": 2}),),
    ("*", "source_name"): ("bfloat16", "float16"),
    ("AbsMaxQuantizer", "value_range"): ((-7, 7),),
    ("AUC", "label_weights"): (
        With([0.5, 0.25], {"multi_label": True, "num_labels": 2, "num_thresholds": 3}),
    ),
    ("AUC", "num_labels"): (With(2, {"multi_label": True}),),
    ("AWQDTypePolicy", "mode"): ("awq/4/64",),
    ("AdaptiveAveragePooling2D", "output_size"): ((2, 3),),
    ("BinaryIoU", "target_class_ids"): ([1],),
    ("CategoryEncoding", "output_mode"): ("count", "one_hot"),
    ("BatchNormalization", "renorm_momentum"): (With(0.5, {"renorm": True}),),
    ("CTC", "dtype"): ("float16",),
    ("Discretization", "bin_boundaries"): (With([0.0, 1.5], {"num_bins": None}),),
    ("Discretization", "epsilon"): (0.125,),
    ("Discretization", "sparse"): (With(True, {"output_mode": "one_hot"}),),
    ("DTypePolicy", "name"): ("mixed_float16", "bfloat16"),
    ("FloatDTypePolicy", "name"): ("mixed_float16", "bfloat16"),
    ("GPTQConfig", "weight_bits"): (2, 8),
    ("GPTQDTypePolicy", "mode"): ("gptq/4/64",),
    ("Hashing", "salt"): (3, [3, 4]),
    ("Hashing", "mask_value"): (5, "none"),
    ("Hashing", "sparse"): (With(True, {"output_mode": "one_hot"}),),
    ("HashedCrossing", "sparse"): (With(True, {"output_mode": "one_hot"}),),
    ("Int4DTypePolicy", "mode"): ("int4/64",),
    ("IntegerLookup", "idf_weights"): (
        With([0.5, 0.25], {"vocabulary": [3, 4], "output_mode": "tf_idf"}),
    ),
    ("IntegerLookup", "pad_to_max_tokens"): (
        With(True, {"max_tokens": 9, "output_mode": "multi_hot"}),
    ),
    ("IntegerLookup", "sparse"): (With(True, {"output_mode": "multi_hot"}),),
    ("IntegerLookup", "vocabulary"): ([3, 4],),
    ("IntegerLookup", "vocabulary_dtype"): ("int32",),
    ("Normalization", "mean"): (With(0.5, {"variance": 0.25}),),
    ("Normalization", "variance"): (With(0.75, {"mean": 0.5}),),
    ("PiecewiseConstantDecay", "boundaries"): ([4, 9],),
    ("QuantizedDTypePolicy", "mode"): ("int4", "float8"),
    ("QuantizedFloat8DTypePolicy", "mode"): ("float8",),
    ("RandomErasing", "scale"): ((0.125, 0.5), 0.25),
    ("RandomPosterization", "factor"): (5,),
    ("STFTSpectrogram", "fft_length"): (512,),
    ("STFTSpectrogram", "mode"): ("magnitude",),
    ("StringLookup", "idf_weights"): (
        With([0.5, 0.25], {"vocabulary": ["a", "b"], "output_mode": "tf_idf"}),
    ),
    ("StringLookup", "oov_token"): ("?",),
    ("StringLookup", "pad_to_max_tokens"): (
        With(True, {"max_tokens": 9, "output_mode": "multi_hot"}),
    ),
    ("StringLookup", "sparse"): (With(True, {"output_mode": "multi_hot"}),),
    ("StringLookup", "vocabulary"): (["a", "b"],),
    ("TextVectorization", "idf_weights"): (
        With([0.5, 0.25], {"vocabulary": ["a", "b"], "output_mode": "tf_idf"}),
    ),
    ("TextVectorization", "pad_to_max_tokens"): (
        With(True, {"max_tokens": 9, "output_mode": "multi_hot"}),
    ),
    ("TextVectorization", "ragged"): (True,),
    ("TextVectorization", "sparse"): (With(True, {"output_mode": "multi_hot"}),),
    ("TextVectorization", "vocabulary"): (["a", "b"],),
}


def single(class_name: str, name: str) -> tuple[Any, ...]:
    """Return the values that are listed for one argument of a class."""
    return SINGLE.get((class_name, name)) or SINGLE.get(("*", name), ())


def objects(keras: Any, class_name: str, name: str) -> tuple[Any, ...]:
    """Return objects that an argument can be; none for a plain argument."""
    made = MADE.get(f"{class_name}.{name}") or MADE.get(name)
    if made is not None:
        return made(keras)
    if name.endswith("regularizer"):
        kinds = keras.regularizers
        return kinds.L2(0.25), "l1", kinds.L1L2(0.5, 0.125)
    if name.endswith("constraint"):
        return "non_neg", keras.constraints.MaxNorm(3)
    if name.endswith("initializer"):
        kinds = keras.initializers
        return "ones", kinds.HeNormal(seed=3), kinds.Constant(0.5)
    if name.endswith("quantizer"):
        quantizer = keras.quantizers.AbsMaxQuantizer
        return quantizer(axis=0), quantizer(axis=0, epsilon=0.5)
    return ()


def four_bits(keras: Any) -> tuple[Any, ...]:
    """Return what quantizes to four bits, which goes with no blocks."""
    return (With(keras.quantizers.AbsMaxQuantizer(0, (-8, 7)), {"block_size": None}),)


MADE: dict[str, Callable[[Any], tuple[Any, ...]]] = {
    "Int4QuantizationConfig.activation_quantizer": four_bits,
    "Int4QuantizationConfig.weight_quantizer": four_bits,
    "backward_layer": lambda k: (k.layers.LSTM(3, return_sequences=True, go_backwards=True),),
    "cell": lambda k: (k.layers.LSTMCell(3), k.layers.GRUCell(3, reset_after=False)),
    "cells": lambda k: (
        [k.layers.LSTMCell(3), k.layers.SimpleRNNCell(2)],
        [k.layers.GRUCell(3)],
    ),
    "default_policy": lambda k: ("float16",),
    "fn": lambda k: (k.metrics.mean_squared_error, k.metrics.mean_absolute_error),
    "inner_optimizer": lambda k: (k.optimizers.SGD(0.25), k.optimizers.Adam(0.5)),
    "layer": lambda k: (
        k.layers.LSTM(3, return_sequences=True),
        k.layers.GRU(4, return_sequences=True),
    ),
    "layers": lambda k: (
        [k.layers.RandomFlip(), k.layers.RandomRotation(0.1)],
        [k.layers.RandomRotation(0.1)],
    ),
    "learning_rate": lambda k: (0.5, k.optimizers.schedules.ExponentialDecay(0.5, 10, 0.5)),
    "policy_map": lambda k: ({"dense/.*": k.dtype_policies.DTypePolicy("float16")},),
}


def first(keras: Any, class_name: str, name: str) -> Any:
    """Return what is given for an argument without which a class can't be made."""
    if name in ALSO.get(class_name, {}):
        return ALSO[class_name][name]
    made = objects(keras, class_name, name)
    return made[0] if made else REQUIRED[name][0]


def values(keras: Any, class_name: str, name: str, default: Any) -> Iterator[Any]:
    """Yield values to try for an argument; `default` is empty for one that is required."""
    listed = single(class_name, name)
    made = objects(keras, class_name, name)
    if listed or made:
        yield from (*listed, *made)
        return
    yield from WORDS.get(name, ())
    match default:
        case _ if default is inspect.Parameter.empty:
            yield from REQUIRED.get(name, ())
        case bool():
            yield not default
        case int():
            yield from (default + 1, default * 2 + 3)
        case float():
            yield from (default * 0.5 + 0.125, 0.0)
        case tuple():
            yield tuple(n + 1 if isinstance(n, (int, float)) else n for n in default)
        case None if name not in WORDS:
            yield from TRIED_FOR_NONE
