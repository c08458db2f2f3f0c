"""The Outline: what repeats in a graph, as steps that a page can say.

Whatever structure recovery learns to say, `structure.expand` learns to undo in the same change,
so that `expand(outline(graph)) == graph` always holds. A flat outline has nothing but steps.

Tensors are references to the step, use, loop or condition that gives them. What a block or the
body of a loop takes from outside goes by names of its own (`takes`), so that each is closed.
"""

from __future__ import annotations

from typing import TypeAlias, Union

from kcodegen.ir.graph import Call, Graph, Layer
from kcodegen.ir.values import Args, Ref, Value
from kcodegen.records import record

# A function with more is no help to a reader; its first tensor is not counted.
MOST_PARAMS = 6


@record(frozen=True)
class Step:
    """One line of a model: a layer that is defined here, its call, or both.

    `layer` is None for an op and for a later use of a layer; `call` is None in a Sequential, and
    where a shared layer is only defined. `name` is the layer's name where that is a formula.
    """

    layer: Layer | None
    call: Call | None
    name: Value = None


@record(frozen=True)
class Body:
    """Steps that take tensors by the names in `takes` and give some back."""

    takes: tuple[str, ...]
    steps: tuple[Item, ...]
    gives: tuple[Ref, ...]


@record(frozen=True)
class Use:
    """A use of a block: `id` is what references to its results go by."""

    id: str
    block: str
    inputs: tuple[Ref, ...]
    filling: Args


@record(frozen=True)
class Repeat:
    """A loop: its body for `count` values of `index`, from `start` on, by `step` (1 or -1).

    `columns` are the names of what a row of `rows` holds; without columns there is no table. The
    first `carried` of the inputs are replaced by what the body gives, from one turn to
    the next; the others stay. After those come the `lists`: every turn appends what the body
    gives beyond the carried values to one list each. The last `drawn` inputs are such lists: each
    turn takes the last item off.
    """

    id: str
    index: str
    start: Value
    count: Value
    inputs: tuple[Ref, ...]
    carried: int
    body: Body
    columns: tuple[str, ...] = ()
    rows: Value = ()
    lists: int = 0
    drawn: int = 0
    step: int = 1


@record(frozen=True)
class When:
    """A condition: one body or the other, both with the same inputs and as many results."""

    id: str
    test: Value
    inputs: tuple[Ref, ...]
    body: Body
    orelse: Body


Item: TypeAlias = Union[Step, Use, Repeat, When]


@record(frozen=True)
class Param:
    """What differs between the uses of a block; `default` counts when `optional`."""

    name: str
    optional: bool = False
    default: Value = None


@record(frozen=True)
class Block:
    """A function: what its uses have in common.

    `captures` are the layers of the model that it calls but does not make: such a block is a
    closure, and can be used where the model's own layers are known. `width` is the hole that stands
    for the size of the last axis of the first tensor it takes.
    """

    name: str
    params: tuple[Param, ...]
    body: Body
    captures: tuple[str, ...] = ()
    width: str = ""


@record(frozen=True)
class Outline:
    """A graph's frame (its name, style, inputs, outputs; no layers, no calls) and its steps.

    `automatic` are the names that the page leaves to Keras, in the order in which it makes the
    layers.
    """

    frame: Graph
    steps: tuple[Item, ...]
    blocks: tuple[Block, ...] = ()
    automatic: tuple[str, ...] = ()
