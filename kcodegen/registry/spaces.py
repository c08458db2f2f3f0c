"""Where classes live: what the modules hold that any Keras has written, and old paths."""

from __future__ import annotations

from typing import Final

ROOTS: Final = ("keras.src.", "keras.api.", "keras.", "tf_keras.src.", "tf_keras.")
"""What a module of Keras begins with, longest first."""

SPACES: Final[dict[str, tuple[str, ...]]] = {
    "constraints": ("constraint",),
    "dtype_policies": ("dtype_policy",),
    "engine": ("layer",),
    "initializers": ("initializer",),
    "layers": ("layer",),
    "losses": ("loss",),
    "metrics": ("metric",),
    "mixed_precision": ("dtype_policy", "optimizer"),
    "models": ("layer",),
    "optimizers": ("optimizer", "schedule"),
    "quantizers": ("quantizer", "quantization_config"),
    "random": ("seed_generator",),
    "regularizers": ("regularizer",),
    "utils": ("seed_generator",),
}
"""The kinds of classes below each first part of a module's name."""

PLACES: Final[dict[str, tuple[str, ...]]] = {
    "activation": ("layer",),
    "function": (),
    "metric": ("metric", "loss"),
}
"""The kinds of classes that may stand in a place, where it is not just the place's own kind."""


CLASS_ALIASES: Final[dict[str, str]] = {
    # What Keras calls the class itself, and so its HDF5.
    "keras.layers.GroupedQueryAttention": "keras.layers.GroupQueryAttention",
    "keras.engine.functional.Functional": "keras.Model",
    "keras.engine.sequential.Sequential": "keras.Sequential",
    "keras.engine.training.Model": "keras.Model",
    "keras.layers.Deconvolution2D": "keras.layers.Conv2DTranspose",
    "keras.layers.Deconvolution3D": "keras.layers.Conv3DTranspose",
    "keras.layers.experimental.EinsumDense": "keras.layers.EinsumDense",
    "keras.optimizers.schedules.PiecewiseConstant": (
        "keras.optimizers.schedules.PiecewiseConstantDecay"
    ),
    "keras.src.engine.functional.Functional": "keras.Model",
    "keras.src.engine.sequential.Sequential": "keras.Sequential",
    "keras.src.engine.training.Model": "keras.Model",
    "keras.src.models.functional.Functional": "keras.Model",
    # On Torch, Keras 3 writes the classes that step through its own tensors.
    **{
        f"keras.src.backend.torch.optimizers.torch_{n.lower()}.{n}": f"keras.optimizers.{n}"
        for n in "Adadelta Adagrad Adam AdamW Adamax Lion Nadam RMSprop SGD".split()
    },
    # TensorFlow has initializers of its own, which are those of Keras.
    **{
        f"tensorflow.python.ops.init_ops_v2.{name}": f"keras.initializers.{name}"
        for name in """Constant GlorotNormal GlorotUniform Identity Ones Orthogonal RandomNormal
        RandomUniform TruncatedNormal VarianceScaling Zeros""".split()
    },
}
"""Old paths of classes that have only moved; the last part is an old name for them too."""

CUSTOM_PREFIX: Final = "Custom>"
"""TensorFlow 2.11 and 2.12 wrote Keras' own new optimizers as `Custom>Adam`."""


def places(holds: str) -> tuple[str, ...]:
    """Return the kinds of classes that may stand in a place, the likeliest first."""
    return PLACES.get(holds, (holds,))


def kinds_of_module(module: str) -> tuple[str, ...]:
    """Return the kinds of classes that a module of Keras holds; empty for any other module."""
    for root in ROOTS:
        if module.startswith(root):
            return SPACES.get(module[len(root) :].partition(".")[0], ())
    return ()
