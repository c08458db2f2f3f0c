"""Every argument of every class of Keras is known, with its default, and comes back.

The read-back shares its table of defaults with the compiler: a wrong default there is wrong on
both sides. So the table is held against the real Keras: each class is made once with required
arguments only and once for each argument that it takes, serialized, compiled, built again, and
compared.
"""

from __future__ import annotations

import os
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from kcodegen import CompileError, compile_model, registry
from kcodegen.registry.rows import ClassRow
from kcodegen.verification.configs import differences
from kcodegen.verification.rebuild import build_object, fresh_keras, import_page, serialized
from tests.objects.variants import ELSEWHERE, Library, Tried, made_here, reads_again, tried

QUICK = (
    *("layers.Bidirectional", "layers.Conv2D", "layers.Dense", "layers.Normalization"),
    *("losses.Huber", "metrics.AUC", "optimizers.Adam", "optimizers.schedules.CosineDecay"),
    *("quantizers.GPTQConfig", "quantizers.Int8QuantizationConfig"),
    "initializers.VarianceScaling",
)
# All that Keras 3.15 can serialize, by kind; operations are tried in `test_every_op.py`.
COUNTS = {
    "layer": 147,
    "metric": 46,
    "loss": 23,
    "initializer": 17,
    "optimizer": 17,
    "dtype_policy": 8,
    "schedule": 7,
    "quantization_config": 6,
    "regularizer": 5,
    "constraint": 5,
    "quantizer": 2,
    "seed_generator": 1,
}
# Arguments that a class takes and writes, and that Keras itself can't read again.
FORGOTTEN = {
    ("layers.RandomShear", "x_factor"): "it does not take the pair that it writes",
    ("layers.RandomShear", "y_factor"): "it does not take the pair that it writes",
    ("metrics.AUC", "label_weights"): "it writes a tensor",
    ("quantizers.Int4QuantizationConfig", "weight_quantizer"): "its pair comes back as a list",
}
# Arguments that have no value but their default, or that no file tells, besides the `lost` ones.
ALWAYS_DEFAULT = {
    ("layers.IntegerLookup", "vocabulary_dtype"): "Keras takes no other",
    ("layers.SimpleRNN", "activity_regularizer"): "Keras sets it to None",
    ("quantizers.AWQConfig", "weight_bits"): "Keras takes four only",
    **{
        (f"quantizers.{name}", argument): "Keras writes None for what it calibrates with"
        for name in ("AWQConfig", "GPTQConfig")
        for argument in ("dataset", "tokenizer")
    },
    **{
        (f"layers.{name}", "vocabulary_size"): "what a config tells of a build"
        for name in ("IntegerLookup", "StringLookup", "TextVectorization")
    },
}


@cache
def rows() -> dict[str, ClassRow]:
    """Return the rows of all classes."""
    found = [row for kind in registry.kinds() for row in of_kind(kind)]
    return {row.key: row for row in sorted(found, key=lambda row: row.key)}


def of_kind(kind: str) -> list[ClassRow]:
    """Return the rows of one kind."""
    named = [registry.candidates(name, None, kind) for name in registry.class_names(kind)]
    return [row for found in named for row in found if row.kind == kind]


ROWS = made_here(rows())


@cache
def library() -> Library:
    """Return Keras 3."""
    keras = fresh_keras()
    return Library(keras, fresh_keras, ROWS, reads_again(keras, fresh_keras))


def wrong(name: str, found: Tried, folder: Path) -> list[str]:
    """Return what is wrong with the pages of a class."""
    row = ROWS[name]
    configs = [("", found.base), *((variant.said, variant.config) for variant in found.variants)]
    gaps = [(said, gap_of(config, folder / "page.py")) for said, config in configs]
    return [f"{row.key}({said}): {gap}" for said, gap in gaps if gap]


def gap_of(config: Any, page: Path) -> str:
    """Return what is wrong with the page of one object, or nothing."""
    try:
        page.write_text(compile_model(config).text, "utf-8")
    except CompileError as error:
        return error.diagnostics[0].message
    fresh_keras()
    gaps = differences(config, serialized(build_object(import_page(page))))
    return gaps[0] if gaps else ""


def left(name: str, found: Tried) -> set[str]:
    """Return the arguments of a class that were not tried, and not for one of the reasons here."""
    row = ROWS[name]
    listed = {arg for key, arg in (*FORGOTTEN, *ALWAYS_DEFAULT) if key == name}
    assert listed <= found.untried(row)
    assert found.forgotten == {arg for key, arg in FORGOTTEN if key == name}
    return found.untried(row) - listed - set(row.lost)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", QUICK)
def test_arguments_come_back(name: str, tmp_path: Path) -> None:
    found = tried(library(), ROWS[name])
    assert left(name, found) == set()
    assert wrong(name, found, tmp_path) == []


# Names of classes from one letter to another, so that a sweep has parts of like size.
PARTS = [("layers", "AC"), ("layers", "DL"), ("layers", "MR"), ("layers", "SZ"), ("", "AZ")]


@pytest.mark.sweep
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("kind", "letters"), PARTS)
def test_arguments_of_all_classes_come_back(kind: str, letters: str, tmp_path: Path) -> None:
    names = [name for name in ROWS if is_part(name, kind, letters)]
    assert len(names) >= 20
    found = {name: tried(library(), ROWS[name]) for name in names}
    assert {name: args for name in names if (args := left(name, found[name]))} == {}
    assert unknown(found) == []
    assert [gap for name in names for gap in wrong(name, found[name], tmp_path)] == []


def unknown(found: dict[str, Tried]) -> list[str]:
    """Return the arguments that a class writes and its row does not know."""
    names = {name: {p.name for p in (*ROWS[name].params, *ROWS[name].extra)} for name in found}
    return [
        f"{name}: {variant.said}"
        for name, made in found.items()
        for variant in made.variants
        if variant.name not in names[name]
    ]


def is_part(name: str, kind: str, letters: str) -> bool:
    """Say whether a class belongs to a part of the sweep."""
    owner, _, short = name.rpartition(".")
    is_kind = owner == "layers" if kind else owner != "layers"
    return is_kind and letters[0] <= short[0] <= letters[1]


def test_all_classes_are_tried() -> None:
    public = [row for row in rows().values() if registry.PRIVATE not in row.key]
    assert Counter(row.kind for row in public) == COUNTS
    assert sum(COUNTS.values()) + len(registry.op_keys()) == 284 + 336
    refused = {key for key, row in rows().items() if row.refusal}
    elsewhere = {key for key, row in rows().items() if row.name in ELSEWHERE}
    assert len(refused) == 17
    assert len(elsewhere) == len(ELSEWHERE)
    assert len(ROWS) == len(rows()) - len(refused) - len(elsewhere)
    parts = [[p for p in PARTS if is_part(name, *p)] for name in ROWS]
    assert all(len(belongs) == 1 for belongs in parts)
