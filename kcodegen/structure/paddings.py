"""Paddings: what a convolution of several sizes needs before it, where it halves its input.

pad(((0, 1), (0, 1))), conv(3) | pad(((1, 2), (1, 2))), conv(5)   ->   pad(k // 2 - 1, k // 2)
"""

from __future__ import annotations

from collections.abc import Callable

from kcodegen.ir.formulas import Affine, Quotient, fill
from kcodegen.ir.values import Hole, Value, same
from kcodegen.structure.unify import Found, Unifier, _Absent


def explain_paddings(unifier: Unifier) -> dict[str, Value]:
    """Return formulas for the paddings that follow from a size; those parameters are gone."""
    sizes = [param for param in unifier.params if param.hint in ("kernel_size", "pool_size")]
    env: dict[str, Value] = {}
    for param in unifier.params:
        if param.hint != "padding":
            continue
        formulas = (
            way(Hole(size.name)) for size in sizes for way in _WAYS if _fits(param, size, way)
        )
        if (formula := next(formulas, None)) is not None:
            env[param.name] = formula
    unifier.params = [param for param in unifier.params if param.name not in env]
    return env


def _fits(param: Found, size: Found, way: Callable[[Value], Value]) -> bool:
    """Tell whether a padding is what a way makes of a size in every copy that pads."""
    pairs = zip(param.values, size.values, strict=True)
    known = [(padding, of) for padding, of in pairs if not isinstance(padding, _Absent)]
    return len({str(of) for _, of in known}) > 1 and all(
        isinstance(of, int) and same(padding, fill(way(of), {})) for padding, of in known
    )


def _half(size: Value) -> Value:
    return Quotient(size, 2)


def _end(size: Value) -> Value:
    """Return less at the beginning than at the end: an even input needs no more."""
    return (Affine(Quotient(size, 2), 1, -1), Quotient(size, 2))


def _ends(size: Value) -> Value:
    return (_end(size), _end(size))


_WAYS = (_half, _end, _ends)
