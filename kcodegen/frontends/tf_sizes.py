"""Sizes of tensors, which TensorFlow computes in ops of the model: followed, never called.

n = tf.shape(x)[0] * tf.shape(x)[1]
tf.reshape(x, [n, 4])                    ->   ops.reshape(x, (-1, 4))
tf.range(0, tf.shape(x)[1], 1)           ->   Positions(axis=1)(x)
"""

from __future__ import annotations

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


@record(frozen=True)
class Shape:
    """The whole shape of a tensor."""

    of: Ref


@record(frozen=True)
class Size:
    """One size of a tensor, or what was computed from sizes: then `of` is None."""

    of: Ref | None = None
    axis: int = 0


def size_of(node: Node, shape: Shape, key: Value) -> object:
    """Return the size of one axis."""
    if isinstance(key, tuple) and len(key) == 1:
        key = key[0]
    if isinstance(key, int):
        return Size(shape.of, key)
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
    return Size()


def known_shape(value: object) -> tuple[int, ...] | None:
    """Return a shape with -1 for the one size that is not known; None when there are more."""
    sizes = value if isinstance(value, tuple) else (value,)
    found = tuple(
        size if isinstance(size, int) and not isinstance(size, bool) else -1 for size in sizes
    )
    if any(not isinstance(size, (int, Size)) for size in sizes):
        return None
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
