"""Expressions as tokens: parentheses where Python needs them, spaces where Black puts them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TypeAlias, assert_never

from kcodegen.emit import literals
from kcodegen.emit.tokens import (
    CLOSE_CALL,
    CLOSE_DICT,
    CLOSE_GROUP,
    CLOSE_INDEX,
    CLOSE_LIST,
    COLON,
    COMMA,
    COMPARATOR_PRIORITY,
    DOT,
    EQUAL,
    LOGIC_PRIORITY,
    NEGATIVE,
    OPEN_CALL,
    OPEN_DICT,
    OPEN_GROUP,
    OPEN_INDEX,
    OPEN_LIST,
    SPACE,
    TERNARY_PRIORITY,
    Token,
)
from kcodegen.ir.program import (
    Attribute,
    Binary,
    CallExpr,
    Conditional,
    DictExpr,
    Expr,
    FString,
    ListExpr,
    Literal,
    Name,
    SliceExpr,
    Subscript,
    TupleExpr,
    Unary,
)
from kcodegen.ir.values import Scalar

Piece: TypeAlias = Token | Expr

# Operator -> how tightly it binds, and Black's priority for a break before it.
_OPERATORS = {
    "or": (1, LOGIC_PRIORITY),
    "and": (2, LOGIC_PRIORITY),
    "|": (5, 9),
    "^": (6, 8),
    "&": (7, 7),
    "<<": (8, 6),
    ">>": (8, 6),
    "+": (9, 5),
    "-": (9, 5),
    "*": (10, 4),
    "/": (10, 4),
    "//": (10, 4),
    "%": (10, 4),
    "@": (10, 4),
    "**": (12, 2),
}
_COMPARISON = (4, COMPARATOR_PRIORITY)
_NOT, _SIGN, _POWER, _PRIMARY = 3, 11, 12, 13


def text(expr: Expr) -> str:
    """Return `expr` on one line."""
    return "".join([token.text for token in tokens(expr)])


def tokens(*pieces: Piece) -> list[Token]:
    """Return the tokens of expressions and tokens in a row.

    A stack rather than recursion: nesting is as deep as the model's config.
    """
    result: list[Token] = []
    stack: list[Iterator[Piece]] = [iter(pieces)]
    while stack:
        for piece in stack[-1]:
            if isinstance(piece, Token):
                result.append(piece)
            elif isinstance(piece, Name):
                result.append(name(piece.id))
            elif isinstance(piece, Literal):
                result += _literal(piece.value)
            else:
                stack.append(iter(_pieces(piece)))
                break
        else:
            stack.pop()
    return result


@lru_cache(maxsize=4096)
def name(text: str) -> Token:
    """Return the token of a name; a dotted path is one token, as lines never break inside it."""
    return Token(text, "name")


def _pieces(expr: Expr) -> list[Piece]:
    """Return what `expr` consists of, from left to right."""
    match expr:
        case CallExpr(func, args, kwargs):
            return [*_operand(func, _PRIMARY), OPEN_CALL, *_arguments(args, kwargs), CLOSE_CALL]
        case TupleExpr(items):
            return [OPEN_GROUP, *bare_tuple(items), CLOSE_GROUP]
        case ListExpr(items):
            return [OPEN_LIST, *_separated(items), CLOSE_LIST]
        case FString(parts):
            return [_fstring(parts)]
        case Subscript(base, index):
            return [*_operand(base, _PRIMARY), OPEN_INDEX, *_index(index), CLOSE_INDEX]
        case Attribute(base, attribute):
            return [*_owner(base), DOT, name(attribute)]
        case DictExpr(items):
            return [OPEN_DICT, *_dict_items(items), CLOSE_DICT]
        case Binary(operator, left, right):
            return _binary(operator, left, right)
        case Unary(operator, operand):
            return _unary(operator, operand)
        case SliceExpr():
            return _slice(expr)
        case Conditional(test, yes, no):
            return _conditional(test, yes, no)
        case Name() | Literal():
            return [expr]
        case _:
            assert_never(expr)


def _separated(items: Iterable[Expr]) -> list[Piece]:
    pieces: list[Piece] = []
    for item in items:
        pieces += (item, COMMA, SPACE)
    return pieces[:-2]


def bare_tuple(items: tuple[Expr, ...]) -> list[Piece]:
    """Return the items of a tuple without its parentheses."""
    return [items[0], COMMA] if len(items) == 1 else _separated(items)


def _arguments(args: tuple[Expr, ...], kwargs: tuple[tuple[str, Expr], ...]) -> list[Piece]:
    pieces: list[Piece] = []
    for arg in args:
        pieces += (arg, COMMA, SPACE)
    for key, value in kwargs:
        pieces += (name(key), EQUAL, value, COMMA, SPACE)
    return pieces[:-2]


def _dict_items(items: tuple[tuple[Expr, Expr], ...]) -> list[Piece]:
    pieces: list[Piece] = []
    for key, value in items:
        pieces += (key, COLON, SPACE, value, COMMA, SPACE)
    return pieces[:-2]


def _literal(value: Scalar) -> tuple[Token, ...]:
    if isinstance(value, str):
        return (_string(value),)
    source = literals.literal(value)
    if value is None or isinstance(value, bool):
        return (name(source),)
    if isinstance(value, (int, float)):
        number = Token(source.removeprefix("-"), "number")
        return (NEGATIVE, number) if source.startswith("-") else (number,)
    return (Token(source, "string"),) if isinstance(value, bytes) else (DOT, DOT, DOT)


@lru_cache(maxsize=4096)
def _string(value: str) -> Token:
    return Token(literals.literal(value), "string")


def _fstring(parts: tuple[str | Expr, ...]) -> Token:
    texts = ((part, False) if isinstance(part, str) else (text(part), True) for part in parts)
    return Token(literals.fstring(tuple(texts)), "string")


def _index(index: Expr) -> list[Piece]:
    if isinstance(index, TupleExpr) and index.items:
        return bare_tuple(index.items)
    return [index]


def _owner(base: Expr) -> list[Piece]:
    """Return the base of an attribute; a number needs parentheses: `(1).real`."""
    is_literal = isinstance(base, Literal) and isinstance(base.value, (int, float))
    return [OPEN_GROUP, base, CLOSE_GROUP] if is_literal else _operand(base, _PRIMARY)


def _binary(operator: str, left: Expr, right: Expr) -> list[Piece]:
    binding, priority = _OPERATORS.get(operator, _COMPARISON)
    # `**` groups to the right and lets a sign in there; comparisons would chain, so neither side
    # may be one; all others group to the left.
    least_left = binding if operator != "**" and binding != _COMPARISON[0] else binding + 1
    least_right = binding + 1 if operator != "**" else _SIGN
    first, *others = operator.split()  # `not in` and `is not` are two words
    words = [Token(first, "name" if first.isalpha() else "operator", priority), SPACE]
    for word in others:
        words += (name(word), SPACE)
    return [*_operand(left, least_left), SPACE, *words, *_operand(right, least_right)]


def _unary(operator: str, operand: Expr) -> list[Piece]:
    if operator == "not":
        return [name("not"), SPACE, *_operand(operand, _NOT)]
    # Black wants the parentheses of `-(x**2)`, which Python could do without.
    is_power = isinstance(operand, Binary) and operand.op == "**"
    sign = Token(operator, "sign")
    return [sign, *_operand(operand, _PRIMARY if is_power else _SIGN)]


def _conditional(test: Expr, yes: Expr, no: Expr) -> list[Piece]:
    words = [Token(word, "name", TERNARY_PRIORITY) for word in ("if", "else")]
    condition = [*_operand(yes, 1), SPACE, words[0], SPACE, *_operand(test, 1)]
    return [*condition, SPACE, words[1], SPACE, *_operand(no, 1)]


def _operand(expr: Expr, least: int) -> list[Piece]:
    """Return `expr`, in parentheses if it binds less tightly than `least`."""
    if isinstance(expr, Name):
        return [expr]
    return [expr] if _binding(expr) >= least else [OPEN_GROUP, expr, CLOSE_GROUP]


def _binding(expr: Expr) -> int:
    match expr:
        case Binary(operator):
            return _OPERATORS.get(operator, _COMPARISON)[0]
        case Unary(operator):
            return _NOT if operator == "not" else _SIGN
        case Conditional():
            return 0
        case Literal(int() | float() as value):
            return _SIGN if literals.literal(value).startswith("-") else _PRIMARY
        case _:
            return _PRIMARY


def _slice(expr: SliceExpr) -> list[Piece]:
    """Return a slice; a colon is spaced like an operator beside anything but plain operands."""
    space = [SPACE] if _is_complex_slice(expr) else []
    pieces: list[Piece] = [COLON]
    if expr.start is not None:
        pieces = [expr.start, *space, COLON]
    if expr.stop is not None:
        pieces += [*space, expr.stop]
    if expr.step is not None:
        pieces += [*space, COLON] if expr.stop is not None else [COLON]
        pieces += [*space, expr.step]
    return pieces


def _is_complex_slice(expr: SliceExpr) -> bool:
    # Black has not yet looked into an f-string at the start when it decides about the spaces.
    start = None if isinstance(expr.start, FString) else expr.start
    return any(part is not None and _is_complex(part) for part in (start, expr.stop, expr.step))


def _is_complex(expr: Expr) -> bool:
    """Tell whether Black calls `expr` non-trivial inside a slice: a call, a path, an operation."""
    match expr:
        case Name(id):
            return "." in id
        case Literal():
            return False
        case TupleExpr(items) | ListExpr(items):
            return any(_is_complex(item) for item in items)
        case DictExpr(items):
            return any(_is_complex(part) for item in items for part in item)
        case FString(parts):
            return any(_is_complex(part) for part in parts if not isinstance(part, str))
        case Unary(operator, operand):
            return operator == "not" or _is_complex(operand)
        case _:
            return True
