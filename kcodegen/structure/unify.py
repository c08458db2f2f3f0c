"""Anti-unification: what several values have in common, with holes for what differs.

64, 128, 256   ->   ?filters        HeNormal(seed=1), HeNormal(seed=2)   ->   HeNormal(seed=?seed)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import field, replace
from typing import Final

from kcodegen.ir.formulas import Affine, Condition, Either, Quotient, Ramp, Text, fill, holes, key
from kcodegen.ir.values import Hole, Obj, Value, same
from kcodegen.records import record
from kcodegen.structure.draft import Draft

NONE: Final[frozenset[str]] = frozenset()
_MOST_PARAMS = 14
# Shapes are tuples whose parts differ one by one; other tuples are passed whole.
_SHAPES = frozenset({"target_shape", "shape"})


class Fail(Exception):  # noqa: N818  (a way out, no error)
    """The values have too little in common."""


class _Absent:
    """The value of a slot in a copy that lacks the whole node: it may be anything."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()
Known = Value | _Absent


@record(frozen=False)
class Found:
    """A parameter being made: its value in each copy."""

    name: str
    hint: str
    values: list[Known]


@record(frozen=False)
class Unifier:
    """Collects the parameters of one block."""

    draft: Draft
    params: list[Found] = field(default_factory=list)
    names: list[tuple[list[Known], frozenset[str]]] = field(default_factory=list)
    texts: dict[int, list[tuple[Value, ...] | None]] = field(default_factory=dict)

    def value(self, values: Sequence[Known], hint: str, bound: frozenset[str] = NONE) -> Value:
        """Return what the values have in common; `bound` are the variables of loops inside."""
        present: list[Value] = [v for v in values if not isinstance(v, _Absent)]
        if any(isinstance(value, Text) for value in present):
            return self._name(values, present, bound)
        if bound and any(isinstance(value, Affine) for value in present):
            values = [_as_affine(value, bound) for value in values]
        return self._known(values, hint, bound)

    def _known(self, values: Sequence[Known], hint: str, bound: frozenset[str]) -> Value:
        present: list[Value] = [v for v in values if not isinstance(v, _Absent)]
        first = present[0]
        loose = set(holes(first))
        if all(same(value, first) for value in present) and not loose - bound:
            return first
        match first:
            case Obj() if _alike(present):
                return self._object(values, first, bound)
            case tuple() if hint in _SHAPES and _equal_lengths(present):
                columns = range(len(first))
                return tuple(self.value(_column(values, i), "size", bound) for i in columns)
            case Affine() | Ramp() if self._same_but(present, first, bound):
                hint = "depth" if isinstance(first, Ramp) or hint == "depth" else "offset"
                return self._formula(values, first, hint, bound)
        is_choice = isinstance(first, (Condition, Either))
        if is_choice or any(bound & set(holes(value)) for value in present):
            raise Fail
        return self.param(values, hint)

    def param(self, values: Sequence[Known], hint: str) -> Hole:
        """Return the hole with these values, an old one where one fits."""
        for param in self.params:
            if _fits(param.values, values):
                param.values = [
                    b if isinstance(a, _Absent) else a
                    for a, b in zip(param.values, values, strict=True)
                ]
                return Hole(param.name)
        self.params.append(Found(self.draft.hole(), hint, list(values)))
        if len(self.params) > _MOST_PARAMS:
            raise Fail
        return Hole(self.params[-1].name)

    def _name(self, values: Sequence[Known], present: list[Value], bound: frozenset[str]) -> Value:
        if not all(isinstance(value, Text) for value in present):
            raise Fail
        self.names.append((list(values), bound))
        return Hole(f"%{len(self.names) - 1}")

    def _object(self, values: Sequence[Known], first: Obj, bound: frozenset[str]) -> Value:
        args = []
        for place, (name, _) in enumerate(first.args):
            column = [v.args[place][1] if isinstance(v, Obj) else ABSENT for v in values]
            args.append((name, self.value(column, name, bound)))
        return replace(first, args=tuple(args))

    def _same_but(self, present: list[Value], first: Value, bound: frozenset[str]) -> bool:
        """Tell whether formulas differ in one part only: the offset, or what a ramp rises with."""
        if isinstance(first, Ramp):
            return all(
                isinstance(v, Ramp) and v.scale == first.scale and v.steps == first.steps
                for v in present
            )
        assert isinstance(first, Affine)
        return bool(set(holes(first.of)) & bound) and all(
            isinstance(v, Affine) and same(v.of, first.of) and same(v.factor, first.factor)
            for v in present
        )

    def _formula(
        self, values: Sequence[Known], first: Affine | Ramp, hint: str, bound: frozenset[str]
    ) -> Value:
        part = "of" if isinstance(first, Ramp) else "offset"
        column = [v if isinstance(v, _Absent) else getattr(v, part) for v in values]
        found = self.value(column, hint, bound)
        if isinstance(first, Ramp):
            return replace(first, of=found)
        return replace(first, offset=found)

    def derive(self) -> dict[str, Value]:
        """Return formulas for the parameters that follow from another: `4 * filters`."""
        numbers = [p for p in self.params if is_numeric(p)]
        env: dict[str, Value] = {}
        left = list(numbers)
        while left:
            ranked = [(rank, i) for i, base in enumerate(left) if (rank := _rank(base, left))]
            if not ranked:
                break
            base = left[min(ranked)[1]]
            for param in left:
                if param is not base and (formula := multiple(param, base)) is not None:
                    env[param.name] = formula
            left = [p for p in left if p is not base and p.name not in env]
        self.params = [param for param in self.params if param.name not in env]
        return env

    def derive_starts(self) -> dict[str, Value]:
        """Return formulas for numbers that are a little more than another one: `first + 1`."""
        env: dict[str, Value] = {}
        for param in self.params:
            if param.hint != "first":
                continue
            for base in self.params:
                if base is not param and base.hint == "index" and (n := _distance(param, base)):
                    env[param.name] = Affine(Hole(base.name), 1, n)
                    base.hint = "first"
                    break
        self.params = [param for param in self.params if param.name not in env]
        return env


def _as_affine(value: Known, bound: frozenset[str]) -> Known:
    """Return the variable of a loop as a formula: `i + 0`, for others are `i + 3`."""
    return Affine(value) if isinstance(value, Hole) and value.name in bound else value


def _distance(param: Found, base: Found) -> int | None:
    """Return what `param` is beyond `base` everywhere, None when that differs."""
    pairs = zip(param.values, base.values, strict=True)
    known = {
        a - b if isinstance(a, int) and isinstance(b, int) else None
        for a, b in pairs
        if not isinstance(a, _Absent)
    }
    return known.pop() if len(known) == 1 else None


def _column(values: Sequence[Known], place: int) -> list[Known]:
    return [v[place] if isinstance(v, tuple) else ABSENT for v in values]


def _alike(present: list[Value]) -> bool:
    """Tell whether objects are made by the same class with the same arguments by name."""
    first = present[0]
    assert isinstance(first, Obj)
    names = [name for name, _ in first.args]
    return all(
        isinstance(v, Obj)
        and v.key == first.key
        and v.body is None
        and v.tag == first.tag
        and v.named == first.named
        and [name for name, _ in v.args] == names
        for v in present
    )


def _equal_lengths(present: list[Value]) -> bool:
    return len({len(v) if isinstance(v, tuple) else -1 for v in present}) == 1


def _fits(one: Sequence[Known], other: Sequence[Known]) -> bool:
    """Tell whether two columns agree where both are known, and both are known somewhere."""
    both = False
    for a, b in zip(one, other, strict=True):
        if isinstance(a, _Absent) or isinstance(b, _Absent):
            continue
        if not same(a, b):
            return False
        both = True
    return both


def is_numeric(param: Found) -> bool:
    """Tell whether the values are different numbers that sizes may be."""
    known = [v for v in param.values if not isinstance(v, _Absent)]
    numbers = [v for v in known if isinstance(v, int) and not isinstance(v, bool) and v > 0]
    return len(numbers) == len(known) and len(set(numbers)) > 1 and max(numbers) >= 8


def multiple(param: Found, base: Found) -> Value | None:
    """Return `param` as a multiple or a part of `base`, or None."""
    pairs = list(zip(param.values, base.values, strict=True))
    if any(isinstance(b, _Absent) and not isinstance(a, _Absent) for a, b in pairs):
        return None
    known = [(a, b) for a, b in pairs if isinstance(a, int) and isinstance(b, int)]
    if len({b for _, b in known}) < 2:
        return None
    for big, small, made in (
        (0, 1, lambda k: Affine(Hole(base.name), k)),
        (1, 0, lambda k: Quotient(Hole(base.name), k)),
    ):
        if all(pair[big] % pair[small] == 0 and pair[small] >= 4 for pair in known):
            factors = {pair[big] // pair[small] for pair in known}
            if len(factors) == 1 and 1 < (factor := factors.pop()) <= 32:
                return made(factor)
    return None


def _rank(base: Found, params: list[Found]) -> tuple[float, ...] | None:
    """Return how well other parameters follow from `base`: the smaller the better."""
    found = [f for p in params if p is not base and (f := multiple(p, base)) is not None]
    if not found:
        return None
    factors = (
        f.factor if isinstance(f, Affine) else 1.01 * f.divisor if isinstance(f, Quotient) else 1
        for f in found
    )
    absent = sum(isinstance(v, _Absent) for v in base.values)
    return (absent, -len(found), sum(f for f in factors if isinstance(f, (int, float))))


def fill_found(params: list[Found], env: dict[str, Value]) -> None:
    """Fill holes in the values of parameters."""
    for param in params:
        param.values = [v if isinstance(v, _Absent) else fill(v, env) for v in param.values]


def known(value: Known) -> Value:
    """Return a value that every copy must have; what one lacks is None."""
    return None if isinstance(value, _Absent) else value


def usual(values: Sequence[Value]) -> tuple[Value, int]:
    """Return the value that most have, and how many; None where as many have none."""
    counts = Counter(map(key, values))
    most, count = counts.most_common(1)[0]
    if counts.get(None) == count:
        return None, count
    return next(value for value in values if key(value) == most), count


def values_key(values: Sequence[Known]) -> tuple[object, ...]:
    """Return a key of a column of values."""
    return tuple(ABSENT if isinstance(v, _Absent) else key(v) for v in values)
