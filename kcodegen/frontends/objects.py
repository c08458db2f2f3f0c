"""Single objects, as `serialize_keras_object` and the `*.serialize` functions write them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from kcodegen import registry
from kcodegen.diagnostics import CompileError
from kcodegen.frontends.context import Context
from kcodegen.frontends.keras3 import OPS_MODULE
from kcodegen.frontends.values import read_value
from kcodegen.ir.document import Node
from kcodegen.ir.graph import Artifact
from kcodegen.ir.values import Obj, Symbol, Value, rewrite, walk
from kcodegen.words import did_you_mean, prose

_KINDS = {"schedule": "learning_rate_schedule"}


def read_objects(root: Node, context: Context) -> Artifact:
    """Return the artifact of one object, or of a list or dict of them."""
    if isinstance(root.value, str):
        return Artifact("function", value=_read_name(root, root.value))
    value = renumber_shared(read_value(root, replace(context, keeps_sharing=True)))
    empty = not any(isinstance(item, (Obj, Symbol)) for item in walk(value))
    if empty and not context.problems.unknown and not context.problems.found:
        raise root.error(
            "not-keras",
            "this JSON holds no Keras model or object",
            "kcodegen reads what model.to_json() and keras.saving.serialize_keras_object() write",
        )
    if isinstance(value, tuple):
        return Artifact("objects", value=value)
    match value:
        case Obj(key):
            row = context.vocabulary.row(key)
            kind = "layer" if row.kind == "custom" else _KINDS.get(row.kind, row.kind)
            return Artifact(kind, value=value)
        case Symbol():
            return Artifact("function", value=value)
    return Artifact("mapping", value=value)


def _read_name(root: Node, name: str) -> Value:
    """Return the function that a bare name stands for: an activation, a loss or a metric."""
    key = registry.function(name)
    if key is None:
        strings = registry.strings("activation") | registry.strings("loss")
        hint = did_you_mean(name, filter(registry.function, strings))
        raise root.error("unknown-function", f"{prose(name)!r} is no function of Keras", hint)
    return Symbol(key)


def renumber_shared(value: Value) -> Value:
    """Return the value with shared objects numbered from 0, and no tag on the others."""
    counts = Counter(
        item.tag for item in walk(value) if isinstance(item, Obj) and item.tag is not None
    )
    numbers: dict[int, int] = {}

    def change(item: Value) -> Value:
        if not isinstance(item, Obj) or item.tag is None:
            return item
        if counts[item.tag] < 2:
            return replace(item, tag=None)
        return replace(item, tag=numbers.setdefault(item.tag, len(numbers)))

    return rewrite(value, change)


def is_operation(root: Node) -> bool:
    """Tell whether an object is an op, which lives in a graph and has no page of its own."""
    module = root.get("module")
    name = module.value if module is not None else None
    return isinstance(name, str) and name.startswith(OPS_MODULE)


def refuse_operation(root: Node) -> CompileError:
    """Return the error for an op that is saved without a graph around it."""
    name = root.field("class_name").text()
    row = registry.find_op(name, root.field("module").text())
    known = (
        f"call keras.{row.key.removeprefix('keras.')}" if row is not None else "call its function"
    )
    return root.error(
        "operation",
        f"{prose(name)} is an op: it has no public constructor, so no page can build it alone",
        f"{known} where you need it",
    )
