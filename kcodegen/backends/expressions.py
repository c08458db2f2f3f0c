"""Values -> expressions, as a person writes them.

Obj("keras.initializers.HeNormal")   ->   "he_normal"        kernel_size (3, 3)   ->   3
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field

from kcodegen.backends.formulas import formula
from kcodegen.backends.imports import Imports
from kcodegen.ir.formulas import FORMULAS, Affine, Quotient
from kcodegen.ir.graph import Graph
from kcodegen.ir.program import (
    CallExpr,
    DictExpr,
    Expr,
    ListExpr,
    Literal,
    Name,
    SliceExpr,
    Subscript,
    TupleExpr,
)
from kcodegen.ir.source import Source
from kcodegen.ir.values import Args, Array, Dict, Hole, Obj, Ref, Slice, Symbol, Value
from kcodegen.records import record
from kcodegen.registry.rows import Parameter, narrow
from kcodegen.registry.vocabulary import SEQUENTIAL, Vocabulary

# Sequences of numbers that people write as lists; other numbers are tuples, texts are lists.
_LISTS = frozenset(
    """bin_boundaries boundaries values thresholds vocabulary idf_weights loss_weights mean
    variance indices_or_sections""".split()
)


@record(frozen=False)
class Expressions:
    """Makes expressions for one page.

    `build_nested` gives the name of the function that builds a nested model; `shared` maps the
    tags of objects used in several places to their variables, `sources` the functions that the
    page writes out to their names.
    """

    vocabulary: Vocabulary
    imports: Imports
    build_nested: Callable[[Graph], str]
    shared: dict[int, str]
    sources: dict[Source, str] = field(default_factory=dict)

    def value(
        self, value: Value, param: Parameter | None = None, env: dict[Ref, Expr] | None = None
    ) -> Expr:
        """Return the expression of a value in the place of `param`."""
        match value:
            case Ref():
                assert env is not None
                return env[value]
            case Obj():
                return self.object(value, param)
            case tuple():
                return self._sequence(value, param, env)
            case Dict(items):
                pairs = ((Literal(key), self.value(item, param, env)) for key, item in items)
                return DictExpr(tuple(pairs))
            case Symbol(key):
                return self.imports.name(key)
            case Source():
                return Name(self.sources[value])
            case Array():
                return self._array(value)
            case Slice(start, stop, step):
                bounds = tuple(self.value(bound, None, env) for bound in (start, stop, step))
                return CallExpr(Name("slice"), bounds)
            case None | bool() | int() | float() | str() | bytes():
                return Literal(value)
            case _ if value is ...:
                return Literal(value)
            case _ if isinstance(value, (Hole, *FORMULAS)):
                return formula(value, lambda part: self.value(part, param, env))
        raise AssertionError(f"no expression for {value!r}")

    def _sequence(
        self, value: tuple[Value, ...], param: Parameter | None, env: dict[Ref, Expr] | None
    ) -> Expr:
        if param is not None and param.spread is not None:
            number = narrow(value, param.spread)
            if isinstance(number, (int, float)):
                return Literal(number)
        items = tuple(self.value(item, param if _holds(param) else None, env) for item in value)
        if _is_numbers(value) and not (param is not None and param.name in _LISTS):
            return TupleExpr(items)
        return ListExpr(items)

    def _array(self, array: Array) -> Expr:
        data = _nested_list(array.data)
        dtype = (("dtype", Literal(array.dtype)),)
        if array.kind == "numpy":
            name = self.imports.numpy()
            return CallExpr(Name(f"{name.id}.array"), (data,), dtype)
        return CallExpr(self.imports.name(self.vocabulary.target.constant), (data,), dtype)

    def object(self, obj: Obj, param: Parameter | None = None) -> Expr:
        """Return the constructor call of an object, or the string that stands for it."""
        if obj.tag is not None and obj.tag in self.shared:
            return Name(self.shared[obj.tag])
        if obj.body is not None:
            return CallExpr(Name(self.build_nested(obj.body)))
        row = self.vocabulary.row(obj.key)
        if not obj.args and row.shorthand and param is not None and param.holds == row.kind:
            return Literal(row.shorthand)
        if obj.named:
            return self.construct(obj.key, obj.args)
        return self.construct(obj.key, tuple(item for item in obj.args if item[0] != "name"))

    def construct(self, key: str, args: Args, name: Value = None) -> CallExpr:
        """Return a constructor call; `name` comes last."""
        row = self.vocabulary.row(key)
        func = self.imports.name(key, row.helper)
        positional, keywords = self.arguments(args, (*row.params, *row.extra), row.positional)
        if name is not None:
            keywords = (*keywords, ("name", self.value(name)))
        return CallExpr(func, positional, keywords)

    def chain(self, parts: Value, name: Value) -> CallExpr:
        """Return a Sequential with its layers inside the brackets."""
        assert isinstance(parts, tuple)
        made = ListExpr(tuple(self.value(part) for part in parts))
        kwargs = (("name", self.value(name)),) if name is not None else ()
        return CallExpr(self.imports.name(SEQUENTIAL.key), (made,), kwargs)

    def arguments(
        self,
        args: Args,
        params: Sequence[Parameter],
        positional: int,
        env: dict[Ref, Expr] | None = None,
    ) -> tuple[tuple[Expr, ...], tuple[tuple[str, Expr], ...]]:
        """Return arguments as a person passes them: the first few by position."""
        known = {param.name: param for param in params}
        given = dict(args)
        leading: list[Expr] = []
        for param in params[:positional]:
            if param.name not in given or param.keyword_only:
                break
            leading.append(self.value(given.pop(param.name), param, env))
        rest = tuple(
            (name, self.value(value, known.get(name), env)) for name, value in args if name in given
        )
        return tuple(leading), rest

    def index(self, base: Expr, key: Value, env: dict[Ref, Expr]) -> Expr:
        """Return `base[key]`: slices, `None` and `...` as in NumPy."""
        items = key if isinstance(key, tuple) else (key,)
        parts = tuple(self._index_part(item, env) for item in items)
        if isinstance(key, tuple) and len(parts) == 1:
            return Subscript(base, TupleExpr(parts))
        return Subscript(base, TupleExpr(parts) if isinstance(key, tuple) else parts[0])

    def _index_part(self, item: Value, env: dict[Ref, Expr]) -> Expr:
        if isinstance(item, Slice):
            bounds = (
                None if bound is None else self.value(bound, None, env)
                for bound in (item.start, item.stop, item.step)
            )
            return SliceExpr(*bounds)
        return self.value(item, None, env)


def _holds(param: Parameter | None) -> bool:
    return param is not None and bool(param.holds)


def _is_numbers(value: tuple[Value, ...]) -> bool:
    """Tell whether a sequence reads as a tuple: numbers and None, or tuples of them."""
    return all(
        item is None
        or isinstance(item, (Hole, Affine, Quotient))
        or (isinstance(item, (int, float)) and not isinstance(item, bool))
        or (isinstance(item, tuple) and _is_numbers(item))
        for item in value
    ) and (bool(value))


def _nested_list(value: Value) -> Expr:
    if isinstance(value, tuple):
        return ListExpr(tuple(_nested_list(item) for item in value))
    assert isinstance(value, (bool, int, float))
    return Literal(value)
