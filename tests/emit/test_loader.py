"""The fixed prose of a page at work: what it loads, what it refuses, and what it leaves alone."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from kcodegen import Options, compile_model
from tests.emit.broken_files import BROKEN


def page_of(model: Any, **options: Any) -> Any:
    """Return the compiled page as a namespace."""
    names: dict[str, Any] = {"__name__": "page"}
    exec(compile_model(model, Options(**options)).text, names)
    return SimpleNamespace(**names)


def perceptron() -> keras.Sequential:
    last = layers.Dense(1, name="last")
    return keras.Sequential([keras.Input((3,)), layers.Dense(2), last], name="mlp")


def save(model: Any, folder: Path) -> None:
    for i, array in enumerate(model.get_weights()):
        np.save(folder / f"weight_{i}.npy", array)


@pytest.fixture(scope="module")
def page() -> Any:
    return page_of(perceptron())


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """Return a folder of weights that fit."""
    model = perceptron()
    model.set_weights([np.full(w.shape, i + 1.0) for i, w in enumerate(model.get_weights())])
    save(model, tmp_path)
    return tmp_path


def test_weights_are_loaded_in_order(page, weights):
    loaded = page.load_model(weights).get_weights()
    assert [float(w.flat[0]) for w in loaded] == [1.0, 2.0, 3.0, 4.0]
    assert [w.shape for w in loaded] == [(3, 2), (2,), (2, 1), (1,)]


def test_a_path_may_be_a_text(page, weights):
    assert page.load_model(str(weights)).count_params() == 11


def refusal(page: Any, weights: Path) -> str:
    """Return what `load_weights` refuses a folder with, after looking that nothing has changed."""
    model = page.build_model()
    before = model.get_weights()
    with pytest.raises(ValueError, match=re.escape(str(weights))) as caught:
        page.load_weights(model, weights)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    return str(caught.value)


def test_all_that_is_wrong_is_named_at_once(page, weights):
    (weights / "weight_1.npy").unlink()
    np.save(weights / "weight_2.npy", np.zeros((2, 2)))
    np.save(weights / "weight_4.npy", np.zeros(1))
    assert refusal(page, weights) == (
        f"{weights}: weight_4.npy is left over; weight_1.npy is missing; "
        "weight_2.npy has shape (2, 2), but mlp/last/kernel needs (2, 1)"
    )


@pytest.mark.parametrize(
    ("array", "holds"),
    [
        (np.zeros(1, "V2"), "|V2"),
        (np.array(["one"]), "<U3"),
        (np.zeros(1, "c8"), "complex64"),
        (np.zeros(1, [("a", "f4")]), "[('a', '<f4')]"),
        (np.zeros(1, "M8[s]"), "datetime64[s]"),
    ],
    ids=["bytes", "text", "complex", "structure", "date"],
)
def test_what_holds_no_numbers_is_refused(page, weights, array, holds):
    np.save(weights / "weight_3.npy", array)
    needs = "but mlp/last/bias needs float32"
    assert refusal(page, weights) == f"{weights}: weight_3.npy holds {holds}, {needs}"


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_named_and_nothing_changes(page, weights, content):
    (weights / "weight_1.npy").write_bytes(content)
    message = refusal(page, weights)
    assert message.startswith(f"{weights}: weight_1.npy cannot be read: ")
    assert message.count("weight_") == 1


def test_a_folder_in_the_place_of_a_file_is_named(page, weights):
    (weights / "weight_1.npy").unlink()
    (weights / "weight_1.npy").mkdir()
    assert "weight_1.npy cannot be read: " in refusal(page, weights)


def test_whole_numbers_need_whole_numbers(tmp_path):
    """0.7 would become 0 without a word."""
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    model.quantize("int8")
    save(model, tmp_path)
    page = page_of(model)
    again = page.load_model(tmp_path)
    assert all(map(np.array_equal, model.get_weights(), again.get_weights()))
    (path,) = (p for p in tmp_path.iterdir() if np.load(p).dtype == "int8")
    np.save(path, np.load(path) + np.float32(0.5))
    with pytest.raises(ValueError, match=rf"{path.name} holds float32, but \S* needs int8"):
        page.load_model(tmp_path)


def test_numbers_of_another_type_are_converted(page, weights):
    np.save(weights / "weight_3.npy", np.array([7], "int16"))
    assert page.load_model(weights).get_weights()[3].tolist() == [7.0]


def test_normalization_uses_its_statistics(tmp_path):
    """The statistics are weights: without `finalize_state`, Keras would not look at them."""
    inside = keras.Sequential([keras.Input((2,)), layers.Normalization()])
    inputs = keras.Input((3, 2))
    outputs = layers.TimeDistributed(inside)(layers.Normalization()(inputs))
    model = keras.Model(inputs, outputs)
    samples = np.arange(24.0).reshape(4, 3, 2)
    model.layers[1].adapt(samples)
    inside.layers[0].adapt(samples.reshape(12, 2) * 2.0)
    save(model, tmp_path)
    again = page_of(model).load_model(tmp_path)
    assert np.allclose(model.predict(samples), again.predict(samples))


def test_the_script_prints_the_summary(weights, tmp_path):
    script = tmp_path / "model_def.py"
    script.write_text(compile_model(json.loads(perceptron().to_json())).text)
    for arguments in ([], ["--weights", str(weights)]):
        done = subprocess.run(
            [sys.executable, script, *arguments], capture_output=True, text=True, check=True
        )
        assert "Total params: 11" in done.stdout
    done = subprocess.run([sys.executable, script, "--weights", "nowhere"], capture_output=True)
    assert b"nowhere: weight_0.npy is missing" in done.stderr
    assert done.returncode
