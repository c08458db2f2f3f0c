"""Rows of operations against Keras: each public function is called on symbolic inputs."""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Iterator
from typing import Any

import keras
import pytest

from kcodegen import registry
from kcodegen.registry.rows import OpRow

Arguments = dict[str, Any]


def tensor(*shape: int | None, dtype: str = "float32") -> Any:
    return keras.Input(batch_shape=shape, dtype=dtype)


TENSORS = [
    lambda: tensor(None, 4),
    lambda: tensor(None, 4, 4),
    lambda: tensor(None, 4, 4, 3),
    lambda: tensor(None, 8, 8, 8, 3),
    lambda: tensor(2, 2),
    lambda: tensor(4),
    lambda: tensor(3, dtype="int32"),
    lambda: tensor(2, 3, dtype="int32"),
    lambda: tensor(2, 3, dtype="bool"),
    lambda: [tensor(None, 4), tensor(None, 4)],
    lambda: (tensor(None, 4), tensor(None, 4)),
    lambda: tensor(),
]

STATIC: dict[str, list[Any]] = {
    "axes": [(0, 1), 0],
    "axis": [1, 0],
    "axis1": [0],
    "axis2": [1],
    "block_size": [2],
    "default_value": [0.0],
    "destination": [1],
    "dtype": ["float32", "int32"],
    "fft_length": [2, 4],
    "indices_or_sections": [2],
    "kernel_size": [2],
    "kth": [1],
    "k": [1],
    "max_val": [1.0],
    "newshape": [(4, 1)],
    "num_classes": [3],
    "order": [1],
    "output_size": [(2, 2), 2, (4, 4)],
    "pad_width": [((0, 0), (1, 1)), 1],
    "pool_size": [2],
    "repeats": [2],
    "sequence_length": [2],
    "sequence_stride": [1],
    "shape": [(2, 2), (1,)],
    "shift": [1],
    "size": [(2, 2)],
    "source": [0],
    "subscripts": ["ij,kj->ik"],
    "threshold": [0.5],
    "x_max": [1.0],
    "x_min": [0.0],
}

SPECIAL: dict[str, Any] = {
    "keras.ops.depth_to_space": lambda: {"x": tensor(1, 2, 2, 8), "block_size": 2},
    "keras.ops.fft2": lambda: {"x": (tensor(2, 4, 4), tensor(2, 4, 4))},
    "keras.ops.get_item": lambda: {"x": tensor(None, 4), "key": 0},
    "keras.ops.ifft2": lambda: {"x": (tensor(2, 4, 4), tensor(2, 4, 4))},
    "keras.ops.image.crop_images": lambda: {
        "images": tensor(None, 8, 8, 3),
        "top_cropping": 1,
        "left_cropping": 2,
        "target_height": 4,
        "target_width": 5,
    },
    "keras.ops.image.pad_images": lambda: {
        "images": tensor(None, 8, 8, 3),
        "top_padding": 1,
        "left_padding": 2,
        "target_height": 12,
        "target_width": 13,
    },
    "keras.ops.image.perspective_transform": lambda: {
        "images": tensor(2, 8, 8, 3),
        "start_points": tensor(2, 4, 2),
        "end_points": tensor(2, 4, 2),
    },
    "keras.ops.image.scale_and_translate": lambda: {
        "images": tensor(2, 8, 8, 3),
        "output_shape": (2, 4, 4, 3),
        "scale": tensor(2),
        "translation": tensor(2),
        "spatial_dims": (1, 2),
        "method": "linear",
    },
    "keras.ops.multi_hot": lambda: {"inputs": tensor(2, 3, dtype="int32"), "num_classes": 3},
}
"""Arguments that the general ones do not cover."""

VARIADIC: dict[str, Any] = {
    "keras.ops.einsum": lambda: ("ij,jk->ik", tensor(2, 3), tensor(3, 4)),
    "keras.ops.meshgrid": lambda: (tensor(3), tensor(4)),
}
"""The same for functions of `*args`."""

OPEN: dict[str, Any] = {
    "keras.ops.rearrange": lambda: ((tensor(2, 6), "b (h w) -> b h w"), {"h": 2}),
}
"""The same for functions of `**kwargs`."""

NEVER_MADE = {"keras.ops.abs": "Absolute", "keras.ops.conj": "Conjugate"}
"""Aliases: the class that the function makes instead of its own."""

NEVER_SYMBOLIC = "keras.ops.arange"
"""A function that Keras itself refuses to call on a symbolic tensor."""

ROWS = [registry.op(key) for key in registry.op_keys()]
CALLED = [
    row
    for row in ROWS
    if not row.refusal and row.key not in NEVER_MADE and row.key != NEVER_SYMBOLIC
]


def function(row: OpRow) -> Any:
    """Return the public function of a row."""
    module, _, name = row.key.rpartition(".")
    return getattr(importlib.import_module(module), name)


def choices(row: OpRow) -> Iterator[Arguments]:
    """Yield arguments to try, the same kind of tensor in every place first."""
    names = [param.name for param in row.params if param.required]
    said = [[(lambda v=v: v) for v in STATIC[n]] if n in STATIC else TENSORS for n in names]
    cycled = [itertools.islice(itertools.cycle(each), len(TENSORS)) for each in said]
    aligned = zip(*cycled, strict=True)
    for makers in itertools.chain(aligned, itertools.islice(itertools.product(*said), 400)):
        yield {name: make() for name, make in zip(names, makers, strict=True)}


def operation_of(outputs: Any) -> Any:
    """Return the operation that made the outputs."""
    return keras.tree.flatten(outputs)[0]._keras_history.operation


def called(row: OpRow) -> tuple[Any, Arguments]:
    """Return the operation that the row's function makes, and the arguments it was given."""
    if row.key in VARIADIC:
        return operation_of(function(row)(*VARIADIC[row.key]())), {}
    if row.key in OPEN:
        args, kwargs = OPEN[row.key]()
        return operation_of(function(row)(*args, **kwargs)), {}
    for arguments in [SPECIAL[row.key]()] if row.key in SPECIAL else choices(row):
        try:
            return operation_of(function(row)(**arguments)), arguments
        except Exception:
            if row.key in SPECIAL:
                raise
    raise AssertionError(f"{row.key} took no arguments that we know")


@pytest.mark.parametrize("row", CALLED, ids=lambda row: row.key)
def test_a_function_makes_the_class_with_the_config_of_its_row(row):
    operation, arguments = called(row)
    assert (type(operation).__module__, type(operation).__name__) == (row.module, row.name)
    config = operation.get_config()
    for key in set(config) - {"name"} - {key for key, _ in row.config}:
        assert config[key] == dict(row.ignored)[key]
    for key, name in row.config:
        param = row.param(name)
        assert param is not None
        if key in config and (name in arguments or not param.required):
            expected = arguments.get(name, param.default)
            assert config[key] == expected or expected is None
    node = operation._inbound_nodes[0].arguments
    if not row.variadic:
        assert len(node.args) == len(row.operands)
    if not row.open_keywords:
        assert set(node.kwargs) == set(row.keywords)


@pytest.mark.parametrize(
    "row", [r for r in CALLED if r.key not in {*VARIADIC, *OPEN}], ids=lambda row: row.key
)
def test_a_switch_reaches_the_config(row):
    switches = [p.name for p in row.params if p.default in (True, False) and not p.required]
    given = {name: key for key, name in row.config}
    if not set(switches) & set(given):
        return
    _, arguments = called(row)
    for name in switches:
        turned = {**arguments, name: not row.param(name).default}
        try:
            operation = operation_of(function(row)(**turned))
        except Exception:
            continue
        assert operation.get_config()[given[name]] == turned[name]


def test_an_alias_makes_its_twin():
    for key, name in NEVER_MADE.items():
        operation = operation_of(function(registry.op(key))(tensor(None, 4)))
        assert type(operation).__name__ == name
        assert issubclass(
            getattr(importlib.import_module("keras.src.ops.numpy"), registry.op(key).name),
            type(operation),
        )


def test_one_function_takes_no_symbolic_tensor():
    with pytest.raises(ValueError, match="KerasTensor is symbolic"):
        keras.ops.arange(tensor(), 5)


def test_every_operation_is_called_or_refused():
    refused = [row for row in ROWS if row.refusal]
    assert len(CALLED) + len(refused) + len(NEVER_MADE) + 1 == len(ROWS) == 336
    assert sorted(row.name for row in refused) == [
        "AssociativeScan",
        "Cond",
        "ForiLoop",
        "Function",
        "JVP",
        "Map",
        "Operation",
        "Scan",
        "SegmentReduction",
        "Switch",
        "VectorizedMap",
        "WhileLoop",
    ]
