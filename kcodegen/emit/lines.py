"""Leaves and lines: what the splitting works on.

Tokens are facts; a leaf is a token's place in a line, and changes while lines are tried.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

from kcodegen.emit.tokens import COMMA, COMMA_PRIORITY, SPACE, Token


class Leaf:
    """A token on a line.

    `text` of an invisible parenthesis turns visible when a line breaks there, and `space` goes
    when the leaf becomes the first of its line. `opening` is the partner of a closing bracket,
    and `trailing` what a comma before that means: "magic" forces one item per line, "plain" just
    makes a tuple of one item. `depth` counts the brackets around the leaf on the line that was
    marked last. `is_argument` is set for commas of arguments and parameters, `inserted` for
    trailing commas that this pass has added.
    """

    __slots__ = (
        "depth",
        "inserted",
        "is_argument",
        "kind",
        "opening",
        "space",
        "spaced",
        "text",
        "token",
        "trailing",
    )

    def __init__(self, token: Token, spaced: bool = False, inserted: bool = False) -> None:
        self.token = token
        self.kind = token.kind
        self.text = token.text
        self.space = " " if spaced else ""
        self.spaced = spaced
        self.inserted = inserted
        self.opening: Leaf | None = None
        self.trailing = ""
        self.depth = 0
        self.is_argument = False

    def copy(self) -> Leaf:
        """Return the leaf without its partner."""
        twin = Leaf(self.token, self.spaced, self.inserted)
        twin.text, twin.space, twin.trailing = self.text, self.space, self.trailing
        twin.depth, twin.is_argument = self.depth, self.is_argument
        return twin

    def show(self) -> None:
        """Make an invisible parenthesis visible."""
        if not self.text:
            self.text = "(" if self.kind == "open" else ")"


# Which brackets of a line count: all, those that also close on it, or none.
Tracking: TypeAlias = Literal["all", "matched", "none"]


class Line:
    """Leaves at an indentation depth.

    `enclosing` is the bracket that the line is the content of, `text` what it says once it is
    finished. `minds_commas` is False for a statement without trailing commas, which saves
    looking for them.
    """

    __slots__ = (
        "_delimiters",
        "depth",
        "enclosing",
        "inside_brackets",
        "leaves",
        "minds_commas",
        "text",
        "tracking",
    )

    def __init__(
        self,
        leaves: list[Leaf],
        depth: int,
        tracking: Tracking = "all",
        inside_brackets: bool = False,
        enclosing: Leaf | None = None,
        minds_commas: bool = True,
    ) -> None:
        self.leaves = leaves
        self.depth = depth
        self.tracking = tracking
        self.inside_brackets = inside_brackets
        self.enclosing = enclosing
        self.minds_commas = minds_commas
        self.text = ""
        self._delimiters: dict[int, int] | None = None
        if minds_commas and tracking == "all":
            _mark(leaves)

    def __str__(self) -> str:
        return "    " * self.depth + "".join([leaf.space + leaf.text for leaf in self.leaves])

    def fits(self, width: int) -> bool:
        """Tell whether the line is short enough."""
        return len(str(self)) <= width

    @property
    def is_def(self) -> bool:
        """Whether this is the header of a function."""
        return self.leaves[0].text == "def"

    @property
    def is_magic(self) -> bool:
        """Whether a trailing comma on the line forces a split."""
        if not self.minds_commas or "magic" not in [leaf.trailing for leaf in self.leaves]:
            return False
        return any(leaf.trailing == "magic" for leaf in self.tracked())

    @property
    def must_split(self) -> bool:
        """Whether this is one item per line whatever its length: the items of a display."""
        if self.enclosing is None:
            return False
        last = len(self.leaves) - 1
        has_comma = self.leaves[last].kind == "comma"
        if not has_comma and self.enclosing.token.shape != "atom":
            return False
        found = self.delimiters
        return COMMA_PRIORITY in [
            found[index] for index in found if not (has_comma and index == last)
        ]

    @property
    def delimiters(self) -> dict[int, int]:
        """The places outside brackets where the line can break: index of a leaf -> priority."""
        if self._delimiters is None:
            self._delimiters = _delimiters(self.leaves)
        return self._delimiters

    def tracked(self) -> list[Leaf]:
        """The leaves whose brackets count."""
        if self.tracking == "all":
            return self.leaves
        return inside_matching_brackets(self.leaves) if self.tracking == "matched" else []

    def invisible(self) -> list[Leaf]:
        """The invisible parentheses, if brackets count here."""
        if self.tracking == "none":
            return []
        return [leaf for leaf in self.leaves if not leaf.text]

    def optional_parens(self) -> list[Leaf]:
        """The brackets that count and are not inside others; targets of a loop are inside."""
        leaves = self.tracked()
        _mark(leaves)
        return [leaf for leaf in leaves if leaf.depth == 0 and leaf.kind in ("open", "close")]

    def part(self, leaves: list[Leaf]) -> Line:
        """Return some leaves of a line inside brackets as a line beside it."""
        return Line(leaves, self.depth, "all", True, None, self.minds_commas)

    def copy(self) -> Line:
        """Return the line with leaves of its own."""
        twins = {leaf: leaf.copy() for leaf in self.leaves}
        for leaf, twin in twins.items():
            twin.opening = twins.get(leaf.opening) if leaf.opening else None
        leaves = list(twins.values())
        return Line(leaves, self.depth, self.tracking, self.inside_brackets, self.enclosing)


def _mark(leaves: list[Leaf]) -> None:
    """Set the depth of leaves that begin a line; a bracket opened before it does not count."""
    depth = 0
    for leaf in leaves:
        kind = leaf.kind
        if kind == "close":
            if depth == 0:
                continue
            depth -= 1
        elif leaf.text == "in" and depth == 1 and leaves[0].text == "for":
            depth = 0
        leaf.depth = depth
        if kind == "open" or leaf.text == "for":
            depth += 1


def _delimiters(leaves: list[Leaf]) -> dict[int, int]:
    found: dict[int, int] = {}
    depth = 0
    for index, leaf in enumerate(leaves):
        kind = leaf.kind
        if kind == "close":
            depth -= 1
        elif kind == "open":
            depth += 1
        elif depth == 0 and leaf.token.priority:
            if kind == "comma":
                found[index] = leaf.token.priority
            elif index and (kind != "dot" or leaves[index - 1].kind == "close"):
                found[index - 1] = leaf.token.priority
    return found


def inside_matching_brackets(leaves: list[Leaf]) -> list[Leaf]:
    """Return the leaves inside brackets that open and close among `leaves`, brackets included."""
    kept: set[Leaf] = set()
    levels: list[list[Leaf]] = []
    for leaf in leaves:
        if leaf.kind == "open":
            levels.append([leaf])
        elif leaf.kind == "close" and levels:
            kept.update(levels.pop(), (leaf,))
        elif levels:
            levels[-1].append(leaf)
    return [leaf for leaf in leaves if leaf in kept]


def leaves_of(tokens: Iterable[Token]) -> list[Leaf]:
    """Return the leaves of one statement."""
    leaves: list[Leaf] = []
    spaced = False
    for token in tokens:
        if token is SPACE:
            spaced = True
        else:
            leaves.append(Leaf(token, spaced))
            spaced = False
    return paired(leaves)


def paired(leaves: list[Leaf]) -> list[Leaf]:
    """Return `leaves` with the partners of brackets and trailing commas found."""
    open_brackets: list[Leaf] = []
    commas = [0]
    previous = None
    for leaf in leaves:
        kind = leaf.kind
        if kind == "comma":
            commas[-1] += 1
            leaf.is_argument = bool(open_brackets) and open_brackets[-1].token.shape == "call"
        elif kind == "open":
            open_brackets.append(leaf)
            commas.append(0)
        elif kind == "close":
            leaf.opening = open_brackets.pop()
            count = commas.pop()
            if previous == "comma":
                leaf.trailing = "magic" if _is_magic(leaf, count) else "plain"
        previous = kind
    return leaves


def _is_magic(closing: Leaf, commas: int) -> bool:
    """Tell whether the comma before `closing` is not just what makes a tuple of one item."""
    is_tuple = closing.text == ")" and closing.token.shape == "atom"
    return commas > 1 or not (is_tuple or closing.token.shape == "index")


def read_again(lines: Iterable[Line]) -> tuple[list[Leaf], bool]:
    """Return the leaves of finished lines as Black would read them from the page.

    Also tell whether that differs from what the lines were made of: whether there are new
    trailing commas, or parentheses that stay.
    """
    leaves = [leaf for line in lines for leaf in line.leaves]
    has_changed = False
    for leaf in leaves:
        leaf.space = " " if leaf.spaced else ""
        if leaf.inserted:
            leaf.inserted = False
            has_changed = True
        elif leaf.text != leaf.token.text:
            if leaf.token.sticky:
                leaf.token = leaf.token._replace(text=leaf.text)
                has_changed = True
            leaf.text = leaf.token.text
    return paired(leaves), has_changed


def comma() -> Leaf:
    """Return a new trailing comma."""
    return Leaf(COMMA, inserted=True)
