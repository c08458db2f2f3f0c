"""Models of every Keras, compiled for Keras 2: their pages compute the recorded numbers there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kcodegen import CompileError, Diagnostic, compile_file
from tests.corpus.cases import Case, cases
from tests.corpus.harness import options_for
from tests.keras2_target.allowances import gaps, more
from tests.keras2_target.harness import built, compiled, serialized, wrong_numbers

FOLDERS = ("keras2.0", "keras2.1", "keras2.2", "keras2.3", "tf2.9", "tf2.12", "tf2.15")
EVERY = cases(*FOLDERS, "keras3.15")

# The classes of `tests/corpus/user` are written for Keras 3.
OF_KERAS_3 = frozenset({"custom_registered", "custom_subclass_functional", "call_dict_arg"})
# The file does not say that a layer used at two levels has one set of weights.
UNSHARED = frozenset({"fn_nested3"})
# The recorded weights are in the order of Keras 3, or in that of Keras 2.3.
MOVED = frozenset({"keras3.15/rnn_td_model", "keras2.3/fn_frozen"})
# Beside a newer TensorFlow, tf_keras takes an InputSpec of Keras 3 here and refuses it.
BROKEN = frozenset({"spectral_norm"})
# Files of Keras 3 with something that Keras 2 has not: quantization, newer layers, an activation,
# a RandomCrop that leaves images as they are.
NEEDS_KERAS_3 = frozenset(
    """dtype_policy_map feature_space_like gqa_rms_etc lora optional_sparse_inputs ops_nn pp_image
    pp_k3 quant_embedding_einsum quant_float8 quant_int4 quant_int8 quant_int8_config
    zoo_activations zoo_norms fn_weird_names""".split()
)
QUICK = frozenset(
    """tf2.15/seq_mlp tf2.15/fn_residual tf2.15/tfops_nn keras2.3/seq_in_seq keras3.15/fn_nested
    keras3.15/ops_struct""".split()
)
# Where the JSON differs from the file's, besides the ops: the name of a class that is another one
# now, an input that was made from a type spec, words that are not in the file.
OTHERWISE = frozenset({"zoo_activations", "zoo_bn_sync", "sparse_ragged_inputs", "pp_text"})


def compiles(case: Case) -> bool:
    """Tell whether a case is one of those that compile for Keras 3 at all."""
    try:
        compile_file(case.path, options_for(case))
    except CompileError:
        return False
    return True


def has_numbers(case: Case) -> bool:
    """Tell whether the numbers of a case can be held against Keras 2."""
    known = OF_KERAS_3 | UNSHARED | BROKEN
    needs = case.folder == "keras3.15" and case.name in NEEDS_KERAS_3
    return bool(case.numeric) and case.name not in known and case.id not in MOVED and not needs


NUMERIC = [case for case in EVERY if has_numbers(case)]
# The others wrote what these wrote, and all of it compiles.
SWEPT = ("keras2.3", "tf2.15", "keras3.15")
SWEEP = [case for case in NUMERIC if case.id not in QUICK and case.folder in SWEPT]


def check(case: Case, folder: Path) -> None:
    """Hold the page of a case against its recorded numbers, and its JSON against the file."""
    module = compiled(case, folder)
    model = built(module)
    assert case.numeric is not None
    assert wrong_numbers(module, model, case.numeric) == ()
    if case.folder.startswith("tf") and case.name not in OTHERWISE and not _has_ops(case):
        assert list(gaps(case.config(), serialized(model))) == []
        if case.folder == "tf2.15":
            assert list(more(case.config(), serialized(model))) == []


def _has_ops(case: Case) -> bool:
    return "OpLambda" in case.path.read_text("utf-8")


@pytest.mark.parametrize(
    "case", [case for case in NUMERIC if case.id in QUICK], ids=lambda case: case.id
)
def test_a_page_runs_on_keras_2(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


@pytest.mark.sweep
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", SWEEP, ids=lambda case: case.id)
def test_every_page_runs_on_keras_2(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path)


@pytest.mark.parametrize("name", sorted(NEEDS_KERAS_3))
def test_what_keras_2_has_not_is_refused(name: str) -> None:
    (case,) = (case for case in cases("keras3.15") if case.name == name)
    assert needs(refusal(case))


@pytest.mark.sweep
@pytest.mark.parametrize("folder", ["keras2.0", "keras2.1", "keras2.2", "tf2.9", "keras3.15"])
def test_what_keras_2_has_compiles(folder: str) -> None:
    assert refused(folder) == (NEEDS_KERAS_3 if folder == "keras3.15" else frozenset())


def refused(folder: str) -> frozenset[str]:
    """Return the names of the cases in a folder that only Keras 3 can run."""
    errors = {case: refusal(case) for case in cases(folder)}
    assert not any(
        problems and not needs(problems) and compiles(c) for c, problems in errors.items()
    )
    found = {case: problems for case, problems in errors.items() if needs(problems)}
    for problem in (problem for problems in found.values() for problem in problems):
        assert problem.message.endswith("it needs Keras 3")
        assert "--target" in problem.hint
        assert problem.origin.pointer
    return frozenset(case.name for case in found)


def needs(problems: tuple[Diagnostic, ...]) -> bool:
    """Tell whether a file was refused for being one of Keras 3."""
    return any(problem.code == "needs-keras3" for problem in problems)


def refusal(case: Case) -> tuple[Diagnostic, ...]:
    """Return why a file is not compiled for Keras 2; nothing when it is."""
    try:
        result = compile_file(case.path, replace(options_for(case), target="keras2"))
    except CompileError as error:
        return error.diagnostics
    codes = {note.code for note in result.diagnostics}
    return tuple(note for note in result.diagnostics if codes & {"structure", "renamed-layer"})


def test_the_corpus_is_large_enough() -> None:
    assert len(NUMERIC) >= 240
    assert {case.id for case in NUMERIC} >= QUICK
