"""Names of Keras 2 that Keras 3 does not take: `block1/conv` -> `block1_conv`."""

from __future__ import annotations

from kcodegen.diagnostics import Diagnostic
from kcodegen.frontends.context import Context
from kcodegen.ir.document import Node
from kcodegen.words import prose


def without_slashes(name: str) -> str:
    """Return a name without `/`, which Keras 3 refuses."""
    return name.replace("/", "_")


def unique(
    named: list[tuple[Node, str]], context: Context, ops: frozenset[str] = frozenset()
) -> list[str]:
    """Return today's names of the layers of one model, in their order; note each that changes.

    `ops` are the names that Keras 3 gives to ops of the model, before it numbers them: it takes
    no name twice, and the ops of Keras 2 were called otherwise.
    """
    if context.vocabulary.target.is_old:
        return [name for _, name in named]
    taken = {name for _, name in named}
    found = []
    for node, name in named:
        new, why = name, ""
        if "/" in name:
            new, why = without_slashes(name), "Keras 3 allows no '/' in a name"
        elif _is_of_op(name, ops):
            new, why = f"{name}_layer", "Keras 3 gives that name to an op of the model"
        if why:
            new = _free(new, taken)
            taken.add(new)
            old = "/".join(prose(part) for part in name.split("/"))
            message = f"the layer {old!r} is called {prose(new)!r} now"
            origin, change = node.named(new).origin, f"{old} -> {prose(new)}"
            context.problems.warnings.append(
                Diagnostic("renamed-layer", message, origin, why, "warning", change)
            )
        found.append(new)
    return found


def _is_of_op(name: str, ops: frozenset[str]) -> bool:
    """Tell whether a name is one that Keras gives to an op: `multiply`, `multiply_12`."""
    base, _, number = name.rpartition("_")
    return name in ops or (base in ops and number.isascii() and number.isdigit())


def _free(name: str, taken: set[str]) -> str:
    count, new = 1, name
    while new in taken:
        count += 1
        new = f"{name}_{count}"
    return new
