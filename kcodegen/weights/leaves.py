"""The weights of layers that hold no other layer, in the order of `layer.weights`.

A rule is a function from a definition to shapes. Source: the `build` methods of Keras 3.15.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from kcodegen.ir.values import Dict, lookup
from kcodegen.weights.definition import (
    Definition,
    UnknownWeightsError,
    Weights,
    WeightShape,
    dimension,
)
from kcodegen.weights.einsum import einsum_weights

Rule: TypeAlias = Callable[[Definition], Weights]


def _bias(definition: Definition, *shape: int) -> Weights:
    """Return the bias of a layer, if it has one."""
    return (shape,) if definition.flag("use_bias", True) else ()


def _lora(definition: Definition, kernel: WeightShape) -> Weights:
    """Return the two thin matrices that LoRA adds to a kernel, if it does."""
    if definition.value("lora_rank") is None:
        return ()
    rank = definition.integer("lora_rank")
    return (*kernel[:-1], rank), (rank, kernel[-1])


# Core


def _dense(definition: Definition) -> Weights:
    units = definition.integer("units")
    kernel = (dimension(definition.shape(), -1), units)
    return (kernel, *_bias(definition, units), *_lora(definition, kernel))


def _einsum_dense(definition: Definition) -> Weights:
    weights = einsum_weights(definition)
    return (*weights, *_lora(definition, weights[0]))


def _embedding(definition: Definition) -> Weights:
    definition.shape()
    table = (definition.integer("input_dim"), definition.integer("output_dim"))
    return (table, *_lora(definition, table))


def _reversible_embedding(definition: Definition) -> Weights:
    weights = _embedding(definition)
    tied = definition.flag("tie_weights", True)
    return weights if tied else (*weights, weights[0][::-1])


def _prelu(definition: Definition) -> Weights:
    sizes: list[int | None] = list(definition.shape()[1:])
    if definition.value("shared_axes") is not None:
        for axis in definition.axes("shared_axes"):
            if not -len(sizes) < axis <= len(sizes):
                raise UnknownWeightsError
            sizes[axis - 1] = 1
    return (tuple(dimension((size,), 0) for size in sizes),)


# Convolutions


def _conv(rank: int, definition: Definition) -> Weights:
    groups, filters = definition.integer("groups", 1), definition.integer("filters")
    if groups == 0:
        raise UnknownWeightsError
    channels = definition.channels() // groups
    kernel = (*definition.sizes("kernel_size", rank), channels, filters)
    return (kernel, *_bias(definition, filters), *_lora(definition, kernel))


def _conv_transpose(rank: int, definition: Definition) -> Weights:
    filters = definition.integer("filters")
    kernel = (*definition.sizes("kernel_size", rank), filters, definition.channels())
    return (kernel, *_bias(definition, filters))


def _depthwise_conv(rank: int, definition: Definition) -> Weights:
    channels, multiplier = definition.channels(), definition.integer("depth_multiplier", 1)
    kernel = (*definition.sizes("kernel_size", rank), channels, multiplier)
    return (kernel, *_bias(definition, multiplier * channels))


def _separable_conv(rank: int, definition: Definition) -> Weights:
    channels, multiplier = definition.channels(), definition.integer("depth_multiplier", 1)
    filters = definition.integer("filters")
    depthwise = (*definition.sizes("kernel_size", rank), channels, multiplier)
    pointwise = (*(1,) * rank, multiplier * channels, filters)
    return (depthwise, pointwise, *_bias(definition, filters))


# Normalization


def _axis_shape(definition: Definition) -> WeightShape:
    """Return the sizes of the normalized axes."""
    shape = definition.shape()
    return tuple(dimension(shape, axis) for axis in sorted(definition.axes("axis")))


def _scale_and_center(definition: Definition) -> Weights:
    """Return gamma and beta, as far as the layer has them."""
    count = definition.flag("scale", True) + definition.flag("center", True)
    return (_axis_shape(definition),) * count


def _batch_normalization(definition: Definition) -> Weights:
    moving = 5 if definition.flag("renorm", False) else 2
    return _scale_and_center(definition) + (_axis_shape(definition),) * moving


def _layer_normalization(definition: Definition) -> Weights:
    if definition.flag("rms_scaling", False):
        return (_axis_shape(definition),)
    return _scale_and_center(definition)


def _rms_normalization(definition: Definition) -> Weights:
    return (_axis_shape(definition),)


def _normalization(definition: Definition) -> Weights:
    """Return mean, variance and count; nothing when mean and variance are arguments."""
    if definition.value("mean") is not None:
        return ()
    shape = definition.shape()
    axes = () if definition.value("axis", -1) is None else definition.axes("axis")
    kept = sorted(axis % max(len(shape), 1) for axis in axes)
    moments = tuple(dimension(shape, axis) for axis in kept)
    return moments, moments, ()


# Attention


def _attention(definition: Definition) -> Weights:
    definition.shape(index=0)
    count = definition.flag("use_scale", False) + (definition.value("score_mode") == "concat")
    return ((),) * count


def _additive_attention(definition: Definition) -> Weights:
    size = dimension(definition.shape(index=0), -1)
    return ((size,),) if definition.flag("use_scale", True) else ()


def _projection(definition: Definition, inputs: int, *outputs: int) -> Weights:
    """Return the kernel and the bias of one of an attention's projections."""
    return ((inputs, *outputs), *_bias(definition, *outputs))


def _attention_inputs(definition: Definition) -> tuple[int, int, int]:
    """Return the last sizes of query, key and value; a key that is left out is the value."""
    names = ("query_shape", "key_shape", "value_shape")
    if not isinstance(definition.built, Dict):
        raise UnknownWeightsError
    if lookup(definition.built.items, "key_shape") is None:
        names = ("query_shape", "value_shape", "value_shape")
    query, key, value = (dimension(definition.shape(name), -1) for name in names)
    return query, key, value


def _multi_head_attention(definition: Definition) -> Weights:
    query, key, value = _attention_inputs(definition)
    heads, key_dim = definition.integer("num_heads"), definition.integer("key_dim")
    given = definition.value("value_dim")
    value_dim = definition.integer("value_dim") if given else key_dim
    outputs = _output_sizes(definition, query)
    gate = definition.flag("use_gate", False)
    return (
        *_projection(definition, query, heads, key_dim),
        *_projection(definition, key, heads, key_dim),
        *(_projection(definition, query, heads, value_dim) if gate else ()),
        *_projection(definition, value, heads, value_dim),
        (heads, value_dim, *outputs),
        *_bias(definition, *outputs),
    )


def _output_sizes(definition: Definition, query: int) -> WeightShape:
    """Return the sizes of the last axes of a MultiHeadAttention's output."""
    given = definition.value("output_shape")
    if not given:
        return (query,)
    return definition.sizes("output_shape", len(given) if isinstance(given, tuple) else 1)


def _group_query_attention(definition: Definition) -> Weights:
    query, key, value = _attention_inputs(definition)
    heads, size = definition.integer("num_query_heads"), definition.integer("head_dim")
    shared = definition.integer("num_key_value_heads")
    gate = definition.flag("use_gate", False)
    return (
        *_projection(definition, query, heads, size),
        *_projection(definition, key, shared, size),
        *(_projection(definition, query, heads, size) if gate else ()),
        *_projection(definition, value, shared, size),
        (heads, size, query),
        *_bias(definition, query),
    )


# Others


def _stft_spectrogram(definition: Definition) -> Weights:
    definition.shape()
    length = definition.integer("frame_length", 256)
    window = definition.integer("fft_length") if definition.value("fft_length") else 0
    points = window or 1 << max(length - 1, 0).bit_length()
    count = 1 if definition.value("mode", "log") in ("real", "imag") else 2
    return ((length, 1, points // 2 + 1),) * count


def _layer_scale(definition: Definition) -> Weights:
    definition.shape()
    return ((definition.integer("projection_dim"),),)


# Cells of recurrent layers, which their layers share


def _recurrent_cell(gates: int, definition: Definition) -> Weights:
    units = definition.integer("units")
    size = dimension(definition.shape(), -1)
    return (size, units * gates), (units, units * gates), *_bias(definition, units * gates)


def _gru_cell(definition: Definition) -> Weights:
    kernel, recurrent, *bias = _recurrent_cell(3, definition)
    if definition.flag("reset_after", True):
        bias = [(2, *shape) for shape in bias]
    return kernel, recurrent, *bias


def _conv_lstm_cell(rank: int, definition: Definition) -> Weights:
    filters, size = definition.integer("filters"), definition.sizes("kernel_size", rank)
    return (
        (*size, definition.channels(), filters * 4),
        (*size, filters, filters * 4),
        *_bias(definition, filters * 4),
    )


CELLS: dict[str, Rule] = {
    "keras.layers.GRUCell": _gru_cell,
    "keras.layers.LSTMCell": partial(_recurrent_cell, 4),
    "keras.layers.SimpleRNNCell": partial(_recurrent_cell, 1),
}
# The rules of the cells inside: each sees one step of the sequence.
SEQUENCES: dict[str, Rule] = {
    "keras.layers.ConvLSTM1D": partial(_conv_lstm_cell, 1),
    "keras.layers.ConvLSTM2D": partial(_conv_lstm_cell, 2),
    "keras.layers.ConvLSTM3D": partial(_conv_lstm_cell, 3),
    "keras.layers.GRU": _gru_cell,
    "keras.layers.LSTM": partial(_recurrent_cell, 4),
    "keras.layers.SimpleRNN": partial(_recurrent_cell, 1),
}
LEAVES: dict[str, Rule] = {
    **CELLS,
    "keras.layers.AdditiveAttention": _additive_attention,
    "keras.layers.Attention": _attention,
    "keras.layers.BatchNormalization": _batch_normalization,
    "keras.layers.Conv1D": partial(_conv, 1),
    "keras.layers.Conv1DTranspose": partial(_conv_transpose, 1),
    "keras.layers.Conv2D": partial(_conv, 2),
    "keras.layers.Conv2DTranspose": partial(_conv_transpose, 2),
    "keras.layers.Conv3D": partial(_conv, 3),
    "keras.layers.Conv3DTranspose": partial(_conv_transpose, 3),
    "keras.layers.Dense": _dense,
    "keras.layers.DepthwiseConv1D": partial(_depthwise_conv, 1),
    "keras.layers.DepthwiseConv2D": partial(_depthwise_conv, 2),
    "keras.layers.EinsumDense": _einsum_dense,
    "keras.layers.Embedding": _embedding,
    "keras.layers.GroupNormalization": _scale_and_center,
    "keras.layers.GroupQueryAttention": _group_query_attention,
    "keras.layers.LayerNormalization": _layer_normalization,
    "keras.layers.MultiHeadAttention": _multi_head_attention,
    "keras.layers.Normalization": _normalization,
    "keras.layers.PReLU": _prelu,
    "keras.layers.RMSNormalization": _rms_normalization,
    "keras.layers.ReversibleEmbedding": _reversible_embedding,
    "keras.layers.STFTSpectrogram": _stft_spectrogram,
    "keras.layers.SeparableConv1D": partial(_separable_conv, 1),
    "keras.layers.SeparableConv2D": partial(_separable_conv, 2),
    # ConvNeXt's own layer, which no public module has.
    "keras.src.applications.convnext.LayerScale": _layer_scale,
}
