"""The document: every value knows its address and its type."""

from __future__ import annotations

import pytest

from kcodegen import CompileError
from kcodegen.ir.document import Node

ROOT = Node({"a/b": [{"~x": 1}], "text": "t", "flag": True, "none": None, "half": 0.5})


def test_the_address_is_a_json_pointer():
    deep = ROOT.field("a/b").items()[0].field("~x")
    assert deep.pointer == "/a~1b/0/~0x"
    assert deep.integer() == 1
    assert ROOT.pointer == ""


def test_the_layer_is_inherited():
    named = ROOT.named("dense")
    assert named.field("a/b").items()[0].origin.layer == "dense"
    assert ROOT.field("a/b").origin.layer is None


def test_absent_is_not_null():
    assert ROOT.get("nothing") is None
    assert ROOT.get("none").value is None
    assert ROOT.has("none")
    assert not ROOT.field("text").has("none")


@pytest.mark.parametrize(
    ("key", "getter", "expected", "found"),
    [
        ("flag", "integer", "an integer", "a boolean"),
        ("half", "integer", "an integer", "a number"),
        ("none", "text", "a string", "null"),
        ("text", "items", "a list", "a string"),
        ("a/b", "mapping", "an object", "a list"),
    ],
)
def test_a_wrong_type_is_an_error_with_an_address(key, getter, expected, found):
    with pytest.raises(CompileError) as error:
        getattr(ROOT.field(key), getter)()
    (diagnostic,) = error.value.diagnostics
    assert diagnostic.code == "wrong-type"
    assert diagnostic.message == f"expected {expected}, found {found}"
    assert diagnostic.origin.pointer == "/" + key.replace("/", "~1")


def test_a_missing_field_is_an_error_where_it_is_missing():
    with pytest.raises(CompileError) as error:
        ROOT.field("a/b").items()[0].field("name")
    assert error.value.diagnostics[0].origin.pointer == "/a~1b/0"
