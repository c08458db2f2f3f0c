"""Candidates: copies of what may become a block, and what that would save."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from kcodegen.ir.formulas import holes, key
from kcodegen.ir.outline import MOST_PARAMS
from kcodegen.ir.values import Value, same
from kcodegen.records import record
from kcodegen.structure.draft import LINE, Draft, Looks, Node, deep
from kcodegen.structure.lifting import lifted_alike
from kcodegen.structure.limits import OWN_LINES, USE, most_saved, without_repetitions
from kcodegen.structure.merge import Merged, Merger
from kcodegen.structure.regions import Place, Region, Wiring, naturalness, wiring
from kcodegen.structure.unify import Fail, Found, usual

_LEAST = 1.0
_TWO_IN_ONE, _INTERLEAVED = 0.5, 0.25
_SINGLE = 0.6  # lines, for each node that one copy alone has
_IDLE = 1.5  # the same for a tensor that a copy is given and does not use
_WIDTH = 9 / LINE  # channels = x.shape[-1]
_MANNERS = frozenset({"strides", "padding", "activation", "use_bias", "dilation_rate", "groups"})
_OWN = frozenset({"filters", "units", "size", "name"})


@record(frozen=True, eq=False)
class Candidate:
    """A block that may be made: its copies, what they come to, what that saves."""

    regions: tuple[Region, ...]
    merged: Merged
    defaults: dict[str, Value]
    saving: float
    before: float
    bonus: float = 1.0


@record(frozen=False)
class Search:
    """One round of looking for the best candidate."""

    draft: Draft
    looks: Looks
    places: list[Place]
    floor: float = 0.0
    best: Candidate | None = None

    @property
    def wanted(self) -> float:
        """Return what a candidate has to save more than: as much as a loop does, or the best."""
        return max(self.floor, self.best.saving if self.best is not None else 0.0)

    def offer(self, candidate: Candidate | None) -> None:
        """Keep a candidate when it is better than the best so far."""
        if candidate is not None and candidate.saving > self.wanted:
            self.best = candidate

    def try_regions(self, regions: Sequence[Region], bonus: float = 1.0) -> Candidate | None:
        """Return what the regions come to as one block."""
        wanted = max(_LEAST, self.wanted)
        if bonus * most_saved(self.draft, self.looks, regions, wanted / bonus) <= wanted:
            return None
        key = (bonus, *(id(node) for region in regions for node in (None, *region.nodes)))
        known = self.draft.tried.get(key)
        if known is not None and known[0] <= wanted:
            return None
        found = evaluate(self.draft, self.looks, regions, bonus)
        nodes = [node for region in regions for node in region.nodes]
        self.draft.tried[key] = (found.saving if found is not None else 0.0, nodes)
        self.offer(found)
        return found


def evaluate(
    draft: Draft,
    looks: Looks,
    regions: Sequence[Region],
    bonus: float = 1.0,
    copies: Sequence[Sequence[Node]] = (),
) -> Candidate | None:
    """Return the candidate of some regions, or None when they have too little in common.

    `copies` are the nodes of the regions where they are seen in another way.
    """
    wired = [wiring(region) for region in regions]
    quality = [naturalness(draft, region) for region in regions]
    if min(quality) <= 0 or not all(w.outputs for w in wired):
        return None
    few = regions if copies else without_repetitions(draft, regions)
    if 3 * len(few) <= 2 * len(regions):  # what is too much for some is too much for all
        merged = _merged(draft, few)
        if merged is None:
            return None
        if _is_too_much(merged, margin=1):
            return Candidate(tuple(regions), merged, {}, 0.0, 0.0)
    merged = _merged(draft, regions, copies)
    if merged is None:
        return None
    defaults = find_defaults(merged.params, len(regions))
    before = sum(looks.weight(node) for region in regions for node in region.nodes)
    after = _cost(looks, regions, merged, defaults, wired)
    saving = before - after
    if saving > 0:
        hints = {param.hint for param in merged.params}
        is_indexed = {"name", "index"} <= hints
        saving *= (0.55 if is_indexed else 1.0) * sum(quality) / len(quality) * bonus
        saving *= _unity(looks, merged)
    if _is_too_much(merged):
        saving = 0.0
    return Candidate(tuple(regions), merged, defaults, saving, before, bonus)


def _merged(
    draft: Draft, regions: Sequence[Region], copies: Sequence[Sequence[Node]] = ()
) -> Merged | None:
    """Return what regions come to, or None when they have too little in common."""
    outputs = [wiring(region).outputs for region in regions]
    try:
        nodes = copies or lifted_alike(draft, [region.nodes for region in regions])
        return Merger(draft, Looks(draft, variants=False), nodes, outputs).merge()
    except Fail:
        return None


def _is_too_much(merged: Merged, margin: int = 0) -> bool:
    """Tell whether copies have too much that differs for one block, or nothing of its own."""
    names = sum(param.hint == "name" for param in merged.params)
    return names > 1 or count_params(merged) > MOST_PARAMS + margin or _is_repetition(merged)


def count_params(merged: Merged) -> int:
    """Return how many parameters a block has, its first tensor not counted."""
    return len(merged.params) + len(merged.chain.takes) - 1


def _is_repetition(merged: Merged) -> bool:
    """Tell whether a body does nothing but use one block, some of the time: that is no block."""
    uses = [node.head for node in deep(merged.chain.nodes) if node.kind != "when"]
    return merged.conditions > 0 and len(set(uses)) == 1 and uses[0][0] == "use"


def _unity(looks: Looks, merged: Merged) -> float:
    """Return 1 for one block, less where conditions show that it is several in one.

    It is where most of a body is under one condition, where a third is under one that is asked
    again and again, and where all but a fifth is under conditions without an alternative.
    """
    total = sum(map(looks.weight, merged.chain.nodes))
    choices = [0.0]
    optional: dict[Hashable, list[float]] = {}
    for node in merged.chain.nodes:
        if node.kind == "when" and node.chains[1].nodes:
            choices.append(looks.weight(node))
        elif node.kind == "when":
            test = key(node.slots["test"])
            optional.setdefault(test, []).append(looks.weight(node))
    parts = [0.0, *map(sum, optional.values())]
    again = max((sum(part) for part in optional.values() if len(part) > 1), default=0.0)
    if 3 * again > total or 5 * sum(parts) > 4 * total:
        return _INTERLEAVED
    return _TWO_IN_ONE if 2 * max(*parts, *choices) > total else 1.0


def find_defaults(params: list[Found], copies: int) -> dict[str, Value]:
    """Return the defaults of parameters: what most copies give."""
    found: dict[str, Value] = {}
    for param in params:
        values = [v for v in param.values if not holes(v)]  # type: ignore[arg-type]
        if not values or param.hint in ("name", "index", "blocks", "first"):
            continue
        value, count = usual(values)  # type: ignore[arg-type]
        is_flag = isinstance(value, bool) or value is None or param.hint in _MANNERS
        own = param.hint in _OWN and isinstance(value, int) and not is_flag
        if is_flag or (count * 2 > copies and not own):
            found[param.name] = value
    return found


def _cost(
    looks: Looks,
    regions: Sequence[Region],
    merged: Merged,
    defaults: dict[str, Value],
    wired: list[Wiring],
) -> float:
    """Return about how many lines a block and its uses take."""
    body = sum(looks.weight(node) for node in merged.chain.nodes)
    pay = [0.0] * len(regions)
    for param in merged.params:
        for place, value in enumerate(param.values):
            if param.name not in defaults or not same(value, defaults[param.name]):
                pay[place] += 0.14 + 0.05 * (param.name in defaults)
    cost, place = 0.0, 0
    while place < len(regions):
        end = _run_end(regions, wired, place)
        if end - place >= 3:
            varying = sum(
                p.hint != "name" and len({key(v) for v in p.values[place:end]}) > 1  # type: ignore[arg-type]
                for p in merged.params
            )
            cost += 1.4 + pay[place] + 0.1 * (end - place) * varying
        else:
            cost += sum(USE + pay[k] for k in range(place, end))
        place = end
    outputs, inputs = len(wired[0].outputs), max(len(w.inputs) for w in wired)
    cost += len(regions) * (0.5 * (outputs - 1) + 0.15 * max(0, inputs - 1))
    many = max(0, len(merged.params) - 5)
    own = OWN_LINES + 0.12 * len(merged.params) + 0.6 * float(many**1.5) + 0.2 * merged.conditions
    own += _WIDTH * bool(merged.width) + _SINGLE * merged.single + _IDLE * merged.idle
    return body + own + cost


def _run_end(regions: Sequence[Region], wired: list[Wiring], start: int) -> int:
    """Return where the run of neighbours that feed each other ends."""
    end = start + 1
    while (
        end < len(regions)
        and regions[end].place is regions[end - 1].place
        and regions[end].start == regions[end - 1].end
        and set(wired[end].inputs) & set(wired[end - 1].outputs)
        and all(
            regions[end].place.last.get(number, -1) < regions[end].end
            for number in wired[end - 1].outputs
        )
    ):
        end += 1
    return end
