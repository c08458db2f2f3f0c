"""Sizes that TensorFlow computed in ops of the model: followed, never called."""

from __future__ import annotations

import pytest

from kcodegen.ir.values import Ref
from tests.frontends.documents import refused
from tests.frontends.old_documents import (
    calls_of,
    dense,
    graph_of,
    old_input,
    old_layer,
    old_model,
    ops_of,
    tf_op,
)

INPUT = old_input("a", 4, 6)
A = Ref("a/0")


def ops(*layers):
    """Return the ops of a model on the input, with their arguments."""
    return ops_of(old_model(INPUT, *layers))


def shape(name="s", of="a"):
    return tf_op(name, "compat.v1.shape", [of, 0, 0, {"out_type": "int32"}])


def size(axis, name="n", of="s"):
    node = [of, 0, 0, {"slice_spec": axis}]
    return old_layer(name, "SlicingOpLambda", node, function="__operators__.getitem")


def test_the_size_of_a_batch_is_what_is_left():
    reshape = tf_op("t", "reshape", ["a", 0, 0, {"shape": [["n", 0, 0], 24]}])
    assert ops(shape(), size(0), reshape) == [("reshape", {"x": A, "newshape": (-1, 24)})]


def test_a_size_that_the_file_knows_is_a_number():
    twice = tf_op("p", "math.multiply", ["n", 0, 0, {"y": 6}])
    reshape = tf_op("t", "reshape", ["a", 0, 0, {"shape": [-1, ["p", 0, 0]]}])
    assert ops(shape(), size(1), twice, reshape) == [("reshape", {"x": A, "newshape": (-1, 24)})]


def test_positions_are_counted_by_a_layer():
    places = tf_op("r", "range", ["_CONSTANT_VALUE", -1, 0, {"limit": ["n", 0, 0], "delta": 1}])
    graph = graph_of(old_model(INPUT, shape(), size(1), places, dense("d", [["r", 0, 0, {}]])))
    assert [layer.key for layer in graph.layers][1] == "kcodegen.Positions"
    assert calls_of(graph, "positions")[0].args == (A,)
    assert calls_of(graph, "d")[0].args == (Ref("positions/0"),)


@pytest.mark.parametrize(
    ("layers", "code"),
    [
        ((shape(), dense("d", [["s", 0, 0, {}]])), "size-as-tensor"),
        ((shape(), size({"start": 1, "stop": None, "step": None})), "size-as-tensor"),
        ((tf_op("r", "range", ["_CONSTANT_VALUE", -1, 0, {"limit": 5}]),), "tensorflow-op"),
    ],
)
def test_other_sizes_are_refused(layers, code):
    assert refused(old_model(INPUT, *layers))[0].code == code
