"""What pages promise beside the weights themselves, on every backend."""

from __future__ import annotations

import gc
import os
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from kcodegen import Options
from kcodegen.verification.rebuild import fresh_keras, import_page
from tests.other_backends.loaders import Finding, array_of, differing_bits, pages, save

Promise = Callable[[ModuleType, Path], None]
ROWS = np.random.default_rng(0).normal(size=(8, 300)).astype("float32")


def perceptron() -> Any:
    """Return a model with a kernel of many pages of memory, and with small weights."""
    x = inputs = keras.Input((300,))
    for units in (300, 3):
        x = layers.BatchNormalization()(layers.Dropout(0.5)(layers.Dense(units)(x)))
    return keras.Model(inputs, x)


def bits(model: Any) -> list[bytes]:
    """Return the bytes of each weight."""
    return [array_of(variable).tobytes() for variable in model.weights]


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of each file."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def refusal(page: ModuleType, model: Any, folder: Path) -> str:
    """Return why a folder is refused; empty when it is not."""
    try:
        page.load_weights(model, folder)
    except ValueError as error:
        return str(error)
    return ""


def breakages(folder: Path) -> Iterator[str]:
    """Break a file of a folder in one way after another, and yield what the page has to say."""
    path = folder / "weight_6.npy"
    good = path.read_bytes()
    arrays = {
        "has shape (4, 4)": np.zeros((4, 4), "float32"),
        "holds complex64": np.zeros((300, 3), "complex64"),
        "holds <U3": np.full((300, 3), "one"),
        "cannot be read": np.full((300, 3), None),
    }
    for said, array in arrays.items():
        np.save(path, array)
        yield f"weight_6.npy {said}"
    for kept in (0, 8, 100, len(good) - 1):
        path.write_bytes(good[:kept])
        yield "weight_6.npy cannot be read"
    path.unlink()
    yield "weight_6.npy is missing"
    path.write_bytes(good)
    np.save(folder / "weight_99.npy", np.zeros(1))
    yield "weight_99.npy is left over"
    (folder / "weight_99.npy").unlink()


def a_broken_folder_changes_nothing(page: ModuleType, folder: Path) -> None:
    """All files are checked before the first variable is changed."""
    model = page.build_model()
    before = bits(model)
    for said in breakages(folder):
        assert said in refusal(page, model, folder), said
        assert bits(model) == before, said
    page.load_weights(model, folder)
    assert [*differing_bits(model, folder)] == []


def what_was_replaced_is_back(page: ModuleType, folder: Path) -> None:
    """Loading replaces a method of Keras, if at all, while it builds."""
    add_weight = keras.Layer.add_weight
    page.load_model(folder)
    assert keras.Layer.add_weight is add_weight

    def failing() -> None:
        assert keras.Layer.add_weight is not add_weight
        raise ValueError("no model")

    if hasattr(page, "build_for_loading"):
        with pytest.raises(ValueError, match="no model"):
            page.build_for_loading(failing)
        assert keras.Layer.add_weight is add_weight


def nothing_is_drawn(page: ModuleType, folder: Path) -> None:
    """Random weights are zeros that share no memory; the others begin as they always do."""
    if not hasattr(page, "build_for_loading"):
        return
    model, plain = page.build_for_loading(page.build_model), page.build_model()
    for ours, theirs in zip(model.weights, plain.weights, strict=True):
        array, wanted = array_of(ours), array_of(theirs)
        assert (array.dtype, array.shape) == (wanted.dtype, wanted.shape)
        assert np.array_equal(array, np.zeros_like(wanted) if array.ndim == 2 else wanted)
    model.weights[0].assign(keras.ops.ones((300, 300)))
    assert not np.any(array_of(model.weights[6]))


def a_loaded_model_can_be_trained(page: ModuleType, folder: Path) -> None:
    """A step of training changes the model, and neither the files nor another model."""
    files = contents(folder)
    model, other = page.load_model(folder), page.load_model(folder)
    before, predicted = bits(other), other.predict(ROWS, verbose=0)
    assert np.allclose(predicted, model.predict(ROWS, verbose=0), rtol=1e-5, atol=1e-5)
    model.compile("adam", "mse")
    model.fit(ROWS, np.ones((8, 3)), verbose=0)
    assert all(a != b for a, b in zip(bits(model), before, strict=True))
    assert np.all(np.isfinite(model.predict(ROWS, verbose=0)))
    assert bits(other) == before
    assert contents(folder) == files
    assert [*differing_bits(page.load_model(folder), folder)] == []


def a_variable_is_not_its_file(page: ModuleType, folder: Path) -> None:
    """What is written to a file later, or to the memory of a variable, the other does not see."""
    files, model = contents(folder), page.load_model(folder)
    before = bits(model)
    for name, content in files.items():
        with (folder / name).open("r+b") as file:  # the same file, other numbers
            file.write(content[:128] + bytes(len(content) - 128))
    assert bits(model) == before
    for name in files:
        os.truncate(folder / name, 0)  # who reads a map of it now dies of a bus error
    assert bits(model) == before
    assert np.all(np.isfinite(model.predict(ROWS, verbose=0)))
    for name, content in files.items():
        (folder / name).write_bytes(content)
    for variable in model.weights:
        change(variable)
    assert contents(folder) == files
    assert [*differing_bits(page.load_model(folder), folder)] == []


def change(variable: Any) -> None:
    """Change the numbers of a variable, in its own memory where the backend can do that."""
    match keras.backend.backend():
        case "torch":
            variable.value.data.add_(1)
        case "tensorflow":
            variable.value.assign_add(keras.ops.ones(variable.shape))
        case _:  # arrays of JAX never change
            variable.assign(variable.value + 1)


def a_mapped_model_leaves_its_files_alone(page: ModuleType, folder: Path) -> None:
    """Training it changes no file, and a file that takes the place of another changes nothing."""
    if not hasattr(page, "build_for_loading"):
        return
    files, model = contents(folder), page.load_model(folder, mapped=True)
    before = bits(model)
    for name, content in files.items():
        (folder / "other").write_bytes(content[:128] + bytes(len(content) - 128))
        (folder / "other").replace(folder / name)
    assert bits(model) == before
    files, other = contents(folder), page.load_model(folder, mapped=True)
    model.compile("adam", "mse")
    model.fit(ROWS, np.ones((8, 3)), verbose=0)
    assert all(a != b for a, b in zip(bits(model), before, strict=True))
    for variable in other.weights:
        change(variable)
    assert all(np.all(array_of(variable) == 1) for variable in other.weights)
    assert contents(folder) == files


def weights_own_their_memory(page: ModuleType, folder: Path) -> None:
    """What loading has used and let go may be used again."""
    model = page.load_model(folder)
    gc.collect()
    litter = [np.full(array_of(v).nbytes + 64, 255, "uint8") for v in model.weights * 20]
    assert len(litter) == 20 * len(model.weights)
    assert [*differing_bits(model, folder)] == []


def seeds_are_those_of_build_model(page: ModuleType, folder: Path) -> None:
    """What a Dropout draws does not depend on how the weights came."""
    drawn = []
    for build in (page.build_model, lambda: page.load_model(folder)):
        keras.utils.set_random_seed(5)
        model = build()
        page.load_weights(model, folder)
        made = array_of(model(ROWS, training=True))
        states = [array_of(x.seed_generator.state) for x in model.layers if "drop" in x.name]
        assert len(states) == 2
        drawn.append([made.tobytes(), *(state.tobytes() for state in states)])
    assert drawn[0] == drawn[1]


def arrays_of_another_kind_are_converted(page: ModuleType, folder: Path) -> None:
    """Files may hold numbers in another order of axes or bytes, or more precise ones."""
    wanted = bits(page.load_model(folder))
    changes = (np.asfortranarray, lambda a: a.astype(">f4"), lambda a: a.astype("float64"))
    for turn in range(3):
        for i in range(len(wanted)):
            path = folder / f"weight_{i}.npy"
            np.save(path, changes[(i + turn) % 3](np.load(path)))
        assert bits(page.load_model(folder)) == wanted


ALL: tuple[Promise, ...] = (
    a_broken_folder_changes_nothing,
    what_was_replaced_is_back,
    nothing_is_drawn,
    a_loaded_model_can_be_trained,
    a_variable_is_not_its_file,
    a_mapped_model_leaves_its_files_alone,
    weights_own_their_memory,
    seeds_are_those_of_build_model,
    arrays_of_another_kind_are_converted,
)


def try_promise(promise: Promise, folder: Path) -> Finding:
    """Try a promise with both loaders, each with files of its own."""
    finding = Finding(promise.__name__)
    fresh_keras()
    model = perceptron()
    source = folder / "model.json"
    source.write_text(model.to_json(), "utf-8")
    for loader, page in pages(source, Options(), folder).items():
        save(model, folder / f"{loader}_weights")
        try:
            promise(import_page(page), folder / f"{loader}_weights")
        except Exception as error:  # the other loader is of interest, too
            where = traceback.extract_tb(error.__traceback__)[-1]
            finding.problems.append(f"{loader}: {where.line}: {type(error).__name__}: {error}")
    finding.weights = len(model.weights)
    return finding
