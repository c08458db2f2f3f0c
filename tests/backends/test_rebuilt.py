"""What the installed Keras builds from the page of a random model is the model of the file."""

from __future__ import annotations

import json
import warnings
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings

from kcodegen import compile_model
from kcodegen.ir.graph import Graph
from kcodegen.verification.configs import differences
from tests.graphs import graphs
from tests.keras_json import to_json
from tests.prepared import could_clash

SLOW = {"phases": [Phase.generate], "suppress_health_check": list(HealthCheck)}


def built(make: Any) -> Any:
    """Return what a model that is made in a fresh session is saved as."""
    import keras

    keras.backend.clear_session(free_memory=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return json.loads(make(keras).to_json())


def assert_keras_builds_the_same(graph: Graph) -> None:
    text = json.dumps(to_json(graph))
    page: dict[str, Any] = {}
    exec(compile_model(text).text, page)
    original = built(lambda keras: keras.models.model_from_json(text))
    assert differences(original, built(lambda _: page["build_model"]())) == ()


@settings(max_examples=8, **SLOW)
@given(graphs())
def test_keras_builds_the_same_model(graph):
    assume(not could_clash(graph))
    assert_keras_builds_the_same(graph)


@pytest.mark.sweep
@settings(max_examples=400, **SLOW)
@given(graphs())
def test_keras_builds_the_same_model_many_times(graph):
    assume(not could_clash(graph))
    assert_keras_builds_the_same(graph)
