"""What a page may hold at all: kinds of nodes, imports and names, by closed lists.

This is checked before anything is read, over the whole text, the fixed parts included.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kcodegen.readback.imports import MODULES
from kcodegen.readback.values import ReadBackError
from kcodegen.registry.targets import Target
from kcodegen.registry.vocabulary import Vocabulary

_PAGE = (
    ast.Module, ast.FunctionDef, ast.arguments, ast.arg, ast.Expr, ast.Assign, ast.Return,
    ast.For, ast.If, ast.Call, ast.keyword, ast.Name, ast.Load, ast.Store, ast.Attribute,
    ast.Constant, ast.List, ast.Tuple, ast.Dict, ast.Subscript, ast.Slice, ast.JoinedStr,
    ast.FormattedValue, ast.BinOp, ast.UnaryOp, ast.Compare, ast.BoolOp, ast.Import,
    ast.ImportFrom, ast.alias, ast.operator, ast.unaryop, ast.cmpop, ast.boolop, ast.Pass,
    ast.IfExp,
)  # fmt: skip
# What the fixed parts of a page need besides: the loader, the summary, a private class.
_PROSE = (
    ast.ClassDef, ast.ListComp, ast.SetComp, ast.comprehension, ast.Raise, ast.Continue,
    ast.GeneratorExp, ast.DictComp, ast.Starred, ast.Try, ast.ExceptHandler, ast.With,
    ast.withitem,
)  # fmt: skip
_NAMES = frozenset({("numpy", "np"), ("tensorflow", "tf"), ("tf_keras", "keras")})
_FORBIDDEN = frozenset(
    """eval exec compile open __import__ globals locals vars getattr setattr delattr input
    breakpoint""".split()
)
_ALLOWED_DUNDER = frozenset({"__init__", "__name__", "__dlpack__"})
_TESTS = frozenset({"__name__ == '__main__'", "hasattr(keras, 'ops')"})


def _kinds(*classes: type[ast.AST]) -> frozenset[type[ast.AST]]:
    """Return the classes and those below them: all operators, for `ast.operator`."""
    return frozenset(kind for base in classes for kind in (base, *base.__subclasses__()))


_NODES = _kinds(*_PAGE)
_FIXED_NODES = _kinds(*_PAGE, *_PROSE)
# The kinds of nodes that may say something wrong.
_CHECKED = frozenset({ast.Name, ast.FunctionDef, ast.arguments, ast.Attribute})


def check(tree: ast.Module, vocabulary: Vocabulary, fixed: frozenset[str]) -> None:
    """Raise ReadBackError for anything that no page holds.

    `fixed` names the functions and classes of the template's own prose.
    """
    allowed = {path.partition(":")[0]: path for path in vocabulary.custom_names()}
    for place, statement in enumerate(tree.body):
        if not (place == 0 and _is_docstring(statement)) and not _belongs_to_a_page(statement):
            raise ReadBackError(f"a page holds no {type(statement).__name__} by itself")
        if isinstance(statement, ast.Try):
            _check_choice(statement, vocabulary.target)
        is_fixed = isinstance(statement, (ast.If, ast.Try)) or (
            isinstance(statement, (ast.FunctionDef, ast.ClassDef)) and statement.name in fixed
        )
        kinds = _FIXED_NODES if is_fixed else _NODES
        for node in _walk(statement):
            if type(node) not in kinds:
                raise ReadBackError(f"a page holds no {type(node).__name__}")
            if type(node) in _CHECKED:
                _check_node(node, is_fixed)
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                _check_import(node, allowed, vocabulary.target, is_fixed)


def _walk(statement: ast.stmt) -> Iterator[ast.AST]:
    """Yield every node, as `ast.walk` does in three times the time."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        yield node
        for field in node._fields:
            value = getattr(node, field)
            if isinstance(value, list):
                waiting.extend(item for item in value if isinstance(item, ast.AST))
            elif isinstance(value, ast.AST):
                waiting.append(value)


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _belongs_to_a_page(statement: ast.stmt) -> bool:
    """Tell whether a statement may stand outside of all functions."""
    if isinstance(statement, ast.If):
        return ast.unparse(statement.test) in _TESTS
    kinds = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Try)
    return isinstance(statement, kinds)


def _check_node(node: ast.AST, is_fixed: bool) -> None:
    if isinstance(node, ast.Name) and node.id in _FORBIDDEN and not is_fixed:
        raise ReadBackError(f"a page never uses {node.id}")
    if isinstance(node, ast.FunctionDef) and node.decorator_list and not is_fixed:
        raise ReadBackError("a page decorates nothing")
    if isinstance(node, ast.arguments) and not is_fixed and _has_special_arguments(node):
        raise ReadBackError("a function of a page takes plain arguments")
    name = node.attr if isinstance(node, ast.Attribute) else ""
    if name.startswith("_") and not (is_fixed and name in _ALLOWED_DUNDER):
        raise ReadBackError(f"a page never touches {name}")


def _has_special_arguments(node: ast.arguments) -> bool:
    return bool(node.posonlyargs or node.vararg or node.kwonlyargs or node.kwarg)


def _check_choice(statement: ast.Try, target: Target) -> None:
    """Raise ReadBackError unless both branches import the same names, from the target's modules."""
    match statement:
        case ast.Try(
            body=body,
            handlers=[ast.ExceptHandler(type=ast.Name(id="ImportError"), name=None, body=instead)],
            orelse=[],
            finalbody=[],
        ):
            ours = [ast.unparse(part) for part in body]
            for first, second in target.instead:
                ours = [text.replace(f"from {first} ", f"from {second} ") for text in ours]
                root, _, last = second.rpartition(".")
                ours = [
                    text.replace(f"import {first} as keras", f"from {root} import {last}")
                    for text in ours
                ]
            if target.instead and ours == [ast.unparse(part) for part in instead]:
                return
    raise ReadBackError("a page chooses between nothing but its target's packages")


def _check_import(
    node: ast.Import | ast.ImportFrom, custom: dict[str, str], target: Target, is_fixed: bool
) -> None:
    own = {name for name, _ in (*target.plain, *target.modules)}
    own |= {part for _, name in target.instead for part in (name, name.rpartition(".")[0])}
    if isinstance(node, ast.Import):
        for name in node.names:
            known = name.name in MODULES or name.name in own
            known = known or (is_fixed and name.name == "tensorflow")  # the fast loader of Keras 3
            if not known or ((name.name, name.asname) not in _NAMES and name.asname is not None):
                raise ReadBackError(f"a page never imports {name.name}")
        return
    module = node.module or ""
    if node.level or (module not in {*MODULES, *own} and module not in custom):
        raise ReadBackError(f"a page never imports from {module}")
    names = MODULES.get(module)
    if names is not None and not all(alias.name in names for alias in node.names):
        raise ReadBackError(f"a page never imports that from {module}")
