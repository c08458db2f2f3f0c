"""What the items of an outline are to the naming of variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from kcodegen.ir.graph import Call
from kcodegen.ir.order import operands
from kcodegen.ir.outline import Block, Body, Item, Repeat, Step, Use, When
from kcodegen.ir.values import Ref


def pseudo_call(item: Item) -> Call:
    """Return an item as a call, for the naming of variables."""
    match item:
        case Step(call=Call() as call):
            return call
        case Use(id, block, inputs):
            return Call(id, "op", block, inputs)
        case Repeat(id=id, inputs=inputs) | When(id=id, inputs=inputs):
            return Call(id, "op", "loop", inputs)
    raise AssertionError(item)


def second_word(body: Body) -> str:
    """Return what the second tensor of a function is called: by the way it joins the first."""
    if len(body.takes) < 2:
        return "y"
    ref = Ref(body.takes[1])
    for item in body.steps:
        if isinstance(item, Step) and item.call is not None and ref in operands(item.call):
            word = (item.layer.key if item.layer is not None else item.call.target).lower()
            if "concatenate" in word:
                return "skip"
            if word.endswith("add"):
                return "shortcut"
            return "y"
    return "y"


def result_words(count: int, is_closure: bool = False) -> tuple[str, ...]:
    """Return names for the results of a function that gives several."""
    return ("x", "y" if is_closure else "skip", "z", "u", "v", "w")[:count]


def passed_on(item: When, place: int) -> Ref | None:
    """Return the input that a condition hands on as its result when it is not met."""
    given = item.orelse.gives[place]
    if item.orelse.steps or Ref(given.call) != given or given.call not in item.orelse.takes:
        return item.inputs[0] if item.inputs else None
    return item.inputs[item.orelse.takes.index(given.call)]


# What a closure makes of an input is called after both: `left_code = encode(left)`.
_MADE = {"embed": "embedding", "decode": "output", "project": "projection"}


def made_of(source: str, closure: str) -> str:
    """Return the name of what a closure makes of an input."""
    return f"{source}_{_MADE.get(closure, 'head' if closure.endswith('head') else 'code')}"


def first_uses(items: Sequence[Item], blocks: Mapping[str, Block]) -> dict[int, list[Block]]:
    """Return which closures are used first by which item: there their functions stand."""
    found: dict[int, list[Block]] = {}
    seen: set[str] = set()
    for place, item in enumerate(items):
        for name in _used(item):
            if blocks[name].captures and name not in seen:
                seen.add(name)
                found.setdefault(place, []).append(blocks[name])
    return found


def _used(item: Item) -> Iterator[str]:
    """Yield the blocks that an item uses, also inside loops and conditions."""
    match item:
        case Step():
            return
        case Use(block=name):
            yield name
        case Repeat(body=body):
            for inner in body.steps:
                yield from _used(inner)
        case When(body=body, orelse=orelse):
            for inner in (*body.steps, *orelse.steps):
                yield from _used(inner)
