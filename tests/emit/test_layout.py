"""Layout: Black is the judge."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import black
import pytest
from hypothesis import HealthCheck, given, settings

from kcodegen.emit.layout import block_lines, function_lines, import_lines, statement_lines
from kcodegen.ir.program import (
    Assign,
    Binary,
    Blank,
    CallExpr,
    Comment,
    Evaluate,
    For,
    Function,
    If,
    Literal,
    Name,
    Param,
    Return,
    Statement,
)
from kcodegen.ir.values import same
from tests.emit.from_ast import Reader
from tests.emit.programs import functions, widths

PAGES = sorted(Path(__file__).with_name("pages").glob("*.py"))
# Written by a template, in more Python than a Program has.
UNSAYABLE = {"load_weights"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_finished_page_comes_out_as_it_is(page):
    sayable = Reader(page.read_text()).functions(UNSAYABLE)
    assert sayable
    for function, source in sayable:
        assert "\n".join(function_lines(function)) == source


# Source as Black writes it; each is read as a Program and has to come out unchanged.
CASES = {
    "arguments that fit go on a line of their own": """
    x = layers.Conv2D(
        filters, kernel_size, strides=strides, padding=padding, name=f"{name}_conv"
    )(x)
""",
    "a choice among arguments": """
    x = layers.DepthwiseConv2D(
        kernel_size,
        strides=2 if padding else 1,
        padding="valid" if padding else "same",
        use_bias=False,
        name=f"{name}_dwconv",
    )(x)
""",
    "a choice in parentheses where it is a factor": """
    gate = layers.Reshape(
        (1, 1, (24 if project else 4) * filters), name=f"{name}_se_reshape"
    )(gate)
""",
    "a choice that is assigned": """
    strides = 1 if stage == 0 else 2
""",
    "the input alone moves down": """
    x = layers.Conv2D(32, 3, strides=2, padding="same", use_bias=False, name="Conv1")(
        inputs
    )
""",
    "one argument per line gets a trailing comma": """
    x = layers.Conv2D(
        filters,
        3,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_conv{index}",
    )(x)
""",
    "a list explodes where a call does not": """
    return keras.Sequential(
        [
            keras.Input((784,)),
            layers.Dense(64, activation="relu", kernel_initializer="he_normal"),
        ],
        name="mlp",
    )
""",
    "calls on calls": """
    y = layers.Bidirectional(layers.LSTM(32), merge_mode="concat", name="encoder")(
        x, mask=m
    ).outputs
""",
    "three calls in a row break at their dots": """
    total = (
        first_operand.transpose(axis=0)
        .reshape(a_long_argument, another_long_argument)
        .sum()
        .reshape(1, 2, 3)
    )
""",
    "an argument that cannot be broken": """
    x = layers.Embedding(
        20000,
        64,
        name="a_layer_name_so_long_that_its_author_must_have_had_some_reason_for_it",
    )(tokens)
""",
    "a text that cannot be broken": """
    x = "a text that is much too long for a line and that nothing can be done about, at all"
""",
    "a path that does not fit": """
    schedule_with_a_long_name = (
        keras.optimizers.schedules.PolynomialDecayWithWarmupAndRestartsAndMore
    )
""",
    "targets and a value that break": """
    encoder_outputs, encoder_state_h, encoder_state_c = layers.LSTM(
        latent_dimension, return_state=True
    )(encoder_inputs)
""",
    "targets that do not fit": """
    (
        the_outputs_of_the_bidirectional_encoder,
        the_forward_state_of_the_encoder,
        the_backward_state,
    ) = encoder(x)
""",
    "a tuple of one item": """
    shape = (
        layers.InputSpec(shape=(None, None, the_number_of_channels_of_every_image)),
    )
""",
    "a bare tuple": """
    return (
        the_outputs_of_the_bidirectional_encoder,
        the_forward_state_of_the_encoder,
        the_backward_state,
    )
""",
    "a swap": """
    x, y = y, x
""",
    "slices": """
    x = x[:, 1:5:2, None, ..., ::-1, i + 1 :, : len(y), -1:, :: f(2)]
""",
    "an index of one item": """
    x = x[1,]
""",
    "powers": """
    x = y**2 + z.y**-n - f(x) ** 2 + x[0] ** 2 + (-1) ** n - (2**3) ** n
""",
    "signs": """
    x = -(y**2) + -f(x) - -1 * (a - (b - c)) / (a + b)
""",
    "a sum": """
    the_total_number_of_filters = (
        the_filters_of_the_first_branch
        + the_filters_of_the_second_branch
        + the_filters_of_the_third_branch
    )
""",
    "a test": """
    if not filters in (64, 128):
        pass
""",
    "a condition that does not fit": """
    if (
        the_number_of_filters_of_this_block_or_its_shortcut
        == the_number_of_filters_of_the_last_one
    ):
        x = y
    elif strides != 1:
        x = z
    else:
        return
""",
    "a loop over a table": """
    for filters, blocks, strides, name in (
        (64, 3, 1, "conv2"),
        (128, 4, 2, "conv3"),
        (256, 6, 2, "conv4"),
    ):
        x = stage(x, filters, blocks, strides, name)

    return x
""",
    "a dict of lists": """
    model.compile(
        optimizer=optimizers.AdamW(0.001, clipnorm=1.0),
        metrics={
            "category": ["accuracy", metrics.TopKCategoricalAccuracy(k=2, name="top2")]
        },
    )
""",
    "dicts as arguments": """
    x = layers.Dense(
        4, kernel_initializer={"class": "VarianceScaling", "config": {"scale": 2.0}}
    )
""",
    "a statement of its own": """
    skips.append(x)
""",
    "numbers and constants": """
    x = f(1e-7, -1.001e-5, 1e16, None, True, ..., b"\\x00", "it's", 'say "no"')
""",
    "an attribute of a number": """
    x = (1).real + (-1).real + "a".upper() + (a, b).c
""",
}


@pytest.mark.parametrize("case", CASES)
def test_a_statement_comes_out_as_it_is(case):
    source = "def build():" + CASES[case]
    ((function, _),) = Reader(source).functions()
    assert "\n".join(function_lines(function)) + "\n" == source
    assert black.format_str(source, mode=black.Mode()) == source


HEADERS = [
    "def f(): ...",
    'def load_model(directory: str | Path = ".") -> keras.Sequential:',
    'def conv(x, filters, kernel_size, name, strides=1, padding="same", use_bias=False):',
    """def inverted_residual(
    x, expand_filters, filters, name, strides=1, add=False, kernel_size=3, ratio=0.25
):""",
    """def inverted_residual(
    x,
    expand_filters: int,
    filters: int,
    name: str,
    strides: int = 1,
    padding: str = "same",
    ratio: float = 0.25,
) -> tuple[keras.Model, keras.Model]:""",
    """def a_function_with_a_name_that_says_it_all(
    the_only_parameter: tuple[keras.Model, keras.Model],
) -> None:""",
    """def a_function_with_a_name_that_says_it_all_and_then_some_more() -> (
    tuple[keras.Model, keras.layers.Layer]
):""",
]


@pytest.mark.parametrize("header", HEADERS)
def test_a_header_comes_out_as_it_is(header):
    source = header if header.endswith("...") else f"{header}\n    return x"
    ((function, _),) = Reader(source).functions()
    assert "\n".join(function_lines(function)) == source
    assert black.format_str(source + "\n", mode=black.Mode()) == source + "\n"


def test_the_line_length_is_obeyed():
    statement = Assign(("x",), CallExpr(Name("f"), (Name("argument"), Name("other"))))
    assert statement_lines(statement, 1, 26) == ["    x = f(argument, other)"]
    assert statement_lines(statement, 1, 25) == [
        "    x = f(",
        "        argument, other",
        "    )",
    ]


def test_a_trailing_comment_stays_if_it_fits():
    statement = Assign(("x",), CallExpr(Name("stage"), (Name("x"),)), "(None, 7, 7)")
    assert statement_lines(statement, 1, 36) == ["    x = stage(x)  # (None, 7, 7)"]
    assert statement_lines(statement, 1, 31) == ["    x = stage(x)"]
    long = replace(statement, value=CallExpr(Name("stage"), (Name("y" * 90),)))
    assert not any("#" in line for line in statement_lines(long, 1))


def test_blank_lines_separate_and_never_pile_up():
    x = Evaluate(CallExpr(Name("x")))
    body = (Blank(), x, Blank(), Blank(), For(("i",), Name("y"), (Blank(), x, Blank())), Blank())
    assert block_lines(body, 1) == ["    x()", "", "    for i in y:", "        x()"]


def test_a_block_in_which_nothing_happens_passes():
    assert block_lines((Comment("Nothing."),), 1) == ["    # Nothing.", "    pass"]
    assert statement_lines(If(Name("x"), (), ()), 0) == ["if x:", "    pass"]
    assert function_lines(Function("f")) == ["def f():", "    pass"]
    assert function_lines(Function("f", doc="Do nothing.")) == ["def f():", '    """Do nothing."""']


def test_imports():
    line = "from keras import layers, losses, metrics, ops"
    assert import_lines(line, 46) == [line]
    assert import_lines("from keras import layers, ops", 28) == [
        "from keras import (",
        "    layers,",
        "    ops,",
        ")",
    ]
    assert import_lines("import a.long.path", 10) == ["import a.long.path"]


def test_an_annotation_that_is_no_type_is_refused():
    with pytest.raises(ValueError, match="not a type"):
        function_lines(Function("f", (Param("x", "print(1)"),)))


def nested(depth: int) -> Statement:
    value = Name("x")
    for _ in range(depth):
        value = CallExpr(Name("layers.Wrapper"), (value,), (("name", Literal("a_wrapper")),))
    return Assign(("x",), value)


def test_deep_nesting_is_no_recursion():
    lines = statement_lines(nested(400), 1)
    assert len(lines) > 800
    total = Name("x")
    for _ in range(5000):
        total = Binary("+", total, Name("x"))
    assert len(statement_lines(Return(total), 1)) == 5003


def judge(function: Function, width: int) -> None:
    """Hold the layout against Black: what it makes of one line per statement, and of the page."""
    mode = black.Mode(line_length=width)
    page = "\n".join([*function_lines(function, width), ""])
    assert black.format_str(page, mode=mode) == page
    bare = without_comments(function)
    long_lines = "\n".join([*function_lines(bare, 10**9), ""])
    laid_out = "\n".join([*function_lines(bare, width), ""])
    assert black.format_str(long_lines, mode=mode) == laid_out
    ((read, _),) = Reader(page).functions()
    assert same(only_code(read), only_code(function))
    ast.parse(page, feature_version=(3, 10))


def without_comments(function: Function) -> Function:
    return replace(function, body=tuple(map(uncommented, function.body)))


def uncommented(statement: Statement) -> Statement:
    match statement:
        case Assign():
            return replace(statement, comment="")
        case For():
            return replace(statement, body=tuple(map(uncommented, statement.body)))
        case If():
            body, orelse = tuple(map(uncommented, statement.body)), statement.orelse
            return replace(statement, body=body, orelse=tuple(map(uncommented, orelse)))
        case _:
            return statement


def only_code(function: Function) -> Function:
    """Return what Python sees of `function`, docstring aside."""
    params = tuple(replace(p, annotation=p.annotation.replace(" ", "")) for p in function.params)
    returns = function.returns.replace(" ", "")
    return Function(function.name, params, returns, "", code(without_comments(function).body))


def code(body: tuple[Statement, ...]) -> tuple[Statement, ...]:
    found: list[Statement] = []
    for statement in body:
        match statement:
            case Blank() | Comment():
                pass
            case For():
                found.append(replace(statement, body=code(statement.body)))
            case If():
                found.append(
                    replace(statement, body=code(statement.body), orelse=code(statement.orelse))
                )
            case _:
                found.append(statement)
    return tuple(found)


slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


@settings(max_examples=300, suppress_health_check=slow)
@given(functions, widths)
def test_black_finds_nothing_to_change(function, width):
    judge(function, width)


@pytest.mark.sweep
@settings(max_examples=5000, suppress_health_check=slow)
@given(functions, widths)
def test_black_finds_nothing_to_change_in_a_sweep(function, width):
    judge(function, width)


@pytest.mark.parametrize("doc", ["", "Return the code of an image."])
def test_a_function_inside_a_function_stands_between_blank_lines(doc):
    made = Assign(("dense",), CallExpr(Name("layers.Dense"), (Literal(4),)))
    inner = Function("encode", (Param("x"),), "", doc, (made, Return(Name("x"))))
    call = Assign(("y",), CallExpr(Name("encode"), (Name("image"),)))
    outer = Function("build", (), "", "", (made, Blank(), inner, Blank(), call, Return(Name("y"))))
    text = "\n".join(function_lines(outer)) + "\n"
    assert "\n\n    def encode(x):\n" in text
    assert black.format_str(text, mode=black.Mode()) == text
