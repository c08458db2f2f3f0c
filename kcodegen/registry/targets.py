"""What a page may be written for: the targets, as data.

A target has a vocabulary of its own where its Keras is another one. Keys of `keras2` begin with
`keras2.` (classes and functions of Keras 2) and `tf.` (functions of TensorFlow, which Keras 2 takes
where Keras 3 has `keras.ops`); both are rows like all others.
"""

from __future__ import annotations

from typing import Final

from kcodegen.records import record
from kcodegen.registry.rows import ClassRow, Parameter


@record(frozen=True)
class Target:
    """One target.

    `plain` maps a module that a page imports whole to what its names are keys of, `modules` the
    same for one that it imports names from. `instead` are modules that a page imports where the
    first are not installed. `counted` is how often each prefix of automatic names counts as used
    at the start of a session. `constant` is the function that makes a constant tensor, `own` are
    rows of what has to be called otherwise than in Keras 3. `signs` are functions of two tensors
    that a page writes with an operator. With `is_old` Keras 2 runs the page: it takes the names of
    its own files, hands on masks and keeps weights as it did.
    """

    name: str
    plain: tuple[tuple[str, str], ...]
    modules: tuple[tuple[str, str], ...]
    instead: tuple[tuple[str, str], ...] = ()
    counted: tuple[tuple[str, int], ...] = ()
    constant: str = "keras.ops.convert_to_tensor"
    own: tuple[ClassRow, ...] = ()
    signs: tuple[tuple[str, str], ...] = ()
    is_old: bool = False


KERAS_3: Final = Target("keras3", plain=(("keras", "keras"),), modules=(("keras", "keras"),))

_INPUT = ClassRow(
    key="keras.Input",
    kind="layer",
    module="keras.layers",
    name="InputLayer",
    params=(
        Parameter("shape"),
        *(Parameter(name, None, None) for name in ("batch_size", "name", "dtype")),
        *(Parameter(name, False, False) for name in ("sparse", "ragged")),
    ),
    positional=1,
    auto="input",
)
_MODEL = ClassRow(
    key="keras.Model",
    kind="layer",
    module="keras",
    name="Functional",
    params=(Parameter("trainable", True, True),),
    auto="model",
)
_SEQUENTIAL = ClassRow(key="keras.Sequential", kind="layer", module="keras", name="Sequential")

_SIGNS: Final = (
    *(("tf.add", "+"), ("tf.subtract", "-"), ("tf.multiply", "*"), ("tf.truediv", "/")),
    *(("tf.math.floordiv", "//"), ("tf.math.floormod", "%"), ("tf.pow", "**")),
    *(("tf.less", "<"), ("tf.less_equal", "<="), ("tf.greater", ">"), ("tf.greater_equal", ">=")),
)

KERAS_2: Final = Target(
    "keras2",
    plain=(("tf_keras", "keras"), ("tensorflow", "tf")),
    modules=(("tf_keras", "keras2"),),
    instead=(("tf_keras", "tensorflow.keras"),),
    counted=(("input", 1),),  # the first one is `input_1`
    constant="tf.constant",
    own=(_INPUT, _MODEL, _SEQUENTIAL),
    signs=_SIGNS,
    is_old=True,
)

TARGETS: Final[dict[str, Target]] = {target.name: target for target in (KERAS_3, KERAS_2)}
