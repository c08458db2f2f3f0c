"""The user's own classes that some files of the corpus mention, as a user would keep them."""

from __future__ import annotations

from typing import Any

import keras

acme = keras.saving.register_keras_serializable(package="Acme")


@acme
class Scale(keras.layers.Layer):
    """Multiplies by a learned weight and a fixed factor."""

    def __init__(self, factor: float = 2.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor = factor

    def build(self, shape: Any) -> None:
        self.w = self.add_weight(name="w", shape=(int(shape[-1]),), initializer="ones")
        super().build(shape)

    def call(self, x: Any) -> Any:
        return x * self.w * self.factor

    def get_config(self) -> dict[str, Any]:
        return dict(super().get_config(), factor=self.factor)


@acme
def cube(x: Any) -> Any:
    """Return the third power."""
    return x * x * x


@acme
def cube2(x: Any) -> Any:
    """Return the third power, under another name."""
    return x * x * x


@acme
class MyInit(keras.initializers.Initializer):
    """Fills with one value."""

    def __init__(self, val: float = 0.5) -> None:
        self.val = val

    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Any:
        return keras.ops.full(shape, self.val, dtype=dtype or "float32")

    def get_config(self) -> dict[str, Any]:
        return {"val": self.val}


@acme
class MyModel(keras.Model):
    """A functional model under another class name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


@acme
class Opaque(keras.Model):
    """A subclassed model whose layers the file does not mention."""

    def __init__(self, units: int = 3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.d = keras.layers.Dense(units)

    def call(self, x: Any) -> Any:
        return self.d(x)

    def get_config(self) -> dict[str, Any]:
        return {"units": self.units}


class Plain(keras.Model):
    """A subclassed model that is not registered and has no get_config."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.d = keras.layers.Dense(2)

    def call(self, x: Any) -> Any:
        return self.d(x)


class Twice(keras.layers.Layer):
    """A layer that is not registered."""

    def call(self, x: Any) -> Any:
        return 2.0 * x

    def compute_output_shape(self, shape: Any) -> Any:
        return shape


@acme
class DictLayer(keras.layers.Layer):
    """A layer that is called on a dict with a list in it."""

    def call(self, d: Any, extra: Any = None) -> Any:
        y = d["p"] * 2.0 + d["q"][0] - d["q"][1]
        return y if extra is None else y + extra

    def compute_output_shape(self, shapes: Any, *args: Any, **kwargs: Any) -> Any:
        return shapes["p"]

    def build(self, *args: Any, **kwargs: Any) -> None:
        self.built = True


@acme
class OptAdd(keras.layers.Layer):
    """Adds an optional second input."""

    def call(self, x: Any, y: Any = None) -> Any:
        return x if y is None else x + y

    def compute_output_shape(self, x_shape: Any, y_shape: Any = None) -> Any:
        return x_shape

    def build(self, *args: Any, **kwargs: Any) -> None:
        self.built = True


@acme
class KW(keras.layers.Layer):
    """A layer whose arguments and call arguments are nested values."""

    def __init__(
        self, table: Any = None, sl: Any = None, raw: Any = None, fn: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.table, self.sl, self.raw, self.fn = table, sl, raw, fn

    def call(self, x: Any, opts: Any = None, training: bool = False) -> Any:
        return x

    def get_config(self) -> dict[str, Any]:
        return dict(super().get_config(), table=self.table, sl=self.sl, raw=self.raw, fn=self.fn)


@acme
class Backbone(keras.Model):
    """A functional model that builds its layers from its own arguments."""

    def __init__(self, width: int = 4, **kwargs: Any) -> None:
        inputs = keras.Input((4,), name="a")
        super().__init__(
            inputs=inputs, outputs=keras.layers.Dense(width, name="d")(inputs), **kwargs
        )
        self.width = width

    def get_config(self) -> dict[str, Any]:
        return {"width": self.width, "name": self.name}


def scale_by(t: Any, s: float = 1.0) -> Any:
    """Return t times s; a Lambda layer of the corpus calls it by name."""
    return t * s
