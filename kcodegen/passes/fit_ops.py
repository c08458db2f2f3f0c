"""Calls of ops that TensorFlow takes in another form only, in that form: for Keras 2.

    ops.mean(tokens)           ->   ops.mean(ops.cast(tokens, "float32"))
    ops.matmul(x, [1.0, 2.0])  ->   ops.tensordot(x, [1.0, 2.0], axes=1)

Both are ops of Keras 3 still: `spell_ops.py` puts them into words of TensorFlow.
"""

from __future__ import annotations

from dataclasses import replace

from kcodegen.ir.graph import Call, Shape
from kcodegen.ir.values import Args, Array, Ref, Value, lookup, refs, rewrite
from kcodegen.passes.integers import FLOAT, OF_TRUTHS, ONE_HOT, PROMOTE, TRUTH, Kinds, wanted_kind
from kcodegen.passes.spell_ops import Unsaid

_MATMUL = "keras.ops.matmul"
_SIGNED = frozenset(
    """add subtract multiply true_divide floor_divide less less_equal greater
    greater_equal""".split()
)
_WHERE = "keras.ops.where"


def fit_op(call: Call, kinds: Kinds, shapes: dict[Ref, Shape]) -> tuple[Call, ...]:
    """Return calls that do what the call of an op does; the last one has its id."""
    if call.target == _MATMUL:
        call = _product(call, shapes)
    if call.target in (*OF_TRUTHS, _WHERE):
        names = ("condition",) if call.target == _WHERE else ("x1", "x2")
        truths = ((k, _truth(value) if k in names else value) for k, value in call.kwargs)
        call = replace(call, kwargs=tuple(truths))
    if call.target in PROMOTE:
        call = _numbers(call, kinds)
    if call.target == ONE_HOT and isinstance(lookup(call.kwargs, "x"), tuple):
        raise Unsaid("ops.one_hot of a list has no equal in TensorFlow")
    return _cast(call, kinds)


def _cast(call: Call, kinds: Kinds) -> tuple[Call, ...]:
    """Return casts of the operands that need one, and the call with these in their places."""
    casts: dict[tuple[Ref, str], Call] = {}
    kwargs: list[tuple[str, Value]] = []
    for name, value in call.kwargs:
        cast: dict[Value, Value] = {}
        for ref in refs(value):
            dtype = wanted_kind(call, name, ref, kinds)
            if dtype is not None:
                given: Args = (("x", ref), ("dtype", dtype))
                id = f"{call.id} cast {len(casts)}"
                made = Call(id, "op", "keras.ops.cast", kwargs=given, origin=call.origin)
                cast[ref] = Ref(casts.setdefault((ref, dtype), made).id)
        kwargs.append((name, _exchanged(value, cast)))
    return (*casts.values(), replace(call, kwargs=tuple(kwargs))) if casts else (call,)


def _exchanged(value: Value, others: dict[Value, Value]) -> Value:
    """Return a value with other references in it."""

    def other(item: Value) -> Value:
        return others.get(item, item) if isinstance(item, Ref) else item

    return rewrite(value, other) if others else value


def _product(call: Call, shapes: dict[Ref, Shape]) -> Call:
    """Return the product of a tensor and a vector, which `tf.matmul` does not take."""
    left, right = (_rank(lookup(call.kwargs, name), shapes) for name in ("x1", "x2"))
    if 0 in (left, right) or (left == 1 and right not in (1, 2)):
        raise Unsaid("ops.matmul of a vector and of more than a matrix has no equal in TensorFlow")
    if 1 not in (left, right):
        return call
    return replace(call, target="keras.ops.tensordot", kwargs=(*call.kwargs, ("axes", 1)))


def _numbers(call: Call, kinds: Kinds) -> Call:
    """Return a call with its numbers of the type of the tensors beside them.

    ops.maximum(0, x)   ->   ops.maximum(0.0, x)

    TensorFlow makes a tensor of each number by itself, but for the right side of an operator.
    """
    sides = [(name, lookup(call.kwargs, name)) for name in ("x1", "x2")]
    found = {_kind_then(call, name, ref, kinds) for name, side in sides for ref in refs(side)}
    given = [value for k, value in call.kwargs if k in ("x1", "x2") and _is_number(value)]
    if not given or len(found) != 1 or None in found:
        return call
    (kind,) = found
    name = call.target.removeprefix("keras.")
    is_signed = name.removeprefix("ops.") in _SIGNED
    if kind == TRUTH and not all(isinstance(value, bool) for value in given):
        raise Unsaid(f"{name} of truths and of a number has no equal in TensorFlow")
    if kind not in (FLOAT, TRUTH, "int32") and not is_signed:
        raise Unsaid(f"{name} of a number and of {kind} has no equal in TensorFlow")
    made = float if kind is not None and "float" in kind else bool if kind == TRUTH else int
    kwargs: list[tuple[str, Value]] = []
    for key, value in call.kwargs:
        if key in ("x1", "x2") and isinstance(value, (int, float)):
            if made(value) != value:
                raise Unsaid(f"{name} of {kind} and of {value!r} has no equal in TensorFlow")
            value = made(value)
        kwargs.append((key, value))
    return replace(call, kwargs=tuple(kwargs))


def _kind_then(call: Call, name: str, ref: Ref, kinds: Kinds) -> str | None:
    """Return the kind that a tensor has when the op computes with it."""
    wanted = wanted_kind(call, name, ref, kinds)
    return FLOAT if wanted == "float32" else wanted or kinds.get(ref.call)


def _is_number(value: Value) -> bool:
    return isinstance(value, (int, float))


def _truth(value: Value) -> Value:
    """Return the truth that a number is, or the truths that an array or a list of them is."""
    match value:
        case int() | float():
            return bool(value)
        case Array(data=data):
            return replace(value, dtype="bool", data=_truth(data))
        case tuple():
            return tuple(map(_truth, value))
    return value


def _rank(value: Value, shapes: dict[Ref, Shape]) -> int | None:
    """Return how many axes an operand has, if that is known."""
    match value:
        case Ref():
            return len(shapes[value]) if value in shapes else None
        case Array(data=data):
            return _rank(data, shapes)
        case tuple():
            return 1 + (_rank(value[0], shapes) or 0) if value else 1
    return 0
