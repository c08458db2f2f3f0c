"""Where the JSON of a rebuilt Keras 2 model may differ from the file that it was compiled from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

# What a file says of the Keras that wrote it, and what a build notes; the last ones are arguments
# that the tf_keras of today writes and the Keras of TensorFlow 2.15 did not.
UNTOLD = frozenset(
    {"keras_version", "backend", "module", "registered_name", "build_config", "build_input_shape"}
    | {"shared_object_id", "causal"}  # what tf.keras wrote up to 2.12, and 2.9
)
NEWER = frozenset({"optional", "rng_type", "softmax_robust_masking"})
# Separable convolutions take these and never use them: their kernels are two others.
UNUSED = frozenset({"kernel_initializer", "kernel_regularizer", "kernel_constraint"})


# The layers that Keras 2 makes of functions of TensorFlow; nobody gives them names.
OPS = frozenset({"SlicingOpLambda", "TFOpLambda"})


def unnamed_ops(config: Any) -> Any:
    """Return a model with the layers of functions called by their places in it."""
    layers = config["config"].get("layers", ())
    names = [layer["config"]["name"] for layer in layers if layer["class_name"] in OPS]
    return _renamed(config, {name: f"op_{i}" for i, name in enumerate(names)})


def _renamed(value: Any, names: dict[str, str]) -> Any:
    match value:
        case dict():
            return {key: _renamed(item, names) for key, item in value.items()}
        case list():
            return [_renamed(item, names) for item in value]
        case str():
            return names.get(value, value)
        case _:
            return value


def gaps(original: Any, rebuilt: Any, pointer: str = "") -> Iterator[str]:
    """Yield where a rebuilt model says something else than its file.

    What older versions did not write yet may be there as well.
    """
    match original, rebuilt:
        case dict(), dict():
            yield from _in_objects(original, rebuilt, pointer)
        case list(), list() if len(original) == len(rebuilt):
            for place, pair in enumerate(zip(original, rebuilt, strict=True)):
                yield from gaps(*pair, f"{pointer}/{place}")
        case _:
            if original != rebuilt:
                yield f"{pointer}: {str(original)[:60]} != {str(rebuilt)[:60]}"


def _in_objects(original: Any, rebuilt: Any, pointer: str) -> Iterator[str]:
    for key, value in original.items():
        place = f"{pointer}/{key}"
        if key in UNTOLD or (key in UNUSED and "depthwise_initializer" in original):
            continue
        if key not in rebuilt:
            if key != "batch_input_shape":  # the first of a chain has it as well as the input
                yield f"{place}: {str(value)[:60]} != (absent)"
            continue
        yield from gaps(value, rebuilt[key], place)


def more(original: Any, rebuilt: Any, pointer: str = "") -> Iterator[str]:
    """Yield what a rebuilt model says and its file, of the same version, did not."""
    match original, rebuilt:
        case dict(), dict():
            for key, value in rebuilt.items():
                if key in original:
                    yield from more(original[key], value, f"{pointer}/{key}")
                elif key not in UNTOLD | NEWER:
                    yield f"{pointer}/{key}: (absent) != {str(value)[:60]}"
        case list(), list():
            for place, pair in enumerate(zip(original, rebuilt, strict=False)):
                yield from more(*pair, f"{pointer}/{place}")
