"""Writes the JSON files and the weights of this folder with Keras: where the examples come from.

python examples/make.py                 writes them beside this file
python examples/make.py --into FOLDER   writes them somewhere else
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import keras
import numpy as np
from keras import layers, losses, metrics, ops, optimizers, regularizers

HERE = Path(__file__).resolve().parent
SEED = 20250101


def mlp() -> keras.Sequential:
    """Return a small classifier of digits, compiled with a schedule."""
    model = keras.Sequential(
        [
            keras.Input((784,)),
            layers.Dense(64, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(10, activation="softmax"),
        ],
        name="mlp",
    )
    model.compile(
        optimizer=optimizers.Adam(schedule()),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def schedule() -> optimizers.schedules.ExponentialDecay:
    """Return the learning rate schedule of `mlp`."""
    return optimizers.schedules.ExponentialDecay(
        0.1, decay_steps=100000, decay_rate=0.96, staircase=True
    )


def encoder() -> keras.Model:
    """Return the text encoder that both inputs of `matcher` share."""
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    x = layers.Embedding(20000, 64, mask_zero=True)(tokens)
    x = layers.Bidirectional(layers.LSTM(32, dropout=0.1), name="encoder_lstm")(x)
    x = layers.Dense(
        64,
        activation="tanh",
        kernel_regularizer=regularizers.L2(1e-4),
        name="projection",
    )(x)
    return keras.Model(tokens, x, name="encoder")


def matcher() -> keras.Model:
    """Return a model that compares a question with a candidate answer, with two outputs."""
    question = keras.Input((None,), dtype="int32", name="question")
    candidate = keras.Input((None,), dtype="int32", name="candidate")
    price = keras.Input((1,), name="price")
    encode = encoder()
    a, b = encode(question), encode(candidate)
    similarity = layers.Dot(1, normalize=True, name="cosine")([a, b])
    distance = ops.absolute(ops.subtract(a, b))
    x = layers.Concatenate(name="features")([a, b, distance, price])
    x = layers.Dense(32, activation="relu", name="hidden")(x)
    category = layers.Dense(5, activation="softmax", name="category")(x)
    model = keras.Model(
        [question, candidate, price],
        {"similarity": similarity, "category": category},
        name="matcher",
    )
    model.compile(
        optimizer=optimizers.AdamW(1e-3, clipnorm=1.0),
        loss={
            "similarity": "mse",
            "category": losses.CategoricalCrossentropy(label_smoothing=0.1),
        },
        loss_weights={"similarity": 0.3, "category": 1.0},
        metrics={
            "category": ["accuracy", metrics.TopKCategoricalAccuracy(k=2, name="top2")]
        },
    )
    return model


def flat(model: keras.Model) -> dict:
    """Return a model as people dump it by hand: its layers alone, without wiring or shapes."""
    return {
        "layers": [
            {
                "name": layer.name,
                "class_name": type(layer).__name__,
                **layer.get_config(),
            }
            for layer in model.layers
        ]
    }


def weights(model: keras.Model) -> list[np.ndarray]:
    """Return seeded weights, in the order of `model.weights`: they are not trained."""
    random = np.random.default_rng(SEED)
    return [
        random.normal(0, 0.05, weight.shape).astype("float32")
        for weight in model.get_weights()
    ]


def write(folder: Path) -> None:
    """Write every file of the examples that is not a page."""
    folder.mkdir(parents=True, exist_ok=True)
    keras.backend.clear_session()
    model = mlp()
    (folder / "mlp.json").write_text(model.to_json(indent=2), "utf-8")
    (folder / "mlp_flat.json").write_text(json.dumps(flat(model), indent=2), "utf-8")
    (folder / "mlp_weights").mkdir(exist_ok=True)
    for i, array in enumerate(weights(model)):
        np.save(folder / "mlp_weights" / f"weight_{i}.npy", array)
    saved = {"class_name": "ExponentialDecay", "config": schedule().get_config()}
    del saved["config"]["name"]
    (folder / "schedule.json").write_text(json.dumps(saved, indent=2), "utf-8")
    keras.backend.clear_session()
    (folder / "matcher.json").write_text(matcher().to_json(indent=2), "utf-8")
    keras.backend.clear_session()
    resnet50 = keras.applications.ResNet50(weights=None)
    (folder / "resnet50.json").write_text(resnet50.to_json(), "utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the example models with Keras.")
    parser.add_argument("--into", metavar="FOLDER", type=Path, default=HERE)
    write(parser.parse_args().into)
