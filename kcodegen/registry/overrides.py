"""What no program can find out: how people write Keras, and what cannot be written."""

from __future__ import annotations

from typing import Final

from kcodegen.ir.values import Args, Symbol
from kcodegen.registry.rows import Hidden, Parameter

POSITIONAL: Final[dict[str, int]] = {
    "keras.constraints.MaxNorm": 1,
    "keras.DTypePolicy": 1,
    "keras.FloatDTypePolicy": 1,
    "keras.initializers.Constant": 1,
    "keras.layers.CategoryEncoding": 0,
    "keras.layers.Cropping1D": 1,
    "keras.layers.Cropping2D": 1,
    "keras.layers.Cropping3D": 1,
    "keras.layers.EinsumDense": 1,
    "keras.layers.HashedCrossing": 0,
    "keras.layers.Hashing": 0,
    "keras.layers.InputLayer": 1,
    "keras.layers.MaxPooling1D": 1,
    "keras.layers.MaxPooling2D": 1,
    "keras.layers.MaxPooling3D": 1,
    "keras.layers.MultiHeadAttention": 0,
    "keras.layers.RandomFlip": 1,
    "keras.layers.RandomTranslation": 0,
    "keras.layers.ReLU": 1,
    "keras.layers.UpSampling1D": 1,
    "keras.layers.UpSampling2D": 1,
    "keras.layers.UpSampling3D": 1,
    "keras.layers.ZeroPadding1D": 1,
    "keras.layers.ZeroPadding2D": 1,
    "keras.layers.ZeroPadding3D": 1,
    "keras.optimizers.schedules.CosineDecay": 1,
    "keras.optimizers.schedules.CosineDecayRestarts": 1,
    "keras.optimizers.schedules.ExponentialDecay": 1,
    "keras.optimizers.schedules.InverseTimeDecay": 1,
    "keras.optimizers.schedules.PolynomialDecay": 1,
    "keras.quantizers.AWQConfig": 0,
    "keras.quantizers.GPTQConfig": 0,
    "keras.random.SeedGenerator": 1,
    "keras.regularizers.L1": 1,
    "keras.regularizers.L2": 1,
    "keras.Sequential": 1,
}
"""How many arguments a person passes by position, where the rule says otherwise."""

NEVER_POSITIONAL: Final = frozenset({"metric", "loss"})
"""Kinds whose objects are written with keywords only."""

REFUSED: Final[dict[str, str]] = {
    "keras.distillation.Distiller": "it trains one model from another and has no graph",
    "keras.layers.FlaxLayer": "it wraps a Flax module, which is not in the file",
    "keras.layers.JaxLayer": "it wraps a JAX function, which is not in the file",
    "keras.layers.TFSMLayer": "it loads a SavedModel from a file path",
    "keras.layers.TorchModuleWrapper": "it wraps a pickled PyTorch module",
    "keras.layers.Wrapper": "it is abstract",
    "keras.optimizers.MultiOptimizer": "its map refers to layers of a built model",
    "keras.utils.FeatureSpace": "it is made of data that is not in the file",
    "keras.Initializer": "it is abstract",
    "keras.Layer": "it is abstract",
    "keras.Loss": "it is abstract",
    "keras.Metric": "it is abstract",
    "keras.Optimizer": "it is abstract",
    "keras.Quantizer": "it is abstract",
    "keras.Regularizer": "it is abstract",
    "keras.constraints.Constraint": "it is abstract",
    "keras.optimizers.schedules.LearningRateSchedule": "it is abstract",
}
"""Classes that cannot be written on a page, with the reason."""

UNSEEN: Final = frozenset(
    {
        ("keras.layers.Bidirectional", "backward_layer"),
        ("keras.layers.InputLayer", "batch_shape"),
        ("keras.layers.RandomCrop", "seed"),
        ("keras.layers.TextVectorization", "vocabulary_size"),
    }
)
"""Parameters whose serialized default is random or says something about another argument."""

QUIETLY_LOST: Final = frozenset(
    {
        # With what is missing, the object still computes what it did.
        *("dtype", "flash_attention", "use_cudnn", "seed"),
        # Values of weights, which no architecture holds; and of a LoRA, without one.
        *("weights", "lora_alpha"),
        # An input's `batch_shape` says it.
        *("shape", "batch_size", "input_tensor"),
        # Every other classifier has this loss, and hardly anybody sets its axis.
        "SparseCategoricalCrossentropy.axis",
    }
)
"""What `get_config()` loses without anybody missing it; all else that a row has `lost` is told."""

EXTRA: Final[dict[str, tuple[Parameter, ...]]] = dict.fromkeys(
    (
        "keras.layers.Conv1D",
        "keras.layers.Conv2D",
        "keras.layers.Conv3D",
        "keras.layers.ReversibleEmbedding",
    ),
    (Parameter("lora_rank", None, None), Parameter("lora_alpha", None, None)),
)
"""What constructors take through `**kwargs` and write only when it is set."""

BUILT: Final[dict[str, Args]] = {
    key: (("vocabulary_size", Symbol("vocabulary_size")),)
    for key in (
        "keras.layers.IntegerLookup",
        "keras.layers.StringLookup",
        "keras.layers.TextVectorization",
    )
}
"""What a build writes when it takes more than a small instance to see."""

ABSENT: Final[dict[str, Args]] = {
    "keras.quantizers.Int4QuantizationConfig": (("block_size", None),),
}
"""What Keras 3 takes an argument for that a file of it lacks, where that isn't the default."""

HIDDEN: Final[dict[str, tuple[Hidden, ...]]] = {
    "keras.layers.RNN": (Hidden("construct", "stacked_rnn_cells", "cell[]"),),
}
"""Hidden names that take more than one small instance to see."""

MASKS: Final[dict[str, str]] = {"keras.layers.Bidirectional": "keep layer.return_sequences"}
"""What happens to masks when it depends on a wrapped layer."""

HOLDS: Final[dict[str, str]] = {
    "activation": "activation",
    "activation_quantizer": "quantizer",
    "backward_layer": "layer",
    "cell": "layer",
    "cells": "layer",
    "default_policy": "dtype_policy",
    "dtype": "dtype_policy",
    "fn": "metric",
    "function": "function",
    "inner_optimizer": "optimizer",
    "layer": "layer",
    "layers": "layer",
    "learning_rate": "schedule",
    "policy_map": "dtype_policy",
    "quantization_config": "quantization_config",
    "recurrent_activation": "activation",
    "seed": "seed_generator",
    "weight_quantizer": "quantizer",
}
"""The kind of object that a parameter of this name stands for."""

HOLDS_SUFFIX: Final = {
    "_constraint": "constraint",
    "_initializer": "initializer",
    "_regularizer": "regularizer",
}
"""The same by the end of the name."""


def holds(name: str) -> str:
    """Return the kind of object that a parameter called `name` stands for, or nothing."""
    for suffix, kind in HOLDS_SUFFIX.items():
        if name.endswith(suffix):
            return kind
    return HOLDS.get(name, "")


ALIAS_OPS: Final[dict[str, str]] = {"Abs": "keras.ops.abs", "Conj": "keras.ops.conj"}
"""Classes that are another one under a second name: no function makes them."""

OPEN_KEYWORDS: Final = frozenset({"Einsum", "Rearrange"})
"""Operations whose function passes any other keyword argument on to the call."""

EXTRA_OPS: Final[dict[str, tuple[Parameter, ...]]] = {
    "LayerNorm": (Parameter("rms_scaling", False, False, keyword_only=True),)
}
"""What functions take through `**kwargs` and give to the class under the same name."""

POSITIONAL_OPS: Final[dict[str, int]] = {
    "keras.ops.arange": 3,
    "keras.ops.batch_normalization": 3,
    "keras.ops.clip": 3,
    "keras.ops.repeat": 2,
    "keras.ops.transpose": 2,
    "keras.ops.where": 3,
}
"""How many arguments a person passes by position, where the rule says otherwise."""

_CALLABLE = "it takes a function, which is not in the file"
REFUSED_OPS: Final[dict[str, str]] = dict.fromkeys(
    (
        "AssociativeScan",
        "Cond",
        "ForiLoop",
        "JVP",
        "Map",
        "Scan",
        "Switch",
        "VectorizedMap",
        "WhileLoop",
    ),
    _CALLABLE,
)
"""Operations that cannot be written on a page, with the reason."""

COMPILE_WORDS: Final = ("acc", "accuracy", "ce", "crossentropy")
"""Metrics that only `compile` understands: what they mean depends on the loss."""
