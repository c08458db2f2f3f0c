"""Masks: those that Keras makes by itself go and come back; those of the author stay."""

from __future__ import annotations

import json
import warnings
from typing import Any

import pytest

from kcodegen import compile_model
from kcodegen.frontends import read_document
from kcodegen.ir.graph import Call, Graph
from kcodegen.ir.order import flatten
from kcodegen.ir.values import Ref, Value, rewrite
from kcodegen.passes.defaults import fill_defaults
from kcodegen.passes.masks import with_masks, without_masks
from kcodegen.passes.noise import drop_call_noise
from kcodegen.readers import read_bytes
from kcodegen.registry.vocabulary import Vocabulary
from kcodegen.verification.configs import differences
from tests.passes.masked_models import masked_model


@pytest.fixture(autouse=True)
def quiet():
    """Layers that destroy a mask warn of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def read(text: str) -> Graph:
    artifact, _ = read_document(read_bytes(text.encode(), "model"), Vocabulary())
    assert artifact.model is not None
    return drop_call_noise(artifact.model)


def ops(graph: Graph) -> int:
    return sum(call.kind == "op" for call in graph.calls)


def expression(calls: dict[str, Call], value: Value) -> Value:
    """Return a tensor as the tree of ops behind it, down to the outputs of layers."""

    def change(item: Value) -> Value:
        if not isinstance(item, Ref) or calls[item.call].kind == "layer":
            return item
        call = calls[item.call]
        args = fill_defaults(call.target, call.kwargs)
        return (call.target, item.index, rewrite(tuple(args), change))

    return rewrite(value, change)


def masks(graph: Graph) -> dict[tuple[str, str], Value]:
    """Return every mask that a layer is given, by its call and argument."""
    calls = {call.id: call for call in graph.calls}
    return {
        (call.id, name): expression(calls, value)
        for call in graph.calls
        for name, value in call.kwargs
        if call.kind == "layer" and name.endswith("mask") and list(flatten(value))
    }


def assert_masks_go_and_come_back(seed: int, explicit: bool) -> None:
    model, written = masked_model(seed, explicit=explicit)
    text = model.to_json()
    graph = read(text)
    bare = without_masks(graph)
    assert ops(bare) <= written
    recorded = masks(graph)
    assert recorded.items() <= masks(with_masks(bare)).items()
    assert differences(json.loads(text), rebuilt(text)) == ()


def rebuilt(text: str) -> Any:
    """Return what the installed Keras makes of the page."""
    import keras

    page: dict[str, Any] = {}
    exec(compile_model(text).text, page)
    keras.backend.clear_session(free_memory=False)
    return json.loads(page["build_model"]().to_json())


@pytest.mark.parametrize("seed", range(6))
def test_implicit_masks(seed):
    assert_masks_go_and_come_back(seed, explicit=False)


@pytest.mark.parametrize("seed", range(100, 106))
def test_masks_that_the_author_gave_are_kept_among_them(seed):
    assert_masks_go_and_come_back(seed, explicit=True)


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(1000, 1300))
def test_masks_in_many_models(seed):
    assert_masks_go_and_come_back(seed, explicit=bool(seed % 2))
