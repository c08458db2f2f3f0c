"""Layout: statements and functions as lines of text, exactly as Black would write them.

Indentation is counted in levels of four columns. Lines have no line break at the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from kcodegen.emit import literals
from kcodegen.emit.annotations import annotation
from kcodegen.emit.expressions import Piece, bare_tuple, name, tokens
from kcodegen.emit.lines import Line, leaves_of, read_again
from kcodegen.emit.splitting import transform_line
from kcodegen.emit.tokens import (
    ARROW,
    CLOSE_CALL,
    COLON,
    COMMA,
    EQUAL,
    INVISIBLE_CLOSE,
    INVISIBLE_OPEN,
    OPEN_CALL,
    SPACE,
    STICKY_CLOSE,
    STICKY_OPEN,
    Token,
)
from kcodegen.ir.program import (
    Assign,
    Binary,
    Blank,
    Comment,
    Evaluate,
    Expr,
    For,
    Function,
    If,
    ListExpr,
    Literal,
    Param,
    Return,
    Statement,
    TupleExpr,
)

# Trailing commas that one pass adds can change what the next one does; Black itself runs two.
_MOST_PASSES = 8


def function_lines(function: Function, width: int = 88) -> list[str]:
    """Return the lines of a top-level function."""
    doc = literals.docstring(function.doc, "    ")
    if not doc and function.body == (Evaluate(Literal(...)),):
        return _break(tokens(*_header(function), SPACE, Literal(...)), 0, width)
    body = block_lines(function.body, 1, width) if function.body or not doc else []
    return [*_break(tokens(*_header(function)), 0, width), *doc, *body]


def import_lines(text: str, width: int = 88) -> list[str]:
    """Return the lines of an import: of a `from` import that is too long, one name per line."""
    module, _, names = text.partition(" import ")
    if len(text) <= width or not module.startswith("from "):
        return [text]
    return [f"{module} import (", *(f"    {word}," for word in names.split(", ")), ")"]


def block_lines(statements: Iterable[Statement], indent: int, width: int = 88) -> list[str]:
    """Return the lines of the body of a block: `pass` if nothing happens in it.

    Blank lines at its start and end go, and of several in a row one stays.
    """
    lines: list[str] = []
    is_empty = True
    for statement in statements:
        if isinstance(statement, Blank):
            if lines and lines[-1]:
                lines.append("")
        else:
            is_empty = is_empty and isinstance(statement, Comment)
            lines += statement_lines(statement, indent, width)
    if lines and not lines[-1]:
        lines.pop()
    return [*lines, "    " * indent + "pass"] if is_empty else lines


def statement_lines(statement: Statement, indent: int, width: int = 88) -> list[str]:
    """Return the lines of `statement`; a trailing comment that does not fit is dropped."""
    match statement:
        case Assign(targets, value, comment):
            source = _optional(value) if len(targets) == 1 else _unpacked(value)
            lines = _break(tokens(*_targets(targets), SPACE, *source), indent, width)
            return _with_comment(lines, comment, width)
        case Evaluate(value):
            return _break(tokens(*_evaluated(value)), indent, width)
        case Return(value):
            returned = [] if value is None else [SPACE, *_unpacked(value)]
            return _break(tokens(name("return"), *returned), indent, width)
        case For(targets, iterable, body):
            header = [*_loop_targets(targets), *_optional(iterable), COLON]
            return [*_break(tokens(*header), indent, width), *block_lines(body, indent + 1, width)]
        case If():
            return _if_lines(statement, indent, width)
        case Blank():
            return [""]
        case Function():
            return _nested_lines(statement, indent, width)
        case Comment(text):
            return ["    " * indent + literals.comment(text)]
        case _:
            assert_never(statement)


def _nested_lines(function: Function, indent: int, width: int) -> list[str]:
    """Return the lines of a function inside another one; blank lines around it are statements."""
    doc = literals.docstring(function.doc, "    " * (indent + 1))
    header = _break(tokens(*_header(function)), indent, width)
    return [*header, *doc, *block_lines(function.body, indent + 1, width)]


def _if_lines(statement: If, indent: int, width: int) -> list[str]:
    lines: list[str] = []
    word = "if"
    while True:
        header = [name(word), SPACE, *_optional(statement.test), COLON]
        lines += _break(tokens(*header), indent, width)
        lines += block_lines(statement.body, indent + 1, width)
        match statement.orelse:
            case ():
                return lines
            case (If() as statement,):
                word = "elif"
            case orelse:
                lines.append("    " * indent + "else:")
                return lines + block_lines(orelse, indent + 1, width)


def _with_comment(lines: list[str], comment: str, width: int) -> list[str]:
    if not comment or len(lines) > 1:
        return lines
    line = f"{lines[0]}  {literals.comment(comment)}"
    return [line] if len(line) <= width else lines


def _break(line: list[Token], depth: int, width: int) -> list[str]:
    """Return the lines of one logical line."""
    text = "    " * depth + "".join([token.text for token in line])
    if len(text) <= width and "**" not in text:
        return [text]
    leaves = leaves_of(line)
    for _ in range(_MOST_PASSES):
        minds_commas = any(leaf.trailing for leaf in leaves)
        lines = transform_line(Line(leaves, depth, minds_commas=minds_commas), width)
        leaves, has_changed = read_again(lines)
        if not has_changed:
            break
    return [done.text for done in lines]


def _optional(value: Expr) -> list[Piece]:
    """Return `value` in parentheses that show only when needed; a tuple has its own."""
    return [value] if isinstance(value, TupleExpr) else [INVISIBLE_OPEN, value, INVISIBLE_CLOSE]


def _unpacked(value: Expr) -> list[Piece]:
    """Return `value`; a tuple loses its parentheses until they are needed: `return x, y`."""
    if isinstance(value, TupleExpr) and len(value.items) > 1:
        return [STICKY_OPEN, *bare_tuple(value.items), STICKY_CLOSE]
    return _optional(value)


def _targets(targets: tuple[str, ...]) -> list[Piece]:
    if len(targets) == 1:
        return [name(targets[0]), SPACE, EQUAL]
    return [STICKY_OPEN, *_listed(targets), STICKY_CLOSE, SPACE, EQUAL]


def _loop_targets(targets: tuple[str, ...]) -> list[Piece]:
    listed = _listed(targets)
    words = (INVISIBLE_OPEN, *listed, INVISIBLE_CLOSE)
    return [name("for"), SPACE, *words, SPACE, name("in"), SPACE]


def _listed(names: tuple[str, ...]) -> list[Token]:
    listed: list[Token] = []
    for word in names:
        listed += (name(word), COMMA, SPACE)
    return listed[:-2]


def _evaluated(value: Expr) -> list[Piece]:
    """Return an expression that is a statement."""
    # Only these operators get optional parentheses in a statement of their own.
    is_arithmetic = isinstance(value, Binary) and value.op in ("+", "-", "<<", ">>", "^", "&")
    return [STICKY_OPEN, value, STICKY_CLOSE] if is_arithmetic else [value]


def _header(function: Function) -> list[Piece]:
    pieces: list[Piece] = [name("def"), SPACE, name(function.name), OPEN_CALL]
    for param in function.params:
        pieces += (*_param(param), COMMA, SPACE)
    if function.params:
        del pieces[-2:]
    pieces.append(CLOSE_CALL)
    if function.returns:
        pieces += (SPACE, ARROW, SPACE)
        pieces += _annotation(INVISIBLE_OPEN, annotation(function.returns), INVISIBLE_CLOSE)
    return [*pieces, COLON]


def _param(param: Param) -> list[Piece]:
    pieces: list[Piece] = [name(param.name)]
    space = [SPACE] if param.annotation else []
    if param.annotation:
        expr = annotation(param.annotation)
        is_optional = isinstance(expr, (Binary, ListExpr))
        optional = [INVISIBLE_OPEN, expr, INVISIBLE_CLOSE] if is_optional else [expr]
        pieces += (COLON, SPACE, *_annotation(*optional))
    if param.default is not None:
        pieces += (*space, EQUAL, *space, param.default)
    return pieces


def _annotation(*pieces: Piece) -> list[Token]:
    return [
        token if token is SPACE else token._replace(annotation=True) for token in tokens(*pieces)
    ]
