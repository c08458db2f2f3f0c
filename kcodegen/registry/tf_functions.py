"""Pure functions of TensorFlow as ops of Keras 3, one row each: a closed table.

    tf.reduce_mean(x, axis=1)   ->   ops.mean(x, axis=1)

A function is known by its path below `tf`, as tf.keras 2.4 to 2.15 wrote it. What has effects,
reads files, draws random numbers or runs Python (`tf.io`, `tf.random`, `tf.py_function`) is not
here.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from kcodegen.ir.values import Args, Value
from kcodegen.records import record

# Arguments, and the values with which they mean nothing.
Only: TypeAlias = "tuple[tuple[str, tuple[Value, ...]], ...]"


@record(frozen=True)
class TfFunction:
    """One function of TensorFlow.

    `key` is the op of Keras that it is. `params` maps TensorFlow's names of the arguments, in its
    order, to the op's. `defaults` are what the op has to be given where TensorFlow was not: its
    own default is another one. `only` are arguments that have no equal and the values with which
    they mean nothing. `rule` names a rule of the frontend for what takes more than one op.
    """

    name: str
    key: str
    params: tuple[tuple[str, str], ...]
    defaults: Args = ()
    only: Only = ()
    rule: str = ""


_UNARY = """
    math.abs=abs math.acos=arccos math.acosh=arccosh math.asin=arcsin math.asinh=arcsinh
    math.atan=arctan math.atanh=arctanh math.ceil=ceil math.cos=cos math.cosh=cosh math.erf=erf
    math.erfinv=erfinv math.exp=exp math.expm1=expm1 math.floor=floor math.is_finite=isfinite
    math.is_inf=isinf math.is_nan=isnan math.log=log math.log1p=log1p
    math.log_sigmoid=log_sigmoid math.logical_not=logical_not math.negative=negative
    math.reciprocal=reciprocal math.round=round math.rsqrt=rsqrt math.sigmoid=sigmoid
    math.sign=sign math.sin=sin math.sinh=sinh math.sqrt=sqrt math.square=square math.tan=tan
    math.tanh=tanh sigmoid=sigmoid tanh=tanh
"""
# Their argument is called `features`, `input` or `input_tensor`.
_OF_FEATURES = """
    math.softplus=softplus nn.elu=elu nn.relu=relu nn.relu6=relu6 nn.selu=selu
    nn.softplus=softplus nn.softsign=softsign math.softsign=softsign
"""
_BINARY = """
    __operators__.add=add math.add=add
    math.divide=true_divide math.divide_no_nan=divide_no_nan math.equal=equal
    math.floordiv=floor_divide math.floormod=mod math.greater=greater
    math.greater_equal=greater_equal math.less=less math.less_equal=less_equal
    math.logical_and=logical_and math.logical_or=logical_or math.logical_xor=logical_xor
    math.maximum=maximum math.minimum=minimum math.mod=mod math.multiply=multiply
    math.not_equal=not_equal math.pow=power math.subtract=subtract math.truediv=true_divide
    math.squared_difference=subtract
"""
_REDUCTIONS = """
    math.reduce_all=all math.reduce_any=any math.reduce_logsumexp=logsumexp math.reduce_max=max
    math.reduce_mean=mean math.reduce_min=min math.reduce_prod=prod math.reduce_std=std
    math.reduce_sum=sum math.reduce_variance=var
"""


def _pairs(text: str) -> list[tuple[str, str]]:
    return [(name, op) for name, _, op in (item.partition("=") for item in text.split())]


def _row(
    name: str,
    op: str,
    params: str,
    defaults: Args = (),
    only: Only = (),
    rule: str = "",
) -> TfFunction:
    """Return a row; `params` is written `tensor=x axis`, for one called the same on both sides."""
    named = tuple(
        (old, new or old) for old, _, new in (item.partition("=") for item in params.split())
    )
    return TfFunction(name, f"keras.ops.{op}", named, defaults, only, rule)


_FIRST_AXIS: Args = (("axis", 0),)
_INTEGERS: Only = (("output_type", ("int64", "int32")),)
_ONWARDS: Only = (("exclusive", (False,)), ("reverse", (False,)))
_UPWARDS: Only = (("direction", ("ASCENDING",)),)
_POOL = "input=inputs ksize=pool_size strides padding"
_CHANNELS_LAST: Only = (("data_format", ("NHWC",)),)

_ROWS = (
    *(_row(name, op, "x") for name, op in _pairs(_UNARY)),
    *(_row(name, op, "features=x") for name, op in _pairs(_OF_FEATURES)),
    *(
        _row(name, op, "x=x1 y=x2", rule="square" if "squared" in name else "")
        for name, op in _pairs(_BINARY)
    ),
    *(_row(name, op, "input_tensor=x axis keepdims") for name, op in _pairs(_REDUCTIONS)),
    _row("math.atan2", "arctan2", "y=x1 x=x2"),
    _row("nn.bias_add", "add", "value=x1 bias=x2", only=(("data_format", ("NHWC", "N...C")),)),
    _row("nn.avg_pool2d", "average_pool", _POOL, only=_CHANNELS_LAST, rule="pool"),
    _row("nn.max_pool2d", "max_pool", _POOL, only=_CHANNELS_LAST, rule="pool"),
    _row("norm", "norm", "tensor=x axis keepdims", only=(("ord", ("euclidean", 2)),), rule="norm"),
    _row("math.add_n", "add", "inputs", rule="add_n"),
    _row("math.argmax", "argmax", "input=x axis", _FIRST_AXIS, _INTEGERS),
    _row("math.argmin", "argmin", "input=x axis", _FIRST_AXIS, _INTEGERS),
    _row("math.cumsum", "cumsum", "x axis", _FIRST_AXIS, _ONWARDS),
    _row("math.cumprod", "cumprod", "x axis", _FIRST_AXIS, _ONWARDS),
    _row("math.l2_normalize", "normalize", "x axis epsilon", rule="l2_normalize"),
    _row("math.top_k", "top_k", "input=x k sorted", (("k", 1),)),
    _row("nn.gelu", "gelu", "features=x approximate", (("approximate", False),)),
    _row("nn.leaky_relu", "leaky_relu", "features=x alpha=negative_slope"),
    _row("nn.log_softmax", "log_softmax", "logits=x axis"),
    _row(
        "nn.local_response_normalization", "square", "input=x depth_radius bias alpha beta",
        rule="lrn",
    ),
    _row("nn.moments", "moments", "x axes keepdims", only=(("shift", ()),)),
    _row("nn.silu", "silu", "features=x", only=(("beta", (1.0,)),)),
    _row("nn.softmax", "softmax", "logits=x axis"),
    _row("nn.depth_to_space", "depth_to_space", "input=x block_size", only=_CHANNELS_LAST),
    _row("nn.space_to_depth", "space_to_depth", "input=x block_size", only=_CHANNELS_LAST),
    _row("broadcast_to", "broadcast_to", "input=x shape", rule="shape"),
    _row("cast", "cast", "x dtype", rule="dtype"),
    _row("clip_by_value", "clip", "t=x clip_value_min=x_min clip_value_max=x_max"),
    _row("concat", "concatenate", "values=xs axis"),
    _row("expand_dims", "expand_dims", "input=x axis"),
    _row("gather", "take", "params=x indices axis", _FIRST_AXIS, (("batch_dims", (0,)),)),
    _row("identity", "", "input", rule="same"),
    _row("image.flip_left_right", "flip", "image=x", (("axis", -2),)),
    _row("image.flip_up_down", "flip", "image=x", (("axis", -3),)),
    _row(
        "image.resize", "image.resize", "images size method=interpolation antialias",
        only=(("preserve_aspect_ratio", (False,)),), rule="resize",
    ),
    _row("image.rgb_to_grayscale", "image.rgb_to_grayscale", "images"),
    _row(
        "linalg.matmul", "matmul", "a=x1 b=x2 transpose_a transpose_b",
        only=tuple(
            (name, (False,)) for name in ("adjoint_a", "adjoint_b", "a_is_sparse", "b_is_sparse")
        ),
        rule="matmul",
    ),
    _row(
        "one_hot", "one_hot", "indices=x depth=num_classes axis dtype",
        only=(("on_value", (1, 1.0)), ("off_value", (0, 0.0))), rule="dtype",
    ),
    _row("ones_like", "ones_like", "input=x dtype", rule="dtype"),
    _row("pad", "pad", "tensor=x paddings=pad_width mode constant_values", rule="pad"),
    _row("repeat", "repeat", "input=x repeats axis"),
    _row("reshape", "reshape", "tensor=x shape=newshape", rule="shape"),
    _row("reverse", "flip", "tensor=x axis"),
    _row("roll", "roll", "input=x shift axis"),
    _row("sort", "sort", "values=x axis", only=_UPWARDS),
    _row("argsort", "argsort", "values=x axis", only=(*_UPWARDS, ("stable", (False, True)))),
    _row("split", "split", "value=x num_or_size_splits=indices_or_sections axis num", rule="split"),
    _row("squeeze", "squeeze", "input=x axis"),
    _row("stack", "stack", "values=x axis"),
    _row("stop_gradient", "stop_gradient", "input=variable"),
    _row("tensordot", "tensordot", "a=x1 b=x2 axes"),
    _row("tile", "tile", "input=x multiples=repeats"),
    _row("transpose", "transpose", "a=x perm=axes", only=(("conjugate", (False,)),)),
    _row("unstack", "unstack", "value=x num axis"),
    _row("where", "where", "condition x=x1 y=x2", rule="where"),
    _row("zeros_like", "zeros_like", "input=x dtype", rule="dtype"),
)  # fmt: skip

# Second paths of the same functions.
_ALIASES: Final[dict[str, str]] = {
    "abs": "math.abs",
    "argmax": "math.argmax",
    "argmin": "math.argmin",
    "clip_by_value_v2": "clip_by_value",
    "cumsum": "math.cumsum",
    "identity_v2": "identity",
    "floor_div": "math.floordiv",
    "linalg.norm": "norm",
    "nn.avg_pool": "nn.avg_pool2d",
    "nn.max_pool": "nn.max_pool2d",
    "linalg.l2_normalize": "math.l2_normalize",
    "math.sigmoid_v2": "math.sigmoid",
    "matmul": "linalg.matmul",
    "nn.l2_normalize": "math.l2_normalize",
    "nn.lrn": "nn.local_response_normalization",
    "nn.sigmoid": "math.sigmoid",
    "nn.swish": "nn.silu",
    "nn.tanh": "math.tanh",
    "nn.top_k": "math.top_k",
    "round": "math.round",
    "square": "math.square",
    "sqrt": "math.sqrt",
    "exp": "math.exp",
    "maximum": "math.maximum",
    "minimum": "math.minimum",
    "multiply": "math.multiply",
    "add": "math.add",
    "subtract": "math.subtract",
    "divide": "math.divide",
    "image.resize_v2": "image.resize",
    "reduce_all": "math.reduce_all",
    "reduce_any": "math.reduce_any",
    "reduce_max": "math.reduce_max",
    "reduce_mean": "math.reduce_mean",
    "reduce_min": "math.reduce_min",
    "reduce_prod": "math.reduce_prod",
    "reduce_sum": "math.reduce_sum",
}
# Old names of arguments, in functions below `tf.compat.v1`.
OLD_PARAMS: Final[dict[str, str]] = {
    "dimension": "axis",
    "keep_dims": "keepdims",
    "reduction_indices": "axis",
    "squeeze_dims": "axis",
    "dim": "axis",
    "validate_indices": "",
}
_V1 = "compat.v1."

LOST: Final = frozenset({"einsum", "__operators__.eq", "__operators__.ne"})
"""Functions whose second tensor is not in the file."""

FUNCTIONS: Final[dict[str, TfFunction]] = {row.name: row for row in _ROWS}
"""The functions by their path below `tf`."""


def find_function(path: str) -> TfFunction | None:
    """Return the row of a function by its path below `tf`, `compat.v1` or not; None if unknown."""
    name = path.removeprefix(_V1)
    return FUNCTIONS.get(_ALIASES.get(name, name))
