"""Names of classes in a file -> rows: Keras' own, the user's, or a skeleton's."""

from __future__ import annotations

from kcodegen import registry
from kcodegen.frontends.context import Context
from kcodegen.ir.document import Node
from kcodegen.registry import helpers
from kcodegen.registry.rows import ClassRow
from kcodegen.registry.spaces import CUSTOM_PREFIX, ROOTS
from kcodegen.registry.vocabulary import OWN_ROWS, SEQUENTIAL
from kcodegen.words import did_you_mean

_INCOMPLETE = "its layers are not in the file"


def is_model(node: Node) -> bool:
    """Tell whether a serialized object is a model with its own list of layers.

    A few of Keras' layers (Pipeline) have an argument `layers` too; they are no models.
    """
    fields = node.mapping()
    config, name = fields.get("config"), fields.get("class_name")
    if isinstance(config, list):
        return name is not None
    if not isinstance(config, dict) or not isinstance(config.get("layers"), list):
        return False
    known = registry.candidates(str(name), None, "layer")
    return not any(row.param("layers") and row.key != SEQUENTIAL.key for row in known)


def find_row(node: Node, context: Context, holds: str) -> ClassRow | None:
    """Return the row of a serialized object's class, or None after noting the problem."""
    fields, name = node.mapping(), node.field("class_name").text()
    module, registered_name = fields.get("module"), fields.get("registered_name")
    if isinstance(module, str) or module is None:
        row = registry.find_class(name, module, holds) or _fitting_row(node, name, module, holds)
        why = "" if row is None else row.refusal or _INCOMPLETE * (row.key in OWN_ROWS)
        if row is not None and why:
            message = f"{row.name} can't be written on a page: {why}"
            context.problems.add(node.error("refused-class", message))
            return None
        if row is not None:
            if context.is_legacy:
                from kcodegen.frontends.legacy import warn_of_change

                warn_of_change(node, row, context)
            return row
    aliases = [n for n in (registered_name, name) if isinstance(n, str)]
    if (key := context.vocabulary.custom_key(*aliases)) is not None:
        return context.vocabulary.row(key)
    if context.is_legacy and holds == "layer" and _is_gone(node, name, context):
        return None
    shown = aliases[0] if aliases else name
    stub = _stub(node, shown, module, holds, context)
    if stub is not None:
        return context.vocabulary.row(stub)
    names = () if ">" in shown else registry.class_names(holds)
    hint = did_you_mean(name, (n for n in names if n not in helpers.KEYS))
    context.problems.unknown_class(shown, "the class", node.origin, hint)
    return None


def _stub(node: Node, name: str, module: object, holds: str, context: Context) -> str | None:
    """Return the key of a skeleton, None where there is none: Keras' own classes get none."""
    if str(module).startswith(ROOTS):
        return None
    kind = "layer" if holds == "" and is_layer_config(node) else holds
    return context.vocabulary.stub(_model_kind(node) or kind, name)


def _model_kind(node: Node) -> str:
    """Return what kind of model a serialized object is, or nothing."""
    if not is_model(node):
        return ""
    return "model" if node.field("config").has("input_layers") else "sequential"


def is_layer_config(node: Node) -> bool:
    """Tell whether an object that stands anywhere is a layer: only these are trainable."""
    config = node.get("config")
    return config is not None and config.has("trainable")


def _is_gone(node: Node, name: str, context: Context) -> bool:
    """Note a class of Keras 2 that Keras 3 has no equal for; tell whether it is one."""
    from kcodegen.registry.legacy import INSTEAD, why_gone

    why = why_gone(name, context.version)
    if not why:
        return False
    hint = f"write your own, and import it with --custom {name}=your_package.your_module:{name}"
    if name in INSTEAD:
        hint = f"{INSTEAD[name]}; or {hint}"
    message = f"{name} can't be written on a page: {why}"
    context.problems.add(node.error("refused-class", message, hint))
    return True


def _fitting_row(node: Node, name: str, module: str | None, holds: str) -> ClassRow | None:
    """Return the one class of several with this name that takes what the config gives."""
    from kcodegen.registry.legacy import find_argument

    config = node.get("config")
    if config is None or not isinstance(config.value, dict):
        return None
    keys = config.value.keys()
    found = [
        row
        for row in registry.candidates(name.removeprefix(CUSTOM_PREFIX), module, holds)
        if all(row.param(key) or find_argument(row, key) for key in keys)
    ]
    return found[0] if len(found) == 1 else None
