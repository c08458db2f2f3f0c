"""Tries one group of models, or of promises, on the backend that `KERAS_BACKEND` names.

    KERAS_BACKEND=jax python -m tests.other_backends.trial applications [VGG16 ...]

One line of JSON for each: its name, how many weights were compared, whether all outputs were
exactly those of Keras' own reload, and what is wrong.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np

from tests.other_backends import corpora, made, promises
from tests.other_backends.groups import FOLDERS
from tests.other_backends.loaders import Finding, in_short

Trial = Callable[[Path], Finding]


def trials(group: str) -> Iterator[tuple[str, Trial]]:
    """Yield the trials of a group by their names; those of promises come first."""
    if group == "small":
        for promise in promises.ALL:
            yield promise.__name__, partial(promises.try_promise, promise)
    if keras.backend.backend() == "jax":
        draw_cheaply()
    if group in FOLDERS:
        for case in corpora.recorded(*FOLDERS[group]):
            yield case.id, partial(corpora.try_case, case)
    else:
        for name, make in made.GROUPS[group].items():
            yield name, partial(made.try_made, name, make)


def attempt(name: str, trial: Trial) -> Finding:
    """Return what came of a trial."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            return trial(Path(folder))
        except Exception as error:  # the next ones are of interest, too
            return Finding(name, problems=[in_short(error)])


def draw_cheaply() -> None:
    """Let NumPy draw the random weights: JAX compiles a program for each shape, which takes longer
    than all else here. They are loaded afterwards.
    """
    block = np.random.default_rng(0).normal(size=2**20)

    def draw(self: Any, shape: tuple[int, ...], dtype: str) -> Any:
        scale = (2 / max(1, np.prod(shape[:-1]))) ** 0.5
        return keras.ops.convert_to_tensor(np.resize(block * scale, shape).astype(dtype))

    for kind in "Orthogonal RandomNormal RandomUniform TruncatedNormal VarianceScaling".split():
        getattr(keras.initializers, kind).__call__ = draw


def main(group: str, *names: str) -> None:
    """Try a group, or some of it."""
    for name, trial in trials(group):
        if not names or name in names:
            start = time.process_time()
            found = asdict(attempt(name, trial))
            found["backend"] = keras.backend.backend()
            found["seconds"] = round(time.process_time() - start, 1)
            sys.stdout.write(json.dumps(found) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
