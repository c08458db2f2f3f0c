"""What counts as a difference between two serialized models, and what does not."""

from __future__ import annotations

from typing import Any

import pytest

from kcodegen.verification.allowances import CURRENT, KERAS_2, OBJECTS, OLDER
from kcodegen.verification.configs import allowances_for, differences, written_by_current

ALL = CURRENT + OLDER
BUILT = ("build-config", "built")


def obj(class_name: str, **config: Any) -> dict[str, Any]:
    """Return a serialized object."""
    return {"module": "keras.layers", "class_name": class_name, "config": config}


def user(module: str, registered: str) -> dict[str, Any]:
    """Return a serialized object of a user's class."""
    return {"module": module, "class_name": "Scale", "config": {}, "registered_name": registered}


def tensor(name: str) -> dict[str, Any]:
    """Return a serialized reference to the output of a layer."""
    return {"class_name": "__keras_tensor__", "config": {"keras_history": [name, 0, 0]}}


def model(op: str, other: str = "exp", source: str = "") -> dict[str, Any]:
    """Return a model of an input, two ops and a layer; the second op is called on `source`."""
    layers: list[dict[str, Any]] = [
        {"module": "keras.layers", "class_name": "InputLayer", "config": {}, "name": "a"},
        {"module": "keras.src.ops.numpy", "class_name": "Mean", "config": {}, "name": op},
        {"module": "keras.src.ops.numpy", "class_name": "Exp", "config": {}, "name": other},
        {"module": "keras.layers", "class_name": "Dense", "config": {"name": "d"}, "name": "d"},
    ]
    calls: list[list[dict[str, Any]]] = [
        [],
        *([{"args": [tensor(name)], "kwargs": {}}] for name in ("a", source or op, other)),
    ]
    layers = [{**layer, "inbound_nodes": nodes} for layer, nodes in zip(layers, calls, strict=True)]
    return obj("Functional", layers=layers, input_layers=["a", 0, 0], output_layers=[other, 0, 0])


POLICY = obj("DTypePolicy", name="float32")
FORGIVEN: dict[str, tuple[Any, Any]] = {
    "op-names": (model("mean"), model("mean_3", "exp_7")),
    "user-module": (user("zoo", "Acme>Scale"), user("shop.layers", "Acme>Scale")),
    "dtype": (obj("Dense", dtype="float32"), obj("Dense", dtype=POLICY)),
    "renamed-class": (obj("OrthogonalInitializer", gain=1.0), obj("Orthogonal", gain=1.0)),
    "newer-keys": (obj("InputLayer", name="a"), obj("InputLayer", name="a", optional=False)),
    "build-config": ({**obj("Dense"), "build_config": {"input_shape": [4]}}, obj("Dense")),
    "named-initializer": (
        obj("VarianceScaling", scale=2.0, mode="fan_in", distribution="uniform", seed=7),
        obj("HeUniform", seed=7),
    ),
    "no-blocks": (
        obj("Int4QuantizationConfig"),
        obj("Int4QuantizationConfig", block_size=None),
    ),
    "shared-object-id": ({**obj("HeUniform"), "shared_object_id": 140}, obj("HeUniform")),
    "adapted-batch": (
        {**obj("Normalization"), "build_config": {"input_shape": [20, 3]}},
        {**obj("Normalization"), "build_config": {"input_shape": [None, 3]}},
    ),
    "input-shape": (obj("Dense", units=3, batch_input_shape=[None, 4]), obj("Dense", units=3)),
    "no-kernel": (
        obj("SeparableConv2D", filters=3, kernel_size=[3, 3], kernel_initializer="he_normal"),
        obj("SeparableConv2D", filters=3, kernel_size=[3, 3], kernel_initializer="zeros"),
    ),
    "same-class": (
        obj("ThresholdedReLU", name="a", theta=0.5),
        obj("ReLU", name="a", max_value=None, negative_slope=0.0, threshold=0.5),
    ),
    "built": ({**obj("Dense"), "build_config": {"input_shape": [4]}}, obj("Dense")),
    "name": ("relu", {"module": None, "class_name": "function", "config": "relu"}),
    "null-arguments": (
        {**obj("MultiHeadAttention"), "inbound_nodes": [{"args": [], "kwargs": {"mask": None}}]},
        {**obj("MultiHeadAttention"), "inbound_nodes": [{"args": [], "kwargs": {}}]},
    ),
    "single-tensor": (
        obj("Functional", input_layers=[["a", 0, 0]]),
        obj("Functional", input_layers=["a", 0, 0]),
    ),
    "decompiled": (
        obj("Lambda", function={"class_name": "__lambda__", "config": {"code": "4w=="}}),
        obj("Lambda", function={"class_name": "function", "config": "scaled"}),
    ),
    "float32-noise": (obj("L2", l2=0.009999999776482582), obj("L2", l2=0.01)),
}
COUNTED: dict[str, tuple[Any, Any]] = {
    "an op is called on another op": (model("mean"), model("mean", source="a")),
    "another registered name": (user("zoo", "Acme>Scale"), user("zoo", "Shop>Scale")),
    "the module of Keras' own class": (
        user("keras.layers", "Scale"),
        user("keras.initializers", "Scale"),
    ),
    "another dtype": (obj("Dense", dtype="float16"), obj("Dense", dtype=POLICY)),
    "numbers of no initializer": (
        obj("VarianceScaling", scale=2.0, mode="fan_out", distribution="uniform"),
        obj("HeUniform"),
    ),
    "another spread": (
        obj("VarianceScaling", scale=2.0, mode="fan_in", distribution="untruncated_normal"),
        obj("HeNormal"),
    ),
    "another class": (obj("OrthogonalInitializer"), obj("Identity")),
    "a newer key with a value": (obj("InputLayer"), obj("InputLayer", optional=True)),
    "an unknown newer key": (obj("InputLayer"), obj("InputLayer", shiny=False)),
    "a key that got lost": (obj("InputLayer", optional=False), obj("InputLayer")),
    "another shape than it was adapted to": (
        {**obj("Normalization"), "build_config": {"input_shape": [20, 3]}},
        {**obj("Normalization"), "build_config": {"input_shape": [20, 4]}},
    ),
    "an argument that is false": (
        {**obj("LSTM"), "inbound_nodes": [{"args": [], "kwargs": {"mask": False}}]},
        {**obj("LSTM"), "inbound_nodes": [{"args": [], "kwargs": {}}]},
    ),
    "two tensors": (
        obj("Functional", input_layers=[["a", 0, 0], ["b", 0, 0]]),
        obj("Functional", input_layers=["a", 0, 0]),
    ),
    "a number close by": (obj("L2", l2=0.0099999), obj("L2", l2=0.01)),
    "a number far too large for 32 bits": (obj("L2", l2=1e300), obj("L2", l2=1e301)),
    "an integer for a float": (obj("L2", l2=1), obj("L2", l2=1.0)),
    "a flag for an integer": (obj("L2", l2=1), obj("L2", l2=True)),
    "another input": (
        obj("InputLayer", batch_input_shape=[None, 3]),
        obj("InputLayer", batch_input_shape=[None, 4]),
    ),
    "another size of a kernel": (
        obj("SeparableConv2D", kernel_size=[3, 3]),
        obj("SeparableConv2D", kernel_size=[5, 5]),
    ),
    "the kernel of a plain convolution": (
        obj("Conv2D", kernel_initializer="he_normal"),
        obj("Conv2D", kernel_initializer="zeros"),
    ),
    "another threshold": (obj("ThresholdedReLU", theta=0.5), obj("ReLU", threshold=0.25)),
    "the name of another function": (
        "relu",
        {"module": None, "class_name": "function", "config": "relu6"},
    ),
    "a class of that name": ("relu", {"module": None, "class_name": "relu", "config": {}}),
    "the name of a layer": (model("mean"), {**model("mean"), "name": "other"}),
}


@pytest.mark.parametrize("name", FORGIVEN)
def test_an_allowance_forgives_its_difference_and_nothing_else_does(name: str) -> None:
    left, right = FORGIVEN[name]
    tables = (CURRENT, CURRENT + KERAS_2, CURRENT + OBJECTS, ALL)
    rows = next(table for table in tables if any(row.name == name for row in table))
    assert differences(left, right, rows) == ()
    assert differences(left, right, tuple(row for row in rows if row.name != name))


def test_every_allowance_has_an_example() -> None:
    rows = ALL + KERAS_2 + OBJECTS
    assert set(FORGIVEN) == {row.name for row in rows}
    assert all(row.reason for row in rows)


@pytest.mark.parametrize("name", COUNTED)
def test_what_looks_like_an_allowance_is_a_difference(name: str) -> None:
    left, right = COUNTED[name]
    rows = ALL + KERAS_2 + OBJECTS
    assert differences(left, right, tuple(row for row in rows if row.name not in BUILT))


def test_the_lines_are_json_pointers() -> None:
    left = {"a/b": [1, {"c": "x"}], "gone": None}
    right = {"a/b": [1, {"c": "y"}], "new": 2}
    assert differences(left, right) == (
        "/a~1b/1/c: 'x' != 'y'",
        "/gone: None != (absent)",
        "/new: (absent) != 2",
    )


def test_another_order_of_layers_is_told_by_name() -> None:
    left = model("mean")
    layers = left["config"]["layers"]
    right = obj("Functional", **{**left["config"], "layers": [*layers[:2], layers[3], layers[2]]})
    assert differences(left, right, ())[0] == "/config/layers/2/name: 'exp' != 'd'"


def test_ops_are_renamed_in_the_model_that_holds_them_only() -> None:
    inner = model("mean")
    outer = obj("Functional", layers=[inner | {"name": "inner"}], output_layers=["mean", 0, 0])
    other = obj("Functional", layers=[inner | {"name": "inner"}], output_layers=["exp", 0, 0])
    assert differences(outer, other)


def test_older_files_are_known_by_their_input_layers() -> None:
    older = obj("Sequential", layers=[obj("InputLayer", name="a")])
    current = obj("Sequential", layers=[obj("InputLayer", name="a", optional=False)])
    assert not written_by_current(older)
    assert written_by_current(current)
    assert not written_by_current({**current, "keras_version": "2.15.0"})
    assert allowances_for(older) == ALL
    assert allowances_for(current) == CURRENT
