"""Weights told from the JSON alone are those that Keras makes."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kcodegen.diagnostics import CompileError
from kcodegen.frontends import read_document
from kcodegen.ir.graph import Graph, Layer
from kcodegen.ir.rewrite import rewrite_graph
from kcodegen.ir.values import Dict, Obj, Value
from kcodegen.passes.defaults import drop_defaults
from kcodegen.readers import read_bytes
from kcodegen.registry.helper_rows import (
    HELPER_ROWS,
    KERAS_1,
    LOCAL_1D,
    LOCAL_2D,
    OLD_HARD_SIGMOID,
)
from kcodegen.registry.helpers import HELPERS
from kcodegen.registry.vocabulary import Vocabulary
from kcodegen.weights.files.npy import folder
from kcodegen.weights.variables import slots
from kcodegen.weights.variables.definition import Slot
from kcodegen.weights.variables.groups import member_names
from kcodegen.weights.variables.old_leaves import OLD_LEAVES
from kcodegen.weights.variables.slots import graph_weight_shapes, parameter_count, weight_shapes
from kcodegen.weights.variables.weightless import WEIGHTLESS
from tests.corpus.cases import Case, cases
from tests.weights.keras_models import MODELS, QUANTIZABLE, SINGLE, Build, quantized

# Layers whose weights no JSON tells, and base classes.
UNKNOWN = {"FlaxLayer", "JaxLayer", "Layer", "TFSMLayer", "TorchModuleWrapper", "Wrapper"}
# Files in which one layer, used in several models, was written several times: Keras itself
# reads them back as so many layers, each with its own weights.
COPIED = {"fn_nested3": 60, "shared_wrapped_layer": 40}
# The sizes of the scales of an EinsumDense are not worked out.
QUANTIZED = {"quant_embedding_einsum"}
NOT_BUILT = {"seq_unbuilt"}
FOLDER = "keras3.15"
# What these layers must be given, though their signatures do not say so.
NEEDED: dict[str, dict[str, Any]] = {
    "CategoryEncoding": {"num_tokens": 3},
    "Discretization": {"num_bins": 3},
    "RandomCrop": {"height": 2, "width": 2},
}


@cache
def keras() -> Any:
    import keras as imported

    return imported


def graph_of(text: str, custom: tuple[tuple[str, str], ...] = ()) -> Graph | None:
    """Return the graph of a serialized model, None for another object."""
    artifact, _ = read_document(read_bytes(text.encode(), "model.json"), Vocabulary(custom))
    return artifact.model


def agrees(model: Any) -> Graph:
    """Check a Keras model against its JSON, with every default written and with none."""
    expected = tuple(tuple(weight.shape) for weight in model.weights)
    graph = graph_of(model.to_json())
    assert graph is not None
    for form in (graph, rewrite_graph(graph, drop_defaults)):
        assert graph_weight_shapes(form) == expected
        assert parameter_count(form) == model.count_params()
        for slot, weight in zip(slots.slots(form) or (), model.weights, strict=True):
            agrees_with(slot, weight, model)
    return graph


def agrees_with(slot: Slot, weight: Any, model: Any) -> None:
    """Check that a slot leads to a variable, and that it says what it is."""
    owner = model
    for name in slot.layers:
        owner = owner.get_layer(name)
    for name in slot.attributes:
        owner = member(owner, name) if isinstance(owner, list) else attribute(owner, name)
    assert any(
        variable is weight
        for variable in owner._trainable_variables + owner._non_trainable_variables
    )
    # A variable without a name is counted among all of the process.
    name = re.sub(r"^variable_\d+$", "variable", weight.name)
    assert (slot.role, slot.trained) == (name, weight.trainable)
    assert slot.key.rpartition(".")[2] == type(owner).__name__
    assert slot.owner in ("", owner.name)


def attribute(owner: Any, name: str) -> Any:
    """Return an attribute, public or private."""
    return getattr(owner, name, None) or getattr(owner, f"_{name}")


def member(owner: list[Any], name: str) -> Any:
    """Return the member of a list that Keras calls so in a file."""
    names = member_names(f"keras.layers.{type(item).__name__}" for item in owner)
    return owner[names.index(name)]


@pytest.mark.parametrize(
    ("shape", "make"), [(s, m) for _, s, m in SINGLE], ids=[name for name, _, _ in SINGLE]
)
def test_a_layer_has_the_weights_that_keras_gives_it(
    shape: tuple[int | None, ...], make: Build
) -> None:
    x = keras().Input(shape)
    agrees(keras().Model(x, make(keras().layers)(x)))


@pytest.mark.parametrize("make", [m for _, m in MODELS], ids=[name for name, _ in MODELS])
def test_a_model_has_the_weights_that_keras_gives_it(make: Callable[[Any, Any], Any]) -> None:
    agrees(make(keras().layers, keras()))


@pytest.mark.parametrize("mode", ["int8", "int4", "float8"])
@pytest.mark.parametrize(
    ("shape", "make"), [(s, m) for _, s, m in QUANTIZABLE], ids=[name for name, _, _ in QUANTIZABLE]
)
def test_a_quantized_layer_has_the_weights_that_keras_gives_it(
    shape: tuple[int | None, ...], make: Build, mode: str
) -> None:
    model = quantized(keras(), shape, make, mode)
    graph = graph_of(model.to_json())
    assert graph is not None
    found = slots.slots(graph)
    assert found is not None
    for slot, weight in zip(found, model.weights, strict=True):
        agrees_with(slot, weight, model)
        assert slot.shape is None or slot.shape == tuple(weight.shape)
        assert slot.shape is not None or slot.key == "keras.layers.EinsumDense"


@pytest.mark.parametrize("name", ["MobileNetV3Small", "ConvNeXtTiny", "DenseNet121"])
def test_an_application_has_the_weights_that_keras_gives_it(name: str) -> None:
    model = getattr(keras().applications, name)(weights=None)
    graph = agrees(model)
    assert len(graph_weight_shapes(graph) or ()) > 100


def test_every_layer_of_keras_is_known() -> None:
    found = {
        f"keras.layers.{name}"
        for name, item in vars(keras().layers).items()
        if inspect.isclass(item) and issubclass(item, keras().Layer)
    }
    assert not set(slots._RULES) & WEIGHTLESS
    told = {key for key in {*slots._RULES, *WEIGHTLESS} if key.startswith("keras.layers.")}
    # A class may have several public names: what counts is the class.
    classes = {getattr(keras().layers, key.rpartition(".")[2]) for key in found}
    unknown = {getattr(keras().layers, name) for name in UNKNOWN}
    assert {getattr(keras().layers, key.rpartition(".")[2]) for key in told} == classes - unknown
    # A function; and layers whose weights are unknown, as those of a user's are.
    apart = {OLD_HARD_SIGMOID, LOCAL_1D.key, LOCAL_2D.key, *(row.key for row in KERAS_1)}
    assert {*HELPERS} - apart <= {*slots._RULES, *OLD_LEAVES, *WEIGHTLESS}


def test_layers_without_weights_have_none_in_keras() -> None:
    tried = 0
    public = {key for key in WEIGHTLESS if key.startswith("keras.layers.")}
    for key in sorted(public - {"keras.layers.InputLayer"}):
        name = key.rpartition(".")[2]
        parameters = inspect.signature(getattr(keras().layers, name).__init__).parameters.values()
        required = [p for p in parameters if p.default is p.empty and p.name != "self"]
        if {p.name for p in required} <= {"args", "kwargs"}:
            tried += 1
            layer = getattr(keras().layers, name)(**NEEDED.get(name, {}))
            assert layer.weights == [], key
            assert weight_shapes(Layer("x", key)) == ()
    assert tried > 50


LORA: list[tuple[str, tuple[int | None, ...], dict[str, Value]]] = [
    ("Conv1D", (None, 8, 6), {"filters": 4, "kernel_size": 3}),
    ("Conv2D", (None, 8, 8, 6), {"filters": 4, "kernel_size": (3, 2), "use_bias": False}),
    ("ReversibleEmbedding", (None, 4), {"input_dim": 7, "output_dim": 5}),
]


@pytest.mark.parametrize(("name", "shape", "args"), LORA, ids=[name for name, _, _ in LORA])
def test_lora_adds_two_matrices(
    name: str, shape: tuple[int | None, ...], args: dict[str, Value]
) -> None:
    args = {**args, "lora_rank": 2}
    layer = getattr(keras().layers, name)(**args)
    layer.build(shape)
    definition = Layer("layer", f"keras.layers.{name}", tuple(args.items()), built=shape)
    assert weight_shapes(definition) == tuple(tuple(weight.shape) for weight in layer.weights)


def compare(case: Case) -> str:
    """Return what is wrong with a case; "refused", "unknown" where nothing can be."""
    try:
        graph = graph_of(case.path.read_text("utf-8"), case.custom)
    except CompileError:
        return "refused"
    if graph is None:
        return "no model"
    shapes, count = graph_weight_shapes(graph), parameter_count(graph)
    if shapes is None or count is None:
        return "unknown" if (shapes, count) == (None, None) else "half known"
    if count != COPIED.get(case.name, case.entry["n_params"]):
        return f"{count} parameters"
    if case.numeric is None or case.name in COPIED:
        return "counted"
    files = folder(case.numeric) if case.entry["numeric"]["n_weights"] else ()
    expected = tuple(header.shape for header in files)
    return "equal" if shapes == expected else f"{shapes} and not {expected}"


def test_the_corpus_has_the_weights_that_were_recorded() -> None:
    found: dict[str, list[str]] = {}
    for case in cases(FOLDER):
        if "n_params" in case.entry:
            found.setdefault(compare(case), []).append(case.name)
    assert set(found) <= {"equal", "counted", "refused", "no model", "unknown"}
    told = {case.name for case in cases(FOLDER) if not case.custom}
    assert set(found["unknown"]) & told == QUANTIZED | NOT_BUILT
    assert len(found["equal"]) >= 55
    assert len(found["counted"]) >= 10


# What a definition doesn't tell


def one(layer: Layer, style: str = "keras.Sequential") -> Graph:
    """Return a model of one layer."""
    return Graph("model", style, (layer,))


DENSE = Layer("dense", "keras.layers.Dense", (("units", 4),), built=(None, 3))


def changed(**args: Value) -> Layer:
    """Return a Dense layer with further arguments."""
    return replace(DENSE, args=(*DENSE.args, *args.items()))


def test_a_known_layer_is_known() -> None:
    assert weight_shapes(DENSE) == ((3, 4), (4,))
    assert parameter_count(one(DENSE)) == 16


@pytest.mark.parametrize(
    "layer",
    [
        replace(DENSE, built=None),
        replace(DENSE, built=(None, None)),
        replace(DENSE, built=()),
        replace(DENSE, built=("3",)),
        replace(DENSE, built=(None, True)),
        replace(DENSE, args=()),
        replace(DENSE, key="custom:shop.layers:Dense"),
        replace(DENSE, key="keras.layers.NoSuchLayer"),
        replace(DENSE, args=(("units", "4"),)),
        replace(DENSE, args=(("units", -4),)),
        changed(use_bias="yes"),
        changed(dtype="gptq_from_float32"),
        changed(dtype=Obj("keras.dtype_policies.GPTQDTypePolicy", (("mode", "gptq/4"),))),
        changed(dtype=Obj("keras.dtype_policies.GPTQDTypePolicy", (("mode", "gptq/4/0"),))),
        changed(dtype=Obj("keras.dtype_policies.QuantizedDTypePolicy", (("mode", 8),))),
        changed(activation=Obj("keras.layers.PReLU")),
        changed(activation=Obj("custom:shop.layers:Swish")),
        Layer(
            "t", "keras.layers.TimeDistributed", (("layer", Obj("custom:a:B")),), built=(1, 2, 3)
        ),
        Layer("r", "keras.layers.RNN", (("cell", Obj("custom:a:Cell")),), built=(1, 2, 3)),
        Layer("m", "custom:shop:Model", body=one(DENSE, "custom:shop:Model")),
    ],
    ids=repr,
)
def test_what_a_definition_does_not_tell_is_none(layer: Layer) -> None:
    assert weight_shapes(layer) is None
    assert graph_weight_shapes(one(layer)) is None
    assert parameter_count(one(layer)) is None


def test_a_users_model_class_may_hold_weights_of_its_own() -> None:
    assert graph_weight_shapes(one(DENSE, "custom:shop:Model")) is None
    assert parameter_count(one(DENSE, "custom:shop:Model")) is None


SIZES = (
    st.none() | st.booleans() | st.integers(-3, 9) | st.just(2**62) | st.sampled_from(["x", 1.5])
)
WORDS = ["channels_first", "ab,bc->ac", "...a,ab->...b", "bc", "ab...,bc->ac...", "a,b->", "concat"]
CELL = st.sampled_from(
    [Obj("keras.layers.LSTMCell", (("units", 3),)), Obj("keras.layers.GRUCell"), Obj("custom:a:B")]
)
VALUES: st.SearchStrategy[Any] = (
    SIZES
    | st.lists(SIZES | CELL, max_size=4).map(tuple)
    | st.sampled_from(WORDS)
    | CELL
    | st.just(Obj("keras.layers.Dense", (("units", 2),)))
)
SHAPES: st.SearchStrategy[tuple[Any, ...]] = st.lists(SIZES, max_size=5).map(tuple)
NAMES = ["query_shape", "value_shape", "key_shape", "sequences_shape"]


def shapes_of(named: dict[str, tuple[Value, ...]]) -> Dict:
    """Return the shapes that a layer of several inputs was built with."""
    return Dict(tuple(named.items()))


BUILT: st.SearchStrategy[Any] = (
    SHAPES
    | st.lists(SHAPES, max_size=3).map(tuple)
    | st.dictionaries(st.sampled_from(NAMES), SHAPES).map(shapes_of)
    | VALUES
)
ARGUMENTS = """
    activation axis backward_layer bias_axes cell cells center data_format depth_multiplier dtype
    equation fft_length filters frame_length groups head_dim input_dim kernel_size key_dim
    layer layers lora_rank mean mode num_heads num_key_value_heads num_query_heads output_dim
    output_shape projection_dim renorm reset_after rms_scaling scale score_mode shared_axes
    tie_weights units use_bias use_gate use_scale value_dim""".split()


@settings(max_examples=500)
@given(
    st.sampled_from(sorted({*slots._RULES, *OLD_LEAVES})),
    st.dictionaries(st.sampled_from(ARGUMENTS), VALUES, max_size=8),
    BUILT,
)
def test_hostile_arguments_give_shapes_or_none(
    key: str, args: dict[str, Value], built: Value
) -> None:
    found = weight_shapes(Layer("x", key, tuple(args.items()), built=built))
    assert found is None or all(
        isinstance(size, int) and size >= 0 for shape in found for size in shape
    )


@pytest.mark.parametrize("key", [key for key, row in HELPER_ROWS.items() if row.kind == "layer"])
def test_the_weights_of_every_layer_of_a_page_are_known(key: str) -> None:
    assert key in WEIGHTLESS or key in OLD_LEAVES
