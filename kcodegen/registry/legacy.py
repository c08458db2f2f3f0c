"""Old names: classes and arguments that Keras has renamed or dropped.

Versions are Keras' own numbers: 2.0 to 2.3 of the package `keras`, 2.4 to 2.15 of the Keras
inside TensorFlow. Keras 1 spelled nearly everything otherwise and is not here.
"""

from __future__ import annotations

from typing import Final, Literal

from kcodegen.ir.values import Args, Value, same
from kcodegen.records import record
from kcodegen.registry.helper_rows import (
    KERAS_1,
    LOCAL_1D,
    LOCAL_2D,
    PARAMETRIC_SOFTPLUS,
)
from kcodegen.registry.rows import ClassRow

Versions = tuple[str, str]

KERAS_0_AND_1: Final = ("0.0", "1.2")
KERAS_2: Final = ("2.0", "2.15")
TF_KERAS: Final = ("2.4", "2.15")


@record(frozen=True)
class LegacyArgument:
    """An argument that Keras 3.15 does not take any more.

    `cls` is a registry key, or `*kind` for every class of a kind. `action` is "rename" (to
    `new_name`), "drop", or "input": the argument says something about the model's input. With
    `only_if` the action is right only for these values; any other one has to be refused.
    """

    cls: str
    name: str
    action: Literal["rename", "drop", "input"]
    new_name: str = ""
    only_if: tuple[Value, ...] = ()
    versions: Versions = KERAS_2

    def allows(self, value: Value) -> bool:
        """Tell whether the action is right for an argument of this value."""
        return not self.only_if or any(same(value, allowed) for allowed in self.only_if)


@record(frozen=True)
class LegacyValue:
    """A value that is spelled otherwise now: `reduction="auto"`."""

    cls: str
    name: str
    old: Value
    new: Value
    versions: Versions = KERAS_2


@record(frozen=True)
class LegacyClass:
    """A class that is another one with some arguments now.

    `weights` says how its weights differ, where they do.
    """

    name: str
    key: str
    args: Args = ()
    versions: Versions = KERAS_2
    weights: str = ""


@record(frozen=True)
class LegacyDefault:
    """What an argument was that a class had not yet: today's default is another one."""

    cls: str
    name: str
    value: Value
    versions: Versions = KERAS_2


_RECURRENT = ("RNN", "SimpleRNN", "LSTM", "GRU", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
_SPATIAL = ("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D")
_SEPARABLE = ("SeparableConv1D", "SeparableConv2D")
_LOCAL = (LOCAL_1D.key, LOCAL_2D.key)
_UNGROUPED = (
    *_SEPARABLE,
    "DepthwiseConv1D",
    "DepthwiseConv2D",
    "Conv1DTranspose",
    "Conv2DTranspose",
    "Conv3DTranspose",
)


def _layers(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"keras.layers.{name}" for name in names)


def _drop(
    classes: tuple[str, ...], name: str, *only_if: Value, versions: Versions = KERAS_2
) -> tuple[LegacyArgument, ...]:
    return tuple(LegacyArgument(c, name, "drop", "", only_if, versions) for c in classes)


ARGUMENTS: Final[tuple[LegacyArgument, ...]] = (
    LegacyArgument("keras.layers.InputLayer", "batch_input_shape", "rename", "batch_shape"),
    LegacyArgument("keras.layers.InputLayer", "type_spec", "input", versions=TF_KERAS),
    LegacyArgument("keras.layers.LeakyReLU", "alpha", "rename", "negative_slope"),
    LegacyArgument("keras.layers.ReLU", "theta", "rename", "threshold"),
    *_drop(_layers(("Attention", "AdditiveAttention")), "causal", False, versions=("2.4", "2.9")),
    *_drop(_layers(("Embedding",)), "input_length"),
    *_drop(_layers(("Embedding",)), "sparse", versions=("2.11", "2.15")),
    *_drop(_layers(("SimpleRNN", "LSTM", "GRU")), "implementation"),
    *_drop(_layers(("SimpleRNNCell", "LSTMCell", "GRUCell")), "implementation"),
    *_drop(_layers(_RECURRENT), "time_major", False, versions=TF_KERAS),
    *_drop(_layers(_UNGROUPED), "groups", 1, versions=TF_KERAS),
    *_drop(_layers(_SEPARABLE), "kernel_initializer", versions=TF_KERAS),
    *_drop(_layers(_SEPARABLE), "kernel_regularizer", versions=TF_KERAS),
    *_drop(_layers(_SEPARABLE), "kernel_constraint", versions=TF_KERAS),
    *_drop(_layers(("MultiHeadAttention",)), "query_shape", versions=TF_KERAS),
    *_drop(_layers(("MultiHeadAttention",)), "key_shape", versions=TF_KERAS),
    *_drop(_layers(("MultiHeadAttention",)), "value_shape", versions=TF_KERAS),
    *_drop(_layers(("MultiHeadAttention",)), "softmax_robust_masking", False),
    *_drop(_layers(_SPATIAL), "noise_shape", None),
    *_drop(_layers(_SPATIAL), "trainable", True),
    *_drop(_layers(("Discretization", "HashedCrossing")), "trainable", True, versions=TF_KERAS),
    *_drop(_layers(("IntegerLookup",)), "dtype", "int64", "int32", versions=TF_KERAS),
    *_drop(_layers(("StringLookup",)), "dtype", "int64", "string", versions=TF_KERAS),
    *(
        LegacyArgument("keras.layers.IntegerLookup", old, "rename", new, versions=("2.4", "2.4"))
        for old, new in (
            ("mask_value", "mask_token"),
            ("max_values", "max_tokens"),
            ("oov_value", "oov_token"),
        )
    ),
    *_drop(("*layer",), "rng_type", "stateful", versions=TF_KERAS),
    *_drop(_LOCAL, "padding", "valid"),
    *_drop((LOCAL_1D.key,), "data_format", "channels_last"),
    *_drop(_LOCAL, "implementation", 1),
    LegacyArgument("*layer", "batch_input_shape", "input"),
    *_drop(("*layer",), "dynamic", False, versions=TF_KERAS),
    *_drop(("*initializer",), "dtype", "float32", versions=("2.2", "2.4")),
    *_drop(("*loss",), "fn", versions=("2.13", "2.15")),
    LegacyArgument("*optimizer", "lr", "rename", "learning_rate"),
    *_drop(("*optimizer",), "jit_compile", versions=("2.11", "2.15")),
    *_drop(("*optimizer",), "is_legacy_optimizer", versions=("2.11", "2.15")),
    *_drop(("keras.optimizers.Nadam",), "decay", 0.004, versions=("2.4", "2.10")),
    *_drop(("keras.optimizers.Nadam",), "schedule_decay", 0.004),
    *_drop(("*optimizer",), "decay", 0.0, versions=("2.0", "2.10")),
)
"""Old arguments; a row for one class comes before one for its kind."""

VALUES: Final[tuple[LegacyValue, ...]] = (
    LegacyValue("*loss", "reduction", "auto", "sum_over_batch_size", TF_KERAS),
    LegacyValue("*optimizer", "epsilon", None, 1e-07, ("2.0", "2.10")),
    LegacyValue(
        "keras.initializers.VarianceScaling",
        "distribution",
        "normal",
        "truncated_normal",
        ("2.0", "2.3"),
    ),
    LegacyValue("keras.layers.StringLookup", "encoding", None, "utf-8", ("2.4", "2.9")),
    LegacyValue("keras.layers.TextVectorization", "encoding", None, "utf-8", ("2.4", "2.9")),
)
"""Values that are spelled otherwise now."""

_CUDNN: Final[Args] = (("recurrent_activation", "sigmoid"),)
_CUDNN_GRU: Final[Args] = (*_CUDNN, ("reset_after", True))
_CUDNN_WEIGHTS: Final = "each kernel lies gate by gate, transposed, and the bias has two halves"

SINGLE: Final = frozenset({("keras.layers.BatchNormalization", "axis")})
"""Arguments that TensorFlow wrote as a list of one number and that are a number now."""

FLOAT32: Final = frozenset(
    {
        ("keras.layers.ELU", "alpha"),
        ("keras.layers.LeakyReLU", "negative_slope"),
        ("keras.layers.ReLU", "max_value"),
        ("keras.layers.ReLU", "negative_slope"),
        ("keras.layers.ReLU", "threshold"),
        (PARAMETRIC_SOFTPLUS.key, "alpha_init"),
        (PARAMETRIC_SOFTPLUS.key, "beta_init"),
    }
)
"""Arguments of layers that Keras 2 rounded to 32 bits before it wrote them."""

CLASSES: Final[tuple[LegacyClass, ...]] = (
    LegacyClass(
        "SyncBatchNormalization",
        "keras.layers.BatchNormalization",
        (("synchronized", True),),
        TF_KERAS,
    ),
    LegacyClass("LocallyConnected1D", LOCAL_1D.key),
    LegacyClass("LocallyConnected2D", LOCAL_2D.key),
    LegacyClass("ThresholdedReLU", "keras.layers.ReLU"),
    *(LegacyClass(row.name, row.key, versions=KERAS_0_AND_1) for row in KERAS_1),
    LegacyClass("CuDNNLSTM", "keras.layers.LSTM", _CUDNN, weights=_CUDNN_WEIGHTS),
    LegacyClass("CuDNNGRU", "keras.layers.GRU", _CUDNN_GRU, weights=_CUDNN_WEIGHTS),
)
"""Classes that are another one with some arguments now."""

_FEATURES = "it is made of feature columns, which Keras 3 does not have"
_RESIZED = "it changes the size of images while it trains, which no layer of Keras 3 can do"
GONE: Final[dict[str, str]] = {
    "AbstractRNNCell": "it is abstract",
    "CategoryCrossing": "Keras 3 has HashedCrossing only, which gives other numbers",
    "ConvLSTM2DCell": "Keras 3 keeps the cells of its ConvLSTM layers to itself",
    "DenseFeatures": _FEATURES,
    "ExperimentalRandomFourierFeatures": "Keras 3 has no layer for it",
    "LinearModel": "Keras 3 has no such model",
    "PeepholeLSTMCell": "no cell of Keras 3 looks at its own state",
    "RandomFourierFeatures": "Keras 3 has no layer for it",
    "RandomHeight": _RESIZED,
    "RandomWidth": _RESIZED,
    "SequenceFeatures": _FEATURES,
    "WideDeepModel": "Keras 3 has no such model",
}
"""Classes that Keras 3 has no equal for, with the reason."""

_COLUMNS: Final = (
    "let keras.utils.FeatureSpace, or Normalization, Discretization, StringLookup, Hashing and "
    "CategoryEncoding, make the numbers that the columns made, and save the model behind them"
)
INSTEAD: Final[dict[str, str]] = {
    "DenseFeatures": _COLUMNS,
    "LinearModel": "it is a Dense without activation on each input, added up",
    "RandomHeight": "RandomZoom(height_factor=..., width_factor=0.0) keeps the size of the image",
    "RandomWidth": "RandomZoom(height_factor=0.0, width_factor=...) keeps the size of the image",
    "SequenceFeatures": _COLUMNS,
    "WideDeepModel": "it is the sum of its linear_model and its dnn_model",
}
"""What does nearly the same today, where something does."""

GONE_SINCE_2: Final[dict[str, str]] = {
    "AutoEncoder": "it trained two layers as one, which no layer of Keras 3 does",
    "Graph": "a Graph of Keras 0 inside of another model is not read",
    "LambdaMerge": "its Python function is not in the file, or is bytecode",
    "MaskedLambda": "its Python function is not in the file, or is bytecode",
    "Siamese": "it is a graph of its own; Keras 3 calls the shared layer twice instead",
    "SiameseHead": "it belongs to a Siamese, which Keras 3 does not have",
    "ThresholdedLinear": "no layer of Keras 3 cuts numbers near zero off on both sides",
    "TimeDistributedMerge": "no layer of Keras 3 adds or multiplies the steps of a sequence",
}
"""The same for classes of Keras 0 and 1; in later files these names are a user's own."""

DEFAULTS: Final[tuple[LegacyDefault, ...]] = (
    LegacyDefault("keras.layers.GRU", "reset_after", False, ("0.0", "2.3")),
    LegacyDefault("keras.layers.GRUCell", "reset_after", False, ("2.0", "2.3")),
)
"""Arguments that a file may lack although today's default is wrong for it."""

CHANGED: Final[dict[str, str]] = {
    "keras.layers.RandomCrop": "RandomCrop of Keras 3 leaves images as they are when it does not "
    "train; in Keras 2 they are cut and resized then, too",
}
"""Classes that compute something else since Keras 3, and what."""

NEEDS: Final[dict[tuple[str, str], str]] = {
    ("keras.layers.TextVectorization", "pad_to_max_tokens"): "max_tokens"
}
"""Arguments that meant nothing without another one, and that Keras refuses without it now."""


def find_argument(row: ClassRow, name: str) -> LegacyArgument | None:
    """Return what became of an old argument of a class, or None when it never had it."""
    for argument in ARGUMENTS:
        if argument.name == name and argument.cls in (row.key, f"*{row.kind}"):
            return argument
    return None


def new_value(row: ClassRow, name: str, value: Value) -> Value:
    """Return how a value of an argument is spelled now; most are spelled as they were.

    `reduction="auto"  ->  "sum_over_batch_size"`, and for the axis of a BatchNormalization
    `[3]  ->  3`.
    """
    if (row.key, name) in SINGLE and isinstance(value, tuple) and len(value) == 1:
        return value[0]
    for entry in VALUES:
        fits = entry.name == name and entry.cls in (row.key, f"*{row.kind}")
        if fits and same(entry.old, value):
            return entry.new
    return value


def old_defaults(row: ClassRow, version: tuple[int, int] | None) -> Args:
    """Return what a class did before it had an argument for it."""
    return tuple(
        (entry.name, entry.value)
        for entry in DEFAULTS
        if entry.cls == row.key and (version is None or covers(entry.versions, version))
    )


def is_idle(row: ClassRow, name: str, given: dict[str, Value]) -> bool:
    """Tell whether an argument meant nothing, as another one is not given: it is left out now."""
    needed = NEEDS.get((row.key, name))
    return needed is not None and given.get(needed) is None


def find_legacy_class(name: str, version: tuple[int, int] | None = None) -> LegacyClass | None:
    """Return what a dropped class is now, or None.

    A class of Keras 1 alone is one only in a file of Keras 1: later files have their own.
    """
    for entry in CLASSES:
        if entry.name == name:
            known = entry.versions != KERAS_0_AND_1
            return entry if known or _is_1(version) else None
    return None


def why_gone(name: str, version: tuple[int, int] | None) -> str:
    """Return why a class has no equal, or nothing."""
    return GONE.get(name, "") or (GONE_SINCE_2.get(name, "") if _is_1(version) else "")


def _is_1(version: tuple[int, int] | None) -> bool:
    return version is not None and covers(KERAS_0_AND_1, version)


def covers(versions: Versions, version: tuple[int, int]) -> bool:
    """Tell whether a version lies between two others, both included: `(2, 9)`."""
    first, last = (tuple(int(part) for part in text.split(".")) for text in versions)
    return first <= version <= last
