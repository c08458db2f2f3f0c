"""What expressions of a page come to while it is read: never Keras objects, only records."""

from __future__ import annotations

import ast
from dataclasses import field
from typing import Any

from kcodegen.ir.graph import Call
from kcodegen.ir.program import Function
from kcodegen.ir.values import Ref, Value
from kcodegen.records import record


class ReadBackError(Exception):
    """The text of a page can't be read, or says something that pages never say."""


@record(frozen=False)
class Made:
    """An object that the page constructs: a layer, an optimizer, an initializer, a model.

    `args` are its constructor's arguments by name; `name` is its own or, when `counted`, the
    automatic one.
    `layers` are those of a Sequential; `inputs` and `outputs` those of a functional model, whose
    calls are found from its outputs. `uses` counts its calls.
    """

    key: str
    args: dict[str, Any]
    name: str | None = None
    number: int = 0
    counted: bool = False
    uses: int = 0
    layers: list[Made] | None = None
    inputs: Any = None
    outputs: Any = None
    is_model: bool = False


@record(frozen=True)
class Path:
    """A dotted name that stands for something public: `keras.layers.Dense`."""

    key: str


@record(frozen=True)
class Method:
    """A method of a list, or `model.compile`."""

    owner: Any
    name: str


@record(frozen=True, eq=False)
class Closure:
    """A function inside another one, with the variables of that one, now and later."""

    function: ast.FunctionDef
    outer: dict[str, Any]

    @property
    def local(self) -> set[str]:
        """Return the names that are its own: its arguments, and what it assigns."""
        found = {arg.arg for arg in self.function.args.args}
        for node in ast.walk(self.function):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.add(node.id)
            elif isinstance(node, ast.FunctionDef) and node is not self.function:
                raise ReadBackError("a function inside a function holds no other")
        return found


@record(frozen=True)
class Sizes:
    """The shape of a tensor, of which a page asks for the last size only."""

    tensor: Ref


@record(frozen=True)
class Outputs:
    """The outputs of a call whose number no table knows: a tensor, or a list of them."""

    call: str


@record(frozen=False)
class Trained:
    """The model that `compile_model` is given; it gathers what `compile` is called with."""

    training: dict[str, Any] | None = None


@record(frozen=False)
class Trace:
    """The calls made so far, in the order of the page.

    `made` finds a layer by its number, `op_names` what Keras calls an op by the id of its call;
    `mask_names` are those of the ops that the call of a layer brings with it.
    """

    calls: list[Call] = field(default_factory=list)
    made: dict[str, Made] = field(default_factory=dict)
    op_names: dict[str, str] = field(default_factory=dict)
    mask_names: dict[str, list[str]] = field(default_factory=dict)
    ops: int = 0


__all__ = [
    "Closure",
    "Function",
    "Made",
    "Method",
    "Outputs",
    "Path",
    "ReadBackError",
    "Ref",
    "Sizes",
    "Trace",
    "Trained",
    "Value",
]
