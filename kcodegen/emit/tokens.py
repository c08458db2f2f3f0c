"""Tokens: the words and marks of a line, with what layout has to know about each."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Kind(Enum):
    """What a token is."""

    NAME = "name"
    NUMBER = "number"
    STRING = "string"
    OPEN = "open"
    CLOSE = "close"
    COMMA = "comma"
    DOT = "dot"
    EQUAL = "equal"
    SIGN = "sign"
    OPERATOR = "operator"
    SPACE = "space"


class Shape(Enum):
    """What a pair of brackets encloses; a display or a group is an atom, in Black's words."""

    ATOM = "atom"
    CALL = "call"
    INDEX = "index"


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
LOGIC_PRIORITY = 14
COMPARATOR_PRIORITY = 10
DOT_PRIORITY = 1

SPACE = Token(" ", Kind.SPACE)
COMMA = Token(",", Kind.COMMA, COMMA_PRIORITY)
DOT = Token(".", Kind.DOT, DOT_PRIORITY)
EQUAL = Token("=", Kind.EQUAL)
COLON = Token(":", Kind.OPERATOR)
ARROW = Token("->", Kind.OPERATOR)
NEGATIVE = Token("-", Kind.SIGN)

OPEN_GROUP = Token("(", Kind.OPEN, shape=Shape.ATOM)
CLOSE_GROUP = Token(")", Kind.CLOSE, shape=Shape.ATOM)
OPEN_LIST = Token("[", Kind.OPEN, shape=Shape.ATOM)
CLOSE_LIST = Token("]", Kind.CLOSE, shape=Shape.ATOM)
OPEN_DICT = Token("{", Kind.OPEN, shape=Shape.ATOM)
CLOSE_DICT = Token("}", Kind.CLOSE, shape=Shape.ATOM)
OPEN_CALL = Token("(", Kind.OPEN, shape=Shape.CALL)
CLOSE_CALL = Token(")", Kind.CLOSE, shape=Shape.CALL)
OPEN_INDEX = Token("[", Kind.OPEN, shape=Shape.INDEX)
CLOSE_INDEX = Token("]", Kind.CLOSE, shape=Shape.INDEX)

INVISIBLE_OPEN = Token("", Kind.OPEN, shape=Shape.ATOM)
INVISIBLE_CLOSE = Token("", Kind.CLOSE, shape=Shape.ATOM)
STICKY_OPEN = Token("", Kind.OPEN, shape=Shape.ATOM, sticky=True)
STICKY_CLOSE = Token("", Kind.CLOSE, shape=Shape.ATOM, sticky=True)
