"""Ops of TensorFlow's own graph, as TensorFlow 2.0 to 2.3 saved them, and the functions they are.

    {"op": "Mean", "input": ["x", "axis"], "attr": {"keep_dims": {"b": true}, "T": ...}}
        ->  tf.math.reduce_mean(input_tensor, axis, keepdims)

A row says what the inputs of an op are called as arguments of the function, in their order, and
which of its attributes are arguments. `registry.tf_functions` knows the functions. What is not
here is refused by its name.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from kcodegen.records import record
from kcodegen.registry.tf_functions import FUNCTIONS, Only


@record(frozen=True)
class TfNode:
    """One op: the function it is, its inputs by name, its attributes that are arguments.

    An input with a `*` takes all that the others leave. `only` are attributes that have no equal
    and the values with which they mean nothing.
    """

    function: str
    inputs: tuple[str, ...]
    attributes: tuple[tuple[str, str], ...] = ()
    only: Only = ()


_UNARY = """
    Abs=math.abs Acos=math.acos Acosh=math.acosh Asin=math.asin Asinh=math.asinh Atan=math.atan
    Atanh=math.atanh Ceil=math.ceil Cos=math.cos Cosh=math.cosh Elu=nn.elu Erf=math.erf
    Exp=math.exp Expm1=math.expm1 Floor=math.floor Identity=identity IsFinite=math.is_finite
    IsInf=math.is_inf IsNan=math.is_nan Log=math.log Log1p=math.log1p LogSoftmax=nn.log_softmax
    LogicalNot=math.logical_not Neg=math.negative OnesLike=ones_like Reciprocal=math.reciprocal
    Relu=nn.relu Relu6=nn.relu6 Round=math.round Rsqrt=math.rsqrt Selu=nn.selu
    Sigmoid=math.sigmoid Sign=math.sign Sin=math.sin Sinh=math.sinh Softmax=nn.softmax
    Softplus=math.softplus Softsign=nn.softsign Sqrt=math.sqrt Square=math.square
    StopGradient=stop_gradient Tan=math.tan Tanh=math.tanh ZerosLike=zeros_like
"""
_BINARY = """
    Add=math.add AddV2=math.add Atan2=math.atan2 DivNoNan=math.divide_no_nan Equal=math.equal
    FloorDiv=math.floordiv FloorMod=math.floormod Greater=math.greater
    GreaterEqual=math.greater_equal Less=math.less LessEqual=math.less_equal
    LogicalAnd=math.logical_and LogicalOr=math.logical_or Maximum=math.maximum
    Minimum=math.minimum Mul=math.multiply NotEqual=math.not_equal Pow=math.pow
    RealDiv=math.truediv SquaredDifference=math.squared_difference Sub=math.subtract
"""
_REDUCTIONS = """
    All=math.reduce_all Any=math.reduce_any Max=math.reduce_max Mean=math.reduce_mean
    Min=math.reduce_min Prod=math.reduce_prod Sum=math.reduce_sum
"""
_POOL: Final = "ksize strides padding data_format"
_NEW_PIXELS: Final[Only] = (("align_corners", (False,)), ("half_pixel_centers", (True,)))
_OTHERS: Final[dict[str, tuple[str, str, str]]] = {
    "AddN": ("math.add_n", "*inputs", ""),
    "ArgMax": ("math.argmax", "input axis", "output_type"),
    "ArgMin": ("math.argmin", "input axis", "output_type"),
    "AvgPool": ("nn.avg_pool2d", "input", _POOL),
    "BatchMatMul": ("linalg.matmul", "a b", "adj_x=transpose_a adj_y=transpose_b"),
    "BatchMatMulV2": ("linalg.matmul", "a b", "adj_x=transpose_a adj_y=transpose_b"),
    "BiasAdd": ("nn.bias_add", "value bias", "data_format"),
    "BroadcastTo": ("broadcast_to", "input shape", ""),
    "Cast": ("cast", "x", "DstT=dtype"),
    "ConcatV2": ("concat", "*values axis", ""),
    "Cumprod": ("math.cumprod", "x axis", "exclusive reverse"),
    "Cumsum": ("math.cumsum", "x axis", "exclusive reverse"),
    "DepthToSpace": ("nn.depth_to_space", "input", "block_size data_format"),
    "Einsum": ("einsum", "*inputs", "equation"),
    "ExpandDims": ("expand_dims", "input axis", ""),
    "Fill": ("fill", "dims value", ""),
    "GatherV2": ("gather", "params indices axis", "batch_dims"),
    "LRN": ("nn.local_response_normalization", "input", "depth_radius bias alpha beta"),
    "LeakyRelu": ("nn.leaky_relu", "features", "alpha"),
    "MatMul": ("linalg.matmul", "a b", "transpose_a transpose_b"),
    "MaxPool": ("nn.max_pool2d", "input", _POOL),
    "MirrorPad": ("pad", "tensor paddings", "mode"),
    "OneHot": ("one_hot", "indices depth on_value off_value", "axis"),
    "Pack": ("stack", "*values", "axis"),
    "Pad": ("pad", "tensor paddings", ""),
    "PadV2": ("pad", "tensor paddings constant_values", ""),
    "Range": ("range", "start limit delta", ""),
    "Reshape": ("reshape", "tensor shape", ""),
    "ResizeBicubic": ("image.resize", "images size", ""),
    "ResizeBilinear": ("image.resize", "images size", ""),
    "ResizeNearestNeighbor": ("image.resize", "images size", ""),
    "ReverseV2": ("reverse", "tensor axis", ""),
    "Roll": ("roll", "input shift axis", ""),
    "SelectV2": ("where", "condition x y", ""),
    "Shape": ("shape", "input", ""),
    "Slice": ("slice", "input begin size", ""),
    "SpaceToDepth": ("nn.space_to_depth", "input", "block_size data_format"),
    "Split": ("split", "axis value", "num_split=num_or_size_splits"),
    "SplitV": ("split", "value num_or_size_splits axis", ""),
    "Squeeze": ("squeeze", "input", "squeeze_dims=axis"),
    "StridedSlice": (
        "strided_slice",
        "input begin end strides",
        "begin_mask end_mask ellipsis_mask new_axis_mask shrink_axis_mask",
    ),
    "Tile": ("tile", "input multiples", ""),
    "TopKV2": ("math.top_k", "input k", "sorted"),
    "Transpose": ("transpose", "a perm", ""),
    "Unpack": ("unstack", "value", "num axis"),
}
_ONLY: Final[dict[str, Only]] = {
    "ResizeBicubic": _NEW_PIXELS,
    "ResizeBilinear": _NEW_PIXELS,
    "ResizeNearestNeighbor": _NEW_PIXELS,
}

_RANDOM: Final = "it draws random numbers"
REFUSED: Final[dict[str, str]] = {
    "Bucketize": "it sorts numbers into bins: keras.layers.Discretization does that",
    "Conv2D": "its kernel is a constant of the graph: it is no weight, and no layer's",
    "NonMaxSuppressionV3": "how many boxes it keeps is known in running only",
    "RandomStandardNormal": _RANDOM,
    "RandomUniform": _RANDOM,
    "RandomUniformInt": _RANDOM,
    "Select": "where its condition has one axis it chooses whole rows, which no op of Keras 3 does",
    "TruncatedNormal": _RANDOM,
    "Where": "it finds places, as many as there are",
}
"""Ops that have no equal, with the reason."""

METHODS: Final = {
    "ResizeBicubic": "bicubic",
    "ResizeBilinear": "bilinear",
    "ResizeNearestNeighbor": "nearest",
}
"""How ops resize images that are one function."""

SILENT: Final = frozenset(
    """Index N SrcT Tdim Tidx Tindices Tlen Tmultiples Tpaddings Tparams Tperm Tshape Taxis Tdim
    Tshift TI T Truncate incompatible_shape_error index_type num_split out_type Tout Tblock_shape
    """.split()
)
"""Attributes that only tell what the inputs are."""

TYPES: Final[dict[str, str]] = {
    "DT_BFLOAT16": "bfloat16",
    "DT_BOOL": "bool",
    "DT_DOUBLE": "float64",
    "DT_FLOAT": "float32",
    "DT_HALF": "float16",
    **{f"DT_INT{size}": f"int{size}" for size in (8, 16, 32, 64)},
    **{f"DT_UINT{size}": f"uint{size}" for size in (8, 16, 32, 64)},
}
"""The names of dtypes."""


def _pairs(text: str) -> list[tuple[str, str]]:
    return [(old, new or old) for old, _, new in (item.partition("=") for item in text.split())]


def _first(path: str) -> str:
    return FUNCTIONS[path].params[0][0]


def _second(path: str) -> str:
    return FUNCTIONS[path].params[1][0]


@cache
def nodes() -> dict[str, TfNode]:
    """Return the ops by their name."""
    found = {op: TfNode(path, (_first(path),)) for op, path in _pairs(_UNARY)}
    found |= {op: TfNode(path, (_first(path), _second(path))) for op, path in _pairs(_BINARY)}
    kept = (("keep_dims", "keepdims"),)
    found |= {op: TfNode(path, (_first(path), "axis"), kept) for op, path in _pairs(_REDUCTIONS)}
    for op, (function, inputs, attributes) in _OTHERS.items():
        named = tuple(_pairs(attributes))
        found[op] = TfNode(function, tuple(inputs.split()), named, _ONLY.get(op, ()))
    return found
