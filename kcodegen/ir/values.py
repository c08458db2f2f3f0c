"""Values: what an argument can be.

A value is a scalar (`None`, `bool`, `int`, `float`, `str`, `bytes`, `...`), a tuple of values
(every JSON list is a tuple here), or one of the frozen types below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cache
from types import EllipsisType
from typing import TYPE_CHECKING, TypeAlias, Union

if TYPE_CHECKING:
    from kcodegen.ir.graph import Graph

Scalar: TypeAlias = Union[bool, int, float, str, bytes, EllipsisType, None]
Value: TypeAlias = Union[
    Scalar, "tuple[Value, ...]", "Dict", "Obj", "Ref", "Array", "Slice", "Symbol", "Hole"
]
Args: TypeAlias = "tuple[tuple[str, Value], ...]"


@dataclass(frozen=True, slots=True)
class Ref:
    """The `index`-th output of the call with the id `call`."""

    call: str
    index: int = 0


@dataclass(frozen=True, slots=True)
class Dict:
    """A dict with text keys, in the order of the file."""

    items: Args


@dataclass(frozen=True, slots=True)
class Obj:
    """A nested constructor call: `Obj("keras.regularizers.L2", (("l2", 0.01),))`.

    `key` is a registry key, or `custom:<name>` for a user's class. `body` is the graph of a
    nested model. `tag` numbers an object that several places share; it is None for an object
    that is used once. `named` tells whether the page has to write a layer's name.
    """

    key: str
    args: Args = ()
    body: Graph | None = None
    tag: int | None = None
    named: bool = field(default=True, compare=False)


@dataclass(frozen=True, slots=True)
class Symbol:
    """A function or class used by name: `Symbol("keras.losses.mean_squared_error")`."""

    key: str


@dataclass(frozen=True, slots=True)
class Array:
    """A constant array; `kind` is "numpy" or "tensor", `data` its nested tuples of numbers."""

    kind: str
    dtype: str
    data: Value


@dataclass(frozen=True, slots=True)
class Slice:
    """A slice of an index: `start:stop:step`."""

    start: Value = None
    stop: Value = None
    step: Value = None


@dataclass(frozen=True, slots=True)
class Hole:
    """What differs between the copies of a block."""

    name: str


def same(left: object, right: object) -> bool:
    """Tell whether two values are the same in type and content.

    Stricter than `==`: `1`, `1.0` and `True` differ, and so do `0.0` and `-0.0`. Fields that
    take no part in comparison (`compare=False`) are ignored.
    """
    if left is right:
        return True
    if type(left) is not type(right):
        return False
    if isinstance(left, (str, int, bytes)):
        return left == right
    if isinstance(left, tuple):
        assert isinstance(right, tuple)
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, float):
        return repr(left) == repr(right)
    if is_dataclass(left):
        names = _compared(type(left))  # type: ignore[arg-type]
        return all(same(getattr(left, name), getattr(right, name)) for name in names)
    return left == right


@cache
def _compared(kind: type) -> tuple[str, ...]:
    """Return the names of the fields of a dataclass that take part in comparison."""
    return tuple(f.name for f in fields(kind) if f.compare)


def lookup(args: Args, name: str, default: Value = None) -> Value:
    """Return the argument called `name`, or `default`."""
    for key, value in args:
        if key == name:
            return value
    return default


def children(value: Value) -> tuple[Value, ...]:
    """Return the values directly inside `value`; a nested model's graph is not entered."""
    match value:
        case tuple():
            return value
        case Dict(items):
            return tuple(item for _, item in items)
        case Obj(_, args):
            return tuple(item for _, item in args)
        case Slice(start, stop, step):
            return (start, stop, step)
        case _:
            return ()


def walk(value: Value) -> Iterator[Value]:
    """Yield `value` and everything inside it, outermost first."""
    stack = [value]
    while stack:
        item = stack.pop()
        yield item
        stack.extend(reversed(children(item)))


def refs(value: Value) -> Iterator[Ref]:
    """Yield the references inside `value` from left to right."""
    for item in walk(value):
        if isinstance(item, Ref):
            yield item


def rewrite(value: Value, change: Callable[[Value], Value]) -> Value:
    """Return `value` with `change` applied to every part, innermost first."""
    match value:
        case tuple():
            new: Value = tuple(rewrite(item, change) for item in value)
        case Dict(items):
            new = Dict(tuple((key, rewrite(item, change)) for key, item in items))
        case Obj(_, args):
            new = replace(value, args=tuple((key, rewrite(item, change)) for key, item in args))
        case Slice(start, stop, step):
            new = Slice(rewrite(start, change), rewrite(stop, change), rewrite(step, change))
        case _:
            new = value
    return change(new)
