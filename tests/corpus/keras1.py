"""Weights of Keras 0 and 1 in the order and the layout of today: what the warnings tell a user."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tests.corpus.cases import Case

KERAS_1_FOLDERS = ("keras0.3", "keras1.0", "keras1.2")
Array = Any


def arranged(case: Case, model: Any, place: Path) -> Path:
    """Return a folder with the recorded numbers of a case, its weights as the page takes them."""
    assert case.numeric is not None
    old = Old(case)
    # A Graph kept its weights in the order of its nodes.
    nodes = [node["name"] for node in case.config().get("node_config", ())]
    layers = [model.get_layer(name) for name in nodes] or model.layers
    taken = {layer.name: list(old.of(layer)) for layer in layers}
    new = [array for layer in model.layers for array in taken.get(layer.name, ())]
    assert old.left() == 0
    place.mkdir()
    for name in ("inputs.npz", "outputs.npz"):
        shutil.copy(case.numeric / name, place / name)
    for index, array in enumerate(new):
        np.save(place / f"weight_{index}.npy", array)
    return place


class Old:
    """The arrays of a case, taken one after the other."""

    def __init__(self, case: Case) -> None:
        assert case.numeric is not None
        names = sorted(case.numeric.glob("weight_*.npy"), key=lambda p: int(p.stem[7:]))
        self.arrays = [np.load(name) for name in names]
        self.folder = case.folder
        text = json.dumps(case.config())
        self.joined = '"consume_less": "gpu"' in text
        self.first = '"dim_ordering": "th"' in text
        self.turned = "theano" in str(case.entry.get("producer"))

    def left(self) -> int:
        """Return how many arrays no layer has taken."""
        return len(self.arrays)

    def take(self, count: int = 1) -> list[Array]:
        """Return the next arrays."""
        taken, self.arrays = self.arrays[:count], self.arrays[count:]
        return taken

    def of(self, layer: Any) -> Iterator[Array]:
        """Yield the weights of a layer of today."""
        import keras

        name = type(layer).__name__
        if isinstance(layer, keras.Model):
            for inner in layer.layers:
                yield from self.of(inner)
        elif name == "Bidirectional":
            yield from self.of(layer.forward_layer)
            yield from self.of(layer.backward_layer)
        elif name == "TimeDistributed":
            yield from self.of(layer.layer)
        elif name == "GRU" and self.joined and self.arrays[0].shape[1] == 3 * layer.units:
            yield from self.take(3)
        elif name in ("LSTM", "ConvLSTM2D"):
            yield from self.gates((0, 2, 1, 3), name == "ConvLSTM2D")
        elif name == "GRU":
            yield from self.gates((0, 1, 2), False)
        elif name.startswith(("Conv", "SeparableConv")):
            kernels = 2 if name.startswith("Separable") else 1
            for _ in range(kernels):
                yield self.kernel(self.take()[0], name)
            yield from self.take(len(layer.weights) - kernels)
        elif name == "BatchNormalization" and self.folder in ("keras0.3", "keras1.0"):
            yield from self.take(3)
            yield (self.take()[0] + layer.epsilon) ** 2 - layer.epsilon
        elif name == "Highway" and layer.use_bias and self.folder != "keras1.2":
            kernel, bias, second, other = self.take(4)
            yield from (kernel, second, bias, other)
        else:
            yield from self.take(len(layer.weights))

    def gates(self, order: tuple[int, ...], is_image: bool) -> Iterator[Array]:
        """Yield kernel, recurrent kernel and bias of gates that had their own."""
        parts = [self.take(3) for _ in order]
        for index in range(3):
            arrays = [parts[gate][index] for gate in order]
            if is_image and index < 2:
                arrays = [self.kernel(array, "Conv2D") for array in arrays]
            yield np.concatenate(arrays, axis=-1)

    def kernel(self, array: Array, name: str) -> Array:
        """Return the kernel of a convolution as Keras 3 has it."""
        if name == "Conv1D":
            if self.folder in ("keras0.3", "keras1.0"):
                array = array[..., 0].transpose(2, 1, 0)
            else:
                array = array[:, 0]
            return array[::-1] if self.turned else array
        if name == "Conv2DTranspose" and not self.first:
            return array.swapaxes(-1, -2)
        if not self.first:
            return array
        ends = (-2, -1) if name == "Conv2DTranspose" else (-1, -2)
        array = np.moveaxis(array, (0, 1), ends)
        if self.turned:
            array = array[tuple(slice(None, None, -1) for _ in array.shape[2:])]
        return array
