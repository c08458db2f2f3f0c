"""How wide tensors are: the size of the last axis of what a layer gives, replayed without Keras.

    x = Conv2D(32, 3)(inputs); x = ReLU()(x); x = Concatenate()([x, x])   ->   32, 32, 64

Source: the `compute_output_shape` of the classes below.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from kcodegen.ir.graph import Call
from kcodegen.ir.order import operands
from kcodegen.ir.values import Args, Ref, Value, lookup


def _rows(rule: str, names: str, module: str = "keras.layers") -> dict[str, str]:
    return {f"{module}.{name}": rule for name in names.split()}


# What the last axis is: an argument, what it was before, or the sum of several.
RULES: Final[dict[str, str]] = {
    **_rows("units", "Dense"),
    **_rows("filters", "Conv1D Conv2D Conv3D Conv1DTranspose Conv2DTranspose Conv3DTranspose"),
    **_rows("filters", "SeparableConv1D SeparableConv2D"),
    **_rows("depth_multiplier", "DepthwiseConv1D DepthwiseConv2D"),
    **_rows("shape", "Input", "keras"),
    **_rows("sum", "Concatenate"),
    **_rows("same", "Activation ELU LeakyReLU PReLU ReLU"),
    **_rows("same", "AlphaDropout Dropout GaussianDropout GaussianNoise"),
    **_rows("same", "SpatialDropout1D SpatialDropout2D SpatialDropout3D"),
    **_rows("same", "BatchNormalization GroupNormalization LayerNormalization UnitNormalization"),
    **_rows("same", "ActivityRegularization Identity"),
    **_rows("same", "Add Average Maximum Minimum Multiply Subtract"),
    **_rows("same", "AveragePooling1D MaxPooling1D UpSampling1D ZeroPadding1D Cropping1D"),
    **_rows("same", "AveragePooling2D MaxPooling2D UpSampling2D ZeroPadding2D Cropping2D"),
    **_rows("same", "AveragePooling3D MaxPooling3D UpSampling3D ZeroPadding3D Cropping3D"),
    **_rows("same", "GlobalAveragePooling1D GlobalMaxPooling1D"),
    **_rows("same", "GlobalAveragePooling2D GlobalMaxPooling2D"),
    **_rows("same", "add divide multiply subtract", "keras.ops"),
}
_LAST = ("channels_last", None)


def has_rule(key: str) -> bool:
    """Tell whether the width of what a class or an op gives may be known."""
    return key in RULES


def width_of(call: Call, key: str, args: Args, known: Mapping[Ref, int]) -> int | None:
    """Return the size of the last axis of the only tensor that a call gives, None when unknown.

    `key` and `args` are those of the layer or the op; `known` are the sizes of earlier tensors.
    """
    rule = RULES.get(key)
    if rule is None or lookup(args, "data_format") not in _LAST:
        return None
    taken = [known.get(ref) for ref in operands(call)]
    match rule:
        case "shape":
            shape = lookup(args, "shape") or lookup(args, "batch_shape")
            return _number(shape[-1]) if isinstance(shape, tuple) and shape else None
        case "same":
            return taken[0] if len(set(taken)) == 1 and not _is_spread(call) else None
        case "sum":
            is_last = _number(lookup(args, "axis", -1), least=-1) == -1
            return _sum(taken) if is_last else None
        case "depth_multiplier":
            times = _number(lookup(args, rule, 1))
            return times * taken[0] if times and len(taken) == 1 and taken[0] else None
        case argument:
            return _number(lookup(args, argument))


def _is_spread(call: Call) -> bool:
    """Tell whether an op may widen a tensor to the size of a constant."""
    plain = (Ref, int, float, str, type(None))
    return call.kind == "op" and not all(isinstance(value, plain) for _, value in call.kwargs)


def _sum(taken: Sequence[int | None]) -> int | None:
    known = [size for size in taken if size is not None]
    return sum(known) if known and len(known) == len(taken) else None


def _number(value: Value, least: int = 1) -> int | None:
    is_number = isinstance(value, int) and not isinstance(value, bool) and value >= least
    return int(value) if is_number else None  # type: ignore[arg-type]
