"""Splitting: one logical line -> the lines that Black would write.

A reimplementation, for the Python that pages use, of the algorithm in `linegen.py` and
`lines.py` of Black 26 (https://github.com/psf/black, MIT licence, Łukasz Langa and
contributors); names are Black's where they exist. Left out is what pages cannot contain:
comments inside brackets, multi-line strings, star arguments, lambdas, comprehensions.
"""

from __future__ import annotations

from itertools import dropwhile, takewhile

from kcodegen.emit.hugging import hug_power_operators
from kcodegen.emit.lines import Leaf, Line, comma, inside_matching_brackets
from kcodegen.emit.right_hand import bracket_split, right_hand_split_with_omits
from kcodegen.emit.tokens import COMMA_PRIORITY, DOT_PRIORITY


def transform_line(line: Line, width: int, force: bool = False) -> list[Line]:
    """Split `line` until its parts fit into `width` or nothing more can be done; sets their text.

    `force` makes optional parentheses visible wherever a line is split at them. Parts wait on a
    stack: brackets may be nested deeper than Python recurses.
    """
    result: list[Line] = []
    stack = [line]
    while stack:
        line = stack.pop()
        if not (line.enclosing and line.must_split) and not (line.minds_commas and line.is_magic):
            line.text = str(line)
            hugged = hug_power_operators(line) if "**" in line.text else line
            if len(hugged.text) <= width:
                result.append(hugged)
                continue
        parts, are_finished = _split_once(line, width, force)
        if are_finished:
            result += parts
        else:
            stack += reversed(parts)
    return result


def _split_once(line: Line, width: int, force: bool) -> tuple[list[Line], bool]:
    """Return what `line` becomes, and whether that is finished."""
    if line.is_def and not should_split_funcdef_with_rhs(line, width):
        parts = left_hand_split(line)
    else:
        parts = delimiter_split(line) if line.inside_brackets else None
        if parts is None:
            invisible = [] if force else line.invisible()
            parts = right_hand_split_with_omits(line, width, force)
            if parts is not None and invisible:
                return _with_second_opinion(line, parts, invisible, width), True
    if parts is not None:
        return parts, False
    hugged = hug_power_operators(line)
    hugged.text = str(hugged)
    return [hugged], hugged is line


def _with_second_opinion(
    line: Line, parts: list[Line], invisible: list[Leaf], width: int
) -> list[Line]:
    """Finish `parts`; if that leaves a long first line, try again with all parentheses shown."""
    result = [done for part in parts for done in transform_line(part, width)]
    if (
        len(result[0].text) <= width
        or any(leaf.inserted for leaf in line.leaves)
        or not set(invisible) & set(line.tracked())
        or any(bracket.text and bracket in invisible for bracket in line.optional_parens())
    ):
        return result
    twin = line.copy()
    twin.tracking = "all"
    for leaf in twin.leaves[1:]:
        leaf.space = " " if leaf.spaced else ""
    retried = right_hand_split_with_omits(twin, width, force=True)
    if retried is None:
        return result
    second = [done for part in retried for done in transform_line(part, width, force=True)]
    return second if all(len(done.text) <= width for done in second) else result


def should_split_funcdef_with_rhs(line: Line, width: int) -> bool:
    """Tell whether a function header is better split in its return type."""
    after_parameters = dropwhile(lambda leaf: leaf.text != "->", line.leaves)
    returns = list(takewhile(lambda leaf: leaf.text != ":", after_parameters))[1:]
    if any(leaf.trailing == "magic" for leaf in inside_matching_brackets(returns)):
        return True
    first = next((leaf for leaf in returns if leaf.text), None)
    is_text = first is not None and first.kind == "string"
    return is_text and not Line(returns, line.depth).fits(width)


def left_hand_split(line: Line) -> list[Line] | None:
    """Split at the first parentheses with content: those of a function header's parameters."""
    for start, opening in enumerate(line.leaves):
        if opening.kind == "open" and opening.text in ("", "("):
            for end in range(start + 2, len(line.leaves)):
                if line.leaves[end].opening is opening:
                    opening.show()
                    return bracket_split(line, start, end).shown()
    return None


def delimiter_split(line: Line) -> list[Line] | None:
    """Split at all delimiters of the highest priority; a list gets its trailing comma."""
    leaves = line.leaves
    last = len(leaves) - 1
    found = line.delimiters
    priority = max((found[index] for index in found if index != last), default=0)
    breaks = [index + 1 for index in found if found[index] == priority]
    # To split a single attribute from its owner looks wrong.
    if not breaks or (priority == DOT_PRIORITY and len(breaks) == 1):
        return None
    if breaks[-1] != len(leaves):
        breaks.append(len(leaves))
    if priority == COMMA_PRIORITY and leaves[-1].kind != "comma":
        leaves = [*leaves, comma()]
        breaks[-1] += 1
    starts = [0, *breaks[:-1]]
    for start in starts:
        leaves[start].space = ""
    return [line.part(leaves[start:end]) for start, end in zip(starts, breaks, strict=True)]
