"""Op layers of tf.keras as ops of Keras 3; what has no equal is refused."""

from __future__ import annotations

import json

import pytest

from kcodegen import registry
from kcodegen.ir.values import Array, Ref, Slice
from kcodegen.registry.helper_rows import LOCAL_RESPONSE
from kcodegen.registry.tf_functions import FUNCTIONS, find_function
from kcodegen.registry.tf_nodes import nodes
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


def tf_node(name, op, count, constants=None, **attr):
    """Return an op of TensorFlow's graph with `count` inputs, the first of them a tensor."""
    node_def = {"name": name, "op": op, "input": [f"i{n}" for n in range(count)], "attr": attr}
    return old_layer(
        name, "TensorFlowOpLayer", [["a", 0, 0, {}]], node_def=node_def, constants=constants or {}
    )


def ops(*layers):
    """Return the ops of a model on the input, with their arguments."""
    return ops_of(old_model(INPUT, *layers))


def one(function, kwargs, first=None):
    """Return the ops that one function on the input comes to."""
    node = ["a", 0, 0, kwargs] if first is None else ["_CONSTANT_VALUE", -1, first, kwargs]
    return ops(tf_op("t", function, node))


A = Ref("a/0")


@pytest.mark.parametrize(
    ("function", "kwargs", "name", "expected"),
    [
        ("math.abs", {}, "abs", {"x": A}),
        ("math.multiply", {"y": 2.0, "name": None}, "multiply", {"x1": A, "x2": 2.0}),
        ("__operators__.add", {"y": ["a", 0, 0]}, "add", {"x1": A, "x2": A}),
        ("math.reduce_mean", {"axis": [1], "keepdims": True}, "mean",
         {"x": A, "axis": 1, "keepdims": True}),
        ("math.reduce_sum", {"axis": [1, 2]}, "sum", {"x": A, "axis": (1, 2)}),
        ("compat.v1.squeeze", {"axis": [1]}, "squeeze", {"x": A, "axis": 1}),
        ("nn.gelu", {}, "gelu", {"x": A, "approximate": False}),
        ("math.argmax", {"axis": None}, "argmax", {"x": A, "axis": 0}),
        ("math.cumsum", {"axis": 1}, "cumsum", {"x": A, "axis": 1}),
        ("cast", {"dtype": "float16"}, "cast", {"x": A, "dtype": "float16"}),
        ("compat.v1.transpose", {"perm": [0, 2, 1], "conjugate": False}, "transpose",
         {"x": A, "axes": (0, 2, 1)}),
        ("split", {"num_or_size_splits": 2, "axis": 1}, "split",
         {"x": A, "indices_or_sections": 2, "axis": 1}),
        ("split", {"num_or_size_splits": [1, 2, 1], "axis": 1}, "split",
         {"x": A, "indices_or_sections": (1, 3), "axis": 1}),
        ("clip_by_value", {"clip_value_min": 0, "clip_value_max": 1}, "clip",
         {"x": A, "x_min": 0, "x_max": 1}),
        ("math.l2_normalize", {"axis": -1}, "normalize", {"x": A, "axis": -1, "epsilon": 1e-6}),
        ("compat.v1.pad", {"paddings": [[0, 0], [1, 0], [0, 0]], "mode": "REFLECT"}, "pad",
         {"x": A, "pad_width": ((0, 0), (1, 0), (0, 0)), "mode": "reflect"}),
        ("where", {"x": ["a", 0, 0], "y": 0.0}, "where", {"condition": A, "x1": A, "x2": 0.0}),
        ("math.multiply", {"y": [1, 2]}, "multiply",
         {"x1": A, "x2": Array("tensor", "int32", (1, 2))}),
    ],
)  # fmt: skip
def test_a_function_is_an_op(function, kwargs, name, expected):
    assert one(function, kwargs) == [(name, expected)]


def test_a_constant_may_stand_on_the_left():
    assert one("math.subtract", {"y": ["a", 0, 0]}, 1.0) == [("subtract", {"x1": 1.0, "x2": A})]
    (found,) = one("__operators__.add", {"y": ["a", 0, 0]}, [1.0, 2.0])
    assert found[1]["x1"] == Array("tensor", "float32", (1.0, 2.0))


def test_a_list_of_tensors_and_constants():
    node = [["a", 0, 0, {"axis": 1}], ["_CONSTANT_VALUE", -1, [[[1.0]]], {"axis": 1}]]
    ((name, given),) = ops(tf_op("t", "concat", node))
    assert (name, given["axis"]) == ("concatenate", 1)
    assert given["xs"] == (A, Array("tensor", "float32", (((1.0,),),)))


def test_a_transposed_operand_is_turned_first():
    (swap, product) = one("linalg.matmul", {"b": ["a", 0, 0], "transpose_b": True})
    assert swap == ("swapaxes", {"x": A, "axis1": -2, "axis2": -1})
    assert product[0] == "matmul"
    ((_, given),) = one("linalg.matmul", {"b": [[1.0, 2.0]], "transpose_b": True})
    assert given["x2"] == Array("tensor", "float32", ((1.0,), (2.0,)))


def test_identity_is_its_tensor():
    document = old_model(
        INPUT, tf_op("i", "identity", ["a", 0, 0, {}]), dense("d", [["i", 0, 0, {}]])
    )
    assert calls_of(graph_of(document), "d")[0].args == (A,)


@pytest.mark.parametrize(
    ("spec", "key"),
    [
        (0, 0),
        ([{"start": None, "stop": None, "step": None}, 0], (Slice(), 0)),
        ([{"class_name": "__ellipsis__"}, -1], (..., -1)),
        ([{"start": 1, "stop": 5, "step": 2}, None], (Slice(1, 5, 2), None)),
        ({"class_name": "__slice__", "config": {"start": 1, "stop": None, "step": None}}, Slice(1)),
    ],
)
def test_slices(spec, key):
    node = ["a", 0, 0, {"slice_spec": spec}]
    layer = old_layer("s", "SlicingOpLambda", node, function="__operators__.getitem")
    assert ops(layer) == [("get_item", {"x": A, "key": key})]


@pytest.mark.parametrize(
    ("layer", "word"),
    [
        (tf_op("t", "io.read_file", ["a", 0, 0, {}]), "io.read_file"),
        (tf_op("t", "py_function", ["a", 0, 0, {}]), "py_function"),
        (tf_op("t", "math.cumsum", ["a", 0, 0, {"reverse": True}]), "reverse"),
        (tf_op("t", "einsum", ["_CONSTANT_VALUE", -1, "ij->ji", {}]), "lost its tensors"),
        (tf_op("t", "where", ["a", 0, 0, {}]), "condition alone"),
        (tf_op("t", "linalg.matmul", ["a", 0, 0, {}]), "lost an argument"),
        (tf_op("t", "cast", ["a", 0, 0, {"dtype": "complex64"}]), "dtype"),
        (tf_op("t", "math.l2_normalize", ["a", 0, 0, {"axis": [0, 1]}]), "over several"),
        (old_layer("t", "InstanceProperty", ["a", 0, 0, {}], attr_name="row_splits"), "property"),
        (old_layer("t", "ClassMethod", [], cls_symbol="RaggedTensor", method_name="x"), "method"),
        (tf_node("t", "Select", 3), "whole rows"),
        (tf_node("t", "Foo", 1), "op Foo of TensorFlow's graph"),
        (tf_node("t", "Mean", 2, {"1": []}), "over no axis"),
        (tf_node("t", "Mul", 3), "lost one of its tensors"),
        (tf_node("t", "Exp", 0), "more tensors"),
        (tf_node("t", "ResizeBilinear", 2, {"1": [2, 2]}, half_pixel_centers={"b": False}),
         "half_pixel_centers"),
        (tf_node("t", "Fill", 2, {"1": 1.0}), "running only"),
        (old_layer("t", "TensorFlowOpLayer", [["a", 0, 0, {}]], node_def="\n\x03Mul"), "not as"),
        (old_layer("t", "SlicingOpLambda", ["a", 0, 0, {"slice_spec": ["a", 0, 0]}],
                   function="__operators__.getitem"), "indexed"),
    ],
)  # fmt: skip
def test_what_has_no_equal_is_refused(layer, word):
    found = refused(old_model(INPUT, layer))
    assert found[0].code == "tensorflow-op"
    assert word in found[0].message
    assert found[0].origin.layer == "t"


@pytest.mark.parametrize(
    ("node", "name", "expected"),
    [
        (tf_node("t", "Mul", 2, {"0": 0.10000000149011612}, T={"type": "DT_FLOAT"}), "multiply",
         {"x1": 0.1, "x2": A}),
        (tf_node("t", "Mul", 2, {"1": 0.10000000149011612}, T={"type": "DT_DOUBLE"}), "multiply",
         {"x1": A, "x2": 0.10000000149011612}),
        (tf_node("t", "Mean", 2, {"1": [1]}, keep_dims={"b": True}), "mean",
         {"x": A, "axis": 1, "keepdims": True}),
        (tf_node("t", "Cast", 1, DstT={"type": "DT_HALF"}), "cast", {"x": A, "dtype": "float16"}),
        (tf_node("t", "StridedSlice", 4, {"1": [0, 0, 9], "2": [0, 1, -1], "3": [1, 1, -1]},
                 begin_mask={"i": "1"}, end_mask={"i": "1"}, shrink_axis_mask={"i": "2"}),
         "get_item", {"x": A, "key": (Slice(), 0, Slice(9, -1, -1))}),
        (tf_node("t", "StridedSlice", 4, {"1": [0, 0], "2": [0, 2], "3": [1, 1]},
                 ellipsis_mask={"i": "1"}), "get_item", {"x": A, "key": (..., Slice(None, 2))}),
        (tf_node("t", "Slice", 3, {"1": [0, 1], "2": [-1, 3]}), "get_item",
         {"x": A, "key": (Slice(), Slice(1, 4))}),
        (tf_node("t", "Squeeze", 1, squeeze_dims={"list": {}}), "squeeze", {"x": A}),
    ],
)  # fmt: skip
def test_an_op_of_the_graph_is_read_like_a_function(node, name, expected):
    assert ops(node) == [(name, expected)]


def test_an_op_may_be_text():
    node = tf_node("t", "Exp", 1)
    node["config"]["node_def"] = json.dumps(node["config"]["node_def"])
    assert ops(node) == [("exp", {"x": A})]


@pytest.mark.parametrize(
    "attr",
    [
        {"i": "9" * 19},
        {"i": "x"},
        {"i": [1]},
        {"f": True},
        {"s": "%%"},
        {"s": "w7Y="},
        {"b": 1},
        [],
        3,
    ],
)
def test_a_wrong_attribute_is_an_error_with_its_place(attr):
    (found,) = refused(old_model(INPUT, tf_node("t", "LeakyRelu", 1, alpha=attr)))
    assert found.origin.pointer.endswith("/node_def/attr/alpha")


@pytest.mark.parametrize("text", ["[" * 100_000, '{"op": NaN}', "[1]", '{"op": 1}', "{}"])
def test_text_that_is_no_op_is_refused(text):
    node = tf_node("t", "Exp", 1)
    node["config"]["node_def"] = text
    assert refused(old_model(INPUT, node))[0].code in (
        "tensorflow-op",
        "missing-field",
        "wrong-type",
    )


def test_every_op_of_the_graph_leads_to_a_function():
    special = {"einsum", "fill", "range", "shape", "slice", "strided_slice"}
    for op, row in nodes().items():
        function = find_function(row.function)
        assert function is not None or row.function in special, op
        given = {*(name.lstrip("*") for name in row.inputs), *(new for _, new in row.attributes)}
        if function is not None:
            known = {old for old, _ in function.params} | {old for old, _ in function.only}
            assert given <= known, op


def test_a_batch_of_the_tensor_itself_is_left_to_a_reshape():
    size = tf_op("n", "__operators__.getitem", ["s", 0, 0, {"slice_spec": 0}])
    size["class_name"] = "SlicingOpLambda"
    new = {"shape": [["n", 0, 0], -1, 2]}
    layers = [tf_op("s", "compat.v1.shape", ["a", 0, 0, {}]), size]
    document = old_model(INPUT, *layers, tf_op("t", "reshape", ["a", 0, 0, new]))
    layer = graph_of(document).layers[-1]
    assert (layer.key, layer.args) == ("keras.layers.Reshape", (("target_shape", (-1, 2)),))


@pytest.mark.parametrize("row", FUNCTIONS.values(), ids=lambda row: row.name)
def test_every_row_speaks_of_an_op_and_its_arguments(row):
    if row.rule == "same":
        return
    op = registry.op(row.key)
    assert not op.refusal
    assert find_function(f"compat.v1.{row.name}") is row
    names = {new for _, new in row.params} | {name for name, _ in row.defaults}
    if row.rule == "lrn":  # it is a layer
        assert {new for _, new in row.params} == {"x", *(p.name for p in LOCAL_RESPONSE.params)}
        return
    ruled = {"matmul": {"transpose_a", "transpose_b"}, "add_n": {"inputs"}, "split": {"num"}}
    assert names - ruled.get(row.rule, set()) <= {param.name for param in op.params}
