"""The vocabulary: Keras' rows, a user's names, and the strings that stand for objects."""

from __future__ import annotations

import pytest

from kcodegen import registry
from kcodegen.registry.vocabulary import INPUT, MODEL, SEQUENTIAL, Vocabulary, is_custom, shorthand

SHOP = Vocabulary((("Acme>Scale", "shop.layers:Scale"), ("Twice", "shop.layers:Twice")))


def test_a_users_name_is_found_as_the_file_spells_it():
    assert SHOP.custom_key("Acme>Scale") == "custom:shop.layers:Scale"
    assert SHOP.custom_key(None, "Twice") == "custom:shop.layers:Twice"
    assert SHOP.custom_key("Scale") is None
    assert SHOP.custom_key("acme>scale") is None
    assert SHOP.custom_names() == ("shop.layers:Scale", "shop.layers:Twice")


def test_a_users_class_has_an_open_row():
    row = SHOP.row("custom:shop.layers:Scale")
    assert (row.kind, row.module, row.name, row.params) == ("custom", "shop.layers", "Scale", ())
    assert is_custom(row.key)
    assert not is_custom("keras.layers.Dense")


@pytest.mark.parametrize("row", [INPUT, MODEL, SEQUENTIAL])
def test_the_ways_to_make_models_are_classes_too(row):
    assert Vocabulary().row(row.key) is row


def test_what_keras_does_not_know_is_an_error():
    with pytest.raises(KeyError):
        Vocabulary().row("keras.layers.Dens")


@pytest.mark.parametrize("kind", ["initializer", "regularizer", "constraint"])
def test_every_shorthand_of_a_row_stands_for_it(kind):
    found = [row for name in registry.class_names(kind) for row in registry.candidates(name)]
    rows = [row for row in found if row.kind == kind and row.shorthand]
    assert rows
    for row in rows:
        assert shorthand(row.shorthand, kind) == row
        assert registry.find_shorthand(row.shorthand, kind) == row


@pytest.mark.parametrize("kind", ["initializer", "regularizer", "constraint"])
def test_every_shorthand_is_one_for_the_installed_keras(kind):
    import keras

    get = {
        "initializer": keras.initializers.get,
        "regularizer": keras.regularizers.get,
        "constraint": keras.constraints.get,
    }[kind]
    for text in sorted(registry.strings(kind)):
        row = shorthand(text, kind)
        if row is not None:
            assert type(get(text)).__name__ == row.name


def test_a_shorthand_is_exact():
    assert shorthand("he_normal", "initializer").key == "keras.initializers.HeNormal"
    assert shorthand("He_normal", "initializer") is None
    assert shorthand("he_normal", "regularizer") is None
    assert shorthand("", "initializer") is None
