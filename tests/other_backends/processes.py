"""Runs groups of trials, each in a process of its own on one backend."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.other_backends.wrong import WRONG

ROOT = Path(__file__).resolve().parents[2]
# JAX compiles each op for each shape: without optimization that takes half as long.
ENVIRONMENT = {
    "CUDA_VISIBLE_DEVICES": "-1",
    "JAX_PLATFORMS": "cpu",
    "PYTHONPATH": str(ROOT),
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "XLA_FLAGS": "--xla_backend_optimization_level=0",
}


def is_installed(backend: str) -> bool:
    """Tell whether a backend can be tried."""
    return find_spec(backend) is not None


def found(group: str, backend: str) -> list[dict[str, Any]]:
    """Return what came of a group on a backend; raises RuntimeError when its process fails."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.other_backends.trial", group],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, **ENVIRONMENT, "KERAS_BACKEND": backend},
    )
    if done.returncode:
        raise RuntimeError(
            f"{group} on {backend} ended with {done.returncode}: {done.stderr[-3000:]}"
        )
    return [json.loads(line) for line in done.stdout.splitlines()]


def is_as_expected(row: dict[str, Any]) -> bool:
    """Tell whether all problems of a trial are the known ones, or all is well as it should be."""
    for known in WRONG:
        if row["name"] in known.names and row["backend"] in known.backends:
            return bool(row["problems"]) and all(known.words in words for words in row["problems"])
    return not row["problems"]
