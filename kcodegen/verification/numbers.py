"""Runs a rebuilt model on recorded inputs and compares its outputs with the recorded ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

TOLERANCE = 1e-4


def number_differences(
    module: ModuleType, model: Any, directory: Path, tolerance: float = TOLERANCE
) -> tuple[str, ...]:
    """Load the weights of `directory` as the page does, run its inputs, and compare.

    `directory` holds `weight_<i>.npy`, `inputs.npz` with `input_0`, ... and `outputs.npz`
    with `output_0`, ...; dicts are flattened in the order of their sorted keys. The
    tolerance is absolute for small numbers and relative for large ones.
    """
    import numpy as np

    module.load_weights(model, directory)
    with np.load(directory / "inputs.npz") as inputs, np.load(directory / "outputs.npz") as wanted:
        got = outputs(model, [inputs[f"input_{i}"] for i in range(len(inputs))])
        return compare(got, [wanted[f"output_{i}"] for i in range(len(wanted))], tolerance)


def outputs(model: Any, arrays: list[Any]) -> list[Any]:
    """Return the outputs of `model` for `arrays`, both flattened, in inference mode."""
    import keras
    import numpy as np

    tensors = iter([keras.ops.convert_to_tensor(array) for array in arrays])
    ends = model.get_config().get("input_layers")
    result = model(filled(ends, tensors) if ends else next(tensors), training=False)
    return [np.asarray(keras.ops.convert_to_numpy(item)) for item in keras.tree.flatten(result)]


def filled(ends: Any, tensors: Iterator[Any]) -> Any:
    """Return the structure of [name, node, tensor] references with tensors in their places."""
    if isinstance(ends, dict):
        found = {key: filled(ends[key], tensors) for key in sorted(ends)}
        return {key: found[key] for key in ends}
    if isinstance(ends[0], str):
        return next(tensors)
    return [filled(end, tensors) for end in ends]


def compare(got: list[Any], wanted: list[Any], tolerance: float) -> tuple[str, ...]:
    """Return one line for each output that is not the recorded one."""
    import numpy as np

    if len(got) != len(wanted):
        return (f"{len(got)} outputs instead of {len(wanted)}",)
    found = []
    for i, (a, b) in enumerate(zip(got, wanted, strict=True)):
        if a.shape != b.shape:
            found.append(f"output_{i}: shape {a.shape} instead of {b.shape}")
        elif not np.allclose(a, b, rtol=tolerance, atol=tolerance):
            gap = np.max(np.abs(a.astype("float64") - b.astype("float64")))
            found.append(f"output_{i}: differs by {gap:.3g}")
    return tuple(found)
