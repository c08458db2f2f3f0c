"""The Program: what the generated file says, before anybody decides where lines break.

Expressions and statements are the small part of Python that pages use. Layout (`emit/`)
turns them into text exactly as Black would.
"""

from __future__ import annotations

from typing import TypeAlias, Union

from kcodegen.ir.values import Scalar
from kcodegen.records import record


@record(frozen=True)
class Name:
    """An identifier or a dotted path of identifiers: `x`, `layers.Dense`."""

    id: str


@record(frozen=True)
class Literal:
    """A scalar constant: `3`, `0.5`, `"relu"`, `None`, `b"raw"`, `...`."""

    value: Scalar


@record(frozen=True)
class CallExpr:
    """`func(*args, **kwargs)`; `func` may itself be a call."""

    func: Expr
    args: tuple[Expr, ...] = ()
    kwargs: tuple[tuple[str, Expr], ...] = ()


@record(frozen=True)
class ListExpr:
    """`[a, b]`."""

    items: tuple[Expr, ...] = ()


@record(frozen=True)
class TupleExpr:
    """`(a, b)`; bare (no parentheses) as the index of a subscript or the target of a loop."""

    items: tuple[Expr, ...] = ()


@record(frozen=True)
class DictExpr:
    """`{"a": b}`."""

    items: tuple[tuple[Expr, Expr], ...] = ()


@record(frozen=True)
class Attribute:
    """`base.name`, for a base that is more than a name."""

    base: Expr
    name: str


@record(frozen=True)
class Subscript:
    """`base[index]`."""

    base: Expr
    index: Expr


@record(frozen=True)
class SliceExpr:
    """`start:stop:step` inside a subscript."""

    start: Expr | None = None
    stop: Expr | None = None
    step: Expr | None = None


@record(frozen=True)
class FString:
    """An f-string of literal text and expressions: `f"{name}_conv"`."""

    parts: tuple[str | Expr, ...]


@record(frozen=True)
class Binary:
    """`left op right`: arithmetic (`+ - * / // % **`), comparison (`== != < <= > >= in is`)."""

    op: str
    left: Expr
    right: Expr


@record(frozen=True)
class Unary:
    """`-x` or `not x`."""

    op: str
    operand: Expr


@record(frozen=True)
class Conditional:
    """`yes if test else no`."""

    test: Expr
    yes: Expr
    no: Expr


Expr: TypeAlias = Union[
    Name,
    Literal,
    CallExpr,
    ListExpr,
    TupleExpr,
    DictExpr,
    Attribute,
    Subscript,
    SliceExpr,
    FString,
    Binary,
    Unary,
    Conditional,
]


@record(frozen=True)
class Assign:
    """`a, b = value  # comment`; `targets` are plain names, `comment` fits on the line or goes."""

    targets: tuple[str, ...]
    value: Expr
    comment: str = ""


@record(frozen=True)
class Evaluate:
    """An expression for its effect: `skips.append(x)`."""

    value: Expr


@record(frozen=True)
class Return:
    """`return value`."""

    value: Expr | None


@record(frozen=True)
class For:
    """`for targets in iterable:`."""

    targets: tuple[str, ...]
    iterable: Expr
    body: tuple[Statement, ...]


@record(frozen=True)
class If:
    """`if test:` ... `else:`."""

    test: Expr
    body: tuple[Statement, ...]
    orelse: tuple[Statement, ...] = ()


@record(frozen=True)
class Blank:
    """An empty line between paragraphs of a body."""


@record(frozen=True)
class Comment:
    """A comment on a line of its own."""

    text: str


Statement: TypeAlias = Union[Assign, Evaluate, Return, For, If, Blank, Comment, "Function"]


@record(frozen=True)
class Param:
    """A parameter of a function: `name`, `name: annotation`, `name=default`."""

    name: str
    annotation: str = ""
    default: Expr | None = None


@record(frozen=True)
class Function:
    """A function of the page, or one inside it; `doc` is the text of its docstring, or empty."""

    name: str
    params: tuple[Param, ...] = ()
    returns: str = ""
    doc: str = ""
    body: tuple[Statement, ...] = ()


@record(frozen=True)
class Stub:
    """A skeleton: a class with its methods, or one function; `decorator` registers it, or is None.

    `base` is the class that it is derived from, empty for a function.
    """

    name: str
    decorator: Expr | None
    base: str
    doc: str
    methods: tuple[Function, ...]


@record(frozen=True)
class Module:
    """A page: what its templates need, decided.

    `imports` are import lines in their final order; `helpers` name the templates of private
    classes that are written out; `functions` build and compile. `builds` is the function that
    makes the main object, `takes` its arguments by name; `has_config` says that it can be asked for
    its configuration. `is_model` asks for the loading of weights by `loader`; `normalized` says
    that an adapted Normalization has to be finalized after it, `calibrated` that layers have to be
    told of their GPTQ or AWQ, `learns_words` that there are vocabularies among the weights, and
    `fast_load` that no random numbers are drawn for what is loaded. `stubs` are skeletons of a
    user's classes.
    """

    summary: str
    imports: tuple[str, ...]
    helpers: tuple[str, ...]
    functions: tuple[Function, ...]
    builds: str
    takes: tuple[str, ...] = ()
    is_model: bool = False
    has_config: bool = False
    loader: Function | None = None
    compiles: bool = False
    normalized: bool = False
    calibrated: bool = False
    learns_words: bool = False
    fast_load: bool = False
    stubs: tuple[Stub, ...] = ()
