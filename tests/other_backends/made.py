"""Models that are made and saved on the backend itself: applications, layers, types of numbers."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

from kcodegen import Options
from kcodegen.verification.numbers import outputs
from kcodegen.verification.rebuild import fresh_keras
from kcodegen.verification.samples import inputs_that_run
from tests.other_backends.loaders import Finding, Wanted, check, pages, save
from tests.other_backends.own_layer import TYPES, Holder
from tests.weights.keras_models import MODELS, QUANTIZABLE, SINGLE

Make = Callable[[], Any]
# Small images, which are quick; the weights are the same for any size, but for those of VGG16.
APPLICATIONS = {
    "ConvNeXtTiny": 32,
    "EfficientNetB0": 32,
    "MobileNetV2": 32,
    "MobileNetV3Small": 32,
    "ResNet50": 32,
    "VGG16": 64,
}
MODES = ("int8", "int4", "float8")
OWN = f"{Holder.__module__}:{Holder.__name__}"


def application(name: str) -> Any:
    """Return a model of keras.applications with numbers before any softmax."""
    size = APPLICATIONS[name]
    make = getattr(keras.applications, name)
    return make(weights=None, input_shape=(size, size, 3), classifier_activation=None)


def single(shape: tuple[int | None, ...], make: Callable[[Any], Any]) -> Any:
    """Return a model of one layer."""
    x = keras.Input(shape)
    return keras.Model(x, make(layers)(x))


def quantized(shape: tuple[int | None, ...], make: Callable[[Any], Any], mode: str) -> Any:
    """Return a model of one quantized layer as it comes back: float8 lies in another order then."""
    model = single(shape, make)
    model.quantize(mode)
    with tempfile.TemporaryDirectory() as folder:
        model.save(f"{folder}/model.keras")
        fresh_keras()
        return keras.saving.load_model(f"{folder}/model.keras")


def normalized() -> Any:
    """Return a model with adapted statistics, one of them inside a wrapped model."""
    inside = keras.Sequential([keras.Input((2,)), layers.Normalization()])
    inputs = keras.Input((3, 2))
    model = keras.Model(inputs, layers.TimeDistributed(inside)(layers.Normalization()(inputs)))
    samples = np.arange(24.0).reshape(4, 3, 2)
    model.layers[1].adapt(samples)
    inside.layers[0].adapt(samples.reshape(12, 2) * 2.0)
    return model


def empty(dtype: str) -> Any:
    """Return a model with a weight that has no elements."""
    return keras.Sequential([keras.Input((0,)), layers.Dense(3, dtype=dtype)])


def halves() -> Any:
    """Return a model in both kinds of half precision, and in mixed ones."""
    x = inputs = keras.Input((5, 3))
    ends = []
    for dtype in ("bfloat16", "float16", "mixed_bfloat16", "mixed_float16"):
        x = layers.Dense(70, dtype=dtype)(x)
        ends.append(x)
    return keras.Model(inputs, [*ends, layers.LSTM(2)(x)])


def seeded() -> Any:
    """Return a model with layers that draw random numbers, whose seeds are no weights."""
    drawing = [layers.Dropout(0.5, seed=3), layers.GaussianNoise(0.2), layers.AlphaDropout(0.1)]
    return keras.Sequential([keras.Input((6,)), layers.Dense(8), *drawing, layers.Dense(2)])


def holder(dtype: str) -> Any:
    """Return a model of one layer with weights of a type: a table, a scalar, and an empty one."""
    return keras.Sequential([keras.Input((2,)), Holder(dtype, dtype="float32")])


TYPED: dict[str, Make] = {
    "normalized": normalized,
    "empty": partial(empty, "float32"),
    "empty-bfloat16": partial(empty, "bfloat16"),
    "halves": halves,
    "seeded": seeded,
    **{f"holder-{dtype}": partial(holder, dtype) for dtype in TYPES},
    **{
        f"{name}-{mode}": partial(quantized, shape, make, mode)
        for name, shape, make in QUANTIZABLE
        for mode in MODES
        if not (mode == "float8" and name.startswith(("embedding", "reversible")))
    },
}
# What the corpus of today's Keras has not.
FEW = (
    *("dense-lora", "embedding-lora", "einsum-lora", "reversible-untied", "batch-renorm", "stft"),
    *("rms-norm", "spectral", "spectral-conv", "rnn-deep-stack", "distributed-twice", "pipeline"),
    *("conv3d-transpose", "conv2d-first", "separable1d", "dense-float16"),
)
LAYERS: dict[str, Make] = {
    **{name: partial(single, shape, make) for name, shape, make in SINGLE if name in FEW},
    **{name: partial(make, layers, keras) for name, make in MODELS},
}


def predicted(model: Any, given: list[Any]) -> list[Any]:
    """Return what a model of one output predicts: compiled as a whole, which JAX needs to be quick.

    It has to depend on the input, or it would show little.
    """
    found = model.predict(given[0], verbose=0)
    assert np.all(np.isfinite(found))
    assert np.any(found[0] != found[1])
    return [found]


GROUPS: dict[str, dict[str, Make]] = {
    "applications": {name: partial(application, name) for name in APPLICATIONS},
    "small": {**TYPED, **LAYERS},
}


def fill(model: Any) -> None:
    """Add numbers of its own to each vector: biases, statistics, scales."""
    for number, variable in enumerate(model.weights):
        if variable.dtype == "float32" and len(variable.shape) == 1:
            random = np.random.default_rng(number)
            value = np.asarray(keras.ops.convert_to_numpy(variable))
            variable.assign(value + random.uniform(0.01, 0.1, value.shape).astype("float32"))


def native(model: Any, path: Path) -> Any:
    """Return a model as Keras saves and loads it; HDF5 has no float8."""
    model.save(path)
    fresh_keras()
    return keras.saving.load_model(path)


def try_made(name: str, make: Make, folder: Path) -> Finding:
    """Make and save a model, and compare what the pages load with what Keras loads."""
    finding = Finding(name)
    fresh_keras()
    keras.utils.set_random_seed(1)
    model = make()
    if make is not normalized and "float8" not in name and "int" not in name:
        fill(model)
    save(model, folder / "weights")
    source = folder / "model.json"
    source.write_text(model.to_json(), "utf-8")
    reloaded = model if "float8_" in name else native(model, folder / "model.keras")
    if name in APPLICATIONS:
        size = APPLICATIONS[name]
        given = [np.random.default_rng(2).uniform(0, 255, (2, size, size, 3)).astype("float32")]
        wanted = [Wanted(given, predicted(reloaded, given), predicted)]
    else:
        given, _ = inputs_that_run(reloaded)
        wanted = [Wanted(given, outputs(reloaded, given))]
    options = Options(custom=((f"tests>{Holder.__name__}", OWN),))
    check(finding, pages(source, options, folder), folder / "weights", wanted)
    return finding
