"""What is spelled otherwise than in an old file, or left out: notes, which change no meaning.

    Dense(output_dim=8, init="zero")   ->   output_dim -> units, init -> kernel_initializer

Each has its address. `report.lines` says all of one kind on one line.
"""

from __future__ import annotations

from kcodegen.diagnostics import Diagnostic
from kcodegen.frontends.context import Context
from kcodegen.frontends.problems import Problems
from kcodegen.ir.document import Node
from kcodegen.ir.values import Value


def since_keras3(context: Context) -> Problems:
    """Return where notes of what is new in Keras 3 go: nowhere for a page of Keras 2."""
    return Problems() if context.vocabulary.target.is_old else context.problems


def renamed_argument(node: Node, old: str, new: str, problems: Problems) -> None:
    """Note that an argument has another name now."""
    _note(node, "renamed-argument", f"the argument {old} is called {new} now", old, new, problems)


def unused_argument(node: Node, name: str, problems: Problems) -> None:
    """Note that an argument is left out, as it means nothing any more: `implementation=2`."""
    value = node.value
    shown = f"{name}={value}" if isinstance(value, (bool, int, float)) else name
    message = f"the argument {shown} means nothing any more"
    _note(node, "unused-argument", message, shown, "", problems)


def added_argument(node: Node, name: str, value: Value, problems: Problems) -> None:
    """Note that an argument is written out which the class had not yet: its default is another."""
    message = f"there was no {name} yet: {value!r} is what was done, and not the default now"
    _note(node, "added-argument", message, f"{name}={value!r}", "", problems)


def renamed_value(node: Node, name: str, old: str, new: str, problems: Problems) -> None:
    """Note that a value of an argument has another name now."""
    message = f"the {name} {old!r} is called {new!r} now"
    _note(node, "renamed-value", message, f"{name}={old!r}", repr(new), problems)


def moved_argument(node: Node, name: str, problems: Problems) -> None:
    """Note that an argument is a part of the model's input now."""
    message = f"the argument {name} is a part of keras.Input now"
    _note(node, "moved-argument", message, name, "keras.Input", problems)


def renamed_class(node: Node, old: str, new: str, problems: Problems) -> None:
    """Note that a class has another name now."""
    _note(node, "renamed-class", f"{old} is called {new} now", old, new, problems)


def replaced_op(node: Node, old: str, new: str, problems: Problems) -> None:
    """Note that a function of TensorFlow or `keras.backend` is an op of Keras now."""
    _note(node, "replaced-op", f"{old} is {new} now", old, new, problems)


def _note(node: Node, code: str, message: str, old: str, new: str, problems: Problems) -> None:
    if node.value is None:  # what is not there was not changed
        return
    change = f"{old} -> {new}" if new else old
    problems.warnings.append(Diagnostic(code, message, node.origin, "", "note", change))
