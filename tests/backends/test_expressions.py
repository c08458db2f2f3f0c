"""Values as a person writes them."""

from __future__ import annotations

import pytest

from kcodegen import registry
from kcodegen.backends.expressions import Expressions
from kcodegen.backends.imports import Imports
from kcodegen.emit.expressions import text
from kcodegen.ir.program import Name
from kcodegen.ir.values import Array, Dict, Obj, Ref, Slice, Symbol
from kcodegen.naming.scope import Scope
from kcodegen.registry.vocabulary import Vocabulary

L2 = Obj("keras.regularizers.L2", (("l2", 0.5),))


@pytest.fixture
def expressions() -> Expressions:
    return Expressions(Vocabulary(), Imports(Scope()), lambda graph: "build_x", {7: "shared"})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "None"),
        (1e-07, "1e-7"),
        ((1, 2), "(1, 2)"),
        ((1,), "(1,)"),
        ((), "[]"),
        ((None, (1, 2)), "(None, (1, 2))"),
        (("a", "b"), '["a", "b"]'),
        ((True, 1), "[True, 1]"),
        (Dict((("a", 1), ("b", (1, 2)))), '{"a": 1, "b": (1, 2)}'),
        (L2, "regularizers.L2(0.5)"),
        (Obj("keras.initializers.HeNormal"), "initializers.HeNormal()"),
        (Obj("keras.initializers.HeNormal", (("seed", 1),), tag=7), "shared"),
        (Symbol("keras.losses.mean_squared_error"), "losses.mean_squared_error"),
        (Symbol("custom:shop.math:swish"), "swish"),
        (
            Array("numpy", "int32", ((1, 2), (3, 4))),
            'np.array([[1, 2], [3, 4]], dtype="int32")',
        ),
        (Array("tensor", "float32", 1.0), 'ops.convert_to_tensor(1.0, dtype="float32")'),
        (Slice(1, None, 2), "slice(1, None, 2)"),
        (..., "..."),
        (b"a\0", r'b"a\x00"'),
    ],
)
def test_values(expressions, value, expected):
    assert text(expressions.value(value)) == expected


@pytest.mark.parametrize(
    ("layer", "argument", "value", "expected"),
    [
        ("Conv2D", "kernel_size", (3, 3), "3"),
        ("Conv2D", "kernel_size", (3, 5), "(3, 5)"),
        ("ZeroPadding2D", "padding", ((3, 3), (3, 3)), "3"),
        ("ZeroPadding2D", "padding", ((0, 1), (0, 1)), "((0, 1), (0, 1))"),
        ("RandomRotation", "factor", (-0.1, 0.1), "0.1"),
        ("RandomRotation", "factor", (-0.1, 0.2), "(-0.1, 0.2)"),
        ("Dense", "kernel_initializer", Obj("keras.initializers.HeNormal"), '"he_normal"'),
        ("Dense", "kernel_regularizer", L2, "regularizers.L2(0.5)"),
        ("StringLookup", "vocabulary", ("a",), '["a"]'),
        ("Discretization", "bin_boundaries", (1.0, 2.0), "[1.0, 2.0]"),
    ],
)
def test_values_in_their_place(expressions, layer, argument, value, expected):
    param = registry.row(f"keras.layers.{layer}").param(argument)
    assert text(expressions.value(value, param)) == expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (0, "x[0]"),
        (-1, "x[-1]"),
        ((0, 1), "x[0, 1]"),
        ((0,), "x[0,]"),
        ((Slice(), 0), "x[:, 0]"),
        ((Slice(None, None, -1), Slice(1, None), Slice(None, -1)), "x[::-1, 1:, :-1]"),
        ((..., None, Slice(1, 5, 2)), "x[..., None, 1:5:2]"),
        (Slice(Ref("b/0"), None), "x[b:]"),
    ],
)
def test_subscripts(expressions, key, expected):
    assert text(expressions.index(Name("x"), key, {Ref("b/0"): Name("b")})) == expected


def test_what_is_required_comes_first_and_the_name_last(expressions):
    args = (("units", 4), ("activation", "relu"))
    made = expressions.construct("keras.layers.Dense", args, "d")
    assert text(made) == 'layers.Dense(4, activation="relu", name="d")'


def test_without_its_first_argument_nothing_is_positional(expressions):
    made = expressions.construct("keras.layers.Conv2D", (("kernel_size", (3, 3)),))
    assert text(made) == "layers.Conv2D(kernel_size=3)"
