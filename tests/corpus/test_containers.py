"""A part of `tests.corpus.containers`: recorded outputs, with the weights out of every file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.corpus.cases import Case
from tests.corpus.containers import TOLERANCE, deviation, runs
from tests.corpus.recorded import ARCHIVES, MISSED, RECORDED, why_missed

# Models with weights in layouts or orders of their own; more of them in the sweep.
QUICK = "keras1.0/cnn keras2.3/fn_frozen tf2.12/rnn_td_model keras3.15/fn_nested3".split()
SOME = """keras0.3/graph keras1.2/rnns keras2.0/rnn keras2.1/nested keras2.2/rnn
    tf2.1/op_attention tf2.9/bi_state tf2.15/rnn_cells seed_flat/keras3.15_lstm
    keras3.15/lora""".split()
EVERY = {case.id: case for found in RECORDED.values() for case in found}


def check(case: Case, folder: Path) -> None:
    """Hold a model against its recorded outputs, with its weights from each of its files."""
    found = list(runs(case, folder))
    assert len(found) >= (1 if case.folder == ARCHIVES else 2)
    for run in found:
        why = why_missed(case, run.file)
        assert bool(run.broken) == bool(why), (run, why)
        assert run.broken or run.deviation <= TOLERANCE, run


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", QUICK)
def test_a_model_computes_the_same_with_weights_out_of_every_file(
    name: str, tmp_path: Path
) -> None:
    check(EVERY[name], tmp_path)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", RECORDED[ARCHIVES], ids=lambda case: case.id)
def test_a_whole_model_computes_the_same(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


@pytest.mark.sweep
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", SOME)
def test_more_models_compute_the_same_with_weights_out_of_every_file(
    name: str, tmp_path: Path
) -> None:
    check(EVERY[name], tmp_path)


def test_the_deviation_is_relative_to_the_largest_number_of_an_output() -> None:
    wanted = [np.array([1e-9, -100.0]), np.array([np.nan, np.inf])]
    assert deviation([np.array([2e-4, -100.0]), wanted[1]], wanted) == pytest.approx(2e-6, 1e-4)
    assert deviation([wanted[0], np.array([np.nan, 1.0])], wanted) == float("inf")
    assert deviation([wanted[0]], wanted) == float("inf")
    assert deviation([np.array([0.0])], [np.array([0.0])]) == 0
    assert deviation([np.array([1e-30])], [np.array([0.0])]) == float("inf")


def test_every_reason_is_of_a_recorded_model() -> None:
    for name in MISSED:
        kind = name.partition(" ")[2]
        assert any(why_missed(case, kind) for case in EVERY.values()), name
    assert len(EVERY) == 396 + 12
