"""Values: what an argument can be.

A value is a scalar (`None`, `bool`, `int`, `float`, `str`, `bytes`, `...`), a tuple of values
(every JSON list is a tuple here), or one of the frozen types below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import field, fields, is_dataclass, replace
from functools import cache
from operator import attrgetter
from types import EllipsisType
from typing import TYPE_CHECKING, TypeAlias, Union

from kcodegen.records import record

if TYPE_CHECKING:
    from kcodegen.ir.formulas import Formula
    from kcodegen.ir.graph import Graph
    from kcodegen.ir.source import Source

Scalar: TypeAlias = Union[bool, int, float, str, bytes, EllipsisType, None]
Value: TypeAlias = Union[
    Scalar,
    "tuple[Value, ...]",
    "Dict",
    "Obj",
    "Ref",
    "Array",
    "Slice",
    "Symbol",
    "Source",
    "Hole",
    "Formula",
]
Args: TypeAlias = "tuple[tuple[str, Value], ...]"


@record(frozen=True)
class Ref:
    """The `index`-th output of the call with the id `call`."""

    call: str
    index: int = 0


@record(frozen=True)
class Dict:
    """A dict with text keys, in the order of the file."""

    items: Args


@record(frozen=True)
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


@record(frozen=True)
class Symbol:
    """A function or class used by name: `Symbol("keras.losses.mean_squared_error")`."""

    key: str


@record(frozen=True)
class Array:
    """A constant array; `kind` is "numpy" or "tensor", `data` its nested tuples of numbers."""

    kind: str
    dtype: str
    data: Value


@record(frozen=True)
class Slice:
    """A slice of an index: `start:stop:step`."""

    start: Value = None
    stop: Value = None
    step: Value = None


@record(frozen=True)
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
    kind = type(left)
    if kind is not type(right):
        return False
    if kind is tuple:
        return _all_same(left, right)  # type: ignore[arg-type]
    if isinstance(left, float):
        return repr(left) == repr(right)
    fields_of = None if kind is str else _compared(kind)  # type: ignore[arg-type]
    if fields_of is None:
        return left == right
    return _all_same(fields_of(left), fields_of(right))


def _all_same(left: tuple[object, ...], right: tuple[object, ...]) -> bool:
    if len(left) != len(right):
        return False
    for a, b in zip(left, right):  # noqa: B905, SIM110 (called most of all: this is fast)
        if a is not b and not same(a, b):
            return False
    return True


@cache
def _compared(kind: type) -> Callable[[object], tuple[object, ...]] | None:
    """Return what gets those fields of a dataclass that count, None for any other type."""
    if not is_dataclass(kind):
        return None
    names = [f.name for f in fields(kind) if f.compare]
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)


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
