"""Serialized values: markers, arrays, functions and shared objects."""

from __future__ import annotations

import pytest

from kcodegen import registry
from kcodegen.ir.values import Array, Obj, Slice, Symbol
from kcodegen.registry.overrides import QUIETLY_LOST
from tests.frontends.documents import (
    functional,
    layer,
    node,
    obj,
    read,
    refused,
    sequential,
    tensor,
)

A = tensor("a")


def argument(value):
    """Return what an argument of a call is read as."""
    entry = layer("d", "Dense", node(A, extra=value), units=4)
    (call,) = [c for c in read(functional(entry))[0].model.calls if c.target == "d"]
    return dict(call.kwargs)["extra"]


def marker(name, config=None, **rest):
    return {"class_name": name, "config": config, **rest}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (marker("__slice__", {"start": 1, "stop": None, "step": 2}), Slice(1, None, 2)),
        (marker("__ellipsis__", {}), ...),
        (marker("__bytes__", {"value": "a"}), b"a"),
        (marker("__tuple__", {}, items=[1, [2]]), (1, (2,))),
        (
            marker("__numpy__", {"value": [[1, 2]], "dtype": "int32"}),
            Array("numpy", "int32", ((1, 2),)),
        ),
        (
            marker("__tensor__", {"value": 1.5, "dtype": "float32"}),
            Array("tensor", "float32", 1.5),
        ),
        ([1, [True, None]], (1, (True, None))),
        (1.5, 1.5),
        ("text", "text"),
    ],
)
def test_markers(value, expected):
    assert argument(value) == expected
    assert type(argument(value)) is type(expected)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (marker("__lambda__", {"value": ["4wEA", None, None]}), "lambda"),
        (marker("__typespec__", {}), "type-spec"),
        (marker("__nothing__", {}), "unknown-marker"),
        (marker("__numpy__", {"value": [1], "dtype": "object"}), "unknown-dtype"),
        (marker("__numpy__", {"value": [[1], [1, 2]], "dtype": "int32"}), "ragged-array"),
        (marker("__numpy__", {"value": ["x"], "dtype": "int32"}), "wrong-type"),
        (marker("__numpy__", {"value": [1]}), "missing-field"),
    ],
)
def test_markers_that_are_refused(value, code):
    entry = layer("d", "Dense", node(A, extra=value), units=4)
    assert [d.code for d in refused(functional(entry))] == [code]


def test_a_string_stands_for_what_its_place_holds():
    entry = layer("d", "Dense", units=4, activation="relu", kernel_initializer="he_normal")
    (read_layer,) = read(sequential(entry))[0].model.layers
    args = dict(read_layer.args)
    assert args["activation"] == "relu"
    assert args["kernel_initializer"] == Obj("keras.initializers.HeNormal")


@pytest.mark.parametrize("place", ["activation", "kernel_initializer", "kernel_regularizer"])
def test_a_string_that_stands_for_nothing_is_refused(place):
    (diagnostic,) = refused(sequential(layer("d", "Dense", units=4, **{place: "reluu"})))
    assert "reluu" in diagnostic.message
    assert diagnostic.origin.pointer == f"/config/layers/0/config/{place}"


def test_objects_that_are_shared_are_one():
    init = obj("keras.initializers", "HeNormal", {"seed": 1}, shared_object_id=140_000)
    other = obj("keras.initializers", "HeNormal", {"seed": 1}, shared_object_id=140_001)
    one, two, three = read([init, init, other])[0].value
    assert one.tag == two.tag == 0
    assert three.tag is None


def test_single_objects_are_told_by_their_kind():
    cases = {
        "optimizer": obj("keras.optimizers", "SGD", {"learning_rate": 0.1}),
        "initializer": obj("keras.initializers", "HeNormal", {}),
        "learning_rate_schedule": obj(
            "keras.optimizers.schedules", "CosineDecay", {"initial_learning_rate": 1.0}
        ),
        "layer": layer("d", "Dense", units=4),
    }
    for kind, document in cases.items():
        assert read(document)[0].kind == kind
    assert read(list(cases.values()))[0].kind == "objects"
    assert read(cases)[0].kind == "mapping"
    assert read("relu")[0].value in ("relu", Symbol("keras.activations.relu"))


@pytest.mark.parametrize(
    "document", [None, 4, 1.5, True, "", [], {}, {"a": 1}, [1, 2], "nothing", [[]], {"layers": []}]
)
def test_what_is_no_keras_is_refused(document):
    assert refused(document)


def test_an_op_has_no_page_of_its_own():
    document = obj("keras.src.ops.numpy", "Add", {"name": "add"})
    assert [d.code for d in refused(document)] == ["operation"]


def test_compile_config():
    document = sequential(layer("d", "Dense", units=4))
    good = {"optimizer": "adam", "loss": "mse", "metrics": ["accuracy"], "jit_compile": True}
    training = dict(read(document | {"compile_config": good})[0].training)
    assert training["loss"] == "mse"
    assert training["metrics"] == ("accuracy",)
    assert read(document | {"compile_config": None})[0].training is None
    wrong = {"optimiser": "adam"}
    (diagnostic,) = refused(document | {"compile_config": wrong})
    assert diagnostic.code == "unknown-argument"
    assert "optimizer" in diagnostic.hint


HUBER = obj("keras.losses", "Huber", {"name": "huber_loss", "reduction": "sum"})


def test_what_keras_never_saves_is_told_once_for_each_object():
    warnings = read([HUBER, HUBER])[1]
    assert [(w.code, w.severity) for w in warnings] == [("lost-argument", "warning")] * 2
    assert [w.origin.pointer for w in warnings] == ["/0/config", "/1/config"]
    assert "delta" in warnings[0].message
    assert "1.0" in warnings[0].hint


@pytest.mark.parametrize(
    "value",
    [
        {**HUBER, "config": {**HUBER["config"], "delta": 2.0}},  # an older Keras wrote it
        obj("keras.losses", "MeanSquaredError", {"name": "mse", "reduction": "sum"}),
        obj("keras.losses", "SparseCategoricalCrossentropy", {"name": "s", "from_logits": True}),
        obj("keras.layers", "LSTM", {"name": "l", "units": 3}),
    ],
    ids=lambda value: value["class_name"],
)
def test_what_nobody_misses_is_not_told(value):
    assert read(value)[1] == ()


def test_every_quiet_loss_is_one():
    rows = [registry.candidates(name)[0] for name in registry.class_names()]
    lost = {name for row in rows for name in row.lost}
    lost |= {f"{row.name}.{name}" for row in rows for name in row.lost}
    assert lost >= QUIETLY_LOST


def test_a_dropped_class_of_an_old_file_is_read_as_the_one_it_is_now():
    config = {"name": "s", "axis": [3], "momentum": 0.9}
    value = read({"class_name": "SyncBatchNormalization", "config": config})[0].value
    assert value.key == "keras.layers.BatchNormalization"
    assert dict(value.args) == {"axis": 3, "momentum": 0.9, "synchronized": True, "name": "s"}
    (found,) = refused(obj("keras.layers", "SyncBatchNormalization", config))
    assert found.code == "unknown-class"


@pytest.mark.parametrize(
    ("first", "second"),
    [(0.0, -0.0), (1, 1.0), (-1, -1.0), (2.5, 2)],
)
def test_objects_that_look_alike_are_read_one_by_one(first, second):
    values = (first, second, first)
    entries = [
        layer(
            f"d{i}",
            "Dense",
            node(A),
            units=4,
            kernel_initializer=obj("keras.initializers", "Constant", {"value": value}),
        )
        for i, value in enumerate(values)
    ]
    layers = read(functional(*entries))[0].model.layers[1:]
    found = [dict(dict(one.args)["kernel_initializer"].args)["value"] for one in layers]
    assert [(type(value), repr(value)) for value in found] == [
        (type(value), repr(value)) for value in values
    ]


def test_an_object_that_nobody_knows_is_told_for_every_layer():
    strange = obj("shop", "Odd", {"gain": 1})
    entries = [
        layer(
            f"d{i}", "Dense", node(A), units=4, kernel_initializer=strange, bias_initializer=strange
        )
        for i in range(3)
    ]
    (problem,) = refused(functional(*entries))
    assert "d0, d1, d2" in problem.message


def test_a_truth_value_is_no_number_where_the_number_was_read_before():
    entries = [
        layer(
            f"d{i}",
            "Dense",
            node(A),
            units=4,
            kernel_initializer=obj("keras.initializers", "Constant", {"value": value}),
        )
        for i, value in enumerate((1, True))
    ]
    (problem,) = refused(functional(*entries))
    assert (problem.code, problem.origin.layer) == ("wrong-type", "d1")


@pytest.mark.parametrize(
    ("name", "hint"),
    [("mean_squared_eror", "did you mean 'mean_squared_error'?"), ("mse", ""), ("zzz", "")],
)
def test_a_name_alone_has_to_be_that_of_a_function(name, hint):
    (diagnostic,) = refused(name)
    assert diagnostic.code == "unknown-function"
    assert diagnostic.hint == hint
