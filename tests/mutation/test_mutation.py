"""The proof bites: a page with one wrong place is refused, unless it builds the same model.

Every mutant goes through the read-back that guards each compilation. The few that it lets pass
are built with the real Keras, and must serialize to what the unchanged page serializes to.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from kcodegen.options import Options
from kcodegen.verification.rebuild import fresh_keras
from tests.corpus.cases import Case, cases
from tests.corpus.harness import options_for
from tests.corpus.models import COMPILED
from tests.golden.stages import GOLDEN
from tests.keras2_target.test_corpus import has_numbers
from tests.mutation.trials import Trial, trial, wrong

QUICK = ("compiled", "dict_io", "fn_nested", "fn_seq_inside", "ops_arith", "rnn_encdec", "seq_mlp")
CASES = {case.name: case for case in COMPILED if case.folder == "keras3.15"}
REST = [case for case in COMPILED if case.folder != "drift" and case.name not in QUICK]
AT_LEAST = 500
KERAS_2 = Options(target="keras2")


def is_small(case: Case) -> bool:
    """Say whether a case compiles for Keras 2 as it is, and has recorded numbers."""
    return case.numeric is not None and not case.custom and has_numbers(case)


def check(found: Trial, folder: Path, most: int = 10_000) -> None:
    """Fail with every mutant that the proof lets pass and Keras does not."""
    found.run(most)
    assert wrong(found, folder) == []
    assert len(found.refused) > 5 * len(found.accepted)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", QUICK)
def test_no_wrong_page_is_accepted(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = CASES[name]
    check(trial(case.path, options_for(case), monkeypatch), tmp_path)


@pytest.mark.filterwarnings("ignore")
def test_no_wrong_loop_is_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "tower.json"
    source.write_text(tower(), "utf-8")
    check(trial(source, Options(), monkeypatch), tmp_path)


# Pages for Keras 2, in the first few of the default run, in all of the sweep.
QUICK_2 = ("fn_residual", "seq_mlp", "tfops_arith")
CASES_2 = {case.name: case for case in cases("tf2.12") if is_small(case)}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", QUICK_2)
def test_no_wrong_page_for_keras_2_is_accepted(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check(trial(CASES_2[name].path, KERAS_2, monkeypatch), tmp_path)


@pytest.mark.sweep
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted(set(CASES_2) - set(QUICK_2)))
def test_no_wrong_page_of_the_corpus_for_keras_2_is_accepted(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check(trial(CASES_2[name].path, KERAS_2, monkeypatch), tmp_path, most=60)


@pytest.mark.sweep
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["structure-closure", "structure-tied", "structure-skips"])
def test_no_wrong_closure_or_list_is_accepted(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check(trial(GOLDEN / name / "arch.json", Options(), monkeypatch), tmp_path)


def tower() -> str:
    """Return a model of two stages of like residual blocks, as Keras writes it."""
    keras = fresh_keras()
    inputs = keras.Input((8, 8, 4), name="image")
    x = inputs
    for stage, filters in enumerate((4, 6), 1):
        x = keras.layers.Conv2D(filters, 1, strides=stage, name=f"stage{stage}_in")(x)
        for block in range(1, 4):
            name = f"stage{stage}_block{block}"
            y = keras.layers.Conv2D(filters, 3, padding="same", name=f"{name}_conv")(x)
            y = keras.layers.ReLU(6.0, name=f"{name}_relu")(y)
            x = keras.layers.Add(name=f"{name}_add")([x, y])
    outputs = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    text: str = keras.Model(inputs, outputs, name="tower").to_json()
    return text


@pytest.mark.parametrize("target", ["keras3", "keras2"])
def test_many_mutants_of_many_kinds_are_refused(
    target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = []
    tried = [CASES_2[name] for name in QUICK_2] if target == "keras2" else []
    for case in tried or [CASES[name] for name in QUICK[:3]]:
        found = trial(case.path, Options(target=target), monkeypatch)
        found.run()
        refused += found.refused
    assert len(refused) >= AT_LEAST
    assert len({mutant.kind for mutant in refused}) >= 20


@pytest.mark.sweep
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", REST, ids=[case.id for case in REST])
def test_no_wrong_page_of_the_corpus_is_accepted(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check(trial(case.path, options_for(case), monkeypatch), tmp_path)


@pytest.mark.sweep
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["MobileNetV2", "ResNet50"])
def test_no_wrong_application_is_accepted(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / f"{name}.json"
    model = getattr(fresh_keras().applications, name)(weights=None)
    source.write_text(model.to_json(), "utf-8")
    check(trial(source, Options(), monkeypatch), tmp_path, most=400)
