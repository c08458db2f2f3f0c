"""Random models come back: compiled, rebuilt by the real Keras, and equal to the last key."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from kcodegen import CompileError, Options, compile_model
from kcodegen.verification.configs import differences
from kcodegen.verification.rebuild import Rebuilt, described, fresh_keras, rebuild
from tests.verification.random_models import Maker

DEFAULT = Options()


def random_model(seed: int) -> Rebuilt:
    """Return what a random model serializes to."""
    return described(Maker(seed).model())


def compiled(text: str, options: Options) -> tuple[str, Options]:
    """Return the page, without the names where a model was made in another order than its page."""
    try:
        return compile_model(text, options).text, options
    except CompileError as refusal:
        if {problem.code for problem in refusal.diagnostics} != {"name-clash"}:
            raise
        options = replace(options, names="drop")
        return compile_model(text, options).text, options


def check(seed: int, folder: Path, options: Options = DEFAULT) -> None:
    """Compile a random model, rebuild its page, and compare both, weights' shapes included."""
    original = random_model(seed)
    page = folder / "page.py"
    text, options = compiled(json.dumps(original.config), options)
    page.write_text(text, "utf-8")
    rebuilt = rebuild(page)
    if options.names != "drop":
        assert differences(original.config, rebuilt.config) == ()
    assert rebuilt.shapes == original.shapes


@pytest.mark.parametrize("seed", range(25))
def test_a_random_model_comes_back(seed: int, tmp_path: Path) -> None:
    check(seed, tmp_path)


@pytest.mark.parametrize("seed", range(100, 105))
def test_a_random_model_with_all_its_names_comes_back(seed: int, tmp_path: Path) -> None:
    check(seed, tmp_path, Options(names="keep"))


@pytest.mark.sweep
@pytest.mark.parametrize("first", range(1000, 1600, 50))
def test_many_random_models_come_back(first: int, tmp_path: Path) -> None:
    for seed in range(first, first + 50):
        check(seed, tmp_path)


def test_a_seed_is_a_model() -> None:
    assert random_model(1) == random_model(1)
    assert random_model(1) != random_model(2)
    fresh_keras()
