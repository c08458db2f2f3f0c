"""Nets for text, sound and tables."""

from __future__ import annotations

import keras
from keras import layers, ops


def bert(depth=12):
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    x = layers.Embedding(1000, 64, name="embeddings")(tokens)
    x = layers.LayerNormalization(epsilon=1e-12, name="embeddings_norm")(x)
    for i in range(depth):
        name = f"layer_{i}"
        y = layers.MultiHeadAttention(4, 16, dropout=0.1, name=f"{name}_attention")(x, x)
        y = layers.Dropout(0.1, name=f"{name}_attention_dropout")(y)
        x = layers.Add(name=f"{name}_attention_add")([x, y])
        x = layers.LayerNormalization(epsilon=1e-12, name=f"{name}_attention_norm")(x)
        y = layers.Dense(256, activation="gelu", name=f"{name}_intermediate")(x)
        y = layers.Dense(64, name=f"{name}_output")(y)
        y = layers.Dropout(0.1, name=f"{name}_output_dropout")(y)
        x = layers.Add(name=f"{name}_output_add")([x, y])
        x = layers.LayerNormalization(epsilon=1e-12, name=f"{name}_output_norm")(x)
    pooled = layers.Dense(64, activation="tanh", name="pooler")(x[:, 0])
    return keras.Model(tokens, [x, pooled], name="bert")


def gpt():
    tokens = keras.Input((128,), dtype="int32")
    x = layers.Embedding(1000, 64)(tokens)
    for _ in range(8):
        y = layers.LayerNormalization()(x)
        y = layers.MultiHeadAttention(4, 16)(y, y, use_causal_mask=True)
        x = x + y
        y = layers.LayerNormalization()(x)
        y = layers.Dense(256, activation="gelu")(y)
        x = x + layers.Dense(64)(y)
    return keras.Model(tokens, layers.Dense(1000)(layers.LayerNormalization()(x)), name="gpt")


def transformer():
    def feed_forward(x, name):
        y = layers.Dense(128, activation="relu", name=f"{name}_ff1")(x)
        y = layers.Dense(64, name=f"{name}_ff2")(y)
        return layers.LayerNormalization(name=f"{name}_norm_ff")(
            layers.Add(name=f"{name}_add_ff")([x, y])
        )

    def attend(x, y, name, **kwargs):
        z = layers.MultiHeadAttention(4, 16, name=f"{name}_attention")(x, y, **kwargs)
        z = layers.Add(name=f"{name}_add")([x, z])
        return layers.LayerNormalization(name=f"{name}_norm")(z)

    source = keras.Input((32, 64), name="source")
    target = keras.Input((32, 64), name="target")
    x = source
    for i in range(6):
        x = feed_forward(attend(x, x, f"encoder{i}_self"), f"encoder{i}")
    y = target
    for i in range(6):
        y = attend(y, y, f"decoder{i}_self", use_causal_mask=True)
        y = feed_forward(attend(y, x, f"decoder{i}_cross"), f"decoder{i}")
    return keras.Model([source, target], layers.Dense(100, name="logits")(y), name="transformer")


def wavenet():
    sound = keras.Input((None, 1))
    x, skips = layers.Conv1D(32, 2, padding="causal", name="stem")(sound), []
    for stack in range(2):
        for layer in range(8):
            name = f"stack{stack}_layer{layer}"
            rate = 2**layer
            a = layers.Conv1D(
                32, 2, padding="causal", dilation_rate=rate, activation="tanh", name=f"{name}_tanh"
            )(x)
            b = layers.Conv1D(
                32, 2, padding="causal", dilation_rate=rate, activation="sigmoid",
                name=f"{name}_sigmoid",
            )(x)  # fmt: skip
            y = layers.Multiply(name=f"{name}_gate")([a, b])
            y = layers.Conv1D(32, 1, name=f"{name}_out")(y)
            skips.append(y)
            x = layers.Add(name=f"{name}_add")([x, y])
    x = layers.ReLU(name="relu")(layers.Add(name="skips")(skips))
    return keras.Model(sound, layers.Conv1D(256, 1, name="logits")(x), name="wavenet")


def tcn():
    series = keras.Input((None, 16))
    x = series
    for rate in (1, 2, 4, 8, 16, 32):
        y = x
        for _ in range(2):
            y = layers.Conv1D(32, 3, padding="causal", dilation_rate=rate)(y)
            y = layers.SpatialDropout1D(0.2)(layers.ReLU()(layers.LayerNormalization()(y)))
        if x.shape[-1] != 32:
            x = layers.Conv1D(32, 1)(x)
        x = layers.ReLU()(layers.Add()([x, y]))
    return keras.Model(series, layers.Dense(1)(x[:, -1]), name="tcn")


def seq2seq():
    source = keras.Input((None, 32), name="source")
    target = keras.Input((None, 32), name="target")
    x, states = source, []
    for i in range(3):
        x, state = layers.GRU(64, return_sequences=True, return_state=True, name=f"encoder{i}")(x)
        states.append(state)
    y = target
    for i in range(3):
        y = layers.GRU(64, return_sequences=True, name=f"decoder{i}")(y, initial_state=states[i])
    return keras.Model([source, target], layers.Dense(100, name="words")(y), name="seq2seq")


def tagger():
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    x = layers.Embedding(1000, 32, mask_zero=True, name="embedding")(tokens)
    for i in range(3):
        x = layers.Bidirectional(layers.LSTM(32, return_sequences=True), name=f"lstm{i}")(x)
        x = layers.Dropout(0.2, name=f"dropout{i}")(x)
    return keras.Model(tokens, layers.Dense(9, name="tags")(x), name="tagger")


def text_cnn():
    tokens = keras.Input((100,), dtype="int32")
    x = layers.Embedding(1000, 32)(tokens)
    branches = []
    for size in (2, 3, 4, 5):
        y = layers.Conv1D(64, size, activation="relu", name=f"conv{size}")(x)
        branches.append(layers.GlobalMaxPooling1D(name=f"pool{size}")(y))
    x = layers.Dropout(0.5)(layers.Concatenate()(branches))
    return keras.Model(tokens, layers.Dense(2, activation="softmax")(x), name="text_cnn")


def stacked_lstm():
    series = keras.Input((30, 8))
    x = series
    for units in (128, 64, 32):
        x = layers.Dropout(0.2)(layers.LSTM(units, return_sequences=True)(x))
    return keras.Model(series, layers.Dense(1)(layers.LSTM(16)(x)), name="stacked_lstm")


def conformer():
    sound = keras.Input((200, 64))
    x = sound
    for i in range(4):
        for half in ("first", "second"):
            name = f"block{i}_{half}"
            y = layers.LayerNormalization(name=f"{name}_norm")(x)
            y = layers.Dense(256, activation="silu", name=f"{name}_ff1")(y)
            y = layers.Dense(64, name=f"{name}_ff2")(y)
            x = layers.Add(name=f"{name}_add")([x, 0.5 * y])
            if half == "first":
                y = layers.LayerNormalization(name=f"block{i}_norm")(x)
                y = layers.MultiHeadAttention(4, 16, name=f"block{i}_attention")(y, y)
                x = layers.Add(name=f"block{i}_attention_add")([x, y])
                y = layers.Conv1D(128, 1, name=f"block{i}_conv1")(x)
                y = layers.DepthwiseConv1D(15, padding="same", name=f"block{i}_depthwise")(y)
                y = layers.BatchNormalization(name=f"block{i}_bn")(y)
                y = layers.Conv1D(64, 1, name=f"block{i}_conv2")(y)
                x = layers.Add(name=f"block{i}_conv_add")([x, y])
    return keras.Model(sound, x, name="conformer")


def mixture_of_experts():
    features = keras.Input((32,))
    gates = layers.Dense(8, activation="softmax", name="gate")(features)
    experts = []
    for i in range(8):
        x = layers.Dense(64, activation="relu", name=f"expert{i}_hidden")(features)
        x = layers.Dense(16, name=f"expert{i}_out")(x)
        experts.append(layers.Reshape((1, 16), name=f"expert{i}_row")(x))
    x = layers.Concatenate(axis=1, name="experts")(experts)
    x = layers.Dot(1, name="mixture")([gates, x])
    return keras.Model(features, layers.Dense(1, name="score")(x), name="moe")


def wide_and_deep():
    columns = [keras.Input((1,), name=f"column{i}") for i in range(6)]
    wide = layers.Concatenate(name="wide")(columns)
    deep = wide
    for i, units in enumerate((256, 128, 64)):
        deep = layers.Dense(units, activation="relu", name=f"deep{i}")(deep)
        deep = layers.BatchNormalization(name=f"deep{i}_bn")(deep)
        deep = layers.Dropout(0.3, name=f"deep{i}_dropout")(deep)
    x = layers.Concatenate(name="both")([wide, deep])
    return keras.Model(columns, layers.Dense(1, name="label")(x), name="wide_and_deep")


def embedded_columns():
    inputs, parts = [], []
    for name, size in (("city", 1000), ("shop", 200), ("item", 50)):
        column = keras.Input((1,), dtype="int32", name=name)
        inputs.append(column)
        x = layers.Embedding(size, 8, name=f"{name}_embedding")(column)
        parts.append(layers.Flatten(name=f"{name}_flat")(x))
    x = layers.Concatenate()(parts)
    for units in (64, 32):
        x = layers.Dense(units, activation="relu")(x)
    return keras.Model(inputs, layers.Dense(1)(x), name="embedded_columns")


def highway():
    features = keras.Input((32,))
    x = features
    for _ in range(10):
        gate = layers.Dense(32, activation="sigmoid")(x)
        y = layers.Dense(32, activation="relu")(x)
        x = layers.Add()([layers.Multiply()([gate, y]), layers.Multiply()([1 - gate, x])])
    return keras.Model(features, x, name="highway")


def attention_pooling():
    words = keras.Input((50, 32))
    x = layers.GRU(32, return_sequences=True)(words)
    scores = ops.softmax(layers.Dense(1)(ops.tanh(x)), axis=1)
    return keras.Model(words, ops.sum(x * scores, axis=1), name="attention_pooling")


NETS = (
    *(bert, gpt, transformer, wavenet, tcn, seq2seq, tagger, text_cnn, stacked_lstm, conformer),
    *(mixture_of_experts, wide_and_deep, embedded_columns, highway, attention_pooling),
)
