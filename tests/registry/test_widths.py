"""The last axis of what layers give is what Keras says it is."""

from __future__ import annotations

import keras
import pytest

from kcodegen.ir.graph import Call
from kcodegen.ir.values import Ref, Value
from kcodegen.registry.widths import RULES, has_rule, width_of

WIDE = 12
GIVEN = {
    "units": {"units": 5},
    "filters": {"filters": 5, "kernel_size": 3},
    "depth_multiplier": {"kernel_size": 3, "depth_multiplier": 2},
}
MORE = {
    "Activation": {"activation": "relu"},
    "AlphaDropout": {"rate": 0.1},
    "AveragePooling1D": {"pool_size": 2},
    "AveragePooling2D": {"pool_size": 2},
    "AveragePooling3D": {"pool_size": 2},
    "Dropout": {"rate": 0.1},
    "SpatialDropout1D": {"rate": 0.1},
    "SpatialDropout2D": {"rate": 0.1},
    "SpatialDropout3D": {"rate": 0.1},
    "Cropping1D": {"cropping": 1},
    "GroupNormalization": {"groups": 3},
    "GaussianDropout": {"rate": 0.1},
    "GaussianNoise": {"stddev": 0.1},
}
SEVERAL = frozenset("Add Average Concatenate Maximum Minimum Multiply Subtract".split())
LAYERS = [key for key in RULES if key.startswith("keras.layers.")]


def shape_of(name: str) -> tuple[int, ...]:
    rank = next((int(digit) for digit in name if digit in "123"), 2)
    return (*(8,) * rank, WIDE)


def call(count: int, **kwargs: Value) -> Call:
    refs = tuple(Ref(f"in{i}/0") for i in range(count))
    args = (refs,) if count > 1 else refs
    return Call("out/0", "layer", "out", args, tuple(kwargs.items()))


def width(key: str, count: int = 1, known: int | None = WIDE, **args: Value) -> int | None:
    given = {} if known is None else {Ref(f"in{i}/0"): known for i in range(count)}
    return width_of(call(count), key, tuple(args.items()), given)


@pytest.mark.parametrize("key", LAYERS)
def test_a_width_is_that_of_the_built_layer(key):
    name = key.rpartition(".")[2]
    args = GIVEN.get(RULES[key], {}) | MORE.get(name, {})
    count = 2 if name in SEVERAL else 1
    tensors = [keras.KerasTensor((None, *shape_of(name))) for _ in range(count)]
    layer = getattr(keras.layers, name)(**args)
    output = layer.compute_output_spec(tensors if count > 1 else tensors[0])
    assert width(key, count, **args) == output.shape[-1]


@pytest.mark.parametrize("key", [key for key in LAYERS if RULES[key] in ("same", "sum")])
def test_what_nobody_knows_stays_unknown(key):
    assert width(key, 2, None) is None


def test_channels_first_says_nothing_of_the_last_axis():
    assert width("keras.layers.Conv2D", filters=5, data_format="channels_last") == 5
    assert width("keras.layers.Conv2D", filters=5, data_format="channels_first") is None


def test_another_axis_says_nothing_of_the_last_one():
    assert width("keras.layers.Concatenate", 2) == 2 * WIDE
    assert width("keras.layers.Concatenate", 2, axis=1) is None


def test_tensors_of_different_widths_are_as_wide_as_nobody_says():
    known = {Ref("in0/0"): WIDE, Ref("in1/0"): 1}
    assert width_of(call(2), "keras.layers.Add", (), known) is None


def test_a_constant_may_make_a_tensor_wider():
    def added(other: Value) -> int | None:
        kwargs = (("x1", Ref("in0/0")), ("x2", other))
        op = Call("/keras.ops.add/0", "op", "keras.ops.add", (), kwargs)
        return width_of(op, "keras.ops.add", kwargs, {Ref("in0/0"): 1})

    assert added(3.0) == 1
    assert added((1.0, 2.0)) is None


def test_an_input_is_as_wide_as_its_shape_says():
    assert width("keras.Input", 0, shape=(None, None, 3)) == 3
    assert width("keras.Input", 0, shape=(None,)) is None


def test_a_users_class_has_no_rule():
    assert not has_rule("custom:mine:Dense")
    assert width("custom:mine:Dense", units=3) is None
