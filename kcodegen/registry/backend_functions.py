"""Functions of `keras.backend` as ops of Keras 3, one row each, for what a Lambda layer calls.

    K.permute_dimensions(x, (0, 2, 1))   ->   ops.transpose(x, (0, 2, 1))

Rows are like those of `registry.tf_functions`. What runs Python, makes variables or
is bound to a session is not here.
"""

from __future__ import annotations

from typing import Final

from kcodegen.ir.values import Args
from kcodegen.registry.tf_functions import Only, TfFunction

_SAME = """
    abs cos exp log round sigmoid sign sin softplus softsign square tanh transpose
"""
_BINARY = """
    dot=dot equal=equal greater=greater greater_equal=greater_equal less=less
    less_equal=less_equal maximum=maximum minimum=minimum not_equal=not_equal
"""
_REDUCTIONS = "all any logsumexp max mean min prod std sum var"
_LAST: Args = (("axis", -1),)
_FIRST: Args = (("axis", 0),)


def _row(
    name: str, op: str, params: str, defaults: Args = (), only: Only = (), rule: str = ""
) -> TfFunction:
    named = tuple(
        (old, new or old) for old, _, new in (item.partition("=") for item in params.split())
    )
    return TfFunction(name, f"keras.ops.{op}", named, defaults, only, rule)


_ROWS = (
    *(_row(name, name, "x") for name in _SAME.split()),
    *(
        _row(name, op, "x=x1 y=x2")
        for name, _, op in (item.partition("=") for item in _BINARY.split())
    ),
    *(_row(name, name, "x axis keepdims") for name in _REDUCTIONS.split()),
    _row("argmax", "argmax", "x axis", _LAST),
    _row("argmin", "argmin", "x axis", _LAST),
    _row("batch_dot", "einsum", "x y axes", rule="batch_dot"),
    _row("batch_flatten", "reshape", "x", rule="batch_flatten"),
    _row("cast", "cast", "x dtype", rule="dtype"),
    _row("clip", "clip", "x min_value=x_min max_value=x_max"),
    _row("concatenate", "concatenate", "tensors=xs axis", _LAST),
    _row("cumprod", "cumprod", "x axis", _FIRST),
    _row("cumsum", "cumsum", "x axis", _FIRST),
    _row("elu", "elu", "x alpha"),
    _row("expand_dims", "expand_dims", "x axis", _LAST),
    _row("flatten", "reshape", "x", (("newshape", (-1,)),)),
    _row("gather", "take", "reference=x indices", _FIRST),
    _row("hard_sigmoid", "clip", "x", rule="hard_sigmoid"),
    _row("identity", "", "x", rule="same"),
    _row("l2_normalize", "normalize", "x axis", rule="l2_normalize"),
    _row("one_hot", "one_hot", "indices=x num_classes"),
    _row("ones_like", "ones_like", "x dtype", rule="dtype"),
    _row("permute_dimensions", "transpose", "x pattern=axes"),
    _row("pow", "power", "x=x1 a=x2"),
    _row("relu", "relu", "x alpha max_value threshold", rule="relu"),
    _row("repeat_elements", "repeat", "x rep=repeats axis"),
    _row("reshape", "reshape", "x shape=newshape", rule="shape"),
    _row(
        "resize_images",
        "repeat",
        "x height_factor width_factor data_format interpolation",
        rule="resize_images",
    ),
    _row("reverse", "flip", "x axes=axis"),
    _row("spatial_2d_padding", "pad", "x padding data_format", rule="pad_images"),
    _row("softmax", "softmax", "x axis", _LAST),
    _row("sqrt", "sqrt", "x", rule="sqrt"),
    _row("squeeze", "squeeze", "x axis"),
    _row("stack", "stack", "x axis", _FIRST),
    _row("stop_gradient", "stop_gradient", "variables=variable"),
    _row("switch", "where", "condition then_expression=x1 else_expression=x2", rule="switch"),
    _row("temporal_padding", "pad", "x padding", rule="pad_steps"),
    _row("tile", "tile", "x n=repeats"),
    _row("zeros_like", "zeros_like", "x dtype", rule="dtype"),
)

RANDOM: Final[dict[str, TfFunction]] = {
    path: TfFunction(path, f"keras.random.{name}", tuple((p, p) for p in params.split()))
    for paths, name, params in (
        ("K.random_normal tf.random.normal tf.random_normal", "normal", "shape mean stddev"),
        ("K.random_uniform tf.random.uniform tf.random_uniform", "uniform", "shape minval maxval"),
        ("K.truncated_normal tf.random.truncated_normal", "truncated_normal", "shape mean stddev"),
    )
    for path in paths.split()
}
"""Functions that draw random numbers, by their path: only lambdas call them."""

BACKEND: Final[dict[str, TfFunction]] = {row.name: row for row in _ROWS}
"""The functions by their name below `keras.backend`."""
