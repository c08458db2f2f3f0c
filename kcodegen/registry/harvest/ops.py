"""Rows of operations: which public function makes which class, read from its source."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from types import FunctionType, ModuleType

import keras
import keras.src.ops as private_ops
from keras.src.ops.function import Function
from keras.src.ops.operation import Operation

from kcodegen.ir.values import Args, Value
from kcodegen.registry import overrides
from kcodegen.registry.harvest.recipes import constructor, signature
from kcodegen.registry.harvest.values import value_of
from kcodegen.registry.rows import OpRow, Parameter


@dataclass(frozen=True)
class Recipe:
    """The place in a public function where it makes an operation and calls it."""

    function: FunctionType
    made: ast.Call
    called: ast.Call


def operation_classes() -> dict[str, type]:
    """Return every operation class by its private path, sorted."""
    found = {}
    for module in pkgutil.iter_modules(private_ops.__path__):
        if module.name.endswith("_test"):
            continue
        space = importlib.import_module(f"{private_ops.__name__}.{module.name}")
        for name, cls in vars(space).items():
            own = inspect.isclass(cls) and cls.__module__ == space.__name__
            if own and issubclass(cls, Operation):
                found[f"{space.__name__}.{name}"] = cls
    return dict(sorted(found.items()))


def public_functions() -> dict[FunctionType, str]:
    """Return the shortest public path of every function under `keras.ops`."""
    found: dict[FunctionType, list[str]] = {}

    def visit(space: ModuleType, path: str) -> None:
        for name, item in vars(space).items():
            if isinstance(item, ModuleType) and item.__name__.startswith("keras.ops."):
                visit(item, f"{path}.{name}")
            elif isinstance(item, FunctionType) and not name.startswith("_"):
                found.setdefault(item, []).append(f"{path}.{name}")

    visit(keras.ops, "keras.ops")
    return {fn: min(paths, key=lambda p: (len(p), p)) for fn, paths in found.items()}


def recipes() -> dict[type, list[Recipe]]:
    """Return for each operation class where public functions make it: `Mean(...)(x)`."""
    found: dict[type, list[Recipe]] = {}
    for function in public_functions():
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
        for node in ast.walk(tree):
            made = _made(node)
            if made is not None and isinstance(made.func, ast.Name):
                cls = function.__globals__.get(made.func.id)
                if inspect.isclass(cls) and issubclass(cls, Operation):
                    assert isinstance(node, ast.Call)
                    found.setdefault(cls, []).append(Recipe(function, made, node))
    return found


def _made(node: ast.AST) -> ast.Call | None:
    """Return the constructor call in `Op(...).symbolic_call(x)` or `Op(...)(x)`."""
    if not isinstance(node, ast.Call):
        return None
    inner = node.func
    if isinstance(inner, ast.Attribute) and inner.attr == "symbolic_call":
        inner = inner.value
    return inner if isinstance(inner, ast.Call) else None


def op_rows() -> Iterator[OpRow]:
    """Yield the row of every operation class, sorted by key."""
    paths, known = public_functions(), recipes()
    named = {path: function for function, path in paths.items()}
    rows = []
    for path, cls in operation_classes().items():
        made = sorted(known.get(cls, ()), key=lambda r: (len(paths[r.function]), paths[r.function]))
        alias = overrides.ALIAS_OPS.get(cls.__name__)
        if made:
            rows.append(_row(paths[made[0].function], cls, made[0].function, made[0]))
        elif alias is not None:
            rows.append(_row(alias, cls, named[alias], None))
        else:
            key = {Function: "keras.Function", Operation: "keras.Operation"}.get(cls, path)
            rows.append(OpRow(key, cls.__module__, cls.__name__, refusal="it is abstract"))
    yield from sorted(rows, key=lambda row: row.key)


def _row(key: str, cls: type, function: FunctionType, recipe: Recipe | None) -> OpRow:
    """Return the row of a class that `function` makes; an alias takes just its operands."""
    listed = inspect.signature(function).parameters.values()
    params = [p for p in listed if p.kind is not p.VAR_KEYWORD]
    extra = overrides.EXTRA_OPS.get(cls.__name__, ())
    rows = (*(_parameter(param) for param in params), *extra)
    config = _config(recipe, cls) if recipe else ()
    config = (*config, *((param.name, param.name) for param in extra))
    taken, named, variadic = (
        _operands(recipe) if recipe else (tuple(p.name for p in params), (), "")
    )
    return OpRow(
        key=key,
        module=cls.__module__,
        name=cls.__name__,
        params=rows,
        operands=taken,
        keywords=named,
        config=config,
        positional=_positional(key, params),
        ignored=_ignored(cls, dict(config)),
        variadic=variadic,
        method="getitem" if cls.__name__ == "GetItem" else "",
        open_keywords=cls.__name__ in overrides.OPEN_KEYWORDS,
        refusal=overrides.REFUSED_OPS.get(cls.__name__, ""),
    )


def _parameter(param: inspect.Parameter) -> Parameter:
    if param.default is param.empty:
        return Parameter(param.name, keyword_only=param.kind is param.KEYWORD_ONLY)
    default: Value = value_of(param.default)
    return Parameter(param.name, default, default, keyword_only=param.kind is param.KEYWORD_ONLY)


def _ignored(cls: type, config: dict[str, str]) -> Args:
    """Return the constructor's arguments that the function does not pass on, with defaults."""
    listed = [param for param in signature(cls) if param.name not in (*config, "name")]
    return tuple((param.name, value_of(param.default)) for param in listed)


def _positional(key: str, params: list[inspect.Parameter]) -> int:
    """Return how many arguments a person passes by position.

    The rule: the leading required ones up to the first that is called `axis` or `axes`.
    """
    if key in overrides.POSITIONAL_OPS:
        return overrides.POSITIONAL_OPS[key]
    count = 0
    for param in params:
        if param.default is not param.empty or param.name in ("axis", "axes"):
            break
        count += param.kind is not param.VAR_POSITIONAL
    return count


def _config(recipe: Recipe, cls: type) -> tuple[tuple[str, str], ...]:
    """Return which parameter of the function becomes which key of the config."""
    names = [name for name in constructor(cls).parameters if name != "self"]
    known = inspect.signature(recipe.function).parameters
    pairs: list[tuple[str, ast.expr]] = list(zip(names, recipe.made.args, strict=False))
    pairs += [(word.arg, word.value) for word in recipe.made.keywords if word.arg]
    return tuple(
        (name, value.id)
        for name, value in pairs
        if isinstance(value, ast.Name) and value.id in known
    )


def _operands(recipe: Recipe) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """Return the operands passed by position, those passed by keyword, and the variadic one."""
    taken, variadic = [], ""
    for node in recipe.called.args:
        inner = node.value if isinstance(node, ast.Starred) else node
        assert isinstance(inner, ast.Name), ast.unparse(recipe.called)
        taken.append(inner.id)
        variadic = inner.id if isinstance(node, ast.Starred) else variadic
    return tuple(taken), tuple(word.arg for word in recipe.called.keywords if word.arg), variadic
