"""The conversion of weights: where they come from, where they go, what is said of them."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from kcodegen import arguments
from kcodegen.diagnostics import CompileError, Diagnostic, UsageError, rejected
from kcodegen.frontends.producers import producer_of
from kcodegen.ir.document import Json, Node
from kcodegen.options import Options
from kcodegen.pipeline import DEFAULTS, Result, compile_file
from kcodegen.readers import read
from kcodegen.records import record
from kcodegen.weights import formats, writer
from kcodegen.weights.files.checkpoint_files import located
from kcodegen.weights.files.sources import Producer
from kcodegen.weights.matching import order
from kcodegen.weights.matching.owners import Pairs, is_turned
from kcodegen.weights.matching.roles import Matched
from kcodegen.words import prose

# What a conversion does, and so need not be said any more.
_SETTLED = frozenset({"theano-kernels", "weight-order"})
# What is not installed.
_NEEDS = frozenset({"needs-h5py", "needs-google-crc32c"})
# That a vocabulary is missing, and that it is here.
_MISSING, _LEARNED = "adapted-vocabulary", "learned-vocabulary"


@record(frozen=True)
class Conversion:
    """Weights in the order of the page that is compiled, and the folder that they go to.

    `diagnostics` is all that there is to say of the model, `texts` are further files.
    """

    weights: Pairs
    directory: Path
    checksums: bool
    source: str
    diagnostics: tuple[Diagnostic, ...]
    texts: tuple[tuple[str, str], ...] = ()

    def write(self, directory: Path | None = None) -> None:
        """Write the folder, or one like it elsewhere; FileError where that can't be done."""
        origin: dict[str, Json] = {"source": prose(self.source)}
        directory = self.directory if directory is None else directory
        writer.write_folder(directory, self.weights, self.texts, origin, self.checksums)


@record(frozen=True)
class Converted:
    """A folder of weights: its files in the order of `model.weights`, and what there is to say."""

    directory: Path
    files: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]


def convert_weights(
    file: str | Path,
    out: str | Path,
    weights: str | Path | None = None,
    options: Options = DEFAULTS,
    *,
    backend: str | None = None,
    checksums: bool = False,
) -> Converted:
    """Write the weights of a model into the folder `out`, as its page loads them.

    `file` is what a page is compiled from with the same `options`, `weights` the file or folder
    that has them, where it is another. `backend` is what `--weights-backend` says, `checksums`
    puts sums into the manifest. Raises CompileError where the weights don't fit the model,
    FileError for what can't be read or written; the old folder is untouched then.
    """
    source = located(Path(file if weights is None else weights))
    place = None if weights is None else source
    result = compile_file(file, replace(options, weights=place, weights_out=Path(out)))
    if result.model is None:
        raise rejected("no-model", "the file holds no model, and so no weights")
    asked = Namespace(
        file=str(file),
        weights=source,
        weights_out=Path(out),
        weights_backend=backend,
        target=options.target,
        checksums=checksums,
        check=False,
        diff=False,
    )
    with found(asked, result) as conversion:
        assert conversion is not None
        conversion.write()
        files = tuple(f"weight_{i}.npy" for i in range(len(conversion.weights)))
        return Converted(conversion.directory, files, conversion.diagnostics)


@contextmanager
def found(asked: Namespace, result: Result) -> Iterator[Conversion | None]:
    """Give the weights that are to be converted, None when there are none.

    Raises CompileError where they don't fit the model.
    """
    path, directory = _source(asked, result), _destination(asked)
    if path is None or directory is None:
        yield None
        return
    assert result.document is not None
    assert result.model is not None
    if not (asked.check or asked.diff):
        writer.check_place(directory)
    producer, backend = producer_of(result.document), asked.weights_backend or ""
    document = result.document if path == Path(asked.file) else _json(path)
    with ExitStack() as stack:
        try:
            weights_of = formats.gathered(path, result.model, producer, document, backend)
            matched = stack.enter_context(weights_of)
        except CompileError as error:
            raise error if asked.weights is not None else _with_a_way_out(error) from None
        weights = matched.weights
        if asked.target == "keras2":
            weights = order.pairs_of_keras2(weights)
        diagnostics = tuple(_said(result, producer, backend, matched))
        yield Conversion(weights, directory, asked.checksums, path.name, diagnostics, matched.texts)


def _said(
    result: Result, producer: Producer, backend: str, matched: Matched
) -> Iterator[Diagnostic]:
    """Yield what there is to say of a model whose weights have been found, each thing once."""
    told = {one.origin.layer for one in matched.diagnostics if one.code == _LEARNED}
    missing = {one.origin.layer for one in result.diagnostics if one.code == _MISSING}
    for one in result.diagnostics:
        yield from _left_to_say(one, told)
    yield from _unknown_backend(producer, backend, matched.weights)
    for one in matched.diagnostics:
        if one.code != _MISSING or one.origin.layer not in missing:
            yield one


def _with_a_way_out(error: CompileError) -> CompileError:
    """Return the error for weights that nobody asked for: the page can be had without them."""
    hint = "--no-weights writes the page alone"
    return CompileError(
        # What has to be installed is said first.
        replace(one, hint=f"{one.hint}; {hint}" if one.code in _NEEDS else hint)
        for one in error.diagnostics
    )


def _unknown_backend(producer: Producer, backend: str, weights: Pairs) -> list[Diagnostic]:
    """Return a warning where nothing tells whether kernels have to be turned."""
    kernels = [slot for slot, _ in weights if is_turned(slot)]
    if not producer.is_first or backend or producer.backend or not kernels:
        return []
    message = (
        "Keras 1 doesn't tell what computed for it: kernels of convolutions are taken to be "
        "TensorFlow's"
    )
    hint = "if it was Theano: --weights-backend theano turns them; tensorflow ends this warning"
    return [Diagnostic("unknown-backend", message, hint=hint, severity="warning")]


def _json(path: Path) -> Node | None:
    """Return the document in a file that begins like JSON: it may name shards."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        start = file.read(64)
        # The length before the header of a safetensors file may look like a brace.
        if b"\0" in start or not start.lstrip().startswith(b"{"):
            return None
    return read(path)


def _left_to_say(diagnostic: Diagnostic, told: Collection[str | None]) -> Iterator[Diagnostic]:
    """Yield what is left of a diagnostic when weights that lay otherwise have been converted.

    `told` are the layers whose vocabulary came with the weights.
    """
    if diagnostic.code == _MISSING and diagnostic.origin.layer in told:
        return
    if "moving standard deviation" in diagnostic.message:
        hint = (
            "the conversion takes it for a deviation: look whether that Keras was older than 1.0.6"
        )
        yield replace(diagnostic, hint=hint)
    elif diagnostic.code not in _SETTLED:
        message, _, _ = diagnostic.message.partition(", and its weights are others")
        yield replace(diagnostic, message=message)


def _source(asked: Namespace, result: Result) -> Path | None:
    """Return the file or folder to convert; None when a folder is only held against the model."""
    if asked.weights is not None:
        only_checked = asked.weights.is_dir() and asked.weights_out is None
        return None if only_checked else Path(asked.weights)
    if asked.no_weights:
        return None
    if asked.file != arguments.STDIN and result.document is not None:
        path = formats.own_weights(Path(asked.file), result.document)
        if path is not None:
            return path
    if asked.weights_out is not None:
        message = "--weights-out has nothing to convert: the file holds no weights"
        raise UsageError(Diagnostic("", message, hint="say where they are: --weights PATH"))
    return None


def _destination(asked: Namespace) -> Path | None:
    """Return the folder that the weights go to."""
    if asked.weights_out is not None:
        return Path(asked.weights_out)
    if asked.output is None:
        return None
    output = Path(asked.output)
    return output.with_name(f"{output.stem}_weights")
