"""What pages define themselves because Keras 3 has no equal: rows that no harvest can find."""

from __future__ import annotations

from typing import Final

from kcodegen.ir.values import Obj
from kcodegen.registry.rows import LAYER_EXTRA, ClassRow, Parameter

OLD_HARD_SIGMOID: Final = "kcodegen.old_hard_sigmoid"
"""The hard sigmoid of Keras 2: `clip(0.2 * x + 0.5, 0, 1)`."""

POSITIONS: Final = ClassRow(
    key="kcodegen.Positions",
    kind="layer",
    module="kcodegen",
    name="Positions",
    params=(Parameter("axis", 1, 1),),
    extra=tuple(LAYER_EXTRA[name] for name in ("trainable", "dtype", "name")),
    positional=1,
    helper="positions",
)
"""Counts the places along an axis of its input."""


def _local(rank: int) -> ClassRow:
    """Return the row of a convolution whose kernel differs from place to place."""
    ones = (1,) * rank
    return ClassRow(
        key=f"kcodegen.LocallyConnected{rank}D",
        kind="layer",
        module="kcodegen",
        name=f"LocallyConnected{rank}D",
        params=(
            Parameter("filters"),
            Parameter("kernel_size", spread=ones),
            Parameter("strides", ones, ones, spread=ones),
            Parameter("activation", None, "linear", holds="activation"),
            Parameter("use_bias", True, True),
            _initializer("kernel_initializer", "GlorotUniform"),
            _initializer("bias_initializer", "Zeros"),
            Parameter("kernel_regularizer", None, None, holds="regularizer"),
            Parameter("bias_regularizer", None, None, holds="regularizer"),
            Parameter("kernel_constraint", None, None, holds="constraint"),
            Parameter("bias_constraint", None, None, holds="constraint"),
        ),
        extra=tuple(
            LAYER_EXTRA[name] for name in ("activity_regularizer", "trainable", "dtype", "name")
        ),
        positional=2,
        helper=f"locally_connected_{rank}d",
    )


def _initializer(name: str, default: str) -> Parameter:
    return Parameter(name, None, Obj(f"keras.initializers.{default}"), holds="initializer")


LOCAL_1D: Final = _local(1)
LOCAL_2D: Final = _local(2)

HELPER_ROWS: Final[dict[str, ClassRow]] = {row.key: row for row in (LOCAL_1D, LOCAL_2D, POSITIONS)}
"""The classes among them, by key."""
