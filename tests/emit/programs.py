"""Hypothesis strategies for Programs: what pages say, and much that they never will."""

from __future__ import annotations

from hypothesis import strategies as st

from kcodegen.emit.expressions import text
from kcodegen.ir.program import (
    Assign,
    Attribute,
    Binary,
    Blank,
    CallExpr,
    Comment,
    DictExpr,
    Evaluate,
    Expr,
    For,
    FString,
    Function,
    If,
    ListExpr,
    Literal,
    Name,
    Param,
    Return,
    SliceExpr,
    Statement,
    Subscript,
    TupleExpr,
    Unary,
)

WORDS = (
    *"x y i n".split(),
    *"name inputs filters shortcut encoder_outputs residual_connection".split(),
    "bidirectional_question_encoder_hidden_state",
    "a_name_so_long_that_it_fills_a_line_nearly_by_itself_and_leaves_no_room_for_more",
)
PATHS = (
    *"keras.Input layers.Dense layers.Conv2D ops.reshape np.array".split(),
    *"layers.BatchNormalization keras.initializers.VarianceScaling self.a.b".split(),
    "keras.optimizers.schedules.LearningRateScheduleWithWarmupAndPolynomialDecay",
)
KEYWORDS = (
    *"name axis units padding use_bias activation kernel_initializer".split(),
    "return_sequences",
    "recurrent_kernel_constraint_regularizer",
)
TEXTS = ("relu", "same", "conv2_block1_1_bn", "he_normal", "a text of some length, with spaces")
TYPES = (
    *"int keras.Model bool None tuple[int,...] list[keras.Model] dict[str,int]".split(),
    "str | Path",
    "tuple[keras.Model, keras.Model, keras.layers.Layer]",
    "dict[str, tuple[keras.Model, int]] | list[keras.Sequential] | keras.layers.Layer | None",
    "keras.optimizers.schedules.LearningRateScheduleWithWarmupAndPolynomialDecayAndMore",
)

word = st.sampled_from(WORDS)
names = st.sampled_from((*WORDS, *PATHS)).map(Name)
odd_texts = st.text(
    st.sampled_from(("'", '"', "\\", "{", "}", "\n", "\x00", "\x7f", "é", "\u202e", "😀", *"aN #%"))
)
texts = st.one_of(st.sampled_from(TEXTS), odd_texts)
numbers = st.one_of(
    st.integers(-3, 3),
    st.integers(-(2**70), 2**70),
    st.sampled_from((0.5, -0.001, 1.001e-05, 1e16, 1e-07, 3.5e300)),
    st.floats(allow_nan=False, allow_infinity=False),
)
literals = st.one_of(numbers, texts, st.none(), st.booleans(), st.just(...), st.binary(max_size=9))
leaves: st.SearchStrategy[Expr] = st.one_of(names, names, st.builds(Literal, literals))
operators = st.sampled_from(
    ("+", "-", "*", "/", "//", "%", "**", "**", "==", "!=", "<", ">=", "in", "not in", "is not")
)


@st.composite
def expressions(draw: st.DrawFn, depth: int = 4) -> Expr:
    """Return an expression, `depth` levels deep at most."""
    if depth == 0 or draw(st.integers(0, 9)) < 3:
        return draw(leaves)
    return draw(st.sampled_from(KINDS))(draw, depth - 1)


def several(draw: st.DrawFn, depth: int, most: int = 5) -> tuple[Expr, ...]:
    return tuple(draw(expressions(depth)) for _ in range(draw(st.integers(0, most))))


def call(draw: st.DrawFn, depth: int) -> Expr:
    func = draw(st.one_of(names, names, expressions(depth)))
    keys = draw(st.lists(st.sampled_from(KEYWORDS), max_size=5, unique=True))
    return CallExpr(
        Name("f") if isinstance(func, Literal) else func,
        several(draw, depth, 3),
        tuple((key, draw(expressions(depth))) for key in keys),
    )


def layer_call(draw: st.DrawFn, depth: int) -> Expr:
    return CallExpr(call(draw, depth), several(draw, depth, 2))


def dictionary(draw: st.DrawFn, depth: int) -> Expr:
    keys = draw(st.lists(st.one_of(leaves, leaves, expressions(depth)), max_size=4))
    return DictExpr(tuple((key, draw(expressions(depth))) for key in keys))


def attribute(draw: st.DrawFn, depth: int) -> Expr:
    base = draw(expressions(depth))
    return Attribute(call(draw, depth) if isinstance(base, Name) else base, draw(word))


def subscript(draw: st.DrawFn, depth: int) -> Expr:
    count = draw(st.sampled_from((1, 1, 1, 2, 3)))
    indices = tuple(index(draw, depth) for _ in range(count))
    is_bare = count == 1 and draw(st.integers(0, 3)) < 3
    return Subscript(draw(expressions(depth)), indices[0] if is_bare else TupleExpr(indices))


def index(draw: st.DrawFn, depth: int) -> Expr:
    if draw(st.booleans()):
        return draw(expressions(depth))
    return SliceExpr(*(draw(st.one_of(st.none(), expressions(depth))) for _ in range(3)))


def fstring(draw: st.DrawFn, depth: int) -> Expr:
    parts: list[str | Expr] = []
    for is_text in draw(st.lists(st.booleans(), max_size=4)):
        if not is_text:
            parts.append(field(draw, depth))
        elif not parts or not isinstance(parts[-1], str):
            parts.append(draw(st.one_of(st.sampled_from(("_", "block")), odd_texts.filter(bool))))
    return FString(tuple(parts))


def field(draw: st.DrawFn, depth: int) -> Expr:
    """Return an expression that can stand in the braces of an f-string."""
    expr = draw(st.one_of(names, expressions(depth)))
    code = text(expr)
    return Name("x") if "\\" in code or ('"' in code and "'" in code) else expr


def binary(draw: st.DrawFn, depth: int) -> Expr:
    return Binary(draw(operators), draw(expressions(depth)), draw(expressions(depth)))


def negative(draw: st.DrawFn, depth: int) -> Expr:
    operand = draw(expressions(depth))
    is_number = isinstance(operand, Literal) and isinstance(operand.value, (int, float))
    return Unary("-", Name("x") if is_number else operand)


KINDS = (
    *(call, call, layer_call, layer_call, dictionary, attribute, subscript, fstring),
    *(binary, binary, negative),
    lambda draw, depth: ListExpr(several(draw, depth)),
    lambda draw, depth: TupleExpr(several(draw, depth)),
    lambda draw, depth: Unary("not", draw(expressions(depth))),
)
shapes = st.sampled_from(("", "", "(None, 56, 56, 256)", "(None, 10)"))
targets = st.one_of(
    word.map(lambda target: (target,)),
    word.map(lambda target: (target,)),
    st.lists(word, min_size=2, max_size=4).map(tuple),
)
comments = st.sampled_from(("Encoder", "a remark of some length that says next to nothing"))


@st.composite
def effects(draw: st.DrawFn) -> Expr:
    """Return an expression that can be a statement, and is no docstring."""
    kind = draw(st.sampled_from((call, layer_call, attribute, subscript, binary, negative)))
    return kind(draw, 3)


def is_iterable(expr: Expr) -> bool:
    """Tell whether a page could loop over `expr`; a tuple of truth values is for nobody.

    Black takes the second `in` of a loop's head for the first one.
    """
    items = expr.items if isinstance(expr, TupleExpr) else ()
    return not any(isinstance(item, Binary) and item.op == "in" for item in items)


@st.composite
def statements(draw: st.DrawFn, depth: int = 2) -> Statement:
    """Return a statement with `depth` levels of blocks at most."""
    if depth == 0 or draw(st.integers(0, 3)):
        return draw(simple_statements)
    body = st.lists(statements(depth - 1), max_size=3).map(tuple)
    return draw(
        st.one_of(
            st.builds(For, targets, expressions(2).filter(is_iterable), body),
            st.builds(If, expressions(2), body, body),
        )
    )


assignments = st.builds(Assign, targets, expressions(), shapes)
simple_statements: st.SearchStrategy[Statement] = st.one_of(
    *(assignments, assignments, assignments),
    st.builds(Evaluate, effects()),
    st.builds(Return, st.one_of(st.none(), expressions())),
    st.builds(Blank),
    st.builds(Comment, comments),
)


@st.composite
def parameters(draw: st.DrawFn) -> tuple[Param, ...]:
    """Return parameters in an order that Python allows: those with defaults last."""
    chosen = draw(st.lists(word, max_size=4, unique=True))
    plain = draw(st.integers(0, len(chosen)))
    types = st.one_of(st.just(""), st.sampled_from(TYPES))
    defaults = st.one_of(leaves, expressions(2))
    return tuple(
        Param(name, draw(types), draw(defaults) if index >= plain else None)
        for index, name in enumerate(chosen)
    )


docs = st.one_of(
    st.just(""),
    st.just("Return the model."),
    st.just("First line.\n\n    An indented line.\n  A less indented one."),
    st.lists(st.one_of(odd_texts, st.sampled_from(TEXTS)), max_size=4).map("\n  ".join),
)
functions = st.builds(
    Function,
    word,
    parameters(),
    st.one_of(st.just(""), st.sampled_from(TYPES)),
    docs,
    st.lists(statements(), max_size=3).map(tuple),
)
widths = st.one_of(st.just(88), st.just(88), st.integers(60, 120))
