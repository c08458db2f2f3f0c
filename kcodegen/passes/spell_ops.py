"""Ops in the words of TensorFlow, for Keras 2.

ops.split(x, [2, 5], axis=-1)   ->   tf.split(x, [2, 3, -1], axis=-1)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import TypeAlias

from kcodegen.ir.graph import Call
from kcodegen.ir.values import Args, Ref, Value, same
from kcodegen.passes.defaults import fill_defaults
from kcodegen.registry import op
from kcodegen.registry.tf_rows import SPELLED

Given: TypeAlias = "dict[str, Value]"

INDEX = "keras.ops.get_item"
"""What both write as a subscript."""


class Unsaid(Exception):  # noqa: N818  (it is caught where the layer is known)
    """An op or an argument that TensorFlow has no equal for: what it is, in a few words."""


def spell_op(call: Call) -> Call:
    """Return the call of an op as one of TensorFlow; raises Unsaid where there is none."""
    if call.target == INDEX:
        return call
    row = SPELLED.get(call.target)
    name = call.target.removeprefix("keras.")
    if row is None:
        raise Unsaid(f"{name} has no equal in TensorFlow")
    given = dict(fill_defaults(call.target, call.kwargs))
    if given.get("data_format") == "channels_last":  # so is all that TensorFlow computes here
        del given["data_format"]
    if row.rule:
        given = RULES[row.rule](given)
    names = dict(row.params)
    for param in op(row.op).params:
        if param.name in names or param.name not in given:
            continue
        if not same(given[param.name], param.default):
            raise Unsaid(f"{name} with {param.name}= has no equal in TensorFlow")
    for whole in row.whole:
        if isinstance(given.get(whole), bool) or not isinstance(given.get(whole), int):
            raise Unsaid(f"{name} without one {whole} has no equal in TensorFlow")
    kwargs: Args = tuple((old, given[new]) for new, old in row.params if new in given)
    kwargs = tuple(item for item in kwargs if not (item[0] == "dtype" and item[1] is None))
    return replace(call, target=row.key, kwargs=kwargs)


def _normalize(given: Given) -> Given:
    """Return the bound of the squared norm, which TensorFlow takes, for that of the norm."""
    epsilon = given.pop("epsilon", None)
    if given.pop("order", 2) != 2 or not isinstance(epsilon, float):
        raise Unsaid("ops.normalize of another order has no equal in TensorFlow")
    squared = float(f"{epsilon * epsilon:.15g}")
    if not math.isclose(math.sqrt(squared), epsilon):
        raise Unsaid("ops.normalize with so small an epsilon has no equal in TensorFlow")
    return {**given, "epsilon": squared}


def _axes(given: Given) -> Given:
    """Return the axes to turn round as a list."""
    axis = given["axis"]
    if axis is None:
        raise Unsaid("ops.flip over all axes has no equal in TensorFlow")
    return {**given, "axis": axis if isinstance(axis, tuple) else (axis,)}


def _pad(given: Given) -> Given:
    """Return the padding of every axis, and the mode in capital letters."""
    widths, mode = given["pad_width"], str(given.pop("mode", "constant"))
    if not (isinstance(widths, tuple) and all(isinstance(pair, tuple) for pair in widths)):
        raise Unsaid("ops.pad with one width for all axes has no equal in TensorFlow")
    if mode not in ("constant", "reflect", "symmetric"):
        raise Unsaid(f"ops.pad in the mode {mode!r} has no equal in TensorFlow")
    if mode != "constant":
        given["mode"] = mode.upper()
    if given.get("constant_values") is None:
        given.pop("constant_values", None)
    return given


def _pool(given: Given) -> Given:
    """Return a pooling over windows of images, with its steps and the padding in capitals."""
    size = given["pool_size"]
    if not (isinstance(size, tuple) and len(size) == 2):
        raise Unsaid("an op that pools over other windows than those of images")
    steps = given.get("strides")
    padding = str(given.get("padding", "valid")).upper()
    return {**given, "strides": size if steps is None else steps, "padding": padding}


def _shape(given: Given) -> Given:
    if not _sizes(given["newshape"]):
        raise Unsaid("ops.reshape to a shape with None has no equal in TensorFlow")
    return given


def _multiples(given: Given) -> Given:
    if not _sizes(given["repeats"]):
        raise Unsaid("ops.tile with one number for all axes has no equal in TensorFlow")
    return given


def _sizes(value: Value) -> bool:
    return isinstance(value, tuple) and all(isinstance(size, (int, Ref)) for size in value)


def _split(given: Given) -> Given:
    """Return sizes for the places of the cuts: `[2, 5]   ->   [2, 3, -1]`."""
    cuts = given["indices_or_sections"]
    if isinstance(cuts, tuple):
        places = [cut for cut in cuts if isinstance(cut, int) and cut > 0]
        if len(places) != len(cuts) or places != sorted(places):
            raise Unsaid("ops.split at places from the end has no equal in TensorFlow")
        sizes = (*(after - before for before, after in pairwise([0, *places])), -1)
        return {**given, "indices_or_sections": sizes}
    return given


def _swap(given: Given) -> Given:
    """Return the operand alone: only the last two axes can be swapped."""
    if {given.pop("axis1"), given.pop("axis2")} != {-1, -2}:
        raise Unsaid("ops.swapaxes of other axes than the last two has no equal in TensorFlow")
    return given


def _where(given: Given) -> Given:
    if given.get("x1") is None or given.get("x2") is None:
        raise Unsaid("ops.where of a condition alone has no equal in TensorFlow")
    return given


RULES: dict[str, Callable[[Given], Given]] = {
    "axes": _axes,
    "multiples": _multiples,
    "normalize": _normalize,
    "pad": _pad,
    "pool": _pool,
    "shape": _shape,
    "split": _split,
    "swap": _swap,
    "where": _where,
}
"""What changes the arguments of an op whose row names a rule."""
