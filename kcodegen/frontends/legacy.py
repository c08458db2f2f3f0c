"""Arguments of Keras 2 in today's words, wherever an object is read.

    LeakyReLU(alpha=0.3)   ->   LeakyReLU(negative_slope=0.3)

The rows are in `registry.legacy`; an old argument whose value can't be kept is an error.
"""

from __future__ import annotations

from typing import assert_never

from kcodegen.diagnostics import Diagnostic
from kcodegen.frontends import changes
from kcodegen.frontends.context import Context
from kcodegen.frontends.problems import Problems
from kcodegen.ir.document import Node
from kcodegen.ir.numbers import shortest_float32
from kcodegen.ir.values import Args, Obj, Symbol, Value, lookup
from kcodegen.registry.helper_rows import OLD_HARD_SIGMOID
from kcodegen.registry.legacy import CHANGED, FLOAT32, LegacyArgument, find_argument, new_value
from kcodegen.registry.rows import ClassRow
from kcodegen.words import prose

# Keras 2 had one class for these, told apart by its arguments.
_SCALED = {
    (1.0, "fan_avg", "uniform"): "GlorotUniform",
    (1.0, "fan_avg", "truncated_normal"): "GlorotNormal",
    (2.0, "fan_in", "uniform"): "HeUniform",
    (2.0, "fan_in", "truncated_normal"): "HeNormal",
    (1.0, "fan_in", "uniform"): "LecunUniform",
    (1.0, "fan_in", "truncated_normal"): "LecunNormal",
}
_CHANGED = "hard_sigmoid"


def translate(
    child: Node, key: str, value: Value, row: ClassRow, context: Context
) -> tuple[str, Value] | None:
    """Return an old argument under its new name; None when it means nothing any more.

    Raises CompileError when the class never had the argument, or when its value can't be kept.
    """
    old = find_argument(row, key)
    if old is None:
        raise KeyError(key)
    if not old.allows(value):
        raise child.error(
            "dropped-argument",
            f"{row.name} of Keras 3 has no argument {prose(key)!r}, and its value here matters",
            "rewrite the layer by hand",
        )
    _note(child, old, changes.since_keras3(context))
    return (old.new_name, value) if old.action == "rename" else None


def _note(child: Node, old: LegacyArgument, problems: Problems) -> None:
    """Note what became of an argument."""
    match old.action:
        case "rename":
            changes.renamed_argument(child, old.name, old.new_name, problems)
        case "drop":
            changes.unused_argument(child, old.name, problems)
        case "input":
            changes.moved_argument(child, old.name, problems)
        case _:
            assert_never(old.action)


def modern(child: Node, name: str, value: Value, row: ClassRow, context: Context) -> Value:
    """Return how a value of an old file is spelled now."""
    new = new_value(row, name, value)
    if isinstance(value, str) and new != value:
        changes.renamed_value(child, name, value, str(new), changes.since_keras3(context))
    value = new
    rounded = row.kind in ("optimizer", "regularizer") or (row.key, name) in FLOAT32
    if rounded and isinstance(value, float):
        return shortest_float32(value)
    return value


def unscaled(child: Node, obj: Obj, context: Context) -> Obj:
    """Return `VarianceScaling` as the initializer it is: `2.0, "fan_in", "normal"` is He's."""
    if obj.key != "keras.initializers.VarianceScaling":
        return obj
    scale, mode = lookup(obj.args, "scale"), lookup(obj.args, "mode")
    found = _SCALED.get((scale, mode, lookup(obj.args, "distribution")))  # type: ignore[arg-type]
    if found is None:
        return obj
    changes.renamed_class(child, "VarianceScaling", found, changes.since_keras3(context))
    seed: Args = tuple(item for item in obj.args if item[0] == "seed")
    return Obj(f"keras.initializers.{found}", seed, tag=obj.tag)


def is_changed(key: str, value: Value) -> bool:
    """Tell whether a value means something else since Keras 3."""
    return key.endswith("activation") and value == _CHANGED


def warn_of_change(node: Node, row: ClassRow, context: Context) -> None:
    """Warn of a class that computes something else since Keras 3."""
    if (message := CHANGED.get(row.key)) is not None:
        warning = Diagnostic("changed-meaning", message, node.origin, severity="warning")
        changes.since_keras3(context).warnings.append(warning)


def own_function(child: Node, key: str, problems: Problems) -> Symbol:
    """Return the page's own copy of a function that means something else since Keras 3."""
    message = (
        f"the {prose(key)} hard_sigmoid is another function in Keras 3, clip(x / 6 + 0.5): "
        "the page has the old one, clip(0.2 x + 0.5)"
    )
    warning = Diagnostic("changed-meaning", message, child.origin, severity="warning")
    problems.warnings.append(warning)
    return Symbol(OLD_HARD_SIGMOID)
