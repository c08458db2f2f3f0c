"""Small models, hostile files, and a way to run the command line in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
EVIL = 'a"""\'\\{x}{{y}}{% z %}\n\r\t#\x1b[31m\u202e\u2066\x00\x85\u2028$'

Layer = dict[str, Any]


def run(*args: str | Path, cwd: Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run `python -m kcodegen` in the folder `cwd`."""
    return subprocess.run(
        command(*args), cwd=cwd, input=stdin, capture_output=True, env=environment(), check=False
    )


def command(*args: str | Path) -> list[str]:
    """Return the command that `run` runs."""
    return [sys.executable, "-m", "kcodegen", *map(str, args)]


def environment() -> dict[str, str]:
    """Return an environment in which this checkout is what `kcodegen` means."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def layer(class_name: str, module: str = "keras.layers", **config: Any) -> Layer:
    """Return a serialized object."""
    return {
        "module": module,
        "class_name": class_name,
        "config": config,
        "registered_name": None,
    }


def source(name: str = "input_layer", dtype: str = "float32") -> Layer:
    """Return a serialized input of four numbers."""
    return layer("InputLayer", batch_shape=[None, 4], dtype=dtype, name=name)


def sequential(*layers: Layer) -> Layer:
    """Return a serialized Sequential."""
    return layer("Sequential", "keras", name="tiny", layers=[*layers])


def functional(*wired: tuple[Layer, str | None]) -> Layer:
    """Return a serialized Functional of layers and the name of what each is called on."""
    layers = []
    for obj, feeder in wired:
        nodes = [] if feeder is None else [{"args": [_tensor(feeder)], "kwargs": {}}]
        layers.append({**obj, "name": obj["config"]["name"], "inbound_nodes": nodes})
    first, last = layers[0]["name"], layers[-1]["name"]
    return layer(
        "Functional",
        "keras.src.models.functional",
        name="tiny",
        layers=layers,
        input_layers=[first, 0, 0],
        output_layers=[last, 0, 0],
    )


def _tensor(feeder: str) -> dict[str, Any]:
    """Return the serialized output of a layer."""
    config = {"shape": [None, 4], "dtype": "float32", "keras_history": [feeder, 0, 0]}
    return {"class_name": "__keras_tensor__", "config": config}


def dense(name: str = "dense", units: int = 4, **config: Any) -> Layer:
    """Return a serialized Dense."""
    return layer("Dense", name=name, units=units, **config)


def text(model: Layer) -> bytes:
    """Return a model as the bytes of a file."""
    return json.dumps(model).encode()


TINY = text(sequential(source(), dense(activation="relu")))
OTHER = text(sequential(source(), dense(units=5)))

BYTECODE = {
    "class_name": "__lambda__",
    "config": {"code": "4wEAAAAAAAAAAAAAAAEAAAABAAAAQwAAAHMEAAAAfABTAA==\n", "defaults": None},
}

# What is in the file, and a word that the one line about it must contain.
HOSTILE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "empty"),
    "blank": (b" \n", "empty"),
    "truncated": (TINY[:-20], "end"),
    "trailing data": (TINY + b"{}", "after"),
    "bad UTF-8": (b'{"a": "\xff"}', "UTF-8"),
    "duplicate keys": (b'{"class_name": "Sequential", "class_name": "Model"}', "twice"),
    "NaN": (text(sequential(source(), layer("Dropout", name="d", rate=float("nan")))), "NaN"),
    "a 5,000-digit integer": (TINY.replace(b'"units": 4', b'"units": ' + b"9" * 5000), "digits"),
    "100,000 brackets": (b"[" * 100_000, "nest"),
    "100,000 objects": (b'{"a":' * 100_000, "nest"),
    "not a model": (b'"os.system"', "os.system"),
    "a cycle": (
        text(functional((source("a"), None), (dense("b"), "c"), (dense("c"), "b"))),
        "cycle",
    ),
    "an unknown reference": (text(functional((source("a"), None), (dense("b"), "x"))), "x"),
    "a class of os": (text(sequential(source(), layer("system", "os", name="s"))), "system"),
    "a class called code": (
        text(sequential(source(), layer("Dense(1));import os#", name="s"))),
        "Dense",
    ),
    "bytecode": (
        text(sequential(source(), layer("Lambda", name="l", function=BYTECODE))),
        "bytecode",
    ),
    "a file path": (
        text(
            sequential(
                source(dtype="string"), layer("StringLookup", name="s", vocabulary="/etc/passwd")
            )
        ),
        "file",
    ),
    "an unknown op": (
        text(
            functional(
                (source("a"), None),
                (layer("Frobnicate", "keras.src.ops.numpy", name="frobnicate"), "a"),
            )
        ),
        "Frobnicate",
    ),
    "an argument called code": (
        text(sequential(source(), dense(**{"units=1)#": 1}))),
        "units",
    ),
    "an evil name at fault": (
        text(sequential(source(), layer("Nonesuch", name=EVIL))),
        "Nonesuch",
    ),
}
