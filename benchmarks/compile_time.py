"""Measures how long a compilation takes, as a whole process, against its three goals.

    python benchmarks/compile_time.py [--runs 5]

Pages are flat: `growth.py` measures the recovery of structure.

- compiling ResNet50 takes at most a twentieth of what Keras needs to load the same file,
- NASNetLarge (1,039 layers) takes at most four times as long as ResNet50 (177 layers),
- a chain of 20,000 layers takes at most twelve times as long as one of 2,000.

The runs are interleaved, so that a busy machine is equally busy for all of them. What else runs
can only add to a time, and adds more to a quarter of a second than to five: the fastest runs are
compared. Medians are shown beside them. The exit code is 1 when a goal is missed. Nothing is
written outside a temporary folder.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOAD = "import sys, keras; keras.models.model_from_json(open(sys.argv[1]).read())"
COMPILE = "import sys; from kcodegen.cli import main; sys.exit(main())"  # as `kcodegen` does
WRITE = """
import sys, keras
for name in sys.argv[2:]:
    keras.backend.clear_session()
    model = getattr(keras.applications, name)(weights=None)
    open(f"{sys.argv[1]}/{name}.json", "w").write(model.to_json())
"""
LONG, SHORT = "chain of 20,000", "chain of 2,000"


@dataclass(frozen=True, slots=True)
class Goal:
    """What may take at most `limit` times as long as what else."""

    what: str
    other: str
    limit: float


GOALS = (
    Goal("ResNet50", "ResNet50 in Keras", 1 / 20),
    Goal("NASNetLarge", "ResNet50", 4),
    Goal(LONG, SHORT, 12),
)


def chain(layers: int) -> dict[str, Any]:
    """Return a functional model of Dense and Activation layers in turn, as Keras 3.15 writes it."""
    dtype = serialized("DTypePolicy", {"name": "float32"}) | {"module": "keras"}
    found = [input_layer()]
    for i in range(1, layers):
        name = f"dense_{i}" if i % 2 else f"activation_{i}"
        config: dict[str, Any] = {"name": name, "trainable": True, "dtype": dtype}
        config |= dense_config() if i % 2 else {"activation": "relu"}
        found.append(layer("Dense" if i % 2 else "Activation", config, found[-1]["name"]))
        if i % 2:
            found[-1]["build_config"] = {"input_shape": [None, 8]}
    ends = {"input_layers": ["inputs", 0, 0], "output_layers": [found[-1]["name"], 0, 0]}
    return {
        "module": "keras.src.models.functional",
        "class_name": "Functional",
        "config": {"name": "chain", "trainable": True, "layers": found, **ends},
        "registered_name": "Functional",
        "build_config": {"input_shape": None},
        "compile_config": {},
    }


def input_layer() -> dict[str, Any]:
    """Return the input of the chain."""
    config = {"batch_shape": [None, 8], "dtype": "float32", "sparse": False, "ragged": False}
    return {
        "module": "keras.layers",
        "class_name": "InputLayer",
        "config": {**config, "name": "inputs", "optional": False},
        "registered_name": None,
        "name": "inputs",
        "inbound_nodes": [],
    }


def dense_config() -> dict[str, Any]:
    """Return the config of a Dense layer of eight units."""
    axes = {"seed": None, "input_axes": None, "output_axes": None}
    rest = ("kernel_regularizer", "bias_regularizer", "kernel_constraint", "bias_constraint")
    return {
        "units": 8,
        "activation": "linear",
        "use_bias": True,
        "kernel_initializer": serialized("GlorotUniform", axes),
        "bias_initializer": serialized("Zeros", {}),
        **dict.fromkeys(rest),
        "quantization_config": None,
    }


def serialized(name: str, config: dict[str, Any]) -> dict[str, Any]:
    """Return a serialized object, an initializer by default."""
    module = "keras.initializers"
    return {"module": module, "class_name": name, "config": config, "registered_name": None}


def layer(class_name: str, config: dict[str, Any], source: str) -> dict[str, Any]:
    """Return a layer that is called once, on the output of `source`."""
    tensor = {"shape": [None, 8], "dtype": "float32", "keras_history": [source, 0, 0]}
    return {
        "module": "keras.layers",
        "class_name": class_name,
        "config": config,
        "registered_name": None,
        "name": config["name"],
        "inbound_nodes": [
            {"args": [{"class_name": "__keras_tensor__", "config": tensor}], "kwargs": {}}
        ],
    }


def commands(folder: Path) -> dict[str, list[str]]:
    """Write the models into `folder` and return the process to time for each name."""
    run([sys.executable, "-c", WRITE, str(folder), "ResNet50", "NASNetLarge"])
    for name, layers in ((SHORT, 2_000), (LONG, 20_000)):
        (folder / f"{name}.json").write_text(json.dumps(chain(layers)), "utf-8")
    names = ("ResNet50", "NASNetLarge", SHORT, LONG)
    found = {
        name: [
            *(sys.executable, "-c", COMPILE, str(folder / f"{name}.json")),
            *("--flat", "-o", str(folder / "page.py")),
        ]
        for name in names
    }
    found["ResNet50 in Keras"] = [sys.executable, "-c", LOAD, str(folder / "ResNet50.json")]
    return found


def run(command: list[str]) -> float:
    """Run a process to its end and return its seconds; raises RuntimeError when it fails."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT)}
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    seconds = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr[-500:]}")
    return seconds


def times(jobs: dict[str, list[str]], runs: int) -> dict[str, list[float]]:
    """Return the seconds of each process, after one run that does not count."""
    found: dict[str, list[float]] = {name: [] for name in jobs}
    for turn in range(runs + 1):
        for name, command in jobs.items():
            seconds = run(command)
            if turn:
                found[name].append(seconds)
    return found


def main() -> int:
    """Print the times and the ratios; return 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description="Time whole compilations.")
    parser.add_argument("--runs", type=int, default=5, help="timed runs of each process")
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        every = times(commands(Path(folder)), runs)
    best = {name: min(values) for name, values in every.items()}
    middle = {name: statistics.median(values) for name, values in every.items()}
    for name in every:
        print(f"{name:20} {best[name]:8.3f} s  (median {middle[name]:.3f})")
    missed = 0
    for goal in GOALS:
        ratio, usual = (each[goal.what] / each[goal.other] for each in (best, middle))
        verdict = "ok" if ratio <= goal.limit else "MISSED"
        missed += verdict == "MISSED"
        pair = f"{goal.what} / {goal.other}"
        print(f"{pair:36} {ratio:7.3f}  goal {goal.limit:g}  {verdict}  (medians {usual:.3f})")
    return min(missed, 1)


if __name__ == "__main__":
    sys.exit(main())
