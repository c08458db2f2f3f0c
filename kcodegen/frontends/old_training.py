"""What a model of Keras 1 or 2 was compiled with, in the words of `compile_config`.

    "training_config": {"optimizer_config": {"class_name": "Adam", ...}, "loss": "mse",
                        "metrics": [[{"class_name": "MeanMetricWrapper", ...}]], ...}
        ->  compile(optimizer=Adam(...), loss="mse", metrics=["mae"])

Keras 0 and 1.0 wrote the optimizer and the loss beside the layers.
"""

from __future__ import annotations

from kcodegen import registry
from kcodegen.diagnostics import Diagnostic
from kcodegen.frontends.context import Context
from kcodegen.frontends.training import read_training
from kcodegen.ir.document import Json, Node
from kcodegen.ir.numbers import shortest_float32
from kcodegen.ir.values import Args
from kcodegen.registry.overrides import COMPILE_WORDS

# Keras has forgotten these, or they say how a model is trained and not what with.
_FORGOTTEN = frozenset({"sample_weight_mode", "sample_weight_modes", "class_mode", "theano_mode"})
_ARGUMENTS = ("loss", "metrics", "weighted_metrics", "loss_weights")
_OPTIMIZERS = ("optimizer_config", "optimizer")
# Keras 1.0 wrote the type of a loss that was given by name.
_LOST_LOSS = "str"


def read_old_training(root: Node, context: Context) -> Args | None:
    """Return the arguments of `compile`; None for a model that was not compiled."""
    node = root.get("compile_config") or root.get("training_config") or root
    key = next((key for key in _OPTIMIZERS if isinstance(node.value, dict) and node.has(key)), None)
    if key is None or not node.field(key).value:
        return None
    given: dict[str, Json] = {"optimizer": _optimizer(node.field(key))}
    for name, child in node.fields():
        known = name in _ARGUMENTS or (node is not root and name not in _FORGOTTEN)
        if known and name not in _OPTIMIZERS and child.value not in (None, [], {}):
            given[name] = _metrics(child) if "metrics" in name else child.value
    if given.get("loss") == _LOST_LOSS:
        message = "Keras 1 has lost the loss of this model: the page does not compile it"
        origin = node.field("loss").origin
        context.problems.warnings.append(
            Diagnostic("lost-argument", message, origin, severity="warning")
        )
        return None
    compiled = node.placed(given, {"optimizer": key})
    return read_training(Node({"compile_config": compiled}), context)


def _optimizer(node: Node) -> Json:
    """Return an optimizer with its decay as a schedule; Keras 1.0 put its class beside the rest."""
    if not isinstance(node.value, dict):
        return node.value
    if "class_name" in node.value:
        config = node.field("config")
        return node.placed({**node.value, "config": _scheduled(config, config.mapping())})
    rest = {key: value for key, value in node.value.items() if key != "name"}
    fields: dict[str, Json] = {
        "class_name": node.field("name").value,
        "config": _scheduled(node, rest),
    }
    return node.placed(fields, {"class_name": "name"})


def _scheduled(node: Node, config: dict[str, Json]) -> Json:
    """Return the arguments of an optimizer, its `decay` as the schedule that it was.

    SGD(lr=0.1, decay=1e-6)   ->   SGD(InverseTimeDecay(0.1, decay_steps=1, decay_rate=1e-6))
    """
    decay = config.get("decay")
    if not isinstance(decay, (int, float)) or isinstance(decay, bool) or not decay:
        return node.placed(config)
    key = "lr" if "lr" in config else "learning_rate"
    schedule: dict[str, Json] = {
        "class_name": "InverseTimeDecay",
        "config": {
            "initial_learning_rate": _typed(config.get(key)),
            "decay_steps": 1,
            "decay_rate": _typed(decay),
        },
    }
    rest = {name: value for name, value in config.items() if name not in ("decay", key)}
    return node.placed({**rest, "learning_rate": schedule}, {"learning_rate": key})


def _typed(value: Json) -> Json:
    """Return a number that was rounded to 32 bits as its author typed it."""
    return shortest_float32(value) if isinstance(value, float) else value


def _metrics(node: Node) -> Json:
    """Return metrics by their names; those of a single output are no list of lists."""
    match node.value:
        case [[*_]]:
            return _metrics(node.items()[0])
        case list():
            return [_metrics(item) for item in node.items()]
        case dict() as fields if "class_name" not in fields:
            return node.placed({key: _metrics(child) for key, child in node.fields()})
        case {"class_name": "MeanMetricWrapper", "config": {"fn": str(fn), "name": str(name)}}:
            same = _meaning(name) is not None and _meaning(name) == _meaning(fn)
            return name if same or name in COMPILE_WORDS else fn
        case value:
            return value


def _meaning(name: str) -> str | None:
    """Return the class or function that the name of a metric stands for."""
    row = registry.find_shorthand(name, "metric")
    return row.key if row is not None else registry.function(name, "metric")
