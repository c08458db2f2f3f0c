"""Files, written whole or not at all, and what writing them would change."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Iterator

from kcodegen.report import visible

NO_NEWLINE = "\n\\ No newline at end of file"


def write(path: str, data: bytes) -> bool:
    """Make `data` the content of the file at `path`; tell whether anything was written.

    The old content is there until the new one is, complete and on disk: a temporary file in the
    same folder takes its place. A link is followed, permissions stay, an equal file is not
    touched. Pipes and devices are written to directly. Raises OSError with `path` in it.
    """
    with _about(path):
        old = _status(path)
        if old is not None and not stat.S_ISREG(old.st_mode):
            _write_directly(path, data)
        elif old is not None and same(_bytes(path), data):
            return False
        elif old is not None and not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        else:
            _replace(os.path.realpath(path), data, old)
    return True


def write_stdout(data: bytes) -> None:
    """Write bytes to standard output, the same on every platform."""
    with _about("<stdout>"):
        if sys.stdout is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def read(path: str) -> bytes | None:
    """Return what the file at `path` holds, or None when there is no such regular file."""
    with _about(path, "read"):
        status = _status(path)
        return _bytes(path) if status is not None and stat.S_ISREG(status.st_mode) else None


def same(old: bytes, new: bytes) -> bool:
    """Tell whether two pages are equal; a checkout that git gave CRLF ends is the same page."""
    return old == new or old.replace(b"\r\n", b"\n") == new


def diff(path: str, old: bytes | None, new: bytes) -> str:
    """Return the unified diff from `old` to `new`, empty when they are the same."""
    if old is not None and same(old, new):
        return ""
    import difflib  # only here

    name = visible(path)
    before = [] if old is None else _lines(old.replace(b"\r\n", b"\n"))
    rows = difflib.unified_diff(
        before, _lines(new), "/dev/null" if old is None else name, name, lineterm=""
    )
    return "".join(f"{_row(row)}\n" for row in rows)


# How


def _replace(target: str, data: bytes, old: os.stat_result | None) -> None:
    """Put a new file with `data` in the place of `target`."""
    folder = os.path.dirname(target)
    temporary = os.path.join(folder, f".kcodegen-{os.urandom(8).hex()}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(temporary, flags, 0o666)
    try:
        with open(descriptor, "wb") as file:
            if old is not None:
                _keep_owner_and_mode(file.fileno(), temporary, old)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_folder(folder)


def _keep_owner_and_mode(descriptor: int, temporary: str, old: os.stat_result) -> None:
    """Give the temporary file the permissions of the old one, and its owner where we may."""
    if hasattr(os, "fchown"):
        with contextlib.suppress(OSError):
            os.fchown(descriptor, old.st_uid, old.st_gid)
    os.chmod(temporary, stat.S_IMODE(old.st_mode))


def _sync_folder(folder: str) -> None:
    """Make the new name durable, on systems where a folder can be synced."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _write_directly(path: str, data: bytes) -> None:
    """Write to what is no regular file: a pipe, a device."""
    with open(path, "wb", buffering=0) as file:
        rest = memoryview(data)
        while rest:
            rest = rest[file.write(rest) :]


def _status(path: str) -> os.stat_result | None:
    """Return what is at `path`, links followed, or None when nothing is."""
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None


def _bytes(path: str) -> bytes:
    """Return the content of a file."""
    with open(path, "rb") as file:
        return file.read()


@contextlib.contextmanager
def _about(path: str, verb: str = "write") -> Iterator[None]:
    """Let an OSError name the file that the user asked for, never a temporary one."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise OSError(error.errno, f"cannot {verb} the file: {reason}", path) from error


def _lines(data: bytes) -> list[str]:
    """Split at newlines only, and say so where the last one is missing."""
    *whole, rest = data.decode("utf-8", "surrogateescape").split("\n")
    return [*whole, rest + NO_NEWLINE] if rest else whole


def _row(row: str) -> str:
    """Return one row of a diff as it may be printed."""
    text, missing, _ = row.partition(NO_NEWLINE)
    return "\t".join(visible(part, sys.maxsize) for part in text.split("\t")) + missing
