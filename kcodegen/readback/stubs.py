"""A skeleton of a page -> what it stands for, and what its constructor takes."""

from __future__ import annotations

import ast

from kcodegen.readback.values import ReadBackError
from kcodegen.registry.stubs import BASES, StubName, attribute

_REGISTER = "keras.saving.register_keras_serializable"
_METHODS = frozenset({"__init__", "compute_output_shape", "call", "__call__", "get_config"})


def read_stub(statement: ast.stmt) -> tuple[str, str, dict[str, bool]]:
    """Return a skeleton's name on the page, its key, and its arguments: True if required.

    `**kwargs` among them says that it takes what every layer takes.
    """
    if not isinstance(statement, (ast.ClassDef, ast.FunctionDef)):
        raise ReadBackError("a skeleton is a class or a function")
    package, name = _registered(statement)
    if isinstance(statement, ast.FunctionDef):
        _check_unwritten(statement)
        kind = "function" if package or not _is_lambda(statement) else "lambda"
        return statement.name, StubName(kind, package, name).key, {}
    kind = _kind(statement)
    methods = _methods(statement)
    params = _params(methods["__init__"]) if "__init__" in methods else {"**kwargs": True}
    _check_attributes(methods, params)
    return statement.name, StubName(kind, package, name).key, params


def _registered(statement: ast.ClassDef | ast.FunctionDef) -> tuple[str, str]:
    """Return the package and the name that a skeleton is registered by."""
    if not statement.decorator_list:
        return "", statement.name
    (decorator,) = statement.decorator_list
    if not isinstance(decorator, ast.Call) or ast.unparse(decorator.func) != _REGISTER:
        raise ReadBackError("a page registers its skeletons and decorates nothing else")
    given = {keyword.arg: keyword.value for keyword in decorator.keywords}
    texts = {key: v.value for key, v in given.items() if isinstance(v, ast.Constant)}
    package, name = texts.get("package"), texts.get("name", statement.name)
    if decorator.args or not isinstance(package, str) or not isinstance(name, str):
        raise ReadBackError("a skeleton is registered by its package and its name")
    return package, name


def _kind(statement: ast.ClassDef) -> str:
    (base,) = statement.bases
    spelled = ast.unparse(base)
    for kind, path in BASES.items():
        if path and path in (f"keras.{spelled}", spelled):
            return kind
    raise ReadBackError(f"no skeleton is derived from {spelled}")


def _methods(statement: ast.ClassDef) -> dict[str, ast.FunctionDef]:
    doc, *rest = statement.body
    if statement.keywords or not isinstance(doc, ast.Expr):
        raise ReadBackError("a skeleton begins with its docstring")
    found: dict[str, ast.FunctionDef] = {}
    for item in rest:
        if not isinstance(item, ast.FunctionDef) or item.name not in _METHODS:
            raise ReadBackError("a skeleton has the methods of skeletons only")
        if item.name in ("call", "__call__"):
            _check_unwritten(item)
        found[item.name] = item
    return found


def _check_unwritten(function: ast.FunctionDef) -> None:
    """Raise an error for code in a place that the user has to fill in."""
    (statement,) = function.body
    text = ast.unparse(statement)
    if not isinstance(statement, ast.Raise) or not text.startswith("raise NotImplementedError("):
        raise ReadBackError(f"{function.name} of a skeleton does nothing yet")


def _is_lambda(function: ast.FunctionDef) -> bool:
    return "bytecode" in ast.unparse(function)


def _params(init: ast.FunctionDef) -> dict[str, bool]:
    names = [arg.arg for arg in init.args.args[1:]]
    required = len(names) - len(init.args.defaults)
    found = {name: place < required for place, name in enumerate(names)}
    if init.args.kwarg is not None:
        found["**kwargs"] = True
    if any(ast.unparse(default) != "None" for default in init.args.defaults):
        raise ReadBackError("what a skeleton may be given is None otherwise")
    return found


def _check_attributes(methods: dict[str, ast.FunctionDef], params: dict[str, bool]) -> None:
    """Raise an error unless a skeleton keeps each argument, and gives it back."""
    own = [name for name in params if name != "**kwargs"]
    if not own:
        return
    kept = [f"self.{attribute(name)} = {name}" for name in own]
    given = [f"config['{name}'] = self.{attribute(name)}" for name in own]
    pairs = ", ".join(f"'{name}': self.{attribute(name)}" for name in own)
    passes_on = "**kwargs" in params
    first = f"super().__init__({'**kwargs' if passes_on else ''})"
    config = ["config = super().get_config()", *given, "return config"]
    wanted = {
        "__init__": [first, *kept],
        "get_config": config if passes_on else [f"return {{{pairs}}}"],
    }
    for method, lines in wanted.items():
        if method not in methods or [ast.unparse(s) for s in methods[method].body] != lines:
            raise ReadBackError("a skeleton keeps its arguments and gives them back")
