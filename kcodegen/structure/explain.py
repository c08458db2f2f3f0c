"""What the blocks of an outline are good for, in one sentence each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kcodegen.ir.outline import Item, Outline, Repeat, When
from kcodegen.structure.expand import tally


def explain(outline: Outline) -> Iterator[str]:
    """Yield a sentence for each block: what it stands for, and what it saves."""
    counts = tally(outline) if outline.blocks else {}
    for block in outline.blocks:
        entered, made = counts[block.name]
        params = ", ".join(param.name for param in block.params) or "nothing"
        steps = count_steps(block.body.steps)
        yield (
            f"{block.name} stands for {made} calls: its {steps} steps are run {entered} times; "
            f"what differs is {params}"
        )


def count_steps(items: Sequence[Item]) -> int:
    """Return the number of lines that are steps or uses, also inside loops and conditions."""
    count = 0
    for item in items:
        match item:
            case Repeat(body=body):
                count += count_steps(body.steps)
            case When(body=body, orelse=orelse):
                count += count_steps(body.steps) + count_steps(orelse.steps)
            case _:
                count += 1
    return count
