"""The variables in a file of Keras 3, by the path of the object that owns them.

    layers/dense/vars/0, layers/dense/vars/1   ->   ("layers", "dense"): "0", "1"

The same layout is written by tf.keras from 2.12 on. Source: `keras.src.saving.saving_lib`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from typing import TypeAlias

from kcodegen.diagnostics import CompileError, rejected
from kcodegen.records import record
from kcodegen.weights.files import hdf5
from kcodegen.weights.files.store import Stored
from kcodegen.words import prose

Path: TypeAlias = "tuple[str, ...]"

MAX_DEPTH = 64
MAX_GROUPS = 200_000

_VARS = "vars"
# What tf.keras called the layers of a model until 2.14.
_OLD_LAYERS = "_layer_checkpoint_dependencies"


@record(frozen=True)
class Owner:
    """An object of the file: the name it had (from Keras 3.6 on, else ""), and its variables."""

    name: str
    path: Path
    datasets: dict[str, hdf5.Dataset] = field(compare=False, repr=False)

    def arrays(self) -> tuple[Stored, ...]:
        """Return the variables in their order; CompileError for what is no plain array."""
        keys = sorted(self.datasets, key=lambda key: (len(key), key))
        return tuple(hdf5.numbers(self.datasets[key], (*self.path, _VARS, key)) for key in keys)


Tree: TypeAlias = "dict[Path, Owner]"


def is_native(file: hdf5.Group) -> bool:
    """Tell whether an HDF5 file has its variables by owner."""
    return any(
        name in (_VARS, "layers", _OLD_LAYERS, "_functional") or "\\" in name
        for name in hdf5.members(file)
    )


def read_tree(files: Iterator[hdf5.Group] | tuple[hdf5.Group, ...]) -> Tree:
    """Return every object of the files that has a name or variables; files may share one."""
    tree: Tree = {}
    for file in files:
        for owner in _owners(file):
            known = tree.get(owner.path)
            if known is None:
                tree[owner.path] = owner
                continue
            twice = sorted(known.datasets.keys() & owner.datasets.keys())
            if twice:
                raise _malformed(f"{_shown(owner.path)} has its variable {prose(twice[0])} twice")
            known.datasets.update(owner.datasets)
    return tree


def _owners(file: hdf5.Group) -> Iterator[Owner]:
    """Yield the objects of one file; a group that is reached in two ways is refused."""
    stack: list[tuple[Path, hdf5.Group]] = [((), file)]
    seen: set[int] = set()
    while stack:
        path, group = stack.pop()
        address = hdf5.address(group)
        if address in seen or len(path) > MAX_DEPTH or len(seen) > MAX_GROUPS:
            raise _malformed(f"{_shown(path)} is reached in two ways, or lies too deep")
        seen.add(address)
        for name in hdf5.members(group):
            found = hdf5.child(group, name)
            # What lies outside of `vars` is no variable.
            if found is None or not hdf5.is_group(found):
                continue
            if name == _VARS:
                yield Owner(*_named(path, found))
            stack.append(((*path, *_parts(name)), found))


def _named(path: Path, group: hdf5.Group) -> tuple[str, Path, dict[str, hdf5.Dataset]]:
    """Return the name, the path and the variables of one object."""
    datasets = {}
    for name in hdf5.members(group):
        found = hdf5.child(group, name)
        if found is not None and not hdf5.is_group(found):
            datasets[name] = found
    texts = hdf5.texts(group, "name") or ()
    return texts[0] if len(texts) == 1 else "", path, datasets


def _parts(name: str) -> Path:
    """Return the path that a group's name stands for: Windows wrote `layers\\dense` as one."""
    parts = ["layers" if part == _OLD_LAYERS else part for part in name.split("\\")]
    return tuple(part for part in parts if part)


def _shown(path: Path) -> str:
    return "/".join(map(prose, path)) or "the root"


def _malformed(why: str) -> CompileError:
    message = f"the file of weights is not as Keras writes it: {why}"
    return rejected("bad-hdf5", message, hint="is the file complete?")
