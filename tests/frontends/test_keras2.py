"""Models of Keras 2: their layers, names, inputs and nested models in today's words."""

from __future__ import annotations

import pytest

from kcodegen.ir.values import Ref, Symbol, lookup
from tests.frontends.documents import read, refused
from tests.frontends.old_documents import (
    calls_of,
    dense,
    graph_of,
    nested,
    old_input,
    old_layer,
    old_model,
    warnings_of,
)

A = [["a", 0, 0, {}]]


def old_sequential(*layers, version="2.1.6", **config):
    value = list(layers) if not config else {"layers": list(layers), **config}
    return {"class_name": "Sequential", "config": value, "keras_version": version}


def test_a_functional_model_is_read():
    graph = graph_of(old_model(dense("d", A)))
    assert [layer.key for layer in graph.layers] == ["keras.Input", "keras.layers.Dense"]
    assert (graph.inputs, graph.outputs) == (Ref("a/0"), Ref("d/0"))
    assert calls_of(graph, "d")[0].args == (Ref("a/0"),)


def test_a_sequential_keeps_its_input_in_its_first_layer():
    for document in (
        old_sequential(dense("d", batch_input_shape=[None, 3])),
        old_sequential(dense("d", batch_input_shape=[None, 3]), name="s"),
        old_sequential(dense("d"), name="s", build_input_shape=[None, 3]),
    ):
        first, second = graph_of(document).layers
        assert (first.key, lookup(first.args, "shape")) == ("keras.Input", (3,))
        assert second.name == "d"
    assert [x.name for x in graph_of(old_sequential(dense("d"))).layers] == ["d"]


def test_a_sequential_has_a_name_where_the_file_has_one():
    assert graph_of(old_sequential(dense("d"))).name == "sequential"
    assert graph_of(old_sequential(dense("d"), name="s")).name == "s"


def test_an_embedding_at_the_front_takes_integers():
    layer = old_layer("e", "Embedding", input_dim=9, output_dim=2, batch_input_shape=[2, 5])
    first = graph_of(old_sequential(layer)).layers[0]
    assert dict(first.args) == {"shape": (5,), "batch_size": 2, "dtype": "int32"}


@pytest.mark.parametrize("first", [0, 1])
def test_calls_of_a_nested_model_are_counted_from_one_or_from_zero(first):
    document = old_model(
        nested("inner", A, [["inner", first, 0, {}]]),
        outputs=[["inner", first + 1, 0]],
    )
    graph = graph_of(document)
    assert calls_of(graph, "inner")[1].args == (Ref("inner/0"),)
    assert graph.outputs == Ref("inner/1")


@pytest.mark.parametrize("use", [0, 3])
def test_a_call_that_nobody_made_is_refused(use):
    document = old_model(nested("inner", A), dense("d", [["inner", 1, 0, {}]]))
    document["config"]["output_layers"] = [["d", use + 1, 0]]
    (found,) = refused(document)
    assert found.code == "unknown-reference"


def test_layers_of_one_name_are_refused():
    (found,) = refused(old_model(dense("d", A), dense("d", A)))
    assert found.code == "duplicate-name"


def test_a_slash_in_a_name_is_replaced_and_said():
    document = old_model(dense("b/c", A), dense("b_c", [["b/c", 0, 0, {}]]))
    graph = graph_of(document)
    assert [layer.name for layer in graph.layers] == ["a", "b_c_2", "b_c"]
    assert calls_of(graph, "b_c")[0].args == (Ref("b_c_2/0"),)
    warning = warnings_of(document)["renamed-layer"]
    assert warning.message == "the layer 'b/c' is called 'b_c_2' now"
    assert warning.origin.pointer == "/config/layers/1"


def test_a_name_that_an_op_takes_is_changed():
    multiply = old_layer("multiply", "Multiply", [["a", 0, 0, {}], ["t", 0, 0, {}]])
    twice = old_layer("t", "TFOpLambda", ["a", 0, 0, {"y": 2.0}], function="math.multiply")
    graph = graph_of(old_model(twice, multiply))
    assert graph.layers[1].name == "multiply_layer"


def test_one_and_several_outputs():
    assert graph_of(old_model(dense("d", A))).outputs == Ref("d/0")
    both = [["d", 0, 0], ["a", 0, 0]]
    assert graph_of(old_model(dense("d", A), outputs=both)).outputs == (Ref("d/0"), Ref("a/0"))
    named = {"y": ["d", 0, 0]}
    assert dict(graph_of(old_model(dense("d", A), outputs=named)).outputs.items) == {
        "y": Ref("d/0")
    }


def test_a_default_of_its_time_is_written_out():
    gru = old_layer("g", "GRU", A, units=2)
    for version, value in (("2.0.9", False), ("2.3.1", False), ("2.9.0", None)):
        layer = graph_of(old_model(old_input("a", 5, 3), gru, version=version)).layers[1]
        assert lookup(layer.args, "reset_after") is value


@pytest.mark.parametrize("size", [None, 9])
def test_padding_needs_a_size_to_pad_to(size):
    text = old_layer("t", "TextVectorization", A, max_tokens=size, pad_to_max_tokens=True)
    layer = graph_of(old_model(text)).layers[1]
    assert lookup(layer.args, "pad_to_max_tokens", False) is (size is not None)


def test_the_old_hard_sigmoid_comes_with_the_page():
    document = old_model(dense("d", A, activation="hard_sigmoid"))
    layer = graph_of(document).layers[1]
    assert lookup(layer.args, "activation") == Symbol("kcodegen.old_hard_sigmoid")
    warning = warnings_of(document)["changed-meaning"]
    assert warning.origin.pointer == "/config/layers/1/config/activation"


def test_a_class_that_computes_something_else_now_is_warned_of():
    document = old_model(old_layer("crop", "RandomCrop", A, height=4, width=4))
    warning = warnings_of(document)["changed-meaning"]
    assert warning.origin.pointer == "/config/layers/1"
    assert "leaves images as they are" in warning.message


def test_a_class_inside_a_wrapper_is_warned_of_as_well():
    crop = {"class_name": "RandomCrop", "config": {"name": "c", "height": 4, "width": 4}}
    document = old_model(old_layer("t", "TimeDistributed", A, layer=crop))
    warning = warnings_of(document)["changed-meaning"]
    assert warning.origin.pointer == "/config/layers/1/config/layer"


def test_a_class_that_is_another_one_now():
    document = old_model(old_layer("t", "ThresholdedReLU", A, theta=0.5))
    layer = graph_of(document).layers[1]
    assert (layer.key, dict(layer.args)) == ("keras.layers.ReLU", {"threshold": 0.5})
    assert warnings_of(document)["replaced-class"].message == "ThresholdedReLU is ReLU in Keras 3"


@pytest.mark.parametrize("name", ["CuDNNLSTM", "CuDNNGRU"])
def test_the_weights_of_a_cudnn_layer_are_others(name):
    inputs, layer = old_input("a", 5, 3), old_layer("r", name, A, units=2)
    document = old_model(inputs, layer, version="2.2.4")
    layer = graph_of(document).layers[1]
    assert layer.key == f"keras.layers.{name.removeprefix('CuDNN')}"
    assert lookup(layer.args, "recurrent_activation") == "sigmoid"
    # CuDNN applies the reset gate after the matrix product, whatever version wrote the file.
    assert lookup(layer.args, "reset_after", True) is True
    assert "the bias has two halves" in warnings_of(document)["replaced-class"].message


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("RandomWidth", "changes the size of images"),
        ("RandomHeight", "changes the size of images"),
        ("DenseFeatures", "feature columns"),
    ],
)
def test_a_class_without_an_equal_is_refused_with_the_reason(name, reason):
    (found,) = refused(old_model(old_layer("x", name, A)))
    assert found.code == "refused-class"
    assert reason in found.message
    assert f"--custom {name}=" in found.hint


def test_a_lambda_is_refused_for_its_bytecode():
    config = {"function": ["4wEAAAA=", None, None], "function_type": "lambda"}
    (found,) = refused(old_model(old_layer("l", "Lambda", A, **config)))
    assert found.code == "lambda"


def test_an_input_with_a_type_spec():
    for spec in (
        {"class_name": "TypeSpec", "type_spec": "tf.TensorSpec",
         "serialized": [[None, 3], "int32", None]},
        {"class_name": "__typespec__", "spec_name": "TensorSpec",
         "config": [[None, 3], "int32", None]},
    ):  # fmt: skip
        first = old_layer("a", "InputLayer", type_spec=spec)
        args = graph_of(old_model(first, dense("d", A))).layers[0].args
        assert dict(args) == {"shape": (3,), "batch_size": None, "dtype": "int32"}
    ragged = {"type_spec": "tf.RaggedTensorSpec", "serialized": [[None, None], "int32", 1, "int64"]}
    (found,) = refused(old_model(old_layer("a", "InputLayer", type_spec=ragged), dense("d", A)))
    assert found.code == "type-spec"


@pytest.mark.parametrize(
    ("version", "config"),
    [
        ("1.2.2", {"units": 3}),
        (None, {"output_dim": 3, "init": "glorot_uniform"}),
    ],
)
def test_keras_1_is_told_apart(version, config):
    layer = {"class_name": "Dense", "config": {"name": "d", **config}}
    document = {"class_name": "Sequential", "config": [layer]}
    if version is not None:
        document["keras_version"] = version
    assert lookup(graph_of(document).layers[0].args, "units") == 3


def test_kernels_of_theano_are_said_to_be_turned():
    document = old_model(dense("d", A)) | {"backend": "theano"}
    assert "kernels" in warnings_of(document)["theano-kernels"].message
    assert not read(old_model(dense("d", A)))[1]


@pytest.mark.parametrize(
    ("changed", "fine"), [({}, True), ({"padding": "same"}, False), ({"implementation": 2}, False)]
)
def test_a_locally_connected_layer_comes_with_the_page(changed, fine):
    config = {"filters": 3, "kernel_size": [2], "padding": "valid", "implementation": 1} | changed
    document = old_model(old_input("a", 5, 3), old_layer("l", "LocallyConnected1D", A, **config))
    if not fine:
        assert refused(document)[0].code == "dropped-argument"
        return
    layer = graph_of(document).layers[1]
    assert layer.key == "kcodegen.LocallyConnected1D"
    assert dict(layer.args) == {"filters": 3, "kernel_size": (2,)}
    assert "brings its own" in warnings_of(document)["replaced-class"].message
