"""`Merge` of Keras 1: the layers that it became, and the models that begin with it.

    Sequential([Merge([left, right], mode="concat"), Dense(2)])
        ->  a = Input(...); b = Input(...); y = Dense(2)(Concatenate()([left(a), right(b)]))

Keras 1 called the inputs of such a model after the first layer of each branch.
"""

from __future__ import annotations

from collections.abc import Iterator

from kcodegen.frontends.classes import is_model
from kcodegen.frontends.keras1_layers import Old
from kcodegen.ir.document import Json, Node, Placed
from kcodegen.registry.keras1 import MERGES
from kcodegen.words import did_you_mean, prose


def has_branches(node: Node) -> bool:
    """Tell whether a layer is a `Merge` that holds the models it merges."""
    if node.mapping().get("class_name") != "Merge":
        return False
    layers = node.field("config").get("layers")
    return layers is not None and isinstance(layers.value, list)


def branches(node: Node) -> tuple[Node, ...]:
    """Return the models that a `Merge` holds."""
    return node.field("config").field("layers").items()


def merge(node: Node, version: tuple[int, int]) -> Json:
    """Return the layer that a `Merge` became."""
    config = node.field("config")
    mode = config.field("mode")
    if config.mapping().get("mode_type", "raw") != "raw" or not isinstance(mode.value, str):
        raise mode.error(
            "lambda",
            "this Merge calls a Python function, which is bytecode or not in the file",
            "rewrite it as a layer of your own",
        )
    if mode.value not in MERGES:
        hint = did_you_mean(mode.value, MERGES) or "rewrite the layer by hand"
        raise mode.error("dropped-argument", f"Keras 3 has no mode {prose(mode.value)!r}", hint)
    fields = {k: v for k, v in config.mapping().items() if k in ("name", "trainable")}
    new = MERGES[mode.value]
    if new == "Concatenate":
        fields["axis"] = config.mapping().get("concat_axis", -1)
    elif new in ("Dot", "CosineMerge"):
        fields["axes"] = _axes(config)
        if version < (1, 0) and new == "CosineMerge":
            new, fields["normalize"] = "Dot", True
    layer = config.placed(fields, {"axis": "concat_axis", "axes": "dot_axes"})
    return node.placed({**node.mapping(), "class_name": new, "config": layer})


def _axes(config: Node) -> Json:
    """Return the axes of a product; Keras 0 had a list of axes for each side."""
    node = config.get("dot_axes")
    if node is None:
        return -1
    match node.value:
        case [[left], [right]]:
            return [left, right]
        case [[*_], [*_]]:
            raise node.error(
                "dropped-argument",
                "Keras 3 multiplies along one axis of each side only",
                "rewrite the layer by hand",
            )
        case value:
            return value


def functional(node: Node, models: list[Json], layers: list[Json], start: Json, old: Old) -> Json:
    """Return the Functional that a Sequential is which begins with several branches.

    `models` are its branches, `start` is what merges them, `layers` come after that.
    """
    every = with_names([*models, *layers], old)
    models, layers = every[: len(models)], every[len(models) :]
    inputs: dict[str, Json] = {}
    entries: list[Json] = []
    merged: list[Json] = []
    for model in map(_fields, models):
        refs: list[Json] = []
        for name, given in _inputs(model, node):
            free = _free(name, inputs)
            named: dict[str, Json] = {**given, "name": free}
            inputs[free] = {"name": free, "class_name": "InputLayer", "config": named}
            refs.append([free, 0, 0])
        if model["class_name"] == "InputLayer":
            merged += refs
            continue
        entries.append(_called(model, refs))
        merged.append(_end(model))
    chain = [_called(_fields(start), merged)]
    for layer in layers:
        chain.append(_called(_fields(layer), [_end(chain[-1])]))
    config: dict[str, Json] = {
        "name": node.mapping().get("name") or old.name("model"),
        "layers": [
            *({**_fields(item), "inbound_nodes": []} for item in inputs.values()),
            *entries,
            *chain,
        ],
        "input_layers": [[name, 0, 0] for name in inputs],
        "output_layers": [_end(chain[-1])],
    }
    return node.placed({**node.mapping(), "class_name": "Model", "config": config})


def with_names(layers: list[Json], old: Old) -> list[Json]:
    """Return layers of which every model has a name: Keras 1 wrote none for a Sequential."""
    found: list[Json] = []
    for layer in layers:
        match layer:
            case Placed() if "name" not in layer and isinstance(layer["config"], list):
                fields = {**layer, "name": old.name("sequential")}
                found.append(Placed(fields, layer.pointer, layer.was))
            case _:
                found.append(layer)
    return found


def _fields(value: Json) -> dict[str, Json]:
    assert isinstance(value, dict)
    return value


def _called(layer: dict[str, Json], refs: list[Json]) -> dict[str, Json]:
    """Return the entry of a layer that is called once."""
    fields: dict[str, Json] = {**layer, "name": _name(layer), "inbound_nodes": [refs]}
    return Placed(fields, layer.pointer, layer.was) if isinstance(layer, Placed) else fields


def _name(layer: dict[str, Json]) -> Json:
    return layer["name"] if "name" in layer else Node(layer).field("config").field("name").value


def _end(layer: dict[str, Json]) -> Json:
    """Return the reference to what a layer returns; calls of models count from 1."""
    return [_name(layer), 1 if is_model(Node(layer)) else 0, 0]


def _inputs(model: dict[str, Json], node: Node) -> Iterator[tuple[str, dict[str, Json]]]:
    """Yield the name and the arguments of each input of a branch."""
    config, name = model["config"], model["class_name"]
    if name == "InputLayer":
        yield Node(model).field("config").field("name").text(), _fields(config)
        return
    if isinstance(config, dict) and isinstance(config.get("layers"), list):
        yield from _inputs_of_graph(Node(config), node)
        return
    first = _fields(config[0]) if isinstance(config, list) and config else model
    if first is not model and is_model(Node(first)):
        yield from _inputs(first, node)
        return
    if first["class_name"] == "InputLayer" and isinstance(config, list) and len(config) > 1:
        second = Node(config[1]).field("config").field("name").text()
        yield f"{second}_input", _fields(first["config"])
        return
    inner = Node(first).field("config")
    shape = inner.get("batch_input_shape")
    if shape is None:
        raise node.error("missing-field", "a branch of the first Merge has no batch_input_shape")
    given: dict[str, Json] = {"batch_input_shape": shape.value}
    yield f"{inner.field('name').text()}_input", given


def _inputs_of_graph(config: Node, node: Node) -> Iterator[tuple[str, dict[str, Json]]]:
    layers = {item.field("name").text(): item for item in config.field("layers").items()}
    for ref in config.field("input_layers").items():
        name = ref.items()[0].text() if ref.items() else ""
        if name not in layers:
            raise ref.error("unknown-reference", "no layer has the name of this input")
        yield from _inputs(_fields(layers[name].value), node)


def _free(name: str, taken: dict[str, Json]) -> str:
    """Return a name that no other input has."""
    count, free = 1, name
    while free in taken:
        count += 1
        free = f"{name}_{count}"
    return free
