"""Rolling values: what changes from one turn of a loop to the next.

block1, block2, block3   ->   block{i}          64, 128, 512   ->   a column of a table
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import field, fields, replace
from itertools import pairwise

from kcodegen.ir.formulas import FORMULAS, Affine, Letter, Quotient, Ramp, Text, fill, holes, plus
from kcodegen.ir.values import Hole, Obj, Value, same
from kcodegen.records import record
from kcodegen.structure.unify import Fail

_MOST_COLUMNS = 3


@record(frozen=False)
class Roller:
    """Makes formulas of the index of one loop; what has none becomes a column of its table."""

    index: str
    turns: int
    columns: list[tuple[Value, ...]] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    falls: list[int] = field(default_factory=list)
    others: list[int] = field(default_factory=list)
    uses_index: bool = False
    derived: int = 0

    def roll(self, values: Sequence[Value], in_text: bool = False) -> Value:
        """Return what stands for the values of all turns, with an index that counts from 0."""
        first = values[0]
        if all(same(value, first) for value in values):
            return first
        if isinstance(first, Text):
            return self._text(values, first)
        if in_text and isinstance(first, str):
            return self._letter(values)
        if isinstance(first, Obj) and _same_class(values, first):
            return self._object(values, first)
        if isinstance(first, FORMULAS) and _same_formulas(values, first):
            return self._formula(values, first)
        if (progression := self._progression(values, in_text)) is not None:
            return progression
        if isinstance(first, tuple) and len(first) >= 3 and _tuples(values, len(first)):
            return tuple(self.roll([v[i] for v in values]) for i in range(len(first)))  # type: ignore[index]
        is_word = in_text and not all(isinstance(v, int) for v in values)
        return self.column([Text((v,)) if is_word else v for v in values])

    def _text(self, values: Sequence[Value], first: Text) -> Value:
        if not all(isinstance(v, Text) and len(v.parts) == len(first.parts) for v in values):
            raise Fail
        rows = [v.parts for v in values if isinstance(v, Text)]
        parts = [self.roll([row[i] for row in rows], True) for i in range(len(first.parts))]
        is_number = len(parts) == 1 and not isinstance(parts[0], Hole)
        return Text(("", *parts) if is_number else tuple(parts))

    def _letter(self, values: Sequence[Value]) -> Value:
        places = [ord(v) - ord("a") for v in values if isinstance(v, str) and len(v) == 1]
        if len(places) == len(values) and places[0] >= 0 and _step(places) == 1:
            self.uses_index = True
            self.starts.append(places[0])
            return Letter(Affine(Hole(self.index), 1, places[0]))
        return self.column([Text((v,)) for v in values])

    def _object(self, values: Sequence[Value], first: Obj) -> Value:
        args = []
        for place, (name, _) in enumerate(first.args):
            args.append((name, self.roll([v.args[place][1] for v in values if isinstance(v, Obj)])))
        return replace(first, args=tuple(args))

    def _formula(self, values: Sequence[Value], first: Value) -> Value:
        """Return a formula of which one part changes by a progression."""
        if isinstance(first, Affine):
            offsets = [getattr(v, "offset") for v in values]  # noqa: B009
            step = _step(offsets)
            if step is None:
                raise Fail
            self.uses_index = True
            return Affine(Hole(self.index), step, replace(first, offset=offsets[0]))
        of = self.roll([getattr(v, "of") for v in values], True)  # noqa: B009
        return replace(first, of=of)  # type: ignore[type-var]

    def _progression(self, values: Sequence[Value], in_text: bool) -> Value | None:
        """Return the formula of numbers at equal distances; of two, only neighbours are."""
        step = _step(values)
        if step is None and in_text:
            return self._open_progression(values)
        if step is None or (len(values) < 3 and not in_text and step != 1):
            return None
        assert isinstance(values[0], int)
        self.uses_index = True
        if in_text and abs(step) == 1:
            (self.starts if step == 1 else self.falls).append(values[0])
        elif step == 1:
            self.others.append(values[0])
        return Affine(Hole(self.index), step, values[0])

    def _open_progression(self, values: Sequence[Value]) -> Value | None:
        """Return the formula of a hole, the hole and one, and so on."""
        parts = [
            v if isinstance(v, Affine) else Affine(v)
            for v in values
            if not isinstance(v, (int, str))
        ]
        if len(parts) < len(values) or not all(
            same(p.of, parts[0].of) and same(p.factor, parts[0].factor) for p in parts
        ):
            return None
        step = _step([p.offset for p in parts])
        if step is None:
            return None
        self.uses_index = True
        offset = plus(parts[0].of, 0) if same(parts[0].factor, 1) else None
        if offset is None or not isinstance(parts[0].offset, int):
            return None
        return Affine(Hole(self.index), step, plus(offset, parts[0].offset))

    def column(self, values: Sequence[Value]) -> Value:
        """Return the hole of a column with these values, which may follow from another one."""
        if any(holes(value) for value in values):
            raise Fail
        for place, known in enumerate(self.columns):
            hole = Hole(self.name(place))
            if all(same(a, b) for a, b in zip(known, values, strict=True)):
                return hole
            if (formula := _multiple(values, known, hole)) is not None:
                self.derived += 1
                return formula
        self.columns.append(tuple(values))
        if len(self.columns) > _MOST_COLUMNS:
            raise Fail
        return Hole(self.name(len(self.columns) - 1))

    def name(self, column: int) -> str:
        """Return the hole of a column."""
        return f"{self.index}.{column}"

    @property
    def start(self) -> int:
        """Return the number that the index had better begin with: the one in the names."""
        starts = self.falls if self.step < 0 else self.starts or self.others
        return Counter(starts).most_common(1)[0][0] if starts else 0

    @property
    def step(self) -> int:
        """Return -1 where the names count down and none counts up, 1 otherwise."""
        return -1 if self.falls and not self.starts else 1

    def shifted(self, value: Value) -> Value:
        """Return a rolled value with an index that counts from `start`."""
        if not self.start:
            return fill(value, {})
        turn = Affine(Hole(self.index), self.step, -self.step * self.start)
        return fill(value, {self.index: turn})


def _step(values: Sequence[Value]) -> int | None:
    """Return the distance of numbers that are equally far apart, None for others."""
    numbers = [v for v in values if isinstance(v, int) and not isinstance(v, bool)]
    if len(numbers) < len(values):
        return None
    steps = {b - a for a, b in pairwise(numbers)}
    return steps.pop() if len(steps) == 1 and 0 not in steps else None


def _same_class(values: Sequence[Value], first: Obj) -> bool:
    names = [name for name, _ in first.args]
    return first.body is None and all(
        isinstance(v, Obj) and v.key == first.key and [n for n, _ in v.args] == names
        for v in values
    )


def _same_formulas(values: Sequence[Value], first: Value) -> bool:
    """Tell whether formulas are of one kind and differ in one part only."""
    part = "offset" if isinstance(first, Affine) else "of"
    if not isinstance(first, (Affine, Ramp, Letter)):
        return False
    return all(
        type(v) is type(first)
        and all(
            f.name == part or same(getattr(v, f.name), getattr(first, f.name))
            for f in fields(first)
        )
        for v in values
    )


def _tuples(values: Sequence[Value], length: int) -> bool:
    return all(isinstance(v, tuple) and len(v) == length for v in values)


def _multiple(values: Sequence[Value], base: Sequence[Value], hole: Hole) -> Value | None:
    """Return values as a multiple or a part of the values of another column."""
    pairs = [
        (a, b)
        for a, b in zip(values, base, strict=True)
        if isinstance(a, int) and isinstance(b, int)
    ]
    if len(pairs) < len(values) or len({b for _, b in pairs}) < 2:
        return None
    if all(b >= 4 and a % b == 0 for a, b in pairs):
        factors = {a // b for a, b in pairs}
        if len(factors) == 1 and 1 < (factor := factors.pop()) <= 32:
            return Affine(hole, factor)
    if all(a >= 4 and b % a == 0 for a, b in pairs):
        factors = {b // a for a, b in pairs}
        if len(factors) == 1 and 1 < (factor := factors.pop()) <= 32:
            return Quotient(hole, factor)
    return None
