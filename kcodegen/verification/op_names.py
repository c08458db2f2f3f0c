"""Gives the weightless ops of a serialized model names that depend on their place alone."""

from __future__ import annotations

from typing import Any, TypeAlias

Json: TypeAlias = Any

OP_MODULE = "keras.src.ops."


def canonical_ops(value: Json) -> Json:
    """Return `value` with each op layer called `op@<place in its model>`, wherever it is named.

    References count in the model that holds the op: in the calls of its layers and in its
    own inputs and outputs.
    """
    if isinstance(value, list):
        return [canonical_ops(item) for item in value]
    if not isinstance(value, dict):
        return value
    inner = {key: canonical_ops(item) for key, item in value.items()}
    return renamed_model(inner) if is_graph(inner) else inner


def is_graph(value: dict[str, Json]) -> bool:
    """Say whether `value` is the config of a functional model."""
    return isinstance(value.get("layers"), list) and "output_layers" in value


def renamed_model(config: dict[str, Json]) -> dict[str, Json]:
    """Rename the ops of one model; those of models inside it have their names already."""
    names = {
        layer["name"]: f"op@{place}"
        for place, layer in enumerate(config["layers"])
        if str(layer.get("module", "")).startswith(OP_MODULE)
    }
    return {
        **config,
        "layers": [renamed_layer(layer, names) for layer in config["layers"]],
        "input_layers": renamed_ends(config.get("input_layers"), names),
        "output_layers": renamed_ends(config["output_layers"], names),
    }


def renamed_layer(layer: dict[str, Json], names: dict[str, str]) -> dict[str, Json]:
    """Rename one layer if it is an op, and the ops that its calls mention."""
    layer = {**layer, "inbound_nodes": renamed_calls(layer.get("inbound_nodes"), names)}
    if layer["name"] not in names:
        return layer
    name = names[layer["name"]]
    config = layer["config"]
    if isinstance(config, dict) and "name" in config:
        config = {**config, "name": name}
    return {**layer, "name": name, "config": config}


def renamed_calls(value: Json, names: dict[str, str]) -> Json:
    """Rename the ops in each `keras_history` below `value`."""
    if isinstance(value, list):
        return [renamed_calls(item, names) for item in value]
    if not isinstance(value, dict):
        return value
    renamed = {key: renamed_calls(item, names) for key, item in value.items()}
    history = renamed.get("keras_history")
    if isinstance(history, list):
        renamed["keras_history"] = renamed_ends(history, names)
    return renamed


def renamed_ends(value: Json, names: dict[str, str]) -> Json:
    """Rename the ops in a structure of [name, node, tensor] references."""
    if isinstance(value, dict):
        return {key: renamed_ends(item, names) for key, item in value.items()}
    if not isinstance(value, list):
        return value
    if len(value) == 3 and isinstance(value[0], str) and isinstance(value[1], int):
        return [names.get(value[0], value[0]), *value[1:]]
    return [renamed_ends(item, names) for item in value]
