"""The words of Keras 1: every one leads to something that Keras 3 has."""

from __future__ import annotations

import pytest

from kcodegen import registry
from kcodegen.registry import keras1, legacy
from kcodegen.registry.helper_rows import KERAS_1
from kcodegen.registry.rows import ClassRow


def row_of(name: str) -> ClassRow:
    """Return what a class of Keras 2 is today."""
    found = legacy.find_legacy_class(name, (1, 2))
    if found is not None:
        return registry.row(found.key)
    (row,) = registry.candidates(name, None, "layer")
    return row


def takes(row: ClassRow, name: str) -> bool:
    """Tell whether a class takes an argument, or once took it."""
    return row.param(name) is not None or legacy.find_argument(row, name) is not None


@pytest.mark.parametrize("name", sorted(keras1.CLASSES))
def test_every_layer_is_one_of_today_with_these_arguments(name: str) -> None:
    old = keras1.CLASSES[name]
    row = row_of(old.name)
    assert all(takes(row, new) for _, new in old.args)
    assert not old.sizes or takes(row, "kernel_size")
    assert not old.silent_format or takes(row, "data_format")
    # It differs in something: all others need no row.
    assert (
        (old.name, *old.args, *old.sizes) != (name,)
        or old.gates
        or old.silent_format
        or (old.silent_axes or row in KERAS_1)
    )


@pytest.mark.parametrize("name", sorted(keras1.ARGUMENTS))
def test_every_argument_is_one_of_some_layer(name: str) -> None:
    new = keras1.ARGUMENTS[name]
    rows = [*map(registry.row, _layers()), *KERAS_1]
    assert any(row.param(new) for row in rows)


def _layers() -> list[str]:
    names = registry.class_names("layer")
    return [row.key for name in names for row in registry.candidates(name, None, "layer")]


def test_initializers_constraints_and_merges_are_there() -> None:
    for name, args in keras1.INITIALIZERS.values():
        (row,) = registry.candidates(name, None, "initializer")
        assert all(row.param(key) for key in args)
    for name, renamed in keras1.CONSTRAINTS.items():
        (row,) = registry.candidates(name, None, "constraint")
        assert all(row.param(new) for new in renamed.values())
    assert all(row_of(name) for name in keras1.MERGES.values())


def test_the_axes_of_a_kernel_end_with_channels_and_filters() -> None:
    for rank, axes in keras1.KERNEL_AXES.items():
        kept = [axis for axis in axes if axis >= 0]
        assert sorted(kept) == list(range(rank + 2))


def test_classes_of_keras_1_are_unknown_later() -> None:
    for row in KERAS_1:
        assert legacy.find_legacy_class(row.name, (1, 2)) is not None
        assert legacy.find_legacy_class(row.name, (2, 0)) is None
        assert legacy.find_legacy_class(row.name, None) is None
    for name in legacy.GONE_SINCE_2:
        assert legacy.why_gone(name, (0, 3))
        assert not legacy.why_gone(name, (2, 3))
