"""Keras' marker classes: slices, arrays, bytes, tensors, and what is refused.

{"class_name": "__slice__", "config": {"start": 1, "stop": 5, "step": 2}}  ->  Slice(1, 5, 2)
"""

from __future__ import annotations

from collections.abc import Callable

from kcodegen.ir.document import Node
from kcodegen.ir.numbers import shortest_float32
from kcodegen.ir.values import Array, Slice, Value, rewrite
from kcodegen.words import prose

FUNCTION_CLASSES = ("function", "builtin_function_or_method")

DTYPES = frozenset(
    """bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64
    bfloat16""".split()
)


def read(node: Node, name: str, read_value: Callable[[Node], Value]) -> Value:
    """Return the value of a marker class; an error for what can't be printed."""
    config = node.get("config")
    match name:
        case "__slice__":
            bounds = (node.field("config").get(key) for key in ("start", "stop", "step"))
            return Slice(*(read_value(bound) if bound is not None else None for bound in bounds))
        case "__ellipsis__":
            return ...
        case "__bytes__":
            return node.field("config").field("value").text().encode()
        case "__numpy__" | "__tensor__":
            return _array(node.field("config"), name.strip("_"))
        case "__tuple__" if config is not None:
            return tuple(read_value(item) for item in node.field("items").items())
        case "__typespec__":
            raise node.error("type-spec", "a TensorFlow type spec has no equal in Keras 3")
        case _:
            raise node.error("unknown-marker", f"the marker {prose(name)!r} is not known")


def _array(config: Node, kind: str) -> Array:
    dtype = config.field("dtype").text()
    if dtype not in DTYPES:
        raise config.field("dtype").error("unknown-dtype", f"{prose(dtype)!r} is no array dtype")
    data = _numbers(config.field("value"))
    return Array(kind, dtype, rewrite(data, _typed) if dtype == "float32" else data)


def _typed(value: Value) -> Value:
    """Return a float32 as its author typed it: `0.48500001430511475 -> 0.485`."""
    return shortest_float32(value) if isinstance(value, float) else value


def _numbers(node: Node) -> Value:
    """Return nested tuples of numbers; anything else is an error."""
    if isinstance(node.value, list):
        items = tuple(_numbers(item) for item in node.items())
        lengths = {len(item) if isinstance(item, tuple) else -1 for item in items}
        if len(lengths) > 1:
            raise node.error("ragged-array", "the rows of an array differ in length")
        return items
    if isinstance(node.value, (bool, int, float)):
        return node.value
    raise node.wrong("a number")
