"""What the items of an outline are to the naming of variables."""

from __future__ import annotations

from kcodegen.ir.graph import Call
from kcodegen.ir.order import operands
from kcodegen.ir.outline import Body, Item, Repeat, Step, Use, When
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


def result_words(count: int) -> tuple[str, ...]:
    """Return names for the results of a function that gives several."""
    return ("x", "skip", "z", "u", "v", "w")[:count]


def passed_on(item: When, place: int) -> Ref | None:
    """Return the input that a condition hands on as its result when it is not met."""
    given = item.orelse.gives[place]
    if item.orelse.steps or Ref(given.call) != given or given.call not in item.orelse.takes:
        return item.inputs[0] if item.inputs else None
    return item.inputs[item.orelse.takes.index(given.call)]
