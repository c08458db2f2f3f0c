"""The vocabularies that lookup layers learned from data: texts in a `.keras` archive, no weights.

assets/layers/string_lookup/vocabulary.txt   ->   vocabulary_0.txt, and a warning
"""

from __future__ import annotations

import zipfile
from pathlib import Path

from kcodegen.diagnostics import CompileError, Diagnostic, Origin, rejected
from kcodegen.ir.graph import Graph
from kcodegen.weights.files import keras_file
from kcodegen.weights.matching.layout import Counted, layer_paths
from kcodegen.words import prose

MAX_BYTES = 64 * 2**20
MAX_FILES = 1000
_FOLDER, _FILE = "assets", "vocabulary.txt"


def learned(path: Path, graph: Graph) -> tuple[tuple[tuple[str, str], ...], tuple[Diagnostic, ...]]:
    """Return the vocabularies in an archive as files to write, and what there is to say of each.

    No file of the archive gives its name to one that is written. Another file has none.
    """
    if not zipfile.is_zipfile(path):
        return (), ()
    places = {
        place: names for names, place in layer_paths(graph, Counted("all", frozenset())).items()
    }
    texts: list[tuple[str, str]] = []
    notes = []
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            first, *middle = info.filename.split("/")
            if first != _FOLDER or middle[-1:] != [_FILE]:
                continue
            middle.pop()
            name = f"vocabulary_{len(texts)}.txt"
            texts.append((name, _text(archive, info)))
            if len(texts) > MAX_FILES:
                raise _doubtful(f"holds more than {MAX_FILES} vocabularies")
            notes.append(_note(places.get(tuple(middle)), middle, name))
    return tuple(texts), tuple(notes)


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


def _note(names: keras_file.Path | None, middle: list[str], name: str) -> Diagnostic:
    """Return the warning for one layer, which is known by its own name where the model has it."""
    shown = "/".join(map(prose, names or middle))
    message = f"the vocabulary of {shown} was learned from data and is no weight: it is in {name}"
    hint = "give the layer its lines: layer.set_vocabulary(open(...).read().splitlines())"
    where = Origin("", names[-1] if names else None)
    return Diagnostic("learned-vocabulary", message, where, hint, "warning")


def _doubtful(why: str) -> CompileError:
    return rejected("broken-archive", f"the archive {why}", hint="is the file complete?")
