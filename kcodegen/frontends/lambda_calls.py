"""Calls inside a Lambda's function: those of `keras.backend` and TensorFlow become Keras' ops.

    K.expand_dims(t)   ->   keras.ops.expand_dims(t, axis=-1)

Every function is a row of a closed table; arguments are expressions that are translated already.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from typing import TypeAlias

from kcodegen import registry
from kcodegen.bytecode import NotDecompiled
from kcodegen.frontends.lambda_names import FREE_OPS
from kcodegen.frontends.special import DTYPES
from kcodegen.ir.values import Value
from kcodegen.registry.tf_functions import OLD_PARAMS, TfFunction
from kcodegen.words import prose

Given = dict[str, ast.expr]
Rule: TypeAlias = "Callable[[str, TfFunction, Given], ast.expr]"
# Functions whose third argument by position is another one than the third of the row.
_ALL_BY_POSITION = frozenset({"relu", "resize_images"})
_TWO_BY_POSITION = frozenset({"gather", "one_hot", "tf.image.resize"})
_INTERPOLATIONS = ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5")


def public(path: str) -> ast.expr:
    """Return a public name: `keras.ops.mean`."""
    first, *others = path.split(".")
    found: ast.expr = ast.Name(first, ast.Load())
    for part in others:
        found = ast.Attribute(found, part, ast.Load())
    return found


def op(key: str, given: Given) -> ast.expr:
    """Return the call of an op, its first arguments by position as people write them."""
    row = registry.op(key)
    args: list[ast.expr] = []
    for param in row.params[: row.positional]:
        if param.name not in given:
            break
        args.append(given[param.name])
    names = [param.name for param in row.params][len(args) :]
    if not {param.name for param in row.params if param.required} <= given.keys():
        raise NotDecompiled(f"it calls {key.rpartition('.')[2]} with too few arguments")
    keywords = [ast.keyword(name, given[name]) for name in names if name in given]
    return ast.Call(public(key), args, keywords)


def call(shown: str, row: TfFunction, args: list[ast.expr], kwargs: Given) -> ast.expr:
    """Return what the call of a function of TensorFlow or `keras.backend` is today."""
    given = _bound(shown, row, args, kwargs)
    for name, value in row.defaults:
        given.setdefault(name, expression(value))
    if row.rule == "same":
        return next(iter(given.values()))
    if row.rule in _RULES:
        return _RULES[row.rule](shown, row, given)
    if row.rule:
        from kcodegen.frontends.lambda_rules import RULES  # few lambdas need them

        if row.rule not in RULES:
            raise NotDecompiled(f"it calls {shown}, which is more than one op of Keras 3")
        return RULES[row.rule](shown, row, given)
    return op(row.key, given)


def random(shown: str, row: TfFunction, args: list[ast.expr], kwargs: Given) -> ast.expr:
    """Return the call of a function that draws random numbers; only a shape is needed."""
    kwargs = {name: value for name, value in kwargs.items() if name not in ("dtype", "seed")}
    given = _bound(shown, row, args, kwargs)
    if "shape" not in given:
        raise NotDecompiled(f"it calls {shown} without a shape")
    keywords = [ast.keyword(name, value) for name, value in given.items() if name != "shape"]
    return ast.Call(public(row.key), [given["shape"]], keywords)


def own_op(name: str, args: list[ast.expr], kwargs: Given) -> ast.expr:
    """Return the call of one of Keras' own ops, as it is."""
    key = f"keras.ops.{name}"
    if name in FREE_OPS:
        made = [ast.keyword(key, value) for key, value in kwargs.items()]
        return ast.Call(public(key), args, made)
    if key not in registry.op_keys() or registry.op(key).refusal:
        raise NotDecompiled(f"it calls ops.{prose(name)}, which is no op that is known")
    row = registry.op(key)
    names = [param.name for param in row.params]
    if row.variadic and len(args) > names.index(row.variadic) and not kwargs:
        return ast.Call(public(key), args, [])
    if row.variadic or len(args) > len(names) or not kwargs.keys() <= set(names[len(args) :]):
        raise NotDecompiled(f"it calls ops.{prose(name)} in a way that is not known")
    return op(key, {**dict(zip(names, args, strict=False)), **kwargs})


def activation(name: str, is_legacy: bool) -> str:
    """Return the public path of an activation, or nothing; one of them has changed."""
    space, _, function = name.partition(".")
    if space != "activations" or (is_legacy and function == "hard_sigmoid"):
        return ""
    known = function in registry.strings("activation") and registry.function(function, "activation")
    return known or ""


def expression(value: Value) -> ast.expr:
    """Return a plain value as an expression."""
    match value:
        case tuple():
            return ast.Tuple([expression(item) for item in value], ast.Load())
        case int() | float() if not isinstance(value, bool) and value < 0:
            return ast.UnaryOp(ast.USub(), ast.Constant(-value))
        case bool() | int() | float() | str() | None:
            return ast.Constant(value)
    raise NotDecompiled("it holds a value that no page can say")


def plain(node: ast.expr | None) -> object:
    """Return the number, text or truth value that an expression is, or itself."""
    match node:
        case ast.Constant(value=value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return -value
    return node


def _bound(shown: str, row: TfFunction, args: list[ast.expr], kwargs: Given) -> Given:
    """Return the arguments by the names that Keras gives them; None counts as left out."""
    most = 5 if shown.rpartition(".")[2] in _ALL_BY_POSITION else 3
    most = 2 if shown.rpartition(".")[2] in _TWO_BY_POSITION or shown in _TWO_BY_POSITION else most
    names, only = dict(row.params), dict(row.only)
    if len(args) > min(most, len(row.params)):
        raise NotDecompiled(f"it calls {shown} with more arguments than are known")
    found = {new: arg for (_, new), arg in zip(row.params, args, strict=False)}
    for key, value in kwargs.items():
        name = key if key in names or key in only else OLD_PARAMS.get(key, key)
        if name in ("", "name") or (name in only and plain(value) in (None, *only[name])):
            continue
        if name not in names or names[name] in found:
            raise NotDecompiled(f"it calls {shown} with {prose(key)}, which has no equal today")
        found[names[name]] = value
    order = [new for _, new in row.params]
    kept = {name: found[name] for name in order if plain(found.get(name)) is not None}
    if not kept:
        raise NotDecompiled(f"it calls {shown} without an argument")
    return kept


# Rules


def _dtype(shown: str, row: TfFunction, given: Given) -> ast.expr:
    dtype = given.get("dtype")
    is_of_tensor = isinstance(dtype, ast.Attribute) and dtype.attr == "dtype"
    is_asked_for = isinstance(dtype, ast.Call) and ast.unparse(dtype) == "keras.config.floatx()"
    is_known = is_of_tensor or is_asked_for or plain(dtype) in DTYPES
    if dtype is not None and not is_known:
        raise NotDecompiled(f"it calls {shown} with a dtype that Keras 3 does not have")
    return op(row.key, given)


def _sqrt(_shown: str, row: TfFunction, given: Given) -> ast.expr:
    """Return the root of `keras.backend`, which takes what is negative for 0."""
    zero = ast.Constant(0.0)
    return op(row.key, {"x": op("keras.ops.maximum", {"x1": given["x"], "x2": zero})})


def _square(_shown: str, row: TfFunction, given: Given) -> ast.expr:
    return op("keras.ops.square", {"x": op(row.key, given)})


def _matmul(shown: str, row: TfFunction, given: Given) -> ast.expr:
    sides = {}
    for side, flag in (("x1", "transpose_a"), ("x2", "transpose_b")):
        turned = plain(given.get(flag, ast.Constant(False)))
        if turned not in (True, False) or side not in given:
            raise NotDecompiled(f"it calls {shown} in a way that is not known")
        axes = {"axis1": expression(-2), "axis2": expression(-1)}
        value = given[side]
        sides[side] = op("keras.ops.swapaxes", {"x": value, **axes}) if turned else value
    return op(row.key, sides)


def _l2_normalize(shown: str, row: TfFunction, given: Given) -> ast.expr:
    """Return the op with the bound of the norm; TensorFlow's is that of the squared norm."""
    axis, epsilon = plain(given.get("axis")), plain(given.get("epsilon", ast.Constant(1e-12)))
    if not isinstance(axis, int) or isinstance(axis, bool):
        raise NotDecompiled(f"it calls {shown} over all axes, which has no equal today")
    if not isinstance(epsilon, (int, float)) or epsilon <= 0:
        raise NotDecompiled(f"it calls {shown} with an epsilon that is no positive number")
    return op(row.key, {**given, "epsilon": ast.Constant(math.sqrt(epsilon))})


def _norm(shown: str, row: TfFunction, given: Given) -> ast.expr:
    if not isinstance(plain(given.get("axis")), int):
        raise NotDecompiled(f"it calls {shown} over all axes, which has no equal today")
    return op(row.key, given)


def _resize(shown: str, row: TfFunction, given: Given) -> ast.expr:
    method = plain(given.get("interpolation", ast.Constant("bilinear")))
    if str(method).lower() not in _INTERPOLATIONS:
        raise NotDecompiled(f"it calls {shown} with a method that Keras 3 does not have")
    if "interpolation" in given:
        given = {**given, "interpolation": ast.Constant(str(method).lower())}
    return op(row.key, given)


def _split(shown: str, row: TfFunction, given: Given) -> ast.expr:
    if not isinstance(plain(given.get("indices_or_sections")), int) or "num" in given:
        raise NotDecompiled(f"it calls {shown} with sizes, which are places of cuts today")
    axis = given.get("axis", ast.Constant(0))
    return op(row.key, {**given, "axis": axis})


def _where(shown: str, row: TfFunction, given: Given) -> ast.expr:
    if "x1" not in given or "x2" not in given:
        raise NotDecompiled(f"it calls {shown} to find places, which no op of Keras 3 does so")
    return op(row.key, given)


_RULES: dict[str, Rule] = {
    "dtype": _dtype,
    "l2_normalize": _l2_normalize,
    "matmul": _matmul,
    "norm": _norm,
    "resize": _resize,
    "shape": lambda _, row, given: op(row.key, given),
    "split": _split,
    "sqrt": _sqrt,
    "square": _square,
    "where": _where,
}
