"""The weights of keras.applications, saved in every format, come back bit for bit.

python -m tests.weights.applications            # all of them: half an hour, 6 GB of disk
python -m tests.weights.applications VGG16 Xception
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from kcodegen import compile_file
from kcodegen.frontends.producers import producer_of
from kcodegen.verification.rebuild import fresh_keras
from kcodegen.weights.files.store import widened
from kcodegen.weights.formats import gathered
from tests.applications.test_applications import LARGE, SMALL

FORMATS = ("keras", "weights.h5", "h5", "npy")
# Those of some ten million weights.
THIRD = (
    *("ConvNeXtTiny", "DenseNet121", "EfficientNetB0", "EfficientNetV2B0", "InceptionV3"),
    *("MobileNet", "MobileNetV2", "MobileNetV3Small", "NASNetMobile", "ResNet50", "ResNet50V2"),
    *("Xception", "DenseNet169"),
)
_BLOCK = np.random.default_rng(0).normal(size=2**20).astype("float32")


def fill(model: Any) -> None:
    """Give every weight of a model numbers of its own."""
    for number, weight in enumerate(model.weights):
        size = int(np.prod(weight.shape))
        start = number * 7919 % (_BLOCK.size // 2)
        values = np.resize(_BLOCK[start:], size) + np.float32(number)
        weight.assign(values.reshape(weight.shape))


def save(model: Any, folder: Path, form: str) -> Path:
    """Save the weights of a model, and return where."""
    path = folder / f"model.{form}"
    match form:
        case "weights.h5":
            model.save_weights(path)
        case "npy":
            path.mkdir()
            for number, array in enumerate(model.get_weights()):
                np.save(path / f"weight_{number}.npy", array)
        case _:
            model.save(path)
    return path


def compare(path: Path, architecture: Path, model: Any) -> int:
    """Return how many weights are read bit for bit; AssertionError unless all of them are."""
    result = compile_file(architecture)
    assert result.model is not None
    assert result.document is not None
    with gathered(path, result.model, producer_of(result.document)) as matched:
        for weight, (slot, stored) in zip(model.weights, matched.weights, strict=True):
            wanted, at = np.asarray(weight).reshape(-1).view("uint32"), 0
            assert stored.shape == tuple(weight.shape), slot
            for piece in stored.chunks():
                found = widened(piece, stored.dtype).reshape(-1).view("uint32")
                assert np.array_equal(found, wanted[at : at + found.size]), slot
                at += found.size
            assert at == wanted.size, slot
        return len(matched.weights)


def check(name: str, folder: Path) -> int:
    """Save an application in every format and compare; return the number of its weights."""
    keras = fresh_keras()
    model = getattr(keras.applications, name)(weights=None)
    fill(model)
    architecture = folder / "model.json"
    architecture.write_text(model.to_json(), "utf-8")
    for form in FORMATS:
        path = save(model, folder, form)
        own = path if form == "keras" else architecture
        assert compare(path, own, model) == len(model.weights)
        if form != "npy":
            path.unlink()
    return len(model.weights)


def main() -> int:
    failed = 0
    for name in sys.argv[1:] or (*SMALL, *LARGE):
        start = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            try:
                said = f"{check(name, Path(folder))} weights"
            except Exception as error:  # the next ones are of interest, too
                said, failed = f"FAILED {type(error).__name__}: {error}", failed + 1
        sys.stdout.write(f"{name:20} {said}, {time.perf_counter() - start:.0f} s\n")
        sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
