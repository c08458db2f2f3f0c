"""A function that a page writes out itself, because the file holds it and nothing else has it."""

from __future__ import annotations

import ast
import sys
from dataclasses import field

from kcodegen.records import record

PLACEHOLDER = "_"
BUILTINS = frozenset("abs bool float int len list max min range round sum tuple".split())
"""Python's own functions that such a function may call: they do nothing but compute."""


@record(frozen=True)
class Source:
    """A function as text: its arguments with their defaults, assignments and what it returns.

    `text` is Python, with `_` for its name and public names in full (`keras.ops.mean`); variables
    have no dots and are called nothing that is public. `name` is what its author called it.
    """

    text: str
    name: str = field(default="", compare=False)

    @staticmethod
    def written(arguments: ast.arguments, body: list[ast.stmt], name: str = "") -> Source:
        """Return the source of a function in the one form in which sources are compared."""
        made = ast.FunctionDef(PLACEHOLDER, arguments, body, [], None)
        if sys.version_info >= (3, 12):
            made.type_params = []
        module = ast.fix_missing_locations(ast.Module([made], []))
        return Source(ast.unparse(ast.parse(ast.unparse(module))), name)

    def function(self) -> ast.FunctionDef:
        """Return the function, parsed."""
        (found,) = ast.parse(self.text).body
        assert isinstance(found, ast.FunctionDef)
        return found
