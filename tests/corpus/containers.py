"""Runs every model with recorded outputs, its weights taken out of every file that holds them.

    python -m tests.corpus.containers [FOLDER ...]

The files are those that the model's own Keras wrote, and those that today's Keras and `tf_keras`
write of the same weights. From each a page and its folder of weights are made; the page has to
compute the recorded outputs to 1e-5, relative: of each output, the largest difference between two
numbers is at most 1e-5 of the largest number (`deviation`). A page whose text and weights are, bit
by bit, those of one that was run already is not run again.

The table says for each version of Keras how many models and files there were and how many of both
computed the same, and the largest deviation; below it stands each that did not, and why. It takes
some ten minutes for all folders.
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from kcodegen import compile_file
from kcodegen.frontends.producers import producer_of
from kcodegen.pipeline import Result
from kcodegen.registry.helpers import KEYS
from kcodegen.verification.numbers import outputs
from kcodegen.verification.rebuild import PAGE, build, fresh_keras, import_page
from kcodegen.weights.files.store import whole
from kcodegen.weights.formats import gathered
from kcodegen.weights.matching.order import pairs_of_keras2
from kcodegen.weights.matching.owners import Pairs
from kcodegen.weights.writer import write_folder
from tests.corpus.cases import Case, say
from tests.corpus.harness import backend_of, in_short, options_for
from tests.corpus.old import OLD_FOLDERS
from tests.corpus.recorded import (
    ARCHIVES,
    RECORDED,
    File,
    count_of,
    of_keras2,
    of_keras3,
    own_files,
    shown_version,
    why_missed,
)

TOLERANCE = 1e-5


@dataclass(frozen=True, slots=True)
class Run:
    """What came of one file: how far the outputs are from those recorded, or why there are none."""

    file: str
    deviation: float = 0.0
    broken: str = ""

    @property
    def same(self) -> bool:
        """Whether the page computes what was recorded."""
        return not self.broken and self.deviation <= TOLERANCE


@dataclass(slots=True)
class Seen:
    """Pages that were run already, with their weights and what came of them."""

    runs: list[tuple[str, list[Any], float]] = field(default_factory=list)

    def find(self, text: str, arrays: list[Any]) -> float | None:
        """Return the deviation of a page with these very weights."""
        for known, others, deviation in self.runs:
            if known == text and same_bits(arrays, others):
                return deviation
        return None


def same_bits(ours: list[Any], theirs: list[Any]) -> bool:
    """Tell whether two rows of arrays are one."""
    return len(ours) == len(theirs) and all(
        a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
        for a, b in zip(ours, theirs, strict=True)
    )


def deviation(got: list[Any], wanted: list[Any]) -> float:
    """Return the largest difference of two rows of outputs, relative to the largest number.

    That is, of each output, max |a - b| / max |b|, and of these the largest. What is not finite
    has to be the same, in the same places; so have shapes, and texts.
    """
    if [a.shape for a in got] != [b.shape for b in wanted]:
        return float("inf")
    return max((apart(a, b) for a, b in zip(got, wanted, strict=True)), default=0.0)


def apart(a: Any, b: Any) -> float:
    """Return how far one output is from the recorded one."""
    if a.dtype.kind not in "biuf":
        return 0.0 if np.array_equal(a, b) else float("inf")
    a, b = a.astype("float64"), b.astype("float64")
    finite = np.isfinite(b)
    if not np.array_equal(a[~finite], b[~finite], equal_nan=True):
        return float("inf")
    a, b = a[finite], b[finite]
    largest = float(np.max(np.abs(b), initial=0.0))
    gap = float(np.max(np.abs(a - b), initial=0.0))
    return gap / largest if largest else (0.0 if gap == 0 else float("inf"))


def runs(case: Case, folder: Path) -> Iterator[Run]:
    """Yield what comes of a model with its weights from each file that holds them."""
    seen = Seen()
    try:
        result = compile_file(case.path, options_for(case))
        sys.modules.pop(PAGE, None)
        page = made(result, folder / "page.py")
    except Exception as error:  # what no page can be written for
        yield Run("page", broken=in_short(error))
        return
    first = Run("")
    for file in own_files(case, folder):
        first = attempted(case, result, file, folder, seen)
        yield first
    if case.folder == ARCHIVES or first.broken:
        return
    for file in todays_files(case, result, page, folder):
        yield attempted(case, result, file, folder, seen)


def todays_files(
    case: Case, result: Result, page: tuple[ModuleType, Any], folder: Path
) -> Iterator[File]:
    """Yield what both Keras of today save of a model with its recorded weights."""
    assert case.numeric is not None
    if not count_of(case.numeric):
        return
    module, model = page
    place = folder / "recorded"
    pairs = converted(case, result, File("npy", case.numeric), place)
    module.load_weights(model, place)
    yield from of_keras3(model, folder)
    if case.folder in OLD_FOLDERS:
        arrays = [whole(stored) for _, stored in pairs_of_keras2(pairs)]
        yield from of_keras2(case, arrays, folder)


def attempted(case: Case, result: Result, file: File, folder: Path, seen: Seen) -> Run:
    """Return what comes of one file."""
    try:
        return Run(file.kind, run(case, result, file, folder, seen))
    except Exception as error:  # whatever is raised is the finding
        return Run(file.kind, broken=in_short(error))


def of_the_page(custom: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Return the classes that a saved model of a page may have beside those of the user's file.

    These are the page's own; and what Keras 3 writes into `.h5` has no package in its name.
    """
    own = tuple((f"{package}{n}", f"{PAGE}:{n}") for n in KEYS for package in ("", "keras2>"))
    return (*((name.rpartition(">")[2], place) for name, place in custom if ">" in name), *own)


def made(result: Result, page: Path) -> tuple[ModuleType, Any]:
    """Return a page as a module, and its model."""
    page.write_text(result.text, "utf-8")
    fresh_keras()
    module = import_page(page)
    sys.modules.setdefault(PAGE, module)
    return module, build(module)


def run(case: Case, result: Result, file: File, folder: Path, seen: Seen) -> float:
    """Convert the weights of a file, load them into its page, and compare the outputs."""
    assert case.numeric is not None
    if file.is_whole and file.path != case.path:
        own = replace(options_for(case), input_shape=None)
        result = compile_file(file.path, replace(own, custom=own.custom + of_the_page(own.custom)))
    place, pairs = case.numeric, ()
    if file.path != case.numeric or count_of(case.numeric):
        place = folder / "converted"
        pairs = converted(case, result, file, place)
    arrays = [np.load(place / f"weight_{i}.npy") for i in range(len(pairs))]
    known = seen.find(result.text, arrays)
    if known is not None:
        return known
    module, model = made(result, folder / "other.py")
    module.load_weights(model, place)
    with np.load(case.numeric / "inputs.npz") as inputs:
        got = outputs(model, [inputs[f"input_{i}"] for i in range(len(inputs))])
    with np.load(case.numeric / "outputs.npz") as wanted:
        found = deviation(got, [wanted[f"output_{i}"] for i in range(len(wanted))])
    seen.runs.append((result.text, arrays, found))
    return found


def converted(case: Case, result: Result, file: File, place: Path) -> Pairs:
    """Write the folder of weights of a page, and return them as they were found."""
    assert result.model is not None
    assert result.document is not None
    document = result.document if file.is_whole else None
    backend = "" if file.is_of_today else backend_of(case)
    producer = producer_of(result.document)
    with gathered(file.path, result.model, producer, document, backend) as matched:
        write_folder(place, matched.weights)
        return matched.weights


# The table


def attempts(cases: Iterable[Case]) -> dict[str, list[tuple[Case, list[Run]]]]:
    """Return the runs of some models by the version of Keras that wrote them."""
    found: dict[str, list[tuple[Case, list[Run]]]] = {}
    for case in cases:
        with tempfile.TemporaryDirectory() as folder:
            found.setdefault(shown_version(case), []).append((case, list(runs(case, Path(folder)))))
    return found


def lines(version: str, found: list[tuple[Case, list[Run]]]) -> Iterator[str]:
    """Yield the line of one version of Keras, and one for each run that isn't the same."""
    every = [run for _, runs in found for run in runs]
    good = [run for run in every if run.same]
    whole = sum(all(run.same for run in runs) for _, runs in found)
    largest = max((run.deviation for run in good), default=0.0)
    counts = f"{len(found):4} models {whole:4} same {len(every):6} files {len(good):6} same"
    yield f"{version:22} {counts}   at most {largest:.1e}"
    for case, runs in found:
        for run in runs:
            if not run.same:
                what = run.broken[:200] or f"deviates by {run.deviation:.2g}"
                why = why_missed(case, run.file) if run.broken else ""
                yield f"    {case.id} from {run.file}: {what} ({why or 'NOT KNOWN WHY'})"


def main(words: list[str]) -> int:
    """Print the table; return 1 when something isn't the same and nobody knows why."""
    warnings.simplefilter("ignore")
    strange = total = same = 0
    for folder in words or RECORDED:
        for version, found in attempts(RECORDED[folder]).items():
            for line in lines(version, found):
                say(line)
                strange += "NOT KNOWN WHY" in line
            total += sum(len(runs) for _, runs in found)
            same += sum(run.same for _, runs in found for run in runs)
    say(f"{same} of {total} files give the recorded outputs to {TOLERANCE:g}")
    return min(strange, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
