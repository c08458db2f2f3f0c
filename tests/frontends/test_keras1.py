"""Models of Keras 0 and 1: their arguments in today's words, their merges, what is said of them."""

from __future__ import annotations

from typing import Any

import pytest

from kcodegen import CompileError, compile_model
from kcodegen.ir.values import Obj, Ref, Value, lookup
from tests.frontends.documents import read, refused
from tests.frontends.old_documents import calls_of, graph_of, warnings_of


def old(class_: str, name: str = "x", **config: Any) -> dict[str, Any]:
    """Return a layer of Keras 1."""
    return {"class_name": class_, "config": {"name": name, **config}}


def chain(*layers: Any, version: str = "1.2.2", **rest: Any) -> dict[str, Any]:
    """Return a Sequential of Keras 1."""
    return {"class_name": "Sequential", "config": list(layers), "keras_version": version, **rest}


def conv(class_: str = "Convolution2D", **config: Any) -> dict[str, Any]:
    """Return a convolution of images."""
    sizes = {"nb_filter": 8, "nb_row": 3, "nb_col": 2, "dim_ordering": "th"}
    return old(class_, batch_input_shape=[None, 3, 9, 9], **{**sizes, **config})


def argument(layer: dict[str, Any], name: str, **rest: Any) -> Value:
    """Return an argument of a layer in today's words."""
    return lookup(graph_of(chain(layer, **rest)).layers[-1].args, name)


@pytest.mark.parametrize(
    ("layer", "name", "value"),
    [
        (old("Dense", output_dim=3), "units", 3),
        (old("Dense", output_dim=3, bias=False), "use_bias", False),
        (old("Dropout", p=0.5), "rate", 0.5),
        (old("GaussianNoise", sigma=0.5), "stddev", 0.5),
        (conv(), "kernel_size", (3, 2)),
        (conv(), "data_format", "channels_first"),
        (conv(border_mode="same"), "padding", "same"),
        (conv(subsample=[2, 1]), "strides", (2, 1)),
        (conv("AtrousConvolution2D", atrous_rate=[2, 2]), "dilation_rate", (2, 2)),
        (old("LSTM", output_dim=3, forget_bias_init="zero"), "unit_forget_bias", False),
        (old("LSTM", output_dim=3, dropout_U=0.2), "recurrent_dropout", 0.2),
        (old("GRU", output_dim=3), "reset_after", False),
        (old("Reshape", dims=[3, 4]), "target_shape", (3, 4)),
        (old("MaxPooling1D", pool_length=3, stride=2), "strides", 2),
        (old("TimeDistributedDense", output_dim=3), "units", 3),
        (old("ZeroPadding1D", padding={"left_pad": 2}), "padding", (2, 0)),
        (old("ZeroPadding2D", padding={"top_pad": 2}), "padding", ((2, 0), (0, 0))),
        (old("ZeroPadding2D", padding=[1, 2, 3, 4]), "padding", ((1, 2), (3, 4))),
        (old("BatchNormalization", mode=0, axis=1), "axis", 1),
        (old("Dense", output_dim=3, init="normal"), "kernel_initializer", "RandomNormal"),
        (old("Dense", output_dim=3, init="one"), "kernel_initializer", "Ones"),
        (old("PReLU", init="zero"), "alpha_initializer", "Zeros"),
        (conv("SeparableConvolution2D", init="one"), "pointwise_initializer", "Ones"),
        (old("Embedding", input_dim=5, output_dim=2, init="one"), "embeddings_initializer", "Ones"),
    ],
)
def test_arguments_have_new_names(layer: dict[str, Any], name: str, value: Value) -> None:
    found = argument(layer, name)
    assert (found.key.rpartition(".")[2] if isinstance(found, Obj) else found) == value


def test_initial_weights_keep_their_scale() -> None:
    found = argument(old("LSTM", output_dim=2, inner_init="orthogonal"), "recurrent_initializer")
    assert found == Obj("keras.initializers.Orthogonal", (("gain", 1.1),))


@pytest.mark.parametrize("name", ["WeightRegularizer", "L1L2Regularizer", "ActivityRegularizer"])
def test_regularizers_are_one_class(name: str) -> None:
    old_one = {"name": name, "l1": 0.0, "l2": 0.009999999776482582}
    found = argument(old("Dense", output_dim=3, W_regularizer=old_one), "kernel_regularizer")
    assert found == Obj("keras.regularizers.L1L2", (("l1", 0.0), ("l2", 0.01)))


@pytest.mark.parametrize(
    ("layer", "axis"),
    [
        (conv(W_constraint={"name": "MaxNorm", "m": 2, "axis": 0}), 3),
        (conv(W_constraint={"name": "MaxNorm", "m": 2, "axis": [1, 2, 3]}), (2, 0, 1)),
        (conv(W_constraint={"name": "UnitNorm", "axis": 0}, dim_ordering="tf"), 0),
        (
            old(
                "Convolution1D",
                nb_filter=2,
                filter_length=3,
                W_constraint={"name": "UnitNorm", "axis": [0, 1, 2]},
            ),
            (0, 1),
        ),
    ],
)
def test_constraints_follow_the_axes_of_the_kernel(layer: dict[str, Any], axis: Value) -> None:
    found = argument(layer, "kernel_constraint")
    assert isinstance(found, Obj)
    assert lookup(found.args, "axis") == axis


@pytest.mark.parametrize(
    ("mode", "key"),
    [
        ("sum", "Add"),
        ("mul", "Multiply"),
        ("ave", "Average"),
        ("max", "Maximum"),
        ("concat", "Concatenate"),
        ("dot", "Dot"),
        ("cos", "CosineMerge"),
    ],
)
def test_merges_by_their_mode(mode: str, key: str) -> None:
    graph = graph_of(branches(mode))
    merge = graph.layer("m")
    assert merge.key.rpartition(".")[2] == key
    assert lookup(merge.args, "axis") == (1 if mode == "concat" else None)
    assert lookup(merge.args, "axes") == ((1, 1) if mode in ("dot", "cos") else None)
    (call,) = calls_of(graph, "m")
    assert call.args == ((Ref("sequential/0"), Ref("sequential_1/0")),)
    assert graph.inputs == (Ref("a_input/0"), Ref("b_input/0"))
    assert graph.outputs == Ref("o/0")


def branches(mode: Any = "sum", **config: Any) -> dict[str, Any]:
    """Return a Sequential that begins with two branches."""
    models = [chain(old("Dense", name, output_dim=3, batch_input_shape=[None, 4])) for name in "ab"]
    given = {"layers": models, "mode": mode, "concat_axis": 1, "dot_axes": [1, 1], **config}
    return chain(old("Merge", "m", **given), old("Dense", "o", output_dim=2))


def test_branches_of_the_same_layers_are_told_apart() -> None:
    document = branches()
    first = document["config"][0]["config"]["layers"]
    first[1] = first[0]
    assert graph_of(document).inputs == (Ref("a_input/0"), Ref("a_input_2/0"))
    assert "repeated-layer" in warnings_of(document)


@pytest.mark.parametrize(
    ("layer", "code", "place"),
    [
        (conv("LocallyConnected2D", border_mode="full"), "dropped-argument", "border_mode"),
        (old("LSTM", output_dim=2, forget_bias_init="he_normal"), "dropped-argument", None),
        (
            old("Dense", output_dim=2, W_regularizer={"name": "EigenvalueRegularizer", "k": 1}),
            "dropped-argument",
            "W_regularizer/name",
        ),
        (old("Dense", output_dim=2, init="my_init"), "unknown-class", "init"),
        (old("Dense", output_dim=2, sparkle=1), "unknown-argument", "sparkle"),
        (old("ZeroPadding2D", padding={"up": 1}), "unknown-argument", "padding"),
        (old("TimeDistributedMerge", mode="sum"), "refused-class", ""),
        (old("Dense", "d", output_dim=2, nb_filter="x", p=True), "unknown-argument", None),
    ],
)
def test_what_has_no_equal_is_refused_at_its_place(layer: Any, code: str, place: Any) -> None:
    found = refused(chain(layer))[0]
    assert found.code == code
    assert found.hint
    if place is not None:
        end = f"/config/0/config/{place}" if place else "/config/0"
        assert found.origin.pointer == end


@pytest.mark.parametrize("config", [{"mode": [1]}, {"mode": "f", "mode_type": "function"}])
def test_a_merge_by_a_function_is_refused(config: dict[str, Any]) -> None:
    (found,) = refused(branches(**config))
    assert (found.code, found.origin.pointer) == ("lambda", "/config/0/config/mode")


def test_the_later_name_of_a_class_of_keras_1_is_a_users_own() -> None:
    layer = old("Highway", batch_input_shape=[None, 4])
    assert graph_of(chain(layer)).layers[-1].key == "kcodegen.Highway"
    (found,) = refused(chain(layer, version="2.2.4"))
    assert found.code == "unknown-class"


@pytest.mark.parametrize(
    ("others", "value", "said"),
    [
        ([conv()], "channels_first", False),
        ([conv(dim_ordering="tf")], "channels_last", False),
        ([], None, True),
        ([conv(), conv(dim_ordering="tf")], None, True),
    ],
)
def test_a_format_that_was_never_saved_is_that_of_the_others(
    others: list[Any], value: Value, said: bool
) -> None:
    named = [{**o, "config": {**o["config"], "name": f"c{i}"}} for i, o in enumerate(others)]
    document = chain(*named, old("UpSampling2D", "up", size=[2, 2]))
    assert lookup(graph_of(document).layers[-1].args, "data_format") == value
    assert ("lost-argument" in warnings_of(document)) == said


@pytest.mark.parametrize(
    ("size", "config", "padding"),
    [
        ([None, 10, 8, 2], {"border_mode": "same", "subsample": [2, 2]}, None),
        ([None, 9, 8, 2], {"border_mode": "same", "subsample": [2, 2]}, (0, 1)),
        ([None, 11, 9, 2], {"border_mode": "valid", "subsample": [2, 2]}, None),
        ([None, 12, 9, 2], {"border_mode": "valid", "subsample": [2, 2]}, (1, 0)),
    ],
)
def test_the_size_of_a_transposed_convolution(size: Any, config: Any, padding: Value) -> None:
    layer = conv("Deconvolution2D", output_shape=size, dim_ordering="tf", nb_col=3, **config)
    assert argument(layer, "output_padding") == padding
    unknown = {**layer["config"], "output_shape": [None, None, 8, 2]}
    assert refused(chain({**layer, "config": unknown}))[0].code == "dropped-argument"


def test_an_input_keeps_its_dtype() -> None:
    layer = old("Flatten", batch_input_shape=[None, 2, 2], input_dtype="int32")
    first, flatten = graph_of(chain(layer)).layers
    assert lookup(first.args, "dtype") == "int32"
    assert lookup(flatten.args, "dtype") is None


# Keras 0


def flat(*layers: dict[str, Any], **rest: Any) -> dict[str, Any]:
    """Return a Sequential of Keras 0."""
    return {"name": "Sequential", "layers": list(layers), **rest}


def test_keras_0_has_its_classes_in_names() -> None:
    dense = {"name": "Dense", "custom_name": "dense", "output_dim": 3, "input_shape": [4]}
    graph = graph_of(flat(dense, {**dense, "input_shape": None}, {**dense, "custom_name": "mine"}))
    assert [layer.name for layer in graph.layers] == ["input_layer", "dense", "dense_1", "mine"]
    assert lookup(graph.layers[0].args, "shape") == (4,)
    text = compile_model(flat(dense)).text
    assert "layers.Dense(3)" in text


def test_keras_0_has_its_addresses() -> None:
    layer = {"name": "Dense", "output_dim": 3, "border_mode": "full", "W_constraint": {"name": "X"}}
    assert refused(flat(layer))[0].origin.pointer == "/layers/0/border_mode"
    td = {"name": "TimeDistributed", "layer": {"name": "Dense", "output_dim": 3, "init": "mine"}}
    assert refused(flat(td))[0].origin.pointer == "/layers/0/layer/init"


def test_an_embedding_of_keras_0_takes_a_sequence() -> None:
    layer = {"name": "Embedding", "input_dim": 9, "output_dim": 2, "input_shape": [9]}
    graph = graph_of(flat({**layer, "input_length": 5}))
    assert lookup(graph.layers[0].args, "shape") == (5,)


# What a model was compiled with


def test_keras_0_is_compiled() -> None:
    dense = {"name": "Dense", "output_dim": 3, "input_shape": [4]}
    optimizer = {"name": "SGD", "lr": 0.10000000149011612, "decay": 0.5, "momentum": 0.0}
    artifact, _ = read(flat(dense, optimizer=optimizer, loss="mse", class_mode="binary"))
    assert artifact.training is not None
    given = lookup(artifact.training, "optimizer")
    assert isinstance(given, Obj)
    schedule = lookup(given.args, "learning_rate")
    assert isinstance(schedule, Obj)
    assert [value for _, value in schedule.args] == [0.1, 1, 0.5]
    assert lookup(artifact.training, "loss") == "mse"


def test_a_loss_that_keras_1_lost_is_said() -> None:
    dense = old("Dense", output_dim=3, batch_input_shape=[None, 4])
    document = chain(dense, optimizer={"name": "Adam", "lr": 0.1}, loss="str")
    assert read(document)[0].training is None
    assert warnings_of(document)["lost-argument"].origin.pointer == "/loss"


def wrapper(name: str, fn: str) -> dict[str, Any]:
    """Return a metric as tf.keras wrote it."""
    config = {"name": name, "dtype": "float32", "fn": fn}
    return {"class_name": "MeanMetricWrapper", "config": config}


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        (["mae"], ("mae",)),
        ([[wrapper("mae", "mean_absolute_error")]], ("mae",)),
        ([[wrapper("accuracy", "binary_accuracy")]], ("accuracy",)),
        ([[wrapper("mine", "binary_accuracy")]], ("binary_accuracy",)),
        ({"o": [wrapper("acc", "binary_accuracy")]}, None),
    ],
)
def test_metrics_have_their_names(metrics: Any, expected: Value) -> None:
    training = {"optimizer_config": old("Adam"), "loss": "mse", "metrics": metrics}
    dense = old("Dense", output_dim=3, batch_input_shape=[None, 4])
    found = read(chain(dense, training_config=training))[0].training
    assert found is not None
    if expected is not None:
        assert lookup(found, "metrics") == expected


def test_an_unknown_optimizer_has_an_address() -> None:
    training = {"optimizer_config": {"class_name": "Mine", "config": {}}, "loss": "mse"}
    dense = old("Dense", output_dim=3, batch_input_shape=[None, 4])
    with pytest.raises(CompileError) as caught:
        read(chain(dense, training_config=training))
    (found,) = caught.value.diagnostics
    assert found.origin.pointer == "/training_config/optimizer_config"


def graph_of_keras_0(**changed: Any) -> dict[str, Any]:
    """Return a Graph of Keras 0."""
    merge = {"merge_mode": "sum", "concat_axis": -1, "dot_axes": -1}
    nodes = [
        {"name": "d", "input": "a", "inputs": [], **merge},
        {"name": "e", "input": None, "inputs": ["a", "d"], **merge},
    ]
    document = {
        "name": "Graph",
        "input_config": [{"name": "a", "input_shape": [4], "dtype": "float"}],
        "node_config": nodes,
        "output_config": [{"name": "o", "input": "e", "inputs": [], **merge}],
        "nodes": {name: {"name": "Dense", "output_dim": 4} for name in "de"},
    }
    return document | changed


def test_a_graph_of_keras_0_is_a_functional_model() -> None:
    graph = graph_of(graph_of_keras_0())
    assert [layer.name for layer in graph.layers] == ["a", "d", "e_merge", "e"]
    (call,) = calls_of(graph, "e_merge")
    assert call.args == ((Ref("a/0"), Ref("d/0")),)
    assert graph.outputs == Ref("e/0")


@pytest.mark.parametrize(
    ("part", "name", "value", "place"),
    [
        ("node_config", "input", "later", "/node_config/0/input"),
        ("node_config", "input", "", "/node_config/0"),
        ("node_config", "name", "other", "/node_config/0"),
        ("input_config", "input_shape", 4, "/input_config/0/input_shape"),
    ],
)
def test_a_broken_graph_is_refused_at_its_place(
    part: str, name: str, value: Any, place: str
) -> None:
    document = graph_of_keras_0()
    document[part][0][name] = value
    assert refused(document)[0].origin.pointer == place


@pytest.mark.parametrize("key", ["loss_weights", "loss", "metrics"])
def test_a_layer_is_no_argument_of_compile(key: str) -> None:
    layer = {"module": "keras.layers", "class_name": "Dense", "config": {"units": 2}}
    training = {"optimizer_config": old("Adam"), "loss": "mse", key: layer}
    dense = old("Dense", output_dim=3, batch_input_shape=[None, 4])
    (found,) = refused(chain(dense, training_config=training))
    assert found.origin.pointer == f"/training_config/{key}"


def test_a_convolution_padded_fully_has_its_zeros_before_it():
    layer = conv(border_mode="full", atrous_rate=[1, 2], class_="AtrousConvolution2D")
    zeros, plain = graph_of(chain(layer)).layers[1:]
    assert (zeros.name, lookup(zeros.args, "padding")) == ("x_padding", (2, 2))
    assert lookup(zeros.args, "data_format") == "channels_first"
    assert lookup(plain.args, "padding") == "valid"
    wrapped = old("TimeDistributed", layer=conv(border_mode="full"))
    assert refused(chain(wrapped))[0].code == "dropped-argument"


def test_a_shared_convolution_has_zeros_before_each_of_its_calls():
    start = old("InputLayer", "a", batch_input_shape=[None, 5, 2], input_dtype="float32")
    layer = old("Convolution1D", "c", nb_filter=2, filter_length=3, border_mode="full")
    add = old("Merge", "m", mode="sum")
    config = {
        "name": "net",
        "layers": [
            {**start, "name": "a", "inbound_nodes": []},
            {**layer, "name": "c", "inbound_nodes": [[["a", 0, 0]], [["c", 0, 0]]]},
            {**add, "name": "m", "inbound_nodes": [[["c", 0, 0], ["c", 1, 0]]]},
        ],
        "input_layers": [["a", 0, 0]],
        "output_layers": [["m", 0, 0]],
    }
    document = {"class_name": "Model", "config": config, "keras_version": "1.2.2"}
    calls = {call.id: call.args for call in graph_of(document).calls}
    assert calls["c_padding/1"] == (Ref("c/0"),)
    assert calls["c/1"] == (Ref("c_padding/1"),)


@pytest.mark.parametrize(("mode", "name"), [(1, "Sample"), (2, "CurrentBatch")])
def test_the_modes_of_batch_normalization_are_layers_of_the_page(mode, name):
    layer = old("BatchNormalization", mode=mode, momentum=0.9, batch_input_shape=[None, 4])
    assert graph_of(chain(layer)).layers[1].key == f"kcodegen.{name}Normalization"
    assert "brings its own" in warnings_of(chain(layer))["replaced-class"].message
    if mode == 1:
        found = refused(chain(layer, version="1.0.5"))
        assert "from one release to another" in found[0].message


def test_what_is_called_otherwise_is_noted_with_its_address():
    layer = old("Dense", output_dim=2, init="zero", bias=None, consume_less="cpu")
    layer["config"]["batch_input_shape"] = [None, 3]
    notes = {(n.code, n.change, n.origin.pointer) for n in compile_model(chain(layer)).diagnostics}
    at = "/config/0/config"
    assert {
        ("renamed-argument", "output_dim -> units", f"{at}/output_dim"),
        ("renamed-argument", "init -> kernel_initializer", f"{at}/init"),
        ("unused-argument", "consume_less", f"{at}/consume_less"),
        ("moved-argument", "batch_input_shape -> keras.Input", f"{at}/batch_input_shape"),
    } <= notes
    assert not any("bias" in change for _, change, _ in notes)
