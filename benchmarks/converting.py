"""Measures what the conversion of a large file of weights costs: seconds, and memory at its peak.

    python benchmarks/converting.py [--gigabytes 2] [--formats h5 npz tfjs]

A model of Dense layers is written in each format, each as large as that, and converted in a
process of its own, on Linux. The peak may be at most 300 MB, whatever the size. Needs as much room
on the disk as twice the size; nothing is written outside a temporary folder.
`weights_memory.py` measures the files of Keras 3.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
LIMIT = 300
WIDTH = 8192
# What the kernel says of the process itself: `ru_maxrss` begins with the peak of its parent.
RUN = """
import sys
from kcodegen.cli import main
code = main()
status = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
print(int(status["VmHWM"].split()[0]) / 1024, file=sys.stderr)
sys.exit(code)
"""


def kernel() -> Any:
    """Return the numbers of one layer; which ones doesn't matter."""
    row = np.arange(WIDTH, dtype="<f4") / WIDTH
    return np.broadcast_to(row, (WIDTH, WIDTH))


def architecture(layers: int) -> dict[str, Any]:
    """Return a Sequential model of so many layers."""
    first = {"class_name": "InputLayer", "config": {"batch_shape": [None, WIDTH], "name": "x"}}
    dense = [
        {"class_name": "Dense", "config": {"units": WIDTH, "use_bias": False, "name": f"d{i}"}}
        for i in range(layers)
    ]
    shared = {"module": "keras.layers", "registered_name": None}
    rows = [{**shared, **row} for row in (first, *dense)]
    for row in rows[1:]:
        row["build_config"] = {"input_shape": [None, WIDTH]}
    return {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": "model", "layers": rows},
        "registered_name": None,
    }


def write_rows(dataset: Any) -> None:
    """Fill a dataset row by row, so that this process stays small."""
    rows = np.ascontiguousarray(kernel()[:512])
    for start in range(0, WIDTH, 512):
        dataset[start : start + 512] = rows


def write_h5(folder: Path, layers: int) -> Path:
    """Write HDF5 by layers."""
    with h5py.File(folder / "w.h5", "w") as file:
        file.attrs["layer_names"] = [f"d{i}".encode() for i in range(layers)]
        for i in range(layers):
            group = file.create_group(f"d{i}")
            group.attrs["weight_names"] = [f"d{i}/kernel:0".encode()]
            write_rows(group.create_dataset(f"d{i}/kernel:0", (WIDTH, WIDTH), "<f4"))
    return folder / "w.h5"


def write_npz(folder: Path, layers: int) -> Path:
    """Write a compressed archive of numpy: its arrays must be unpacked."""
    with zipfile.ZipFile(folder / "w.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for i in range(layers):
            with archive.open(f"arr_{i}.npy", "w", force_zip64=True) as file:
                header = {"descr": "<f4", "fortran_order": False, "shape": (WIDTH, WIDTH)}
                np.lib.format.write_array_header_1_0(file, header)
                for _ in range(WIDTH // 512):
                    file.write(np.ascontiguousarray(kernel()[:512]).tobytes())
    return folder / "w.npz"


def write_tfjs(folder: Path, layers: int) -> Path:
    """Write a model of TensorFlow.js, in shards of 4 MB."""
    paths, piece = [], np.ascontiguousarray(kernel()[:128]).tobytes()
    for number in range(layers * WIDTH // 128):
        (folder / f"{number}.bin").write_bytes(piece)
        paths.append(f"{number}.bin")
    weights = [
        {"name": f"d{i}/kernel", "shape": [WIDTH, WIDTH], "dtype": "float32"} for i in range(layers)
    ]
    held = {"model_config": architecture(layers), "keras_version": "3.15.1"}
    manifest = [{"paths": paths, "weights": weights}]
    model = {"format": "layers-model", "modelTopology": held, "weightsManifest": manifest}
    (folder / "model.json").write_text(json.dumps(model))
    return folder / "model.json"


FORMATS: dict[str, Callable[[Path, int], Path]] = {
    "h5": write_h5,
    "npz": write_npz,
    "tfjs": write_tfjs,
}


def measure(name: str, layers: int) -> tuple[float, float, float]:
    """Return the size of what was converted, in MB, the seconds that took, and the peak in MB."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        weights = FORMATS[name](folder, layers)
        (folder / "arch.json").write_text(json.dumps(architecture(layers)))
        words = [sys.executable, "-c", RUN, folder / "arch.json", "--weights", weights]
        words += ["-o", folder / "page.py", "--weights-out", folder / "out"]
        start = time.perf_counter()
        done = subprocess.run(
            words, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, check=False
        )
        seconds = time.perf_counter() - start
        if done.returncode:
            raise SystemExit(done.stderr.decode())
        size = sum(path.stat().st_size for path in (folder / "out").iterdir()) / 2**20
        return size, seconds, float(done.stderr.split()[-1])


def main() -> int:
    """Print a row for each format; return 1 when one needs more memory than it may."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--gigabytes", type=float, default=2.0)
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=list(FORMATS))
    asked = parser.parse_args()
    layers = max(1, round(asked.gigabytes * 2**30 / (4 * WIDTH * WIDTH)))
    worst = 0.0
    print(f"{'format':12} {'MB':>8} {'seconds':>8} {'peak MB':>8}")
    for name in asked.formats:
        size, seconds, peak = measure(name, layers)
        worst = max(worst, peak)
        print(f"{name:12} {size:8.0f} {seconds:8.1f} {peak:8.0f}", flush=True)
    print(f"at most {worst:.0f} MB of {LIMIT} MB that are allowed")
    return int(worst > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
