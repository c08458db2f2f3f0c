"""Graph -> the JSON that Keras 3.15 writes for it: the inverse of `frontends.keras3`."""

from __future__ import annotations

from typing import Any

from kcodegen import registry
from kcodegen.ir.graph import Call, Graph, Layer
from kcodegen.ir.order import number_ops
from kcodegen.ir.values import Args, Array, Dict, Obj, Ref, Slice, Symbol, Value
from kcodegen.registry.vocabulary import OWN_ROWS


def to_json(graph: Graph) -> dict[str, Any]:
    """Return a model as `json.loads(model.to_json())` has it, defaults left out."""
    return _Writer(number_ops(graph)).model()


class _Writer:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.names = {call.id: call.name or call.target for call in graph.calls}
        self.functional = {
            layer.name for layer in graph.layers if layer.body is not None and layer.body.calls
        }

    def model(self) -> dict[str, Any]:
        graph = self.graph
        if not graph.calls:
            layers = [self.layer(layer) for layer in graph.layers]
            return _object("keras", "Sequential", {"name": graph.name, "layers": layers})
        config = {
            "name": graph.name,
            "trainable": True,
            "layers": self.entries(),
            "input_layers": self.ends(graph.inputs),
            "output_layers": self.ends(graph.outputs),
        }
        return _object("keras.src.models.functional", "Functional", config)

    def entries(self) -> list[dict[str, Any]]:
        found = []
        for layer in self.graph.layers:
            calls = [call for call in self.graph.calls if call.target == layer.name]
            nodes = [self.node(call.args, call.kwargs) for call in calls if call.args]
            found.append(self.layer(layer) | {"name": layer.name, "inbound_nodes": nodes})
        found += [self.op(call) for call in self.graph.calls if call.kind == "op"]
        return found

    def layer(self, layer: Layer) -> dict[str, Any]:
        if layer.body is not None:
            return to_json(layer.body)
        row = OWN_ROWS.get(layer.key) or registry.row(layer.key)
        config = {"name": layer.name} | {name: self.value(v) for name, v in layer.args}
        if layer.key == "keras.Input":
            shape, batch = config.pop("shape"), config.pop("batch_size")
            config = {"batch_shape": [batch, *shape], "optional": False} | config
        return _object(row.module, row.name, config)

    def op(self, call: Call) -> dict[str, Any]:
        row, given = registry.op(call.target), dict(call.kwargs)
        args = tuple(given.pop(name) for name in row.operands if name in given)
        keys = {param: key for key, param in row.config}
        config = {"name": call.name} | {keys[name]: self.value(v) for name, v in given.items()}
        node = self.node(args, ())
        return _object(row.module, row.name, config) | {"name": call.name, "inbound_nodes": [node]}

    def node(self, args: tuple[Value, ...], kwargs: Args) -> dict[str, Any]:
        return {
            "args": [self.value(value) for value in args],
            "kwargs": {name: self.value(value) for name, value in kwargs},
        }

    def history(self, ref: Ref) -> list[Any]:
        if ref.call.startswith("/"):
            return [self.names[ref.call], 0, ref.index]
        name, _, use = ref.call.rpartition("/")
        return [name, int(use), ref.index]

    def ends(self, value: Value) -> Any:
        match value:
            case Ref():
                name, use, index = self.history(value)
                return [name, use + (name in self.functional), index]
            case tuple():
                return [self.ends(item) for item in value]
            case Dict(items):
                return {key: self.ends(item) for key, item in items}
        raise AssertionError(value)

    def value(self, value: Value) -> Any:
        match value:
            case Ref():
                shape = list(self.graph.shapes[value])
                config = {"shape": shape, "dtype": "float32", "keras_history": self.history(value)}
                return {"class_name": "__keras_tensor__", "config": config}
            case tuple():
                return [self.value(item) for item in value]
            case Dict(items):
                return {key: self.value(item) for key, item in items}
            case Slice(start, stop, step):
                bounds = {"start": start, "stop": stop, "step": step}
                return {"class_name": "__slice__", "config": bounds}
            case Obj(key, args):
                row = registry.row(key)
                return _object(row.module, row.name, {n: self.value(v) for n, v in args})
            case Array() | Symbol():
                raise AssertionError(value)
        return value


def _object(module: str, name: str, config: dict[str, Any]) -> dict[str, Any]:
    return {"module": module, "class_name": name, "config": config, "registered_name": None}
