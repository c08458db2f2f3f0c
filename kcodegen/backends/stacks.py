"""Stacks: lists whose items are taken back one by one, the last one first.

up(x, skips[2]); up(x, skips[1]); up(x, skips[0])   ->   up(x, skips.pop()), three times
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from kcodegen.backends.items import pseudo_call
from kcodegen.ir.order import operands
from kcodegen.ir.outline import Body, Item, Repeat, Step, Use, When
from kcodegen.ir.program import CallExpr, Name
from kcodegen.ir.values import Ref


def stacks(items: Sequence[Item], uses: Counter[Ref]) -> set[Ref]:
    """Return the items of the lists that are stacks: loops fill them, `items` empty them."""
    found: set[Ref] = set()
    for place, item in enumerate(items):
        if isinstance(item, Repeat) and item.lists and isinstance(item.count, int):
            for column in range(item.lists):
                first = item.carried + column * item.count
                kept = [Ref(item.id, first + turn) for turn in range(item.count)]
                if all(uses[ref] == 1 for ref in kept) and _are_popped(items[place + 1 :], kept):
                    found.update(kept)
    return found


def _are_popped(items: Sequence[Item], kept: list[Ref]) -> bool:
    """Tell whether tensors are used from the last to the first, never two at a time."""
    left = list(kept)
    for item in items:
        taken = _taken(item)
        here = [ref for ref in taken if ref in left]
        if not here:
            continue
        if isinstance(item, When) or (isinstance(item, Repeat) and not _is_drawn(item, here)):
            return False
        if not isinstance(item, Repeat) and len(here) > 1:
            return False
        if here != left[: -len(here) - 1 : -1]:
            return False
        del left[-len(here) :]
    return not left


def _taken(item: Item) -> tuple[Ref, ...]:
    if isinstance(item, Step) and item.call is None:
        return ()
    return operands(pseudo_call(item))


def _is_drawn(item: Repeat, here: list[Ref]) -> bool:
    """Tell whether a loop takes the tensors one by one: what it begins with, then a column."""
    begins = [ref for ref in item.inputs[: item.carried] if ref in here]
    if len(begins) > 1 or here[: len(begins)] != begins:
        return False
    rest = here[len(begins) :]
    return not rest or any(list(column) == rest for column in columns(item))


def columns(item: Repeat) -> Iterator[tuple[Ref, ...]]:
    """Yield the columns of tensors that a loop draws."""
    count = item.count if isinstance(item.count, int) else 0
    drawn = item.inputs[len(item.body.takes) - item.drawn :]
    for place in range(item.drawn):
        yield drawn[place * count : (place + 1) * count]


def pop(name: str) -> CallExpr:
    """Return what takes the last item off a list."""
    return CallExpr(Name(f"{name}.pop"))


def is_taken_once(body: Body, take: str) -> bool:
    """Tell whether a body uses a tensor in one step only, so that it needs no variable."""
    places = [item for item in body.steps for ref in _taken(item) if ref == Ref(take)]
    if len(places) != 1 or Ref(take) in body.gives:
        return False
    return isinstance(places[0], (Step, Use))
