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
    from dataclasses import replace
else:
    from dataclasses import MISSING, dataclass, fields
    from functools import cache
    from types import CodeType, FunctionType

    def record(*, frozen: bool, eq: bool | None = None) -> Any:
        """Return the decorator of a dataclass with slots.

        A frozen one is a value: compared and hashed by its fields, unless `eq` is false. Another
        one has a state, and is equal to itself only.
        """
        by_fields = frozen if eq is None else eq

        def decorate(cls: type) -> type:
            made = dataclass(slots=True, eq=False, repr=False, init=False)(cls)
            made.__init__ = _init(made)
            made.__repr__ = _repr
            if by_fields:
                made.__eq__, made.__hash__ = _comparison(made)
            return made

        return decorate

    def replace(item: Any, /, **changes: Any) -> Any:
        """Return a copy of a record with some fields changed."""
        kind = type(item)
        for name in kind.__match_args__:
            if name not in changes:
                changes[name] = getattr(item, name)
        return kind(**changes)

    def _init(cls: type) -> Callable[..., None]:
        """Return the `__init__` of a dataclass without code of its own compiled.

        Compiling it takes longer than all else that makes a class. A field with `init=False` has
        no default: `__post_init__` assigns it.
        """
        assign, post = _assigning(cls), getattr(cls, "__post_init__", None)
        made = [f for f in fields(cls) if f.default_factory is not MISSING]
        if not made and post is None:
            return assign

        def init(self: Any, *args: Any, **kwargs: Any) -> None:
            assign(self, *args, **kwargs)
            for field in made:
                if getattr(self, field.name, MISSING) is MISSING:
                    setattr(self, field.name, field.default_factory())
            if post is not None:
                post(self)

        return init

    def _assigning(cls: type) -> Callable[..., None]:
        """Return an `__init__` that only assigns, from code that classes share but for its names.

        What is made for each instance is assigned as MISSING when it is not given.
        """
        given = [field for field in fields(cls) if field.init]
        names = tuple(field.name for field in given)
        code = _assignments(len(names)).replace(co_varnames=("self", *names), co_names=names)
        defaults = tuple(
            field.default
            for field in given
            if field.default is not MISSING or field.default_factory is not MISSING
        )
        return FunctionType(code, {}, "__init__", defaults)

    @cache
    def _assignments(count: int) -> CodeType:
        """Return the code of an `__init__` that assigns its arguments to `count` fields."""
        names = [f"field_{i}" for i in range(count)]
        body = "".join(f"\n    self.{name} = {name}" for name in names) or " pass"
        module = compile(f"def __init__({', '.join(['self', *names])}):{body}", __file__, "exec")
        return next(item for item in module.co_consts if isinstance(item, CodeType))

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


__all__ = ["record", "replace"]
