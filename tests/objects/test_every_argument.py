"""Every argument of every public class of Keras is known, with its default, and comes back.

The read-back shares its table of defaults with the compiler: a wrong default there is wrong on
both sides. So the table is held against the real Keras: each class is made once for each argument
that it takes, serialized, compiled, built again, and compared.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from kcodegen import CompileError, compile_model
from kcodegen.verification.configs import differences
from kcodegen.verification.rebuild import build_object, fresh_keras, import_page, serialized
from tests.objects.variants import classes, variants

QUICK = (
    *("layers.Bidirectional", "layers.Conv2D", "layers.Dense", "layers.Normalization"),
    *("losses.Huber", "metrics.AUC", "optimizers.Adam", "optimizers.schedules.CosineDecay"),
    *("quantizers.Int8QuantizationConfig", "initializers.VarianceScaling"),
)


def wrong(cls: Any, folder: Path) -> list[str]:
    """Return what is wrong with the variants of a class; at least one variant must exist."""
    found = []
    made = list(variants(cls))
    assert made
    for variant in made:
        gap = gap_of(variant.config, folder / "page.py")
        if gap:
            found.append(f"{cls.__name__}({variant.said}): {gap}")
    return found


def gap_of(config: Any, page: Path) -> str:
    """Return what is wrong with the page of one object, or nothing."""
    try:
        page.write_text(compile_model(config).text, "utf-8")
    except CompileError as error:
        return error.diagnostics[0].message
    fresh_keras()
    gaps = differences(config, serialized(build_object(import_page(page))))
    return gaps[0] if gaps else ""


@pytest.mark.filterwarnings("ignore")
def test_arguments_come_back(tmp_path: Path) -> None:
    found = classes()
    assert [gap for name in QUICK for gap in wrong(found[name], tmp_path)] == []


# Names of classes from one letter to another, so that a sweep has parts of like size.
PARTS = [("layers", "AC"), ("layers", "DL"), ("layers", "MR"), ("layers", "SZ"), ("", "AZ")]


@pytest.mark.sweep
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("kind", "letters"), PARTS)
def test_arguments_of_all_classes_come_back(kind: str, letters: str, tmp_path: Path) -> None:
    tried = [cls for name, cls in classes().items() if is_part(name, kind, letters)]
    assert len(tried) >= 20
    assert [gap for cls in tried for gap in wrong(cls, tmp_path)] == []


def is_part(name: str, kind: str, letters: str) -> bool:
    """Say whether a class belongs to a part of the sweep."""
    owner, _, short = name.rpartition(".")
    is_kind = owner == "layers" if kind else owner != "layers"
    return is_kind and letters[0] <= short[0] <= letters[1]


def test_all_classes_are_tried() -> None:
    found = classes()
    assert len(found) >= 250
    parts = [[p for p in PARTS if is_part(name, *p)] for name in found]
    assert all(len(belongs) == 1 for belongs in parts)
