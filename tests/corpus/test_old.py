"""Models of Keras 2 and tf.keras: their pages run on Keras 3 and compute the recorded numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from kcodegen import CompileError, compile_file
from kcodegen.frontends.producers import producer_of
from kcodegen.weights.formats import gathered
from kcodegen.weights.matching.order import old_order
from kcodegen.weights.variables.slots import slots
from tests.corpus.cases import Case, cases
from tests.corpus.harness import attempt, compiled_page, options_for
from tests.corpus.old import (
    OLD_EQUAL,
    OLD_FOLDERS,
    OLD_MODELS,
    OLD_MOVED,
    OLD_REFUSED,
    OLD_UNSHARED,
    TFJS,
)

# One of a kind for every run; the sweep has them all.
QUICK = frozenset(
    """keras2.0/nested keras2.1/rnn keras2.2/seq_cnn keras2.3/fn_frozen keras2.3/fn_nested3
    keras2.3/seq_deferred keras2.3/zoo_norms tf2.1/op_nn tf2.1/op_slices tf2.3/op_attention
    tf2.3/op_backend tf2.3/op_matmul tf2.3/op_shape tf2.9/bi_state tf2.9/call_const_in_list
    tf2.9/call_dict_arg tf2.9/custom_subclass_functional tf2.9/dict_io tf2.9/fn_nested
    tf2.9/rnn_encdec tf2.9/shared_wrapped_layer tf2.9/tfops_mixed_layers tf2.9/zoo_bn_sync
    tf2.12/pp_numeric tf2.12/rnn_cells tf2.12/rnn_td_model tf2.12/tfops_nn
    tf2.15/attn_mask_scores tf2.15/dtype_mixed tf2.15/rnn_convlstm tf2.15/rnn_embedding_mask
    tf2.15/seq_in_seq tf2.15/sparse_ragged_inputs tf2.15/spectral_norm tf2.15/tfops_arith
    tf2.15/tfops_const tf2.15/tfops_slicing tf2.15/zoo_activations tf2.15/zoo_conv""".split()
)


def of(found: list[Case], quick: bool) -> list[Case]:
    """Return the cases of every run, or those of the sweep alone."""
    return [case for case in found if (case.id in QUICK) == quick]


def check(case: Case, folder: Path) -> None:
    """Hold a page against what was recorded of its model."""
    outcome = attempt(case, folder)
    assert outcome.compiled, outcome.reason
    assert outcome.broken == ""
    assert outcome.differences == ()
    assert not outcome.numbers


@pytest.mark.filterwarnings("ignore:When providing `inputs` as a dict")
@pytest.mark.parametrize("case", of(OLD_EQUAL, True), ids=lambda case: case.id)
def test_an_old_model_runs_on_keras_3(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


@pytest.mark.filterwarnings("ignore:When providing `inputs` as a dict")
@pytest.mark.sweep
@pytest.mark.parametrize("case", of(OLD_EQUAL, False), ids=lambda case: case.id)
def test_every_old_model_runs_on_keras_3(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


@pytest.mark.parametrize("case", OLD_EQUAL, ids=lambda case: case.id)
def test_every_old_model_compiles(case: Case) -> None:
    result = compile_file(case.path, options_for(case))
    assert all(found.severity in ("warning", "note") for found in result.diagnostics)
    codes = {found.code for found in result.diagnostics}
    assert not {"layer-order", "unused-layer"} & codes
    assert ("weight-order" in codes) == (case.id in OLD_MOVED)


@pytest.mark.parametrize("name", sorted(OLD_REFUSED))
def test_an_old_file_without_an_answer_is_refused(name: str, tmp_path: Path) -> None:
    (case,) = (case for case in OLD_MODELS if case.id == name)
    with pytest.raises(CompileError) as caught:
        compiled_page(case, tmp_path, custom=False)
    assert OLD_REFUSED[name] in {found.code for found in caught.value.diagnostics}
    assert all(found.message and found.hint for found in caught.value.diagnostics)
    assert "unknown-reference" not in {found.code for found in caught.value.diagnostics}


@pytest.mark.parametrize("name", sorted(OLD_UNSHARED))
def test_what_was_perhaps_shared_is_said(name: str) -> None:
    (case,) = (case for case in OLD_MODELS if case.id == name)
    found = compile_file(case.path, options_for(case)).diagnostics
    assert "repeated-layer" in {warning.code for warning in found}


@pytest.mark.parametrize("name", sorted(OLD_UNSHARED))
def test_the_number_of_weights_tells_what_was_shared(name: str) -> None:
    (case,) = (case for case in OLD_MODELS if case.id == name)
    result = compile_file(case.path, options_for(case))
    assert result.model is not None
    assert result.document is not None
    assert case.numeric is not None
    with gathered(case.numeric, result.model, producer_of(result.document)) as matched:
        assert len(matched.weights) == 6
        assert len({stored.name for _, stored in matched.weights}) == 4
        assert [note.code for note in matched.diagnostics] == ["shared-weights"]


def is_moved(case: Case) -> bool:
    """Tell whether the weights of a file have another order today."""
    result = compile_file(case.path, options_for(case))
    assert result.model is not None
    assert result.document is not None
    own = slots(result.model) or ()
    return old_order(own, producer_of(result.document).enters_models) != own


def test_the_weights_of_these_are_in_another_order() -> None:
    assert {case.id for case in OLD_EQUAL if is_moved(case)} == OLD_MOVED


@pytest.mark.parametrize("case", cases(TFJS), ids=lambda case: case.id)
def test_a_model_of_tensorflow_js_runs_on_keras_3(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


def test_the_old_corpus_is_complete() -> None:
    counts = {folder: len(cases(folder)) for folder in OLD_FOLDERS}
    assert counts == {
        **dict.fromkeys(("keras2.0", "keras2.1", "keras2.2"), 5),
        "keras2.3": 42,
        **dict.fromkeys(("tf2.1", "tf2.3"), 13),
        "tf2.9": 71,
        "tf2.12": 71,
        "tf2.15": 72,
    }
    assert sum(case.numeric is not None for case in OLD_MODELS) == 253
    assert {case.id for case in OLD_MODELS} >= QUICK
