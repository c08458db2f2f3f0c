"""Every layer with weights, saved as HDF5 by Keras 3 and by Keras 2, comes back bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kcodegen.weights.files.store import computed, whole
from kcodegen.weights.matching.order import pairs_of_keras2
from tests.weights.keras_models import MODELS, SINGLE, Build
from tests.weights.saved import arrays_of

QUICK = {"batch", "bidirectional-two", "rnn-deep-stack", "spectral", "lora", "attention", "nested"}
# What only Keras 3 has; and what tf_keras can't build beside another Keras.
ONLY_3 = {
    *("dense-lora", "embedding-lora", "einsum-lora", "reversible", "reversible-untied", "stft"),
    *("stft-real", "pipeline", "rms-norm", "rms-norm-axes", "batch-renorm", "grouped"),
    *("grouped-gate", "attention-gate", "einsum-batch"),
    *("spectral", "spectral-conv", "spectral-embedding"),
}


@cache
def keras3() -> Any:
    import keras

    return keras


@cache
def keras2() -> Any:
    import tf_keras

    return tf_keras


def single(keras: Any, shape: tuple[int | None, ...], make: Build) -> Any:
    """Return a model of one layer."""
    x = keras.Input(shape)
    return keras.Model(x, make(keras.layers)(x))


ALL: list[tuple[str, Callable[[Any], Any]]] = [
    *((n, lambda keras, s=s, m=m: single(keras, s, m)) for n, s, m in SINGLE),
    *((n, lambda keras, m=m: m(keras.layers, keras)) for n, m in MODELS),
]


def of(quick: bool) -> list[Any]:
    """Return the models of every run, or those of the sweep alone."""
    return [pytest.param(n, m, id=n) for n, m in ALL if (n in QUICK) == quick]


def with_own_numbers(model: Any) -> Any:
    """Give every weight of a model numbers of its own, and return it."""
    random = np.random.default_rng(0)
    model.set_weights(
        [random.uniform(1, 50, size=w.shape).astype(w.dtype) for w in model.get_weights()]
    )
    return model


def check_keras3(make: Callable[[Any], Any], folder: Path) -> None:
    """Save a model with Keras 3, as a whole, and read its weights."""
    model = with_own_numbers(make(keras3()))
    path = folder / "model.h5"
    model.save(path)
    (folder / "arch.json").write_text(model.to_json())
    for architecture in (path, folder / "arch.json"):
        equal(model.weights, arrays_of(path, architecture))


def equal(weights: list[Any], found: list[tuple[Any, Any]]) -> None:
    """Check that arrays are the weights of a model, in its order."""
    assert len(found) == len(weights)
    for weight, (_, array) in zip(weights, found, strict=True):
        np.testing.assert_array_equal(np.asarray(weight), array)


def in_keras2(found: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Return the weights as a page for Keras 2 takes them."""
    stored = tuple(
        (slot, computed((), array.shape, array.dtype.name, lambda array=array: array))
        for slot, array in found
    )
    return [(slot, whole(array)) for slot, array in pairs_of_keras2(stored)]


def check_keras2(make: Callable[[Any], Any], folder: Path) -> None:
    """Save a model and its weights with Keras 2, and read them."""
    model = with_own_numbers(make(keras2()))
    (folder / "arch.json").write_text(model.to_json())
    model.save_weights(folder / "w.h5")
    model.save(folder / "model.h5")
    np.savez(folder / "w.npz", *model.get_weights())
    for path in ("w.h5", "model.h5", "w.npz"):
        found = arrays_of(folder / path, folder / "arch.json")
        equal(model.weights, in_keras2(found))


def has_keras2(name: str) -> bool:
    """Tell whether Keras 2 has it too, and builds it here."""
    return name not in ONLY_3


@pytest.mark.filterwarnings("ignore:.*HDF5 file:UserWarning")
@pytest.mark.parametrize(("name", "make"), of(True))
def test_what_keras_saves_is_read(name: str, make: Callable[[Any], Any], tmp_path: Path) -> None:
    check_keras3(make, tmp_path)
    if has_keras2(name):
        check_keras2(make, tmp_path)


@pytest.mark.sweep
@pytest.mark.filterwarnings("ignore:.*HDF5 file:UserWarning")
@pytest.mark.parametrize(("name", "make"), of(False))
def test_all_that_keras_saves_is_read(
    name: str, make: Callable[[Any], Any], tmp_path: Path
) -> None:
    check_keras3(make, tmp_path)
    if has_keras2(name):
        check_keras2(make, tmp_path)


@pytest.mark.parametrize("axis", [[2, 1], [-1, -2], [1, 2], [3, 1]])
def test_axes_of_a_normalization_come_in_order(axis: list[int], tmp_path: Path) -> None:
    shape = (8, 3, 2)[: max(2, max(axis))]
    x = keras2().Input(shape)
    model = with_own_numbers(keras2().Model(x, keras2().layers.LayerNormalization(axis)(x)))
    (tmp_path / "arch.json").write_text(model.to_json())
    model.save_weights(tmp_path / "w.h5")
    today = keras3().layers.LayerNormalization(axis)
    data = np.random.default_rng(1).normal(size=(2, *shape)).astype("f4")
    today.build(data.shape)
    today.set_weights([array for _, array in arrays_of(tmp_path / "w.h5", tmp_path / "arch.json")])
    np.testing.assert_allclose(
        np.asarray(today(data)), np.asarray(model(data)), rtol=1e-4, atol=1e-4
    )
