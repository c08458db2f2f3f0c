"""Sizes of tensors, which TensorFlow computes in ops of the model: followed, never called.

n = tf.shape(x)[0] * tf.shape(x)[1]
tf.reshape(x, [n, 4])                    ->   ops.reshape(x, (-1, 4))
tf.range(0, tf.shape(x)[1], 1)           ->   Positions(axis=1)(x)
"""

from __future__ import annotations

import operator
from collections.abc import Callable

from kcodegen.frontends.keras2_calls import OldWires
from kcodegen.ir.document import Node
from kcodegen.ir.graph import Call, Layer
from kcodegen.ir.values import Ref, Slice, Value
from kcodegen.records import record
from kcodegen.registry.helper_rows import POSITIONS

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
    """Return the size of one axis."""
    inputs = {f"{wires.names.get(name, name)}/0": sizes for name, sizes in wires.sizes.items()}
    if isinstance(key, tuple) and len(key) == 1:
        key = key[0]
    if isinstance(key, int):
        sizes = inputs.get(shape.of.call, ())
        known = sizes[key] if -len(sizes) <= key < len(sizes) else None
        return Size(shape.of, key, known)
    if isinstance(key, Slice):
        message = "a part of a shape is used, whose length is known in running only"
        raise node.error("tensorflow-op", message, _HAND)
    raise node.error("tensorflow-op", "a shape is indexed with what is no number", _HAND)


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
    base = "positions"
    names = {*wires.names.values(), *(layer.name for layer in wires.made_layers.values())}
    name, count = base, 0
    while name in names:
        count += 1
        name = f"{base}_{count}"
    args = () if limit.axis == 1 else (("axis", limit.axis),)
    op_name = place.call[1:].rpartition("/")[0]
    wires.made_layers[op_name] = Layer(name, POSITIONS.key, args, origin=node.origin)
    wires.stands_for[place] = Ref(f"{name}/0")
    return [Call(f"{name}/0", "layer", name, (limit.of,), (), node.origin)]
