"""Loads a model through both pages, with and without `--fast-load`, and compares what comes out."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kcodegen import Options, compile_file
from kcodegen.records import replace
from kcodegen.verification.numbers import TOLERANCE as NUMBERS
from kcodegen.verification.numbers import compare, outputs
from kcodegen.verification.rebuild import fresh_keras, import_page

LOADERS = {"plain": False, "fast": True}
TOLERANCE = 1e-5  # of the largest number
_WIDE = ("int64", "uint64", "float64")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Some inputs, and what a model computes of them: here, or on another backend long ago."""

    inputs: list[Any]
    outputs: list[Any]
    compute: Callable[[Any, list[Any]], list[Any]] = outputs
    is_recorded: bool = False


@dataclass(slots=True)
class Finding:
    """What came of one model: how many weights were compared, and all that is wrong."""

    name: str
    weights: int = 0
    exact: bool = True
    problems: list[str] = field(default_factory=list)


def pages(source: Path, options: Options, folder: Path) -> dict[str, Path]:
    """Write both pages of a file and return them by the name of their loader."""
    found = {}
    for loader, fast in LOADERS.items():
        found[loader] = folder / f"{loader}.py"
        text = compile_file(source, replace(options, fast_load=fast)).text
        found[loader].write_text(text, "utf-8")
    return found


def check(finding: Finding, paths: dict[str, Path], folder: Path, wanted: list[Wanted]) -> None:
    """Load a folder of weights with each loader, and compare weights and outputs."""
    for loader, path in paths.items():
        finding.problems += [f"{loader}: {it}" for it in differences(finding, path, folder, wanted)]
        if LOADERS[loader]:
            mapped = differences(finding, path, folder, [], mapped=True)
            finding.problems += [f"{loader}, mapped: {it}" for it in mapped]


def differences(
    finding: Finding, page: Path, folder: Path, wanted: list[Wanted], **options: bool
) -> list[str]:
    """Return how a model that a page loads is another than its weights and outputs say."""
    try:
        model = loaded(page, folder, **options)
        finding.weights = len(model.weights)
        found = [*differing_bits(model, folder)]
        for one in wanted:
            found += differing_outputs(finding, model, one)
    except Exception as error:  # what the page or Keras raises is the finding
        found = [in_short(error)]
    return found


def loaded(page: Path, weights: Path, **options: bool) -> Any:
    """Return the model of a page."""
    fresh_keras()
    module = import_page(page)
    with warnings.catch_warnings():
        # PyTorch warns of memory that can't be written: training would change what is not its own.
        warnings.filterwarnings("error", ".*not writable")
        return module.load_model(weights, **options)


def differing_bits(model: Any, folder: Path) -> Iterator[str]:
    """Yield the weights of a model that are not those of the files, bit for bit."""
    count = len(list(folder.glob("weight_*.npy")))
    if count != len(model.weights):
        yield f"{len(model.weights)} weights, {count} files"
    for i, variable in enumerate(model.weights):
        found, stored = array_of(variable), np.load(folder / f"weight_{i}.npy")
        if found.dtype.name != variable.dtype and not is_narrowed(variable.dtype):
            yield f"{variable.path} is {found.dtype}, not {variable.dtype}"
        if stored.dtype.kind == "V":  # bfloat16 and float8
            stored = stored.view(found.dtype)
        if found.shape != stored.shape:
            yield f"{variable.path} has the shape {found.shape}, the file {stored.shape}"
        elif found.tobytes() != stored.astype(found.dtype).tobytes():
            yield f"{variable.path} has other bits than weight_{i}.npy"


def is_narrowed(dtype: str) -> bool:
    """Tell whether a type is 32 bits wide here: JAX has no other unless it is asked for it."""
    return keras.backend.backend() == "jax" and dtype in _WIDE


def array_of(variable: Any) -> Any:
    """Return what a variable holds."""
    return np.asarray(keras.ops.convert_to_numpy(variable))


def differing_outputs(finding: Finding, model: Any, wanted: Wanted) -> Iterator[str]:
    """Yield the outputs that differ; NaN is equal to NaN."""
    got = wanted.compute(model, wanted.inputs)
    if wanted.is_recorded:
        yield from compare(got, wanted.outputs, NUMBERS)
        return
    if len(got) != len(wanted.outputs):
        yield f"{len(got)} outputs instead of {len(wanted.outputs)}"
    for i, (ours, theirs) in enumerate(zip(got, wanted.outputs, strict=False)):
        if not same_bits(ours, theirs):
            finding.exact = False
            yield from differing_numbers(f"output_{i}", ours, theirs)


def same_bits(ours: Any, theirs: Any) -> bool:
    """Tell whether two arrays are one."""
    return (ours.dtype, ours.shape, ours.tobytes()) == (
        theirs.dtype,
        theirs.shape,
        theirs.tobytes(),
    )


def differing_numbers(name: str, ours: Any, theirs: Any) -> Iterator[str]:
    """Yield how two arrays differ, if it is by more than the last bits."""
    if (ours.dtype, ours.shape) != (theirs.dtype, theirs.shape):
        yield f"{name}: {ours.dtype} {ours.shape} instead of {theirs.dtype} {theirs.shape}"
        return
    x, y = (side.astype("float64") for side in (ours, theirs))
    top = max(1e-30, float(np.max(np.abs(np.nan_to_num(y)))))
    if not np.allclose(x / top, y / top, rtol=0, atol=TOLERANCE, equal_nan=True):
        yield f"{name}: differs by {float(np.nanmax(np.abs(x - y))):.3g} of {top:.3g}"


def save(model: Any, folder: Path) -> None:
    """Save the weights of a model as the README says it."""
    folder.mkdir(exist_ok=True)
    for i, array in enumerate(model.get_weights()):
        np.save(folder / f"weight_{i}.npy", array)


def in_short(error: Exception) -> str:
    """Return an error on one line: how its message begins, and how it ends."""
    words = " ".join(str(error).split())
    return f"{type(error).__name__}: {words[:200]}{words[200:][-200:]}"
