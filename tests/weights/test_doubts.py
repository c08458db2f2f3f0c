"""Weights of one shape that could be swapped unnoticed: names tell, or a warning says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from kcodegen import cli
from kcodegen.diagnostics import CompileError, Diagnostic
from kcodegen.ir.graph import Graph, Layer
from kcodegen.ir.values import Obj
from kcodegen.weights.files.sources import Producer, Source
from kcodegen.weights.files.store import Stored
from kcodegen.weights.formats import completed, gathered
from kcodegen.weights.matching.roles import Matched, match
from tests.weights.test_matching import (
    NORMALIZATION,
    ROLES,
    by_layer,
    by_name,
    dense,
    inner,
    model,
    of_dense,
    sources,
    stored,
)

KERNELS = slice(0, None, 2)


def in_order(graph: Graph, *arrays: Stored) -> Matched:
    """Match arrays with names, in the order of the file, as TensorFlow.js has them."""
    return match(graph, Source("names", (("", arrays),), Producer((2, 9)), is_ordered=True))


def nested(*names: str) -> Graph:
    """Return a model with a model of Dense layers inside."""
    return model(inner("m", *(dense(name) for name in names)))


def row(*names: str) -> tuple[Stored, ...]:
    """Return the arrays of Dense layers, kernel and bias of each."""
    return tuple(array for name in names for array in of_dense(name)[1][::-1])


def warning(found: Matched) -> Diagnostic:
    """Return the one thing that was said."""
    (said,) = found.diagnostics
    assert said.severity == "warning"
    assert said.hint
    return said


# Names that are all there go before any order; nothing is said.


def test_a_nested_model_in_another_order_goes_by_names() -> None:
    found = by_layer(nested("a", "b", "c"), ("m", row("c", "a", "b")))
    assert sources(found)[KERNELS] == ["a/kernel:0", "b/kernel:0", "c/kernel:0"]
    assert found.diagnostics == ()


@pytest.mark.parametrize("read", [by_name, in_order])
def test_a_row_in_another_order_goes_by_names(read: Any) -> None:
    found = read(nested("dense", "dense_1"), *row("dense_1", "dense"))
    assert sources(found)[KERNELS] == ["dense/kernel:0", "dense_1/kernel:0"]
    assert found.diagnostics == ()


# Names of another run, of which some mean other layers here.


@pytest.mark.parametrize("theirs", [("dense_1", "dense_2"), ("dense_7", "dense_8")])
@pytest.mark.parametrize("ours", [("dense", "dense_1"), ("dense_1", "dense")])
def test_half_of_the_names_of_a_nested_model_tell_nothing(
    ours: tuple[str, str], theirs: tuple[str, str]
) -> None:
    """In a group of a layer that has the same name, the order is Keras' own."""
    found = by_layer(nested(*ours), ("m", row(*theirs)))
    assert sources(found)[KERNELS] == [f"{name}/kernel:0" for name in theirs]
    if "dense_1" in theirs and ours[1] == "dense_1":
        assert "'dense_1' for 'm/dense'" in warning(found).message


def test_layers_of_another_run_are_listed() -> None:
    found = by_layer(nested("dense", "dense_1"), ("m", row("dense_4", "dense_5")))
    assert warning(found).code == "renamed-weights"
    assert warning(found).message == (
        "2 objects of the same shapes have other names in the file of weights ('dense_4' for "
        "'m/dense', 'dense_5' for 'm/dense_1'): they go by their order"
    )


def test_a_row_of_another_run_goes_by_order_and_that_is_said() -> None:
    graph = model(dense("dense"), dense("dense_1"))
    found = in_order(graph, *row("dense_1", "dense_2"))
    assert sources(found)[KERNELS] == ["dense_1/kernel:0", "dense_2/kernel:0"]
    assert "'dense_1' for 'dense', 'dense_2' for 'dense_1'" in warning(found).message


def test_a_row_without_order_is_refused_when_a_name_is_missing() -> None:
    for ours in (("dense", "dense_1"), ("dense_1", "dense")):
        source = Source("names", (("", row("dense_1", "dense_2")),), is_ordered=False)
        with pytest.raises(CompileError, match="don't tell which weight is which"):
            match(model(*map(dense, ours)), source)


def test_shapes_that_tell_need_no_warning() -> None:
    graph = model(inner("m", dense("dense"), dense("dense_1", 5)))
    arrays = (*of_dense("dense_4")[1], *of_dense("dense_5", 3, 5)[1])
    assert by_layer(graph, ("m", arrays[::-1])).diagnostics == ()


def frozen_since(units: int) -> Matched:
    """Match a file whose two heaps are not those of the model: a layer was frozen afterwards."""
    frozen = Layer("dense", "keras.layers.Dense", (("units", units), ("trainable", False)))
    graph = model(inner("m", frozen, NORMALIZATION, dense("dense_1")))
    norm = [stored(f"x/{role}:0", 3) for role in ROLES]
    first = of_dense("dense_4", 4, units)[1][::-1]
    return by_layer(graph, ("m", (*first, *norm[:2], *row("dense_5"), *norm[2:])))


def test_layers_frozen_since_go_by_shape_or_are_refused() -> None:
    found = frozen_since(5)
    assert sources(found)[:2] == ["dense_4/kernel:0", "dense_4/bias:0"]
    assert found.diagnostics == ()
    with pytest.raises(CompileError, match="nothing tells which weight of the file is m/bn gamma"):
        frozen_since(3)


def test_many_are_counted() -> None:
    names = ["dense", *(f"dense_{i}" for i in range(1, 9))]
    others = [f"dense_{i}" for i in range(20, 29)]
    found = by_layer(nested(*names), ("m", row(*others)))
    assert "'dense_25' for 'm/dense_5' and 3 more): they" in warning(found).message


# The order of the format is no doubt.


def test_the_order_of_cells_is_that_of_the_format() -> None:
    cells = tuple(Obj("keras.layers.LSTMCell", (("units", 2),)) for _ in range(2))
    graph = model(Layer("r", "keras.layers.RNN", (("cell", cells),)))
    of_cell = {"kernel": (2, 8), "recurrent_kernel": (2, 8), "bias": (8,)}
    arrays = [
        stored(f"r/cell_{number}/{role}:0", *shape)
        for number in (8, 7)
        for role, shape in of_cell.items()
    ]
    found = by_layer(graph, ("r", tuple(arrays)))
    assert sources(found) == ["/".join(array.name) for array in arrays]
    assert found.diagnostics == ()


def numbered(graph: Graph, version: tuple[int, int] | None, *shapes: tuple[int, ...]) -> Matched:
    """Match arrays without names."""
    arrays = tuple(stored(f"weight_{i}.npy", *shape) for i, shape in enumerate(shapes))
    return match(graph, Source("numbers", (("", arrays),), Producer(version)))


FROZEN = Layer("f", "keras.layers.Dense", (("units", 4), ("trainable", False)))
SHAPES = ((4, 4), (4,)) * 2


@pytest.mark.parametrize("version", [None, (2, 3), (2, 9), (3, 0)])
def test_numbers_go_by_the_order_of_the_keras_that_wrote_them(
    version: tuple[int, int] | None,
) -> None:
    """Keras 2.3 put what was frozen in a nested model last, all others did not."""
    found = numbered(model(inner("m", FROZEN, dense("d", 4))), version, *SHAPES)
    turned = ["weight_2.npy", "weight_3.npy", "weight_0.npy", "weight_1.npy"]
    assert sources(found) == (turned if version == (2, 3) else sorted(turned))
    if version is None:
        assert "those of m/d, m/f in one order" in warning(found).message
        assert warning(found).code == "weight-order"
    else:
        assert found.diagnostics == ()


def test_numbers_that_every_keras_has_in_one_order_need_no_version() -> None:
    assert numbered(model(dense("a", 4), dense("b", 4)), None, *SHAPES).diagnostics == ()


# Keras 1


def test_layers_of_keras_1_under_other_names_go_by_order_and_that_is_said() -> None:
    graph = model(dense("a"), dense("b"))
    groups = (of_dense("dense_7"), of_dense("dense_8"))
    rows = tuple((name, arrays[::-1]) for name, arrays in groups)
    found = match(graph, Source("layers", rows, Producer((1, 2))))
    assert sources(found)[KERNELS] == ["dense_7/kernel:0", "dense_8/kernel:0"]
    assert "('dense_7' for 'a', 'dense_8' for 'b')" in warning(found).message
    same = tuple((ours, arrays) for ours, (_, arrays) in zip("ab", rows, strict=True))
    assert match(graph, Source("layers", same, Producer((1, 2)))).diagnostics == ()


# Who computed: the file of weights knows it better than that of the architecture.


@pytest.mark.parametrize(
    ("said", "own", "known", "taken"),
    [
        ("", "tensorflow", "theano", "tensorflow"),
        ("", "", "theano", "theano"),
        ("theano", "tensorflow", "", "theano"),
        ("", "", "", ""),
    ],
)
def test_the_backend_is_that_of_the_weights(said: str, own: str, known: str, taken: str) -> None:
    source = Source("layers", (), Producer((2, 2), own))
    assert completed(source, Producer((2, 1), known), said).producer.backend == taken


# Files of Keras 3


def native(path: Path, *names: str) -> Path:
    """Write a file of weights of Keras 3, with Dense layers of these names."""
    with h5py.File(path, "w") as file:
        for number, name in enumerate(names):
            group = file.create_group(f"layers/dense{f'_{number}' if number else ''}/vars")
            group.attrs["name"] = name
            group["0"] = np.full((4, 4), number, "f4")
            group["1"] = np.full((4,), number, "f4")
    return path


def of_native(tmp_path: Path, ours: str, theirs: str) -> tuple[list[int], list[Diagnostic]]:
    """Return which layer of the file each layer of a model gets, and what is said."""
    layers = tuple(Layer(n, "keras.layers.Dense", (("units", 4),)) for n in ours.split())
    path = native(tmp_path / "m.weights.h5", *theirs.split())
    with gathered(path, model(*layers), Producer()) as found:
        numbers = [int(next(array.chunks())[0]) for _, array in found.weights[KERNELS]]
        return numbers, list(found.diagnostics)


@pytest.mark.parametrize(
    ("ours", "theirs", "numbers", "said"),
    [
        ("a b", "a b", [0, 1], ""),
        ("a b", "b a", [1, 0], "2 layers stand in another order in the file of weights ('dense_1'"),
        ("a b", "x y", [0, 1], "2 layers have other names in the file of weights ('x' for 'a', "),
        # Keras made these up anew, and its places are the order of the model.
        ("dense dense_1", "dense_4 dense_5", [0, 1], ""),
        ("dense dense_1", "dense_1 dense_2", [0, 1], ""),
        ("a b", "dense dense_1", [0, 1], ""),
    ],
)
def test_places_and_names_in_a_file_of_keras_3(
    tmp_path: Path, ours: str, theirs: str, numbers: list[int], said: str
) -> None:
    found, diagnostics = of_native(tmp_path, ours, theirs)
    assert found == numbers
    assert len(diagnostics) == bool(said)
    assert all(one.message.startswith(said) for one in diagnostics)


# What a user sees


def test_a_doubt_is_one_line_and_stands_in_the_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import keras

    x = keras.Input((4,))
    line = keras.Sequential([keras.Input((4,)), *(keras.layers.Dense(4) for _ in range(3))])
    made = keras.Model(x, line(x))
    (tmp_path / "m.json").write_text(made.to_json(), "utf-8")
    with h5py.File(tmp_path / "w.h5", "w") as file:
        names = [f"dense_{i}/{role}:0" for i in range(20, 23) for role in ("kernel", "bias")]
        group = file.create_group(line.name)
        for name in names:
            group[name] = np.zeros((4, 4) if "kernel" in name else (4,), "f4")
        group.attrs["weight_names"] = [name.encode() for name in names]
        file.attrs["layer_names"] = [line.name.encode()]
        file.attrs["keras_version"] = b"2.9.0"
    report = tmp_path / "report.json"
    words = [tmp_path / "m.json", "--weights", tmp_path / "w.h5", "-o", tmp_path / "m.py"]
    assert cli.main([*map(str, words), "--report", str(report)]) == 0
    (said,) = capsys.readouterr().err.splitlines()
    assert "warning: 3 objects of the same shapes have other names" in said
    (found,) = json.loads(report.read_text())["diagnostics"]
    assert found["code"] == "renamed-weights"
    assert found["message"] in said
