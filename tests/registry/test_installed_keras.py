"""The rows against the Keras that is installed."""

from __future__ import annotations

from typing import Any

import keras
import pytest
from keras.src.utils.naming import reset_uids

from kcodegen import registry
from kcodegen.ir.values import Args, Array, Dict, Obj, Symbol, Value, same
from kcodegen.registry.built import built_value
from kcodegen.registry.harvest.__main__ import check, harvested
from kcodegen.registry.harvest.classes import GETTERS, helper_classes, public_classes
from kcodegen.registry.harvest.probes import config_or_none, others
from kcodegen.registry.harvest.recipes import UNMADE, signature
from kcodegen.registry.harvest.values import serialized, value_of
from kcodegen.registry.overrides import holds
from kcodegen.registry.rows import ClassRow, narrow

CLASSES = {
    key: cls
    for key, (_, cls) in {**public_classes(), **helper_classes()}.items()
    if key not in UNMADE and key not in ("keras.Model", "keras.Layer", "keras.layers.Wrapper")
}


def made(value: Value) -> Any:
    """Return the Python object that an IR value describes."""
    match value:
        case tuple():
            return tuple(made(item) for item in value)
        case Dict(items):
            return {key: made(item) for key, item in items}
        case Obj(key, args):
            return CLASSES[key](**{name: made(item) for name, item in args})
        case Array(_, dtype, data):
            return keras.ops.convert_to_tensor(data, dtype)
        case Symbol(name):
            return getattr(keras.losses, name, None) or getattr(keras.activations, name)
        case _:
            return value


def written(row: ClassRow, config: dict[str, Any]) -> Args:
    """Return the arguments that a page would write for a config: the defaults left out."""
    found = []
    values = {name: value_of(value) for name, value in config.items()}
    for name, value in values.items():
        param = row.param(name)
        if param is None:
            assert any(name == key and same(value, kept) for key, kept in row.ignored), name
            continue
        usual = values.get(param.default_of, param.serialized)
        built = built_value(row, name, tuple(values.items()), None)
        if not same(value, usual) and (built is None or not same(value, built)):
            number = narrow(value, param.spread) if param.spread else None
            found.append((name, value if number is None else number))
    return tuple(found)


def rebuilt(row: ClassRow, config: dict[str, Any]) -> dict[str, Any]:
    """Return the config of the object that a page would make."""
    instance = made(Obj(row.key, written(row, config)))
    found: dict[str, Any] = serialized(instance)["config"]
    return found


def test_the_data_is_what_the_installed_keras_says(capsys):
    assert check(harvested()) == 0, capsys.readouterr().out


@pytest.mark.parametrize("key", CLASSES)
def test_a_config_survives_the_loss_of_its_defaults(key):
    row, cls = registry.row(key), CLASSES[key]
    tried = 0
    plain = [param for param in signature(cls) if not holds(param.name)]
    for param in (None, *plain):
        trials = [{}] if param is None else [{param.name: v} for v in others(param.default)]
        for given in trials:
            config = config_or_none(key, cls, **given)
            if config is not None and (param is None or param.name in config):
                reset_uids()
                assert value_of(rebuilt(row, config)) == value_of(config)
                tried += 1
                break
    assert tried


@pytest.mark.parametrize("key", [k for k in CLASSES if registry.row(k).shorthand])
def test_a_shorthand_is_the_object_with_default_arguments(key):
    row = registry.row(key)
    reset_uids()
    meant = GETTERS[row.kind](row.shorthand)
    reset_uids()
    usual = CLASSES[key]()
    assert type(meant) is type(usual)
    assert meant.get_config() == usual.get_config()


@pytest.mark.parametrize("holds", ["activation", "loss", "metric"])
def test_the_path_of_a_function_is_public(holds):
    for text in sorted(registry.strings(holds)):
        path = registry.function(text, holds)
        if path is not None:
            space = getattr(keras, path.split(".")[1])
            assert getattr(space, path.split(".")[2]).__name__ == path.split(".")[2]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("StringLookup", {}),
        ("StringLookup", {"vocabulary": ["a", "b"]}),
        ("StringLookup", {"vocabulary": ["a", "b"], "mask_token": "m"}),
        ("StringLookup", {"vocabulary": ["a", "b"], "num_oov_indices": 0}),
        ("StringLookup", {"vocabulary": ["[UNK]", "a", "b"]}),
        ("IntegerLookup", {"vocabulary": [1, 2], "mask_token": 0}),
        ("TextVectorization", {}),
        ("TextVectorization", {"vocabulary": ["a", "b"]}),
        ("TextVectorization", {"vocabulary": ["", "[UNK]", "a"]}),
        ("TextVectorization", {"vocabulary": ["a", "b"], "output_mode": "multi_hot"}),
    ],
)
def test_the_size_of_a_vocabulary_follows_from_it(name, arguments):
    config = getattr(keras.layers, name)(**arguments).get_config()
    args = tuple((key, value_of(value)) for key, value in arguments.items())
    row = registry.row(f"keras.layers.{name}")
    assert config["vocabulary_size"] == built_value(row, "vocabulary_size", args, None)


def counted(make: Any) -> dict[str, int]:
    """Return the names that are used up while `make` runs."""
    from kcodegen.registry.harvest.hidden import counters

    reset_uids()
    make()
    return dict(counters())


def test_a_list_of_cells_is_stacked():
    cells = [keras.layers.LSTMCell(2, name="a"), keras.layers.GRUCell(2, name="b")]
    assert counted(lambda: keras.layers.RNN(cells, name="rnn")) == {"stacked_rnn_cells": 1}
    assert counted(lambda: keras.layers.RNN(cells[0], name="rnn")) == {}


@pytest.mark.parametrize("sequences", [False, True])
def test_a_bidirectional_keeps_masks_when_its_layer_returns_sequences(sequences):
    words = keras.Input((4,), name="words")
    x = keras.layers.Embedding(5, 3, mask_zero=True)(words)
    wrapped = keras.layers.LSTM(2, return_sequences=sequences)
    outputs = keras.layers.Bidirectional(wrapped)(x)
    assert (keras.src.backend.get_keras_mask(outputs) is not None) is sequences
    assert registry.row("keras.layers.Bidirectional").masks == "keep layer.return_sequences"
