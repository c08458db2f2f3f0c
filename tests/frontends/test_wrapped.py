"""What models lie in, and what is no model at all."""

from __future__ import annotations

from typing import Any

import pytest

from kcodegen.ir.values import Obj, lookup
from tests.frontends.documents import functional, layer, node, read, refused, sequential, tensor
from tests.frontends.old_documents import dense, old_model

A = [["a", 0, 0, {}]]
OLD = old_model(dense("d", A))
TOPOLOGY = {"keras_version": "2.9.0", "backend": "tensorflow"}


def bare(document: dict[str, Any]) -> dict[str, Any]:
    """Return a model without the version that stands beside it."""
    return {key: value for key, value in document.items() if key not in TOPOLOGY}


@pytest.mark.parametrize(
    "document",
    [
        OLD,
        {**TOPOLOGY, "model_config": bare(OLD)},
        {"root_attrs": {**TOPOLOGY, "model_config": bare(OLD)}, "tree": {}},
        {"format": "layers-model", "modelTopology": {**TOPOLOGY, "model_config": bare(OLD)}},
        {"modelTopology": OLD, "weightsManifest": []},
        OLD["config"],
    ],
)
def test_a_model_is_the_same_in_whatever_it_lies(document: dict[str, Any]) -> None:
    assert read(document)[0].model == read(OLD)[0].model


def test_a_bare_config_is_a_sequential_without_inputs() -> None:
    document = sequential(layer("d", "Dense", units=4))
    found = read(document["config"])[0].model
    assert found == read(document)[0].model


@pytest.mark.parametrize("name", ["Dense", "Convolution1D"])
def test_a_list_of_layers_is_a_sequential_when_it_begins_with_a_shape(name: str) -> None:
    more = {"nb_filter": 3, "filter_length": 2} if name != "Dense" else {"units": 3}
    first = {"class_name": name, "config": {"name": "d", "batch_input_shape": [None, 4], **more}}
    model = read([first, first | {"config": {"name": "e", **more}}])[0].model
    assert model is not None
    assert [item.name for item in model.layers] == ["input_layer", "d", "e"]
    objects, _ = read([{"class_name": "Dense", "config": {"name": "d", "units": 3}}])
    assert objects.kind == "objects"


def test_hdf5_of_keras_3_is_read_as_keras_3_wrote_it() -> None:
    entry = layer("d", "Dense", node(tensor("a")), units=4, activation="hard_sigmoid")
    document = functional(entry)
    for item in (document, *document["config"]["layers"]):
        del item["registered_name"], item["module"]
    training = {"optimizer_config": {"class_name": "Adam", "config": {}}, "loss": "mse"}
    held = {"keras_version": "3.15.1", "model_config": document, "training_config": training}
    artifact, warnings = read(held)
    assert not warnings
    assert artifact.model is not None
    assert lookup(artifact.model.layer("d").args, "activation") == "hard_sigmoid"
    assert artifact.training is not None
    assert lookup(artifact.training, "optimizer") == Obj("keras.optimizers.Adam")


def test_an_op_in_hdf5_is_told_from_the_layer_of_its_name() -> None:
    added = layer("add", "Add", node([tensor("a"), tensor("a")]), trainable=True, dtype="float32")
    op = layer("add_1", "Add", node(tensor("add"), 2.0))
    document = functional(added, op)
    for item in (document, *document["config"]["layers"]):
        del item["registered_name"], item["module"]
    model = read({"keras_version": "3.15.1", "model_config": document})[0].model
    assert model is not None
    assert model.layer("add").key == "keras.layers.Add"
    assert [call.target for call in model.calls][-1] == "keras.ops.add"


def test_addresses_lead_into_what_a_model_lies_in() -> None:
    broken = bare(old_model(dense("d", A, units="x", nothing=1)))
    held = {"root_attrs": {**TOPOLOGY, "model_config": broken}}
    (found,) = refused(held)
    end = "/root_attrs/model_config/config/layers/1/config/nothing"
    assert (found.origin.pointer, found.origin.layer) == (end, "d")


@pytest.mark.parametrize(
    ("document", "what"),
    [
        ({"confs": [], "backprop": True}, "Deeplearning4j"),
        ({"vertices": {}, "vertexInputs": {}}, "Deeplearning4j"),
        ({"inputs": [], "layers": [{"architecture": "dense"}], "outputs": []}, "lwtnn"),
        ({"input_sequences": [], "layers": [{"architecture": "dense"}], "nodes": []}, "lwtnn"),
        ({"@class": "org.deeplearning4j.nn.conf.layers.DenseLayer"}, "Deeplearning4j layer"),
        ({"learner": {"gradient_booster": {}}}, "XGBoost"),
        ([{"nodeid": 0, "split": "f0", "children": []}], "trees of an XGBoost model"),
        ({"model_type": "llama", "hidden_size": 4}, "Hugging Face configuration"),
        ({"_class_name": "UNet2D", "_diffusers_version": "0.2"}, "Diffusers"),
        ({"added_tokens": [], "normalizer": None, "model": {}}, "tokenizer"),
        ({"metadata": {}, "weight_map": {"a": "b"}}, "index of safetensors files"),
        ({"keras_version": "3.5.0", "keras_hub_version": "0.17"}, "KerasHub preset"),
        ({"message": "Not Found", "documentation_url": "https://"}, "error message of GitHub"),
        ({"sha": "0", "content": "e30=", "encoding": "base64"}, "wrapped by GitHub's API"),
        ({"learner": {}, "version": [1, 7, 0]}, "XGBoost"),
        ({"node": [{"op": "Placeholder"}], "versions": {}}, "TensorFlow graph"),
        ({"nodes": [], "arg_nodes": [], "heads": []}, "MXNet"),
        ({"model_type": "bert", "architectures": ["BertModel"]}, "Hugging Face"),
        ({"cells": [], "nbformat": 4}, "a notebook"),
        ({"floatx": "float32", "backend": "theano", "epsilon": 1e-07}, "settings"),
        ({"keras_version": "3.15.1", "date_saved": "2026-01-01"}, "metadata.json"),
        ({"loss": [0.5], "val_loss": [0.6]}, "training history"),
        ([{"paths": ["a.bin"], "weights": []}], "weights manifest"),
        ({"class_name": "Tokenizer", "config": {"word_index": "{}"}}, "Tokenizer"),
        ({"format": "graph-model", "modelTopology": {"node": []}}, "graph model"),
        ({"format": "layers-model", "weightsManifest": []}, "no modelTopology"),
        ({"anything": 1}, "no Keras model"),
    ],
)
def test_what_is_no_model_is_called_by_its_name(document: Any, what: str) -> None:
    (found,) = refused(document)
    assert found.code in ("not-keras", "graph-model")
    assert what in found.message
    assert found.hint


@pytest.mark.parametrize("config", [{}, {"name": "m"}])
def test_a_model_without_its_layers_is_refused(config: dict[str, Any]) -> None:
    (found,) = refused({"class_name": "Mine", "config": config, "keras_version": "2.15.0"})
    assert found.code == "opaque-model"
    (found,) = refused({"class_name": "Sequential", "config": config})
    assert found.code == "refused-class"
    assert "not in the file" in found.message
