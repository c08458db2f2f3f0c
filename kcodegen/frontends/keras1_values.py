"""The values of arguments of Keras 1 in the words of Keras 2.

    "W_regularizer": {"name": "L1L2Regularizer", "l1": 0.0, "l2": 0.01}
        ->  {"class_name": "L1L2", "config": {"l1": 0.0, "l2": 0.01}}

What is not known stays as it is: the frontend of Keras 2 says what is wrong with it.
"""

from __future__ import annotations

from kcodegen.diagnostics import CompileError
from kcodegen.frontends.keras1_padding import FULL, can_be_full
from kcodegen.ir.document import Json, Node
from kcodegen.registry.keras1 import (
    CONSTRAINTS,
    FORMATS,
    INITIALIZERS,
    KERNEL_AXES,
    MODES,
    OLD_KERNEL_1D,
    PADDINGS,
    PLACES,
    REGULARIZERS,
    OldClass,
)
from kcodegen.words import did_you_mean, prose

_BIASES = {"one": True, "zero": False}
_BY_HAND = "rewrite the layer by hand"


def value_of(child: Node, key: str, name: str, row: OldClass, version: tuple[int, int]) -> Json:
    """Return the value of an argument of the class `name`; CompileError for what has no equal."""
    match key, child.value:
        case "dim_ordering", str(text) if text in FORMATS:
            return FORMATS[text]
        case "border_mode", "full":
            if not can_be_full(child, row.name):
                raise _lost(child, "no layer of Keras 3 pads this one fully")
            return FULL
        case "forget_bias_init", str(text):
            if text not in _BIASES:
                raise _lost(child, "the forget gate's bias of Keras 3 begins with ones or zeros")
            return _BIASES[text]
        case "mode", _ if name == MODES[1] and version < (1, 1):
            raise _lost(
                child, "Keras 1.0 changed what this mode computes from one release to another"
            )
        case "padding", _ if name.startswith("ZeroPadding"):
            return _padding(child)
        case _, str(text) if PLACES.get(key) == "initializer":
            return _initializer(text)
        case _, dict() if PLACES.get(key) == "object":
            return _object(child, _axes(child.parent, row, version))
        case _, scalar:
            return scalar


def _lost(child: Node, message: str) -> CompileError:
    return child.error("dropped-argument", message, _BY_HAND)


def _initializer(text: str) -> Json:
    """Return the class of a function that made initial weights; an unknown one as it is."""
    if text not in INITIALIZERS:
        return text
    name, args = INITIALIZERS[text]
    return {"class_name": name, "config": dict(args)}


def _object(node: Node, axes: tuple[int, ...] | None) -> Json:
    """Return a regularizer or a constraint, whose class was its `name`."""
    named = node.get("name")
    if named is None or not isinstance(named.value, str):
        return node.value
    given = {key: child.value for key, child in node.fields() if key != "name"}
    name = named.value
    if name in REGULARIZERS:
        name = "L1L2"
    elif name == "EigenvalueRegularizer":
        raise _lost(named, "Keras 3 has no regularizer for eigenvalues")
    elif name in CONSTRAINTS:
        if axes is not None and "axis" in given:
            given["axis"] = _moved(node.field("axis"), axes)
        given = {CONSTRAINTS[name].get(key, key): value for key, value in given.items()}
    was = {new: old for old, new in CONSTRAINTS.get(name, {}).items() if new in given}
    config = node.placed(given, was)
    return node.placed({"class_name": name, "config": config}, {"class_name": "name"})


def _axes(config: Node | None, row: OldClass, version: tuple[int, int]) -> tuple[int, ...] | None:
    """Return where the axes of the kernel of a layer went, None where they stayed."""
    if config is None or not row.kernel:
        return None
    if row.kernel == 1:
        return KERNEL_AXES[1] if version >= (1, 1) else OLD_KERNEL_1D
    return KERNEL_AXES[row.kernel] if config.mapping().get("dim_ordering") == "th" else None


def _moved(node: Node, axes: tuple[int, ...]) -> Json:
    """Return today's axes of a kernel; the one that it lost is left out."""
    is_list = isinstance(node.value, list)
    old = [item.integer("an axis") for item in (node.items() if is_list else (node,))]
    if any(not -len(axes) <= axis < len(axes) for axis in old):
        raise node.error("wrong-value", f"a kernel of Keras 1 has {len(axes)} axes here")
    new = [axes[axis] for axis in old if axes[axis] >= 0]
    if not new:
        raise _lost(node, "the kernels of Keras 3 do not have this axis")
    return list(new) if is_list else new[0]


def _padding(node: Node) -> Json:
    """Return a padding: `{"top_pad": 1}` and `[top, bottom, left, right]` become pairs."""
    match node.value:
        case dict() as sides:
            keys = PADDINGS if _is_area(node) else PADDINGS[1:]
            unknown = set(sides) - {key for pair in keys for key in pair}
            if unknown:
                hint = did_you_mean(min(unknown), [key for pair in keys for key in pair])
                message = f"a padding has no side {prose(min(unknown))!r}"
                raise node.error("unknown-argument", message, hint or _BY_HAND)
            pairs: list[Json] = [[sides.get(a, 0), sides.get(b, 0)] for a, b in keys]
            return pairs if _is_area(node) else pairs[0]
        case [top, bottom, left, right]:
            return [[top, bottom], [left, right]]
        case value:
            return value


def _is_area(node: Node) -> bool:
    """Tell whether a padding is one of images."""
    layer = node.parent.parent if node.parent is not None else None
    return layer is not None and layer.mapping().get("class_name") == "ZeroPadding2D"


def size_of_transposed(config: Node, fields: dict[str, Json]) -> None:
    """Put the padding of a transposed convolution in the place of the size of its output.

    Keras 1 was told the size of the output, which tells the size of the input as well.
    """
    node = config.field("output_shape")
    fields.pop("output_shape")
    sizes = [item.value for item in node.items()]
    area = sizes[2:] if config.mapping().get("dim_ordering") == "th" else sizes[1:3]
    kernel = [config.field(key).integer() for key in ("nb_row", "nb_col")]
    strides = [item.integer() for item in config.field("subsample").items()]
    same = config.field("border_mode").value == "same"
    if len(sizes) != 4 or len(strides) != 2 or min(strides) < 1:
        raise node.error("wrong-value", "the output of a Deconvolution2D has four sizes")
    found = []
    for size, length, stride in zip(area, kernel, strides, strict=True):
        if not isinstance(size, int) or isinstance(size, bool):
            raise _lost(node, "the size of the output is not known, only Keras 1 was told it")
        found.append(_missing(size, length, stride, same))
    if any(more for more, _ in found):
        fields["output_padding"] = [padding for _, padding in found]


def _missing(size: int, length: int, stride: int, same: bool) -> tuple[bool, int]:
    """Return whether an output is of another size than by itself, and its output_padding."""
    steps = -(-size // stride) if same else -(-(size - length + 1) // stride)
    alone = steps * stride if same else steps * stride + max(length - stride, 0)
    around = 2 * (length // 2) if same else 0
    return size != alone, size - ((steps - 1) * stride + length - around)
