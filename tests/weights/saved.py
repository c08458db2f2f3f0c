"""Files of weights that real versions of Keras wrote, and the weights in them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from kcodegen import Options, compile_file
from kcodegen.frontends.producers import producer_of
from kcodegen.weights.files.store import whole
from kcodegen.weights.formats import gathered
from tests.corpus.cases import Case, cases

FILES = Path(__file__).parent / "files"
ARCHIVES = ("keras2.3", "tf2.9", "tf2.15", "keras3.15")


def arrays_of(
    weights: Path, model: Path, options: Options | None = None, backend: str = ""
) -> list[tuple[Any, Any]]:
    """Return the variables of a model and their arrays, as a file has them."""
    result = compile_file(model, options or Options())
    assert result.model is not None
    assert result.document is not None
    producer = producer_of(result.document)
    if backend:
        producer = replace(producer, backend=backend)
    document = result.document if weights == model else None
    with gathered(weights, result.model, producer, document) as matched:
        return [(slot, whole(stored)) for slot, stored in matched.weights]


def hdf5_cases(folder: str) -> list[tuple[Case, Path]]:
    """Return the cases of a corpus whose weights an old Keras has saved as HDF5, too."""
    found = [(case, FILES / folder / f"{case.name}.h5") for case in cases(folder)]
    return [(case, path) for case, path in found if path.exists()]
