"""Writes the files of this folder: run it with a version of Keras, once for each.

    python generate.py 3.0.5        # the folder that is written

The value of every weight follows from its name, so that a test knows it in any order.
"""

from __future__ import annotations

import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np


def name_of(path: str) -> str:
    """Return the name of a weight from its innermost layer on, as every version has it."""
    parts = path.split(":")[0].replace("own_timed_dense", "own_timed").split("/")
    first = max(i for i, part in enumerate(parts) if part.startswith("own_"))
    return "/".join(parts[first:])


def value_of(name: str, shape: tuple[int, ...]) -> Any:
    """Return the value of a weight."""
    start = zlib.crc32(name.encode()) % 4096
    return (start + np.arange(np.prod(shape)) / 1024).astype("float32").reshape(shape)


def model(keras: Any) -> Any:
    """Return a model with nested, shared and wrapped layers, several of one class."""
    k = keras.layers
    shared = k.Dense(4, name="own_shared")
    x = keras.Input((4,), name="own_inner_in")
    inner = keras.Model(x, k.Dense(4, name="own_inner")(shared(x)), name="own_model")
    line = keras.Sequential(
        [
            keras.Input((4,)),
            k.Dense(4, name="own_line_1"),
            k.BatchNormalization(name="own_norm"),
            k.Dense(4, name="own_line_2"),
        ],
        name="own_line",
    )
    x = keras.Input((4,), name="own_in")
    y = k.Dense(4, name="own_first")(x)
    y = line(inner(y))
    y = k.Dropout(0.5, name="own_drop")(shared(y))
    y = k.Dense(6, name="own_second")(y)
    y = k.Reshape((3, 2), name="own_shape")(y)
    y = k.Bidirectional(k.RNN(k.LSTMCell(2), return_sequences=True, name="own_rnn"), name="own_bi")(
        y
    )
    y = k.MultiHeadAttention(2, 3, name="own_attention")(y, y)
    y = k.TimeDistributed(k.Dense(2, name="own_timed_dense"), name="own_timed")(y)
    y = k.SeparableConv1D(3, 2, name="own_conv")(y)
    return keras.Model(x, k.Dense(2, name="own_last")(y), name="own_whole")


def main() -> None:
    import keras

    folder = Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    made = model(keras)
    for weight in made.weights:
        name = name_of(getattr(weight, "path", weight.name))
        weight.assign(value_of(name, tuple(weight.shape)))
    (folder / "model.json").write_text(made.to_json())
    made.save_weights(str(folder / "model.weights.h5"))
    if keras.__version__ == "3.15.1":
        names = [name_of(weight.path) for weight in made.weights]
        (folder.parent / "order.txt").write_text("\n".join(names) + "\n")


if __name__ == "__main__":
    main()
