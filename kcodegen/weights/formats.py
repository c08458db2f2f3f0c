"""Files of weights, told apart by their first bytes, and matched with a model."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from kcodegen.diagnostics import Diagnostic, FileError, rejected
from kcodegen.ir.document import Node
from kcodegen.ir.graph import Graph
from kcodegen.weights.files import containers, legacy_hdf5, numpy_files, tfjs
from kcodegen.weights.files.checkpoint_files import is_index, located
from kcodegen.weights.files.sources import Producer, Source
from kcodegen.weights.matching.roles import Matched, match

_HDF5, _ZIP = b"\x89HDF\r\n\x1a\n", b"PK"
_HINT = (
    "known are .h5, .keras, .npz, .safetensors, TensorFlow.js, checkpoints of TensorFlow and "
    "folders of weight_<i>.npy"
)


@contextmanager
def gathered(
    path: Path, graph: Graph, producer: Producer, document: Node | None = None, backend: str = ""
) -> Iterator[Matched]:
    """Give the weights of a model as a file or folder has them, which stays open meanwhile.

    `producer` is what wrote the architecture, for files that don't tell what wrote them;
    `document` is the parsed JSON, where the file is one; `backend` is what the user says that
    computed. Raises CompileError with all that doesn't fit, FileError for what can't be read.
    """
    with ExitStack() as stack:
        if is_index(path):
            yield _of_checkpoint(path, graph, producer)
            return
        tree = containers.tree_of(path, stack)
        if tree is not None:
            # What wrote the file doesn't matter to these.
            from kcodegen.weights import vocabularies
            from kcodegen.weights.matching import native

            found = native.match(graph, tree)
            texts, notes = vocabularies.learned(path, graph)
            yield replace(found, diagnostics=(*found.diagnostics, *notes), texts=texts)
            return
        yield match(graph, completed(_source(path, document, stack), producer, backend))


def first_shape(path: Path) -> tuple[int, ...]:
    """Return the shape of the first array in a file; `()` when there is no first one."""
    with ExitStack() as stack:
        if is_index(path) or containers.tree_of(path, stack) is not None:
            return ()
        arrays = _source(path, None, stack).arrays
        return arrays[0].shape if arrays else ()


def _of_checkpoint(path: Path, graph: Graph, producer: Producer) -> Matched:
    """Return the weights of a model as a checkpoint of TensorFlow has them."""
    from kcodegen.weights import vocabularies
    from kcodegen.weights.files import checkpoint, checkpoint_names, object_graph  # few need them
    from kcodegen.weights.matching import objects

    found = checkpoint.read(path)
    tree = object_graph.read_objects(found)
    if tree is None:
        return match(graph, completed(checkpoint_names.read_names(found), producer))
    matched = objects.match(graph, tree, producer)
    texts, notes = vocabularies.in_tables(tree, graph)
    return replace(matched, diagnostics=(*matched.diagnostics, *notes), texts=texts)


def completed(source: Source, known: Producer, backend: str = "") -> Source:
    """Return a source whose producer is told by the architecture, as far as it doesn't tell.

    What a user says of its backend goes before both.
    """
    own = source.producer
    version, backend = own.version or known.version, backend or own.backend or known.backend
    return replace(source, producer=Producer(version, backend, known.layers))


def own_weights(path: Path, document: Node) -> Path | None:
    """Return where the weights of a file with an architecture are; None where it has none.

    They are in the file itself, but for a SavedModel: its variables are a checkpoint beside it.
    """
    index = located(path)
    if index != path or path.is_dir():
        return index if is_index(index) else None
    start = _start(path)
    if start.startswith(_HDF5):
        from kcodegen.weights.files import hdf5  # the file was read with it already

        with hdf5.opened(path) as file:
            return path if legacy_hdf5.is_legacy(file) else None
    held = containers.holds_weights(path) if start.startswith(_ZIP) else tfjs.has_manifest(document)
    return path if held else None


def _source(path: Path, document: Node | None, stack: ExitStack) -> Source:
    """Return what a file or folder holds."""
    if path.is_dir():
        return numpy_files.read_folder(path)
    start = _start(path)
    if start.startswith(_HDF5):
        return _from_hdf5(path, stack)
    if start.startswith(_ZIP):
        return _from_zip(path)
    if document is not None and tfjs.has_manifest(document):
        return tfjs.read(document, path.parent)
    from kcodegen.weights.files import safetensors  # few files are of this kind

    if safetensors.is_safetensors(path):
        return safetensors.read(path)
    if shards := containers.shards_of(path):
        return safetensors.read(*shards)
    raise rejected("weights", f"{path.name!a} is no file of weights that is known", hint=_HINT)


def _from_hdf5(path: Path, stack: ExitStack) -> Source:
    from kcodegen.weights.files import hdf5  # few need it

    file = stack.enter_context(hdf5.opened(path))
    if legacy_hdf5.is_legacy(file):
        return legacy_hdf5.read(file)
    raise rejected("weights", "this HDF5 file holds no weights of a Keras model", hint=_HINT)


def _from_zip(path: Path) -> Source:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError):
        raise rejected("broken-archive", "the zip archive is damaged") from None
    if numpy_files.is_npz(names):
        return numpy_files.read_npz(path)
    raise rejected("weights", "this archive holds no weights", hint=_HINT)


def _start(path: Path) -> bytes:
    """Return the first bytes of a file; FileError for what is none."""
    try:
        # A named pipe would wait for ever for a writer.
        if os.path.lexists(path) and not path.is_file():
            raise FileError(Diagnostic("unreadable-file", f"cannot read {str(path)!a}: no file"))
        with path.open("rb") as file:
            return file.read(len(_HDF5))
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        message = f"cannot read {str(path)!a}: {reason}"
        raise FileError(Diagnostic("unreadable-file", message)) from None
