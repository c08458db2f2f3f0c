"""How the target keras2 spells what the Graph says in the words of Keras 3: tables only.

`registry/legacy.py` is the way back: a page for Keras 2, saved there and compiled for Keras 3, says
the same again.
"""

from __future__ import annotations

from typing import Final

from kcodegen.ir.values import Value
from kcodegen.registry.helper_rows import LOCAL_1D, LOCAL_2D, OLD_HARD_SIGMOID

RENAMED: Final[dict[tuple[str, str], str]] = {
    ("keras.layers.LeakyReLU", "negative_slope"): "alpha",
}
"""Arguments by class and today's name, and what Keras 2 calls them."""

CLASSES: Final[dict[str, str]] = {
    LOCAL_1D.key: "keras2.layers.LocallyConnected1D",
    LOCAL_2D.key: "keras2.layers.LocallyConnected2D",
}
"""Classes that go by another path; any other one is found below `keras2.` by its own."""

ACTIVATIONS: Final[dict[str, str]] = {OLD_HARD_SIGMOID: "hard_sigmoid"}
"""Functions that are a string in Keras 2."""

_REDUCTIONS: Final[tuple[tuple[Value, Value], ...]] = (
    ("sum_over_batch_size", "auto"),
    ("sum", "sum"),
    ("none", "none"),
    (None, "none"),
)


_OF_TEXT: Final = ("count", "int", "multi_hot", "tf_idf")


def _alike(*values: Value) -> tuple[tuple[Value, Value], ...]:
    return tuple((value, value) for value in values)


VALUES: Final[dict[tuple[str, str], tuple[tuple[Value, Value], ...]]] = {
    ("*loss", "reduction"): _REDUCTIONS,
    # Keras 2 takes others and ignores them, or fails when the page is built.
    ("keras.layers.Conv3DTranspose", "dilation_rate"): _alike(1, (1, 1, 1)),
    **{(f"keras.layers.ConvLSTM{rank}D", "unroll"): _alike(False) for rank in (1, 2, 3)},
    ("keras.layers.HashedCrossing", "dtype"): _alike("float32", "int8", "int16", "int32", "int64"),
    ("keras.layers.TextVectorization", "output_mode"): _alike(
        "count", "int", "multi_hot", "tf_idf"
    ),
}
"""Every value that an argument may have, and how Keras 2 spells it; `*kind` is all of a kind."""

MEANINGLESS: Final[dict[tuple[str, str], tuple[Value, ...]]] = {
    ("keras.layers.TextVectorization", "dtype"): ("string",),
}
"""Arguments that Keras 2 does not take, and what they may be because it has that anyway."""

LAST_AXIS: Final = frozenset({("keras.layers.BatchNormalization", "axis")})
"""Arguments that a build of Keras 2 writes as the last axis, counted from the front: `-1 -> 3`."""

ALIKE: Final = frozenset(
    {
        ("*loss", "name"),
        ("*metric", "dtype"),
        ("*metric", "name"),
        ("*optimizer", "name"),
        ("*schedule", "name"),
        ("keras.initializers.Constant", "value"),
        ("keras.layers.Discretization", "dtype"),
        ("keras.layers.IntegerLookup", "dtype"),
        ("keras.layers.SpatialDropout2D", "data_format"),
        ("keras.layers.SpatialDropout3D", "data_format"),
        ("keras.layers.StringLookup", "dtype"),
    }
)
"""Arguments whose defaults differ between the two and mean the same."""
