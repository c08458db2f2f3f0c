"""Models that hold every layer class with weights, once for each of its arguments.

One model for each class: the layer with required arguments only, once more with another value of
each argument, and the layers of that class in `keras_models.py`, side by side. How a weight begins
and what training does to it (initializers, regularizers, constraints) changes no weight's place.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from kcodegen.registry.rows import ClassRow
from kcodegen.verification.samples import finalize
from tests.objects.variants import Library, candidates, find, required
from tests.weights.keras_models import SINGLE

SHAPES: tuple[tuple[int, ...], ...] = (
    *((6,), (5, 6), (5, 5, 6), (5, 5, 5, 6), (2, 5, 5, 5, 6), (4,), (4, 32)),
    *((600, 1), (1, 600)),
)
"""Shapes of a sample that a layer is tried on: the first that it takes is its input."""
IRRELEVANT = ("initializer", "regularizer", "constraint", "name")
"""How the names of arguments end that change neither the weights nor what is computed of them."""
ADDED = ("lora_rank", "lora_alpha")
"""What LoRA learned is added to the kernel when Keras saves it: there are no bits to compare."""
_CELLS = ("LSTMCell", "GRUCell", "SimpleRNNCell", "StackedRNNCells")
_PAIRS = ("Attention", "AdditiveAttention")
_TWO = ("MultiHeadAttention", "GroupQueryAttention")
_TABLES = ("Embedding", "ReversibleEmbedding")


@dataclass(frozen=True, slots=True)
class Made:
    """A model of the layers of one class, and the arguments that no layer could be called with."""

    model: Any
    unbuilt: frozenset[str]


def model_of(library: Library, row: ClassRow, leave_out: Callable[[str], bool]) -> Made:
    """Return a model with all layers of a class, its weights filled.

    What is left out are arguments, or names in the table of `keras_models.py`.
    """
    library.begin()
    keras = library.keras
    inputs: dict[Any, Any] = {}
    outputs: list[Any] = []
    built: dict[str, int] = {}
    for argument, given in arguments_of(library, row):
        if leave_out(argument) or built.get(argument):
            continue
        if argument in lost(library, row, argument, given):
            continue
        made = called(keras, row.name, find(library, row), given, inputs)
        built[argument] = built.get(argument, 0) + (made is not None)
        outputs += made or []
    for name, shape, make in SINGLE:
        layer = None if "lora" in name or leave_out(name) else makes(keras, make)
        if type(layer).__name__ == row.name and runs(layer, shape):
            inputs[name] = keras.Input(shape)
            outputs.append(layer(inputs[name]))
    model = keras.Model([*inputs.values()], outputs)
    fill(model)
    return Made(model, frozenset(name for name in built if not built[name]))


def arguments_of(library: Library, row: ClassRow) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what a layer of a class is made with, each time with the argument that matters."""
    cls = find(library, row)
    yield "", required(library, cls, row)
    for name, value, others in candidates(library, cls, row):
        if not name.endswith(IRRELEVANT) and name not in ADDED:
            yield name, {**required(library, cls, row), **others, name: value}


def lost(library: Library, row: ClassRow, argument: str, given: dict[str, Any]) -> set[str]:
    """Return an argument that no file tells: a layer takes it, and `get_config()` leaves it out."""
    try:
        layer = find(library, row)(**copy.deepcopy(given))
    except Exception:  # what Keras does not take has no config
        return set()
    return {argument} - {"", *layer.get_config()}


def makes(keras: Any, make: Callable[[Any], Any]) -> Any:
    """Return a layer of a table, None where this Keras has no such class or argument."""
    try:
        return make(keras.layers)
    except (AttributeError, TypeError, ValueError):
        return None


def runs(layer: Any, shape: tuple[int | None, ...]) -> bool:
    """Tell whether a layer of a table can run here: convolutions with channels first can't."""
    try:
        layer(np.ones((2, *(size or 8 for size in shape)), "float32"))
    except Exception:  # whatever TensorFlow raises
        return False
    return True


def called(
    keras: Any, name: str, cls: Any, given: dict[str, Any], inputs: dict[Any, Any]
) -> list[Any] | None:
    """Return what a layer makes of the first input that it takes; None where it takes none."""
    # What the last one took, this one may take as well.
    known = [key for key in inputs if isinstance(key, tuple)]
    for key in dict.fromkeys([*reversed(known), *itertools.product(SHAPES, (None, 2))]):
        shape, batch = key
        dtype = "int32" if name in _TABLES else "float32"
        try:
            layer = cls(**copy.deepcopy(given))
            layer = keras.layers.RNN(layer) if name in _CELLS else layer
            x = inputs.get(key)
            x = keras.Input(shape, batch_size=batch, dtype=dtype) if x is None else x
            made = call(name, layer, x)
            # Some layers find out only now that their input is none.
            call(name, layer, np.ones((2, *shape), dtype))
        except Exception:  # whatever Keras raises: another shape may do
            continue
        inputs[key] = x
        return [*made] if isinstance(made, (list, tuple)) else [made]
    return None


def call(name: str, layer: Any, x: Any) -> Any:
    """Return what a layer makes of a tensor."""
    if name in _PAIRS:
        return layer([x, x])
    return layer(x, x) if name in _TWO else layer(x)


def fill(model: Any) -> None:
    """Give every weight of a model numbers of its own, positive: some are variances."""
    numbers = np.random.default_rng(7)
    for weight in model.weights:
        values = numbers.uniform(0.05, 0.95, tuple(weight.shape))
        kind = kind_of(weight)
        weight.assign(values.astype("int32" if "int" in kind else "float32").astype(kind))
    finalize(model)


def samples(model: Any) -> list[Any]:
    """Return one input for each that a model takes."""
    numbers = np.random.default_rng(11)
    found = []
    for x in model.inputs:
        batch, *sizes = x.shape
        shape = (batch or 2, *(size or 8 for size in sizes))
        is_whole = "int" in kind_of(x)
        values = numbers.integers(0, 4, shape) if is_whole else numbers.uniform(0, 1, shape)
        found.append(values.astype(kind_of(x)))
    return found


def kind_of(tensor: Any) -> str:
    """Return the name of a tensor's type, which Keras 2 holds as an object."""
    return str(getattr(tensor.dtype, "name", tensor.dtype))
