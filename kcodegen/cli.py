"""The command line: arguments in, exit code out; stdout is the product, words go to stderr."""

from __future__ import annotations

import contextlib
import gc
import itertools
import os
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kcodegen import arguments, output, report
from kcodegen.diagnostics import (
    CompileError,
    Diagnostic,
    Exit,
    FileError,
    KcodegenError,
    ProofError,
    UsageError,
)

if TYPE_CHECKING:
    from kcodegen.conversion import Conversion
    from kcodegen.pipeline import Result

INTERRUPTED, PIPE_CLOSED = 130, 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code; no exception leaves it."""
    debug, file = "--debug" in (sys.argv if argv is None else argv), ""
    try:
        with _without_garbage_collection():
            asked = arguments.parse(argv)
            file = _shown(asked)
            return run(asked)
    except SystemExit as end:
        return int(end.code or 0)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return _pipe_closed()
    except BaseException as error:  # noqa: BLE001 (the last one)
        if debug:
            _say_traceback()
        return _explain(error, file)


def run(asked: Namespace) -> int:
    """Compile one file and hand over its page."""
    _check_paths(asked)
    with compiled(asked) as (result, weights, diagnostics):
        for line in report.lines(_shown(asked), diagnostics):
            report.say(line)
        text = result.text
        if asked.format:
            from kcodegen import formatter  # few need it

            text = formatter.black(text, asked.output or "model_def.py", asked.line_length)
        if asked.verify:
            verify(text, asked, weights)
        if weights is not None and not (asked.check or asked.diff):
            weights.write()
        return deliver(text.encode("utf-8"), asked)


def verify(text: str, asked: Namespace, weights: Conversion | None) -> None:
    """Show how the page that is about to be written fares with Keras; raises when it is wrong.

    Weights that are to be converted are converted into a temporary folder first.
    """
    import tempfile  # only here

    from kcodegen.verification import process  # needs Keras, and some seconds

    options = arguments.options(asked)
    source = asked.weights if asked.weights is not None and asked.weights.is_file() else None
    with tempfile.TemporaryDirectory(prefix="kcodegen-") as folder:
        if weights is not None:
            converted = Path(folder) / "weights"
            weights.write(converted)
            options = replace(options, weights=converted)
        found = process.verify_page(text, asked.file, options, source)
    for line in process.table(_shown(asked), found):
        report.say(line)
    if asked.verify_report is not None:
        output.write(asked.verify_report, process.as_json(_shown(asked), found).encode("ascii"))
    if found.failed:
        message = f"the page is not what the file says: {'; '.join(found.failed)}"
        raise ProofError(Diagnostic("verify", message))


@contextlib.contextmanager
def compiled(
    asked: Namespace,
) -> Iterator[tuple[Result, Conversion | None, Sequence[Diagnostic]]]:
    """Compile the file and find its weights, and write the report that was asked for.

    The report tells also why a file was rejected.
    """
    from kcodegen.pipeline import compile_file  # --help need not wait for it

    with contextlib.ExitStack() as stack:
        try:
            result = compile_file(asked.file, arguments.options(asked))
            weights = _weights(asked, result, stack)
        except CompileError as error:
            _report(asked, error.diagnostics, False)
            raise
        said = result.diagnostics if weights is None else weights.diagnostics
        _report(asked, said, True)
        yield result, weights, said


def _weights(asked: Namespace, result: Result, stack: contextlib.ExitStack) -> Conversion | None:
    """Return the weights to be converted, their file open; None when there are none."""
    given = asked.weights is not None or asked.weights_out is not None
    found = None
    if result.model is not None and (given or _may_hold_weights(asked, result)):
        from kcodegen import conversion  # most files are JSON alone

        found = stack.enter_context(conversion.found(asked, result))
    if asked.checksums and found is None:
        message = "--checksums has nothing to sum up: no weights are converted"
        raise UsageError(Diagnostic("", message, hint="add --weights-out DIR, or -o FILE"))
    return found


def _may_hold_weights(asked: Namespace, result: Result) -> bool:
    """Tell whether the input is a file that may hold weights, and whether those are wanted."""
    if asked.no_weights or asked.output is None or asked.file == arguments.STDIN:
        return False
    root = result.document.value if result.document is not None else None
    if isinstance(root, dict) and "weightsManifest" in root:
        return True
    if os.path.isdir(asked.file) or asked.file.endswith(".pb"):  # a SavedModel
        return True
    with open(asked.file, "rb") as file:
        return file.read(4) in (b"PK\x03\x04", b"\x89HDF")


def _report(asked: Namespace, diagnostics: Sequence[Diagnostic], is_compiled: bool) -> None:
    """Write what was said as JSON, where a report is wanted."""
    if asked.report is not None:
        text = report.as_json(_shown(asked), diagnostics, is_compiled)
        output.write(asked.report, text.encode("ascii"))


def deliver(page: bytes, asked: Namespace) -> int:
    """Write the page, print it, or tell how it differs from the file."""
    if asked.check or asked.diff:
        return compare(page, asked)
    if asked.output is None:
        output.write_stdout(page)
    else:
        output.write(asked.output, page)
    return Exit.OK


def compare(page: bytes, asked: Namespace) -> int:
    """Print what writing the page would change; under --check a change is a failure."""
    difference = output.diff(asked.output, output.read(asked.output), page)
    output.write_stdout(difference.encode("utf-8", "backslashreplace"))
    if not (asked.check and difference):
        return Exit.OK
    message = f"the page is not what {_shown(asked)} compiles to"
    hint = "the same command without --check writes it"
    report.say(report.line(asked.output, Diagnostic("out-of-date", message, hint=hint)))
    return Exit.DIFFERENT


def _shown(asked: Namespace) -> str:
    """Return what messages call the input."""
    return "<stdin>" if asked.file == arguments.STDIN else str(asked.file)


def _check_paths(asked: Namespace) -> None:
    """Reject paths that can be known to be wrong before anything is read."""
    for written in (asked.output, asked.report, asked.verify_report):
        if written is not None and _same_file(asked.file, written):
            message = f"the output {written} is the input"
            raise UsageError(Diagnostic("", message, hint="write to another file"))
    written = [path for path in (asked.output, asked.report, asked.verify_report) if path]
    for one, other in itertools.combinations(written, 2):
        if _same_file(one, other):
            message = f"two results would be written to {other}"
            raise UsageError(Diagnostic("", message, hint="write to another file"))
    folder, weights = asked.template_dir, asked.weights
    if folder is not None and not folder.is_dir():
        raise FileError(Diagnostic("", f"--template-dir: there is no folder {folder}"))
    if weights is not None and not weights.exists():
        raise FileError(Diagnostic("", f"--weights: there is no file or folder {weights}"))


def _same_file(one: str, other: str) -> bool:
    """Tell whether two paths lead to the same file."""
    if os.path.exists(one) and os.path.exists(other):
        return os.path.samefile(one, other)
    return os.path.realpath(one) == os.path.realpath(other)


@contextlib.contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Do not look for cycles, not even at the end: there are many objects and no cycles.

    That saves a tenth of the time, most of it when the process ends.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collects:
            gc.enable()


# What went wrong


def _explain(error: BaseException, file: str) -> int:
    """Say on standard error what went wrong, and return the exit code."""
    match error:
        case KcodegenError(exit_code=Exit.INTERNAL):
            for diagnostic in error.diagnostics:
                report.say(report.bug(file, diagnostic.message))
            return Exit.INTERNAL
        case KcodegenError():
            about = "" if isinstance(error, UsageError) else file
            for line in report.lines(about, error.diagnostics):
                report.say(line)
            return error.exit_code
        case OSError():
            about = str(error.filename or file)
            message = error.strerror or type(error).__name__
            report.say(report.line(about, Diagnostic("", message)))
            return Exit.FILE_SYSTEM
        case _:
            report.say(report.bug(file, f"{type(error).__name__}: {error}"))
            return Exit.INTERNAL


def _say_traceback() -> None:
    """Say the traceback of the current error, harmless line by harmless line."""
    import traceback  # only here

    for line in traceback.format_exc().splitlines():
        report.say(report.visible(line))


def _pipe_closed() -> int:
    """Leave without a word, as others do, when nobody reads our output any more."""
    with contextlib.suppress(AttributeError, OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return PIPE_CLOSED
