"""Every argument of every class of Keras 2 that Keras 3 has too comes back, default or not.

Each class is made once for each argument that it takes, serialized, compiled for Keras 2, built
again, and compared. So the rows of Keras 2 are held against tf_keras itself. What the Graph, which
is in the words of Keras 3, can't hold is refused.
"""

from __future__ import annotations

import inspect
import json
import os
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tf_keras

from kcodegen import CompileError, compile_model, registry
from kcodegen.verification.configs import differences
from kcodegen.verification.rebuild import import_page
from tests.keras2_target.harness import KERAS_2, built
from tests.objects.variants import Library, Tried, made_here, tried

QUICK = (
    *("layers.Dense", "layers.LeakyReLU", "layers.SpatialDropout1D", "losses.Huber"),
    *("metrics.Recall", "initializers.VarianceScaling", "constraints.MaxNorm", "regularizers.L2"),
)
ROWS = made_here({key: registry.row(key) for key in registry.keras2_keys()})
COUNTS = {
    "layer": 103,
    "metric": 43,
    "loss": 17,
    "initializer": 15,
    "optimizer": 11,
    "schedule": 6,
    "constraint": 4,
    "regularizer": 4,
}
# Public classes of Keras 2 that have no row, with the reason; a file with one of the classes that
# are gone is refused, or says the same in the words of Keras 3.
NO_ROW = {
    **dict.fromkeys(
        """AbstractRNNCell Constraint Initializer Layer LearningRateSchedule Loss Metric Optimizer
        PreprocessingLayer Regularizer Wrapper""".split(),
        "it is abstract",
    ),
    **dict.fromkeys(("InputLayer", "InputSpec", "Policy", "ReductionV2"), "no object by itself"),
    **dict.fromkeys(
        """BaseLossScaleOptimizer DenseFeatures DynamicEmbedding DynamicLookup MeanRelativeError
        MeanTensor RadialConstraint RandomFourierFeatures RandomHeight RandomWidth
        SyncBatchNormalization ThresholdedReLU""".split(),
        "Keras 3 has none",
    ),
}
# Arguments that the Graph can't hold: a file with another value than the default is refused.
REFUSED = frozenset(
    {
        *(("*", name) for name in ("dynamic", "renorm", "renorm_momentum")),
        *(("*", name) for name in ("robust_masking", "softmax_robust_masking", "time_major")),
        ("*", "virtual_batch_size"),
        *((f"Conv{rank}DTranspose", "groups") for rank in (1, 2, 3)),
        *(
            (f"{kind}Conv{rank}D", "groups")
            for kind in ("Depthwise", "Separable")
            for rank in (1, 2)
        ),
        ("LocallyConnected1D", "data_format"),
        *((f"LocallyConnected{rank}D", "implementation") for rank in (1, 2)),
        *((f"SpatialDropout{rank}D", "noise_shape") for rank in (1, 2, 3)),
        *((f"SpatialDropout{rank}D", "trainable") for rank in (1, 2, 3)),
        *((name, "trainable") for name in ("Discretization", "HashedCrossing")),
        *((name, "trainable") for name in ("IntegerLookup", "StringLookup")),
        ("StringLookup", "dtype"),
    }
)
# Arguments that do nothing, or nothing that their page does not do as well.
MEANINGLESS = frozenset(
    {
        *((name, "implementation") for name in ("GRU", "GRUCell", "LSTM", "LSTMCell")),
        *((name, "implementation") for name in ("SimpleRNN", "SimpleRNNCell")),
        *(
            (f"SeparableConv{rank}D", f"kernel_{part}")
            for rank in (1, 2)
            for part in ("initializer", "regularizer", "constraint")
        ),
        ("Embedding", "input_length"),  # the shape of an input, which its own layer tells
        ("IntegerLookup", "dtype"),
    }
)
# Arguments that have no value but their default, or that no config tells.
ALWAYS_DEFAULT = frozenset(
    {
        *(("*", name) for name in ("adaptive_epsilon", "is_legacy_optimizer", "jit_compile")),
        ("*", "rng_type"),
        ("AlphaDropout", "noise_shape"),
        ("BatchNormalization", "synchronized"),
        ("Bidirectional", "weights"),
        ("Conv3DTranspose", "dilation_rate"),
        *((f"ConvLSTM{rank}D", "unroll") for rank in (1, 2, 3)),
        ("EinsumDense", "activity_regularizer"),
        ("Embedding", "sparse"),
        ("IntegerLookup", "vocabulary_dtype"),
        *((f"LocallyConnected{rank}D", "padding") for rank in (1, 2)),
        *((f"SpatialDropout{rank}D", "data_format") for rank in (2, 3)),
    }
)
LIBRARY = Library(tf_keras, tf_keras.backend.reset_uids, ROWS, lambda config: True)


def listed(table: frozenset[tuple[str, str]], class_name: str, argument: str) -> bool:
    """Say whether an argument of a class, or of any, is in a table."""
    return (class_name, argument) in table or ("*", argument) in table


def gap_of(config: Any, place: int, page: Path) -> str:
    """Return what is wrong with the page of one object, or nothing."""
    page.write_text(compile_model(as_written(config, place), KERAS_2).text, "utf-8")
    made = tf_keras.saving.serialize_keras_object(built(import_page(page)))
    gaps = differences(config, json.loads(json.dumps(made)), ())
    return gaps[0] if gaps else ""


def as_written(config: Any, place: int) -> Any:
    """Return an object as Keras 2 wrote it before 2.13 or, at every other place, since."""
    if place % 2:
        return config
    return {key: config[key] for key in ("module", "class_name", "config")}


def wrong(name: str, found: Tried, folder: Path) -> list[str]:
    """Return what is wrong with the variants of a class."""
    row, said = ROWS[name], []
    told = [("", "", found.base), *((v.name, v.said, v.config) for v in found.variants)]
    for place, (argument, words, config) in enumerate(told):
        refused = listed(REFUSED, row.name, argument)
        if listed(MEANINGLESS, row.name, argument):
            continue
        try:
            gap = gap_of(config, place, folder / "page.py")
        except CompileError as error:
            gap = "" if refused else error.diagnostics[0].message
        else:
            gap = gap or ("it is not refused" if refused else "")
        said += [f"{row.name}({words}): {gap}"] if gap else []
    return said


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", QUICK)
def test_arguments_come_back(name: str, tmp_path: Path) -> None:
    assert wrong(name, tried(LIBRARY, ROWS[name]), tmp_path) == []


@pytest.mark.sweep
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", sorted(COUNTS))
def test_arguments_of_all_classes_come_back(kind: str, tmp_path: Path) -> None:
    names = [name for name, row in ROWS.items() if row.kind == kind]
    found = {name: tried(LIBRARY, ROWS[name]) for name in names}
    assert [gap for name in names for gap in untried(name, found[name])] == []
    assert [gap for name in names for gap in wrong(name, found[name], tmp_path)] == []


def untried(name: str, found: Tried) -> list[str]:
    """Return the arguments of a class that were not tried, or that its row does not know."""
    row = ROWS[name]
    names = {param.name for param in (*row.params, *row.extra)}
    unknown = {v.name for v in found.variants} - names
    return [
        *(
            f"{name}.{arg}"
            for arg in found.untried(row)
            if not listed(ALWAYS_DEFAULT, row.name, arg)
        ),
        *(f"{name}.{arg} has no row" for arg in unknown if not listed(REFUSED, row.name, arg)),
    ]


@cache
def public() -> dict[Any, list[str]]:
    """Return the public classes of Keras 2 with all their names."""
    found: dict[Any, list[str]] = {}
    spaces = {row.key.split(".", 1)[1].rpartition(".")[0] for row in ROWS.values()}
    more = ("layers.experimental", "layers.experimental.preprocessing", "mixed_precision")
    for space in sorted({*spaces, *more, "optimizers.experimental"}):
        owner: Any = tf_keras
        for part in space.split("."):
            owner = getattr(owner, part)
        for name, value in sorted(vars(owner).items()):
            if inspect.isclass(value):
                found.setdefault(value, []).append(f"{space}.{name}")
    return found


def test_all_classes_are_tried() -> None:
    assert Counter(row.kind for row in ROWS.values()) == COUNTS
    assert sum(COUNTS.values()) == len(registry.keras2_keys()) - 1 == 203  # all but Lambda
    left = {cls.__name__ for cls, names in public().items() if not set(names) & set(ROWS)}
    assert left == {*NO_ROW, "Lambda"}
