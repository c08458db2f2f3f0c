"""Looking up classes, operations, strings and functions."""

from __future__ import annotations

import subprocess
import sys

import pytest

from kcodegen import registry
from kcodegen.ir.values import Obj, walk
from kcodegen.registry.lines import class_from_line, class_to_line, op_from_line, op_to_line

COUNTS = {
    "constraint": 5,
    "dtype_policy": 8,
    "initializer": 17,
    "layer": 147,
    "loss": 23,
    "metric": 46,
    "optimizer": 17,
    "quantization_config": 6,
    "quantizer": 2,
    "regularizer": 5,
    "schedule": 7,
    "seed_generator": 1,
}

ROWS = [
    registry.row(key)
    for kind in registry.kinds()
    for name in registry.class_names(kind)
    for key in [row.key for row in registry.candidates(name, None, kind)]
]
OPS = [registry.op(key) for key in registry.op_keys()]


def lines(file: str) -> list[str]:
    return (registry.HERE / file).read_text(encoding="utf-8").splitlines()


def test_every_kind_is_complete():
    rows = [class_from_line(line) for line in lines("classes.jsonl")]
    found = {kind: sum(r.kind == kind and not r.helper for r in rows) for kind in registry.kinds()}
    assert found == COUNTS
    assert len(lines("ops.jsonl")) == 336
    assert sorted(r.helper for r in rows if r.helper) == [
        "custom_scale_layer",
        "layer_scale",
        "stochastic_depth",
    ]


@pytest.mark.parametrize(
    ("file", "read", "write"),
    [
        ("classes.jsonl", class_from_line, class_to_line),
        ("ops.jsonl", op_from_line, op_to_line),
    ],
)
def test_a_line_is_read_and_written_without_loss(file, read, write):
    found = lines(file)
    rows = [read(line) for line in found]
    assert [write(row) for row in rows] == found
    assert [row.key for row in rows] == sorted({row.key for row in rows})


@pytest.mark.parametrize(
    ("name", "module", "key"),
    [
        ("Dense", "keras.layers", "keras.layers.Dense"),
        ("Dense", "keras.src.layers.core.dense", "keras.layers.Dense"),
        ("Dense", "keras.src.layers.core.elsewhere", "keras.layers.Dense"),
        ("LSTM", "tf_keras.layers", "keras.layers.LSTM"),
        ("Identity", "keras.layers", "keras.layers.Identity"),
        ("Identity", "keras.initializers", "keras.initializers.Identity"),
        ("IdentityInitializer", "keras.initializers", "keras.initializers.Identity"),
        ("OrthogonalInitializer", "keras.initializers", "keras.initializers.Orthogonal"),
        ("MaxPool2D", "keras.layers", "keras.layers.MaxPooling2D"),
        ("Convolution2D", "keras.layers", "keras.layers.Conv2D"),
        ("Functional", "keras.src.models.functional", "keras.Model"),
        ("Functional", "keras.src.engine.functional", "keras.Model"),
        ("Model", "keras", "keras.Model"),
        ("Model", "keras.models", "keras.Model"),
        ("Sequential", "keras", "keras.Sequential"),
        ("Sequential", "keras.models", "keras.Sequential"),
        ("DTypePolicy", "keras", "keras.DTypePolicy"),
        ("DTypePolicy", "keras.dtype_policies", "keras.DTypePolicy"),
        ("Policy", "keras.mixed_precision", "keras.DTypePolicy"),
        ("LossScaleOptimizer", "keras.mixed_precision", "keras.optimizers.LossScaleOptimizer"),
        ("BinaryCrossentropy", "keras.losses", "keras.losses.BinaryCrossentropy"),
        ("BinaryCrossentropy", "keras.metrics", "keras.metrics.BinaryCrossentropy"),
        ("Rescaling", "keras.layers.experimental.preprocessing", "keras.layers.Rescaling"),
        ("Adam", "keras.src.optimizers.legacy.adam", "keras.optimizers.Adam"),
        (
            "ExponentialDecay",
            "keras.src.optimizers.schedules.learning_rate_schedule",
            "keras.optimizers.schedules.ExponentialDecay",
        ),
        ("GroupQueryAttention", "keras.layers", "keras.layers.GroupQueryAttention"),
        (
            "LayerScale",
            "keras.src.applications.convnext",
            "keras.src.applications.convnext.LayerScale",
        ),
    ],
)
def test_a_class_is_found_by_what_a_file_calls_it(name, module, key):
    found = registry.find_class(name, module)
    assert found is not None
    assert found.key == key


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("Dense", "os"),
        ("Dense", "my_package.layers"),
        ("Dense", "keras_hub.layers"),
        ("Dense", "keras.losses"),
        ("Dense", "keras.src"),
        ("Dense", "keras"),
        ("Dense", ""),
        ("dense", "keras.layers"),
        ("Dense ", "keras.layers"),
        ("system", "os"),
        ("LayerScale", "keras.layers"),
        ("LayerScale", "keras.src.applications.resnet"),
        ("Custom>Adam", "keras.optimizers"),
    ],
)
def test_what_is_in_no_table_is_not_found(name, module):
    assert registry.find_class(name, module) is None
    assert registry.find_op(name, module) is None


@pytest.mark.parametrize(
    ("name", "holds", "key"),
    [
        ("Identity", "layer", "keras.layers.Identity"),
        ("Identity", "initializer", "keras.initializers.Identity"),
        ("Identity", "activation", "keras.layers.Identity"),
        ("Hinge", "loss", "keras.losses.Hinge"),
        ("Hinge", "metric", "keras.metrics.Hinge"),
        ("Huber", "metric", "keras.losses.Huber"),
        ("Adam", "optimizer", "keras.optimizers.Adam"),
        ("Custom>Adam", "optimizer", "keras.optimizers.Adam"),
        ("ExponentialDecay", "schedule", "keras.optimizers.schedules.ExponentialDecay"),
        ("Dense", "", "keras.layers.Dense"),
        ("Deconvolution2D", "layer", "keras.layers.Conv2DTranspose"),
    ],
)
def test_the_place_decides_where_no_module_is_written(name, holds, key):
    found = registry.find_class(name, None, holds)
    assert found is not None
    assert found.key == key


@pytest.mark.parametrize(
    ("name", "holds"),
    [("Identity", ""), ("Hinge", ""), ("Dense", "initializer"), ("Zeros", "layer"), ("Spam", "")],
)
def test_no_guess_where_the_place_does_not_decide(name, holds):
    assert registry.find_class(name, None, holds) is None


def test_candidates_tell_what_an_ambiguous_name_could_be():
    keys = [row.key for row in registry.candidates("Identity")]
    assert keys == ["keras.initializers.Identity", "keras.layers.Identity"]


def test_an_operation_is_found_where_it_was_and_where_it_is():
    for module in ("keras.src.ops.numpy", "keras.src.ops.elsewhere"):
        found = registry.find_op("Mean", module)
        assert found is not None
        assert found.key == "keras.ops.mean"
    assert registry.find_op("Mean", "keras.layers") is None
    assert registry.find_op("Mean", "numpy") is None
    assert registry.find_op("mean", "keras.src.ops.numpy") is None


def test_layers_and_operations_of_one_name_are_apart():
    layer = registry.find_class("Concatenate", "keras.layers")
    op = registry.find_op("Concatenate", "keras.src.ops.numpy")
    assert layer is not None
    assert op is not None
    assert (layer.key, op.key) == ("keras.layers.Concatenate", "keras.ops.concatenate")
    assert registry.find_class("Concatenate", "keras.src.ops.numpy") is None


@pytest.mark.parametrize(
    ("text", "holds", "key"),
    [
        ("he_normal", "initializer", "keras.initializers.HeNormal"),
        ("HeNormal", "initializer", "keras.initializers.HeNormal"),
        ("uniform", "initializer", "keras.initializers.RandomUniform"),
        ("one", "initializer", "keras.initializers.Ones"),
        ("l2", "regularizer", "keras.regularizers.L2"),
        ("non_neg", "constraint", "keras.constraints.NonNeg"),
        ("adam", "optimizer", "keras.optimizers.Adam"),
    ],
)
def test_a_string_stands_for_an_object(text, holds, key):
    found = registry.find_shorthand(text, holds)
    assert found is not None
    assert found.key == key


@pytest.mark.parametrize(
    ("text", "holds"),
    [("l2", "initializer"), ("constant", "initializer"), ("relu", "activation"), ("x", "loss")],
)
def test_other_strings_stand_for_no_object(text, holds):
    assert registry.find_shorthand(text, holds) is None


def test_strings_know_what_each_place_takes():
    assert {"relu", "swish", "linear"} <= registry.strings("activation")
    assert "mse" not in registry.strings("activation")
    assert {"mse", "sparse_categorical_crossentropy"} <= registry.strings("loss")
    assert {"accuracy", "mae", "AUC"} <= registry.strings("metric")
    assert {"float32", "mixed_bfloat16"} <= registry.strings("dtype_policy")
    assert registry.strings("layer") == frozenset()


@pytest.mark.parametrize(
    ("name", "holds", "path"),
    [
        ("relu", "activation", "keras.activations.relu"),
        ("swish", "activation", "keras.activations.silu"),
        ("mean_squared_error", "loss", "keras.losses.mean_squared_error"),
        ("mean_squared_error", "metric", "keras.metrics.mean_squared_error"),
        ("dice", "metric", "keras.losses.dice"),
        ("binary_accuracy", "loss", "keras.metrics.binary_accuracy"),
        ("relu", "loss", None),
        ("relu", "", "keras.activations.relu"),
        ("deserialize", "activation", None),
        ("get", "", None),
        ("system", "", None),
    ],
)
def test_functions_go_by_name(name, holds, path):
    assert registry.function(name, holds) == path


def test_a_missing_key_is_a_key_error():
    with pytest.raises(KeyError):
        registry.row("keras.layers.Nothing")
    with pytest.raises(KeyError):
        registry.op("keras.ops.nothing")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.key)
def test_a_row_agrees_with_itself(row):
    names = [param.name for param in (*row.params, *row.extra)]
    assert len(names) == len(set(names))
    assert not set(names) & {key for key, _ in row.ignored}
    assert set(row.lost) <= set(names)
    assert all(not param.keyword_only for param in row.params[: row.positional])
    assert row.positional <= len(row.params)
    required = sum(param.required for param in row.params)
    assert row.positional == 0 or required <= 2 or row.kind == "schedule"
    for param in (*row.params, *row.extra):
        assert param.default_of in ("", *names)
        for part in walk(param.serialized) if not param.required else ():
            if isinstance(part, Obj):
                assert registry.row(part.key).kind in (param.holds, "quantizer")
    for part in row.hidden:
        assert part.when in ("construct", "call", "every call")
        assert part.given.strip("![]") in ("", *names)


@pytest.mark.parametrize("op", OPS, ids=lambda op: f"{op.module}.{op.name}")
def test_an_operation_agrees_with_itself(op):
    names = [param.name for param in op.params]
    if op.refusal == "it is abstract":
        assert not names
        return
    said = [*op.operands, *op.keywords, *(name for _, name in op.config)]
    assert sorted(said) == sorted(names)
    assert op.variadic in ("", *op.operands)
    assert all(not param.keyword_only for param in op.params[: op.positional])


def test_a_look_up_needs_no_keras():
    code = (
        "import sys; from kcodegen import registry; registry.find_class('Dense', 'keras.layers');"
        "registry.find_op('Mean', 'keras.src.ops.numpy'); registry.strings('loss');"
        "sys.exit(bool({'keras', 'tensorflow', 'numpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
