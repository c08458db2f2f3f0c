"""Compiles a file of the corpus, rebuilds its page with Keras, and says what came of it."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

from kcodegen import CompileError, Options, compile_file
from kcodegen.diagnostics import Diagnostic
from kcodegen.frontends.producers import producer_of
from kcodegen.pipeline import Result
from kcodegen.verification.configs import allowances_for, differences
from kcodegen.verification.numbers import number_differences
from kcodegen.verification.rebuild import build, fresh_keras, import_page, serialized
from kcodegen.weights.formats import gathered
from kcodegen.weights.writer import write_folder
from tests.corpus.cases import USER, Case
from tests.corpus.flat import flat_differences
from tests.corpus.keras1 import KERAS_1_FOLDERS
from tests.corpus.models import UNSHARED
from tests.corpus.old import OLD_FOLDERS, TFJS, old_differences

if str(USER) not in sys.path:
    sys.path.insert(0, str(USER))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one file; `numbers` is None when nothing was recorded for it."""

    refused: tuple[Diagnostic, ...] = ()
    broken: str = ""
    differences: tuple[str, ...] = ()
    numbers: tuple[str, ...] | None = None

    @property
    def compiled(self) -> bool:
        """Whether there is a page."""
        return not self.refused

    @property
    def good(self) -> bool:
        """Whether the page is right in everything that is known of the file."""
        return self.compiled and not (self.broken or self.differences or self.numbers)

    @property
    def reason(self) -> str:
        """The first thing that is wrong, in a few words."""
        if self.refused:
            first = self.refused[0]
            return f"{first.code}: {first.message}"
        wrong = (*((self.broken,) if self.broken else ()), *self.differences, *(self.numbers or ()))
        return wrong[0] if wrong else ""


def options_for(case: Case, custom: bool = True) -> Options:
    """Return the options that a user would give for a file."""
    shape = case.entry.get("input_shape")
    return Options(
        input_shape=None if shape is None else tuple(shape),
        custom=case.custom if custom else (),
        source=f"{case.name}.json",
        output=f"{case.name}.py",
    )


def compiled_page(case: Case, folder: Path, custom: bool = True) -> Path:
    """Compile a file and return its page in `folder`; raises CompileError."""
    return written(compile_file(case.path, options_for(case, custom)), folder)


def written(result: Result, folder: Path) -> Path:
    """Write a page into `folder` and return its path."""
    page = folder / "page.py"
    page.write_text(result.text, "utf-8")
    return page


def backend_of(case: Case) -> str:
    """Return what a user has to say of a case, since its files don't: that Theano computed."""
    return "theano" if "theano" in str(case.entry.get("producer")) else ""


def converted(case: Case, result: Result, place: Path) -> Path:
    """Return a folder with the recorded numbers of a case, its weights as the page takes them."""
    assert case.numeric is not None
    assert result.model is not None
    assert result.document is not None
    if not (case.numeric / "weight_0.npy").exists():
        return case.numeric
    producer, backend = producer_of(result.document), backend_of(case)
    with gathered(case.numeric, result.model, producer, backend=backend) as matched:
        write_folder(place, matched.weights)
    for name in ("inputs.npz", "outputs.npz"):
        shutil.copy(case.numeric / name, place / name)
    return place


def attempt(case: Case, folder: Path) -> Outcome:
    """Compile one model, rebuild it in a fresh Keras, and compare all that can be compared."""
    try:
        result = compile_file(case.path, options_for(case))
        page = written(result, folder)
    except CompileError as error:
        return Outcome(refused=error.diagnostics)
    except Exception as error:  # a bug of the compiler's own: reported like a wrong page
        return Outcome(broken=f"compiler: {in_short(error)}")
    fresh_keras()
    try:
        module = import_page(page)
        model = build(module)
        found = config_differences(case, model)
        if case.numeric is None:
            return Outcome(differences=found)
        recorded = case.numeric
        if case.folder in (*OLD_FOLDERS, TFJS, *KERAS_1_FOLDERS) or case.id == UNSHARED:
            recorded = converted(case, result, folder / "converted")
        return Outcome(differences=found, numbers=number_differences(module, model, recorded))
    except Exception as error:  # whatever Keras or the page raises is the finding
        return Outcome(broken=in_short(error))


def in_short(error: Exception) -> str:
    """Return an error on one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:400]}"


def config_differences(case: Case, model: Any) -> tuple[str, ...]:
    """Return where the rebuilt model is another one than the file says."""
    original = case.config()
    if case.folder == "seed_flat":
        return flat_differences(original, model, case.entry["producer"])
    if case.folder in (*OLD_FOLDERS, TFJS, *KERAS_1_FOLDERS):
        return old_differences(case, model)
    return differences(original, serialized(model), allowances_for(original))
