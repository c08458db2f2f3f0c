"""Small documents as Keras 2 wrote them."""

from __future__ import annotations

from typing import Any

from kcodegen.diagnostics import Diagnostic
from kcodegen.ir.graph import Call, Graph
from tests.frontends.documents import read


def old_layer(name: str, class_: str, *nodes: Any, **config: Any) -> dict[str, Any]:
    """Return an entry of a functional model."""
    config = {"name": name, **config}
    return {"class_name": class_, "config": config, "name": name, "inbound_nodes": list(nodes)}


def old_input(name: str = "a", *shape: int | None, **config: Any) -> dict[str, Any]:
    """Return an input of some sizes, of 4 numbers when none is given."""
    sizes = [None, *(shape or (4,))]
    return old_layer(name, "InputLayer", batch_input_shape=sizes, dtype="float32", **config)


def tf_op(name: str, function: str, node: Any) -> dict[str, Any]:
    """Return a TFOpLambda."""
    return old_layer(name, "TFOpLambda", node, function=function)


def old_model(
    *layers: dict[str, Any],
    outputs: Any = None,
    inputs: Any = None,
    version: str = "2.9.0",
    name: str = "m",
) -> dict[str, Any]:
    """Return a functional model with the input `a`, unless another is given first."""
    given = layers if layers[0]["class_name"] == "InputLayer" else (old_input(), *layers)
    config = {
        "name": name,
        "layers": list(given),
        "input_layers": inputs if inputs is not None else [[given[0]["name"], 0, 0]],
        "output_layers": outputs if outputs is not None else [[given[-1]["name"], 0, 0]],
    }
    root = {"class_name": "Functional", "config": config}
    return root | {"keras_version": version, "backend": "tensorflow"}


def nested(name: str, *nodes: Any, **rest: Any) -> dict[str, Any]:
    """Return a functional model as a layer of another one."""
    inner = old_model(old_input("i"), dense("d", [["i", 0, 0, {}]]), name=name, **rest)
    return {
        "class_name": "Functional",
        "config": inner["config"],
        "name": name,
        "inbound_nodes": list(nodes),
    }


def dense(name: str, *nodes: Any, **config: Any) -> dict[str, Any]:
    """Return a Dense with 4 units."""
    return old_layer(name, "Dense", *nodes, **{"units": 4, **config})


def graph_of(document: dict[str, Any]) -> Graph:
    """Return the graph of a document."""
    graph = read(document)[0].model
    assert graph is not None
    return graph


def warnings_of(document: dict[str, Any]) -> dict[str, Diagnostic]:
    """Return the warnings of a document by their codes."""
    return {found.code: found for found in read(document)[1]}


def calls_of(graph: Graph, target: str) -> list[Call]:
    """Return the calls of a layer, or of an op by the end of its path."""
    return [c for c in graph.calls if c.target in (target, f"keras.ops.{target}")]


def ops_of(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return the ops of a model, with their arguments, in their order."""
    return [
        (call.target.removeprefix("keras.ops."), dict(call.kwargs))
        for call in graph_of(document).calls
        if call.kind == "op"
    ]
