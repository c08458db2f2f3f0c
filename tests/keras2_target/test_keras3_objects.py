"""Every class and argument of Keras 3, for Keras 2: the page builds an object that means the same.

An object of Keras 3 is compiled for Keras 2 and built; what `tf_keras` then writes is compiled for
Keras 3, and that has to be the page of the object itself. What needs Keras 3 is refused.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tf_keras

from kcodegen import CompileError, compile_model, registry
from kcodegen.verification.rebuild import import_page
from tests.keras2_target.harness import KERAS_2, built
from tests.keras2_target.test_every_argument import ALWAYS_DEFAULT, listed
from tests.objects.test_every_argument import PARTS, ROWS, is_part, library
from tests.objects.variants import tried

# What no page of Keras 2 can be held against, with the reason.
SENSELESS = {
    ("initializers.Constant", ""): "Keras 2 saves the 0.0 that nobody gave as 0",
    ("layers.Discretization", "dtype='float16'"): "Keras 2 gives integers whatever is asked for",
    ("layers.HashedCrossing", "dtype='mixed_bfloat16'"): "what it gives are integers",
    ("regularizers.L2", ""): "Keras 2 saves the 0.01 that nobody gave as a float32",
    ("layers.RandomFlip", "mode='fan_out'"): "Keras 3 looks at it when it runs, Keras 2 before",
}
QUICK = ("initializers.GlorotUniform", "layers.LeakyReLU", "losses.Huber")


def body(page: str) -> str:
    """Return what a page builds."""
    return page.partition("def build_")[2].partition("if __name__")[0]


def loosely(text: str) -> str:
    """Return what a page builds without what both have by themselves: names and usual types.

    Keras 2 has other names for objects that nobody named, and writes floats where it was given
    integers.
    """
    text = re.sub(r'\bname=("\w+"|None)|\bdtype="(float32|int64|string)"', "", text)
    text = re.sub(r"\d+\.\d{7,}|\d+\.0\b", lambda found: f"{float(found[0]):.6g}", text)
    return re.sub(r"[\s,]+", " ", text).replace("( ", "(").replace(" )", ")")


def gap_of(config: Any, page: Path, came: Counter[str], is_told: bool) -> str:
    """Return what is wrong with the page for Keras 2 of an object of Keras 3, or nothing.

    `is_told` says that Keras 2 saves what is special about the object.
    """
    try:
        page.write_text(compile_model(config, KERAS_2).text, "utf-8")
    except CompileError as error:
        codes = {problem.code for problem in error.diagnostics}
        came["refused"] += 1
        return "" if codes == {"needs-keras3"} else str(codes)
    try:
        made = tf_keras.saving.serialize_keras_object(built(import_page(page)))
        came["built"] += 1
        if registry.PRIVATE in config["module"]:  # a class of the page itself, which no file names
            return ""
        again = compile_model(json.loads(json.dumps(made))).text
    except Exception as error:
        return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
    ours, theirs = (loosely(body(text)) for text in (again, compile_model(config).text))
    return "" if ours == theirs or not is_told else ours


def gaps_of(name: str, page: Path, came: Counter[str]) -> list[str]:
    """Return what is wrong with the pages of a class."""
    found, row = tried(library(), ROWS[name]), ROWS[name]
    told = [("", found.base, True)]
    for variant in found.variants:
        is_told = not listed(ALWAYS_DEFAULT, row.name, variant.name)
        told.append((variant.said, variant.config, is_told))
    gaps = {
        said: gap_of(config, page, came, is_told)
        for said, config, is_told in told
        if (name, said) not in SENSELESS
    }
    return [f"{name}({said}): {gap}" for said, gap in gaps.items() if gap]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", QUICK)
def test_an_object_means_the_same_or_is_refused(name: str, tmp_path: Path) -> None:
    came: Counter[str] = Counter()
    assert gaps_of(name, tmp_path / "page.py", came) == []
    assert came["built"]


@pytest.mark.sweep
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("kind", "letters"), PARTS)
def test_every_object_means_the_same_or_is_refused(kind: str, letters: str, tmp_path: Path) -> None:
    came: Counter[str] = Counter()
    names = [name for name in ROWS if is_part(name, kind, letters)]
    assert [gap for name in names for gap in gaps_of(name, tmp_path / "page.py", came)] == []
    assert came["built"] > 60
