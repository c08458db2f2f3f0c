"""Imports an emitted page with the real Keras and builds what it describes."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from kcodegen.verification.allowances import Json
from kcodegen.words import FIXED

PAGE = "kcodegen_page"


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a page builds: its serialized form, and the shapes of its weights in order."""

    config: Json
    shapes: tuple[tuple[int, ...], ...]


def fresh_keras() -> Any:
    """Return Keras with its name counters at zero."""
    import keras

    keras.backend.clear_session(free_memory=False)  # collecting takes longer than building
    return keras


def import_page(path: Path) -> ModuleType:
    """Return the page as a module of its own; a page imported before is not reused.

    Raises what the page raises.
    """
    loader = _AsItIs(PAGE, str(path))
    spec = importlib.util.spec_from_file_location(PAGE, path, loader=loader)
    if spec is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


class _AsItIs(SourceFileLoader):
    """Loads the source itself: cached bytecode of another page would do in the same second."""

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002 (the base class names it)
        return self.source_to_code(self.get_data(self.path), self.path)


def build(module: ModuleType) -> Any:
    """Return the model of a page, compiled if the page can compile it."""
    model = object_builder(module)()
    if hasattr(module, "compile_model"):
        module.compile_model(model)
    return model


def rebuild(path: Path) -> Rebuilt:
    """Build the page at `path` in this process, as if it were the first to build a model."""
    module = import_page(path)
    fresh_keras()
    return described(build(module))


def rebuild_elsewhere(path: Path) -> Rebuilt:
    """Build the page at `path` in a process of its own.

    Raises RuntimeError with the last words of that process when it fails.
    """
    done = subprocess.run(
        [sys.executable, "-m", __name__, str(path)],
        capture_output=True,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip().rpartition("\n")[2])
    config, shapes = json.loads(done.stdout.splitlines()[-1])
    return Rebuilt(config, tuple(map(tuple, shapes)))


def described(model: Any) -> Rebuilt:
    """Return the serialized form and the weight shapes of a model."""
    return Rebuilt(json.loads(model.to_json()), weight_shapes(model))


def weight_shapes(model: Any) -> tuple[tuple[int, ...], ...]:
    """Return the shape of each weight of a model, in the order of `weight_0.npy`, ..."""
    return tuple(tuple(weight.shape) for weight in variables_of(model))


def is_variable(weight: Any) -> bool:
    """Tell a variable from a vocabulary, which Keras 2 has among the weights, too."""
    return hasattr(weight, "shape")


def variables_of(model: Any) -> list[Any]:
    """Return the weights of a model without vocabularies."""
    return [*filter(is_variable, model.weights)]


def arrays_of(model: Any) -> list[Any]:
    """Return the arrays of these weights."""
    pairs = zip(model.weights, model.get_weights(), strict=True)
    return [array for weight, array in pairs if is_variable(weight)]


def build_object(module: ModuleType) -> Any:
    """Return what a page with a single object, or a list or dict of them, builds."""
    return object_builder(module)()


def object_builder(module: ModuleType) -> Callable[[], Any]:
    """Return the function of a page that builds the whole: the last `build_...` of its own."""
    builders = [name for name in vars(module) if name.startswith("build_") and name not in FIXED]
    if not builders:
        raise AttributeError("the page has no build_... function")
    builder: Callable[[], Any] = getattr(module, builders[-1])
    return builder


def serialized(value: Any) -> Json:
    """Return the serialized form of an object, or of each in a list or dict, as JSON."""
    import keras

    if isinstance(value, str | int | float | bool | None):
        return value
    return json.loads(json.dumps(keras.saving.serialize_keras_object(value)))


def main(path: str) -> None:
    """Print the rebuilt model of a page as one line of JSON."""
    rebuilt = rebuild(Path(path))
    sys.stdout.write(json.dumps([rebuilt.config, rebuilt.shapes]) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
