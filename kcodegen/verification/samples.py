"""Seeded weights and inputs for a model, and its outputs, in Keras 2 and 3 alike."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from kcodegen.verification.numbers import compare as compare_numbers
from kcodegen.verification.numbers import filled

SEED = 20250101
SAMPLES = 2
# What the axes of any size are tried with, by the rank of the input: short texts, large images.
SIZES = (8, 32, 64, 224)
SIZES_OF_RANK = {4: (224, 64, 32, 8), 5: (64, 32, 8)}


def save_weights(arrays: Sequence[Any], folder: Path, as_they_are: bool) -> None:
    """Write weights as `weight_<i>.npy`, or seeded ones in their place."""
    import numpy as np

    numbers = np.random.default_rng(SEED)
    for i, array in enumerate(arrays):
        kind = np.dtype(array.dtype).kind
        if not as_they_are and kind in "fV":  # positive, since some are variances
            array = numbers.uniform(0.05, 0.15, array.shape).astype(array.dtype)
        np.save(folder / f"weight_{i}.npy", array)


def finalize(layer: Any) -> None:
    """Let every Normalization inside use its weights, in Keras 2 and 3 alike."""
    if type(layer).__name__ == "Normalization":
        layer.finalize_state()
    for child in getattr(layer, "layers", ()):
        finalize(child)
    if hasattr(layer, "layer"):
        finalize(layer.layer)


def inputs_that_run(model: Any) -> tuple[list[Any], list[Any]]:
    """Return seeded inputs and the outputs of `model`; raises what the last attempt raises."""
    tensors = model.inputs
    sizes = sizes_for([tuple(x.shape) for x in tensors])
    for size, whole in itertools.product(sizes, (False, True)):
        arrays = [
            sample(tuple(x.shape), dtype_name(x), size, whole, i) for i, x in enumerate(tensors)
        ]
        try:
            return arrays, run(model, arrays)
        except Exception:  # too small for some layer, or fractions for an Embedding
            if (size, whole) == (sizes[-1], True):
                raise
    raise AssertionError("there is always a size")


def sizes_for(shapes: Sequence[tuple[int | None, ...]]) -> tuple[int, ...]:
    """Return the sizes to try; one, which says nothing, where all axes have theirs.

    Images begin large: a convolution that is left without pixels can end the process.
    """
    ranks = [len(shape) for shape in shapes if None in shape[1:]]
    return SIZES_OF_RANK.get(max(ranks), SIZES) if ranks else SIZES[:1]


def sample(shape: tuple[int | None, ...], dtype: str, size: int, whole: bool, index: int) -> Any:
    """Return one seeded input; integers are 0 and 1, which every table of embeddings has.

    With `whole`, floats are these as well.
    """
    import numpy as np

    numbers = np.random.default_rng((SEED, index))
    batch, *rest = shape or (1,)
    filled_in = (batch or SAMPLES, *(size if axis is None else axis for axis in rest))
    if dtype == "string":
        return np.full(filled_in, "a", dtype=object)
    if "float" in dtype and not whole:
        return numbers.standard_normal(filled_in).astype("float32")
    return numbers.integers(0, 2, filled_in).astype(dtype)


def dtype_name(tensor: Any) -> str:
    """Return the name of a tensor's type, which Keras 2 holds as an object."""
    return str(getattr(tensor.dtype, "name", tensor.dtype))


def run(model: Any, arrays: list[Any]) -> list[Any]:
    """Return the outputs of `model` as arrays, in inference mode."""
    import numpy as np

    by_name = dict(zip(input_names(model), arrays, strict=True))
    ends = model.get_config().get("input_layers")
    given = filled(ends, _in_order(ends, by_name)) if ends else arrays[0]
    return [np.asarray(item) for item in leaves(model(given, training=False))]


def input_names(model: Any) -> list[str]:
    """Return the names of the layers that `model.inputs` come from."""
    found = [layer for layer in model.layers if type(layer).__name__ == "InputLayer"]
    names = {id(layer.output): layer.name for layer in found}
    return [names.get(id(tensor), f"input_{i}") for i, tensor in enumerate(model.inputs)]


def _in_order(ends: Any, by_name: dict[str, Any]) -> Iterator[Any]:
    """Yield the arrays in the order in which `filled` takes them: keys of dicts are sorted."""
    if isinstance(ends, dict):
        for key in sorted(ends):
            yield from _in_order(ends[key], by_name)
    elif isinstance(ends[0], str):
        yield by_name[ends[0]]
    else:
        for end in ends:
            yield from _in_order(end, by_name)


def leaves(value: Any) -> Iterator[Any]:
    """Yield the tensors of a structure, keys of dicts sorted."""
    if isinstance(value, dict):
        for key in sorted(value):
            yield from leaves(value[key])
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from leaves(item)
    elif hasattr(value, "detach"):  # PyTorch, which has no NumPy type for bfloat16
        from keras import ops

        yield ops.convert_to_numpy(value)
    else:
        yield value


def compare(got: list[Any], wanted: list[Any], tolerance: float) -> tuple[str, ...]:
    """Return one line for each output that differs; NaN is equal to NaN."""
    import numpy as np

    plain = [a.dtype.kind in "biuf" for a in wanted]
    if len(got) == len(wanted) and not all(plain):
        got, wanted = ([_comparable(a) for a in side] for side in (got, wanted))
    lost = [np.isnan(a) for a in wanted]
    if len(got) == len(wanted) and all(
        np.array_equal(np.isnan(a), b) for a, b in zip(got, lost, strict=True)
    ):
        got, wanted = ([np.nan_to_num(a) for a in side] for side in (got, wanted))
    return compare_numbers(got, wanted, tolerance)


def _comparable(array: Any) -> Any:
    """Return numbers for what are no plain numbers: half floats as floats, texts by their hash."""
    import numpy as np

    if array.dtype.kind in "biuf":
        return array
    if array.dtype.kind == "V":
        return array.astype("float32")
    codes = [int.from_bytes(str(item).encode()[:6], "big") for item in array.flat]
    return np.array(codes, "float64").reshape(array.shape)
