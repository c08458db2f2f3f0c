"""What a golden pins: every stage of its compilation."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kcodegen import CompileError, Diagnostic, Options, arguments, pipeline, report
from kcodegen.ir.graph import Artifact, Graph
from kcodegen.ir.show import show_artifact, show_outline
from kcodegen.ir.values import Obj, Value, walk
from kcodegen.ir.verify_outline import verify_outline

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
SOURCE, OPTIONS = "arch.json", "options.json"
GIVEN = {SOURCE, OPTIONS}
PAGES = {"keras3.py", "keras2.py"}


@dataclass(frozen=True, slots=True)
class Golden:
    """One folder of `golden/`; `options.json` holds words of the command line."""

    folder: Path

    @property
    def words(self) -> list[str]:
        """Return the command line's words besides the file."""
        path = self.folder / OPTIONS
        return list(json.loads(path.read_text("utf-8"))) if path.exists() else []

    @property
    def options(self) -> Options:
        """Return the options as the command line reads them."""
        return arguments.options(arguments.parse([SOURCE, *self.words]))

    def pinned(self) -> dict[str, str]:
        """Return the files that are results, by name."""
        files = (path for path in self.folder.iterdir() if path.name not in GIVEN)
        return {path.name: path.read_text("utf-8") for path in files}


def goldens(root: Path = GOLDEN) -> list[Golden]:
    """Return every golden, sorted by name."""
    return [Golden(folder) for folder in sorted(root.iterdir()) if folder.is_dir()]


def stages(golden: Golden) -> dict[str, str]:
    """Return what the golden has to pin now: file name -> text; what is empty is no file."""
    with inside(golden.folder):
        try:
            result = pipeline.compile_file(SOURCE, golden.options)
        except CompileError as error:
            found = {"stderr.txt": said(error.diagnostics)}
        else:
            found = {
                "graph.txt": graph_text(result.artifact),
                "outline.txt": outline_text(result.artifact),
                f"{golden.options.target}.py": result.text,
                "stderr.txt": said(result.diagnostics),
            }
    return {name: text for name, text in found.items() if text}


def said(diagnostics: tuple[Diagnostic, ...]) -> str:
    """Return what the command line says on standard error."""
    return "".join(f"{line}\n" for line in report.lines(SOURCE, diagnostics))


@contextlib.contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Work in `folder`, so that messages and headers name the file alone."""
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def graph_text(artifact: Artifact) -> str:
    """Return the dump of what is written on the page."""
    return show_artifact(pipeline.shorten(artifact))


def outline_text(artifact: Artifact) -> str:
    """Return the dump of every model's outline, nested models first."""
    if artifact.model is None:
        return ""
    model = pipeline.shorten(artifact).model
    assert model is not None
    found = [pipeline.outline(graph) for graph in models(model)]
    for outline in found:
        verify_outline(outline)
    return "".join(f"{line}\n" for outline in found for line in show_outline(outline))


def models(graph: Graph) -> Iterator[Graph]:
    """Yield the models inside `graph`, each after those that it holds, and itself."""
    for layer in graph.layers:
        if layer.body is not None:
            yield from models(layer.body)
        for _, value in layer.args:
            yield from _models(value)
    yield graph


def _models(value: Value) -> Iterator[Graph]:
    for item in walk(value):
        if isinstance(item, Obj) and item.body is not None:
            yield from models(item.body)


def pin(golden: Golden) -> None:
    """Rewrite the results of a golden; what is no result any more is removed."""
    found = stages(golden)
    for name in golden.pinned():
        if name not in found:
            os.remove(golden.folder / name)
    for name, text in found.items():
        (golden.folder / name).write_text(text, "utf-8")
