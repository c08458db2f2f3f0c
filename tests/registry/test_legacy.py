"""Old names of classes and arguments."""

from __future__ import annotations

import pytest

from kcodegen import registry
from kcodegen.registry import legacy
from kcodegen.registry.spaces import CLASS_ALIASES

DENSE = registry.row("keras.layers.Dense")


def rows_of(cls: str) -> list[registry.ClassRow]:
    """Return the rows that a legacy entry speaks of."""
    if not cls.startswith("*"):
        return [registry.row(cls)]
    kind = cls[1:]
    return [
        row for name in registry.class_names(kind) for row in registry.candidates(name, None, kind)
    ]


@pytest.mark.parametrize("old", legacy.ARGUMENTS, ids=lambda old: f"{old.cls}.{old.name}")
def test_an_old_argument_is_gone_and_its_new_name_is_there(old):
    for row in rows_of(old.cls):
        if row.key in ("keras.Model", "keras.Sequential") or row.refusal:
            continue
        if not old.cls.startswith("*"):
            assert row.param(old.name) is None
        if old.action == "rename" and old.cls != "*optimizer":
            assert row.param(old.new_name) is not None
    assert (old.action == "rename") == bool(old.new_name)
    known = ((2, 3), (2, 4), (2, 9), (2, 15))
    assert any(legacy.covers(old.versions, version) for version in known)


@pytest.mark.parametrize("path", CLASS_ALIASES)
def test_an_old_path_leads_to_a_class(path):
    module, _, name = path.rpartition(".")
    found = registry.find_class(name, module)
    assert found is not None
    assert found.key == CLASS_ALIASES[path]


@pytest.mark.parametrize(
    ("key", "name", "action", "new_name"),
    [
        ("keras.layers.LeakyReLU", "alpha", "rename", "negative_slope"),
        ("keras.layers.InputLayer", "batch_input_shape", "rename", "batch_shape"),
        ("keras.layers.Dense", "batch_input_shape", "input", ""),
        ("keras.layers.LSTM", "implementation", "drop", ""),
        ("keras.layers.MultiHeadAttention", "query_shape", "drop", ""),
        ("keras.optimizers.Adam", "lr", "rename", "learning_rate"),
        ("keras.losses.Hinge", "fn", "drop", ""),
    ],
)
def test_what_became_of_an_argument(key, name, action, new_name):
    found = legacy.find_argument(registry.row(key), name)
    assert found is not None
    assert (found.action, found.new_name) == (action, new_name)


@pytest.mark.parametrize(
    ("key", "name"),
    [("keras.layers.Dense", "alpha"), ("keras.layers.Dense", "lr"), ("keras.layers.ELU", "alpha")],
)
def test_an_argument_that_never_was_is_not_forgiven(key, name):
    assert legacy.find_argument(registry.row(key), name) is None


@pytest.mark.parametrize(
    ("key", "name", "good", "bad"),
    [
        ("keras.layers.LSTM", "time_major", False, True),
        ("keras.layers.DepthwiseConv2D", "groups", 1, 2),
        ("keras.optimizers.SGD", "decay", 0.0, 0.01),
        ("keras.optimizers.Nadam", "decay", 0.004, 0.0),
        ("keras.layers.SpatialDropout1D", "trainable", True, False),
    ],
)
def test_a_value_that_means_something_is_not_dropped(key, name, good, bad):
    found = legacy.find_argument(registry.row(key), name)
    assert found is not None
    assert found.allows(good)
    assert not found.allows(bad)


def test_a_value_is_spelled_as_today():
    hinge = registry.row("keras.losses.Hinge")
    assert legacy.new_value(hinge, "reduction", "auto") == "sum_over_batch_size"
    assert legacy.new_value(hinge, "reduction", "sum") == "sum"
    assert legacy.new_value(DENSE, "reduction", "auto") == "auto"
    batch = registry.row("keras.layers.BatchNormalization")
    assert legacy.new_value(batch, "axis", (3,)) == 3
    assert legacy.new_value(batch, "axis", (1, 2)) == (1, 2)
    assert legacy.new_value(registry.row("keras.layers.LayerNormalization"), "axis", (3,)) == (3,)


def test_a_dropped_class_is_another_one():
    found = legacy.find_legacy_class("SyncBatchNormalization")
    assert found is not None
    assert found.key == "keras.layers.BatchNormalization"
    assert registry.row(found.key).param(found.args[0][0]) is not None
    assert legacy.find_legacy_class("BatchNormalization") is None


def test_versions_are_numbers_not_text():
    assert legacy.covers(("2.4", "2.15"), (2, 9))
    assert not legacy.covers(("2.0", "2.3"), (2, 15))
