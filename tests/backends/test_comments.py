"""Comments with shapes: where they help a reader."""

from __future__ import annotations

import pytest

from kcodegen.backends.comments import shape_comment
from kcodegen.ir.graph import Call, Graph, Layer
from kcodegen.ir.values import Ref

IMAGE = (None, 32, 32, 3)
BODY = Graph("inner", "keras.Sequential", ())


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (IMAGE, (None, 16, 16, 8), True),
        (IMAGE, (None, 64, 64, 3), True),
        (IMAGE, (None, 30, 30, 8), False),
        (IMAGE, IMAGE, False),
        (IMAGE, (None, 8), True),
        (IMAGE, (None, 3072), True),
        ((None, None, None, 3), (None, None, None, 8), False),
        ((None, 10, 4), (None, 4), False),
        ((None, 10), (None, 5), False),
        (IMAGE, None, False),
        (None, IMAGE, False),
    ],
)
def test_where_a_stage_begins(before, after, shown):
    shapes = {Ref("a/0"): before, Ref("l/0"): after}
    known = {ref: shape for ref, shape in shapes.items() if shape is not None}
    frame = Graph("m", "keras.Model", (), shapes=known)
    call = Call("l/0", "layer", "l", (Ref("a/0"),))
    comment = shape_comment(call, {"l": Layer("l", "keras.layers.Conv2D")}, frame)
    assert comment == (str(after) if shown else "")


def test_a_nested_model_tells_its_shape_and_an_op_does_not():
    frame = Graph("m", "keras.Model", (), shapes={Ref("l/0"): (None, 4), Ref("o"): (None, 4)})
    layers = {"l": Layer("l", "keras.Sequential", body=BODY)}
    call = Call("l/0", "layer", "l", (Ref("a/0"),))
    assert shape_comment(call, layers, frame) == "(None, 4)"
    assert shape_comment(Call("o", "op", "keras.ops.relu"), layers, frame) == ""
