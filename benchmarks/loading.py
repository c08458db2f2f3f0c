"""Measures how fast models come from their files, and how much memory that takes.

    python benchmarks/loading.py [--runs 5] [--backend tensorflow] [--models VGG16 MLP]

Seven ways for each model, every run in a process of its own, timed after `import keras`; memory is
the peak above what the process had then. The ways take turns, in another order each time, so that a
busy machine is equally busy for all of them; medians are compared.

- `keras`: `keras.models.load_model` of a `.keras` file,
- `json+h5`: `model_from_json` and `model.load_weights` of a `.weights.h5` file,
- `json+npy`: `model_from_json` and `model.set_weights` of arrays that `np.load` read one by one,
- `page`: `load_model` of the generated page,
- `fast`: `load_model` of the page with `--fast-load`,
- `mapped`: the same with `mapped=True`, which leaves the weights in their files,
- `raw`: every `.npy` file read once into fresh memory, without Keras: what this machine needs for
  that alone. It has no goal.

Every run compares all weights with their files. The exit code is 1 when a goal is missed; goals are
for TensorFlow. Where `raw` alone takes more than the part of the loop's time that a goal leaves,
the line says so: no loader that copies each weight once could reach it on this machine at that
time. Nothing is written outside a temporary folder.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODELS = ("VGG16", "ResNet50", "EfficientNetB7", "MLP")
WAYS = ("keras", "json+h5", "json+npy", "page", "fast", "mapped", "raw")
WRITE = """
import os, sys, keras, numpy as np
name, folder, source = sys.argv[1:]
if name == "MLP":
    model = keras.models.model_from_json(open(f"{source}/mlp.json").read())
    arrays = [np.load(f"{source}/mlp_weights/weight_{i}.npy") for i in range(len(model.weights))]
    model.set_weights(arrays)
else:
    model = getattr(keras.applications, name)(weights=None)
os.makedirs(f"{folder}/{name}")
model.save(f"{folder}/{name}.keras")
model.save_weights(f"{folder}/{name}.weights.h5")
open(f"{folder}/{name}.json", "w").write(model.to_json())
for i, weight in enumerate(model.get_weights()):
    np.save(f"{folder}/{name}/weight_{i}.npy", weight)
"""
MEASURE = """
import glob, re, sys, time, keras, numpy as np
way, path = sys.argv[1:]
keras.ops.convert_to_numpy(keras.ops.ones((2, 2)))  # the backend is awake

def memory(what):
    return int(re.search(what + r":\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024

open("/proc/self/clear_refs", "w").write("5")  # forgets the peak
before, start = memory("VmRSS"), time.perf_counter()
if way == "keras":
    model = keras.models.load_model(path + ".keras", compile=False)
elif way in ("json+h5", "json+npy"):
    model = keras.models.model_from_json(open(path + ".json").read())
    if way == "json+h5":
        model.load_weights(path + ".weights.h5")
    else:
        count = len(model.weights)
        model.set_weights([np.load(f"{path}/weight_{i}.npy") for i in range(count)])
elif way == "raw":
    weights = [np.load(f"{path}/weight_{i}.npy") for i in range(len(glob.glob(path + "/*.npy")))]
else:
    page, options = {"__name__": "page"}, {}
    if way == "mapped":
        way, options = "fast", {"mapped": True}
    exec(compile(open(f"{path}_{way}.py").read(), "page", "exec"), page)
    model = page["load_model"](path, **options)
seconds, peak = time.perf_counter() - start, memory("VmHWM") - before
for i, weight in enumerate(weights if way == "raw" else model.weights):
    assert np.array_equal(np.load(f"{path}/weight_{i}.npy"), keras.ops.convert_to_numpy(weight)), i
print(seconds, peak)
"""


@dataclass(frozen=True, slots=True)
class Goal:
    """How many times as long, and as much memory, the loop over `.npy` files takes at least."""

    model: str
    way: str
    time: float
    memory: float


GOALS = (
    Goal("VGG16", "fast", 7, 3.5),
    Goal("ResNet50", "fast", 1.3, 2),
    Goal("EfficientNetB7", "fast", 1.5, 1.8),
    Goal("VGG16", "mapped", 7, 3.5),
    Goal("ResNet50", "mapped", 1.3, 2),
    Goal("EfficientNetB7", "mapped", 1.5, 1.8),
    Goal("VGG16", "page", 1, 1.05),
    Goal("ResNet50", "page", 1, 1.05),
    Goal("EfficientNetB7", "page", 1, 1.05),
    Goal("MLP", "page", 1, 1.05),
)


def run(arguments: list[str], backend: str) -> str:
    """Run Python to its end and return what it printed; raises RuntimeError when it fails."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": backend}
    environment |= {"PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": "-1"}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments[2:])}: {done.stderr[-800:]}")
    return done.stdout


def prepare(name: str, folder: Path, backend: str) -> None:
    """Write a model in all its forms, and both pages."""
    run(["-c", WRITE, name, str(folder), str(ROOT / "examples")], backend)
    source = str(folder / f"{name}.json")
    for way, options in (("page", []), ("fast", ["--fast-load"])):
        page = str(folder / f"{name}_{way}.py")
        run(["-m", "kcodegen", source, *options, "-o", page], backend)


def measure(name: str, folder: Path, runs: int, backend: str) -> dict[str, tuple[float, float]]:
    """Return the median seconds and MB of each way, after one run that does not count."""
    found: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    turns = random.Random(0)
    for turn in range(runs + 1):
        for way in turns.sample(WAYS, len(WAYS)):
            printed = run(["-c", MEASURE, way, str(folder / name)], backend)
            seconds, peak = map(float, printed.split()[-2:])
            if turn:
                found[way].append((seconds, peak))
    return {
        way: (statistics.median(s for s, _ in pairs), statistics.median(m for _, m in pairs))
        for way, pairs in found.items()
    }


def show(name: str, found: dict[str, tuple[float, float]]) -> None:
    """Print the table of one model; ratios say how many times as much the loop takes."""
    seconds, peak = found["json+npy"]
    for way, (own, memory) in found.items():
        ratios = f"{seconds / own:6.2f} x {peak / max(memory, 0.1):6.2f} x"
        print(f"{name:15} {way:9} {own:8.3f} s {memory:8.1f} MB {ratios}", flush=True)


def missed(goal: Goal, found: dict[str, tuple[float, float]]) -> bool:
    """Print whether a goal is reached, and whether this machine could reach it at all."""
    (seconds, peak), (own, memory) = found["json+npy"], found[goal.way]
    good = seconds / own >= goal.time and peak / max(memory, 0.1) >= goal.memory
    wanted = f"at least {goal.time:g} x the time and {goal.memory:g} x the memory"
    print(f"{goal.model:15} {goal.way:9} {wanted:50} {'ok' if good else 'MISSED'}", end="")
    floor = found["raw"][0]
    beyond = not good and floor > seconds / goal.time
    print(f" (reading alone takes 1/{seconds / floor:.1f})" if beyond else "")
    return not good


def main() -> int:
    """Print times, memory and ratios; return 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description="Time the loading of models.")
    parser.add_argument("--runs", type=int, default=5, help="timed runs of each way")
    parser.add_argument("--backend", default="tensorflow", help="tensorflow, jax or torch")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=MODELS)
    parser.add_argument("--json", type=Path, help="write the medians to this file, too")
    asked = parser.parse_args()
    tables = {}
    for name in asked.models:
        with tempfile.TemporaryDirectory() as folder:
            prepare(name, Path(folder), asked.backend)
            tables[name] = measure(name, Path(folder), asked.runs, asked.backend)
        show(name, tables[name])
    if asked.json is not None:
        asked.json.write_text(json.dumps(tables, indent=2) + "\n", "utf-8")
    if asked.backend != "tensorflow":
        return 0
    goals = [goal for goal in GOALS if goal.model in tables]
    return min(sum(missed(goal, tables[goal.model]) for goal in goals), 1)


if __name__ == "__main__":
    sys.exit(main())
