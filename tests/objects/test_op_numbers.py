"""Every form of every call of every op comes back, and computes on its page what it computed.

That is so with Keras 3, and with Keras 2 for what its pages can say.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from kcodegen import registry
from kcodegen.ir.values import Value, same
from kcodegen.registry.rows import OpRow
from kcodegen.registry.tf_rows import SPELLED
from tests.objects.op_calls import Called, functions
from tests.objects.op_trials import trials
from tests.objects.test_every_op import PARTS, SPACE, written_rows

QUICK = ("add", "concatenate", "einsum", "get_item", "mean", "softmax", "split", "where")
MOST = 8  # calls of a function that are tried at once: those of the table, and the first others
# Arguments that no model of Keras 3.15 holds with another value than their default.
ALWAYS_DEFAULT = {
    ("bincount", "weights"): "Keras takes an array only, and can't write it",
    ("dot_product_attention", "attn_logits_soft_cap"): "it is for JAX on a TPU only",
    ("image.resize", "fill_mode"): "there is no other",
    ("linspace", "retstep"): "the step is no tensor of a model",
}
# Ops that no call runs: the page comes back, but there is nothing to compare its numbers with.
NEVER_RUN = {
    "conv_transpose": "Keras 3.15 exchanges its padding and output_padding",
    "histogram": "Keras 3.15 has none for TensorFlow",
    "view_as_complex": "Keras 3.15 multiplies floats by 1j, which TensorFlow does not take",
}
# Arguments that none of the calls has that run.
NEVER_GIVEN = {("geomspace", "axis"): "Keras 3.15 multiplies what does not fit"}
Seen = dict[str, dict[str, list[Value]]]


def ops_of(called: Iterable[Called]) -> set[str]:
    """Return the names of the operations in the models of some calls."""
    return {key.removeprefix(SPACE) for key in arguments_of(called)}


def arguments_of(called: Iterable[Called]) -> Seen:
    """Return the values that the arguments of the operations in some models have, by their keys."""
    seen: Seen = defaultdict(lambda: defaultdict(list))
    for call in called:
        for layer in call.config["config"]["layers"]:
            row = registry.find_op(layer["class_name"], layer["module"])
            if row is not None:
                for name, value in {"": None, **layer["config"]}.items():
                    seen[row.key][name].append(plain(value))
    return seen


def plain(value: Any) -> Value:
    """Return a value of JSON as the rows hold it."""
    return tuple(plain(item) for item in value) if isinstance(value, list) else value


def untried(row: OpRow, seen: dict[str, list[Value]]) -> set[tuple[str, str]]:
    """Return the arguments of an operation that have had no value but their default."""
    found = set()
    for name, param_name in row.config:
        param = row.param(param_name)
        assert param is not None
        if all(same(value, param.default) for value in seen[name]):
            found.add((row.key.removeprefix(SPACE), name))
    return found


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", QUICK)
def test_numbers_are_equal(name: str, tmp_path: Path) -> None:
    found = trials(name, tmp_path / "page.py", MOST)
    assert found.wrong == []
    assert name in ops_of(found.ran.values())
    assert name in ops_of(found.ran_on_2.values())


@pytest.mark.sweep
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("letters", PARTS)
def test_every_form_of_every_op_computes_the_same(letters: str, tmp_path: Path) -> None:
    found = [trials(n, tmp_path / "page.py") for n in functions() if n[0] in letters]
    assert [gap for trial in found for gap in trial.wrong] == []
    rows = [row for row in written_rows() if row.key.removeprefix(SPACE)[0] in letters]
    names = {row.key.removeprefix(SPACE) for row in rows}
    assert len(names) >= 10
    seen = arguments_of(call for trial in found for call in trial.tried)
    assert names <= {key.removeprefix(SPACE) for key in seen}
    left = {place for row in rows for place in untried(row, seen[row.key])}
    assert left == {place for place in ALWAYS_DEFAULT if place[0][0] in letters}
    ran = arguments_of(call for trial in found for call in trial.ran.values())
    idle = {row.key.removeprefix(SPACE) for row in rows if not ran[row.key]}
    assert idle == {name for name in NEVER_RUN if name[0] in letters}
    left = {place for row in rows if ran[row.key] for place in untried(row, ran[row.key])}
    assert left == {place for place in (*ALWAYS_DEFAULT, *NEVER_GIVEN) if place[0][0] in letters}
    spelled = {name for name in names if f"{SPACE}{name}" in SPELLED}
    assert spelled <= ops_of(call for trial in found for call in trial.ran_on_2.values())
