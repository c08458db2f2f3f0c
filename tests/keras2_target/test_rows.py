"""The rows of Keras 2 against the tf_keras and the TensorFlow that are installed."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import tensorflow as tf

from kcodegen import registry
from kcodegen.registry.harvest.__main__ import check, harvested_keras2
from kcodegen.registry.rows import OpRow, Required
from kcodegen.registry.tf_rows import SPELLED, Spelled, tf_row

# Where TensorFlow's signature has None, which it takes for this.
NONE_IS = {
    ("tf.argmax", "axis"): 0,
    ("tf.argmin", "axis"): 0,
    ("tf.gather", "axis"): 0,
    ("tf.nn.log_softmax", "axis"): -1,
    ("tf.nn.softmax", "axis"): -1,
    ("tf.one_hot", "axis"): -1,
}


def function(row: Spelled) -> Any:
    """Return the function of TensorFlow behind a row."""
    found: Any = tf
    for part in row.key.split(".")[1:]:
        found = getattr(found, part)
    return found


def wrong(row: Spelled, ours: OpRow) -> list[str]:
    """Return where a row is not what the function's signature says."""
    theirs = inspect.signature(function(row)).parameters
    found = []
    for place, param in enumerate(ours.params):
        if param.name not in theirs:
            found.append(f"{row.key} has no {param.name}")
            continue
        if place < ours.positional and list(theirs)[place] != param.name:
            found.append(f"{row.key} has {param.name} in another place")
        default = theirs[param.name].default
        default = NONE_IS.get((row.key, param.name), default) if default is None else default
        if default is inspect.Parameter.empty and not isinstance(param.default, Required):
            if ours.variadic != param.name:
                found.append(f"{row.key} needs {param.name}")
        elif not isinstance(param.default, Required) and default != param.default:
            found.append(f"{row.key} has {param.name}={default!r}, not {param.default!r}")
    return found


def test_functions_of_tensorflow_are_as_their_rows_say() -> None:
    assert [gap for row in SPELLED.values() for gap in wrong(row, tf_row(row.key))] == []
    assert len(SPELLED) >= 95


def test_every_argument_of_an_op_is_spelled_or_has_a_default() -> None:
    for row in SPELLED.values():
        spelled = dict(row.params)
        required = [param.name for param in registry.op(row.op).params if param.required]
        assert all(name in spelled for name in required if row.rule != "swap"), row.op


@pytest.mark.sweep
@pytest.mark.filterwarnings("ignore")
def test_rows_are_what_the_installed_tf_keras_has(capsys: pytest.CaptureFixture[str]) -> None:
    assert check(harvested_keras2()) == 0, capsys.readouterr().out
