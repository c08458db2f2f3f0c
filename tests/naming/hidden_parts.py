"""Models whose layers make other layers, ops or models of their own, and so use up names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import layers, ops

IMAGE, SEQUENCE, FLAT = (8, 8, 3), (5, 4), (4,)


def _chain(shape: tuple[int, ...], *parts: Any) -> Any:
    inputs = x = keras.Input(shape)
    for part in parts:
        x = part(x)
    return keras.Model(inputs, x)


def attention() -> Any:
    inputs = keras.Input(SEQUENCE)
    x = layers.Softmax()(layers.Dropout(0.1)(inputs))
    x = layers.MultiHeadAttention(2, 2, dropout=0.1)(x, x)
    x = layers.Softmax()(layers.Dropout(0.1)(x))
    x = layers.GroupQueryAttention(2, 2, 1, dropout=0.1)(x, x)
    return keras.Model(inputs, layers.Softmax()(layers.Dropout(0.1)(layers.Dense(4)(x))))


def attention_twice() -> Any:
    inputs = keras.Input(SEQUENCE)
    shared = layers.MultiHeadAttention(2, 2, dropout=0.1)
    x = shared(shared(inputs, inputs), inputs)
    return keras.Model(inputs, layers.Softmax()(layers.Dropout(0.1)(x)))


def attention_never_called_by_itself() -> Any:
    x = keras.Input(SEQUENCE)
    wrapped = layers.TimeDistributed(layers.Softmax())(layers.Softmax()(x))
    return keras.Model(x, layers.Softmax()(wrapped))


def bidirectional() -> Any:
    return _chain(
        SEQUENCE,
        layers.LSTM(4, return_sequences=True),
        layers.Bidirectional(layers.LSTM(2, return_sequences=True)),
        layers.Bidirectional(layers.GRU(2, return_sequences=True)),
        layers.Bidirectional(
            layers.LSTM(2, return_sequences=True),
            backward_layer=layers.LSTM(2, return_sequences=True, go_backwards=True),
        ),
        layers.LSTM(4),
        layers.Dense(2),
    )


def cells() -> Any:
    return _chain(
        SEQUENCE,
        layers.RNN([layers.LSTMCell(2), layers.GRUCell(2)], return_sequences=True),
        layers.RNN(layers.StackedRNNCells([layers.LSTMCell(2)]), return_sequences=True),
        layers.RNN(layers.LSTMCell(2), return_sequences=True),
        layers.LSTM(2, return_sequences=True),
        layers.RNN(layers.LSTMCell(2)),
    )


def wrapped_layers() -> Any:
    return _chain(
        SEQUENCE,
        layers.Dense(4),
        layers.TimeDistributed(layers.Dense(4)),
        layers.SpectralNormalization(layers.Dense(4)),
        layers.Dense(4),
    )


def time_distributed_model() -> Any:
    inner = keras.Sequential([keras.Input(FLAT), layers.Dense(3)])
    return _chain(
        SEQUENCE, layers.TimeDistributed(inner), layers.Dense(2), layers.TimeDistributed(_tail())
    )


def _tail() -> Any:
    return _chain((2,), layers.Dense(2))


def sequential_inside() -> Any:
    built = keras.Sequential([keras.Input(FLAT), layers.Dense(4)])
    deferred = keras.Sequential([layers.Dense(4), layers.Dense(4)])
    return _chain(FLAT, layers.Dense(4), built, deferred, layers.Dense(2))


def sequential_of_models() -> Any:
    first = keras.Sequential([keras.Input(FLAT), layers.Dense(4)])
    second = _chain(FLAT, layers.Dense(4))
    return keras.Sequential([first, second, layers.Dense(2)])


def sequentials_first_layer_is_a_model() -> Any:
    deep = keras.Sequential([keras.Sequential([keras.Input(FLAT), layers.Dense(4)])])
    return _chain(FLAT, deep, _chain(FLAT, layers.Dense(2)))


def augmentations() -> Any:
    return keras.Sequential(
        [
            keras.Input(IMAGE),
            layers.RandomRotation(0.1),
            layers.RandAugment(),
            layers.RandomRotation(0.1),
            layers.RandomColorJitter(brightness_factor=0.1, hue_factor=0.1),
            layers.RandomBrightness(0.1),
            layers.AugMix(),
            layers.Solarization(),
            layers.RandomHue(0.1),
        ]
    )


def named_augmentations() -> Any:
    return keras.Sequential(
        [
            keras.Input(IMAGE),
            layers.RandAugment(name="mix"),
            layers.RandomRotation(0.1),
            layers.RandomColorJitter(brightness_factor=0.1, name="jitter"),
            layers.RandomBrightness(0.1),
        ]
    )


def pipeline() -> Any:
    parts = [layers.RandomFlip(), layers.RandomRotation(0.1)]
    return keras.Sequential(
        [keras.Input(IMAGE), layers.Pipeline(parts), layers.RandomRotation(0.1)]
    )


def embeddings() -> Any:
    inputs = keras.Input((5,), dtype="int32")
    x = layers.Embedding(9, 4, mask_zero=True)(inputs)
    x = layers.Masking()(layers.Embedding(9, 4, mask_zero=True)(inputs) + x)
    seen = ops.any(ops.not_equal(x, 0.0), axis=-1)
    return keras.Model(inputs, [layers.LSTM(3)(x), seen])


def shared_embedding() -> Any:
    one, two = keras.Input((5,), dtype="int32"), keras.Input((5,), dtype="int32")
    shared = layers.Embedding(9, 4, mask_zero=True)
    x = layers.Add()([shared(one), shared(two)])
    return keras.Model([one, two], [layers.LSTM(3)(x), ops.not_equal(one, 0)])


def text() -> Any:
    inputs = keras.Input((1,), dtype="string")
    words = layers.TextVectorization(vocabulary=["a", "b"], output_sequence_length=4)(inputs)
    place = layers.StringLookup(vocabulary=["a"])(inputs)
    return keras.Model(inputs, [words, place])


def initializers_and_regularizers() -> Any:
    kernel = keras.initializers.HeNormal(seed=keras.random.SeedGenerator(3))
    dense = layers.Dense(4, kernel_initializer=kernel, kernel_regularizer="l2")
    return _chain(FLAT, dense, layers.Activation(layers.ReLU(3.0)), layers.ReLU(), layers.Dense(4))


MODELS: dict[str, Callable[[], Any]] = {
    build.__name__: build
    for build in (
        attention,
        attention_twice,
        attention_never_called_by_itself,
        bidirectional,
        cells,
        wrapped_layers,
        time_distributed_model,
        sequential_inside,
        sequential_of_models,
        sequentials_first_layer_is_a_model,
        augmentations,
        named_augmentations,
        pipeline,
        embeddings,
        shared_embedding,
        text,
        initializers_and_regularizers,
    )
}
