"""Files of weights as Keras 3 and tf.keras from 2.12 on write them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.weights.native_files import graph_of, weights_of

HERE = Path(__file__).parent / "native"
VERSIONS = sorted(path.name for path in HERE.glob("[0-9]*"))


def generator() -> Any:
    """Return the module that wrote the files."""
    spec = importlib.util.spec_from_file_location("generate", HERE / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_puts_its_weights_where_they_are_looked_for(version: str) -> None:
    value_of = generator().value_of
    names = (HERE / "order.txt").read_text().split()
    # Keras 3.0 writes a shared layer's call as one that the file has not, and can't read it itself.
    model = HERE / ("3.3.3" if version == "3.0.5" else version) / "model.json"
    graph = graph_of(model)
    found = weights_of(HERE / version / "model.weights.h5", graph)
    # The shared layer stands in two models, and the page makes one for each.
    assert len(found) == len(names) + 2
    seen = []
    for slot, array in found:
        name = next(name for name in names if np.array_equal(value_of(name, array.shape), array))
        assert name.endswith(slot.role)
        assert name.startswith(slot.layers[-1])
        seen.append(name)
    assert list(dict.fromkeys(seen)) == names
