"""Every key that a Keras has written is known, or known to be old."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kcodegen import registry
from kcodegen.registry import legacy
from kcodegen.registry.overrides import holds

CORPUS = Path(__file__).parents[1] / "corpus"
# What Keras 0 and 1 wrote is put into other words first: see `test_keras1`.
OTHERS = ("keras0.3", "keras1.0", "keras1.2")
FILES = [
    path
    for path in sorted(CORPUS.rglob("*.json"))
    if path.stem != "index" and path.parent.name not in OTHERS
]
MODELS = ("keras.Model", "keras.Sequential")
PLACES = {"cell": "layer", "cells": "layer", "layer": "layer", "layers": "layer", "loss": "loss"}


def objects(data: Any, place: str = "") -> Iterator[tuple[dict[str, Any], str]]:
    """Yield every serialized object and the kind of place that it stands in."""
    if isinstance(data, list):
        for item in data:
            yield from objects(item, place)
    elif isinstance(data, dict):
        if isinstance(data.get("class_name"), str) and isinstance(data.get("config"), dict):
            yield data, place
        for key, item in data.items():
            yield from objects(item, PLACES.get(key, holds(key)))


def known(row: registry.ClassRow, key: str) -> bool:
    """Tell whether a class takes, ignores or once took an argument."""
    return (
        row.param(key) is not None
        or key in dict(row.ignored)
        or legacy.find_argument(row, key) is not None
        or (row.key == "keras.layers.Lambda" and key.endswith(("_type", "module")))
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(CORPUS)))
def test_every_key_of_a_config_is_known(path):
    for data, place in objects(json.loads(path.read_text(encoding="utf-8"))):
        module = data.get("module")
        if isinstance(module, str) and module.startswith(registry.OP_MODULE):
            op = registry.find_op(data["class_name"], module)
            assert op is not None
            said = {"name", *dict(op.config), *dict(op.ignored)}
            assert set(data["config"]) <= said, data["class_name"]
            continue
        row = registry.find_class(data["class_name"], module, place)
        if row is not None and row.key not in MODELS:
            unknown = [key for key in data["config"] if not known(row, key)]
            assert unknown == [], row.key


def test_the_corpus_is_there():
    assert len(FILES) > 100
