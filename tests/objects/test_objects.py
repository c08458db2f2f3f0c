"""Every object of the corpus: its page builds the same object, or it is refused for a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from kcodegen import CompileError
from tests.corpus.cases import Case, cases
from tests.corpus.harness import compiled_page
from tests.objects.harness import attempt_object, object_differences

OBJECTS = cases("objects")
# What no page can build, with the code of the refusal.
REFUSED = {
    "keras3.15_builtin_fn": "builtin-function",
    "keras3.15_operation_obj": "operation",
    "keras3.15_special_values": "type-spec",
    "tf2.9_mixed_policy": "bare-config",
    "tf2.12_mixed_policy": "bare-config",
    "tf2.15_mixed_policy": "bare-config",
    # json.dumps had refused these; a placeholder stands where the learning rate was
    "tf2.12_optimizer_adam": "wrong-type",
    "tf2.12_optimizer_sgd_momentum": "wrong-type",
    "tf2.12_optimizers_all": "wrong-type",
}
BUILT = [case for case in OBJECTS if case.name not in REFUSED]
BY_NAME = {case.name: case for case in OBJECTS}


@pytest.mark.parametrize("case", BUILT, ids=[case.name for case in BUILT])
def test_an_object_comes_back(case: Case, tmp_path: Path) -> None:
    outcome = attempt_object(case, tmp_path)
    assert outcome.compiled, outcome.reason
    assert outcome.broken == ""
    assert outcome.differences == ()


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_page_can_build_is_refused_in_words(name: str, tmp_path: Path) -> None:
    with pytest.raises(CompileError) as caught:
        compiled_page(BY_NAME[name], tmp_path)
    assert {found.code for found in caught.value.diagnostics} == {REFUSED[name]}
    for found in caught.value.diagnostics:
        assert " " in found.message
        assert found.hint or found.origin.pointer


def test_the_corpus_is_complete() -> None:
    assert len(OBJECTS) == 93
    assert len(BUILT) == 84


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("keras2.3_optimizer_sgd_momentum", ["momentum"]),
        ("tf2.9_schedule_exponential", ["decay_rate"]),
        ("tf2.15_layer_dense", ["units"]),
        ("keras3.15_layer_dense", ["kernel_initializer", "config", "stddev"]),
        ("keras2.3_layer_bidirectional", ["layer", "config", "units"]),
    ],
)
def test_the_comparison_sees_one_number(name: str, place: list[str]) -> None:
    case = BY_NAME[name]
    rebuilt = case.config()
    assert object_differences(case, rebuilt) == ()
    config = rebuilt["config"]
    for key in place[:-1]:
        config = config[key]
    config[place[-1]] = 17
    assert len(object_differences(case, rebuilt)) == 1
