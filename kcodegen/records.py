"""Dataclasses that cost little: to make as classes, and to make instances of.

A compilation makes a hundred classes and tens of thousands of instances, and a page is there in a
quarter of a second. `frozen=True` alone doubles the time that a class takes and triples that of
an instance, so it is mypy that holds records frozen: to mypy, `record` is `dataclass`, and every
assignment to a field of a frozen one is an error. At run time nothing guards the fields.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as record
else:
    from dataclasses import dataclass, fields

    def record(*, frozen: bool, eq: bool | None = None) -> Any:
        """Return the decorator of a dataclass with slots.

        A frozen one is a value: compared and hashed by its fields, unless `eq` is false. Another
        one has a state, and is equal to itself only.
        """
        by_fields = frozen if eq is None else eq

        def decorate(cls: type) -> type:
            made = dataclass(slots=True, eq=False, repr=False)(cls)
            made.__repr__ = _repr
            if by_fields:
                made.__eq__, made.__hash__ = _comparison(made)
            return made

        return decorate

    def _comparison(cls: type) -> tuple[Callable[..., Any], Callable[..., int]]:
        """Return `__eq__` and `__hash__` by fields, which need no code of their own compiled."""
        names = [f.name for f in fields(cls) if f.compare]
        get = attrgetter(*names) if names else lambda _: ()

        def equal(self: Any, other: object) -> Any:
            if other.__class__ is self.__class__:
                return self is other or get(self) == get(other)
            return NotImplemented

        return equal, lambda self: hash(get(self))

    def _repr(self: Any) -> str:
        """Return what a dataclass says of itself, without a function of its own for every class."""
        shown = (f"{f.name}={getattr(self, f.name)!r}" for f in fields(self) if f.repr)
        return f"{type(self).__qualname__}({', '.join(shown)})"


__all__ = ["record"]
