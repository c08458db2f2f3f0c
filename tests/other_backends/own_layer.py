"""A layer of a user's own that holds weights of any type."""

from __future__ import annotations

from typing import Any

import keras

TYPES = (
    *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "bfloat16", "float32", "float64", "float8_e4m3fn", "float8_e5m2"),
)


# NumPy stores these as mere bytes; made.py has one with an empty array.
SMALL = ("bfloat16", "float8_e4m3fn", "float8_e5m2")
FIXED = {"trainable": False, "autocast": False}


def ones(shape: tuple[int, ...], dtype: str) -> Any:
    """Return ones: TensorFlow makes those of small floats from others only."""
    return keras.ops.cast(keras.ops.ones(shape, "float32"), dtype)


@keras.saving.register_keras_serializable("tests")
class Holder(keras.Layer):
    """Holds a table, a scalar and an empty array, and adds the sum of the table to its input."""

    def __init__(self, kind: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kind = kind

    def build(self, input_shape: Any) -> None:
        shapes = {"table": (3, 70), "scalar": ()}
        if self.kind not in SMALL:
            shapes["nothing"] = (0, 3)
        for name, shape in shapes.items():
            self.add_weight(shape=shape, dtype=self.kind, initializer=ones, name=name, **FIXED)

    def call(self, inputs: Any) -> Any:
        table = keras.ops.cast(self.weights[0].value, "float32")
        return inputs + keras.ops.sum(table)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "kind": self.kind}
