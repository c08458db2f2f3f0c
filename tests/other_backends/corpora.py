"""The models of the corpora whose weights, inputs and outputs TensorFlow or Theano has recorded."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kcodegen import CompileError, compile_file
from kcodegen.verification.numbers import outputs
from kcodegen.verification.rebuild import fresh_keras
from tests.corpus.cases import Case, cases
from tests.corpus.harness import converted, options_for
from tests.corpus.models import UNSHARED
from tests.other_backends.loaders import Finding, Wanted, check, in_short, pages

TODAY = "keras3.15"


def recorded(*folders: str) -> Iterator[Case]:
    """Yield the cases with recorded numbers that a page can be written for."""
    for case in cases(*folders):
        if case.numeric is not None and not is_refused(case):
            yield case


def is_refused(case: Case) -> bool:
    """Tell whether a file is refused, which other tests hold."""
    try:
        compile_file(case.path, options_for(case))
    except CompileError:
        return True
    return False


def try_case(case: Case, folder: Path) -> Finding:
    """Load the recorded weights with both loaders, and compare with all that is known of a case."""
    finding, place = Finding(case.id), case.numeric
    assert place is not None
    if case.folder != TODAY or case.id == UNSHARED:
        place = converted(case, compile_file(case.path, options_for(case)), folder / "converted")
    with np.load(place / "inputs.npz") as inputs, np.load(place / "outputs.npz") as known:
        given = [inputs[f"input_{i}"] for i in range(len(inputs))]
        of_then = [known[f"output_{i}"] for i in range(len(known))]
        wanted = [Wanted(given, of_then, is_recorded=True)]
    if case.folder == TODAY and case.id != UNSHARED and case.entry["keras_reloads"]:
        try:
            wanted.append(Wanted(given, outputs(native(case, folder), given)))
        except Exception as error:  # what Keras itself can't do here
            finding.problems.append(f"keras: {in_short(error)}")
    check(finding, pages(case.path, options_for(case), folder), place, wanted)
    return finding


def native(case: Case, folder: Path) -> Any:
    """Return the model as Keras saves and loads it on this backend."""
    assert case.numeric is not None
    fresh_keras()
    own = {}
    for name, target in case.custom:
        module, _, attribute = target.partition(":")
        own[name] = getattr(importlib.import_module(module), attribute)
    with keras.saving.custom_object_scope(own):
        keras.config.enable_unsafe_deserialization()  # the functions of the corpus are our own
        model = keras.models.model_from_json(case.path.read_text("utf-8"))
        count = len(model.weights)
        model.set_weights([np.load(case.numeric / f"weight_{i}.npy") for i in range(count)])
        model.save(folder / "model.keras")
        return keras.saving.load_model(folder / "model.keras", compile=False)
