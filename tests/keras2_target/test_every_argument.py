"""Every argument of every class of Keras 2 that Keras 3 has too comes back, default or not.

Each class is made once for each argument that it takes, serialized, compiled for Keras 2, built
again, and compared. So the rows of Keras 2 are held against tf_keras itself.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tf_keras

from kcodegen import CompileError, compile_model, registry
from kcodegen.registry.rows import ClassRow
from kcodegen.verification.configs import differences
from tests.keras2_target.harness import KERAS_2, built, import_page
from tests.objects.variants import REQUIRED, TRIED_FOR_NONE, WORDS

QUICK = (
    *("layers.Dense", "layers.LeakyReLU", "losses.Huber", "metrics.Recall"),
    *("initializers.VarianceScaling", "constraints.MaxNorm", "regularizers.L2"),
)
# Made of functions, or of what is in no file; the second has its own way with `call`.
LEFT_OUT = frozenset({"Lambda", "MeanMetricWrapper", "Wrapper", "SpectralNormalization"})
# Arguments of Keras 2 that Keras 3 knows no equal of: a file with another value is refused.
GONE = frozenset(
    """adaptive_epsilon dynamic groups implementation input_length is_legacy_optimizer jit_compile
    noise_shape rng_type robust_masking
    softmax_robust_masking sparse time_major""".split()
)


# Arguments that the Graph, which is in the words of Keras 3, can't hold for these.
UNHEARD = frozenset(
    {
        *((name, "data_format") for name in ("LocallyConnected1D", "LocallyConnected2D")),
        *(
            (f"SeparableConv{rank}D", f"kernel_{part}")
            for rank in (1, 2)
            for part in ("initializer", "regularizer", "constraint")
        ),
        *((f"SpatialDropout{rank}D", "trainable") for rank in (1, 2, 3)),
        *((name, "trainable") for name in ("Discretization", "HashedCrossing")),
        *((name, "trainable") for name in ("IntegerLookup", "StringLookup")),
    }
)


def nested(name: str) -> tuple[Any, ...]:
    """Return objects that an argument of this name can be; none for a plain argument."""
    if name.endswith("regularizer"):
        return tf_keras.regularizers.L2(0.25), "l1", tf_keras.regularizers.L1L2(0.5, 0.125)
    if name.endswith("constraint"):
        return "non_neg", tf_keras.constraints.MaxNorm(3)
    if name.endswith("initializer"):
        kinds = tf_keras.initializers
        return "ones", kinds.HeNormal(seed=3), kinds.Constant(0.5)
    match name:
        case "layer" | "backward_layer":
            return (tf_keras.layers.LSTM(3, return_sequences=True),)
        case "cell":
            kinds = tf_keras.layers
            return kinds.LSTMCell(3), kinds.GRUCell(3, reset_after=False)
        case "cells":
            return ([tf_keras.layers.LSTMCell(3), tf_keras.layers.SimpleRNNCell(2)],)
        case "learning_rate":
            return 0.5, tf_keras.optimizers.schedules.ExponentialDecay(0.5, 10, 0.5)
        case _:
            return ()


def candidates(name: str, default: Any) -> tuple[Any, ...]:
    """Return values to try for an argument."""
    if nested(name):
        return nested(name)[:1]
    if name in WORDS:
        return WORDS[name]
    match default:
        case bool():
            return (not default,)
        case int():
            return default + 1, default * 2 + 3
        case float():
            return default * 0.5 + 0.125, 0.0
        case tuple():
            return (tuple(n + 1 if isinstance(n, (int, float)) else n for n in default),)
        case None:
            return TRIED_FOR_NONE
        case _:
            return ()


def find(row: ClassRow) -> Any:
    """Return the class of a row."""
    found: Any = tf_keras
    for part in row.key.split(".")[1:]:
        found = getattr(found, part)
    return found


def required(row: ClassRow) -> dict[str, Any]:
    """Return the arguments that a class can't do without."""
    given = {}
    for param in row.params:
        if param.required:
            given[param.name] = nested(param.name)[0] if nested(param.name) else None
            if given[param.name] is None:
                given[param.name] = REQUIRED.get(param.name, 3)
    more = {"CategoryEncoding": {"num_tokens": 4}, "Discretization": {"num_bins": 3}}
    return given | more.get(row.name, {})


def variants(row: ClassRow) -> Iterator[tuple[str, Any]]:
    """Yield what is given, and the config, for every value that Keras takes."""
    cls, base = find(row), required(row)
    tried: list[tuple[str, Any]] = [("", None)]
    for param in (*row.params, *row.extra):
        if param.name not in GONE and (row.name, param.name) not in UNHEARD:
            default = None if param.required else param.default
            tried += [(param.name, value) for value in candidates(param.name, default)]
    seen = set()
    for name, value in tried:
        try:
            tf_keras.backend.reset_uids()
            made = cls(**(base | ({name: value} if name else {})))
            config = json.loads(json.dumps(tf_keras.saving.serialize_keras_object(made)))
        except Exception:  # what Keras refuses has no file
            continue
        if (text := json.dumps(config)) not in seen:
            seen.add(text)
            yield f"{name}={value!r}", config


def gap_of(config: Any, page: Path) -> str:
    """Return what is wrong with the page of one object, or nothing."""
    old = {key: config[key] for key in ("module", "class_name", "config")}  # as before 2.13
    try:
        page.write_text(compile_model(old, KERAS_2).text, "utf-8")
    except CompileError as error:
        return error.diagnostics[0].message
    made = tf_keras.saving.serialize_keras_object(built(import_page(page)))
    gaps = differences(config, json.loads(json.dumps(made)), ())
    return gaps[0] if gaps else ""


def wrong(row: ClassRow, folder: Path) -> list[str]:
    """Return what is wrong with the variants of a class; at least one variant must exist."""
    made = list(variants(row))
    assert made, row.key
    found = ((said, gap_of(config, folder / "page.py")) for said, config in made)
    return [f"{row.name}({said}): {gap}" for said, gap in found if gap]


ROWS = {
    key.partition(".")[2]: registry.row(key)
    for key in registry.keras2_keys()
    if key.rpartition(".")[2] not in LEFT_OUT
}


@pytest.mark.filterwarnings("ignore")
def test_arguments_come_back(tmp_path: Path) -> None:
    assert [gap for name in QUICK for gap in wrong(ROWS[name], tmp_path)] == []


@pytest.mark.sweep
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", sorted({row.kind for row in ROWS.values()}))
def test_arguments_of_all_classes_come_back(kind: str, tmp_path: Path) -> None:
    rows = [row for row in ROWS.values() if row.kind == kind]
    assert [gap for row in rows for gap in wrong(row, tmp_path)] == []


def test_all_classes_are_tried() -> None:
    assert len(ROWS) >= 190
