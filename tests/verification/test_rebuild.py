"""Pages are built as if Keras had just been started, and their numbers are compared."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from kcodegen.verification.numbers import number_differences
from kcodegen.verification.rebuild import (
    build,
    build_object,
    import_page,
    rebuild,
    rebuild_elsewhere,
    serialized,
)

PAGE = """
import keras
from keras import layers


def build_model():
    a = keras.Input((3,), name="alpha")
    b = keras.Input((3,), name="beta")
    x = layers.Dense(2)(layers.Add()([a, b]))
    return keras.Model({"beta": b, "alpha": a}, {"y": x, "b": b})


def compile_model(model):
    model.compile(loss={"y": "mse", "b": None})


def load_weights(model, directory):
    import numpy as np

    arrays = [np.load(directory / f"weight_{i}.npy") for i in range(2)]
    model.set_weights(arrays)
"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """Return the path of a page with a compiled model that has dicts on both ends."""
    path = tmp_path / "page.py"
    path.write_text(PAGE, "utf-8")
    return path


def test_a_page_is_imported_as_it_is_now(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python takes cached bytecode for a page of the same size, written in the same second."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    for number in (1, 2):
        page.write_text(f"answer = {number}\n", "utf-8")
        os.utime(page, (0, 0))
        module = import_page(page)
        assert module.answer == number
    assert [path.name for path in page.parent.iterdir()] == ["page.py"]


def test_a_page_is_built_with_fresh_names_each_time(page: Path) -> None:
    first, second = rebuild(page), rebuild(page)
    assert first == second
    names = [layer["name"] for layer in first.config["config"]["layers"]]
    assert names == ["beta", "alpha", "add", "dense"]
    assert first.shapes == ((3, 2), (2,))
    assert first.config["compile_config"]["loss"] == {"y": "mse", "b": None}


def test_a_process_of_its_own_builds_the_same(page: Path) -> None:
    assert rebuild_elsewhere(page) == rebuild(page)


def test_a_page_that_fails_elsewhere_says_why(tmp_path: Path) -> None:
    path = tmp_path / "page.py"
    path.write_text("raise ValueError('no such layer')\n", "utf-8")
    with pytest.raises(RuntimeError, match="ValueError: no such layer"):
        rebuild_elsewhere(path)


def test_a_page_without_a_builder_has_no_object() -> None:
    with pytest.raises(AttributeError, match="no build_"):
        build_object(SimpleNamespace(load_weights=print))  # type: ignore[arg-type]


def test_an_object_is_serialized_as_its_file_is(tmp_path: Path) -> None:
    path = tmp_path / "page.py"
    path.write_text(
        "import keras\n\n\ndef build_objects():\n"
        "    return [keras.regularizers.L2(0.5), 'relu', None]\n",
        "utf-8",
    )
    regularizer, *rest = serialized(build_object(import_page(path)))
    assert (regularizer["class_name"], regularizer["config"]) == ("L2", {"l2": 0.5})
    assert rest == ["relu", None]


def recorded(folder: Path, **wrong: Any) -> Path:
    """Record what the page computes; `wrong` replaces one of the files' arrays."""
    kernel, bias = np.ones((3, 2), "float32"), np.array([0.5, -0.5], "float32")
    a, b = np.ones((1, 3), "float32"), np.full((1, 3), 2.0, "float32")
    np.save(folder / "weight_0.npy", wrong.get("kernel", kernel))
    np.save(folder / "weight_1.npy", bias)
    np.savez(folder / "inputs.npz", input_0=a, input_1=b)
    y = np.array([[9.5, 8.5]], "float32")
    np.savez(folder / "outputs.npz", output_0=wrong.get("b", b), output_1=wrong.get("y", y))
    return folder


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, ()),
        ({"y": np.array([[9.5005, 8.5]], "float32")}, ()),
        ({"y": np.array([[9.6, 8.5]], "float32")}, ("output_1: differs by 0.1",)),
        ({"y": np.ones((1, 3), "float32")}, ("output_1: shape (1, 2) instead of (1, 3)",)),
        ({"b": np.ones((1, 3), "float32")}, ("output_0: differs by 1",)),
        ({"kernel": np.zeros((3, 2), "float32")}, ("output_1: differs by 9",)),
    ],
)
def test_numbers_are_compared_in_the_order_of_sorted_keys(
    page: Path, tmp_path: Path, wrong: dict[str, Any], said: tuple[str, ...]
) -> None:
    module = import_page(page)
    assert number_differences(module, build(module), recorded(tmp_path, **wrong)) == said
