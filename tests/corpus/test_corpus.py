"""Every model of the corpus: compiled, rebuilt with Keras, and equal; or refused for a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from kcodegen import CompileError
from tests.corpus.cases import Case, cases
from tests.corpus.harness import attempt, compiled_page
from tests.corpus.models import COMPILED, MODELS, REFUSED, UNSHARED


def ids(found: list[Case]) -> list[str]:
    """Return the names of cases for reports."""
    return [case.id for case in found]


@pytest.mark.filterwarnings("ignore:When providing `inputs` as a dict")
@pytest.mark.parametrize("case", COMPILED, ids=ids(COMPILED))
def test_a_model_comes_back(case: Case, tmp_path: Path) -> None:
    outcome = attempt(case, tmp_path)
    assert outcome.compiled, outcome.reason
    assert outcome.broken == ""
    # Keras itself writes other bytecode each time; what has no address is why it has no numbers.
    gaps = [gap for gap in case.entry.get("keras_gaps", ()) if gap.startswith("/")]
    assert outcome.differences == tuple(gap for gap in gaps if "/function/config/code" not in gap)
    assert not outcome.numbers


def test_weights_that_the_file_does_not_share_are_loaded_where_keras_cannot(tmp_path: Path) -> None:
    (case,) = (case for case in COMPILED if case.id == UNSHARED)
    assert not case.entry["keras_numbers"]
    assert attempt(case, tmp_path).numbers == ()


@pytest.mark.parametrize("case", [c for c in MODELS if c.id in REFUSED], ids=list(REFUSED))
def test_a_file_without_an_answer_is_refused(case: Case, tmp_path: Path) -> None:
    with pytest.raises(CompileError) as caught:
        compiled_page(case, tmp_path)
    assert REFUSED[case.id] in {found.code for found in caught.value.diagnostics}
    assert all(found.message and found.hint for found in caught.value.diagnostics)


CUSTOM = [case for case in COMPILED if case.custom]


@pytest.mark.parametrize("case", CUSTOM, ids=ids(CUSTOM))
def test_a_users_class_is_asked_for(case: Case, tmp_path: Path) -> None:
    with pytest.raises(CompileError) as caught:
        compiled_page(case, tmp_path, custom=False)
    said = [(found.message, found.hint) for found in caught.value.diagnostics]
    for name, _ in case.custom:
        assert any(name in message and "--custom" in hint for message, hint in said), said


def test_the_corpus_is_complete() -> None:
    counts = {folder: len(cases(folder)) for folder in ("keras3.15", "drift", "seed_flat")}
    assert counts == {"keras3.15": 85, "drift": 56, "seed_flat": 30}
    assert all(case.path.is_file() for case in MODELS)
    assert sum(case.numeric is not None for case in MODELS) == 90


def test_all_that_keras_reloads_is_compiled() -> None:
    reloaded = {case.id for case in MODELS if case.entry.get("keras_reloads")}
    assert len(reloaded) == 84 + 56
    assert not reloaded & set(REFUSED)
