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

LOCAL_RESPONSE: Final = ClassRow(
    key="kcodegen.LocalResponseNormalization",
    kind="layer",
    module="kcodegen",
    name="LocalResponseNormalization",
    params=(
        Parameter("depth_radius", 5, 5),
        Parameter("bias", 1.0, 1.0),
        Parameter("alpha", 1.0, 1.0),
        Parameter("beta", 0.5, 0.5),
    ),
    extra=tuple(LAYER_EXTRA[name] for name in ("trainable", "dtype", "name")),
    positional=1,
    helper="local_response_normalization",
)
"""Divides by what the neighbours in the last axis are: `tf.nn.lrn`."""


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
            *((Parameter("data_format", "channels_last", "channels_last"),) * (rank == 2)),
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


def _keras1(name: str, helper: str, params: tuple[Parameter, ...], masks: str = "") -> ClassRow:
    """Return the row of a layer that only Keras 1 had."""
    return ClassRow(
        key=f"kcodegen.{name}",
        kind="layer",
        module="kcodegen",
        name=name,
        params=params,
        extra=tuple(
            LAYER_EXTRA[name] for name in ("activity_regularizer", "trainable", "dtype", "name")
        ),
        positional=sum(param.required for param in params),
        masks=masks,
        helper=helper,
    )


_KERNEL_AND_BIAS: Final = (
    Parameter("use_bias", True, True),
    _initializer("kernel_initializer", "GlorotUniform"),
    Parameter("kernel_regularizer", None, None, holds="regularizer"),
    Parameter("bias_regularizer", None, None, holds="regularizer"),
    Parameter("kernel_constraint", None, None, holds="constraint"),
    Parameter("bias_constraint", None, None, holds="constraint"),
)
COSINE_MERGE: Final = _keras1("CosineMerge", "cosine_merge", (Parameter("axes"),))
HIGHWAY: Final = _keras1(
    "Highway",
    "highway",
    (
        Parameter("activation", None, "linear", holds="activation"),
        Parameter("transform_bias", 1, 1),
        *_KERNEL_AND_BIAS,
    ),
)
MAXOUT_DENSE: Final = _keras1(
    "MaxoutDense",
    "maxout_dense",
    (Parameter("units"), Parameter("features", 4, 4), *_KERNEL_AND_BIAS),
)
PARAMETRIC_SOFTPLUS: Final = _keras1(
    "ParametricSoftplus",
    "parametric_softplus",
    (Parameter("alpha_init", 0.2, 0.2), Parameter("beta_init", 5.0, 5.0)),
    "keep",
)
S_RELU: Final = _keras1(
    "SReLU",
    "s_relu",
    (
        _initializer("t_left_initializer", "Zeros"),
        _initializer("a_left_initializer", "GlorotUniform"),
        _initializer("t_right_initializer", "GlorotUniform"),
        _initializer("a_right_initializer", "Ones"),
    ),
    "keep",
)
_NORMALIZING: Final = (
    Parameter("epsilon", 0.001, 0.001),
    Parameter("axis", -1, -1),
    Parameter("gamma_regularizer", None, None, holds="regularizer"),
    Parameter("beta_regularizer", None, None, holds="regularizer"),
)
SAMPLE_NORMALIZATION: Final = _keras1(
    "SampleNormalization", "sample_normalization", _NORMALIZING, "keep"
)
CURRENT_BATCH: Final = _keras1(
    "CurrentBatchNormalization", "current_batch_normalization", _NORMALIZING, "keep"
)
KERAS_1: Final = (
    *(COSINE_MERGE, CURRENT_BATCH, HIGHWAY, MAXOUT_DENSE, PARAMETRIC_SOFTPLUS),
    *(S_RELU, SAMPLE_NORMALIZATION),
)

HELPER_ROWS: Final[dict[str, ClassRow]] = {
    row.key: row for row in (LOCAL_1D, LOCAL_2D, LOCAL_RESPONSE, POSITIONS, *KERAS_1)
}
"""The classes among them, by key."""
