"""Random models in which Keras makes masks by itself, built with the installed Keras.

Tensors are ids (None, 5), sequences (None, 5, 4) or flat (None, 4). `Masked.explicit` counts the
ops that the author wrote; every other op of the file is a mask of Keras' own.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

import keras
from keras import layers, ops

SAME = (
    lambda: layers.Dense(4),
    lambda: layers.Dropout(0.5),
    lambda: layers.SpatialDropout1D(0.5),
    lambda: layers.GaussianNoise(0.1),
    lambda: layers.LayerNormalization(),
    lambda: layers.BatchNormalization(),
    lambda: layers.UnitNormalization(),
    lambda: layers.Activation("tanh"),
    lambda: layers.Softmax(),
    lambda: layers.PReLU(),
    lambda: layers.Rescaling(0.5),
    lambda: layers.Identity(),
    lambda: layers.Masking(-1.0),
    lambda: layers.Conv1D(4, 1),
    lambda: layers.EinsumDense("abc,cd->abd", output_shape=(5, 4)),
    lambda: layers.LSTM(4, return_sequences=True),
    lambda: layers.GRU(4, return_sequences=True),
    lambda: layers.SimpleRNN(4, return_sequences=True, zero_output_for_mask=True),
    lambda: layers.RNN(layers.LSTMCell(4), return_sequences=True),
    lambda: layers.Bidirectional(layers.LSTM(2, return_sequences=True)),
    lambda: layers.Bidirectional(layers.GRU(4, return_sequences=True), merge_mode="sum"),
    lambda: layers.TimeDistributed(layers.Dense(4)),
    lambda: _functional(),
    lambda: _sequential(),
)
DOWN = (
    lambda: layers.LSTM(4),
    lambda: layers.Bidirectional(layers.LSTM(2)),
    lambda: layers.GlobalAveragePooling1D(),
    lambda: layers.GlobalMaxPooling1D(),
    lambda: layers.RNN([layers.GRUCell(4), layers.LSTMCell(4)]),
    lambda: keras.Sequential([keras.Input((5, 4)), layers.LSTM(4)]),
)
MERGES = (layers.Add, layers.Multiply, layers.Average, layers.Maximum, layers.Minimum)


def _functional() -> Any:
    inputs = keras.Input((5, 4))
    x = layers.Dense(4)(inputs)
    return keras.Model(inputs, layers.LSTM(4, return_sequences=True)(x))


def _sequential() -> Any:
    inner = (layers.Masking(0.5), layers.Dense(4), layers.Dropout(0.1))
    return keras.Sequential([keras.Input((5, 4)), *inner])


@dataclass(slots=True)
class Masked:
    """A model in the making."""

    rng: random.Random
    inputs: list[Any] = field(default_factory=list)
    sequences: list[Any] = field(default_factory=list)
    flats: list[Any] = field(default_factory=list)
    known: list[Any] = field(default_factory=list)
    explicit: int = 0

    def input(self, shape: tuple[int, ...], dtype: str = "float32") -> Any:
        self.inputs.append(keras.Input(shape, dtype=dtype))
        return self.inputs[-1]

    def sequence(self) -> Any:
        return self.rng.choice(self.sequences[-3:])

    def source(self) -> None:
        match self.rng.randrange(4):
            case 0 | 1:
                embed = layers.Embedding(10, 4, mask_zero=self.rng.random() < 0.8)
                self.sequences.append(embed(self.input((5,), "int32")))
            case 2:
                self.sequences.append(layers.Masking()(self.input((5, 4))))
            case 3:
                self.sequences.append(self.input((5, 4)))

    def same(self) -> None:
        layer = self.rng.choice(SAME)()
        self.known.append(layer)
        self.sequences.append(layer(self.sequence()))

    def again(self) -> None:
        if self.known:
            self.sequences.append(self.rng.choice(self.known)(self.sequence()))

    def down(self) -> None:
        self.flats.append(self.rng.choice(DOWN)()(self.sequence()))

    def merge(self) -> None:
        parts = [self.sequence() for _ in range(self.rng.choice((2, 2, 3)))]
        self.sequences.append(self.rng.choice(MERGES)()(parts))

    def concatenate(self) -> None:
        name = f"join_{len(self.known) + len(self.sequences) + len(self.flats)}"
        if self.rng.random() < 0.5:
            wide = layers.Concatenate(name=name)([self.sequence(), self.sequence()])
            self.sequences.append(layers.Dense(4)(wide))
        else:
            long = layers.Concatenate(axis=1, name=name)([self.sequence(), self.sequence()])
            self.flats.append(layers.LSTM(4)(long))

    def attention(self) -> None:
        one, other, third = self.sequence(), self.sequence(), self.sequence()
        match self.rng.randrange(6):
            case 0:
                out = layers.MultiHeadAttention(2, 2)(one, other)
            case 1:
                out = layers.MultiHeadAttention(2, 2, dropout=0.1)(one, other, key=third)
            case 2:
                out = layers.MultiHeadAttention(2, 2)(one, value=one, use_causal_mask=True)
            case 3:
                out = layers.Attention()([one, other])
            case 4:
                out = layers.AdditiveAttention()([one, other, third])
            case 5:
                out = layers.GroupQueryAttention(2, 2, 1)(one, other)
        self.sequences.append(out)

    def state(self) -> None:
        if len(self.flats) > 1:
            states = self.rng.sample(self.flats, 2)
            layer = layers.LSTM(4, return_sequences=True, return_state=True)
            x, h, c = layer(self.sequence(), initial_state=states)
            self.sequences.append(x)
            self.flats += [h, c]

    def explicit_mask(self) -> None:
        match self.rng.randrange(3):
            case 0:
                mask = self.input((5,), "bool")
            case 1:
                mask = ops.any(ops.not_equal(self.sequence(), 0.0), axis=-1)
                self.explicit += 2
            case 2:
                mask = ops.not_equal(self.input((5,), "int32"), 0)
                self.explicit += 1
        layer = self.rng.choice((layers.LSTM(4), layers.GlobalAveragePooling1D()))
        self.flats.append(layer(self.sequence(), mask=mask))

    def op(self) -> None:
        self.sequences.append(ops.relu(self.sequence()))
        self.explicit += 1


def masked_model(seed: int, size: int = 10, explicit: bool = False) -> tuple[Any, int]:
    """Return a model built in a fresh session, and how many ops its author wrote."""
    keras.backend.clear_session(free_memory=False)
    sketch = Masked(random.Random(seed))
    for _ in range(sketch.rng.randint(1, 3)):
        sketch.source()
    steps = [sketch.same] * 4 + [sketch.down, sketch.merge, sketch.concatenate]
    steps += [sketch.attention, sketch.state, sketch.again]
    steps += [sketch.explicit_mask, sketch.op] if explicit else []
    for _ in range(size):
        sketch.rng.choice(steps)()
    return keras.Model(sketch.inputs, [sketch.sequences[-1], *sketch.flats]), sketch.explicit
