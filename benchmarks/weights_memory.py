"""Measures how much memory the conversion of 2 GB of weights takes, for each kind of file.

    python benchmarks/weights_memory.py [--formats weights.h5,keras] [--folder /var/tmp]

The weights are eight kernels of 128 MB and a table of 1 GB; the files are written with h5py,
numpy and google-crc32c alone, and converted by the command line in a process of its own. The exit
code is 1 when a conversion needs more than 300 MB. The folder needs 6 GB.
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
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
LIMIT = 300
SIZE, WIDTH, LAYERS, WORDS = 4096, 8192, 8, 65536
FORMATS = ("weights.h5", "keras", "deflated.keras", "h5", "npz", "safetensors", "tfjs")
FORMATS += ("ckpt", "npy")
MEASURE = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""


def architecture() -> dict[str, Any]:
    """Return a Sequential model: an Embedding, and Dense layers with kernels turn by turn."""

    def layer(name: str, cls: str, shape: list[int | None], **config: Any) -> dict[str, Any]:
        return {
            "module": "keras.layers",
            "class_name": cls,
            "config": {"name": name, "trainable": True, "dtype": "float32", **config},
            "registered_name": None,
            "build_config": {"input_shape": shape},
        }

    layers: list[dict[str, Any]] = [
        {
            "module": "keras.layers",
            "class_name": "InputLayer",
            "config": {"batch_shape": [None, 3], "dtype": "int32", "name": "words"},
            "registered_name": None,
        },
        layer("table", "Embedding", [None, 3], input_dim=WORDS, output_dim=SIZE),
    ]
    for number in range(LAYERS):
        wide = number % 2 == 0
        shape = [None, 3, SIZE if wide else WIDTH]
        units = WIDTH if wide else SIZE
        layers.append(layer(f"d{number}", "Dense", shape, units=units, use_bias=False))
    config = {"name": "large", "trainable": True, "dtype": "float32", "layers": layers}
    return {"module": "keras", "class_name": "Sequential", "config": config}


def weights() -> Iterator[tuple[str, str, str, tuple[int, int]]]:
    """Yield layer, path in a file of Keras 3, role and shape of every weight."""
    yield "table", "layers/embedding", "embeddings", (WORDS, SIZE)
    for number in range(LAYERS):
        shape = (SIZE, WIDTH) if number % 2 == 0 else (WIDTH, SIZE)
        yield f"d{number}", f"layers/dense{f'_{number}' if number else ''}", "kernel", shape


def rows(shape: tuple[int, int]) -> Iterator[Any]:
    """Yield an array in pieces of 256 rows."""
    random = np.random.default_rng(shape[0])
    for _ in range(0, shape[0], 256):
        yield random.random((256, shape[1]), "float32")


def write_hdf5(path: Path, native: bool) -> None:
    with h5py.File(path, "w") as file:
        names = []
        for layer, place, role, shape in weights():
            key = f"{place}/vars/0" if native else f"{layer}/{layer}/{role}:0"
            data = file.create_dataset(key, shape, "float32")
            for number, piece in enumerate(rows(shape)):
                data[number * 256 : number * 256 + 256] = piece
            if not native:
                file[layer].attrs["weight_names"] = [f"{layer}/{role}:0".encode()]
            names.append(layer.encode())
        if not native:
            file.attrs["layer_names"] = names


def write_npy(path: Path, shape: tuple[int, int]) -> None:
    with path.open("wb") as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        for piece in rows(shape):
            file.write(piece.tobytes())


def write_safetensors(path: Path) -> None:
    header, at = {}, 0
    for layer, _, role, shape in weights():
        size = 4 * shape[0] * shape[1]
        offsets = [at, at + size]
        header[f"{layer}/{role}"] = {"dtype": "F32", "shape": shape, "data_offsets": offsets}
        at += size
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for *_, shape in weights():
            for piece in rows(shape):
                file.write(piece.tobytes())


def write_tfjs(path: Path) -> None:
    """Write a model of TensorFlow.js, with a shard for every piece."""
    shards, entries = [], []
    for layer, _, role, shape in weights():
        entries.append({"name": f"{layer}/{role}", "shape": shape, "dtype": "float32"})
        for piece in rows(shape):
            shards.append(f"{len(shards)}.bin")
            path.with_name(shards[-1]).write_bytes(piece.tobytes())
    topology = {"model_config": architecture(), "keras_version": "3.15.1"}
    manifest = [{"paths": shards, "weights": entries}]
    model = {"format": "layers-model", "modelTopology": topology, "weightsManifest": manifest}
    path.write_text(json.dumps(model))


def write_checkpoint(path: Path) -> None:
    """Write a checkpoint of TensorFlow, which has the names of its variables and one shard."""
    sys.path.insert(0, str(ROOT))
    from google_crc32c import extend

    from tests.weights.checkpoints import HEADER, block, summed, table

    entries, at = [(b"", HEADER)], 0
    with path.with_name(f"{path.name}.data-00000-of-00001").open("wb") as file:
        for layer, _, role, shape in weights():
            total = 0
            for piece in rows(shape):
                total = extend(total, piece.tobytes())
                file.write(piece.tobytes())
            size = 4 * shape[0] * shape[1]
            entries.append((f"{layer}/{role}".encode(), summed(shape, at, size, total)))
            at += size
    path.with_name(f"{path.name}.index").write_bytes(table(block(sorted(entries))))


def write(folder: Path, form: str) -> Path:
    """Write the weights in one format, and return where."""
    path = folder / f"large.{form}"
    match form:
        case "weights.h5" | "h5":
            write_hdf5(path, form != "h5")
        case "keras" | "deflated.keras":
            inner = folder / "inner.h5"
            write_hdf5(inner, True)
            how = zipfile.ZIP_STORED if form == "keras" else zipfile.ZIP_DEFLATED
            with zipfile.ZipFile(path, "w", how, compresslevel=1) as archive:
                archive.write(inner, "model.weights.h5")
            inner.unlink()
        case "npz":
            with zipfile.ZipFile(path, "w") as archive:
                for number, (*_, shape) in enumerate(weights()):
                    write_npy(folder / "one.npy", shape)
                    archive.write(folder / "one.npy", f"arr_{number}.npy")
            (folder / "one.npy").unlink()
        case "safetensors":
            write_safetensors(path)
        case "tfjs":
            write_tfjs(path)
        case "ckpt":
            write_checkpoint(path)
        case _:
            path.mkdir()
            for number, (*_, shape) in enumerate(weights()):
                write_npy(path / f"weight_{number}.npy", shape)
    return path


def measure(folder: Path, form: str) -> int:
    """Convert the weights in one format; return the largest memory of the process in MB."""
    path = write(folder, form)
    words = ["-m", "kcodegen", "large.json", "--weights", path.name, "-o", "page.py"]
    words += ["--weights-out", "converted"]
    start = time.perf_counter()
    command = [sys.executable, "-c", MEASURE, sys.executable, *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    if done.returncode:
        sys.exit(f"{form}: {done.stderr}")
    peak = int(done.stdout.split()[-1]) // 1024
    print(f"{form:16} {peak:5} MB at most, {seconds:5.1f} s", flush=True)
    return peak


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--formats", default=",".join(FORMATS))
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    peaks = []
    for form in asked.formats.split(","):
        with tempfile.TemporaryDirectory(dir=asked.folder) as name:
            folder = Path(name)
            (folder / "large.json").write_text(json.dumps(architecture()))
            peaks.append(measure(folder, form))
    return 1 if max(peaks) > LIMIT else 0


if __name__ == "__main__":
    sys.exit(main())
