"""Vocabularies that were learned from data come beside the weights, as lines to be given back."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kcodegen import cli
from kcodegen.diagnostics import CompileError
from kcodegen.verification.rebuild import import_page
from tests.weights.checkpoints import message, of_objects
from tests.weights.saved import FILES, arrays_of

CHECKPOINTS = FILES / "checkpoints"


def converted(*words: str | Path) -> None:
    assert cli.main([str(word) for word in words]) == 0


def given_back(page: Path, said: str) -> Any:
    """Return the model of a page, each vocabulary given to its layer as the warning says."""
    folder = page.with_name(f"{page.stem}_weights")
    model = import_page(page).load_model(folder)
    for name, layer, hint in re.findall(
        r"it is in (vocabulary_\d+\.txt) \(layer \"(\w+)\"\).*?(layer\.set_vocabulary\(.*\))", said
    ):
        code = hint.replace("...", repr(str(folder / name)))
        exec(code, {"layer": model.get_layer(layer)})  # our own hint
    return model


# TensorFlow 2.1 and 2.5 have no special words in their tables, or not all: Keras adds them.
@pytest.mark.parametrize("version", ["tf2.1", "tf2.3"])
def test_tables_of_a_checkpoint(
    version: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, page = CHECKPOINTS / version, tmp_path / "page.py"
    converted(source / "words.json", "--weights", source / "words", "-o", page)
    said = capsys.readouterr().err
    assert "adapted-vocabulary" not in said
    assert "the vocabulary of text was learned from data" in said
    text = (tmp_path / "page_weights" / "vocabulary_0.txt").read_text("utf-8")
    assert text.splitlines() == ["z", "y", "x"]
    layer = given_back(page, said).get_layer("text")
    assert layer.get_vocabulary() == ["", "[UNK]", "z", "y", "x"]


@pytest.mark.parametrize("version", ["tf2.4", "tf2.5"])
def test_all_kinds_of_lookups_in_a_checkpoint(
    version: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, page = CHECKPOINTS / version, tmp_path / "page.py"
    converted(source / "lookups.json", "--weights", source / "lookups", "-o", page)
    said = capsys.readouterr().err
    assert said.count("learned-vocabulary") == 3
    assert "adapted-vocabulary" not in said
    model = given_back(page, said)
    found = {name: model.get_layer(name).get_vocabulary() for name in ("look", "ints", "text")}
    assert found == {
        "look": ["", "[UNK]", "b", "a"],
        "ints": [0, -1, 7, 5],
        "text": ["", "[UNK]", "z", "y", "x"],
    }


@pytest.mark.parametrize("version", ["tf2.6", "tf2.9", "tf2.15"])
def test_lookups_whose_words_are_in_no_checkpoint(
    version: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, page = CHECKPOINTS / version, tmp_path / "page.py"
    converted(source / "lookups.json", "--weights", source / "lookups", "-o", page)
    said = capsys.readouterr().err
    assert said.count("adapted-vocabulary") == 3
    assert "learned-vocabulary" not in said
    assert not list((tmp_path / "page_weights").glob("vocabulary*"))
    import_page(page).load_model(tmp_path / "page_weights")


@pytest.mark.parametrize("generation", ["keras", "tf_keras"])
def test_all_kinds_of_lookups_in_an_archive(
    generation: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keras = pytest.importorskip(generation)
    layers = keras.layers
    look, ints = layers.StringLookup(name="look"), layers.IntegerLookup(name="ints")
    text = layers.TextVectorization(name="text", output_sequence_length=3)
    look.adapt(np.array([["a"], ["b"], ["b"]]))
    ints.adapt(np.array([[5], [7], [7]]))
    text.adapt(np.array(["x y z", "y z", "z"]))
    words, numbers = keras.Input((1,), dtype="string"), keras.Input((1,), dtype="int64")
    tables = [look(words), ints(numbers), text(words)]
    parts = [layers.Flatten()(layers.Embedding(9, 2)(table)) for table in tables]
    model = keras.Model([words, numbers], layers.Concatenate()(parts))
    model.save(tmp_path / "m.keras")
    converted(tmp_path / "m.keras", "-o", tmp_path / "page.py")
    said = capsys.readouterr().err
    assert said.count("learned-vocabulary") == 3
    assert "adapted-vocabulary" not in said
    made = given_back(tmp_path / "page.py", said)
    for layer in (look, ints, text):
        assert made.get_layer(layer.name).get_vocabulary() == layer.get_vocabulary()


@pytest.mark.parametrize("size", [None, 5])
def test_a_vocabulary_that_is_nowhere_is_missed_once(
    size: int | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Newer versions tell how many words there were, older ones nothing."""
    keras = pytest.importorskip("tf_keras")
    look = keras.layers.StringLookup(name="look")
    look.adapt(np.array([["a"], ["b"], ["b"]]))
    words = keras.Input((1,), dtype="string")
    model = keras.Model(words, keras.layers.Embedding(9, 2)(look(words)))
    model.save_weights(tmp_path / "w", save_format="tf")
    config = json.loads(model.to_json())
    config["config"]["layers"][1]["config"]["vocabulary_size"] = size
    (tmp_path / "m.json").write_text(json.dumps(config))
    converted(tmp_path / "m.json", "--weights", tmp_path / "w", "-o", tmp_path / "page.py")
    assert capsys.readouterr().err.count("[adapted-vocabulary]") == 1
    assert not list((tmp_path / "page_weights").glob("vocabulary*"))


def of_table(folder: Path, words: list[int], numbers: list[int], name: bytes = b"_table") -> Path:
    """Write a checkpoint of a model with one layer, which has a table of words."""
    table = message((2, message((1, b"table"), (3, b"t"))))
    layer = message((1, message((1, 2), (2, name))))
    root = message((1, message((1, 1), (2, b"layer-0"))))
    tensors = [
        (key, np.array(array, "<i8").tobytes(), 9, (len(array),))
        for key, array in ((b"t-keys", words), (b"t-values", numbers))
    ]
    return of_objects(folder, root, layer, table, more=tensors)


def of_integers(folder: Path, **arguments: Any) -> Path:
    """Write the JSON of a model with one layer that looks numbers up."""
    lookup = {"class_name": "IntegerLookup", "config": {"name": "ints", **arguments}}
    config = {"name": "m", "layers": [lookup]}
    (folder / "m.json").write_text(json.dumps({"class_name": "Sequential", "config": config}))
    return folder / "m.json"


@pytest.mark.parametrize("numbers", [[1, 1], [1, 2, 3], [1, 3], [0, 2]])
def test_a_table_that_cannot_be(tmp_path: Path, numbers: list[int]) -> None:
    path = of_table(tmp_path, [5, 7], numbers)
    with pytest.raises(CompileError, match="not numbered"):
        arrays_of(path, of_integers(tmp_path))


# What TensorFlow 2.4 and 2.5 have in their tables, by what the layer was made with.
@pytest.mark.parametrize(
    ("words", "numbers", "arguments"),
    [
        ([0, 7, 5], [0, 1, 2], {"num_oov_indices": 0, "mask_value": 0}),
        ([0, -1, 7, 5], [0, 3, 4, 5], {"num_oov_indices": 3, "mask_value": 0}),
        ([0, 7, 5], [0, 4, 5], {"num_oov_indices": 3, "mask_value": 0}),
        ([7, 5], [1, 2], {"mask_value": None}),
        ([-1, 7, 5], [0, 1, 2], {"mask_value": None}),
        ([7, 5, 0], [1, 2, 2**63 - 1], {}),
    ],
)
def test_special_words_are_left_to_keras(
    words: list[int], numbers: list[int], arguments: dict[str, Any], tmp_path: Path
) -> None:
    model, path = of_integers(tmp_path, **arguments), of_table(tmp_path, words, numbers)
    converted(model, "--weights", path, "-o", tmp_path / "page.py")
    text = (tmp_path / "page_weights" / "vocabulary_0.txt").read_text("utf-8")
    assert text.splitlines() == ["7", "5"]


def test_how_often_a_word_was_seen_is_not_its_number(tmp_path: Path) -> None:
    path = of_table(tmp_path, [5, 7, 9], [3, 1, 2], b"token_counts")
    words = ["--weights", path, "-o", tmp_path / "page.py"]
    converted(of_integers(tmp_path), *words)
    assert not list((tmp_path / "page_weights").glob("vocabulary*"))


class Told:
    """What makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (Path.touch, (self.path,))


def pickled(folder: Path) -> Path:
    """Write the weights of `words.json` as a loop over `get_weights()` of TensorFlow 2 does."""
    folder.mkdir()
    words = np.array([b"z", b"y", Told(folder.parent / "unpickled")], dtype=object)
    arrays = [words, *(np.zeros(shape, "float32") for shape in ((9, 2), (6, 2), (2,)))]
    for number, array in enumerate(arrays):
        np.save(folder / f"weight_{number}.npy", array, allow_pickle=True)
    return folder


def test_a_pickled_vocabulary_is_never_unpickled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, page = CHECKPOINTS / "tf2.3" / "words.json", tmp_path / "page.py"
    folder = pickled(tmp_path / "weights")
    words = [str(model), "--weights", str(folder), "-o", str(page)]
    for more in ([], ["--weights-out", str(tmp_path / "out")]):
        assert cli.main([*words, *more]) == 3
        assert "weight_0.npy holds Python objects, which only a pickle" in capsys.readouterr().err
        assert not page.exists()
    for more in ([], ["--fast-load"]):
        assert cli.main([str(model), "-o", str(page), *more]) == 0
        with pytest.raises(ValueError, match=r"weight_0\.npy cannot be read: it is pickled;"):
            import_page(page).load_model(folder)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["page.py", "weights"]
    np.load(folder / "weight_0.npy", allow_pickle=True)  # to see that it tells
    assert (tmp_path / "unpickled").exists()
