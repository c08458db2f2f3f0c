"""What a page imports."""

from __future__ import annotations

from kcodegen.backends.imports import Imports
from kcodegen.naming.scope import Scope


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
