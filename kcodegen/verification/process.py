"""Runs a verification in a clean interpreter, and says what came of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kcodegen.diagnostics import Diagnostic, UsageError
from kcodegen.options import Options
from kcodegen.report import PROGRAM, visible

INSTALL = {
    "keras3": "pip install 'kcodegen[verify]', or leave --verify out",
    "keras2": "pip install tf_keras, or leave --verify out",
}
DETAIL = 240


@dataclass(frozen=True, slots=True)
class Verification:
    """What a verification has found: rows of what was checked, the result, and why."""

    keras: str
    rows: tuple[tuple[str, str, str], ...]

    @property
    def failed(self) -> tuple[str, ...]:
        """Return the rows that say that the page is wrong, one sentence each."""
        return tuple(
            f"{what}: {detail}" for what, result, detail in self.rows if result == "FAILED"
        )


def verify_page(text: str, file: str, options: Options, source: Path | None = None) -> Verification:
    """Verify the page with the installed Keras; raises UsageError when there is none.

    `file` is what the page was compiled from, `source` the file that the folder of weights was
    converted from, where that is another. The page's file is a temporary one.
    """
    with tempfile.TemporaryDirectory(prefix="kcodegen-") as folder:
        page = Path(folder) / "page.py"
        page.write_text(text, "utf-8")
        scratch = Path(folder) / "scratch"
        scratch.mkdir()
        job = {
            "page": str(page),
            "file": os.path.abspath(file),
            "target": options.target,
            "weights": None if options.weights is None else os.path.abspath(options.weights),
            "custom": options.custom,
            "scratch": str(scratch),
            "source": None if source is None else os.path.abspath(source),
        }
        (Path(folder) / "job.json").write_text(json.dumps(job), "utf-8")
        return _run(Path(folder), options.target)


def _run(folder: Path, target: str) -> Verification:
    """Run the job in `folder` and return what it found."""
    result = folder / "result.json"
    command = [sys.executable, "-m", __package__, str(folder / "job.json"), str(result)]
    environment = {"TF_CPP_MIN_LOG_LEVEL": "3", **os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    if not result.exists():
        words = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        ended = f"the process ended with exit code {done.returncode}: {words}"
        return Verification("", (("page", "FAILED", ended),))
    found = json.loads(result.read_text("utf-8"))
    if "missing" in found:
        message = f"--verify needs Keras, which is not there: {found['missing']}"
        raise UsageError(Diagnostic("no-keras", message, hint=INSTALL[target]))
    rows = tuple((row["what"], row["result"], row["detail"]) for row in found["checks"])
    if rows[0][:2] == ("page", "not checked"):
        hint = "say it with --input-shape, or let --weights tell it"
        raise UsageError(Diagnostic("verify", f"--verify cannot run: {rows[0][2]}", hint=hint))
    return Verification(f"Keras {found['keras']} on {found['backend']}", rows)


def table(file: str, found: Verification) -> Iterator[str]:
    """Yield the lines that show a verification, each harmless on a terminal."""
    yield f"{PROGRAM}: {visible(file)}: verified with {visible(found.keras or 'no result')}"
    for what, result, detail in found.rows:
        yield f"  {what:14} {result:12} {visible(detail, DETAIL)}"


def as_json(file: str, found: Verification) -> str:
    """Return a verification as JSON, for machines."""
    rows = [{"what": what, "result": result, "detail": why} for what, result, why in found.rows]
    shown = {"file": file, "verified": not found.failed, "keras": found.keras, "checks": rows}
    return json.dumps(shown, indent=2) + "\n"
