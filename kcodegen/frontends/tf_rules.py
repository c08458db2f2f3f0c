"""Functions of TensorFlow that are more than one op of Keras, or one with other arguments.

tf.matmul(a, b, transpose_b=True)   ->   ops.matmul(a, ops.swapaxes(b, -2, -1))
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import accumulate
from typing import TypeAlias

from kcodegen import registry
from kcodegen.frontends import tf_sizes
from kcodegen.frontends.special import DTYPES
from kcodegen.ir.document import Node
from kcodegen.ir.graph import Call
from kcodegen.ir.values import Args, Array, Ref, Value
from kcodegen.records import record
from kcodegen.registry.tf_functions import TfFunction

# What an argument of an op can be: a value, or a size that is known in running only.
Given: TypeAlias = object
GivenArgs: TypeAlias = "dict[str, Given]"

_HAND = "put it into a layer of your own"
_INTERPOLATIONS = ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5")


@record(frozen=True)
class TfCall:
    """One call of a function: where it is in the file, its place in the graph, its arguments."""

    node: Node
    place: Ref
    row: TfFunction
    given: GivenArgs

    def refuse(self, why: str) -> Exception:
        """Return the error for a call that no page can say."""
        return self.node.error("tensorflow-op", f"tf.{self.row.name} {why}", _HAND)

    def plain(self, name: str) -> Value:
        """Return an argument that is no tensor: a number, a word, a list of numbers or tensors."""
        return self._plain(self._argument(name))

    def _argument(self, name: str) -> Given:
        if name not in self.given:
            raise self.refuse("has lost an argument in the file")
        return self.given[name]

    def _plain(self, value: Given) -> Value:
        if isinstance(value, tuple):
            return tuple(self._plain(item) for item in value)
        if isinstance(value, (Ref, Array, bool, int, float, str)) or value is None:
            return value
        raise self.refuse("needs a size that is known in running only")

    def operand(self, name: str) -> Value:
        """Return an argument that is a tensor, a number, or a list of tensors."""
        return self._operand(self._argument(name))

    def _operand(self, value: Given) -> Value:
        if not isinstance(value, tuple):
            if isinstance(value, str):
                raise self.refuse("is called on text")
            return self._plain(value)
        if any(isinstance(item, (Ref, Array)) for item in value):
            return tuple(self._operand(item) for item in value)
        return array(self.node, self._plain(value))

    def tensor(self, name: str) -> Ref:
        """Return an argument that has to be a tensor."""
        value = self.given.get(name)
        if not isinstance(value, Ref):
            raise self.refuse("is called on a constant")
        return value

    def made(self, args: Iterable[tuple[str, Value]]) -> Call:
        """Return the call of the row's own op."""
        return at(op(self.row.key.removeprefix("keras.ops."), self.node, **dict(args)), self.place)


def array(node: Node, value: Value) -> Array:
    """Return nested lists of numbers as a constant tensor."""
    leaves = list(_numbers(node, value))
    kinds = {type(item) for item in leaves}
    dtype = "bool" if kinds == {bool} else "float32" if float in kinds else "int32"
    return Array("tensor", dtype, value)


def _numbers(node: Node, value: Value) -> Iterable[Value]:
    if isinstance(value, tuple):
        if len({len(item) if isinstance(item, tuple) else -1 for item in value}) > 1:
            raise node.error("ragged-array", "the rows of an array differ in length")
        for item in value:
            yield from _numbers(node, item)
    elif isinstance(value, (bool, int, float)):
        yield value
    else:
        raise node.wrong("a list of numbers")


def op(name: str, node: Node, **args: Value) -> Call:
    """Return a call of an op of Keras with its arguments in the order of its signature."""
    row = registry.op(f"keras.ops.{name}")
    params = {param.name: param for param in row.params}
    for missing in params.values():
        if missing.required and missing.name not in args:
            raise node.error("tensorflow-op", f"ops.{name} needs {missing.name}", _HAND)
    ordered = tuple((key, args[key]) for key in params if key in args)
    return Call("", "op", row.key, (), ordered, node.origin)


def at(call: Call, place: Ref) -> Call:
    """Return a call in its place in the graph."""
    return replace(call, id=place.call, name=place.call[1:].rpartition("/")[0])


def _before(call: TfCall, number: int, made: Call) -> Call:
    """Return a call that only prepares an argument of another one."""
    return at(made, Ref(f"{call.place.call}.{number}"))


# Rules


def _square(call: TfCall) -> list[Call]:
    """`squared_difference(x, y)   ->   square(subtract(x, y))`."""
    difference = op("subtract", call.node, x1=call.operand("x1"), x2=call.operand("x2"))
    first = _before(call, 0, difference)
    return [first, at(op("square", call.node, x=Ref(first.id)), call.place)]


def _add_n(call: TfCall) -> list[Call]:
    """`add_n([a, b, c])   ->   add(add(a, b), c)`."""
    parts = call.operand("inputs")
    if not isinstance(parts, tuple) or len(parts) < 2:
        raise call.refuse("adds one tensor only")
    calls: list[Call] = []
    total = parts[0]
    for number, part in enumerate(parts[1:]):
        calls.append(_before(call, number, op("add", call.node, x1=total, x2=part)))
        total = Ref(calls[-1].id)
    return [*calls[:-1], at(calls[-1], call.place)]


def _l2_normalize(call: TfCall) -> list[Call]:
    """Return the op with the bound of the norm; TensorFlow's is that of the squared norm."""
    axis = call.plain("axis") if "axis" in call.given else None
    if isinstance(axis, tuple) and len(axis) == 1:
        axis = axis[0]
    if not isinstance(axis, int):
        raise call.refuse("over all axes, or over several, has no equal in Keras 3")
    epsilon = call.given.get("epsilon", 1e-12)
    if not isinstance(epsilon, (int, float)) or epsilon <= 0:
        raise call.refuse("has an epsilon that is no positive number")
    bound = math.sqrt(epsilon)
    return [call.made([("x", call.operand("x")), ("axis", axis), ("epsilon", bound)])]


def _matmul(call: TfCall) -> list[Call]:
    """Return the product; a transposed operand is turned by an op of its own."""
    calls: list[Call] = []
    sides: dict[str, Value] = {}
    for number, (side, flag) in enumerate((("x1", "transpose_a"), ("x2", "transpose_b"))):
        value = call.operand(side)
        turned = call.given.get(flag, False)
        if turned not in (True, False):
            raise call.refuse(f"has {flag} as a tensor")
        if turned and isinstance(value, Array):
            value = replace(value, data=_transposed(call, value.data))
        elif turned:
            swap = op("swapaxes", call.node, x=value, axis1=-2, axis2=-1)
            calls.append(_before(call, number, swap))
            value = Ref(calls[-1].id)
        sides[side] = value
    return [*calls, call.made(sides.items())]


def _transposed(call: TfCall, data: Value) -> Value:
    rows = [row for row in data if isinstance(row, tuple)] if isinstance(data, tuple) else []
    if not rows or any(isinstance(item, tuple) for row in rows for item in row):
        raise call.refuse("turns a constant that is no matrix")
    return tuple(zip(*rows, strict=True))


def _dtype(call: TfCall) -> list[Call]:
    """Return the op with a dtype that Keras knows."""
    dtype = call.given.get("dtype")
    if dtype is not None and dtype not in DTYPES:
        raise call.refuse("makes a dtype that Keras 3 does not have")
    tensor, *rest = call.given
    args = [(tensor, call.operand(tensor)), *((name, call.plain(name)) for name in rest)]
    return [call.made(args)]


def _shape(call: TfCall) -> list[Call]:
    """Return a reshape; one size that is known in running only is what is left: -1."""
    new = tf_sizes.known_shape(call.given.get("newshape", call.given.get("shape")))
    if new is None or (call.row.rule == "shape" and -1 in new and "newshape" not in call.given):
        raise call.refuse("needs several sizes that are known in running only")
    name = "newshape" if "newshape" in call.given else "shape"
    return [call.made([("x", call.operand("x")), (name, new)])]


def _pad(call: TfCall) -> list[Call]:
    """Return the op with the mode in small letters."""
    args: dict[str, Value] = {"x": call.operand("x"), "pad_width": call.plain("pad_width")}
    mode = str(call.given.get("mode", "CONSTANT")).lower()
    if mode not in ("constant", "reflect", "symmetric"):
        raise call.refuse("pads in a mode that Keras 3 does not have")
    if mode != "constant":
        args["mode"] = mode
    elif call.given.get("constant_values", 0) != 0:
        args["constant_values"] = call.plain("constant_values")
    return [call.made(args.items())]


def _norm(call: TfCall) -> list[Call]:
    """Return the Euclidean norm along one axis, which is the same in both."""
    axis = call.given.get("axis")
    if not isinstance(axis, int):
        raise call.refuse("over all axes, or over several, has no equal in Keras 3")
    return [
        call.made([("x", call.operand("x")), *((n, call.plain(n)) for n in call.given if n != "x")])
    ]


def _pool(call: TfCall) -> list[Call]:
    """Return a pooling over windows given as one number, or as two."""
    args: dict[str, Value] = {"inputs": call.operand("inputs")}
    for name in ("pool_size", "strides"):
        size = call.plain(name) if name in call.given else None
        if isinstance(size, tuple) and len(size) == 4 and size[0] == size[3] == 1:
            size = size[1:3]
        if not isinstance(size, int) and not (isinstance(size, tuple) and len(size) == 2):
            raise call.refuse("has a window that is no window of an image")
        args[name] = size
    padding = str(call.given.get("padding")).lower()
    if padding not in ("valid", "same"):
        raise call.refuse("pads in a way that Keras 3 does not have")
    return [call.made([*args.items(), ("padding", padding)])]


def _resize(call: TfCall) -> list[Call]:
    """Return the op with the name of the interpolation in small letters."""
    method = str(call.given.get("interpolation", "bilinear")).lower()
    if method not in _INTERPOLATIONS:
        raise call.refuse("resizes in a way that Keras 3 does not have")
    args = {
        name: method if name == "interpolation" else call.plain(name)
        for name in call.given
        if name != "images"
    }
    return [call.made([("images", call.operand("images")), *args.items()])]


def _split(call: TfCall) -> list[Call]:
    """Return a split; sizes become the places of the cuts: `[2, 3, 1]   ->   [2, 5]`."""
    sizes = call.plain("indices_or_sections")
    if isinstance(sizes, tuple):
        if not all(isinstance(size, int) and size >= 0 for size in sizes) or not sizes:
            raise call.refuse("leaves a size to be found out")
        sizes = tuple(accumulate(size for size in sizes if isinstance(size, int)))[:-1]
    elif not isinstance(sizes, int):
        raise call.refuse("needs a number of parts")
    args: Args = (("x", call.operand("x")), ("indices_or_sections", sizes))
    if "axis" in call.given:
        args = (*args, ("axis", call.plain("axis")))
    return [call.made(args)]


def _where(call: TfCall) -> list[Call]:
    """Return the op; with a condition alone TensorFlow returns places."""
    if "x1" not in call.given or "x2" not in call.given:
        raise call.refuse("of a condition alone returns as many places as it finds")
    return [call.made((name, call.operand(name)) for name in call.given)]


RULES: dict[str, Callable[[TfCall], list[Call]]] = {
    "add_n": _add_n,
    "dtype": _dtype,
    "l2_normalize": _l2_normalize,
    "matmul": _matmul,
    "norm": _norm,
    "pad": _pad,
    "pool": _pool,
    "resize": _resize,
    "shape": _shape,
    "split": _split,
    "square": _square,
    "where": _where,
}
"""What makes the calls for the functions whose row names a rule."""
