"""Holds the pages of keras.applications against flat ones and against their authors' source.

    python benchmarks/readability.py [--exact] [NAME ...]

For each application: lines and tokens of the model's code flat, recovered and handwritten
(`handwritten.py` says what is counted there), the helpers, the most parameters that one takes
besides its first tensor, the CPU seconds that recovery takes, and with `--exact` whether the page
rebuilds the very same model. The last lines are the goals; the exit code is 1 when one is missed.
"""

from __future__ import annotations

import argparse
import ast
import gc
import math
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

from handwritten import handwritten, lines, tokens

from kcodegen import Options, compile_file
from kcodegen.ir.graph import Graph
from kcodegen.pipeline import shorten
from kcodegen.structure.recover import recover
from kcodegen.verification.configs import differences
from kcodegen.verification.rebuild import described, fresh_keras, rebuild
from kcodegen.words import FIXED


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured of one application."""

    name: str
    flat: tuple[int, int]
    ours: tuple[int, int]
    hand: tuple[int, int]
    helpers: tuple[str, ...]
    params: int
    seconds: float
    exact: str


def model_code(page: str) -> str:
    """Return the part of a page that builds the model, without docstrings and loaders."""
    tree = ast.parse(page)
    kept: list[ast.stmt] = []
    for node in tree.body:
        if isinstance(node, ast.Import) and node.names[0].name != "keras":
            continue
        if isinstance(node, ast.ImportFrom) and node.module != "keras":
            continue
        if isinstance(node, (ast.Import, ast.ImportFrom, ast.ClassDef)) or (
            isinstance(node, ast.FunctionDef) and node.name not in FIXED
        ):
            kept.append(node)
    source = page.splitlines()
    found: list[str] = []
    for node in kept:
        own = source[node.lineno - 1 : node.end_lineno]
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
            doc = node.body[0]
            start, end = doc.lineno - node.lineno, (doc.end_lineno or doc.lineno) - node.lineno
            own = own[:start] + own[end + 1 :]
        found += own
    return "\n".join(found) + "\n"


def helpers(page: str) -> Iterator[ast.FunctionDef]:
    """Yield the helper functions of a page."""
    for node in ast.parse(page).body:
        is_function = isinstance(node, ast.FunctionDef) and node.name not in FIXED
        if is_function and not node.name.startswith(("build_", "compile_")):
            yield node


def recovery_seconds(graph: Graph) -> float:
    """Return the CPU time of structure recovery, without what reads and writes."""
    gc.collect()
    gc.disable()
    start = time.process_time()
    recover(graph)
    seconds = time.process_time() - start
    gc.enable()
    return seconds


def measure(name: str, folder: Path, exact: bool) -> Row:
    """Return the row of one application."""
    keras = fresh_keras()
    model = getattr(keras.applications, name)(weights=None)
    path = folder / f"{name}.json"
    path.write_text(model.to_json(), "utf-8")
    original = described(model) if exact else None
    del model
    result = compile_file(path)
    flat = compile_file(path, Options(flat=True)).text
    graph = shorten(result.artifact).model
    found = list(helpers(result.text))
    answer = "structure lost" if result.diagnostics else "proved"
    if original is not None and not result.diagnostics:
        page = folder / f"{name}.py"
        page.write_text(result.text, "utf-8")
        rebuilt = rebuild(page)
        same = not differences(original.config, rebuilt.config)
        answer = "yes" if same and rebuilt.shapes == original.shapes else "NO"
    ours, hand = model_code(result.text), handwritten(name)
    return Row(
        name,
        (lines(model_code(flat)), tokens(model_code(flat))),
        (lines(ours), tokens(ours)),
        (lines(hand), tokens(hand)),
        tuple(function.name for function in found),
        max((len(function.args.args) - 1 for function in found), default=0),
        recovery_seconds(graph) if graph is not None else 0.0,
        answer,
    )


def show(row: Row) -> str:
    """Return a row of the table."""
    cells = (
        row.name,
        f"{row.flat[0]} / {row.flat[1]}",
        f"{row.ours[0]} / {row.ours[1]}",
        f"{row.hand[0]} / {row.hand[1]}",
        f"{row.ours[1] / row.flat[1]:.3f}",
        f"{row.ours[1] / row.hand[1]:.2f}",
        f"{row.params}",
        f"{row.seconds:.2f}",
        row.exact,
        " ".join(row.helpers),
    )
    return f"| {' | '.join(cells)} |"


def goals(rows: list[Row]) -> Iterator[tuple[str, bool]]:
    """Yield what is asked of all rows, and whether it is so."""
    hand = [row.ours[1] / row.hand[1] for row in rows]
    flat = [row.ours[1] / row.flat[1] for row in rows]
    shorter = sum(ratio <= 1 for ratio in hand)
    yield (
        f"exact: {sum(r.exact in ('yes', 'proved') for r in rows)} of {len(rows)}",
        all(row.exact in ("yes", "proved") for row in rows),
    )
    yield f"at most as many tokens as by hand: {shorter} of {len(rows)}", shorter == len(rows)
    yield f"tokens of hand, geometric mean: {mean(hand):.3f} (0.62)", mean(hand) <= 0.62
    yield f"tokens of flat, geometric mean: {mean(flat):.3f} (0.12)", mean(flat) <= 0.12
    params = max(row.params for row in rows)
    yield f"most parameters: {params} (6)", params <= 6
    numbered = [h for row in rows for h in row.helpers if re.search(r"_\d+$", h)]
    yield f"helpers with a number for a name: {len(numbered)}", not numbered
    slowest = max(rows, key=lambda row: row.seconds)
    yield f"slowest: {slowest.name}, {slowest.seconds:.2f} s (0.7)", slowest.seconds <= 0.7
    resnets = {r.ours[0] for r in rows if r.name in ("ResNet50", "ResNet101", "ResNet152")}
    if resnets:
        said = ", ".join(map(str, sorted(resnets)))
        yield (
            f"lines of ResNet50, 101 and 152: {said} (44)",
            len(resnets) == 1 and max(resnets) <= 44,
        )
    for row in rows:
        if row.name.startswith("NASNet"):
            yield f"lines of {row.name}: {row.ours[0]} (240)", row.ours[0] <= 240


def mean(values: list[float]) -> float:
    """Return the geometric mean."""
    return math.exp(sum(map(math.log, values)) / len(values))


def main() -> int:
    """Measure, print the table and the goals, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="applications (default: all)")
    parser.add_argument("--exact", action="store_true", help="rebuild each page with Keras")
    asked = parser.parse_args()
    applications = fresh_keras().applications
    every = sorted(n for n in vars(applications) if callable(getattr(applications, n)))
    print(
        "| model | flat | recovered | by hand | of flat | of hand | params | s | exact | helpers |"
    )
    print("| --- | --- | --- | --- | --: | --: | --: | --: | --- | --- |")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name in asked.names or every:
            rows.append(measure(name, Path(folder), asked.exact))
            print(show(rows[-1]), flush=True)
    print()
    results = list(goals(rows))
    for text, is_met in results:
        print(f"{'ok  ' if is_met else 'MISS'} {text}")
    return 0 if all(is_met for _, is_met in results) else 1


if __name__ == "__main__":
    sys.exit(main())
