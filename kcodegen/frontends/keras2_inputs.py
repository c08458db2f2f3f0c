"""The inputs of a Keras 2 model: `batch_input_shape`, `type_spec`, or a nested model's.

{"class_name": "InputLayer", "config": {"batch_input_shape": [null, 4], ...}}  ->  keras.Input((4,))
"""

from __future__ import annotations

from collections.abc import Sequence

from kcodegen.diagnostics import Diagnostic
from kcodegen.frontends.context import Context
from kcodegen.ir.document import Node
from kcodegen.ir.graph import Layer
from kcodegen.ir.values import Args
from kcodegen.registry.vocabulary import INPUT

_DTYPES = frozenset(
    """bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 bfloat16
    string""".split()
)
_SHAPES = ("batch_input_shape", "batch_shape")


def read_old_input(node: Node, name: str, context: Context) -> Layer:
    """Return an input layer, as the call of `keras.Input` that makes it."""
    config = node.field("config")
    spec = config.get("type_spec")
    if spec is not None and spec.value is not None:
        args = _from_spec(spec)
    else:
        shape = next((found for key in _SHAPES if (found := config.get(key)) is not None), None)
        if shape is None:
            raise config.error("missing-field", "the input has no batch_input_shape")
        args = (*_shape_args(shape), *_dtype_args(config.get("dtype")))
    for key in ("sparse", "ragged"):
        flag = config.get(key)
        if flag is None or flag.value is False or flag.value is None:
            continue
        if flag.value is not True:
            raise flag.wrong("a boolean")
        args = (*args, (key, True))
        if key == "ragged":
            _warn_of_ragged(flag, context)
    return Layer(name, INPUT.key, args, origin=node.origin)


def known_sizes(node: Node) -> tuple[int | None, ...]:
    """Return the shape of an input, the batch included, as far as the file tells."""
    config = node.mapping().get("config")
    shape = config.get("batch_input_shape") if isinstance(config, dict) else None
    sizes = shape if isinstance(shape, list) else []
    return tuple(size if isinstance(size, int) else None for size in sizes)


def _warn_of_ragged(flag: Node, context: Context) -> None:
    message = "the input takes ragged tensors, which few layers of Keras 3 can work with"
    hint = "pad the sequences and mask what is padding, if a layer complains"
    context.problems.warnings.append(
        Diagnostic("ragged-input", message, flag.origin, hint, "warning")
    )


def _shape_args(shape: Node) -> Args:
    sizes = [None if item.value is None else item.integer("a dimension") for item in shape.items()]
    if not sizes:
        return (("batch_shape", ()),)
    return (("shape", tuple(sizes[1:])), ("batch_size", sizes[0]))


def _dtype_args(node: Node | None) -> Args:
    if node is None or node.value is None:
        return ()
    dtype = node.text("a dtype")
    if dtype not in _DTYPES:
        raise node.error("unknown-dtype", "no input of Keras 3 has this dtype")
    return (("dtype", dtype),)


def _from_spec(spec: Node) -> Args:
    """Return the arguments of an input whose shape and dtype are in TensorFlow's type spec."""
    fields = spec.get("serialized") or spec.get("config")
    kind = spec.get("type_spec") or spec.get("spec_name")
    if fields is None or kind is None or str(kind.value).rpartition(".")[2] != "TensorSpec":
        hint = "give the model a plain tensor"
        raise spec.error("type-spec", "this TensorFlow type spec has no equal in Keras 3", hint)
    parts = fields.items("a shape and a dtype")
    if len(parts) < 2:
        raise fields.wrong("a shape and a dtype")
    return (*_shape_args(parts[0]), *_dtype_args(parts[1]))


def chain_input(node: Node, items: Sequence[Node], layers: list[Layer]) -> Layer | None:
    """Return the input that a Sequential of Keras 2 keeps in its first layer, if it keeps one.

    None when the chain begins with an input, or with a model that has one; and when the model
    was never built.
    """
    if not items or not layers or layers[0].key == INPUT.key or layers[0].body is not None:
        return None
    config = items[0].field("config")
    shape = next((found for key in _SHAPES if (found := config.get(key)) is not None), None)
    dtype = config.get("dtype")
    if shape is None or shape.value is None:
        whole = node.field("config")
        shape = whole.get("build_input_shape") if isinstance(whole.value, dict) else None
        dtype = None
    if shape is None or not isinstance(shape.value, list):
        return None
    args = _shape_args(shape)
    if layers[0].key == "keras.layers.Embedding":
        args = (*args, ("dtype", "int32"))
    elif dtype is not None and isinstance(dtype.value, str):
        args = (*args, *_dtype_args(dtype))
    return Layer("input_layer", INPUT.key, args, origin=items[0].origin)
