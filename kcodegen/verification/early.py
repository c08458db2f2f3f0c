"""Files of Keras 3.0 to 3.2 with the calls of their layers numbered as today, to be compared."""

from __future__ import annotations

from typing import Any, TypeAlias, TypeGuard

from kcodegen.frontends.early_calls import Places, Version, early_places, may_be_early
from kcodegen.ir.document import Node

Json: TypeAlias = Any


def recounted(value: Json, version: Version | None) -> Json:
    """Return a model that compiles as a Keras of today would have written its calls."""
    if isinstance(value, list):
        return [recounted(item, version) for item in value]
    if not isinstance(value, dict):
        return value
    inner = {key: recounted(item, version) for key, item in value.items()}
    config = inner.get("config")
    if not _is_functional(config) or not may_be_early(Node(config), version):
        return inner
    layers = config["layers"]
    uses = {layer["name"]: max(len(layer["inbound_nodes"]), 1) for layer in layers}
    functional = frozenset(item["name"] for item in layers if _is_functional(item["config"]))
    places = early_places(Node(config), uses, functional, version)
    told = [
        {**layer, "inbound_nodes": _renumbered(layer["inbound_nodes"], places)} for layer in layers
    ]
    return {**inner, "config": {**config, "layers": told}}


def _is_functional(config: Json) -> TypeGuard[dict[str, Json]]:
    return isinstance(config, dict) and {"layers", "input_layers"} <= config.keys()


def _renumbered(value: Json, places: dict[str, Places]) -> Json:
    """Return the calls of a layer with today's numbers."""
    match value:
        case {"class_name": "__keras_tensor__", "config": {"keras_history": [name, use, index]}}:
            use = places.get(name, {}).get(use, use)
            config = {**value["config"], "keras_history": [name, use, index]}
            return {**value, "config": config}
        case dict():
            return {key: _renumbered(item, places) for key, item in value.items()}
        case list():
            return [_renumbered(item, places) for item in value]
    return value
