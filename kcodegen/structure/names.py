"""Names of layers as templates: what the copies of a block call their layers.

conv2_block1_1_conv, conv3_block1_1_conv   ->   {name}_1_conv      name = conv2_block1, conv3_block1
separable_conv_1_stem_1, separable_conv_1_0   ->   separable_conv_1_{name}
"""

from __future__ import annotations

from dataclasses import replace

from kcodegen.ir.formulas import FORMULAS, Affine, Text, holes, key
from kcodegen.ir.values import Hole, Value, same
from kcodegen.records import record
from kcodegen.structure.unify import ABSENT, Fail, Known, Unifier, _Absent

SEPARATORS = ("_", "-", ".", "/")
_MOST_GROUPS = 3
_SETTLED = 4  # what so many names begin with, no further one will shorten
Parts = tuple[Value, ...]


@record(frozen=False)
class _Group:
    """Names that share what differs: `places` of names, each `before + middle + after`."""

    places: list[int]
    middles: list[Parts | None]
    around: list[tuple[Parts, Parts]]


def name_templates(unifier: Unifier) -> dict[str, Value]:
    """Return what stands for each name, by the hole that holds its place."""
    found: dict[int, Value] = {}
    todo = []
    for place, (values, bound) in enumerate(unifier.names):
        present = _present(values)
        if all(same(v, present[0]) for v in present) and not set(holes(present[0])) - bound:
            found[place] = present[0]
        else:
            todo.append(place)
    if todo:
        found |= _schemes(unifier, todo, list(found))
    return {f"%{place}": text for place, text in found.items()}


def _schemes(unifier: Unifier, todo: list[int], single: list[int]) -> dict[int, Value]:
    """Return what stands for each name in `todo`, and for those in `single` that follow."""
    counts_on = any(param.hint == "first" for param in unifier.params)
    if counts_on and (found := _by_index(unifier, todo)) is not None:
        return found
    groups = _by_prefix(unifier, todo)
    if len(groups) > 1:
        middle = _by_middle(unifier, todo)
        if middle is not None and len(middle) < len(groups):
            groups = middle
        if len(groups) > 1 and (found := _by_index(unifier, todo)) is not None:
            return found
    if len(groups) > _MOST_GROUPS:
        raise Fail
    for place in single:
        _join(unifier, groups[0], place)
    found = {}
    for group in groups:
        if any(part is not None and not part for part in group.middles):
            raise Fail
        values: list[Known] = [ABSENT if p is None else Text(p) for p in group.middles]
        present = _present(values)
        shared = all(same(v, present[0]) for v in present) and not set(holes(present[0]))
        if shared:
            middle_parts = _parts(present[0])
        elif all(len(_parts(v)) == 1 and isinstance(_parts(v)[0], int) for v in present):
            numbers = [v if isinstance(v, _Absent) else _parts(v)[0] for v in values]
            middle_parts = ("", unifier.param(numbers, "index"))
        else:
            middle_parts = (unifier.param(values, "name"),)
        for place, (before, after) in zip(group.places, group.around, strict=True):
            found[place] = Text((*before, *middle_parts, *after))
    return found


def _join(unifier: Unifier, group: _Group, place: int) -> None:
    """Add a name to a group when it begins as the others do; only some copies have it.

    name, _conv | name, _bn | block1b_act   ->   {name}_conv  {name}_bn  {name}_act
    """
    values = unifier.names[place][0]
    there = [m for m, v in zip(group.middles, values, strict=True) if not isinstance(v, _Absent)]
    if len(there) == len(values) or any(before for before, _ in group.around):
        return
    rests = _rests(unifier, [place], list(group.middles)) if all(there) else None
    if rests is not None and rests[0]:
        group.places.append(place)
        group.around.append(((), rests[0]))


def _present(values: list[Known]) -> list[Value]:
    return [v for v in values if not isinstance(v, _Absent)]


def _texts(unifier: Unifier, place: int) -> list[Parts | None]:
    """Return the parts of a name in each copy, None in those that lack it."""
    found = unifier.texts.get(place)
    if found is None:
        values, _ = unifier.names[place]
        found = [None if isinstance(value, _Absent) else _parts(value) for value in values]
        unifier.texts[place] = found
    return found


def _parts(value: Value) -> Parts:
    assert isinstance(value, Text)
    return value.parts


# {name}_suffix


def _by_prefix(unifier: Unifier, todo: list[int]) -> list[_Group]:
    if (all_of_them := _prefix(unifier, todo)) is not None:
        return [all_of_them]
    groups: list[_Group] = []
    rest = sorted(
        todo, key=lambda p: (len(unifier.names[p][0]) - len(_present(unifier.names[p][0])), p)
    )
    while rest:
        group = _prefix(unifier, rest[:1])
        if group is None:
            raise Fail
        for place in rest[1:]:
            rests = _rests(unifier, [place], list(group.middles))
            if rests is not None:
                group = replace(
                    group, places=[*group.places, place], around=[*group.around, ((), rests[0])]
                )
                continue
            if len(group.places) > _SETTLED:
                continue
            wider = _prefix(unifier, [*group.places, place])
            if wider is not None and all(p is None or p for p in wider.middles):
                group = wider
        groups.append(group)
        rest = [place for place in rest if place not in group.places]
        if len(groups) > _MOST_GROUPS:
            break
    return groups


def _prefix(unifier: Unifier, places: list[int]) -> _Group | None:
    """Return the longest prefixes that, one for each copy, leave equal rests."""
    full = [p for p in places if len(_present(unifier.names[p][0])) == len(unifier.names[p][0])]
    first = full[0] if full else places[0]
    texts, bound = _texts(unifier, first), unifier.names[first][1]
    known = [t for t in texts if t is not None]
    for size in range(min(map(len, known)) + 1):
        if size and not all(same(t[-size], known[0][-size]) for t in known):
            return None
        if size and set(holes(known[0][-size])) - bound:
            return None
        heads = [None if t is None else t[: len(t) - size] for t in texts]
        if any(h is not None and bound & set(holes(h)) for h in heads):
            continue
        rests = _rests(unifier, places, heads)
        if rests is not None:
            return _trimmed(places, heads, rests)
    return None


def _rests(unifier: Unifier, places: list[int], heads: list[Parts | None]) -> list[Parts] | None:
    """Return what is left of each name after its copy's prefix; None where copies differ."""
    rests: list[Parts] = []
    for place in places:
        texts, bound = _texts(unifier, place), unifier.names[place][1]
        rest: Parts | None = None
        for parts, head in zip(texts, heads, strict=True):
            if parts is None or head is None:
                continue
            if not same(parts[: len(head)], head):
                return None
            tail = parts[len(head) :]
            if rest is not None and not same(tail, rest):
                return None
            rest = tail
        if rest is None or set(holes(rest)) - bound:
            return None
        for copy, parts in enumerate(texts):
            if heads[copy] is None and parts is not None:
                if len(parts) < len(rest) or not same(parts[len(parts) - len(rest) :], rest):
                    return None
                heads[copy] = parts[: len(parts) - len(rest)]
        rests.append(rest)
    return rests


def _trimmed(places: list[int], heads: list[Parts | None], rests: list[Parts]) -> _Group:
    """Move to the rests what all prefixes end with, down to a word or number that varies."""
    known = [h for h in heads if h is not None]
    count = 0
    while all(len(h) > count + 1 for h in known) and len({key(h[-1 - count]) for h in known}) == 1:
        part = known[0][-1 - count]
        if isinstance(part, (Hole, *FORMULAS)):
            break
        count += 1
    cut = count
    while cut and not _ends_well(known, cut):
        cut -= 1
    if not cut:
        while cut < count and known[0][-1 - cut] in SEPARATORS:
            cut += 1
    tail = known[0][len(known[0]) - cut :]
    new = [None if h is None else h[: len(h) - cut] for h in heads]
    return _Group(places, new, [((), (*tail, *rest)) for rest in rests])


def _ends_well(heads: list[Parts], cut: int) -> bool:
    """Tell whether prefixes, cut, end in what varies and still tell copies apart."""
    ends = [h[-1 - cut] for h in heads]
    numbers = all(isinstance(e, (int, Hole, *FORMULAS)) for e in ends)
    distinct = len({key(h[: len(h) - cut]) for h in heads}) == len({key(h) for h in heads})
    return numbers and distinct


# before_{name}_after


def _by_middle(unifier: Unifier, todo: list[int]) -> list[_Group] | None:
    groups: dict[object, _Group] = {}
    for place in sorted(todo, key=lambda place: _texts(unifier, place).count(None)):
        texts, bound = _texts(unifier, place), unifier.names[place][1]
        known = [t for t in texts if t is not None]
        if _fits_in(list(groups.values()), place, texts):
            continue
        start = _common(known, 0)
        end = _common([t[start:][::-1] for t in known], 0)
        before, after = known[0][:start], known[0][len(known[0]) - end :]
        middles = [None if t is None else t[start : len(t) - end] for t in texts]
        loose = set(holes((before, after))) - bound
        if loose or any(m is not None and (not m or bound & set(holes(m))) for m in middles):
            return None
        for group in groups.values():
            merged = _joined(group.middles, middles)
            if merged is not None:
                group.middles = merged
                group.places.append(place)
                group.around.append((before, after))
                break
        else:
            groups[place] = _Group([place], middles, [(before, after)])
    return list(groups.values())


def _fits_in(groups: list[_Group], place: int, texts: list[Parts | None]) -> bool:
    """Add a name that some copies lack to a group whose middles are in it; tell whether it is."""
    if None not in texts:
        return False
    for group in groups:
        pairs = [(t, m) for t, m in zip(texts, group.middles, strict=True) if t is not None]
        if any(m is None for _, m in pairs):
            continue
        text, middle = pairs[0][0], pairs[0][1] or ()
        for start in range(len(text) - len(middle) + 1):
            before, after = text[:start], text[start + len(middle) :]
            if all(same(t, (*before, *(m or ()), *after)) for t, m in pairs):
                group.places.append(place)
                group.around.append((before, after))
                return True
    return False


def _joined(one: list[Parts | None], other: list[Parts | None]) -> list[Parts | None] | None:
    pairs = list(zip(one, other, strict=True))
    if not all(a is None or b is None or same(a, b) for a, b in pairs):
        return None
    if not any(a is not None and b is not None for a, b in pairs):
        return None
    return [b if a is None else a for a, b in pairs]


def _common(texts: list[Parts], start: int) -> int:
    size = min(map(len, texts))
    count = start
    while count < size and all(same(t[count], texts[0][count]) for t in texts):
        count += 1
    return count


# one number, and others at a distance


def _by_index(unifier: Unifier, todo: list[int]) -> dict[int, Value] | None:
    base: list[int | None] | None = None
    found: dict[int, list[tuple[Value, int | None]]] = {}
    for place in todo:
        values, bound = unifier.names[place]
        texts = [None if isinstance(v, _Absent) else _parts(v) for v in values]
        known = [t for t in texts if t is not None]
        if len({len(t) for t in known}) != 1:
            return None
        row: list[tuple[Value, int | None]] = []
        for i in range(len(known[0])):
            column = [None if t is None else t[i] for t in texts]
            there = [c for c in column if c is not None]
            if all(same(c, there[0]) for c in there) and not set(holes(there[0])) - bound:
                row.append((there[0], None))
                continue
            if not all(isinstance(c, int) for c in there):
                return None
            if base is None:
                base = [c if isinstance(c, int) else None for c in column]
            distances = {
                c - b
                for c, b in zip(column, base, strict=True)
                if isinstance(c, int) and isinstance(b, int)
            }
            if len(distances) != 1 or any(b is None for b in base):
                return None
            row.append((None, distances.pop()))
        found[place] = row
    if base is None:
        return None
    hole = unifier.param([ABSENT if b is None else b for b in base], "index")
    return {
        place: Text(
            ("", *(part if d is None else (Affine(hole, 1, d) if d else hole) for part, d in row))
        )
        for place, row in found.items()
    }
