"""Leaves and lines: what the splitting works on.

Tokens are facts; a leaf is a token's place in a line, and changes while lines are tried.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from functools import cached_property

from kcodegen.emit.tokens import COMMA, SPACE, Kind, Shape, Token


class Leaf:
    """A token on a line.

    `text` of an invisible parenthesis turns visible when a line breaks there, and `space` goes
    when the leaf becomes the first of its line. `opening` is the partner of a closing bracket.
    `magic` marks a closing bracket after a trailing comma that forces one item per line;
    `inserted` a trailing comma that this pass has added.
    """

    __slots__ = ("inserted", "kind", "magic", "opening", "space", "spaced", "text", "token")

    def __init__(self, token: Token, spaced: bool = False, inserted: bool = False) -> None:
        self.token = token
        self.kind = token.kind
        self.text = token.text
        self.space = " " if spaced else ""
        self.spaced = spaced
        self.opening: Leaf | None = None
        self.magic = False
        self.inserted = inserted

    def copy(self) -> Leaf:
        """Return the leaf without its partner."""
        twin = Leaf(self.token, self.spaced, self.inserted)
        twin.text, twin.space, twin.magic = self.text, self.space, self.magic
        return twin

    def show(self) -> None:
        """Make an invisible parenthesis visible."""
        if not self.text:
            self.text = "(" if self.kind is Kind.OPEN else ")"


class Tracking(Enum):
    """Which brackets of a line count: all, those that also close on it, or none."""

    ALL = "all"
    MATCHED = "matched"
    NONE = "none"


class Line:
    """Leaves at an indentation depth, not yet known to fit."""

    def __init__(
        self,
        leaves: list[Leaf],
        depth: int,
        inside_brackets: bool = False,
        tracking: Tracking = Tracking.ALL,
    ) -> None:
        self.leaves = leaves
        self.depth = depth
        self.inside_brackets = inside_brackets
        self.tracking = tracking
        self.must_split = False

    def __str__(self) -> str:
        return "    " * self.depth + "".join([leaf.space + leaf.text for leaf in self.leaves])

    def fits(self, width: int) -> bool:
        """Tell whether the line is short enough."""
        return len(str(self)) <= width

    @property
    def is_def(self) -> bool:
        """Whether this is the header of a function."""
        return self.leaves[0].text == "def"

    @cached_property
    def is_magic(self) -> bool:
        """Whether a trailing comma on the line forces a split."""
        if self.tracking is Tracking.NONE or not any(leaf.magic for leaf in self.leaves):
            return False
        return any(leaf.magic for leaf in self.tracked())

    @cached_property
    def delimiters(self) -> dict[int, int]:
        """The places outside brackets where the line can break: index of a leaf -> priority."""
        found: dict[int, int] = {}
        depth = 0
        for index, leaf in enumerate(self.leaves):
            kind = leaf.kind
            if kind is Kind.CLOSE:
                depth -= 1
            elif kind is Kind.OPEN:
                depth += 1
            elif depth == 0 and leaf.token.priority:
                if kind is Kind.COMMA:
                    found[index] = leaf.token.priority
                elif index and (kind is not Kind.DOT or self.leaves[index - 1].kind is Kind.CLOSE):
                    found[index - 1] = leaf.token.priority
        return found

    def tracked(self) -> list[Leaf]:
        """The leaves whose brackets count."""
        if self.tracking is Tracking.ALL:
            return self.leaves
        return inside_matching_brackets(self.leaves) if self.tracking is Tracking.MATCHED else []

    def invisible(self) -> list[Leaf]:
        """The invisible parentheses that count and lie in no bracket of the line."""
        found = []
        depth = 0
        for leaf in self.tracked():
            if leaf.kind is Kind.CLOSE:
                depth -= 1
            if not leaf.text and depth == 0:
                found.append(leaf)
            if leaf.kind is Kind.OPEN:
                depth += 1
        return found

    def copy(self) -> Line:
        """Return the line with leaves of its own."""
        twins = {leaf: leaf.copy() for leaf in self.leaves}
        for leaf, twin in twins.items():
            twin.opening = twins.get(leaf.opening) if leaf.opening else None
        line = Line(list(twins.values()), self.depth, self.inside_brackets, self.tracking)
        line.must_split = self.must_split
        return line


def inside_matching_brackets(leaves: list[Leaf]) -> list[Leaf]:
    """Return the leaves inside brackets that open and close among `leaves`, brackets included."""
    kept: set[Leaf] = set()
    levels: list[list[Leaf]] = []
    for leaf in leaves:
        if leaf.kind is Kind.OPEN:
            levels.append([leaf])
        elif leaf.kind is Kind.CLOSE and levels:
            kept.update(levels.pop(), (leaf,))
        elif levels:
            levels[-1].append(leaf)
    return [leaf for leaf in leaves if leaf in kept]


def leaves_of(tokens: Iterable[Token]) -> list[Leaf]:
    """Return the leaves of one statement, with partners and magic trailing commas found."""
    leaves: list[Leaf] = []
    open_brackets: list[Leaf] = []
    commas = [0]
    spaced = False
    for token in tokens:
        if token is SPACE:
            spaced = True
            continue
        leaf = Leaf(token, spaced)
        spaced = False
        if leaf.kind is Kind.OPEN:
            open_brackets.append(leaf)
            commas.append(0)
        elif leaf.kind is Kind.COMMA:
            commas[-1] += 1
        elif leaf.kind is Kind.CLOSE:
            leaf.opening = open_brackets.pop()
            leaf.magic = leaves[-1].kind is Kind.COMMA and _is_magic(leaf, commas[-1])
            commas.pop()
        leaves.append(leaf)
    return leaves


def _is_magic(closing: Leaf, commas: int) -> bool:
    """Tell whether the comma before `closing` is not just what makes a tuple of one item."""
    is_tuple = closing.text == ")" and closing.token.shape is Shape.ATOM
    return commas > 1 or not (is_tuple or closing.token.shape is Shape.INDEX)


def tokens_of(lines: Iterable[Line]) -> list[Token]:
    """Return the tokens of finished lines: with the commas that splitting has added."""
    tokens: list[Token] = []
    for line in lines:
        for leaf in line.leaves:
            if leaf.spaced:
                tokens.append(SPACE)
            sticks = leaf.token.sticky and leaf.text
            tokens.append(leaf.token._replace(text=leaf.text) if sticks else leaf.token)
    return tokens


def comma() -> Leaf:
    """Return a new trailing comma."""
    return Leaf(COMMA, inserted=True)
