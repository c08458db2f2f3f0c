"""Small Keras models, one for each way a layer can hold weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Build = Callable[[Any], Any]  # keras.layers -> a layer, or a function of tensors

# name, shapes of the inputs without the batch, how to make the layer from `keras.layers`
SINGLE: list[tuple[str, tuple[int | None, ...], Build]] = [
    ("dense", (3,), lambda k: k.Dense(5)),
    ("dense-sequence", (None, 3), lambda k: k.Dense(5, use_bias=False)),
    ("dense-lora", (6,), lambda k: k.Dense(5, lora_rank=2)),
    ("dense-frozen", (6,), lambda k: k.Dense(5, trainable=False)),
    ("dense-float16", (6,), lambda k: k.Dense(5, dtype="mixed_float16")),
    ("dense-activation", (6,), lambda k: k.Dense(5, activation=k.LeakyReLU())),
    ("embedding", (4,), lambda k: k.Embedding(7, 3)),
    ("embedding-lora", (4,), lambda k: k.Embedding(7, 3, lora_rank=2)),
    ("reversible", (4,), lambda k: k.ReversibleEmbedding(7, 3)),
    ("reversible-untied", (4,), lambda k: k.ReversibleEmbedding(7, 3, tie_weights=False)),
    ("prelu", (4, 3), lambda k: k.PReLU()),
    ("prelu-shared", (4, 3, 2), lambda k: k.PReLU(shared_axes=[1, 2])),
    ("prelu-shared-open", (None, 3, 2), lambda k: k.PReLU(shared_axes=[1])),
    ("conv1d", (8, 3), lambda k: k.Conv1D(4, 3)),
    ("conv1d-causal", (8, 3), lambda k: k.Conv1D(4, 2, padding="causal", use_bias=False)),
    ("conv2d", (8, 8, 3), lambda k: k.Conv2D(4, (3, 2))),
    ("conv2d-open", (None, None, 3), lambda k: k.Conv2D(4, 3)),
    ("conv2d-groups", (8, 8, 6), lambda k: k.Conv2D(4, 3, groups=2)),
    ("conv2d-first", (6, 8, 8), lambda k: k.Conv2D(4, 3, data_format="channels_first")),
    ("conv3d", (8, 8, 8, 2), lambda k: k.Conv3D(4, (3, 2, 1))),
    ("conv1d-transpose", (8, 3), lambda k: k.Conv1DTranspose(4, 3)),
    ("conv2d-transpose", (8, 8, 3), lambda k: k.Conv2DTranspose(4, (3, 2), use_bias=False)),
    ("conv3d-transpose", (4, 4, 4, 3), lambda k: k.Conv3DTranspose(5, 2)),
    ("depthwise1d", (8, 3), lambda k: k.DepthwiseConv1D(3, depth_multiplier=2)),
    ("depthwise2d", (8, 8, 3), lambda k: k.DepthwiseConv2D((3, 2))),
    ("separable1d", (8, 3), lambda k: k.SeparableConv1D(5, 3)),
    ("separable2d", (8, 8, 3), lambda k: k.SeparableConv2D(5, 3, depth_multiplier=2)),
    ("separable2d-plain", (8, 8, 3), lambda k: k.SeparableConv2D(5, (1, 3), use_bias=False)),
    ("batch", (8, 3), lambda k: k.BatchNormalization()),
    ("batch-axis", (8, 3), lambda k: k.BatchNormalization(axis=1)),
    ("batch-plain", (8, 3), lambda k: k.BatchNormalization(scale=False)),
    ("batch-bare", (8, 3), lambda k: k.BatchNormalization(scale=False, center=False)),
    ("batch-renorm", (8, 3), lambda k: k.BatchNormalization(renorm=True)),
    ("layer-norm", (8, 3), lambda k: k.LayerNormalization()),
    ("layer-norm-axes", (8, 3), lambda k: k.LayerNormalization(axis=[2, 1])),
    ("layer-norm-from-end", (8, 3, 2), lambda k: k.LayerNormalization(axis=[-1, -2])),
    ("layer-norm-plain", (8, 3), lambda k: k.LayerNormalization(center=False)),
    ("group-norm", (8, 6), lambda k: k.GroupNormalization(groups=3)),
    ("group-norm-axis", (8, 6), lambda k: k.GroupNormalization(2, axis=1, scale=False)),
    ("rms-norm", (8, 6), lambda k: k.RMSNormalization()),
    ("rms-norm-axes", (8, 6), lambda k: k.RMSNormalization(axis=(1, 2))),
    ("unit-norm", (8, 6), lambda k: k.UnitNormalization()),
    ("spectral", (8, 6), lambda k: k.SpectralNormalization(k.Dense(4))),
    ("spectral-conv", (8, 8, 6), lambda k: k.SpectralNormalization(k.Conv2D(4, 3, use_bias=False))),
    ("spectral-embedding", (8,), lambda k: k.SpectralNormalization(k.Embedding(9, 4))),
    ("normalization", (8, 6), lambda k: k.Normalization()),
    ("normalization-axes", (8, 6), lambda k: k.Normalization(axis=(-1, 1))),
    ("normalization-none", (8, 6), lambda k: k.Normalization(axis=None)),
    ("normalization-constant", (8, 6), lambda k: k.Normalization(mean=1.0, variance=2.0)),
    ("stft", (32, 1), lambda k: k.STFTSpectrogram(frame_length=12, frame_step=4)),
    (
        "stft-real",
        (32, 1),
        lambda k: k.STFTSpectrogram(mode="real", frame_length=8, fft_length=20, frame_step=4),
    ),
    ("lstm", (5, 3), lambda k: k.LSTM(4)),
    ("lstm-plain", (5, 3), lambda k: k.LSTM(4, use_bias=False, return_sequences=True)),
    ("gru", (5, 3), lambda k: k.GRU(4)),
    ("gru-before", (5, 3), lambda k: k.GRU(4, reset_after=False)),
    ("simple-rnn", (None, 3), lambda k: k.SimpleRNN(4)),
    ("conv-lstm1d", (5, 8, 3), lambda k: k.ConvLSTM1D(4, 3)),
    ("conv-lstm2d", (5, 8, 8, 3), lambda k: k.ConvLSTM2D(4, (3, 2))),
    (
        "conv-lstm2d-first",
        (5, 3, 8, 8),
        lambda k: k.ConvLSTM2D(4, 2, data_format="channels_first", padding="same"),
    ),
    ("conv-lstm3d", (5, 4, 4, 4, 3), lambda k: k.ConvLSTM3D(2, 2, use_bias=False)),
    ("rnn", (5, 3), lambda k: k.RNN(k.GRUCell(4))),
    ("rnn-list", (5, 3), lambda k: k.RNN([k.LSTMCell(4), k.SimpleRNNCell(2), k.GRUCell(6)])),
    ("rnn-stack", (5, 3), lambda k: k.RNN(k.StackedRNNCells([k.LSTMCell(4), k.GRUCell(2)]))),
    (
        "rnn-deep-stack",
        (5, 3),
        lambda k: k.RNN([k.StackedRNNCells([k.LSTMCell(4), k.GRUCell(2)]), k.GRUCell(5)]),
    ),
    ("bidirectional", (5, 3), lambda k: k.Bidirectional(k.LSTM(4))),
    (
        "bidirectional-two",
        (5, 3),
        lambda k: k.Bidirectional(
            k.LSTM(4), backward_layer=k.GRU(4, go_backwards=True), merge_mode="concat"
        ),
    ),
    ("bidirectional-rnn", (5, 3), lambda k: k.Bidirectional(k.RNN(k.GRUCell(2)))),
    ("distributed", (5, 3), lambda k: k.TimeDistributed(k.Dense(4))),
    ("distributed-conv", (5, 8, 8, 3), lambda k: k.TimeDistributed(k.Conv2D(4, 3))),
    (
        "distributed-twice",
        (2, 5, 3),
        lambda k: k.TimeDistributed(k.TimeDistributed(k.BatchNormalization())),
    ),
    ("distributed-lstm", (2, 5, 3), lambda k: k.TimeDistributed(k.Bidirectional(k.LSTM(4)))),
    ("einsum", (5, 6), lambda k: k.EinsumDense("abc,cde->abde", (None, 4, 8), bias_axes="de")),
    ("einsum-left", (2, 5, 6), lambda k: k.EinsumDense("...x,xy->...y", 7, bias_axes="y")),
    ("einsum-right", (5, 2, 6), lambda k: k.EinsumDense("ab...,bc->ac...", 7, bias_axes="c")),
    ("einsum-part", (5, 6), lambda k: k.EinsumDense("abc,cd->abd", (None, 7))),
    ("einsum-batch", (5, 6), lambda k: k.EinsumDense("abc,bcd->abd", (5, 7), bias_axes="b")),
    ("einsum-lora", (5, 6), lambda k: k.EinsumDense("abc,cd->abd", (None, 7), lora_rank=2)),
    ("pipeline", (8, 8, 3), lambda k: k.Pipeline([k.Rescaling(2.0), k.RandomFlip()])),
]

# Layers that can be quantized.
QUANTIZABLE: list[tuple[str, tuple[int | None, ...], Build]] = [
    ("dense", (6,), lambda k: k.Dense(4)),
    ("dense-odd", (7,), lambda k: k.Dense(5, use_bias=False)),
    ("dense-large", (300,), lambda k: k.Dense(5)),
    ("einsum", (5, 6), lambda k: k.EinsumDense("abc,cde->abde", (None, 4, 8), bias_axes="de")),
    ("embedding", (4,), lambda k: k.Embedding(7, 5)),
    ("embedding-large", (4,), lambda k: k.Embedding(7, 300)),
    ("reversible", (4,), lambda k: k.ReversibleEmbedding(7, 4)),
    ("reversible-untied", (4,), lambda k: k.ReversibleEmbedding(7, 5, tie_weights=False)),
]


def quantized(keras: Any, shape: tuple[int | None, ...], make: Build, mode: str) -> Any:
    """Return a model with one quantized layer, as it comes back from its JSON."""
    x = keras.Input(shape)
    model = keras.Model(x, make(keras.layers)(x))
    model.quantize(mode)
    return keras.models.model_from_json(model.to_json())


def attention(k: Any, keras: Any, **options: Any) -> Any:
    """Return a model with one MultiHeadAttention over inputs of different sizes."""
    query, value = keras.Input((5, 8)), keras.Input((7, 6))
    key = keras.Input((7, 4))
    return keras.Model(
        [query, value, key], k.MultiHeadAttention(2, 3, **options)(query, value, key)
    )


def grouped(k: Any, keras: Any, **options: Any) -> Any:
    """Return a model with one GroupQueryAttention."""
    query, value = keras.Input((5, 8)), keras.Input((7, 8))
    return keras.Model([query, value], k.GroupQueryAttention(3, 4, 2, **options)(query, value))


def two(keras: Any, layer: Any) -> Any:
    """Return a model of one layer that takes a list of two sequences."""
    pair = [keras.Input((5, 8)), keras.Input((7, 8))]
    return keras.Model(pair, layer(pair))


def with_state(keras: Any, layer: Any) -> Any:
    """Return a model of one recurrent layer with an initial state."""
    x, states = keras.Input((5, 3)), [keras.Input((4,)), keras.Input((4,))]
    return keras.Model([x, *states], layer(x, initial_state=states))


def nested(k: Any, keras: Any) -> Any:
    """Return models inside models, one of them called twice, and one inside a wrapper."""
    leaf = keras.Sequential([keras.Input((4,)), k.Dense(4), k.BatchNormalization()])
    x = keras.Input((4,))
    middle = keras.Model(x, k.Dense(4)(leaf(leaf(x))))
    y = keras.Input((3, 4))
    step = keras.Sequential([keras.Input((4,)), k.Dense(2), k.PReLU()])
    first = k.TimeDistributed(step)(y)
    return keras.Model([x, y], [middle(x), k.LSTM(2)(first)])


MODELS: list[tuple[str, Callable[[Any, Any], Any]]] = [
    ("attention", lambda k, keras: attention(k, keras)),
    ("attention-value", lambda k, keras: attention(k, keras, value_dim=5, output_shape=9)),
    ("attention-shape", lambda k, keras: attention(k, keras, output_shape=(2, 4), use_bias=False)),
    ("attention-gate", lambda k, keras: attention(k, keras, use_gate=True)),
    ("grouped", lambda k, keras: grouped(k, keras)),
    ("grouped-gate", lambda k, keras: grouped(k, keras, use_gate=True, use_bias=False)),
    ("luong", lambda k, keras: two(keras, k.Attention())),
    ("luong-concat", lambda k, keras: two(keras, k.Attention(True, score_mode="concat"))),
    ("bahdanau", lambda k, keras: two(keras, k.AdditiveAttention())),
    ("bahdanau-plain", lambda k, keras: two(keras, k.AdditiveAttention(use_scale=False))),
    ("lstm-state", lambda k, keras: with_state(keras, k.LSTM(4))),
    ("merge", lambda k, keras: two(keras, k.Concatenate(axis=1))),
    ("nested", nested),
]
