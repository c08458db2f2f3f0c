"""The weights of layers that hold no other layer of the user's, in the order of `layer.weights`.

A rule is a function from a definition to slots. Source: the `build` methods of Keras 3.15.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TypeAlias

from kcodegen.ir.graph import Shape
from kcodegen.ir.values import Dict, lookup
from kcodegen.weights.variables.definition import (
    Definition,
    Size,
    Slots,
    UnknownWeightsError,
    dimension,
    times,
)

Rule: TypeAlias = Callable[[Definition], Slots]


def _kernel_and_bias(definition: Definition, kernel: Shape, *bias: Size) -> Slots:
    """Return a kernel, the layer's bias, if it has one, and what LoRA adds, if it does."""
    weights = (definition.slot("kernel", kernel), *_bias(definition, *bias))
    return with_lora(definition, weights)


def _bias(definition: Definition, *shape: Size) -> Slots:
    """Return the bias of a layer, if it has one."""
    return (definition.slot("bias", shape),) if definition.flag("use_bias", True) else ()


def with_lora(definition: Definition, weights: Slots) -> Slots:
    """Return the weights with the two thin matrices that LoRA adds to the first, if it does."""
    if definition.value("lora_rank") is None:
        return weights
    rank, (first, *rest) = definition.integer("lora_rank"), weights
    shape = first.shape or (None, None)
    return (
        replace(first, trained=False),
        *rest,
        definition.slot(f"lora_{first.role}_a", (*shape[:-1], rank)),
        definition.slot(f"lora_{first.role}_b", (rank, shape[-1])),
    )


# Core


def _dense(definition: Definition) -> Slots:
    units = definition.integer("units")
    return _kernel_and_bias(definition, (definition.size(-1), units), units)


def _einsum_dense(definition: Definition) -> Slots:
    # Few models have one, and its regular expressions take a while.
    from kcodegen.weights.variables.einsum import einsum_slots

    return with_lora(definition, einsum_slots(definition))


def _embedding(definition: Definition) -> Slots:
    table = (definition.integer("input_dim"), definition.integer("output_dim"))
    return with_lora(definition, (definition.slot("embeddings", table),))


def _reversible_embedding(definition: Definition) -> Slots:
    weights = _embedding(definition)
    if definition.flag("tie_weights", True):
        return weights
    table = weights[0].shape or ()
    return (*weights, definition.slot("reverse_embeddings", table[::-1]))


def _prelu(definition: Definition) -> Slots:
    shape = definition.shape()
    if shape is None:
        return (definition.slot("alpha", None),)
    sizes = list(shape[1:])
    if definition.value("shared_axes") is not None:
        for axis in definition.axes("shared_axes"):
            if not -len(sizes) < axis <= len(sizes):
                raise UnknownWeightsError
            sizes[axis - 1] = 1
    return (definition.slot("alpha", tuple(sizes)),)


# Convolutions


def _conv(rank: int, definition: Definition) -> Slots:
    groups, filters = definition.integer("groups", 1), definition.integer("filters")
    if groups == 0:
        raise UnknownWeightsError
    channels = definition.channels()
    channels = None if channels is None else channels // groups
    kernel = (*definition.sizes("kernel_size", rank), channels, filters)
    return _kernel_and_bias(definition, kernel, filters)


def _conv_transpose(rank: int, definition: Definition) -> Slots:
    filters = definition.integer("filters")
    kernel = (*definition.sizes("kernel_size", rank), filters, definition.channels())
    return (definition.slot("kernel", kernel), *_bias(definition, filters))


def _depthwise_conv(rank: int, definition: Definition) -> Slots:
    channels, multiplier = definition.channels(), definition.integer("depth_multiplier", 1)
    kernel = (*definition.sizes("kernel_size", rank), channels, multiplier)
    return (definition.slot("kernel", kernel), *_bias(definition, times(channels, multiplier)))


def _separable_conv(rank: int, definition: Definition) -> Slots:
    channels, multiplier = definition.channels(), definition.integer("depth_multiplier", 1)
    filters = definition.integer("filters")
    depthwise = (*definition.sizes("kernel_size", rank), channels, multiplier)
    pointwise = (*(1,) * rank, times(channels, multiplier), filters)
    return (
        definition.slot("depthwise_kernel", depthwise),
        definition.slot("pointwise_kernel", pointwise),
        *_bias(definition, filters),
    )


# Normalization


def _axis_shape(definition: Definition) -> Shape:
    """Return the sizes of the normalized axes."""
    shape = definition.shape()
    return tuple(dimension(shape, axis) for axis in sorted(definition.axes("axis")))


def _scale_and_center(definition: Definition) -> Slots:
    """Return gamma and beta, as far as the layer has them."""
    shape = _axis_shape(definition)
    has = {"gamma": definition.flag("scale", True), "beta": definition.flag("center", True)}
    return tuple(definition.slot(role, shape) for role in has if has[role])


def _batch_normalization(definition: Definition) -> Slots:
    shape, moving = _axis_shape(definition), ["moving_mean", "moving_variance"]
    if definition.flag("renorm", False):
        moving += ["moving_stddev", "renorm_mean", "renorm_stddev"]
    return (
        *_scale_and_center(definition),
        *(definition.slot(role, shape, trained=False) for role in moving),
    )


def _layer_normalization(definition: Definition) -> Slots:
    if definition.flag("rms_scaling", False):
        return (definition.slot("gamma", _axis_shape(definition)),)
    return _scale_and_center(definition)


def _rms_normalization(definition: Definition) -> Slots:
    return (definition.slot("scale", _axis_shape(definition)),)


def _normalization(definition: Definition) -> Slots:
    """Return mean, variance and count; nothing when mean and variance are arguments."""
    if definition.value("mean") is not None:
        return ()
    shape = definition.shape()
    axes = () if definition.value("axis", -1) is None else definition.axes("axis")
    if shape is not None:
        axes = tuple(sorted(axis % max(len(shape), 1) for axis in axes))
    moments = tuple(dimension(shape, axis) for axis in axes)
    shapes = {"mean": moments, "variance": moments, "count": ()}
    return tuple(definition.slot(role, shapes[role], trained=False) for role in shapes)


# Attention


def _attention(definition: Definition) -> Slots:
    definition.shape(index=0)
    has = {
        "scale": definition.flag("use_scale", False),
        "concat_score_weight": definition.value("score_mode") == "concat",
    }
    return tuple(definition.slot(role, ()) for role in has if has[role])


def _additive_attention(definition: Definition) -> Slots:
    size = dimension(definition.shape(index=0), -1)
    return (definition.slot("scale", (size,)),) if definition.flag("use_scale", True) else ()


def _projection(definition: Definition, part: str, inputs: Shape, *outputs: Size) -> Slots:
    """Return the kernel and the bias of one of an attention's projections."""
    name = "attention_output" if part == "output" else part
    dense = replace(definition, key="keras.layers.EinsumDense", name=name)
    weights = (dense.slot("kernel", (*inputs, *outputs)), *_bias(dense, *outputs))
    return tuple(replace(weight, attributes=(f"{part}_dense",)) for weight in weights)


def _attention_inputs(definition: Definition) -> tuple[Size, Size, Size]:
    """Return the last sizes of query, key and value; a key that is left out is the value."""
    names = ("query_shape", "key_shape", "value_shape")
    if not isinstance(definition.built, Dict):
        return None, None, None
    if lookup(definition.built.items, "key_shape") is None:
        names = ("query_shape", "value_shape", "value_shape")
    query, key, value = (dimension(definition.shape(name), -1) for name in names)
    return query, key, value


def _multi_head_attention(definition: Definition) -> Slots:
    query, key, value = _attention_inputs(definition)
    heads, key_dim = definition.integer("num_heads"), definition.integer("key_dim")
    given = definition.value("value_dim")
    value_dim = definition.integer("value_dim") if given else key_dim
    outputs = _output_sizes(definition, query)
    gate = definition.flag("use_gate", False)
    return (
        *_projection(definition, "query", (query,), heads, key_dim),
        *_projection(definition, "key", (key,), heads, key_dim),
        *(_projection(definition, "gate", (query,), heads, value_dim) if gate else ()),
        *_projection(definition, "value", (value,), heads, value_dim),
        *_projection(definition, "output", (heads, value_dim), *outputs),
    )


def _output_sizes(definition: Definition, query: Size) -> Shape:
    """Return the sizes of the last axes of a MultiHeadAttention's output."""
    given = definition.value("output_shape")
    if not given:
        return (query,)
    return definition.sizes("output_shape", len(given) if isinstance(given, tuple) else 1)


def _group_query_attention(definition: Definition) -> Slots:
    query, key, value = _attention_inputs(definition)
    heads, size = definition.integer("num_query_heads"), definition.integer("head_dim")
    shared = definition.integer("num_key_value_heads")
    gate = definition.flag("use_gate", False)
    return (
        *_projection(definition, "query", (query,), heads, size),
        *_projection(definition, "key", (key,), shared, size),
        *(_projection(definition, "gate", (query,), heads, size) if gate else ()),
        *_projection(definition, "value", (value,), shared, size),
        *_projection(definition, "output", (heads, size), query),
    )


# Others


def _stft_spectrogram(definition: Definition) -> Slots:
    length = definition.integer("frame_length", 256)
    window = definition.integer("fft_length") if definition.value("fft_length") else 0
    points = window or 1 << max(length - 1, 0).bit_length()
    mode = definition.value("mode", "log")
    parts = (mode,) if mode in ("real", "imag") else ("real", "imag")
    shape = (length, 1, points // 2 + 1)
    return tuple(definition.slot(f"{part}_kernel", shape) for part in parts)


def _layer_scale(definition: Definition) -> Slots:
    return (definition.slot("variable", (definition.integer("projection_dim"),)),)


# Cells of recurrent layers, which their layers share


def _recurrent_cell(gates: int, definition: Definition) -> Slots:
    units = definition.integer("units")
    return (
        definition.slot("kernel", (definition.size(-1), units * gates)),
        definition.slot("recurrent_kernel", (units, units * gates)),
        *_bias(definition, units * gates),
    )


def _gru_cell(definition: Definition) -> Slots:
    kernel, recurrent, *bias = _recurrent_cell(3, definition)
    if definition.flag("reset_after", True):
        bias = [replace(slot, shape=(2, *(slot.shape or ()))) for slot in bias]
    return kernel, recurrent, *bias


def _conv_lstm_cell(rank: int, definition: Definition) -> Slots:
    filters, size = definition.integer("filters"), definition.sizes("kernel_size", rank)
    return (
        definition.slot("kernel", (*size, definition.channels(), filters * 4)),
        definition.slot("recurrent_kernel", (*size, filters, filters * 4)),
        *_bias(definition, filters * 4),
    )


CELLS: dict[str, Rule] = {
    "keras.layers.GRUCell": _gru_cell,
    "keras.layers.LSTMCell": partial(_recurrent_cell, 4),
    "keras.layers.SimpleRNNCell": partial(_recurrent_cell, 1),
}
CONV_LSTM_CELL = "keras.src.layers.rnn.conv_lstm.ConvLSTMCell"
# The cells inside, and their rules: each sees one step of the sequence.
SEQUENCES: dict[str, tuple[str, Rule]] = {
    "keras.layers.ConvLSTM1D": (CONV_LSTM_CELL, partial(_conv_lstm_cell, 1)),
    "keras.layers.ConvLSTM2D": (CONV_LSTM_CELL, partial(_conv_lstm_cell, 2)),
    "keras.layers.ConvLSTM3D": (CONV_LSTM_CELL, partial(_conv_lstm_cell, 3)),
    "keras.layers.GRU": ("keras.layers.GRUCell", _gru_cell),
    "keras.layers.LSTM": ("keras.layers.LSTMCell", partial(_recurrent_cell, 4)),
    "keras.layers.SimpleRNN": ("keras.layers.SimpleRNNCell", partial(_recurrent_cell, 1)),
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
