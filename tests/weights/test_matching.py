"""Weights find their variables by layer and name, or are refused with all that is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kcodegen.diagnostics import CompileError
from kcodegen.ir.graph import Graph, Layer
from kcodegen.ir.values import Obj
from kcodegen.weights.files.sources import Producer, Source
from kcodegen.weights.files.store import Stored, in_pieces, whole
from kcodegen.weights.matching.roles import Matched, match


def stored(path: str, *shape: int) -> Stored:
    """Return an array of its own numbers: the same name gives the same."""
    seed = np.frombuffer(path.encode(), "u1").sum()
    array = np.random.default_rng(seed).normal(size=shape).astype("f4")
    return Stored(tuple(path.split("/")), shape, "float32", lambda: in_pieces(array.reshape(-1)))


def dense(name: str, units: int = 3, **args: Any) -> Layer:
    """Return a Dense layer."""
    return Layer(name, "keras.layers.Dense", (("units", units), *args.items()))


def model(*layers: Layer) -> Graph:
    """Return a Sequential model."""
    return Graph("model", "keras.Sequential", layers)


def by_layer(graph: Graph, *groups: tuple[str, tuple[Stored, ...]]) -> Matched:
    """Match what a file holds layer by layer."""
    return match(graph, Source("layers", groups, Producer((2, 9), "tensorflow")))


def by_name(graph: Graph, *arrays: Stored) -> Matched:
    """Match what a file holds in one row, with names."""
    return match(graph, Source("names", (("", arrays),), Producer((2, 9))))


def sources(matched: Matched) -> list[str]:
    """Return the paths of the arrays in the order of the variables."""
    return ["/".join(array.name) for _, array in matched.weights]


def complaints(graph: Graph, *groups: tuple[str, tuple[Stored, ...]]) -> list[str]:
    """Return all that is wrong with a file."""
    with pytest.raises(CompileError) as caught:
        by_layer(graph, *groups)
    assert all(found.hint for found in caught.value.diagnostics)
    return [found.message for found in caught.value.diagnostics]


def of_dense(name: str, inputs: int = 4, units: int = 3) -> tuple[str, tuple[Stored, ...]]:
    """Return the group of a Dense layer, its bias first."""
    bias, kernel = stored(f"{name}/bias:0", units), stored(f"{name}/kernel:0", inputs, units)
    return name, (bias, kernel)


def test_names_go_before_order() -> None:
    matched = by_layer(model(dense("a"), dense("b")), of_dense("b"), of_dense("a"))
    assert sources(matched) == ["a/kernel:0", "a/bias:0", "b/kernel:0", "b/bias:0"]
    assert matched.diagnostics == ()


def test_all_that_is_wrong_is_said_at_once() -> None:
    graph = model(dense("a"), dense("b"), dense("c", 5))
    assert complaints(graph, of_dense("a"), of_dense("d")) == [
        "the file has no weights of the layer 'b'",
        "the file has no weights of the layer 'c'",
        "the model has no layer 'd' with weights, but the file has",
    ]
    assert complaints(graph, of_dense("a", units=2), of_dense("b"), of_dense("c")) == [
        "a kernel needs (?, 3), a/kernel:0 has (4, 2)",
        "a bias needs (3,), a/bias:0 has (2,)",
        "c kernel needs (?, 5), c/kernel:0 has (4, 3)",
        "c bias needs (5,), c/bias:0 has (3,)",
    ]
    short = ("b", of_dense("b")[1][:1])
    assert complaints(graph, of_dense("a"), short, of_dense("c", units=5)) == [
        "the layer 'b' has 2 weights, the file 1"
    ]


def test_layers_of_another_run_go_by_order_and_that_is_said() -> None:
    graph = model(dense("dense"), dense("dense_1"))
    matched = by_layer(graph, of_dense("dense_4"), of_dense("dense_5"))
    assert sources(matched)[::2] == ["dense_4/kernel:0", "dense_5/kernel:0"]
    (warning,) = matched.diagnostics
    assert (warning.code, warning.severity) == ("renamed-weights", "warning")
    # Half of the names are there, and mean other layers.
    shifted = by_layer(graph, of_dense("dense_1"), of_dense("dense_2"))
    assert sources(shifted)[::2] == ["dense_1/kernel:0", "dense_2/kernel:0"]
    other = model(dense("dense"), Layer("conv", "keras.layers.Dense", (("units", 3),)))
    assert len(complaints(other, of_dense("dense_4"), of_dense("dense_5"))) == 4


def test_slashes_of_old_names_are_no_hindrance() -> None:
    matched = by_layer(model(dense("block_conv")), of_dense("block/conv"))
    assert sources(matched)[0] == "block/conv/kernel:0"
    assert matched.diagnostics == ()


def inner(name: str, *layers: Layer) -> Layer:
    """Return a model inside a model."""
    return Layer(name, "keras.Sequential", body=Graph(name, "keras.Sequential", layers))


NORMALIZATION = Layer("bn", "keras.layers.BatchNormalization")
ROLES = ["gamma", "beta", "moving_mean", "moving_variance"]


def test_the_two_heaps_of_a_nested_model_become_one_row() -> None:
    graph = model(inner("m", NORMALIZATION, dense("d")))
    heaps = [*(stored(f"bn/{role}:0", 3) for role in ROLES[:2]), *of_dense("d")[1]]
    heaps += [stored(f"bn/{role}:0", 3) for role in ROLES[2:]]
    wanted = [*(f"bn/{role}:0" for role in ROLES), "d/kernel:0", "d/bias:0"]
    assert sources(by_layer(graph, ("m", tuple(heaps)))) == wanted
    # Arrays of one shape in another order: the names tell them apart.
    assert sources(by_layer(graph, ("m", tuple(heaps[::-1])))) == wanted


def bidirectional(name: str) -> Layer:
    """Return a Bidirectional layer."""
    lstm = Obj("keras.layers.LSTM", (("units", 2), ("name", "lstm")))
    return Layer(name, "keras.layers.Bidirectional", (("layer", lstm),))


def of_lstm(path: str) -> list[Stored]:
    """Return the arrays of an LSTM."""
    return [
        stored(f"{path}/kernel:0", 3, 8),
        stored(f"{path}/recurrent_kernel:0", 2, 8),
        stored(f"{path}/bias:0", 8),
    ]


def test_the_directions_of_a_bidirectional_are_told_by_their_prefixes() -> None:
    graph = model(bidirectional("b"))
    forward = of_lstm("b/forward_lstm_7/lstm_cell_3")
    backward = of_lstm("b/backward_lstm_7/lstm_cell_4")
    wanted = ["/".join(array.name) for array in (*forward, *backward)]
    assert sources(by_layer(graph, ("b", (*forward, *backward)))) == wanted
    assert sources(by_layer(graph, ("b", (*backward, *forward)))) == wanted


def test_names_without_layers_tell_by_their_paths() -> None:
    graph = model(dense("a"), bidirectional("b"), inner("m", dense("c"), NORMALIZATION))
    arrays = [
        *of_dense("a")[1],
        *of_lstm("b/forward_lstm/cell"),
        *of_lstm("b/backward_lstm/cell"),
        *of_dense("c")[1],
        *(stored(f"bn/{role}", 3) for role in ROLES),
    ]
    shuffled = list(np.random.default_rng(0).permutation(len(arrays)))
    straight = by_name(graph, *arrays)
    turned = by_name(graph, *(arrays[i] for i in shuffled))
    assert sources(straight) == sources(turned)
    assert sources(straight)[-4:] == [f"bn/{role}" for role in ROLES]
    with pytest.raises(CompileError, match="the model has 14 weights, the file 13"):
        by_name(graph, *arrays[1:])


def test_what_names_do_not_tell_is_not_guessed() -> None:
    graph = model(dense("a"))
    with pytest.raises(CompileError, match="nothing tells which weight of the file is a kernel"):
        by_layer(graph, ("a", (stored("a/w", 4, 3), stored("a/b", 3))))


def test_cells_without_names_go_by_order() -> None:
    cells = tuple(
        Obj(f"keras.layers.{name}Cell", (("units", 2),)) for name in ("LSTM", "SimpleRNN")
    )
    graph = model(Layer("r", "keras.layers.RNN", (("cell", cells),)))
    # Keras 2.3 counted the names in one group.
    arrays = [
        stored("r/kernel:0", 3, 8),
        stored("r/recurrent_kernel:0", 2, 8),
        stored("r/bias:0", 8),
        stored("r/kernel_1:0", 2, 2),
        stored("r/recurrent_kernel_1:0", 2, 2),
        stored("r/bias_1:0", 2),
    ]
    matched = by_layer(graph, ("r", tuple(arrays)))
    assert sources(matched) == ["/".join(array.name) for array in arrays]


CUSTOM = Layer("mine", "custom:shop.layers:Mine")


def test_a_layer_of_the_user_has_what_its_file_says() -> None:
    arrays = (
        stored("mine/kernel:0", 2, 2),
        stored("mine/bn/gamma:0", 2),
        stored("mine/total:0", 1),
        stored("mine/bn/moving_mean:0", 2),
    )
    matched = by_layer(model(CUSTOM, dense("d")), ("mine", arrays), of_dense("d"))
    wanted = ["mine/kernel:0", "mine/total:0", "mine/bn/gamma:0", "mine/bn/moving_mean:0"]
    assert sources(matched)[:4] == wanted
    assert [found.code for found in matched.diagnostics] == ["weight-order"]
    assert by_layer(model(CUSTOM, dense("d")), of_dense("d")).diagnostics == ()


def numbered(*shapes: tuple[int, ...]) -> Source:
    """Return arrays without names."""
    arrays = tuple(stored(f"weight_{i}.npy", *shape) for i, shape in enumerate(shapes))
    return Source("numbers", (("", arrays),), Producer((2, 9)))


def test_one_layer_of_the_user_may_take_what_is_left() -> None:
    graph = model(dense("d"), CUSTOM)
    matched = match(graph, numbered((4, 3), (3,), (7,), (1, 2)))
    assert [slot.layers[0] for slot, _ in matched.weights] == ["d", "d", "mine", "mine"]
    with pytest.raises(CompileError, match="what weights 'mine' has is not known"):
        match(model(CUSTOM, Layer("other", CUSTOM.key)), numbered((1,)))


def test_numbers_that_do_not_fit_are_named() -> None:
    with pytest.raises(CompileError, match=r"d bias needs \(3,\), weight_1\.npy has \(4,\)"):
        match(model(dense("d")), numbered((4, 3), (4,)))


def test_kernels_of_theano_are_turned() -> None:
    conv = Layer("c", "keras.layers.Conv2D", (("filters", 3), ("kernel_size", (2, 2))))
    arrays = stored("c/kernel:0", 2, 2, 1, 3), stored("c/bias:0", 3)
    source = Source("layers", (("c", arrays),), Producer((2, 2), "theano"))
    kernel, bias = (whole(array) for _, array in match(model(conv), source).weights)
    np.testing.assert_array_equal(kernel, whole(arrays[0])[::-1, ::-1])
    np.testing.assert_array_equal(bias, whole(arrays[1]))


@pytest.mark.parametrize("version", [(1, 2), (0, 3)])
def test_gates_of_keras_1_are_joined(version: tuple[int, int]) -> None:
    lstm = model(Layer("l", "keras.layers.LSTM", (("units", 2),)))
    shapes = [(3, 2), (2, 2), (2,)] * 4
    arrays = tuple(stored(f"l/{i}", *shape) for i, shape in enumerate(shapes))
    source = Source("layers", (("l", arrays),), Producer(version))
    kernel, _, bias = (whole(array) for _, array in match(lstm, source).weights)
    # Keras 1 wrote i, c, f, o; today it is i, f, c, o.
    order = [0, 6, 3, 9]
    np.testing.assert_array_equal(kernel, np.hstack([whole(arrays[i]) for i in order]))
    np.testing.assert_array_equal(bias, np.hstack([whole(arrays[i + 2]) for i in order]))
    with pytest.raises(CompileError, match="the weights of 'l' don't fit"):
        match(lstm, Source("layers", (("l", arrays[:11]),), Producer(version)))


def test_a_path_in_a_message_is_harmless() -> None:
    evil = "a\x1b[31m\n/../kernel:0"
    (message,) = complaints(model(dense("a")), ("a", (stored(evil, 4, 3),)))
    assert message.isprintable()


def test_what_stands_twice_and_was_saved_once_gets_the_same_array_twice() -> None:
    twice = model(inner("m", dense("d")), dense("e"), inner("n", dense("d")))
    matched = match(twice, numbered((3, 3), (3,), (3, 3), (3,)))
    assert sources(matched) == [f"weight_{i}.npy" for i in (0, 1, 2, 3, 0, 1)]
    (note,) = matched.diagnostics
    assert note.code == "shared-weights"
    assert "m/d once" in note.message


def test_what_was_saved_twice_was_no_one_layer() -> None:
    twice = model(inner("m", dense("d")), inner("n", dense("d")))
    matched = match(twice, numbered((3, 3), (3,), (3, 3), (3,)))
    assert sources(matched) == [f"weight_{i}.npy" for i in range(4)]
    assert matched.diagnostics == ()


@pytest.mark.parametrize("count", [2, 3, 5, 6, 7])
def test_another_number_of_weights_proves_no_sharing(count: int) -> None:
    """Two pairs of twins: only where all are saved once is it sure which of them are."""
    graph = model(inner("m", dense("d"), dense("e")), inner("n", dense("d"), dense("e")))
    assert len(match(graph, numbered(*[(3, 3), (3,)] * 2)).weights) == 8
    with pytest.raises(CompileError, match="the model has 8 weights, the file"):
        match(graph, numbered(*([(3, 3), (3,)] * 4)[:count]))


def test_layers_that_differ_are_not_one() -> None:
    graph = model(inner("m", dense("d")), inner("n", dense("d", use_bias=True, activation="relu")))
    with pytest.raises(CompileError, match="the model has 4 weights, the file 2"):
        match(graph, numbered((3, 3), (3,)))
