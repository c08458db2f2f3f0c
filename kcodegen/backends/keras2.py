"""The Keras 2 target: what its pages import, and what `model.compile` took.

try:
    import tf_keras as keras
    from tf_keras import layers
except ImportError:  # TensorFlow up to 2.15 holds Keras 2 itself
    from tensorflow import keras
    from tensorflow.keras import layers
"""

from __future__ import annotations

from collections.abc import Callable

from kcodegen.backends import keras3
from kcodegen.backends.dialect import Dialect
from kcodegen.backends.imports import Imports
from kcodegen.backends.objects import OBJECT_BUILDERS
from kcodegen.ir.graph import Artifact, Graph
from kcodegen.ir.outline import Outline
from kcodegen.ir.program import Module
from kcodegen.registry.rows import Parameter
from kcodegen.registry.vocabulary import Vocabulary

# Classes that Keras 3 has at its top and Keras 2 below.
_BASES = {
    "keras.Initializer": "keras.initializers.Initializer",
    "keras.Layer": "keras.layers.Layer",
    "keras.Loss": "keras.losses.Loss",
    "keras.Metric": "keras.metrics.Metric",
    "keras.Optimizer": "keras.optimizers.Optimizer",
    "keras.Regularizer": "keras.regularizers.Regularizer",
}
# Modules of Keras 3 in whose place the page's own classes take TensorFlow.
_TENSORFLOW = frozenset({"ops", "random"})
TRAINING = tuple(
    (Parameter(param.name, None, None, param.holds), default)
    for param, default in keras3.TRAINING
    if param.name != "auto_scale_loss"
)


def import_lines(imports: Imports) -> tuple[str, ...]:
    """Return the lines that import all that a page uses, from whichever package there is."""
    names = ", ".join(sorted(imports.modules - _TENSORFLOW))
    first = ["import numpy as np"] if "numpy" in imports.plain else []
    if "tensorflow" in imports.plain or imports.modules & _TENSORFLOW:
        first.append("import tensorflow as tf")
    users = imports.from_users()
    parts = [
        *first,
        *(("", *users) if users and first else users),
        *([""] if users or first else []),
        "try:",
        "    import tf_keras as keras",
        f"    from tf_keras import {names}" if names else "",
        "except ImportError:  # TensorFlow up to 2.15 holds Keras 2 itself",
        "    from tensorflow import keras",
        f"    from tensorflow.keras import {names}" if names else "",
    ]
    begin = parts.index("try:")
    return (*parts[:begin], *filter(None, parts[begin:]))


DIALECT = Dialect(
    TRAINING,
    {kind: (name, _BASES.get(base, base)) for kind, (name, base) in OBJECT_BUILDERS.items()},
    import_lines,
)


def lower(
    artifact: Artifact,
    vocabulary: Vocabulary,
    outline_of: Callable[[Graph], Outline],
    parameter_count: int | None = None,
) -> Module:
    """Return the module that rebuilds `artifact`, which is in the words of Keras 2."""
    return keras3.lower(artifact, vocabulary, outline_of, parameter_count, DIALECT)
