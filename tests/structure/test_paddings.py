"""Paddings are computed from the size of a kernel only where all copies agree."""

from __future__ import annotations

import pytest

from kcodegen.ir.formulas import fill
from kcodegen.ir.graph import Graph
from kcodegen.structure.draft import Chain, Draft
from kcodegen.structure.paddings import explain_paddings
from kcodegen.structure.unify import ABSENT, Unifier


def unifier(sizes, paddings):
    found = Unifier(Draft(Graph("m", "keras.Model", (), (), (), ()), Chain((), [], ())))
    size = found.param(sizes, "kernel_size")
    padding = found.param(paddings, "padding")
    return found, size.name, padding.name


@pytest.mark.parametrize("pad", [lambda k: k // 2, lambda k: ((k // 2 - 1, k // 2),) * 2])
def test_a_padding_follows_from_the_kernel(pad):
    found, size, padding = unifier([3, 5, 3, 7], [pad(3), pad(5), ABSENT, pad(7)])
    env = explain_paddings(found)
    assert [param.name for param in found.params] == [size]
    assert [fill(env[padding], {size: k}) for k in (3, 5, 7, 9)] == [pad(k) for k in (3, 5, 7, 9)]


@pytest.mark.parametrize("paddings", [[1, 2, 2], [((0, 1), (0, 1)), 2, ABSENT], [1, ABSENT, 1]])
def test_what_does_not_follow_stays_a_parameter(paddings):
    found, size, padding = unifier([3, 5, 3], paddings)
    assert explain_paddings(found) == {}
    assert [param.name for param in found.params] == [size, padding]
