"""Automatic names, counted without Keras, are those that the installed Keras gives."""

from __future__ import annotations

import ast
import json
import warnings
from collections.abc import Callable
from typing import Any

import keras
import pytest

from kcodegen import Options, compile_model
from kcodegen.verification.configs import differences
from tests.naming.hidden_parts import MODELS


@pytest.fixture(params=MODELS)
def text(request):
    """Return the file of a model that was built in a fresh session."""
    return saved(MODELS[request.param])


def saved(build: Callable[[], Any]) -> str:
    keras.backend.clear_session(free_memory=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return build().to_json()


def rebuilt(page: str) -> Any:
    """Return the file of what a page builds in a fresh session."""
    names: dict[str, Any] = {}
    exec(page, names)
    return json.loads(saved(names["build_model"]))


def written_names(page: str) -> list[str]:
    """Return what the page says after `name=`."""
    return [
        ast.literal_eval(keyword.value)
        for node in ast.walk(ast.parse(page))
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "name"
    ]


def test_a_model_from_a_fresh_session_is_rebuilt_name_by_name(text):
    page = compile_model(text).text
    assert differences(json.loads(text), rebuilt(page)) == ()


def test_every_name_can_be_kept(text):
    page = compile_model(text, Options(names="keep")).text
    assert differences(json.loads(text), rebuilt(page)) == ()


def test_no_automatic_name_is_written_under_drop(text):
    page = compile_model(text, Options(names="drop")).text
    assert set(written_names(page)) <= {"mix", "jitter"}
    assert rebuilt(page)["class_name"] == json.loads(text)["class_name"]
