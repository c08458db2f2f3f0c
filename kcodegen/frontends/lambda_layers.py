"""The config of a Lambda layer, in the forms of Keras 1, 2 and 3 -> its arguments.

{"function": ["4wEAAA...", null, null], "function_type": "lambda", "arguments": {"s": 3.0}, ...}
    ->  (("function", Source(...)), ("arguments", Dict((("s", 3.0),))))
"""

from __future__ import annotations

import re

from kcodegen.diagnostics import CompileError
from kcodegen.frontends.context import Context
from kcodegen.frontends.lambdas import read_lambda
from kcodegen.frontends.values import read_arguments, read_value
from kcodegen.ir.document import Node
from kcodegen.ir.values import Args, Symbol, Value
from kcodegen.registry.rows import ClassRow
from kcodegen.words import identifier

_FUNCTIONS = ("function", "output_shape", "mask")
# What Keras 2 says of the functions besides them.
_ABOUT = ("function_type", "module", "output_shape_type", "output_shape_module")
_RAW = "raw"


def read_lambda_config(
    node: Node, row: ClassRow, context: Context, skip: tuple[str, ...] = ()
) -> Args:
    """Return the arguments of a Lambda layer, its functions as source."""
    given = node.get("arguments")
    named = frozenset(given.mapping()) if given is not None and given.value else frozenset()
    found: list[tuple[str, Value]] = []
    for name in _FUNCTIONS:
        child = node.get(name)
        if child is None or name in skip or (child.value is None and name != "function"):
            continue
        found.append((name, _function(node, child, name, named, context)))
    rest = read_arguments(node, row, context, (*skip, *_FUNCTIONS, *_ABOUT))
    given_now = dict((*found, *rest))
    order = [param.name for param in (*row.params, *row.extra)]
    return tuple((name, given_now[name]) for name in order if name in given_now)


def _function(node: Node, child: Node, name: str, named: frozenset[str], context: Context) -> Value:
    """Return a function, or the shape that stands in its place."""
    kind = node.mapping().get(f"{name}_type", _RAW)
    if kind == _RAW and not _is_bytecode(child) and name != "function":
        return read_value(child, context)
    if kind == "function" or isinstance(child.value, str):
        return _named(child, context)
    if _is_bytecode(child) or isinstance(child.value, list):
        return read_function(child, name, named, context)
    return read_value(child, context, "function")


def read_function(node: Node, name: str, named: frozenset[str], context: Context) -> Value:
    """Return a function as source; one that has none gets a skeleton where these are wanted.

    `name` is the argument that it is given as, `named` what it is given by name itself.
    """
    try:
        return read_lambda(node, named, context.is_legacy, context.problems)
    except CompileError:
        layer = identifier(node.layer or name, "function")
        place = "" if layer == node.layer else "_".join(["", *re.findall(r"\d+", node.pointer)])
        about = "" if name == "function" else f"_{name}"
        stub = context.vocabulary.stub("lambda", f"{layer}{about}{place}")
        if stub is None:
            raise
        return Symbol(stub)


def _is_bytecode(node: Node) -> bool:
    return isinstance(node.value, dict) and node.value.get("class_name") == "__lambda__"


def _named(node: Node, context: Context) -> Value:
    """Return a function that the file knows by its name alone."""
    name = node.text("the name of a function")
    key = context.vocabulary.custom_key(name) or context.vocabulary.stub("function", name)
    if key is not None:
        return Symbol(key)
    context.problems.unknown_class(name, "the function", node.origin, "")
    return None
