"""What a page imports."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from kcodegen.backends.imports import Imports
from kcodegen.naming.scope import Scope
from kcodegen.registry.helpers import HELPERS

TEMPLATES = Path(__file__).parents[2] / "templates"


def test_modules_of_keras_come_in_one_sorted_line():
    imports = Imports(Scope())
    keys = ("keras.ops.add", "keras.layers.Dense", "keras.optimizers.schedules.CosineDecay")
    assert [imports.name(key).id for key in keys] == [
        "ops.add",
        "layers.Dense",
        "optimizers.schedules.CosineDecay",
    ]
    assert imports.from_keras() == "from keras import layers, ops, optimizers"


def test_what_keras_itself_exports_is_spelled_in_full():
    imports = Imports(Scope())
    assert imports.name("keras.Model").id == "keras.Model"
    assert imports.from_keras() == ""


def test_the_classes_of_a_user_are_imported_from_where_they_are():
    imports = Imports(Scope())
    for key in ("custom:shop.b:Two", "custom:shop.a:One", "custom:shop.b:Alpha"):
        assert imports.name(key).id == key.rpartition(":")[2]
    assert imports.from_users() == ("from shop.a import One", "from shop.b import Alpha, Two")


def test_two_classes_of_one_name_are_told_apart():
    imports = Imports(Scope())
    one, two = imports.name("custom:shop.a:Scale"), imports.name("custom:shop.b:Scale")
    again = imports.name("custom:shop.a:Scale")
    assert one == again
    assert one != two
    assert imports.from_users() == (
        "from shop.a import Scale",
        f"from shop.b import Scale as {two.id}",
    )


@pytest.mark.parametrize("key", HELPERS)
def test_a_helper_names_what_its_template_imports(key: str) -> None:
    helper = HELPERS[key]
    text = (TEMPLATES / "keras3" / "helpers" / f"{helper.template}.py.j2").read_text("utf-8")
    nodes = list(ast.walk(ast.parse(text)))
    own = {node.arg for node in nodes if isinstance(node, ast.arg)}
    own |= {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    bases = (node.value for node in nodes if isinstance(node, ast.Attribute))
    assert {b.id for b in bases if isinstance(b, ast.Name)} - own == set(helper.imports)
    (defined,) = (n for n in ast.parse(text).body if isinstance(n, ast.ClassDef | ast.FunctionDef))
    assert defined.name == key.rpartition(".")[2]
