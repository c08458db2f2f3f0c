"""What Keras is, as rows: look-ups by the names that files use, all by exact equality.

The rows lie in data files beside this module, one line each, harvested from an installed Keras;
a line is parsed when it is asked for, so that a small model pays for few.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from kcodegen.registry.helper_rows import HELPER_ROWS
from kcodegen.registry.lines import class_from_line, op_from_line
from kcodegen.registry.rows import REQUIRED, ClassRow, Hidden, OpRow, Parameter, Required
from kcodegen.registry.spaces import CLASS_ALIASES, CUSTOM_PREFIX, kinds_of_module, places

__all__ = [
    "REQUIRED",
    "ClassRow",
    "Hidden",
    "OpRow",
    "Parameter",
    "Required",
    "candidates",
    "class_names",
    "find_class",
    "find_op",
    "find_shorthand",
    "function",
    "function_paths",
    "keras2_keys",
    "keras2_names",
    "kinds",
    "op",
    "op_keys",
    "op_names",
    "row",
    "strings",
]

HERE = Path(__file__).parent
OP_MODULE = "keras.src.ops."
PRIVATE = "keras.src."
KERAS_2 = "keras2."
TENSORFLOW = "tf."
OPS = ("keras.ops.", TENSORFLOW)
"""What the keys of operations begin with."""


class _Index:
    """Where to find the lines: by key, by public path, and by bare name."""

    def __init__(self, file: str) -> None:
        self.lines: dict[str, str] = {}
        self.kinds: dict[str, str] = {}
        self.paths: dict[str, str] = {}
        self.names: dict[str, list[str]] = {}
        for line in (HERE / file).read_text(encoding="utf-8").splitlines():
            # A line begins {"key": "...", "kind": "...", "module": "...", "name": "...", ...}.
            _, _, _, key, _, _, _, kind, _, _, _, module, _, _, _, name, _ = line.split('"', 16)
            self.lines[key] = line
            self.kinds[key] = kind
            self.paths[f"{module}.{name}"] = key
            self.names.setdefault(name, []).append(key)

    def add_path(self, path: str, key: str) -> None:
        """Let `path` be found too, and its last part as a bare name."""
        self.paths.setdefault(path, key)
        name = path.rpartition(".")[2]
        if key not in self.names.setdefault(name, []):
            self.names[name].append(key)


@cache
def _classes() -> _Index:
    index = _Index("classes.jsonl")
    for key, line in index.lines.items():
        start = line.index('"private": "') + 12
        private, _, rest = line[start:].partition('"')
        index.add_path(f"{private}.{key.rpartition('.')[2]}", key)
        index.add_path(key, key)
        for path in rest[rest.index("[") + 1 : rest.index("]")].replace('"', "").split(", "):
            if path:
                index.add_path(path, key)
    for path, key in CLASS_ALIASES.items():
        index.add_path(path, key)
    return index


@cache
def _ops() -> _Index:
    return _Index("ops.jsonl")


@cache
def _keras2() -> dict[str, str]:
    """Return the lines of the classes of Keras 2 by key."""
    lines = (HERE / "keras2.jsonl").read_text(encoding="utf-8").splitlines()
    return {line.split('"', 4)[3]: line for line in lines}


@cache
def keras2_names() -> dict[str, frozenset[str]]:
    """Return the strings that mean in Keras 2 what they mean today, by kind of place.

    Under "functions" are the paths of functions that both have, without the package.
    """
    names = json.loads((HERE / "keras2_names.json").read_text(encoding="utf-8"))
    kinds = {kind: frozenset(words) for kind, words in names["strings"].items()}
    return {**kinds, "functions": frozenset(names["functions"])}


def keras2_keys() -> tuple[str, ...]:
    """Return the keys of the classes of Keras 2, sorted."""
    return tuple(sorted(_keras2()))


@cache
def _names() -> Any:
    return json.loads((HERE / "names.json").read_text(encoding="utf-8"))


@cache
def row(key: str) -> ClassRow:
    """Return the row of the class with this key; KeyError when there is none."""
    if key.startswith(KERAS_2):
        return class_from_line(_keras2()[key])
    return HELPER_ROWS.get(key) or class_from_line(_classes().lines[key])


@cache
def op(key: str) -> OpRow:
    """Return the row of the operation with this key; KeyError when there is none."""
    if key.startswith(TENSORFLOW):
        from kcodegen.registry.tf_rows import tf_row  # for the pages of Keras 2 only

        return tf_row(key)
    return op_from_line(_ops().lines[key])


def find_class(name: str, module: str | None, holds: str = "") -> ClassRow | None:
    """Return the class that a file calls `name` in `module`, or None.

    `module` may be any that a Keras from 2.13 on has written, or None for a file without modules:
    `holds`, the kind of object that the place stands for, then decides between classes of one
    name. A name that stays ambiguous is None: see `candidates`.
    """
    # The package `tf_keras` has the modules of Keras under its own name.
    key = _classes().paths.get(f"{module}.{name}".removeprefix("tf_"))
    if key is not None:
        return row(key)
    if module is None and holds == "optimizer":
        name = name.removeprefix(CUSTOM_PREFIX)
    found = candidates(name, module, holds)
    return found[0] if len(found) == 1 else None


def candidates(name: str, module: str | None = None, holds: str = "") -> tuple[ClassRow, ...]:
    """Return every class called `name` that fits `module` and `holds`, sorted by key."""
    index = _classes()
    keys = index.names.get(name, [])
    if module is not None:
        fitting = kinds_of_module(module)
        keys = [k for k in keys if index.kinds[k] in fitting and not k.startswith(PRIVATE)]
    elif holds:
        groups = ([k for k in keys if index.kinds[k] == kind] for kind in places(holds))
        keys = next((group for group in groups if group), [])
    return tuple(row(key) for key in sorted(keys))


def find_op(name: str, module: str) -> OpRow | None:
    """Return the operation that a file calls `name` in `module`, or None.

    Operations have moved between Keras' private modules; the name decides.
    """
    index = _ops()
    key = index.paths.get(f"{module}.{name}")
    if key is None and module.startswith(OP_MODULE):
        keys = index.names.get(name, [])
        key = keys[0] if len(keys) == 1 else None
    return op(key) if key is not None else None


def kinds() -> tuple[str, ...]:
    """Return the kinds of classes, sorted; operations are not among them."""
    return tuple(sorted(set(_classes().kinds.values())))


def class_names(kind: str = "") -> tuple[str, ...]:
    """Return the names of the classes of one kind, or of all, sorted: for suggestions."""
    index = _classes()
    return tuple(sorted({k.rpartition(".")[2] for k, v in index.kinds.items() if kind in ("", v)}))


def op_keys() -> tuple[str, ...]:
    """Return the keys of all operations, sorted."""
    return tuple(sorted(_ops().lines))


def op_names() -> tuple[str, ...]:
    """Return the names of the operations' classes, sorted: for suggestions."""
    return tuple(sorted(_ops().names))


@cache
def strings(holds: str) -> frozenset[str]:
    """Return the strings that Keras takes for an object in such a place; empty when unknown."""
    return frozenset(_names()["strings"].get(holds, ()))


def find_shorthand(text: str, holds: str) -> ClassRow | None:
    """Return the class whose object with default arguments `text` stands for, or None.

    A string that stands for a function, or that Keras does not take in such a place, is None.
    """
    key = _names()["strings"].get(holds, {}).get(text)
    return row(key) if key in _classes().lines else None


def function(name: str, holds: str = "") -> str | None:
    """Return the public path of the built-in function called `name`, or None.

    `holds` is the kind of place: "activation", "loss", "metric"; losses and metrics may stand
    for one another, and any other place may hold all three.
    """
    order = {"activation": ("activation",), "metric": ("metric", "loss")}
    for kind in order.get(holds, ("loss", "metric") if holds == "loss" else _FUNCTIONS):
        path: str | None = _names()["functions"][kind].get(name)
        if path is not None:
            return path
    return None


def function_paths(kind: str) -> tuple[str, ...]:
    """Return the public paths of all functions of a kind, sorted."""
    return tuple(sorted(set(_names()["functions"][kind].values())))


_FUNCTIONS = ("activation", "loss", "metric")
