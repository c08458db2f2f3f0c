"""Shape comments: at nested models, and where the shape changes at stage level."""

from __future__ import annotations

from collections.abc import Mapping

from kcodegen.ir.graph import Call, Graph, Layer, Shape
from kcodegen.ir.order import flatten
from kcodegen.ir.outline import Block, Step, Use
from kcodegen.ir.values import Ref
from kcodegen.registry.vocabulary import INPUT


def shape_comment(call: Call, layers: Mapping[str, Layer], frame: Graph) -> str:
    """Return the output's shape where it helps a reader, else nothing."""
    shape = frame.shapes.get(Ref(call.id))
    if not shape or call.kind == "op":
        return ""
    layer = layers[call.target]
    if layer.key == INPUT.key:
        return ""
    if layer.body is not None:
        return str(shape)
    first = next(flatten(call.args), None)
    before = frame.shapes.get(first) if first is not None else None
    return str(shape) if before and _stage_changes(before, shape) else ""


def use_comment(use: Use, block: Block, frame: Graph) -> str:
    """Return the shape that a block gives, where a stage changes it; small ones are like layers."""
    shape = frame.shapes.get(Ref(use.id))
    before = frame.shapes.get(use.inputs[0]) if use.inputs else None
    if not shape or not before or shape == before:
        return ""
    steps = block.body.steps
    is_small = len(steps) <= 4 and all(isinstance(item, Step) for item in steps)
    return "" if is_small and not _stage_changes(before, shape) else str(shape)


def _stage_changes(before: Shape, after: Shape) -> bool:
    """Tell whether an image or volume is flattened, or scaled by 1.5 or more."""
    if len(before) < 4:
        return False
    if len(before) != len(after):
        return True
    sizes = zip(before[1:-1], after[1:-1], strict=True)
    return any(a and b and not a < 1.5 * b < 2.25 * a for a, b in sizes)
