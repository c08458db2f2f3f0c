"""Small documents, and what the frontend makes of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kcodegen import CompileError, Diagnostic
from kcodegen.frontends import read_document
from kcodegen.ir.graph import Artifact
from kcodegen.readers import read_bytes
from kcodegen.registry.vocabulary import Vocabulary


def read(document: Any) -> tuple[Artifact, tuple[Diagnostic, ...]]:
    """Return the artifact of a JSON document, and the warnings."""
    return read_document(read_bytes(json.dumps(document).encode(), "model"), Vocabulary())


def refused(document: Any) -> tuple[Diagnostic, ...]:
    """Return why a document is refused."""
    with pytest.raises(CompileError) as error:
        read(document)
    return error.value.diagnostics


def obj(module: str, class_: str, config: dict[str, Any], **rest: Any) -> dict[str, Any]:
    """Return a serialized object; `rest` are further fields beside its config."""
    return {
        "module": module,
        "class_name": class_,
        "config": config,
        "registered_name": None,
    } | rest


def layer(name: str, class_: str, *nodes: Any, **config: Any) -> dict[str, Any]:
    """Return an entry of a functional model."""
    config = {"name": name, **config}
    return obj("keras.layers", class_, config, name=name, inbound_nodes=list(nodes))


def op(name: str, class_: str, *nodes: Any, **config: Any) -> dict[str, Any]:
    config = {"name": name, **config}
    return obj("keras.src.ops.numpy", class_, config, name=name, inbound_nodes=list(nodes))


def node(*args: Any, **kwargs: Any) -> dict[str, Any]:
    return {"args": list(args), "kwargs": kwargs}


def tensor(name: str, use: Any = 0, index: Any = 0) -> dict[str, Any]:
    config = {"shape": [None, 4], "dtype": "float32", "keras_history": [name, use, index]}
    return {"class_name": "__keras_tensor__", "config": config}


def functional(*entries: dict[str, Any], outputs: Any = None, inputs: Any = None) -> dict[str, Any]:
    """Return a model that begins with the input `a`; its output is the last entry's."""
    first = layer("a", "InputLayer", batch_shape=[None, 4], dtype="float32", optional=False)
    last = [first, *entries][-1]["name"]
    config = {
        "name": "m",
        "layers": [first, *entries],
        "input_layers": inputs if inputs is not None else ["a", 0, 0],
        "output_layers": outputs if outputs is not None else [last, 0, 0],
    }
    return obj("keras.src.models.functional", "Functional", config)


def sequential(*layers: dict[str, Any]) -> dict[str, Any]:
    return obj("keras", "Sequential", {"name": "s", "layers": list(layers)})
