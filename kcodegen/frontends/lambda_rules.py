"""Functions of `keras.backend` and TensorFlow that are expressions of several ops today.

    K.hard_sigmoid(x)   ->   ops.clip(0.2 * x + 0.5, 0.0, 1.0)

The number of axes of a tensor is in no function: where it matters, the expression asks for it, or
fails when the page is built; it never computes something else.
"""

from __future__ import annotations

import ast

from kcodegen.bytecode import NotDecompiled
from kcodegen.frontends.lambda_calls import Given, Rule, expression, op, plain, public
from kcodegen.registry.tf_functions import TfFunction

_SCALED = (ast.Mult, ast.Div, ast.Add, ast.Sub, ast.Pow)


def _number(shown: str, given: Given, name: str, default: float) -> float:
    found = plain(given.get(name, ast.Constant(default)))
    if not isinstance(found, (int, float)) or isinstance(found, bool):
        raise NotDecompiled(f"it calls {shown} with {name} that is no plain number")
    return found


def _hard_sigmoid(_shown: str, _row: TfFunction, given: Given) -> ast.expr:
    line = ast.BinOp(ast.Constant(0.2), ast.Mult(), given["x"])
    raised = ast.BinOp(line, ast.Add(), ast.Constant(0.5))
    bounds = {"x_min": ast.Constant(0.0), "x_max": ast.Constant(1.0)}
    return op("keras.ops.clip", {"x": raised, **bounds})


def _relu(shown: str, _row: TfFunction, given: Given) -> ast.expr:
    slope, threshold = (_number(shown, given, name, 0) for name in ("alpha", "threshold"))
    if threshold != 0 or (slope != 0 and "max_value" in given):
        raise NotDecompiled(f"it calls {shown} with a threshold, which has no equal today")
    if slope != 0:
        return op("keras.ops.leaky_relu", {"x": given["x"], "negative_slope": expression(slope)})
    if "max_value" in given:
        most = expression(_number(shown, given, "max_value", 0))
        return op("keras.ops.clip", {"x": given["x"], "x_min": ast.Constant(0.0), "x_max": most})
    return op("keras.ops.relu", {"x": given["x"]})


def _batch_flatten(_shown: str, _row: TfFunction, given: Given) -> ast.expr:
    shape = ast.Call(public("keras.ops.shape"), [given["x"]], [])
    batch = ast.Subscript(shape, ast.Constant(0), ast.Load())
    return op("keras.ops.reshape", {"x": given["x"], "newshape": _tuple(batch, expression(-1))})


def _tuple(*items: ast.expr) -> ast.Tuple:
    return ast.Tuple(list(items), ast.Load())


# Products

_EQUATIONS = {
    (1, 1): "bji,bjk->bik",
    (1, 2): "bji,bkj->bik",
    (2, 1): "bij,bjk->bik",
    (2, 2): "bij,bkj->bik",
}


def _batch_dot(shown: str, _row: TfFunction, given: Given) -> ast.expr:
    """Return the product as an equation, which fails for tensors with more axes.

    Along axis 1 of both there may be two axes only: what is left of each sample is one number.
    """
    if "x" not in given or "y" not in given:
        raise NotDecompiled(f"it calls {shown} with too few arguments")
    axes = given.get("axes")
    items = axes.elts if isinstance(axes, (ast.List, ast.Tuple)) else [axes, axes]
    found = tuple(plain(item) for item in items)
    if axes is None:
        found = (2, 1)
    if found not in _EQUATIONS:
        raise NotDecompiled(f"it calls {shown} along axes that are not known")
    whole = _einsum(_EQUATIONS[found], given)
    if axes is not None and found != (1, 1):
        return whole
    shape = ast.Attribute(given["x"], "shape", ast.Load())
    length = ast.Call(ast.Name("len", ast.Load()), [shape], [])
    is_flat = ast.Compare(length, [ast.Eq()], [ast.Constant(2)])
    product = op("keras.ops.expand_dims", {"x": _einsum("bj,bj->b", given), "axis": expression(-1)})
    return ast.IfExp(is_flat, product, whole)


def _einsum(equation: str, given: Given) -> ast.expr:
    return ast.Call(
        public("keras.ops.einsum"), [ast.Constant(equation), given["x"], given["y"]], []
    )


def _lrn(shown: str, _row: TfFunction, given: Given) -> ast.expr:
    """Return the quotient by the sum of the squares around, which is a convolution with ones."""
    radius = _number(shown, given, "depth_radius", 5)
    bias, alpha = (expression(_number(shown, given, name, 1.0)) for name in ("bias", "alpha"))
    beta = expression(_number(shown, given, "beta", 0.5))
    ones = ast.Call(public("keras.ops.ones"), [expression((1, 1, 2 * int(radius) + 1, 1, 1))], [])
    squares = op("keras.ops.square", {"x": given["x"]})
    squares = op("keras.ops.expand_dims", {"x": squares, "axis": expression(-1)})
    around = {"inputs": squares, "kernel": ones, "padding": ast.Constant("same")}
    total = op("keras.ops.squeeze", {"x": op("keras.ops.conv", around), "axis": expression(-1)})
    inner = ast.BinOp(bias, ast.Add(), ast.BinOp(alpha, ast.Mult(), total))
    return ast.BinOp(given["x"], ast.Div(), ast.BinOp(inner, ast.Pow(), beta))


# Images and steps


def _resize_images(shown: str, _row: TfFunction, given: Given) -> ast.expr:
    """Return an image with each row and column repeated: the other ways changed over time."""
    method = plain(given.get("interpolation", ast.Constant("nearest")))
    factors = [_number(shown, given, name, 0) for name in ("height_factor", "width_factor")]
    if method != "nearest" or any(type(factor) is not int or factor < 1 for factor in factors):
        raise NotDecompiled(f"it calls {shown} in a way that differs from version to version")
    made = given["x"]
    for axis, factor in zip(_image_axes(shown, given), factors, strict=True):
        args = {"repeats": expression(factor), "axis": expression(axis)}
        made = op("keras.ops.repeat", {"x": made, **args})
    return made


def _image_axes(shown: str, given: Given) -> tuple[int, int]:
    places = {"channels_last": (1, 2), "channels_first": (2, 3)}
    found = plain(given.get("data_format", ast.Constant("channels_last")))
    if found not in places:
        raise NotDecompiled(f"it calls {shown} with a data_format that is not in the file")
    return places[str(found)]


def _pad_images(shown: str, row: TfFunction, given: Given) -> ast.expr:
    rows, _ = _image_axes(shown, given)
    around = given.get("padding", expression(((1, 1), (1, 1))))
    sides = around.elts if isinstance(around, (ast.Tuple, ast.List)) else []
    if len(sides) != 2:
        raise NotDecompiled(f"it calls {shown} in a way that is not known")
    none = expression((0, 0))
    every = [none, *sides, none] if rows == 1 else [none, none, *sides]
    return op(row.key, {"x": given["x"], "pad_width": _tuple(*every)})


def _pad_steps(_shown: str, row: TfFunction, given: Given) -> ast.expr:
    none = expression((0, 0))
    width = _tuple(none, given.get("padding", expression((1, 1))), none)
    return op(row.key, {"x": given["x"], "pad_width": width})


# Choices


def _switch(shown: str, row: TfFunction, given: Given) -> ast.expr:
    """Return a choice place by place: of a condition that surely has the shape of what it chooses.

    One with fewer axes chose along the first axes; an op chooses along the last ones.
    """
    if not {"condition", "x1", "x2"} <= given.keys():
        raise NotDecompiled(f"it calls {shown} with too few arguments")
    tested, chosen = _tested(given["condition"]), [_base(given["x1"]), _base(given["x2"])]
    if tested is None or all(tested != ast.dump(item) for item in chosen):
        raise NotDecompiled(f"it calls {shown} with a condition that may have another shape")
    return op(row.key, given)


def _tested(condition: ast.expr) -> str | None:
    """Return what is held against a number: `t > 0`, `ops.greater(t, 0)`."""
    match condition:
        case ast.Compare(left=left, comparators=[right]):
            pass
        case ast.Call(func=ast.Attribute(attr=name), args=[left, right]) if name in (
            *("equal", "greater", "greater_equal", "less", "less_equal", "not_equal"),
        ):
            pass
        case _:
            return None
    is_number = isinstance(plain(right), (int, float))
    return ast.dump(_base(left)) if is_number else None


def _base(node: ast.expr) -> ast.expr:
    """Return what an expression computes with place by place: `2.0 * (t + 1)   ->   t`."""
    while True:
        match node:
            case ast.BinOp(left=left, op=operator, right=right) if isinstance(operator, _SCALED):
                if isinstance(plain(right), (int, float)):
                    node = left
                elif isinstance(plain(left), (int, float)):
                    node = right
                else:
                    return node
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                node = inner
            case ast.Call(func=ast.Attribute(attr=name), args=[inner], keywords=[]) if (
                name in _PLACE_BY_PLACE
            ):
                node = inner
            case _:
                return node


_PLACE_BY_PLACE = frozenset("abs exp log relu sigmoid sign square tanh zeros_like".split())

RULES: dict[str, Rule] = {
    "batch_dot": _batch_dot,
    "batch_flatten": _batch_flatten,
    "hard_sigmoid": _hard_sigmoid,
    "lrn": _lrn,
    "pad_images": _pad_images,
    "pad_steps": _pad_steps,
    "relu": _relu,
    "resize_images": _resize_images,
    "switch": _switch,
}
