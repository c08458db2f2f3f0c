"""Models as GPTQ and AWQ leave them: `python -m tests.weights.calibrated FOLDER/keras3.12`.

Run so with Keras 3.12 or 3.13 it writes a file, and what the model computes. Keras 3.14
and 3.15 leave the zero points out when they save such a model, and can't load it again.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np


def calibrated(keras: Any, mode: str) -> Any:
    """Return a model with numbers in all that a calibration finds, and without the old kernels."""
    layers, random = keras.layers, np.random.default_rng(0)
    x = keras.Input((5, 6))
    dense, einsum = (
        layers.Dense(7),
        layers.EinsumDense("abc,cde->abde", (None, 4, 8), bias_axes="de"),
    )
    model = keras.Model(x, einsum(dense(x)))
    config = getattr(keras.quantizers, f"{mode.upper()}Config")
    for layer in (dense, einsum):
        layer.quantize(mode, config=config(dataset=None, tokenizer=None, group_size=3))
        setattr(layer, f"is_{mode}_calibrated", True)
        layer._tracker.unlock()
        layer._untrack_variable(layer._kernel)
        del layer._kernel
        layer._tracker.lock()
        for weight in (layer.quantized_kernel, layer.kernel_zero):
            weight.assign(random.integers(0, 5, size=weight.shape).astype("uint8"))
        layer.kernel_scale.assign(random.uniform(1, 2, size=layer.kernel_scale.shape))
        layer.g_idx.assign(np.arange(layer.g_idx.shape[0]) // 3)
        if mode == "awq":
            layer.awq_scales.assign(random.uniform(1, 2, size=layer.awq_scales.shape))
    return model


def inputs() -> Any:
    """Return what the model is given."""
    return np.random.default_rng(1).normal(size=(2, 5, 6)).astype("float32")


if __name__ == "__main__":
    import keras

    made = calibrated(keras, "gptq")
    made.save(f"{sys.argv[1]}.keras")
    np.savez(f"{sys.argv[1]}.npz", x=inputs(), out=np.asarray(made(inputs())))
