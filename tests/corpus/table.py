"""Compiles and rebuilds the whole corpus and prints what came of every file.

    python -m tests.corpus.table [FOLDER ...]
    python -m tests.corpus.table --count      only those with recorded outputs, and only the rest

The last line of each folder counts; a file that is not right says why. The last line of all says
how many models with recorded outputs are rebuilt by today's Keras and compute the same numbers.
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from pathlib import Path

from kcodegen.verification.numbers import TOLERANCE
from tests.corpus.cases import Case, cases, say
from tests.corpus.harness import Outcome, attempt
from tests.corpus.keras1 import KERAS_1_FOLDERS
from tests.corpus.old import OLD_FOLDERS, TFJS
from tests.objects.harness import attempt_object

MODELS = ("keras3.15", "drift", "seed_flat", *OLD_FOLDERS, TFJS, *KERAS_1_FOLDERS)
FOLDERS = (*MODELS, "objects")
UNREADABLE = {
    "custom_subclass_functional": "its own Keras wrote an empty config and can't read it either",
}
"""Models that their own Keras does not read back, with the reason."""


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


def outcomes(folder: str, recorded: bool = False) -> list[tuple[Case, Outcome]]:
    """Return the outcome of each file of a folder; `recorded` leaves out those without numbers."""
    found = []
    for case in cases(folder):
        if recorded and case.numeric is None:
            continue
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


def count(found: list[tuple[Case, Outcome]]) -> str:
    """Return how many of the models with recorded outputs compute them again."""
    recorded = [(case, outcome) for case, outcome in found if case.numeric is not None]
    same = [case for case, outcome in recorded if outcome.good]
    wrong = [case for case, outcome in recorded if outcome.numbers or outcome.differences]
    rest = len(recorded) - len(same) - len(wrong)
    return (
        f"{len(recorded)} models with recorded outputs: {len(same)} are rebuilt and compute the "
        f"same numbers to {TOLERANCE:g}, {rest} are refused or not rebuilt, {len(wrong)} are wrong"
    )


def main(words: list[str]) -> None:
    """Print the table of some folders, of all when none is named."""
    warnings.simplefilter("ignore")
    only_rest = "--count" in words
    every: list[tuple[Case, Outcome]] = []
    for folder in [word for word in words if word != "--count"] or FOLDERS:
        if not only_rest:
            say(f"{folder:38} {'compiled':8}  {'equal':8}  {'numbers':8}  {'keras':8} why not")
        found = outcomes(folder, only_rest)
        every += found
        for case, outcome in found:
            if not only_rest:
                say(row(case, outcome))
            elif not outcome.good:
                say(f"{case.id}: {outcome.reason[:240]}{beside(case)}")
        if not only_rest:
            say(summary(folder, found), "\n")
    say(count(every))


def beside(case: Case) -> str:
    """Return what is known of a file that no page computes right."""
    return f" ({UNREADABLE[case.name]})" if case.name in UNREADABLE else ""


if __name__ == "__main__":
    main(sys.argv[1:])
