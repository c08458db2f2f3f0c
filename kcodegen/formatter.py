"""The installed Black, with the user's own settings, over a finished page."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig

from kcodegen.diagnostics import Diagnostic, UsageError

INSTALL = 'pip install "kcodegen[format]", or leave --format out: pages are in the style of Black'


def black(text: str, path: str, line_length: int | None) -> str:
    """Return `text` as Black would leave it in a file at `path`, whose settings count.

    `line_length` is the one that was asked for on the command line, if any. `--safe` makes Black
    compare the syntax trees, so that what was proved stays proved. Raises UsageError when
    Black is not installed or refuses.
    """
    command = [_program(), "--quiet", "--safe", "--stdin-filename", os.path.abspath(path), "-"]
    if line_length is not None:
        command[1:1] = ["--line-length", str(line_length)]
    done = subprocess.run(command, input=text.encode(), capture_output=True, check=False)
    if done.returncode != 0:
        reason = " ".join(done.stderr.decode("utf-8", "replace").split())
        raise UsageError(
            Diagnostic("black-failed", f"Black (exit code {done.returncode}) said: {reason}")
        )
    return done.stdout.decode().replace("\r\n", "\n")


def _program() -> str:
    """Return the path of Black: beside the running Python, or on the search path."""
    folders = [sysconfig.get_path("scripts"), os.environ.get("PATH", os.defpath)]
    found = shutil.which("black", path=os.pathsep.join(folders))
    if found is None:
        raise UsageError(
            Diagnostic("no-black", "--format needs Black, which is not installed", hint=INSTALL)
        )
    return found
