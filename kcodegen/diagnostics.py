"""What went wrong, where, and what to do now."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from kcodegen.records import record


class Exit(IntEnum):
    """Exit codes of the command line."""

    OK = 0
    DIFFERENT = 1
    USAGE = 2
    REJECTED = 3
    FILE_SYSTEM = 4
    INTERNAL = 70


@record(frozen=True)
class Origin:
    """An address in the input: the JSON pointer, and the layer it belongs to."""

    pointer: str = ""
    layer: str | None = None


NOWHERE = Origin()


@record(frozen=True)
class Diagnostic:
    """One sentence with an address.

    `code` is stable and meant for machines (`unknown-class`); `message` says what is wrong
    and `hint` what to do about it. `change` says in short what was changed, where something was:
    `output_dim -> units`.
    """

    code: str
    message: str
    origin: Origin = NOWHERE
    hint: str = ""
    severity: str = "error"
    change: str = ""


class KcodegenError(Exception):
    """Base of all errors that are raised on purpose; `exit_code` is the process' answer."""

    exit_code = Exit.INTERNAL

    def __init__(self, diagnostics: Diagnostic | Iterable[Diagnostic]) -> None:
        if isinstance(diagnostics, Diagnostic):
            diagnostics = (diagnostics,)
        self.diagnostics: tuple[Diagnostic, ...] = tuple(diagnostics)
        super().__init__("; ".join(d.message for d in self.diagnostics))


class CompileError(KcodegenError):
    """The input was rejected; every diagnostic says what, where and what now."""

    exit_code = Exit.REJECTED


class UsageError(KcodegenError):
    """An option makes no sense."""

    exit_code = Exit.USAGE


class FileError(KcodegenError):
    """A file could not be read or written."""

    exit_code = Exit.FILE_SYSTEM


class ProofError(KcodegenError):
    """The emitted text does not say what the graph says: a bug of kcodegen's own."""

    exit_code = Exit.INTERNAL


def rejected(code: str, message: str, origin: Origin = NOWHERE, hint: str = "") -> CompileError:
    """Return the error for one rejected place of the input."""
    return CompileError(Diagnostic(code, message, origin, hint))
