"""A function of a page that a layer is given -> what it says, with public names in full."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from kcodegen.ir.source import BUILTINS, Source
from kcodegen.readback.values import Path, ReadBackError
from kcodegen.words import PAGE_NAMES


def source_of(function: ast.FunctionDef, top: Mapping[str, object]) -> Source:
    """Return what a function of the page says; `top` is what the page has imported."""
    if function.decorator_list or function.returns is not None:
        raise ReadBackError(f"{function.name} is no plain function")
    names = {arg.arg for arg in function.args.args}
    for statement in function.body:
        if not isinstance(statement, (ast.Assign, ast.Return)):
            raise ReadBackError(f"{function.name} assigns and returns only")
        names |= {n.id for n in ast.walk(statement) if _is_assigned(n) and isinstance(n, ast.Name)}
    if names & (PAGE_NAMES | top.keys()):
        raise ReadBackError(f"{function.name} hides a name of the page")
    resolver = _Resolver(names, top)
    body = [resolver.visit(statement) for statement in function.body]
    defaults = [_Resolver(set(), top).visit(default) for default in function.args.defaults]
    plain = [ast.arg(arg.arg) for arg in function.args.args]
    return Source.written(ast.arguments([], plain, None, [], [], None, defaults), body)


def _is_assigned(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


class _Resolver(ast.NodeTransformer):
    """Writes out what names of the page stand for."""

    def __init__(self, names: set[str], top: Mapping[str, object]) -> None:
        self.names, self.top = names, top

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Return a variable as it is, and a name of the page as a path."""
        if node.id in self.names or (node.id in BUILTINS and node.id not in self.top):
            return node
        found = self.top.get(node.id)
        if not isinstance(found, Path) or ":" in found.key:
            raise ReadBackError(f"a function of the page uses {node.id}")
        return ast.parse(found.key, mode="eval").body
