"""Models of Keras 0 and 1: their pages run on Keras 3 and compute the recorded numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kcodegen import compile_file, compile_model
from kcodegen.verification.rebuild import build, import_page
from tests.corpus.cases import Case, cases
from tests.corpus.harness import attempt, options_for
from tests.corpus.keras1 import KERAS_1_FOLDERS

MODELS = cases(*KERAS_1_FOLDERS)
# One of a kind for every run; the sweep has them all.
QUICK = frozenset(
    """keras0.3/deep keras0.3/graph keras1.0/cnn keras1.0/odd keras1.2/bn_mode1 keras1.2/bn_mode2
    keras1.2/branches keras1.2/convlstm
    keras1.2/deconv keras1.2/merges keras1.2/rnns keras1.2/theano_conv
    keras1.2/theano_local2d""".split()
)
# Models whose weights lie as they do today.
KEPT = frozenset(
    f"keras{name}"
    for name in """0.3/deep 0.3/merge_ave 0.3/merge_concat 0.3/merge_cos 0.3/merge_dot
    0.3/merge_mul 0.3/merge_sum 0.3/mlp 1.0/merge_ave 1.0/merge_concat 1.0/merge_cos
    1.0/merge_mul 1.0/merge_sum 1.0/mlp 1.2/bn_mode1 1.2/bn_mode2 1.2/branches 1.2/compiled
    1.2/conv3d 1.2/dense 1.2/fn_merge 1.2/local2d 1.2/merges 1.2/nested 1.2/separable
    1.2/seq_cnn 1.2/seq_mlp 1.2/theano_local2d
    1.2/shared 1.2/conv""".split()
)


def of(quick: bool) -> list[Case]:
    """Return the cases of every run, or those of the sweep alone."""
    return [case for case in MODELS if (case.id in QUICK) == quick]


def check(case: Case, folder: Path) -> None:
    """Hold a page against what was recorded of its model."""
    outcome = attempt(case, folder)
    assert outcome.compiled, outcome.reason
    assert outcome.broken == ""
    assert outcome.differences == ()
    assert outcome.numbers == ()


@pytest.mark.parametrize("case", of(True), ids=lambda case: case.id)
def test_a_model_of_keras_1_runs_on_keras_3(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


@pytest.mark.sweep
@pytest.mark.parametrize("case", of(False), ids=lambda case: case.id)
def test_every_model_of_keras_1_runs_on_keras_3(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


@pytest.mark.parametrize("case", MODELS, ids=lambda case: case.id)
def test_every_model_of_keras_1_compiles(case: Case) -> None:
    result = compile_file(case.path, options_for(case))
    assert all(found.severity in ("warning", "note") for found in result.diagnostics)
    codes = {found.code for found in result.diagnostics}
    assert not {"unused-layer", "repeated-layer"} & codes
    assert ("layer-order" in codes) == (case.name == "graph")
    assert ("weight-order" in codes) == (case.id not in KEPT)
    for found in result.diagnostics:
        assert leads_somewhere(found.origin.pointer, case.config())


def leads_somewhere(pointer: str, value: Any) -> bool:
    """Tell whether the file has what an address points to."""
    for part in pointer.split("/")[1:]:
        value = value[int(part)] if isinstance(value, list) else value[part]
    return True


def test_a_full_convolution_reaches_over_both_ends(tmp_path: Path) -> None:
    config = {"name": "c", "nb_filter": 1, "filter_length": 3, "border_mode": "full"}
    layer = {"class_name": "Convolution1D", "config": {**config, "batch_input_shape": [None, 5, 1]}}
    document = {"class_name": "Sequential", "config": [layer], "keras_version": "1.2.2"}
    page = tmp_path / "page.py"
    page.write_text(compile_model(document).text, "utf-8")
    model = build(import_page(page))
    kernel, x = np.array([1.0, 2.0, 4.0]), np.arange(1.0, 6.0)
    model.set_weights([kernel.reshape(3, 1, 1), np.zeros(1)])
    (got,) = model.predict_on_batch(x.reshape(1, 5, 1))
    np.testing.assert_allclose(got[:, 0], np.convolve(x, kernel[::-1], "full"))


def test_the_corpus_is_complete() -> None:
    counts = {folder: len(cases(folder)) for folder in KERAS_1_FOLDERS}
    assert counts == {"keras0.3": 13, "keras1.0": 10, "keras1.2": 26}
    assert {case.id for case in MODELS} >= QUICK | KEPT
    assert all(case.numeric is not None for case in MODELS)
