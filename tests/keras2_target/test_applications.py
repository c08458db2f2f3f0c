"""Models of tf_keras.applications, as Keras 2 writes them, come back for both targets.

The default of a sweep is one of each family. All of them, with what came of each:

    python -m tests.keras2_target.test_applications
"""

from __future__ import annotations

import gc
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
import tf_keras

from kcodegen import Options, compile_file
from kcodegen.verification.rebuild import import_page, rebuild
from tests.corpus.cases import say
from tests.keras2_target.allowances import gaps, more, unnamed_ops
from tests.keras2_target.harness import built, serialized

FAMILIES = (
    *("ConvNeXtTiny", "DenseNet121", "EfficientNetB0", "EfficientNetV2B0", "InceptionV3"),
    *("MobileNet", "MobileNetV2", "MobileNetV3Small", "NASNetMobile", "RegNetX002", "ResNet50"),
    *("ResNet50V2", "ResNetRS50", "VGG16", "Xception"),
)


def every() -> list[str]:
    """Return the names of all applications."""
    applications = tf_keras.applications
    return sorted(n for n in vars(applications) if callable(getattr(applications, n)))


def shapes(model: Any) -> list[tuple[int, ...]]:
    """Return the shapes of the weights of a model of Keras 2."""
    return [tuple(weight.shape) for weight in model.weights]


def wrong(name: str, folder: Path) -> list[str]:
    """Return what is wrong with the two pages of an application."""
    tf_keras.backend.reset_uids()
    model = getattr(tf_keras.applications, name)(weights=None)
    original, weights = serialized(model), shapes(model)
    source, page = folder / f"{name}.json", folder / "page.py"
    source.write_text(json.dumps(original), "utf-8")
    del model
    gc.collect()
    page.write_text(compile_file(source, Options(target="keras2")).text, "utf-8")
    again = built(import_page(page))
    ours, theirs = unnamed_ops(original), unnamed_ops(serialized(again))
    found = [f"keras2 {gap}" for gap in (*gaps(ours, theirs), *more(ours, theirs))]
    found += [] if shapes(again) == weights else ["keras2: other weights"]
    del again
    gc.collect()
    page.write_text(compile_file(source).text, "utf-8")
    same = sorted(rebuild(page).shapes) == sorted(weights)
    gc.collect()
    return found if same else [*found, "keras3: other weights"]


@pytest.mark.sweep
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", FAMILIES)
def test_an_application_of_keras_2_comes_back(name: str, tmp_path: Path) -> None:
    assert wrong(name, tmp_path) == []


def main() -> int:
    """Print what is wrong with each application; return how many are wrong."""
    count = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in sys.argv[1:] or every():
            try:
                found = wrong(name, Path(folder))
            except Exception as error:
                found = [f"{type(error).__name__}: {str(error)[:300]}"]
            say(name, *(found[:3] or ["is equal"]))
            count += bool(found)
    return count


if __name__ == "__main__":
    sys.exit(main())
