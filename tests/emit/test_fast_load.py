"""Pages with `--fast-load`: the same weights, without the numbers that would be overwritten."""

from __future__ import annotations

import os
import random
import resource
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
from keras import initializers, layers, ops

from kcodegen import Options, compile_model
from kcodegen.diagnostics import UsageError
from kcodegen.verification.rebuild import fresh_keras
from tests.emit.broken_files import BROKEN, npy_file


def page_of(model: Any, **options: Any) -> Any:
    """Return the compiled page as a namespace."""
    names: dict[str, Any] = {"__name__": "page"}
    exec(compile_model(model, Options(fast_load=True, **options)).text, names)
    return SimpleNamespace(**names)


def save(model: Any, folder: Path) -> None:
    for i, variable in enumerate(model.weights):
        np.save(folder / f"weight_{i}.npy", ops.convert_to_numpy(variable))


def raw(model: Any) -> list[tuple[str, tuple[int, ...], bytes]]:
    """Return types, shapes and bytes of a model's weights."""
    arrays = [ops.convert_to_numpy(variable) for variable in model.weights]
    return [(str(array.dtype), array.shape, array.tobytes()) for array in arrays]


def loaders(page: Any) -> tuple[Callable[[Path], Any], ...]:
    """Return all functions of a page that load a folder."""
    return (
        page.load_model,
        partial(page.load_model, mapped=True),
        lambda folder: page.load_weights(page.build_model(), folder),
    )


def perceptron() -> keras.Model:
    inputs = keras.Input((3,))
    x = layers.Dense(5, kernel_initializer=initializers.RandomNormal(seed=1))(inputs)
    x = layers.Dropout(0.5)(x)
    return keras.Model(inputs, layers.Dense(1, kernel_initializer="ones")(x))


def nested() -> keras.Model:
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(4), layers.BatchNormalization()])
    inputs = keras.Input((6, 4))
    shared = layers.TimeDistributed(inner)
    x = shared(shared(inputs))
    x = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(x)
    x = layers.MultiHeadAttention(2, 3)(x, x)
    return keras.Model(inputs, layers.Embedding(7, 2)(ops.argmax(x, axis=-1)))


def lookups() -> keras.Model:
    """Return a model with all initializers that draw, a scalar and half precision."""
    inputs = keras.Input((4, 4, 2))
    names = ("orthogonal", "random_uniform", "truncated_normal", "he_normal", "lecun_uniform")
    x = inputs
    for name in names:
        x = layers.Conv2D(3, 2, padding="same", kernel_initializer=name)(x)
    x = layers.SpectralNormalization(layers.DepthwiseConv2D(2))(x)
    return keras.Model(inputs, layers.Dense(2, dtype="float16")(layers.PReLU()(x)))


def normalized() -> keras.Model:
    inside = keras.Sequential([keras.Input((2,)), layers.Normalization()])
    inputs = keras.Input((3, 2))
    outputs = layers.TimeDistributed(inside)(layers.Normalization()(inputs))
    model = keras.Model(inputs, outputs)
    samples = np.arange(24.0).reshape(4, 3, 2)
    model.layers[1].adapt(samples)
    inside.layers[0].adapt(samples.reshape(12, 2) * 2.0)
    return model


def half() -> keras.Model:
    return keras.Sequential([keras.Input((3,)), layers.Dense(70, dtype="bfloat16")])


def empty() -> keras.Model:
    """Return a model with a weight that has no elements."""
    return keras.Sequential([keras.Input((0,)), layers.Dense(3)])


MODELS = (perceptron, nested, lookups, normalized, half, empty)
BOTH = pytest.mark.parametrize("mapped", [False, True], ids=["read", "mapped"])


@BOTH
@pytest.mark.parametrize("make", MODELS, ids=[make.__name__ for make in MODELS])
def test_weights_are_those_of_the_files(
    make: Callable[[], Any], mapped: bool, tmp_path: Path
) -> None:
    fresh_keras()
    model = make()
    save(model, tmp_path)
    page = page_of(model)
    add_weight = keras.Layer.add_weight
    loaded = page.load_model(tmp_path, mapped=mapped)
    assert raw(loaded) == raw(model)
    assert keras.Layer.add_weight is add_weight


@BOTH
def test_arrays_of_another_layout_or_type_are_converted(mapped: bool, tmp_path: Path) -> None:
    model = perceptron()
    save(model, tmp_path)
    for i, change in enumerate(
        (np.asfortranarray, lambda a: a.astype(">f4"), lambda a: a.astype("f8"))
    ):
        path = tmp_path / f"weight_{i}.npy"
        np.save(path, change(np.load(path)))
    assert raw(page_of(model).load_model(tmp_path, mapped=mapped)) == raw(model)


@BOTH
def test_normalization_uses_its_statistics(mapped: bool, tmp_path: Path) -> None:
    """What was computed from the weights before they were loaded would show."""
    model = normalized()
    save(model, tmp_path)
    page = page_of(model)
    for i in range(len(model.weights)):
        folder = tmp_path / "sevens"
        folder.mkdir(exist_ok=True)
        np.save(folder / f"weight_{i}.npy", np.full_like(np.load(tmp_path / f"weight_{i}.npy"), 7))
    samples = np.arange(24.0).reshape(4, 3, 2)
    other = page.load_model(folder, mapped=mapped)
    assert np.allclose(ops.convert_to_numpy(other(samples))[0, 0, 0], (-7 / 7**0.5 - 7) / 7**0.5)
    assert np.allclose(page.load_model(tmp_path, mapped=mapped)(samples), model(samples))


@BOTH
def test_loaded_weights_can_be_trained(mapped: bool, tmp_path: Path) -> None:
    """The memory of the file's array is the variable's own: nobody else sees it change."""
    model = perceptron()
    save(model, tmp_path)
    first, second = (page_of(model).load_model(tmp_path, mapped=mapped) for _ in range(2))
    first.compile("sgd", "mse")
    first.fit(np.ones((4, 3)), np.ones((4, 1)), verbose=0)
    assert raw(first) != raw(model) == raw(second)
    for i, variable in enumerate(model.weights):
        assert np.array_equal(np.load(tmp_path / f"weight_{i}.npy"), ops.convert_to_numpy(variable))


def test_a_mapped_model_is_what_its_files_are(tmp_path: Path) -> None:
    """What is written into a file shows in the model; a file that takes its place does not."""
    model = perceptron()
    save(model, tmp_path)
    loaded = page_of(model).load_model(tmp_path, mapped=True)
    path = tmp_path / "weight_0.npy"
    np.save(tmp_path / "other.npy", np.zeros((3, 5), "f4"))
    os.replace(tmp_path / "other.npy", path)
    assert raw(loaded) == raw(model)
    path = tmp_path / "weight_2.npy"
    with path.open("r+b") as file:
        file.write(path.read_bytes()[:-20] + np.full(5, 7, "f4").tobytes())
    assert np.array_equal(loaded.get_weights()[2], np.full((5, 1), 7))


def test_mapped_weights_take_no_memory(tmp_path: Path) -> None:
    with (tmp_path / "weight_0.npy").open("wb") as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": (20000, 20000)}
        np.lib.format.write_array_header_1_0(file, header)
        file.truncate(file.tell() + 4 * 20000**2)  # 1.6 GB that are on no disk
    layer = {"class_name": "Dense", **layers.Dense(20000, use_bias=False).get_config()}
    page = page_of({"layers": [layer]})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert page.load_model(tmp_path, (20000,), mapped=True).count_params() == 20000**2
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 200 * 2**10, "KB"


def test_random_numbers_of_other_layers_stay_the_same(tmp_path: Path) -> None:
    """The seed of a Dropout comes after those of the initializers before it."""
    model = perceptron()
    save(model, tmp_path)
    page = page_of(model)
    seeds = []
    for build in (page.build_model, lambda: page.load_model(tmp_path)):
        keras.utils.set_random_seed(5)
        made = build()
        seed = ops.convert_to_numpy(made.layers[2].seed_generator.state).tolist()
        seeds.append((seed, random.random()))
    assert seeds[0] == seeds[1]


class Own(keras.Layer):
    """Adds weights in every way that there is."""

    def build(self, input_shape: Any) -> None:
        self.positional = self.add_weight((2, 3), initializers.RandomNormal(seed=1))
        self.callable = self.add_weight(
            shape=(2,), initializer=lambda shape, dtype: ops.ones(shape)
        )
        self.text = self.add_weight(shape=(2,), initializer="random_normal")
        self.silent = self.add_weight(shape=(2, 2))
        self.object = self.add_weight(shape=(2,), initializer=initializers.RandomNormal(seed=1))
        self.constant = ops.convert_to_numpy(initializers.RandomNormal(seed=1)((3,)))
        self.scalar = self.add_weight(initializer=initializers.RandomUniform(seed=1))


def test_only_initializers_of_weights_are_not_asked(tmp_path: Path) -> None:
    """A layer's own use of an initializer, and any callable, is left alone."""
    model = perceptron()
    page = page_of(model)

    def build() -> Own:
        layer = Own()
        layer.build((None, 3))
        return layer

    layer, plain = page.build_for_loading(build), build()
    assert np.array_equal(layer.constant, plain.constant)
    assert np.array_equal(layer.positional, plain.positional)
    assert np.all(ops.convert_to_numpy(layer.callable) == 1)
    assert np.all(ops.convert_to_numpy(layer.object) == 0)
    assert float(layer.scalar.value) == 0
    assert layer.scalar.shape == ()
    assert np.any(ops.convert_to_numpy(layer.silent))


def test_what_was_replaced_is_back_when_building_fails() -> None:
    page, add_weight = page_of(perceptron()), keras.Layer.add_weight

    def build(width: int) -> None:
        assert keras.Layer.add_weight is not add_weight
        raise ValueError(f"no model of width {width}")

    with pytest.raises(ValueError, match="no model of width 3"):
        page.build_for_loading(build, 3)
    assert keras.Layer.add_weight is add_weight


@pytest.mark.parametrize("offset", [0, 4, 16, 32, 64])
def test_only_aligned_memory_is_handed_over(monkeypatch: pytest.MonkeyPatch, offset: int) -> None:
    """TensorFlow ends the process for memory that begins elsewhere."""
    import tensorflow as tf

    page, given = page_of(perceptron()), []
    hand_over = tf.experimental.dlpack.from_dlpack
    monkeypatch.setattr(
        tf.experimental.dlpack, "from_dlpack", lambda x: given.append(x) or hand_over(x)
    )
    memory = np.frombuffer(page.own_memory((400,), np.dtype("u1"))[offset : offset + 40], "f4")
    assert page.as_tensor(memory).numpy().tolist() == [0.0] * 10
    assert len(given) == (offset % 64 == 0)


@pytest.mark.parametrize(
    "array",
    [np.zeros((0, 3), "f4"), np.ones((), "f4"), np.ones(3, "?"), np.ones((64, 64), "f4").T[::2]],
    ids=["empty", "scalar", "bool", "strided"],
)
def test_every_array_becomes_a_tensor(array: np.ndarray) -> None:
    tensor = page_of(perceptron()).as_tensor(array)
    assert tensor.shape == array.shape
    assert np.array_equal(tensor.numpy(), array)


def test_a_file_that_shrinks_meanwhile_is_an_error(tmp_path: Path) -> None:
    page, path = page_of(perceptron()), tmp_path / "weight_0.npy"
    np.save(path, np.ones((300, 300), "f4"))
    headers = page.read_headers(tmp_path)
    path.write_bytes(path.read_bytes()[:5000])
    with ThreadPoolExecutor(1) as readers:
        _, (piece,) = page.begin_reading(tmp_path, headers, readers)["weight_0.npy"]
    with pytest.raises(ValueError, match=r"weight_0\.npy was cut while it was read"):
        piece.result()


@pytest.mark.parametrize("order", ["C", "F"])
def test_large_arrays_are_read_in_pieces(order: Any, tmp_path: Path) -> None:
    """The last piece is a short one."""
    model = keras.Sequential([keras.Input((3000,)), layers.Dense(3001, use_bias=False)])
    numbers = np.arange(3000 * 3001, dtype="f4").reshape(3000, 3001)
    np.save(tmp_path / "weight_0.npy", np.asarray(numbers, order=order))
    page = page_of(model)
    headers = page.read_headers(tmp_path)
    with ThreadPoolExecutor(2) as readers:
        _, pieces = page.begin_reading(tmp_path, headers, readers)["weight_0.npy"]
    assert len(pieces) == 3
    assert np.array_equal(page.load_model(tmp_path).get_weights()[0], numbers)


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_refused_as_by_the_plain_loader(content: bytes, tmp_path: Path) -> None:
    model = perceptron()
    save(model, tmp_path)
    (tmp_path / "weight_1.npy").write_bytes(content)
    (tmp_path / "weight_2.npy").rename(tmp_path / "weight_7.npy")
    page, messages, threads = page_of(model), [], threading.active_count()
    for load in loaders(page):
        with pytest.raises(ValueError, match=r"weight_1\.npy cannot be read: ") as caught:
            load(tmp_path)
        messages.append(str(caught.value))
    assert len(messages) == 3
    assert len(set(messages)) == 1
    assert threading.active_count() == threads


@pytest.mark.parametrize("shape", [(0, 10**30), (0,) * 70], ids=["long", "deep"])
def test_a_shape_that_no_array_has_is_refused(shape: tuple[int, ...], tmp_path: Path) -> None:
    model = perceptron()
    save(model, tmp_path)
    header = npy_file(f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}", 0)
    (tmp_path / "weight_1.npy").write_bytes(header)
    page = page_of(model)
    for load in loaders(page):
        with pytest.raises(ValueError, match=r": weight_1\.npy (has shape|cannot be read: )"):
            load(tmp_path)


def test_what_no_weight_wants_is_not_read_to_its_end(tmp_path: Path) -> None:
    """A file may be of any size: 8 GB that take no room here, and more than any memory."""
    model = perceptron()
    save(model, tmp_path)
    for i, size in ((4, 2**33), (5, 2**43)):
        path = tmp_path / f"weight_{i}.npy"
        header = npy_file(f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({size},)}}", 0)
        path.write_bytes(header)
        os.truncate(path, len(header) + size)
    page = page_of(model)
    assert page.read_header(tmp_path / "weight_5.npy")[0] == (2**43,)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ValueError, match=r": weight_4\.npy is left over; weight_5\.npy is left"):
        page.load_model(tmp_path)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 2 * 2**20, "KB"


def test_a_page_that_asks_for_the_shape_passes_it_on(tmp_path: Path) -> None:
    layer = {"class_name": "Dense", **layers.Dense(2).get_config()}
    page = page_of({"layers": [layer]})
    np.save(tmp_path / "weight_0.npy", np.ones((3, 2)))
    np.save(tmp_path / "weight_1.npy", np.ones(2))
    for mapped in (False, True):
        assert page.load_model(tmp_path, (3,), mapped).count_params() == 8


def test_an_object_has_nothing_to_load() -> None:
    config = keras.saving.serialize_keras_object(keras.optimizers.Adam())
    plain, fast = (compile_model(config, Options(fast_load=fast)).text for fast in (False, True))
    assert plain == fast


def test_own_templates_have_to_include_it(tmp_path: Path) -> None:
    (tmp_path / "weights.py.j2").write_text("{{ page.load_model }}\n")
    with pytest.raises(UsageError, match="leave out what --fast-load adds"):
        page_of(perceptron(), template_dir=tmp_path)


def test_keras2_pages_load_as_fast(tmp_path: Path) -> None:
    import tf_keras

    inputs = tf_keras.Input((6, 4))
    x = tf_keras.layers.Bidirectional(tf_keras.layers.GRU(3))(inputs)
    x = tf_keras.layers.BatchNormalization()(tf_keras.layers.Dense(70)(x))
    model = tf_keras.Model(inputs, x)
    for i, array in enumerate(model.get_weights()):
        np.save(tmp_path / f"weight_{i}.npy", np.asfortranarray(array + 0.25))
    page = page_of(model.to_json(), target="keras2")
    add_weight = tf_keras.layers.Layer.add_weight
    drawn = page.build_for_loading(page.build_model).get_weights()
    assert not np.any(drawn[0])
    for mapped in (False, True):
        loaded = page.load_model(tmp_path, mapped=mapped)
        pairs = zip(model.get_weights(), loaded.get_weights(), strict=True)
        assert all(np.array_equal(a + 0.25, b) for a, b in pairs)
    assert tf_keras.layers.Layer.add_weight is add_weight
