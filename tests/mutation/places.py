"""The places of a page where a mutation can be made, and how its text is replaced."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A node of a page; for a name, the other names that could stand there."""

    node: ast.AST
    others: tuple[str, ...] = ()


def places(page: str, fixed: tuple[str, ...]) -> Iterator[Place]:
    """Yield the nodes of all functions of a page but the fixed ones, in their order."""
    module = ast.parse(page)
    functions = [node for node in module.body if isinstance(node, ast.FunctionDef)]
    names = tuple(function.name for function in functions if function.name not in fixed)
    for function in functions:
        if function.name in fixed:
            continue
        variables = dict.fromkeys(assigned(function))
        for node in walked(function):
            yield Place(node, others(node, variables, names))


def others(
    node: ast.AST, variables: Iterable[tuple[str, int]], functions: tuple[str, ...]
) -> tuple[str, ...]:
    """Return what else a name could be: a variable that has a value, or another function."""
    if not isinstance(node, ast.Name):
        return ()
    if node.id in functions:
        return functions
    if all(name != node.id for name, _ in variables):
        return ()
    return tuple(dict.fromkeys(name for name, line in variables if line < node.lineno))


def walked(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """Yield a function and what is in it; annotations, docstrings and f-strings' parts aside."""
    yield function
    yield function.args
    waiting: list[ast.AST] = [*function.args.defaults, *function.body]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        yield node
        if isinstance(node, ast.JoinedStr):
            waiting[:0] = [v.value for v in node.values if isinstance(v, ast.FormattedValue)]
        else:
            waiting[:0] = ast.iter_child_nodes(node)


def assigned(function: ast.FunctionDef) -> Iterator[tuple[str, int]]:
    """Yield each variable of a function with the line that first gives it a value."""
    for argument in function.args.args:
        yield argument.arg, function.lineno
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno


def replaced(page: str, node: ast.AST, after: str) -> str:
    """Return the page with the text of one node replaced."""
    lines = page.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line.encode("utf-8")))
    start = starts[position(node, "lineno") - 1] + position(node, "col_offset")
    end = starts[position(node, "end_lineno") - 1] + position(node, "end_col_offset")
    raw = page.encode("utf-8")
    return (raw[:start] + after.encode("utf-8") + raw[end:]).decode("utf-8")


def position(node: ast.AST, name: str) -> int:
    """Return one of the four coordinates of a node."""
    value = getattr(node, name)
    if not isinstance(value, int):
        raise TypeError(f"a node without {name}")
    return value
