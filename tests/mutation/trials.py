"""Puts every mutant of a page through the proof, and what it accepts through Keras."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from kcodegen import pipeline
from kcodegen.diagnostics import ProofError
from kcodegen.options import Options
from kcodegen.verification.configs import differences
from kcodegen.verification.rebuild import import_page, rebuild
from tests.keras2_target import harness as keras2
from tests.keras2_target.allowances import unnamed_ops
from tests.mutation.mutate import Mutant, mutants


@dataclass(slots=True)
class Trial:
    """A page, the proof that it went through, and what the proof says of its mutants.

    `target` is the target of the page.
    """

    page: str
    proof: Callable[[str], None]
    target: str = "keras3"
    refused: list[Mutant] = field(default_factory=list)
    accepted: list[Mutant] = field(default_factory=list)

    def run(self, most: int = 10_000) -> None:
        """Put every mutant through the proof, or `most` of them from all over the page."""
        found = mutants(self.page)
        for mutant in found[:: len(found) // most + 1]:
            (self.refused if self.refuses(mutant.text) else self.accepted).append(mutant)

    def refuses(self, text: str) -> bool:
        """Say whether the proof refuses a page; any other error is a failure of the test."""
        try:
            self.proof(text)
        except ProofError:
            return True
        return False


def trial(path: Path, options: Options, monkeypatch: pytest.MonkeyPatch) -> Trial:
    """Compile a file and keep hold of the proof of its page."""
    held: dict[str, Any] = {}
    prove = pipeline.prove

    def hold(text: str, *rest: Any) -> None:
        prove(text, *rest)
        held["rest"] = rest

    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "prove", hold)
        page = pipeline.compile_file(path, options).text
    found = Trial(page, lambda text: prove(text, *held["rest"]), options.target)
    found.proof(page)
    return found


def wrong(found: Trial, folder: Path) -> list[str]:
    """Return the accepted mutants that do not build the model that the page builds."""
    original = written(found.page, folder / "page.py", found.target)
    said = []
    for mutant in found.accepted:
        try:
            gaps = differences(original, written(mutant.text, folder / "mutant.py", found.target))
        except Exception as error:  # what Keras can't build is no model at all
            gaps = (f"{type(error).__name__}: {error}",)
        if gaps:
            said.append(f"{mutant} gives {gaps[0][:200]}")
    return said


def written(text: str, path: Path, target: str) -> Any:
    """Return what the model of a page serializes to, with the Keras of its target."""
    path.write_text(text, "utf-8")
    if target == "keras2":
        return unnamed_ops(keras2.serialized(keras2.built(import_page(path))))
    return rebuild(path).config
