"""A `Graph` of Keras 0 in the form of a functional model of Keras 1.

    {"name": "Graph", "input_config": [{"name": "a", "input_shape": [4], ...}],
     "node_config": [{"name": "d", "input": "a", ...}], "nodes": {"d": {"name": "Dense", ...}},
     "output_config": [{"name": "o", "input": "d", ...}]}
        ->  {"class_name": "Model", "config": {"layers": [...], "input_layers": [["a", 0, 0]], ...}}

A node or an output of several inputs merges them first. An output is a name and no layer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from kcodegen.frontends.keras0 import read_layer
from kcodegen.ir.document import Json, Node
from kcodegen.words import prose

_PARTS = ("input_config", "node_config", "output_config", "nodes")


def is_graph(root: Node) -> bool:
    """Tell whether a document is a Graph of Keras 0."""
    fields = root.mapping()
    return fields.get("name") == "Graph" and all(part in fields for part in _PARTS)


def translated(root: Node) -> Node:
    """Return a whole Graph in the form of Keras 1."""
    ends: dict[str, Json] = {}
    layers = [*_inputs(root.field("input_config"), ends)]
    inputs: list[Json] = [*ends.values()]
    layers += _nodes(root, ends)
    outputs: list[Json] = []
    for item in root.field("output_config").items():
        refs, merges = _refs(item, item.field("name").text(), ends)
        layers += merges
        outputs += refs
    config: dict[str, Json] = {"name": "model", "layers": layers, "input_layers": inputs}
    config["output_layers"] = outputs
    rest = {k: v for k, v in root.mapping().items() if k not in ("name", *_PARTS)}
    return Node(root.placed({**rest, "class_name": "Model", "config": root.placed(config)}))


def _inputs(items: Node, ends: dict[str, Json]) -> Iterator[Json]:
    for item in items.items():
        name = item.field("name").text("the name of an input")
        shape: list[Json] = [None, *(size.value for size in item.field("input_shape").items())]
        dtype = "int32" if item.mapping().get("dtype") == "int" else "float32"
        given: dict[str, Json] = {"name": name, "batch_input_shape": shape, "input_dtype": dtype}
        config = item.placed(given, {"batch_input_shape": "input_shape", "input_dtype": "dtype"})
        ends[name] = [name, 0, 0]
        yield item.placed(
            {"class_name": "InputLayer", "name": name, "config": config, "inbound_nodes": []}
        )


def _nodes(root: Node, ends: dict[str, Json]) -> Iterator[Json]:
    """Yield the layers of the nodes, each after what merges its inputs."""
    nodes = root.field("nodes")
    for item in root.field("node_config").items():
        name = item.field("name").text("the name of a node")
        node = nodes.get(name)
        if node is None:
            raise item.error("missing-field", f"there is no node {prose(name)!r}")
        refs, merges = _refs(item, f"{name}_merge", ends)
        yield from merges
        layer = read_layer(node, Counter(), name)
        is_model = isinstance(layer["config"], list)
        ends[name] = [name, 1 if is_model else 0, 0]
        yield node.placed({**layer, "name": name, "inbound_nodes": [refs]})


def _refs(item: Node, name: str, ends: dict[str, Json]) -> tuple[list[Json], list[Json]]:
    """Return what a node or an output is made of, and the layer that merges it, if it needs one."""
    given = item.get("input")
    several = item.get("inputs")
    sources = [given] if given is not None and given.value else []
    sources += several.items() if several is not None and not sources else ()
    refs: list[Json] = []
    for source in sources:
        if source.text() not in ends:
            message = f"{prose(source.text())!r} is used before it is made"
            raise source.error("unknown-reference", message)
        refs.append(ends[source.text()])
    if not refs:
        raise item.error("not-connected", "nothing goes in here")
    if len(refs) == 1:
        return refs, []
    fields = {"mode": "merge_mode", "concat_axis": "concat_axis", "dot_axes": "dot_axes"}
    config: dict[str, Json] = {new: item.field(old).value for new, old in fields.items()}
    config["name"] = name
    merge: dict[str, Json] = {"class_name": "Merge", "name": name, "inbound_nodes": [refs]}
    merge["config"] = item.placed(config, {"mode": "merge_mode"})
    return [[name, 0, 0]], [item.placed(merge)]
