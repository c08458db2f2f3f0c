"""Right-hand splits: a line cut at its last brackets, or at earlier ones where that reads better.

Part of the reimplementation of Black that `splitting.py` describes. A split that leaves nothing
readable is None.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import accumulate

from kcodegen.emit.lines import Leaf, Line, comma
from kcodegen.emit.tokens import DOT_PRIORITY
from kcodegen.records import record


@record(frozen=True)
class BracketSplit:
    """A line cut into head, content and tail of a pair of brackets."""

    head: Line
    body: Line
    tail: Line
    opening: Leaf
    closing: Leaf

    def shown(self) -> list[Line]:
        """Return the three lines; invisible parentheses that they break at turn visible."""
        self.opening.show()
        self.closing.show()
        return [self.head, self.body, self.tail]


def right_hand_split_with_omits(line: Line, width: int, force: bool = False) -> list[Line] | None:
    """Split at the last brackets, or at earlier ones if only that makes a first line that fits.

    `force` makes optional parentheses visible wherever they are split at.
    """
    prefix_lengths: dict[Leaf, int] = {}
    first: list[Line] | None = None
    for omit in generate_trailers_to_omit(line, width):
        if omit:
            prefix_lengths = prefix_lengths or _prefix_lengths(line)
            target = _target_opening(line, omit)
            if target is not None and target.text and prefix_lengths.get(target, 0) > width:
                continue
        parts = _right_hand_split(line, width, force, frozenset(omit))
        if parts is None or parts[0].fits(width):
            return parts
        if first is None and not omit:
            first = parts
    # This happens to lines with trailing commas, which have to be exploded whatever comes out.
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
    first set is empty unless the line has to explode. Lazy, as trying a set may show parentheses
    that count for the next one.
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
            if _will_explode(leaf, line, index):
                return
            inner.add(leaf)
        elif index and line.leaves[index - 1].kind == "open":
            # A split at empty brackets would fail.
            inner.add(leaf)
        else:
            if closing is not None:
                omit |= {closing, *inner}
                inner.clear()
                yield omit
            if _will_explode(leaf, line, index):
                return
            if leaf.text:
                opening, closing = leaf.opening, leaf


def _will_explode(closing: Leaf, line: Line, index: int) -> bool:
    """Tell whether a trailing comma before `closing` forbids to omit its brackets.

    The comma of a tuple of one item does not. Black counts commas by the depth that it has marked
    last, which a split tried in between has changed; so the count may be off, and has to be.
    """
    if not index or line.leaves[index - 1].kind != "comma":
        return False
    opening = closing.opening
    if closing.text != ")" or opening is None or opening not in line.leaves:
        return True
    start = line.leaves.index(opening) + 1
    commas = 0
    for leaf in line.leaves[start:index]:
        if leaf.kind == "comma" and leaf.depth == closing.depth + 1:
            commas += 2 if leaf.is_argument else 1
    return commas > 1


def _right_hand_split(
    line: Line, width: int, force: bool, omit: frozenset[Leaf]
) -> list[Line] | None:
    """Split at the last brackets that are not omitted, or without optional parentheses there."""
    split = _first_right_hand_split(line, omit)
    if split is None:
        return None
    return _maybe_split_omitting_optional_parens(split, line, width, force, omit)


def _maybe_split_omitting_optional_parens(
    split: BracketSplit, line: Line, width: int, force: bool, omit: frozenset[Leaf]
) -> list[Line] | None:
    """Return the parts of `split`, or of a better one without its optional parentheses."""
    is_optional = not split.opening.text and not split.closing.text
    if force or not is_optional or not can_omit_invisible_parens(split, width):
        return split.shown()
    omit |= {split.closing}
    without = _first_right_hand_split(line, omit)
    if without is not None:
        if not prefer_split_omitting_parens(without, split, width):
            return split.shown()
        parts = _maybe_split_omitting_optional_parens(without, line, width, force, omit)
        if parts is not None:
            return parts
    has_other_ways = _can_be_split(split.body) or split.body.fits(width)
    # Black takes the `=` of an argument for a second assignment.
    return split.shown() if has_other_ways or _count_equals(line) > 1 else None


def _first_right_hand_split(line: Line, omit: Collection[Leaf]) -> BracketSplit | None:
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
                return None
            if start < end - 1:
                return bracket_split(line, start, end)
            end = start
        end -= 1
    return None


def bracket_split(line: Line, start: int, end: int) -> BracketSplit:
    """Cut `line` after its leaf `start`, an opening bracket, and before its leaf `end`."""
    leaves = line.leaves
    opening, closing = leaves[start], leaves[end]
    content = leaves[start + 1 : end]
    if line.is_def and _is_lone_parameter(content, opening):
        content.append(comma())
    minds = line.minds_commas
    return BracketSplit(
        Line(leaves[: start + 1], line.depth, "matched", minds_commas=minds),
        Line(content, line.depth + 1, inside_brackets=True, enclosing=opening, minds_commas=minds),
        Line(leaves[end:], line.depth, "none", minds_commas=minds),
        opening,
        closing,
    )


def _is_lone_parameter(content: list[Leaf], opening: Leaf) -> bool:
    """Tell whether `content` of brackets in a function header gets a comma without being split."""
    if opening.text != "(" or content[0].token.annotation:
        return False
    return not any(leaf.kind == "comma" and not leaf.token.annotation for leaf in content)


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


def prefer_split_omitting_parens(without: BracketSplit, split: BracketSplit, width: int) -> bool:
    """Tell whether the split `without` optional parentheses reads better than that with them."""
    head = split.head.leaves
    is_right_after_equal = len(head) > 1 and head[-2].kind == "equal"
    has_brackets = any(leaf.kind in ("open", "close") for leaf in head[:-1])
    if not (is_right_after_equal and has_brackets and split.head.fits(width - 1)):
        return True
    if split.head.is_magic:
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


def can_omit_invisible_parens(split: BracketSplit, width: int) -> bool:
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
    starts_with_content = first.kind == "open" and second.kind != "close"
    if starts_with_content and _can_omit_opening_paren(body, first, width):
        return True
    *_, penultimate, last = body.leaves
    # An index is no place to break: it looks weird.
    ends_with_content = last.kind == "close" and penultimate.kind != "open"
    if ends_with_content and last.token.shape != "index":
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
    has_other_brackets = False
    for leaf in body.leaves:
        length += len(leaf.space) + len(leaf.text)
        if leaf is last.opening:
            return has_other_brackets or length <= width
        if leaf.kind == "open":
            has_other_brackets = True
    return False
