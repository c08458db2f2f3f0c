"""Literals: ASCII, readable, what Black would leave, and the same value when read back."""

from __future__ import annotations

import ast
import inspect
import math

import black
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcodegen.emit.literals import comment, docstring, fstring, literal
from kcodegen.ir.values import same
from tests.emit.programs import docs, literals, odd_texts

CASES = [
    (None, "None"),
    (True, "True"),
    (..., "..."),
    (3, "3"),
    (-3, "-3"),
    (10**30, "1" + "0" * 30),
    (1.0, "1.0"),
    (-0.0, "-0.0"),
    (0.001, "0.001"),
    (0.0001, "0.0001"),
    (1e-07, "1e-7"),
    (1.001e-05, "1.001e-5"),
    (1e16, "1e16"),
    (2.5e-300, "2.5e-300"),
    ("relu", '"relu"'),
    ("", '""'),
    ("it's", '"it\'s"'),
    ('say "no"', "'say \"no\"'"),
    ("\"'", '"\\"\'"'),
    ("a\\b\n\t\x00\x7f", '"a\\\\b\\n\\t\\x00\\x7f"'),
    ("é\u202e\U0001f600\ud800", '"\\xe9\\u202e\\U0001f600\\ud800"'),
    (b"a\x00\xff'", 'b"a\\x00\\xff\'"'),
]


@pytest.mark.parametrize(("value", "expected"), CASES, ids=[text for _, text in CASES])
def test_literal(value, expected):
    assert literal(value) == expected


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_a_float_without_literal_is_refused(value):
    with pytest.raises(ValueError, match="has no literal"):
        literal(value)


@given(literals)
def test_a_literal_reads_back_and_suits_black(value):
    text = literal(value)
    assert text.isascii()
    assert same(ast.literal_eval(text), value)
    page = f"x = {text}\n"
    assert black.format_str(page, mode=black.Mode()) == page or len(page) > 89


FSTRINGS = [
    ((("name", True), ("_conv", False)), 'f"{name}_conv"'),
    ((("{", False), ("i + 1", True), ("}", False)), 'f"{{{i + 1}}}"'),
    ((('"', False), ("x", True)), "f'\"{x}'"),
    ((('a["b"]', True),), "f\"{a['b']}\""),
    ((('"', False), ('a["b"]', True)), 'f\'"{a["b"]}\''),
    ((("{}", True),), 'f"{ {} }"'),
    ((("\n", False), ("x", True)), 'f"\\n{x}"'),
]


@pytest.mark.parametrize(("parts", "expected"), FSTRINGS, ids=[text for _, text in FSTRINGS])
def test_fstring(parts, expected):
    assert fstring(parts) == expected


@pytest.mark.parametrize("code", ['"\\n"', '"a" + \'b"\''])
def test_code_that_needs_an_escape_cannot_stand_in_an_fstring(code):
    with pytest.raises(ValueError, match="inside an f-string"):
        fstring(((code, True),))


@given(st.lists(st.one_of(odd_texts, st.sampled_from([1, 2]))))
def test_an_fstring_says_its_parts(parts):
    codes = {1: 'd["a"]', 2: "d"}
    text = fstring(tuple((codes.get(part, part), part in codes) for part in parts))
    assert text.isascii()
    d = {"a": "value"}
    expected = "".join({1: "value", 2: str(d)}.get(part, part) for part in parts)
    assert eval(text, {"d": d}) == expected
    page = f"x = {text}\n"
    assert black.format_str(page, mode=black.Mode()) == page or len(page) > 89


DOCSTRINGS = [
    ("One line.", ['    """One line."""']),
    ('"Quoted"', ['    """\\"Quoted" """']),
    ("a\\b", ['    """a\\\\b"""']),
    ("  \n ", []),
    (
        "First.\n\n      Deep.\n    Less deep.\n",
        ['    """First.', "", "      Deep.", "    Less deep.", '    """'],
    ),
    ('Two.\nWith """.', ['    """Two.', '    With \\"\\"\\".', '    """']),
]


@pytest.mark.parametrize(("text", "expected"), DOCSTRINGS)
def test_docstring(text, expected):
    assert docstring(text, "    ") == expected


@given(docs)
def test_a_docstring_suits_black_and_reads_back(text):
    lines = docstring(text, "    ")
    page = "\n".join(["def f():", *lines, "    pass", ""])
    assert page.isascii()
    assert black.format_str(page, mode=black.Mode()) == page
    doc = ast.get_docstring(ast.parse(page).body[0]) or ""
    clean = [
        line.rstrip() for line in inspect.cleandoc("\n".join(text.strip().splitlines())).split("\n")
    ]
    assert [line.rstrip() for line in doc.split("\n")] == clean


def test_comment():
    assert comment("(None, 10)") == "# (None, 10)"
    assert comment(" é\n") == "# \\xe9"
    assert comment("") == "#"
