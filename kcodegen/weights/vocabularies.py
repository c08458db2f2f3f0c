"""The vocabularies that lookup layers learned from data, which are no weights.

assets/layers/string_lookup/vocabulary.txt   ->   vocabulary_0.txt, and a warning

A `.keras` archive has them as texts, a checkpoint of older TensorFlows (up to 2.5) as tables of
words and numbers. Newer ones keep them in the functions of a SavedModel alone, which are not read.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from kcodegen.diagnostics import CompileError, Diagnostic, Origin, rejected
from kcodegen.ir.graph import Graph, Layer
from kcodegen.ir.values import lookup
from kcodegen.weights.files import keras_file
from kcodegen.weights.files.object_graph import Objects
from kcodegen.weights.files.store import whole
from kcodegen.weights.matching.layout import Counted, layer_paths
from kcodegen.weights.matching.object_layers import lookups
from kcodegen.words import prose

MAX_BYTES = 64 * 2**20
MAX_FILES = 1000
_FOLDER, _FILE = "assets", "vocabulary.txt"
# What a TextVectorization has inside, whose vocabulary some versions write a second time.
_INNER = "_lookup_layer"
_NUMBERS, _TEXT = "keras.layers.IntegerLookup", "keras.layers.TextVectorization"
_LOOKUPS = (_NUMBERS, "keras.layers.StringLookup", _TEXT)
# What TensorFlow 2.5 counts an empty word as where a TextVectorization has no place for it.
_NO_WORD = 2**63 - 1

# Files to write, by name, and what there is to say of each.
Learned: TypeAlias = "tuple[tuple[tuple[str, str], ...], tuple[Diagnostic, ...]]"


def learned(path: Path, graph: Graph) -> Learned:
    """Return the vocabularies in an archive as files to write, and what there is to say of each.

    No file of the archive gives its name to one that is written. Another file has none.
    """
    if not zipfile.is_zipfile(path):
        return (), ()
    places = {
        place: names for names, place in layer_paths(graph, Counted("all", frozenset())).items()
    }
    numbers = {layer.name for layer in _lookup_layers(graph) if layer.key == _NUMBERS}
    texts: list[tuple[str, str]] = []
    notes = []
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            first, *middle = info.filename.split("/")
            if first != _FOLDER or middle[-1:] != [_FILE] or middle[-2:-1] == [_INNER]:
                continue
            middle.pop()
            name = f"vocabulary_{len(texts)}.txt"
            texts.append((name, _text(archive, info)))
            if len(texts) > MAX_FILES:
                raise _doubtful(f"holds more than {MAX_FILES} vocabularies")
            names = places.get(tuple(middle))
            is_number = names is not None and names[-1] in numbers
            notes.append(_note(names or tuple(middle), names, name, is_number))
    return tuple(texts), tuple(notes)


def in_tables(objects: Objects, graph: Graph) -> Learned:
    """Return the vocabularies in the tables of a checkpoint, where it has words in them."""
    layers, tables = list(_lookup_layers(graph)), list(lookups(objects))
    texts: list[tuple[str, str]] = []
    notes = []
    for number, table in enumerate(tables):
        layer = layers[number] if len(layers) == len(tables) else None
        words = None if table is None else _words(objects, table, layer)
        if words:
            name = f"vocabulary_{len(texts)}.txt"
            texts.append((name, "\n".join(words)))
            names = (layer.name,) if layer is not None else None
            is_number = layer is not None and layer.key == _NUMBERS
            notes.append(_note(names or ("a layer",), names, name, is_number))
        elif layer is not None and lookup(layer.args, "vocabulary") is None:
            notes.append(_missing(layer))
    return tuple(texts), tuple(notes)


def _missing(layer: Layer) -> Diagnostic:
    """Return the warning for a layer whose words are nowhere."""
    message = f"the vocabulary of {prose(layer.name)} was learned, and is not in the checkpoint"
    hint = "call adapt() again, or set_vocabulary()"
    return Diagnostic("adapted-vocabulary", message, Origin("", layer.name), hint, "warning")


def _lookup_layers(graph: Graph) -> Iterator[Layer]:
    """Yield the layers that look words up, those of models inside too."""
    for layer in graph.layers:
        if layer.body is not None:
            yield from _lookup_layers(layer.body)
        elif layer.key in _LOOKUPS:
            yield layer


def _words(objects: Objects, key: str, layer: Layer | None) -> list[str]:
    """Return the words of a table in the order of their numbers.

    Where the layer is known, without those that stand for nothing and for the unknown: versions
    number some of them or none, and Keras adds them itself.
    """
    checkpoint, words = objects.checkpoint, f"{key}-keys"
    values = f"{key}-values"
    if not checkpoint.is_array(values):
        return []
    found = checkpoint.texts(words)
    if found is None and checkpoint.is_array(words):
        found = [str(int(n)).encode() for n in whole(checkpoint.array(words, (words,))).ravel()]
    numbers = whole(checkpoint.array(values, (values,))).ravel().tolist()
    if found is None or len(found) != len(numbers) or len(set(numbers)) != len(numbers):
        raise _doubtful("has a vocabulary whose words are not numbered")
    if any(b"\n" in word or b"\r" in word for word in found):
        raise _doubtful("has a vocabulary with a line break in a word, which no text can hold")
    ordered = sorted(zip(numbers, found, strict=True))
    if layer is not None:
        first = _special(layer)
        ordered = [item for item in ordered if first <= item[0] != _NO_WORD]
        if any(number != place for place, (number, _) in enumerate(ordered, first)):
            raise _doubtful("has a vocabulary whose words are not numbered in a row")
    return [word.decode("utf-8", "replace") for _, word in ordered]


def _special(layer: Layer) -> int:
    """Return how many numbers a layer keeps for nothing and for unknown words."""
    if layer.key == _TEXT:
        return 2 if lookup(layer.args, "output_mode", "int") == "int" else 1
    unknown = lookup(layer.args, "num_oov_indices", 1)
    if not isinstance(unknown, int):
        raise _doubtful("has a vocabulary of a layer that can't be")
    return unknown + (lookup(layer.args, "mask_token") is not None)


def _text(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> str:
    """Return the text of a member; one byte more than allowed shows that it is too large."""
    try:
        with archive.open(info) as member:
            data = member.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise _doubtful(f"holds a vocabulary of more than {MAX_BYTES} bytes")
        return data.decode("utf-8")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, UnicodeDecodeError):
        raise _doubtful("holds a vocabulary that can't be read") from None


def _note(
    shown: keras_file.Path, names: keras_file.Path | None, name: str, is_number: bool
) -> Diagnostic:
    """Return the warning for one layer, which is known by its own name where the model has it."""
    of = "/".join(map(prose, shown))
    message = f"the vocabulary of {of} was learned from data and is no weight: it is in {name}"
    lines = "open(...).read().splitlines()"
    given = f"list(map(int, {lines}))" if is_number else lines
    hint = f"give the layer its lines: layer.set_vocabulary({given})"
    where = Origin("", names[-1] if names else None)
    return Diagnostic("learned-vocabulary", message, where, hint, "warning")


def _doubtful(why: str) -> CompileError:
    return rejected("broken-archive", f"the file {why}", hint="is it complete?")
