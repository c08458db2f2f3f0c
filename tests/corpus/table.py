"""Compiles and rebuilds the whole corpus and prints what came of every file.

    python -m tests.corpus.table [FOLDER ...]

The last line of each folder counts; a file that is not right says why.
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from pathlib import Path

from tests.corpus.cases import Case, cases, say
from tests.corpus.harness import Outcome, attempt
from tests.corpus.keras1 import KERAS_1_FOLDERS
from tests.corpus.old import OLD_FOLDERS
from tests.objects.harness import attempt_object

MODELS = ("keras3.15", "drift", "seed_flat", *OLD_FOLDERS, *KERAS_1_FOLDERS)
FOLDERS = (*MODELS, "objects")


def row(case: Case, outcome: Outcome) -> str:
    """Return the line of one file."""
    marks = (
        mark(outcome.compiled),
        mark(not outcome.differences and not outcome.broken) if outcome.compiled else "-",
        "-" if outcome.numbers is None else mark(not outcome.numbers),
    )
    keras = mark(case.entry["keras_reloads"]) if "keras_reloads" in case.entry else "-"
    return f"{case.name:38} {'  '.join(f'{m:8}' for m in (*marks, keras))} {outcome.reason[:240]}"


def mark(good: bool) -> str:
    """Return how a cell looks."""
    return "yes" if good else "NO"


def outcomes(folder: str) -> list[tuple[Case, Outcome]]:
    """Return the outcome of each file of a folder."""
    found = []
    for case in cases(folder):
        with tempfile.TemporaryDirectory() as place:
            run = attempt_object if folder == "objects" else attempt
            found.append((case, run(case, Path(place))))
    return found


def summary(folder: str, found: list[tuple[Case, Outcome]]) -> str:
    """Return the counts of one folder."""
    numeric = [outcome for _, outcome in found if outcome.numbers is not None]
    return (
        f"{folder}: {len(found)} files, {sum(o.compiled for _, o in found)} compiled, "
        f"{sum(o.compiled and not o.differences and not o.broken for _, o in found)} equal, "
        f"{sum(not o.numbers for o in numeric)} of {len(numeric)} compute the same numbers, "
        f"Keras reloads {sum(bool(c.entry.get('keras_reloads')) for c, _ in found)}"
    )


def main(folders: list[str]) -> None:
    """Print the table of some folders, of all when none is named."""
    warnings.simplefilter("ignore")
    for folder in folders or FOLDERS:
        say(f"{folder:38} {'compiled':8}  {'equal':8}  {'numbers':8}  {'keras':8} why not")
        found = outcomes(folder)
        for case, outcome in found:
            say(row(case, outcome))
        say(summary(folder, found), "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
