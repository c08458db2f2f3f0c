"""Sizes of tensors, which TensorFlow computes in ops of the model: followed, never called.

n = tf.shape(x)[0] * tf.shape(x)[1]
tf.reshape(x, [n, 4])                    ->   ops.reshape(x, (-1, 4))
tf.range(0, tf.shape(x)[1], 1)           ->   Positions(axis=1)(x)
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable

from kcodegen.frontends.keras2_calls import OldWires
from kcodegen.ir.document import Node
from kcodegen.ir.graph import Call, Layer
from kcodegen.ir.values import Args, Ref, Slice, Value
from kcodegen.records import record
from kcodegen.registry.helper_rows import LOCAL_RESPONSE, POSITIONS

RESHAPE = "keras.layers.Reshape"
_HAND = "put it into a layer of your own"
# What is made of sizes is a size.
_ARITHMETIC = frozenset(
    """math.multiply math.add math.subtract math.floordiv __operators__.add math.maximum
    math.minimum cast math.divide math.truediv""".split()
)
_EXACT: dict[str, Callable[[int, int], int]] = {
    "__operators__.add": operator.add,
    "math.add": operator.add,
    "math.floordiv": operator.floordiv,
    "math.multiply": operator.mul,
    "math.subtract": operator.sub,
}


@record(frozen=True)
class Shape:
    """The whole shape of a tensor."""

    of: Ref


@record(frozen=True)
class Size:
    """One size of a tensor, or what was computed from sizes: then `of` is None.

    `known` is the number, where the file tells it.
    """

    of: Ref | None = None
    axis: int = 0
    known: int | None = None


def size_of(node: Node, shape: Shape, key: Value, wires: OldWires) -> object:
    """Return the size of one axis, or several sizes: `tf.shape(x)[0]`, `tf.shape(x)[1:]`."""
    if isinstance(key, tuple) and len(key) == 1:
        key = key[0]
    if isinstance(key, int):
        known = sizes_of(shape, wires)
        inside = known is not None and -len(known) <= key < len(known)
        return known[key] if known is not None and inside else Size(shape.of, key)
    if isinstance(key, Slice):
        known = sizes_of(shape, wires)
        bounds = [b for b in (key.start, key.stop, key.step) if b is None or isinstance(b, int)]
        if known is not None and len(bounds) == 3 and key.step != 0:
            return known[slice(*bounds)]
        message = "a part of a shape is used, whose length is known in running only"
        raise node.error("tensorflow-op", message, _HAND)
    raise node.error("tensorflow-op", "a shape is indexed with what is no number", _HAND)


def sizes_of(shape: Shape, wires: OldWires) -> tuple[Size, ...] | None:
    """Return all sizes of an input, None for another tensor: how many axes it has is not known."""
    inputs = {f"{wires.names.get(name, name)}/0": sizes for name, sizes in wires.sizes.items()}
    sizes = inputs.get(shape.of.call)
    if sizes is None:
        return None
    return tuple(Size(shape.of, axis, known) for axis, known in enumerate(sizes))


def vector(path: str, value: object, given: dict[str, object], wires: OldWires) -> object:
    """Return the sizes that an op joins, picks or multiplies; None for an op on tensors.

    tf.stack([n, 4])   tf.concat([n, [4]], 0)   tf.gather(tf.shape(x), [0, 1])   tf.reduce_prod(n)
    """
    if path not in ("stack", "concat", "gather", "math.reduce_prod"):
        return None
    parts = value if isinstance(value, tuple) and path in ("stack", "concat") else (value,)
    rows = [_sizes(part, wires) for part in parts]
    if None in rows or given.get("axis", 0) not in (0, (0,)) or not _speaks_of_sizes(value):
        return None
    found = tuple(size for row in rows for size in row or ())
    if path == "gather":
        return _picked(found, given.get("indices"))
    if path == "math.reduce_prod":
        known = [size.known if isinstance(size, Size) else size for size in found]
        whole = [number for number in known if number is not None]
        return Size(known=math.prod(whole) if len(whole) == len(known) else None)
    return found


def _sizes(value: object, wires: OldWires) -> tuple[Size | int, ...] | None:
    """Return what is one size, or a row of sizes, as a row."""
    if isinstance(value, Shape):
        return sizes_of(value, wires)
    items = value if isinstance(value, tuple) else (value,)
    found = tuple(item for item in items if isinstance(item, (Size, int)))
    return found if len(found) == len(items) else None


def _speaks_of_sizes(value: object) -> bool:
    """Tell whether a value is, or holds, the size of a tensor."""
    if isinstance(value, tuple):
        return any(map(_speaks_of_sizes, value))
    return isinstance(value, (Shape, Size))


def _picked(sizes: tuple[Size | int, ...], places: object) -> object:
    """Return the sizes at some places; None where a place is no number."""
    if isinstance(places, tuple):
        found = tuple(_picked(sizes, place) for place in places)
        return None if None in found else found
    if isinstance(places, int) and -len(sizes) <= places < len(sizes):
        return sizes[places]
    return None


def computed(path: str, value: object, given: dict[str, object]) -> object:
    """Return the size that an op computes from sizes; None for an op on tensors."""
    parts = (value, *given.values())
    if path not in _ARITHMETIC or not any(isinstance(part, Size) for part in parts):
        return None
    if any(isinstance(part, Ref) for part in parts):
        return None
    match [part.known if isinstance(part, Size) else part for part in parts]:
        case [int(left), int(right)] if path in _EXACT:
            return Size(known=_EXACT[path](left, right))
    return Size()


def known_shape(value: object) -> tuple[int, ...] | None:
    """Return a shape with -1 for the one size that is not known; None when there are more."""
    sizes = value if isinstance(value, tuple) else (value,)
    if any(not isinstance(size, (int, Size)) or isinstance(size, bool) for size in sizes):
        return None
    numbers = (size.known if isinstance(size, Size) else size for size in sizes)
    found = tuple(-1 if number is None else number for number in numbers)
    return found if found.count(-1) <= 1 else None


def kept_batch(value: object, shape: object) -> tuple[int, ...] | None:
    """Return a shape without its first size, where that is the batch of the tensor itself.

    tf.reshape(x, [tf.shape(x)[0], -1, 4])   ->   (-1, 4)
    """
    match shape:
        case (Size(of=of, axis=0, known=None), *rest) if of is not None and of == value:
            return known_shape(tuple(rest))
    return None


def reshaped(node: Node, place: Ref, value: Ref, shape: tuple[int, ...], wires: OldWires) -> Call:
    """Return the call of a layer that gives every sample another shape."""
    name = _made_layer(node, place, "reshape_samples", RESHAPE, (("target_shape", shape),), wires)
    return Call(f"{name}/0", "layer", name, (value,), (), node.origin)


def _made_layer(node: Node, place: Ref, base: str, key: str, args: Args, wires: OldWires) -> str:
    """Return the name of a layer that an op becomes; no other layer has it."""
    names = {*wires.names.values(), *(layer.name for layer in wires.made_layers.values())}
    name, count = base, 0
    while name in names:
        count += 1
        name = f"{base}_{count}"
    op_name = place.call[1:].rpartition("/")[0]
    wires.made_layers[op_name] = Layer(name, key, args, origin=node.origin)
    wires.stands_for[place] = Ref(f"{name}/0")
    return name


def positions(
    node: Node, place: Ref, start: object, given: dict[str, object], wires: OldWires
) -> list[Call]:
    """Return the call of a layer that counts the places along an axis."""
    limit = given.get("limit", start)
    first = start if "limit" in given else 0
    is_counting = first == 0 and given.get("delta", 1) == 1
    dtype = given.get("dtype", "int32")
    if not isinstance(limit, Size) or limit.of is None or not is_counting or dtype != "int32":
        message = "tf.range is known only as the places along an axis: tf.range(tf.shape(x)[1])"
        raise node.error("tensorflow-op", message, _HAND)
    args: Args = () if limit.axis == 1 else (("axis", limit.axis),)
    name = _made_layer(node, place, "positions", POSITIONS.key, args, wires)
    return [Call(f"{name}/0", "layer", name, (limit.of,), (), node.origin)]


def normalized(node: Node, place: Ref, value: Ref, args: Args, wires: OldWires) -> Call:
    """Return the call of a layer that divides by what lies around in the channels."""
    name = _made_layer(node, place, "lrn", LOCAL_RESPONSE.key, args, wires)
    return Call(f"{name}/0", "layer", name, (value,), (), node.origin)
