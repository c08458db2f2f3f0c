"""`compile_config` -> the arguments of `model.compile`."""

from __future__ import annotations

from kcodegen.diagnostics import CompileError
from kcodegen.frontends.context import Context
from kcodegen.frontends.values import read_value
from kcodegen.ir.document import Node
from kcodegen.ir.values import Args, Obj, Value, walk
from kcodegen.words import did_you_mean, prose

# Argument -> what its strings and objects stand for, in the order of the signature.
_ARGUMENTS = {
    "optimizer": "optimizer",
    "loss": "loss",
    "loss_weights": "",
    "metrics": "metric",
    "weighted_metrics": "metric",
    "run_eagerly": "",
    "steps_per_execution": "",
    "jit_compile": "",
    "auto_scale_loss": "",
}


def read_training(root: Node, context: Context) -> Args | None:
    """Return what the model was compiled with; None when it was not."""
    node = root.get("compile_config")
    if node is None or not node.value:
        return None
    given = dict(node.fields())
    for key, child in given.items():
        if key not in _ARGUMENTS:
            message = f"compile has no argument {prose(key)!r}"
            hint = did_you_mean(key, _ARGUMENTS)
            context.problems.add(child.error("unknown-argument", message, hint))
    found = []
    for key, holds in _ARGUMENTS.items():
        try:
            if key in given:
                value = read_value(given[key], context, holds)
                found.append((key, _without_layers(given[key], value, context)))
        except CompileError as error:
            context.problems.add(error)
    return tuple(found)


def _without_layers(node: Node, value: Value, context: Context) -> Value:
    """Return an argument of `compile`; CompileError when there is a layer in it."""
    for item in walk(value):
        if isinstance(item, Obj):
            is_layer = item.body is not None or context.vocabulary.row(item.key).kind == "layer"
            if is_layer:
                raise node.error("wrong-type", "a layer is no argument of compile")
    return value
