"""Splitting: one logical line -> the lines that Black would write.

A reimplementation, for the Python that pages use, of the algorithm in `linegen.py` and
`lines.py` of Black 26 (https://github.com/psf/black, MIT licence, Łukasz Langa and
contributors); names are Black's where they exist. Left out is what pages cannot contain:
comments inside brackets, multi-line strings, star arguments, lambdas, `with`, `import`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeAlias

from kcodegen.emit.hugging import hug_power_operators
from kcodegen.emit.lines import Leaf, Line, comma, inside_matching_brackets
from kcodegen.emit.tokens import COMMA_PRIORITY, DOT_PRIORITY


class CannotSplit(Exception):
    """No readable split was found this way."""


@dataclass(frozen=True, slots=True)
class RightHandSplit:
    """A line cut at its last suitable pair of brackets."""

    head: Line
    body: Line
    tail: Line
    opening: Leaf
    closing: Leaf


# A way to split: line, width and whether optional parentheses are forced -> shorter lines.
Transformer: TypeAlias = Callable[[Line, int, bool], list[Line]]


def transform_line(line: Line, width: int, force: bool = False) -> list[Line]:
    """Split `line` until its parts fit into `width`, or nothing can be done any more.

    `force` makes every optional pair of parentheses visible.
    """
    result: list[Line] = []
    stack = [line]
    while stack:
        line = stack.pop()
        if not (line.enclosing and line.must_split) and not (line.may_be_magic and line.is_magic):
            line.text = str(line)
            hugged = hug_power_operators(line) if "**" in line.text else line
            if len(hugged.text) <= width:
                result.append(hugged)
                continue
        parts, final = _transform_once(line, width, force)
        if final:
            result += parts
        else:
            stack.extend(reversed(parts))
    return result


def _transform_once(line: Line, width: int, force: bool) -> tuple[list[Line], bool]:
    """Return what the first transformer that works makes of `line`, and whether that is final."""
    for transformer in _transformers(line, width):
        invisible = line.invisible() if transformer is right_hand_split_with_omits else []
        try:
            parts = transformer(line, width, force)
            if force or not invisible:
                return parts, False
            return _with_second_opinion(line, parts, invisible, width), True
        except CannotSplit:
            continue
    hugged = hug_power_operators(line)
    hugged.text = str(hugged)
    return [hugged], hugged is line


def _transformers(line: Line, width: int) -> tuple[Transformer, ...]:
    if line.is_def and not should_split_funcdef_with_rhs(line, width):
        return (left_hand_split,)
    if line.inside_brackets:
        return (delimiter_split, right_hand_split_with_omits)
    return (right_hand_split_with_omits,)


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
    retried = right_hand_split_with_omits(twin, width, True)
    second = [done for part in retried for done in transform_line(part, width, True)]
    return second if all(len(done.text) <= width for done in second) else result


def should_split_funcdef_with_rhs(line: Line, width: int) -> bool:
    """Tell whether a function header is better split in its return type."""
    returns: list[Leaf] = []
    in_return_type = False
    for leaf in line.leaves:
        if leaf.text == ":":
            in_return_type = False
        if in_return_type:
            returns.append(leaf)
        if leaf.text == "->":
            in_return_type = True
    if any(leaf.magic for leaf in inside_matching_brackets(returns)):
        return True
    visible = [leaf for leaf in returns if leaf.text]
    is_text = bool(visible) and visible[0].kind == "string"
    return is_text and not Line(returns, line.depth).fits(width)


def left_hand_split(line: Line, width: int, force: bool) -> list[Line]:
    """Split at the first pair of brackets with content: only for function headers."""
    for start, opening in enumerate(line.leaves):
        if opening.kind != "open" or opening.text == "[":
            continue
        for end in range(start + 2, len(line.leaves)):
            if line.leaves[end].opening is opening:
                opening.show()
                line.leaves[end].show()
                split = _split_at(line, start, end)
                return [split.head, split.body, split.tail]
    raise CannotSplit


def delimiter_split(line: Line, width: int, force: bool) -> list[Line]:
    """Split at all delimiters of the highest priority; a list gets its trailing comma."""
    leaves = line.leaves
    last = len(leaves) - 1
    found = line.delimiters
    priority = max((found[index] for index in found if index != last), default=0)
    if priority == 0:
        raise CannotSplit
    breaks = [index + 1 for index in found if found[index] == priority]
    if priority == DOT_PRIORITY and len(breaks) == 1:
        # To split a single attribute from its owner looks wrong.
        raise CannotSplit
    if breaks[-1] != len(leaves):
        breaks.append(len(leaves))
    if priority == COMMA_PRIORITY and leaves[-1].kind != "comma":
        leaves = [*leaves, comma()]
        breaks[-1] += 1
    starts = [0, *breaks[:-1]]
    for start in starts:
        leaves[start].space = ""
    return [line.part(leaves[start:end]) for start, end in zip(starts, breaks, strict=True)]


def right_hand_split_with_omits(line: Line, width: int, force: bool) -> list[Line]:
    """Split at the last pair of brackets, or at an earlier one if only that makes a short head."""
    prefix_lengths: dict[Leaf, int] = {}
    first: list[Line] | None = None
    for omit in generate_trailers_to_omit(line, width):
        if omit:
            prefix_lengths = prefix_lengths or _prefix_lengths(line)
            target = _target_opening(line, omit)
            if target is not None and target.text and prefix_lengths.get(target, 0) > width:
                continue
        lines = _right_hand_split(line, width, force, frozenset(omit))
        if lines[0].fits(width):
            return lines
        if first is None and not omit:
            first = lines
    # All splits failed; this happens to lines with trailing commas, which have to be exploded.
    return first if first is not None else _right_hand_split(line, width, force, frozenset())


def _prefix_lengths(line: Line) -> dict[Leaf, int]:
    lengths = (len(leaf.space) + len(leaf.text) for leaf in line.leaves)
    return dict(zip(line.leaves, accumulate(lengths, initial=4 * line.depth), strict=False))


def _target_opening(line: Line, omit: set[Leaf]) -> Leaf | None:
    for leaf in reversed(line.leaves):
        if leaf.kind == "close" and leaf not in omit:
            return leaf.opening
    return None


def generate_trailers_to_omit(line: Line, width: int) -> Iterator[set[Leaf]]:
    """Yield growing sets of closing brackets at the end of the line not to split at.

    Brackets can be omitted as long as what follows the bracket before them fits on a line. The
    first set is empty unless the line has to explode.
    """
    omit: set[Leaf] = set()
    if not line.is_magic:
        yield omit
    length = 4 * line.depth
    opening: Leaf | None = None
    closing: Leaf | None = None
    inner: set[Leaf] = set()
    for index in range(len(line.leaves) - 1, -1, -1):
        leaf = line.leaves[index]
        length += len(leaf.space) + len(leaf.text)
        if length > width:
            return
        if leaf is opening:
            opening = None
        elif leaf.kind != "close":
            continue
        elif opening is not None:
            if _has_trailing_comma(leaf, line, index):
                return
            inner.add(leaf)
        elif index and line.leaves[index - 1].kind == "open":
            # To split at empty brackets would fail.
            inner.add(leaf)
        else:
            if closing is not None:
                omit |= {closing, *inner}
                inner.clear()
                yield omit
            if _has_trailing_comma(leaf, line, index):
                return
            if leaf.text:
                opening, closing = leaf.opening, leaf


def _has_trailing_comma(closing: Leaf, line: Line, index: int) -> bool:
    """Tell whether the pair of `closing` must not be omitted, as it will be exploded."""
    if not index or line.leaves[index - 1].kind != "comma":
        return False
    return closing.magic or closing.text == "]"


def _right_hand_split(line: Line, width: int, force: bool, omit: frozenset[Leaf]) -> list[Line]:
    split = _first_right_hand_split(line, omit)
    return _maybe_split_omitting_optional_parens(split, line, width, force, omit)


def _first_right_hand_split(line: Line, omit: Iterable[Leaf]) -> RightHandSplit:
    """Split at the last pair of brackets that has content and is not to be omitted."""
    leaves = line.leaves
    end = len(leaves) - 1
    while end >= 0:
        opening = leaves[end].opening
        if opening is not None and leaves[end] not in omit:
            start = end - 1
            while start >= 0 and leaves[start] is not opening:
                start -= 1
            if start < 0:
                break
            if start < end - 1:
                return _split_at(line, start, end)
            end = start
        end -= 1
    raise CannotSplit


def _split_at(line: Line, start: int, end: int) -> RightHandSplit:
    """Cut `line` after its leaf `start`, an opening bracket, and before its leaf `end`."""
    leaves = line.leaves
    opening, closing = leaves[start], leaves[end]
    content = leaves[start + 1 : end]
    if line.is_def and _wants_trailing_comma(content, opening):
        content.append(comma())
    magic = line.may_be_magic
    head = Line(leaves[: start + 1], line.depth, "matched", may_be_magic=magic)
    tail = Line(leaves[end:], line.depth, "none", may_be_magic=magic)
    body = Line(
        content, line.depth + 1, inside_brackets=True, enclosing=opening, may_be_magic=magic
    )
    return RightHandSplit(head, body, tail, opening, closing)


def _wants_trailing_comma(parameters: list[Leaf], opening: Leaf) -> bool:
    """Tell whether the content of a function header's brackets is a lone parameter."""
    if opening.text != "(" or parameters[0].token.annotation:
        return False
    return not any(leaf.kind == "comma" and not leaf.token.annotation for leaf in parameters)


def _maybe_split_omitting_optional_parens(
    split: RightHandSplit, line: Line, width: int, force: bool, omit: frozenset[Leaf]
) -> list[Line]:
    """Return the parts of `split`, or a better split without its optional parentheses."""
    is_optional = not split.opening.text and not split.closing.text
    if not force and is_optional and _can_omit_invisible_parens(split, width):
        omit |= {split.closing}
        try:
            without = _first_right_hand_split(line, omit)
            if _prefer_split_omitting(without, split, width):
                return _maybe_split_omitting_optional_parens(without, line, width, force, omit)
        except CannotSplit:
            is_chained_assignment = _count_equals(line) > 1
            if not (is_chained_assignment or _can_be_split(split.body) or split.body.fits(width)):
                raise
    split.opening.show()
    split.closing.show()
    return [split.head, split.body, split.tail]


def _count_equals(line: Line) -> int:
    return sum(leaf.kind == "equal" for leaf in line.leaves)


def _can_be_split(body: Line) -> bool:
    """Return False for a body that surely cannot be split: a word, a method of a string.

    Black believes that it could split a path of names.
    """
    first, *rest = body.leaves
    if not rest:
        return first.kind == "name" and "." in first.text
    return first.kind != "string" or rest[0].kind != "dot"


def _prefer_split_omitting(without: RightHandSplit, split: RightHandSplit, width: int) -> bool:
    """Tell whether the split without optional parentheses reads better than that with them."""
    head = split.head.leaves
    is_right_after_equal = len(head) > 1 and head[-2].kind == "equal"
    has_brackets = any(leaf.kind in ("open", "close") for leaf in head[:-1])
    if (
        not is_right_after_equal
        or not has_brackets
        or not split.head.fits(width - 1)
        or split.head.is_magic
    ):
        return True
    equals, equals_without = _count_equals(split.head), _count_equals(without.head)
    if equals > 1 and equals > equals_without:
        return False
    for leaf in reversed(without.head.leaves):
        if leaf.kind == "close":
            return True
        if leaf.kind == "equal":
            break
    return equals_without > 0 and without.head.fits(width)


def _can_omit_invisible_parens(split: RightHandSplit, width: int) -> bool:
    """Tell whether the body of `split` has a shape that reads well without parentheses."""
    body = split.body
    priorities = list(body.delimiters.values())
    if not priorities:
        # Without delimiters the parentheses are useless.
        return True
    priority = max(priorities)
    if priorities.count(priority) > 1:
        return False
    if priority == DOT_PRIORITY:
        return True
    first, second, *_ = body.leaves
    if first.kind == "open" and second.kind != "close":
        if _can_omit_opening_paren(body, first, width):
            return True
    *_, penultimate, last = body.leaves
    # An index is no place to break: it looks weird.
    if last.kind == "close" and last.token.shape != "index":
        if penultimate.kind == "open":
            return False
        return _can_omit_closing_paren(body, last, width)
    return False


def _can_omit_opening_paren(body: Line, first: Leaf, width: int) -> bool:
    """Tell whether what follows the partner of `first` fits, or can be broken further."""
    in_remainder = False
    length = 4 * body.depth
    for leaf in body.leaves:
        if leaf.opening is first:
            in_remainder = True
        if in_remainder:
            length += len(leaf.space) + len(leaf.text)
            if length > width:
                return False
            if leaf.kind == "open":
                in_remainder = False
    return True


def _can_omit_closing_paren(body: Line, last: Leaf, width: int) -> bool:
    """Tell whether the line up to the partner of `last` fits, or can be broken before it."""
    length = 4 * body.depth
    seen_other_brackets = False
    for leaf in body.leaves:
        length += len(leaf.space) + len(leaf.text)
        if leaf is last.opening:
            return seen_other_brackets or length <= width
        if leaf.kind == "open":
            seen_other_brackets = True
    return False
