"""Keras 0 and 1: what their classes, arguments and values were called, in the words of Keras 2.

    Convolution2D(nb_filter=8, nb_row=3, nb_col=3, border_mode="same", dim_ordering="th")
        ->  Conv2D(filters=8, kernel_size=[3, 3], padding="same", data_format="channels_first")

Source: `get_config` of every class of Keras 0.3.3, 1.0.3 and 1.2.2, and `keras.legacy` of Keras 2.
"""

from __future__ import annotations

from typing import Final

from kcodegen.records import record

Names = dict[str, str]


@record(frozen=True)
class OldClass:
    """What became of a layer of Keras 1.

    `args` are arguments that were renamed in this class alone; one that became two is there
    twice. `sizes` are the numbers that are a kernel's size now. `gates` is the number of its
    gates, each with weights of its own. `kernel` is the rank of a kernel that may have lain
    otherwise. With `silent_format` it never wrote its dim_ordering, with `silent_axes` its
    shared axes.
    """

    name: str
    args: tuple[tuple[str, str], ...] = ()
    sizes: tuple[str, ...] = ()
    gates: int = 0
    kernel: int = 0
    silent_format: bool = False
    silent_axes: bool = False


ARGUMENTS: Final[Names] = {
    "atrous_rate": "dilation_rate",
    "b_constraint": "bias_constraint",
    "b_regularizer": "bias_regularizer",
    "bias": "use_bias",
    "border_mode": "padding",
    "dim_ordering": "data_format",
    "dropout_U": "recurrent_dropout",
    "dropout_W": "dropout",
    "forget_bias_init": "unit_forget_bias",
    "init": "kernel_initializer",
    "inner_activation": "recurrent_activation",
    "inner_init": "recurrent_initializer",
    "nb_filter": "filters",
    "output_dim": "units",
    "p": "rate",
    "pool_length": "pool_size",
    "sigma": "stddev",
    "stride": "strides",
    "subsample": "strides",
    "subsample_length": "strides",
    "U_regularizer": "recurrent_regularizer",
    "W_constraint": "kernel_constraint",
    "W_regularizer": "kernel_regularizer",
}
"""Arguments that were renamed wherever they stood."""

MODES: Final[dict[int, str]] = {1: "SampleNormalization", 2: "CurrentBatchNormalization"}
"""What a `BatchNormalization` is in its other modes: layers that only Keras 1 had."""

DROPPED: Final[frozenset[str | tuple[str, str]]] = frozenset(
    {
        *("cache_enabled", "consume_less", "input_dim", "input_dtype", "input_length"),
        *("input_shape", ("BatchNormalization", "mode"), ("Embedding", "dropout")),
        *((name, key) for name in MODES.values() for key in ("mode", "momentum")),
    }
)
"""Arguments that say nothing beside the shape of the input."""

_EMBEDDED: Final = (
    ("init", "embeddings_initializer"),
    ("input_dim", "input_dim"),
    ("output_dim", "output_dim"),
    ("W_constraint", "embeddings_constraint"),
    ("W_regularizer", "embeddings_regularizer"),
)
_SIDES: Final = tuple(
    (f"{part}_init", f"{part}_initializer") for part in ("t_left", "a_left", "t_right", "a_right")
)
_AREA: Final = ("nb_row", "nb_col")
_LENGTH: Final = ("filter_length",)
_SPACE: Final = ("kernel_dim1", "kernel_dim2", "kernel_dim3")

CLASSES: Final[dict[str, OldClass]] = {
    "AtrousConvolution1D": OldClass("Conv1D", sizes=_LENGTH, kernel=1),
    "AtrousConvolution2D": OldClass("Conv2D", sizes=_AREA, kernel=2),
    "Convolution1D": OldClass("Conv1D", sizes=_LENGTH, kernel=1),
    "Convolution2D": OldClass("Conv2D", sizes=_AREA, kernel=2),
    "Convolution3D": OldClass("Conv3D", sizes=_SPACE, kernel=3),
    "ConvLSTM2D": OldClass("ConvLSTM2D", sizes=_AREA, gates=4, kernel=2),
    "CurrentBatchNormalization": OldClass("CurrentBatchNormalization"),
    "Cropping2D": OldClass("Cropping2D", silent_format=True),
    "Cropping3D": OldClass("Cropping3D", silent_format=True),
    "Deconvolution2D": OldClass("Conv2DTranspose", sizes=_AREA, kernel=2),
    "Embedding": OldClass("Embedding", _EMBEDDED),
    "GRU": OldClass("GRU", gates=3),
    "Highway": OldClass("Highway"),
    "LocallyConnected1D": OldClass("LocallyConnected1D", sizes=_LENGTH),
    "LocallyConnected2D": OldClass("LocallyConnected2D", sizes=_AREA),
    "LSTM": OldClass("LSTM", gates=4),
    "MaxoutDense": OldClass("MaxoutDense", (("nb_feature", "features"),)),
    "ParametricSoftplus": OldClass("ParametricSoftplus", silent_axes=True),
    "PReLU": OldClass("PReLU", (("init", "alpha_initializer"),), silent_axes=True),
    "Reshape": OldClass("Reshape", (("dims", "target_shape"),)),
    "SampleNormalization": OldClass("SampleNormalization"),
    "SeparableConvolution2D": OldClass(
        "SeparableConv2D",
        (("init", "depthwise_initializer"), ("init", "pointwise_initializer")),
        sizes=_AREA,
        kernel=2,
    ),
    "SpatialDropout2D": OldClass("SpatialDropout2D", silent_format=True),
    "SpatialDropout3D": OldClass("SpatialDropout3D", silent_format=True),
    "SReLU": OldClass("SReLU", _SIDES, silent_axes=True),
    "TimeDistributedDense": OldClass("Dense"),
    "UpSampling1D": OldClass("UpSampling1D", (("length", "size"),)),
    "UpSampling2D": OldClass("UpSampling2D", silent_format=True),
    "UpSampling3D": OldClass("UpSampling3D", silent_format=True),
    "ZeroPadding2D": OldClass("ZeroPadding2D", silent_format=True),
    "ZeroPadding3D": OldClass("ZeroPadding3D", silent_format=True),
}
"""Layers that need more than the common renamings; all others keep their class."""

INITIALIZERS: Final[dict[str, tuple[str, dict[str, float]]]] = {
    "glorot_normal": ("GlorotNormal", {}),
    "glorot_uniform": ("GlorotUniform", {}),
    "he_normal": ("HeNormal", {}),
    "he_uniform": ("HeUniform", {}),
    "identity": ("Identity", {}),
    "lecun_uniform": ("LecunUniform", {}),
    "normal": ("RandomNormal", {}),
    "one": ("Ones", {}),
    # Keras 1 scaled it by 1.1, as the paper's authors did.
    "orthogonal": ("Orthogonal", {"gain": 1.1}),
    "uniform": ("RandomUniform", {}),
    "zero": ("Zeros", {}),
}
"""Functions that made initial weights, and the classes that do."""

REGULARIZERS: Final = frozenset({"ActivityRegularizer", "L1L2Regularizer", "WeightRegularizer"})
"""Regularizers that are `L1L2` since Keras 2."""

CONSTRAINTS: Final[dict[str, Names]] = {
    "MaxNorm": {"m": "max_value"},
    "MinMaxNorm": {"low": "min_value", "high": "max_value"},
    "NonNeg": {},
    "UnitNorm": {},
}
"""Constraints, and their arguments that were renamed."""

PLACES: Final[dict[str, str]] = {
    **dict.fromkeys(("a_left_init", "a_right_init", "init", "inner_init"), "initializer"),
    **dict.fromkeys(("t_left_init", "t_right_init"), "initializer"),
    **dict.fromkeys(("W_regularizer", "U_regularizer", "b_regularizer"), "object"),
    **dict.fromkeys(("depthwise_regularizer", "pointwise_regularizer"), "object"),
    **dict.fromkeys(("activity_regularizer", "gamma_regularizer", "beta_regularizer"), "object"),
    **dict.fromkeys(("W_constraint", "b_constraint"), "object"),
    **dict.fromkeys(("depthwise_constraint", "pointwise_constraint"), "object"),
}
"""What an argument of a layer holds: the name of an initializer, or an object."""

FORMATS: Final[Names] = {"tf": "channels_last", "th": "channels_first"}
"""Where the channels of an image lie."""

MERGES: Final[Names] = {
    "ave": "Average",
    "concat": "Concatenate",
    "cos": "CosineMerge",
    "dot": "Dot",
    "max": "Maximum",
    "mul": "Multiply",
    "sum": "Add",
}
"""The modes of `Merge`, and the layers that they became."""

KERNEL_AXES: Final[dict[int, tuple[int, ...]]] = {
    1: (0, -1, 1, 2),
    2: (3, 2, 0, 1),
    3: (4, 3, 0, 1, 2),
}
"""Where each axis of a kernel of Keras 1 went, by rank: of Conv1D, and of images in "th"."""

OLD_KERNEL_1D: Final = (2, 1, 0, -1)
"""The same for Conv1D of Keras 1.0; an axis of length 1 is gone."""

PADDINGS: Final[tuple[tuple[str, str], ...]] = (
    ("top_pad", "bottom_pad"),
    ("left_pad", "right_pad"),
)
"""The keys of a padding that was written as an object."""
