"""The models with recorded outputs, and all files that hold the weights of one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np

from tests.corpus.cases import Case, cases
from tests.corpus.keras1 import KERAS_1_FOLDERS
from tests.corpus.old import OLD_FOLDERS, TFJS

WEIGHTS = Path(__file__).parents[1] / "weights" / "files"
# Whole models that four versions of Keras saved in several forms, outputs recorded beside them.
ARCHIVES = "archives"
FOLDERS = ("keras3.15", "seed_flat", *OLD_FOLDERS, TFJS, *KERAS_1_FOLDERS)
MISSED = {
    "*/custom_subclass_functional page": "its own Keras wrote an empty config",
    "*/op_refused_* page": "no page can say it",
    "*/op_repeat page": "no page can say it",
    "keras2.[01]/nested Keras 2 .h5 of weights": "tf_keras gives the inner model another name",
}
"""Models and files (`folder/model kind`) that give no outputs to compare, with the reason."""


@dataclass(frozen=True, slots=True)
class File:
    """A file or folder with weights: of which kind, and whether it holds the architecture, too.

    With `is_of_today` it isn't the model's own Keras that wrote it.
    """

    kind: str
    path: Path
    is_whole: bool = False
    is_of_today: bool = False


@dataclass(frozen=True, slots=True)
class Archive(Case):
    """A whole model in a file of its own."""

    @property
    def path(self) -> Path:
        """Where the file lies."""
        return WEIGHTS / str(self.entry["file"])

    @property
    def numeric(self) -> Path:
        """The folder with its recorded weights, inputs and outputs."""
        return WEIGHTS / str(self.entry["numeric"])


def archives() -> list[Case]:
    """Return the archives: the same model, with the same weights, from five versions of Keras."""
    found: list[Case] = []
    for producer in ("keras2.3", "tf2.9", "tf2.12", "tf2.15", "keras3.15"):
        # tf.keras 2.12 has the weights of the others, but wrote no outputs.
        numeric = f"{'tf2.15' if producer == 'tf2.12' else producer}_npy"
        for form in ("hdf5/{}_legacy.h5", "keras/{}.keras", "tfjs/{}/model.json"):
            entry = {"file": form.format(producer), "numeric": numeric, "producer": producer}
            if (WEIGHTS / entry["file"]).exists():
                found.append(Archive(ARCHIVES, entry["file"], entry))
    return found


RECORDED: dict[str, list[Case]] = {
    **{name: [case for case in cases(name) if case.numeric is not None] for name in FOLDERS},
    ARCHIVES: archives(),
}


def shown_version(case: Case) -> str:
    """Return what the table calls the Keras that wrote a model."""
    producer = str(case.entry.get("producer", case.folder))
    special = case.folder in (ARCHIVES, TFJS, "seed_flat")
    return f"{case.folder}: {producer}" if special else case.folder


def why_missed(case: Case, kind: str) -> str:
    """Return why a file gives no outputs, or nothing where it should."""
    found = (why for name, why in MISSED.items() if fnmatchcase(f"{case.id} {kind}", name))
    return next(found, "")


def own_files(case: Case, folder: Path) -> Iterator[File]:
    """Yield the files that the model's own Keras wrote, and its arrays as NumPy saves them."""
    assert case.numeric is not None
    if case.folder == ARCHIVES:
        yield File(case.path.suffix, case.path, is_whole=True)
    if case.path.suffix == ".json" and case.folder == ARCHIVES:
        return
    yield File("npy", case.numeric)
    arrays = [np.load(case.numeric / f"weight_{i}.npy") for i in range(count_of(case.numeric))]
    if not arrays:
        return
    np.savez(folder / "arrays.npz", *arrays)
    yield File("npz", folder / "arrays.npz")
    hdf5 = WEIGHTS / case.folder / f"{case.name}.h5"
    if hdf5.exists():
        yield File("own h5", hdf5)


def count_of(directory: Path) -> int:
    """Return how many weights a folder has."""
    return len(list(directory.glob("weight_*.npy")))


def of_keras3(model: Any, folder: Path) -> Iterator[File]:
    """Yield what today's Keras saves of a model."""
    if not model.weights:
        return
    for kind in (".keras", ".h5"):
        path = folder / f"keras3{kind}"
        model.save(path)
        yield File(f"Keras 3 {kind}", path, True, True)
    path = folder / "keras3.weights.h5"
    model.save_weights(path)
    yield File("Keras 3 .weights.h5", path, is_of_today=True)


def of_keras2(case: Case, arrays: list[Any], folder: Path) -> Iterator[File]:
    """Yield what `tf_keras` saves of a model with these weights, where it can load it."""
    import tf_keras

    tf_keras.backend.clear_session()
    try:
        model = tf_keras.models.model_from_json(case.path.read_text("utf-8"))
        model.set_weights(arrays)
    except Exception:  # what Keras 2 of today can't load of its own past
        return
    for kind in (".h5", ".keras"):
        path = folder / f"keras2{kind}"
        with contextlib.suppress(NotImplementedError, TypeError, ValueError):  # or can't save
            model.save(path)
            yield File(f"Keras 2 {kind}", path, True, True)
    for kind in (".h5", ".weights.h5"):
        path = folder / f"keras2_weights{kind}"
        model.save_weights(path)
        yield File(f"Keras 2 {kind} of weights", path, is_of_today=True)
