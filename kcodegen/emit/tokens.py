"""Tokens: the words and marks of a line, with what layout has to know about each."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

Kind: TypeAlias = Literal[
    "name",
    "number",
    "string",
    "open",
    "close",
    "comma",
    "dot",
    "equal",
    "sign",
    "operator",
    "space",
]
# What a pair of brackets encloses; a display or a group is an atom, in Black's words.
Shape: TypeAlias = Literal["atom", "call", "index"]


class Token(NamedTuple):
    """One token.

    `priority` says how strongly a line wants to break before it (after it, for a comma); these
    are Black's delimiter priorities. `shape` is set for brackets. A bracket without text is an
    invisible parenthesis, which shows only when a line breaks there; a `sticky` one then stays.
    `annotation` marks the tokens of a type annotation.
    """

    text: str
    kind: Kind
    priority: int = 0
    shape: Shape | None = None
    sticky: bool = False
    annotation: bool = False


COMMA_PRIORITY = 18
TERNARY_PRIORITY = 16
LOGIC_PRIORITY = 14
COMPARATOR_PRIORITY = 10
DOT_PRIORITY = 1

SPACE = Token(" ", "space")
COMMA = Token(",", "comma", COMMA_PRIORITY)
DOT = Token(".", "dot", DOT_PRIORITY)
EQUAL = Token("=", "equal")
COLON = Token(":", "operator")
ARROW = Token("->", "operator")
NEGATIVE = Token("-", "sign")

OPEN_GROUP = Token("(", "open", shape="atom")
CLOSE_GROUP = Token(")", "close", shape="atom")
OPEN_LIST = Token("[", "open", shape="atom")
CLOSE_LIST = Token("]", "close", shape="atom")
OPEN_DICT = Token("{", "open", shape="atom")
CLOSE_DICT = Token("}", "close", shape="atom")
OPEN_CALL = Token("(", "open", shape="call")
CLOSE_CALL = Token(")", "close", shape="call")
OPEN_INDEX = Token("[", "open", shape="index")
CLOSE_INDEX = Token("]", "close", shape="index")

INVISIBLE_OPEN = Token("", "open", shape="atom")
INVISIBLE_CLOSE = Token("", "close", shape="atom")
STICKY_OPEN = Token("", "open", shape="atom", sticky=True)
STICKY_CLOSE = Token("", "close", shape="atom", sticky=True)
