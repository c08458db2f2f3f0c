"""Ops of Keras 3 as functions of TensorFlow, for pages that Keras 2 runs: a closed table.

    ops.mean(x, axis=1)   ->   tf.reduce_mean(x, axis=1)

`registry/tf_functions.py` is the way back. What is not here needs Keras 3.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from kcodegen import registry
from kcodegen.ir.values import Value
from kcodegen.records import record
from kcodegen.registry.rows import REQUIRED, OpRow, Parameter, Required


@record(frozen=True)
class Spelled:
    """One op: the function of TensorFlow that it is, and what its arguments are called there.

    `params` maps the op's names to TensorFlow's, in TensorFlow's order. `defaults` are those of
    TensorFlow where they are others than the op's. `whole` names arguments that have to be an
    integer: with None the op does something that the function does not. `rule` names a rule of
    `passes/spell_ops.py` for what takes more than new names.
    """

    key: str
    op: str
    params: tuple[tuple[str, str], ...]
    defaults: tuple[tuple[str, Value | Required], ...] = ()
    whole: tuple[str, ...] = ()
    rule: str = ""


_UNARY = """
    abs=abs absolute=abs arccos=acos arccosh=acosh arcsin=asin arcsinh=asinh arctan=atan
    arctanh=atanh ceil=math.ceil cos=cos cosh=cosh erf=math.erf erfinv=math.erfinv exp=exp
    expm1=math.expm1 floor=floor isfinite=math.is_finite isinf=math.is_inf isnan=math.is_nan
    log=math.log log1p=math.log1p log_sigmoid=math.log_sigmoid logical_not=logical_not
    negative=negative reciprocal=math.reciprocal round=round rsqrt=math.rsqrt sigmoid=sigmoid
    sign=sign sin=sin sinh=sinh sqrt=sqrt square=square tan=tan tanh=tanh
"""
_OF_FEATURES = """
    elu=nn.elu relu=nn.relu relu6=nn.relu6 selu=nn.selu silu=nn.silu
    softplus=nn.softplus softsign=nn.softsign
"""
_BINARY = """
    add=add divide=divide divide_no_nan=math.divide_no_nan equal=equal
    floor_divide=math.floordiv greater=greater greater_equal=greater_equal less=less
    less_equal=less_equal logical_and=logical_and logical_or=logical_or
    logical_xor=math.logical_xor maximum=maximum minimum=minimum mod=math.floormod
    multiply=multiply not_equal=not_equal power=pow subtract=subtract true_divide=truediv
"""
_REDUCTIONS = """
    all=reduce_all any=reduce_any logsumexp=reduce_logsumexp max=reduce_max mean=reduce_mean
    min=reduce_min prod=reduce_prod std=math.reduce_std sum=reduce_sum
    var=math.reduce_variance
"""


def _pairs(text: str) -> list[tuple[str, str]]:
    return [(op, name) for op, _, name in (item.partition("=") for item in text.split())]


def _row(
    op: str,
    name: str,
    params: str,
    defaults: tuple[tuple[str, Value | Required], ...] = (),
    whole: str = "",
    rule: str = "",
) -> Spelled:
    """Return a row; `params` is written `x=tensor axis`, for one called the same on both sides."""
    named = tuple(
        (new, old or new) for new, _, old in (item.partition("=") for item in params.split())
    )
    return Spelled(f"tf.{name}", f"keras.ops.{op}", named, defaults, tuple(whole.split()), rule)


_FIRST: Final = (("axis", 0),)
_NO_AXIS: Final = (("axis", REQUIRED),)
_EPSILON: Final = (("axis", REQUIRED), ("epsilon", 1e-12))
_POOL: Final = "inputs=input pool_size=ksize strides padding"
_STEPS: Final = (("strides", REQUIRED), ("padding", REQUIRED))
_PAD: Final = (("mode", "CONSTANT"), ("constant_values", 0))
_ROWS = (
    *(_row(op, name, "x") for op, name in _pairs(_UNARY)),
    *(_row(op, name, "x=features") for op, name in _pairs(_OF_FEATURES)),
    *(_row(op, name, "x1=x x2=y") for op, name in _pairs(_BINARY)),
    *(_row(op, name, "x=input_tensor axis keepdims") for op, name in _pairs(_REDUCTIONS)),
    _row("arctan2", "math.atan2", "x1=y x2=x"),
    _row("argmax", "argmax", "x=input axis", _FIRST, "axis"),
    _row("argmin", "argmin", "x=input axis", _FIRST, "axis"),
    _row("cumsum", "cumsum", "x axis", _FIRST, "axis"),
    _row("cumprod", "math.cumprod", "x axis", _FIRST, "axis"),
    _row("normalize", "math.l2_normalize", "x axis epsilon", _EPSILON, "axis", "normalize"),
    _row("top_k", "math.top_k", "x=input k sorted", (("k", 1),)),
    _row("gelu", "nn.gelu", "x=features approximate", (("approximate", False),)),
    _row("leaky_relu", "nn.leaky_relu", "x=features negative_slope=alpha"),
    _row("log_softmax", "nn.log_softmax", "x=logits axis", (), "axis"),
    _row("softmax", "nn.softmax", "x=logits axis", (), "axis"),
    _row("moments", "nn.moments", "x axes keepdims"),
    _row("broadcast_to", "broadcast_to", "x=input shape"),
    _row("cast", "cast", "x dtype"),
    _row("clip", "clip_by_value", "x=t x_min=clip_value_min x_max=clip_value_max"),
    _row("concatenate", "concat", "xs=values axis", _NO_AXIS, "axis"),
    _row("copy", "identity", "x=input"),
    _row("einsum", "einsum", "subscripts=equation operands=inputs"),
    _row("expand_dims", "expand_dims", "x=input axis", _NO_AXIS, "axis"),
    _row("flip", "reverse", "x=tensor axis", _NO_AXIS, "", "axes"),
    _row("average_pool", "nn.avg_pool2d", _POOL, _STEPS, "", "pool"),
    _row("max_pool", "nn.max_pool2d", _POOL, _STEPS, "", "pool"),
    _row("depth_to_space", "nn.depth_to_space", "x=input block_size"),
    _row("space_to_depth", "nn.space_to_depth", "x=input block_size"),
    _row("image.resize", "image.resize", "images size interpolation=method antialias"),
    _row("image.rgb_to_grayscale", "image.rgb_to_grayscale", "images"),
    _row("matmul", "matmul", "x1=a x2=b"),
    _row("one_hot", "one_hot", "x=indices num_classes=depth axis dtype"),
    _row("ones_like", "ones_like", "x=input dtype"),
    _row("pad", "pad", "x=tensor pad_width=paddings mode constant_values", _PAD, "", "pad"),
    _row("repeat", "repeat", "x=input repeats axis", (), "axis"),
    _row("reshape", "reshape", "x=tensor newshape=shape", (), "", "shape"),
    _row("roll", "roll", "x=input shift axis", _NO_AXIS, "axis"),
    _row("sort", "sort", "x=values axis", (), "axis"),
    _row("argsort", "argsort", "x=values axis", (), "axis"),
    _row("split", "split", "x=value indices_or_sections=num_or_size_splits axis", (), "axis",
         "split"),
    _row("squeeze", "squeeze", "x=input axis"),
    _row("stack", "stack", "x=values axis"),
    _row("stop_gradient", "stop_gradient", "variable=input"),
    _row("swapaxes", "linalg.matrix_transpose", "x=a", (), "", "swap"),
    _row("take", "gather", "x=params indices axis", _FIRST, "axis"),
    _row("tensordot", "tensordot", "x1=a x2=b axes", (("axes", REQUIRED),)),
    _row("tile", "tile", "x=input repeats=multiples", (), "", "multiples"),
    _row("transpose", "transpose", "x=a axes=perm"),
    _row("unstack", "unstack", "x=value num axis"),
    _row("where", "where", "condition x1=x x2=y", (), "", "where"),
    _row("zeros_like", "zeros_like", "x=input dtype"),
)  # fmt: skip

SPELLED: Final[dict[str, Spelled]] = {row.op: row for row in _ROWS}
"""The rows by the key of the op."""
_BY_KEY: Final[dict[str, Spelled]] = {row.key: row for row in reversed(_ROWS)}


@cache
def tf_row(key: str) -> OpRow:
    """Return the row of a function of TensorFlow; KeyError when the table has none."""
    spelled = _BY_KEY[key]
    today = registry.op(spelled.op)
    others = dict(spelled.defaults)
    params = []
    for new, old in spelled.params:
        param = today.param(new)
        assert param is not None, (key, new)
        default = others.get(new, param.default)
        params.append(Parameter(old, default, default))
    return OpRow(
        key,
        "tensorflow",
        key,
        tuple(params),
        operands=tuple(dict(spelled.params)[name] for name in today.operands),
        positional=_positional(spelled, today),
        variadic=dict(spelled.params).get(today.variadic, ""),
    )


def _positional(spelled: Spelled, today: OpRow) -> int:
    """Return how many arguments a person passes by position: as many as to the op."""
    leading = [param.name for param in today.params[: today.positional]]
    return sum(new in leading for new, _ in spelled.params)


__all__ = ["SPELLED", "Spelled", "tf_row"]
