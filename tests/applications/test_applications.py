"""Every model of keras.applications comes back exactly: layers, order, wiring, weights."""

from __future__ import annotations

import ast
import gc
import json
import os
import re
from pathlib import Path

import numpy as np
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from kcodegen import Options, compile_file
from kcodegen.verification.configs import differences
from kcodegen.verification.rebuild import Rebuilt, described, fresh_keras, import_page, rebuild
from kcodegen.words import FIXED

SMALL = ("ConvNeXtTiny", "EfficientNetB0", "MobileNetV2", "ResNet50")
LARGE = (
    *("ConvNeXtBase", "ConvNeXtLarge", "ConvNeXtSmall", "ConvNeXtXLarge"),
    *("DenseNet121", "DenseNet169", "DenseNet201"),
    *("EfficientNetB1", "EfficientNetB2", "EfficientNetB3", "EfficientNetB4"),
    *("EfficientNetB5", "EfficientNetB6", "EfficientNetB7"),
    *("EfficientNetV2B0", "EfficientNetV2B1", "EfficientNetV2B2", "EfficientNetV2B3"),
    *("EfficientNetV2L", "EfficientNetV2M", "EfficientNetV2S"),
    *("InceptionResNetV2", "InceptionV3"),
    *("MobileNet", "MobileNetV3Large", "MobileNetV3Small"),
    *("NASNetLarge", "NASNetMobile"),
    *("ResNet101", "ResNet101V2", "ResNet152", "ResNet152V2", "ResNet50V2"),
    *("VGG16", "VGG19", "Xception"),
)


def written(name: str) -> Rebuilt:
    """Return an application as Keras builds and writes it, without its weights' values."""
    keras = fresh_keras()
    found = described(getattr(keras.applications, name)(weights=None))
    gc.collect()
    return found


def check(name: str, folder: Path) -> str:
    """Compile an application, rebuild its page, compare both, and return the page."""
    original = written(name)
    source, page = folder / f"{name}.json", folder / "page.py"
    source.write_text(json.dumps(original.config), "utf-8")
    text = compile_file(source).text
    page.write_text(text, "utf-8")
    rebuilt = rebuild(page)
    gc.collect()
    assert differences(original.config, rebuilt.config) == ()
    assert rebuilt.shapes == original.shapes
    return text


def looks_written(name: str, text: str) -> None:
    """Assert what a page of an application has to look like, whichever it is."""
    assert "keras.src" not in text
    functions = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    helpers = [node for node in functions if node.name not in {*FIXED, "build_model"}]
    assert max((len(helper.args.args) - 1 for helper in helpers), default=0) <= 6
    assert [helper.name for helper in helpers if re.search(r"\d$", helper.name)] == []
    if name.startswith(("EfficientNet", "MobileNet")):
        assert sum("DepthwiseConv2D(" in ast.unparse(helper) for helper in helpers) == 1


def test_the_list_is_complete() -> None:
    applications = fresh_keras().applications
    names = {name for name in vars(applications) if callable(getattr(applications, name))}
    assert names == {*SMALL, *LARGE}
    assert len(names) == 40


@pytest.mark.parametrize("name", SMALL)
def test_a_small_application_comes_back(name: str, tmp_path: Path) -> None:
    looks_written(name, check(name, tmp_path))


@pytest.mark.sweep
@pytest.mark.parametrize("name", LARGE)
def test_a_large_application_comes_back(name: str, tmp_path: Path) -> None:
    looks_written(name, check(name, tmp_path))


@pytest.mark.sweep
@pytest.mark.parametrize("name", ["MobileNetV2", "EfficientNetB0", "ConvNeXtTiny", "NASNetMobile"])
def test_an_application_loads_fast_to_the_same_bits(name: str, tmp_path: Path) -> None:
    """In both loaders of the page, and without a number drawn by the fast one."""
    keras = fresh_keras()
    original = getattr(keras.applications, name)(weights=None)
    source, folder = tmp_path / f"{name}.json", tmp_path / "weights"
    source.write_text(original.to_json(), "utf-8")
    folder.mkdir()
    wanted = original.get_weights()
    for i, array in enumerate(wanted):
        np.save(folder / f"weight_{i}.npy", array)
    for fast in (False, True):
        page = tmp_path / "page.py"
        page.write_text(compile_file(source, Options(fast_load=fast)).text, "utf-8")
        fresh_keras()
        found = import_page(page).load_model(folder).get_weights()
        assert all(np.array_equal(a, b) for a, b in zip(wanted, found, strict=True))
        gc.collect()
