"""Formulas: values that depend on holes, as the body of a block or loop says them.

Text((Hole("name"), "_conv"))   ->   f"{name}_conv"
Affine(Hole("filters"), 4)      ->   4 * filters
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeAlias

from kcodegen.ir.values import Dict, Hole, Obj, Slice, Value
from kcodegen.records import record


@record(frozen=True)
class Affine:
    """`factor * of + offset`."""

    of: Value
    factor: Value = 1
    offset: Value = 0


@record(frozen=True)
class Quotient:
    """`of // divisor`."""

    of: Value
    divisor: int


@record(frozen=True)
class Letter:
    """The `of`-th letter, `a` for 0."""

    of: Value


@record(frozen=True)
class Ramp:
    """`scale * of / steps`: a rate that grows with the depth of the network."""

    scale: float
    of: Value
    steps: int


@record(frozen=True)
class Text:
    """A text in parts: words, numbers and formulas."""

    parts: tuple[Value, ...]


@record(frozen=True)
class Condition:
    """`of op than` for a comparison; just `of`, or `not of`, when `op` is that word."""

    of: Value
    op: str
    than: Value = None


@record(frozen=True)
class Either:
    """`yes if test else no`."""

    test: Value
    yes: Value
    no: Value


Formula: TypeAlias = "Affine | Quotient | Letter | Ramp | Text | Condition | Either"
FORMULAS = (Affine, Quotient, Letter, Ramp, Text, Condition, Either)
Env: TypeAlias = "Mapping[str, Value]"
# Values without holes in them, and the fields of those that have parts: asked most of all.
_PLAIN = frozenset({type(None), bool, int, float, str})
_OPPOSITES = {"": "not", "not": "", "==": "!=", "!=": "==", ">=": "<", "<": ">="}
_PARTS = {kind: tuple(f.name for f in fields(kind)) for kind in (*FORMULAS, Slice)}


def holes(value: Value) -> list[str]:
    """Return the names of the holes in a value."""
    found: list[str] = []
    _collect(value, found)
    return found


def _collect(value: Value, found: list[str]) -> None:
    kind = type(value)
    if kind in _PLAIN:
        return
    if isinstance(value, Hole):
        found.append(value.name)
    elif isinstance(value, tuple):
        for item in value:
            if type(item) not in _PLAIN:
                _collect(item, found)
    elif isinstance(value, (Dict, Obj)):
        for _, item in value.items if isinstance(value, Dict) else value.args:
            _collect(item, found)
    elif kind in _PARTS:
        for name in _PARTS[kind]:
            _collect(getattr(value, name), found)


def change(value: Value, by: Callable[[Hole], Value]) -> Value:
    """Return `value` with every hole replaced, and formulas computed where they can be."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    match value:
        case Hole():
            return by(value)
        case tuple():
            return tuple([item if type(item) in _PLAIN else change(item, by) for item in value])
        case Dict(items):
            return Dict(tuple([(key, change(item, by)) for key, item in items]))
        case Obj(_, args):
            return replace(value, args=tuple([(key, change(item, by)) for key, item in args]))
    if kind not in _PARTS:
        return value
    parts: dict[str, Any] = {name: change(getattr(value, name), by) for name in _PARTS[kind]}
    return simplify(replace(value, **parts))  # type: ignore[type-var]


def fill(value: Value, env: Env) -> Value:
    """Return `value` with the holes that `env` knows filled."""
    return change(value, lambda hole: env.get(hole.name, hole))


def simplify(value: Value) -> Value:
    """Return what a formula comes to, or the formula while a hole is left in it."""
    match value:
        case Affine(of, factor, offset):
            return _affine(of, factor, offset)
        case Quotient(int() as of, divisor):
            return of // divisor
        case Letter(int() as of):
            return chr(ord("a") + of)
        case Ramp(scale, int() as of, steps):
            return scale * of / steps
        case Text(parts):
            return Text(joined(parts))
        case Condition(Condition() as of, "" | "not" as op):
            return of if op == "" else replace(of, op=_OPPOSITES[of.op])
        case Condition(of, op, than) if not _is_formula(of) and not _is_formula(than):
            return _truth(of, op, than)
        case Either(bool() as test, yes, no):
            return yes if test else no
        case _:
            return value


def _affine(of: Value, factor: Value, offset: Value) -> Value:
    if isinstance(of, int) and isinstance(factor, int):
        return plus(offset, factor * of)
    if (
        isinstance(of, Affine)
        and isinstance(factor, int)
        and isinstance(of.factor, int)
        and isinstance(of.offset, int)
    ):
        return simplify(Affine(of.of, factor * of.factor, plus(offset, factor * of.offset)))
    if isinstance(of, Hole) and _is_number(factor, 1) and _is_number(offset, 0):
        return of
    return Affine(of, factor, offset)


def plus(value: Value, number: int) -> Value:
    """Return `value + number`."""
    if isinstance(value, int):
        return value + number
    if isinstance(value, Affine):
        return simplify(replace(value, offset=plus(value.offset, number)))
    return Affine(value, 1, number) if number else value


def _is_number(value: Value, number: int) -> bool:
    return isinstance(value, int) and value == number


def _is_formula(value: Value) -> bool:
    return isinstance(value, (Hole, *FORMULAS))


def _truth(of: Value, op: str, than: Value) -> bool:
    match op:
        case "==":
            return of == than
        case "!=":
            return of != than
        case ">=":
            return of >= than  # type: ignore[operator]
        case "<":
            return of < than  # type: ignore[operator]
        case _:
            return bool(of) == (op == "")


def joined(parts: tuple[Value, ...]) -> tuple[Value, ...]:
    """Return the parts of a text with the texts among them opened."""
    found: list[Value] = []
    for part in parts:
        if isinstance(part, Text):
            found += part.parts
        else:
            found.append(part)
    return tuple(found)


def plain(value: Value) -> Value:
    """Return a value whose texts without holes are strings again."""
    match value:
        case Text(parts) if not any(isinstance(part, (Hole, *FORMULAS)) for part in parts):
            return "".join(str(part) for part in parts)
        case tuple():
            return tuple(plain(item) for item in value)
        case Obj(_, args):
            return replace(value, args=tuple((key, plain(item)) for key, item in args))
        case Dict(items):
            return Dict(tuple((key, plain(item)) for key, item in items))
        case _:
            return value


def key(value: Value) -> object:
    """Return what is equal for two values exactly when they are the same, types included."""
    if value is None or isinstance(value, (str, bytes)):
        return value
    if isinstance(value, (bool, int, float)):
        return (type(value).__name__, repr(value))
    if isinstance(value, tuple):
        return tuple([key(item) for item in value])
    if isinstance(value, Obj) and value.body is not None:
        return ("graph", id(value.body))
    if is_dataclass(value):
        return (type(value).__name__, *(key(getattr(value, part.name)) for part in fields(value)))
    return repr(value)
