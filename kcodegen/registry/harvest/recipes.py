"""How to make a small instance of every class."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

import keras
from keras import layers

from kcodegen.registry.overrides import REFUSED

ARGUMENTS: dict[str, Callable[[], Any]] = {
    "activation": lambda: "relu",
    "axes": lambda: 1,
    "boundaries": lambda: [1, 2],
    "cell": lambda: layers.LSTMCell(2, name="cell"),
    "cells": lambda: [layers.LSTMCell(2, name="cell")],
    "dataset": lambda: None,
    "decay_rate": lambda: 0.9,
    "decay_steps": lambda: 10,
    "dims": lambda: (2, 1),
    "equation": lambda: "ab,bc->ac",
    "factor": lambda: 0.3,
    "drop_path_rate": lambda: 0.5,
    "filters": lambda: 2,
    "first_decay_steps": lambda: 10,
    "fn": lambda: keras.losses.mean_squared_error,
    "function": lambda: keras.activations.relu,
    "head_dim": lambda: 2,
    "height": lambda: 4,
    "height_factor": lambda: 0.2,
    "initial_learning_rate": lambda: 0.1,
    "inner_optimizer": lambda: keras.optimizers.SGD(name="inner"),
    "input_dim": lambda: 5,
    "kernel_size": lambda: 1,
    "init_values": lambda: 0.1,
    "key_dim": lambda: 2,
    "layer": lambda: layers.Dense(2, name="inner"),
    "layers": lambda: [layers.Rescaling(0.5, name="inner")],
    "max_number": lambda: 3,
    "mode": lambda: "int8",
    "n": lambda: 2,
    "num_bins": lambda: 3,
    "num_classes": lambda: 3,
    "num_heads": lambda: 2,
    "num_key_value_heads": lambda: 2,
    "num_query_heads": lambda: 2,
    "output_dim": lambda: 3,
    "output_shape": lambda: 3,
    "output_size": lambda: 2,
    "pool_size": lambda: 2,
    "precision": lambda: 0.5,
    "projection_dim": lambda: 4,
    "rate": lambda: 0.5,
    "recall": lambda: 0.5,
    "scale": lambda: 2.0,
    "sensitivity": lambda: 0.5,
    "specificity": lambda: 0.5,
    "stddev": lambda: 0.1,
    "target_class_ids": lambda: [0],
    "target_shape": lambda: (-1,),
    "tokenizer": lambda: None,
    "units": lambda: 2,
    "values": lambda: [1.0, 0.5, 0.1],
    "width": lambda: 4,
    "width_factor": lambda: 0.2,
}
"""A value for each required parameter, by its name."""

SPECIAL: dict[str, dict[str, Callable[[], Any]]] = {
    "keras.dtype_policies.AWQDTypePolicy": {"mode": lambda: "awq/4/128"},
    "keras.dtype_policies.GPTQDTypePolicy": {"mode": lambda: "gptq/4/128"},
    "keras.dtype_policies.Int4DTypePolicy": {"mode": lambda: "int4/128"},
    "keras.dtype_policies.QuantizedFloat8DTypePolicy": {"mode": lambda: "float8"},
    "keras.layers.Bidirectional": {"layer": lambda: layers.LSTM(2, name="inner")},
    "keras.layers.CategoryEncoding": {"num_tokens": lambda: 4},
    "keras.layers.Discretization": {"num_bins": lambda: 3},
    "keras.layers.InputLayer": {"shape": lambda: (4,)},
    "keras.layers.MaxNumBoundingBoxes": {"bounding_box_format": lambda: "xyxy"},
    "keras.layers.RandomPosterization": {"factor": lambda: 4},
}
"""What a class needs besides, or instead."""

UNMADE = frozenset(REFUSED) - {"keras.Layer", "keras.layers.Wrapper"}
"""Classes that no small instance can be made of."""


def constructor(cls: type) -> inspect.Signature:
    """Return the signature of a constructor; `__new__` of Keras' classes hides it."""
    return inspect.signature(cls.__init__)  # type: ignore[misc]


def signature(cls: type) -> list[inspect.Parameter]:
    """Return the named parameters of a constructor, `self` excepted."""
    listed = list(constructor(cls).parameters.values())[1:]
    return [p for p in listed if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]


def takes_keywords(cls: type) -> bool:
    """Tell whether a constructor has `**kwargs`."""
    listed = constructor(cls).parameters.values()
    return any(p.kind is p.VAR_KEYWORD for p in listed)


def needed(key: str, cls: type) -> dict[str, Any]:
    """Return fresh arguments for the smallest instance of the class called `key`."""
    makers = dict(SPECIAL.get(key, {}))
    for param in signature(cls):
        if param.default is param.empty and param.name not in makers:
            makers[param.name] = ARGUMENTS[param.name]
    return {name: make() for name, make in makers.items()}


@cache
def _tensor(shape: tuple[int, ...], dtype: str = "float32") -> Any:
    return keras.Input(batch_shape=shape, dtype=dtype, name="input")


INPUTS: tuple[Callable[[], Any], ...] = (
    lambda: _tensor((2, 4)),
    lambda: _tensor((2, 4, 4)),
    lambda: _tensor((2, 8, 8, 3)),
    lambda: _tensor((2, 4, 4, 4, 3)),
    lambda: _tensor((2, 2, 4, 4, 4, 3)),
    lambda: _tensor((2, 4, 64)),
    lambda: _tensor((2, 1000, 1)),
    lambda: [_tensor((2, 4)), _tensor((2, 4))],
    lambda: [_tensor((2, 4, 4)), _tensor((2, 4, 4))],
    lambda: [_tensor((2, 1), "int32"), _tensor((2, 1), "int32")],
)
"""Kinds of symbolic inputs; most layers take one of them."""
