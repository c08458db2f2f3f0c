"""HDF5 as `save_weights()` and `model.save()` wrote it from Keras 1 on: a group for each layer.

model_weights            layer_names = dense_1, lstm_1
  dense_1                weight_names = dense_1/kernel:0, dense_1/bias:0
    dense_1/kernel:0     (an array in a group of its own)
"""

from __future__ import annotations

from kcodegen.diagnostics import rejected
from kcodegen.weights.files import hdf5
from kcodegen.weights.files.sources import Producer, Source, version_of
from kcodegen.weights.files.store import Stored
from kcodegen.words import prose

# Where a whole model keeps its weights; a file of weights has them at the root.
_WEIGHTS = "model_weights"


def is_legacy(file: hdf5.Group) -> bool:
    """Tell whether an HDF5 file has its weights by layer."""
    root = hdf5.descend(file, _WEIGHTS) or file
    return hdf5.texts(root, "layer_names") is not None


def read(file: hdf5.Group) -> Source:
    """Return the weights of a file; CompileError for one that Keras did not write."""
    root = hdf5.descend(file, _WEIGHTS) or file
    names = hdf5.texts(root, "layer_names") or ()
    if len(set(names)) < len(names):
        raise _malformed("it has two layers of one name")
    groups = tuple((name, _of_layer(root, name)) for name in names)
    return Source("layers", groups, _producer(file, root))


def _of_layer(root: hdf5.Group, name: str) -> tuple[Stored, ...]:
    """Return the arrays of one layer, in the order of its list of names."""
    group = hdf5.descend(root, *name.split("/"))
    if group is None:
        raise _malformed(f"the layer {prose(name)!r} is on its list only")
    names = hdf5.texts(group, "weight_names") or ()
    if len(set(names)) < len(names):
        raise _malformed(f"the layer {prose(name)!r} has two weights of one name")
    return tuple(_array(group, name, weight) for weight in names)


def _array(group: hdf5.Group, layer: str, name: str) -> Stored:
    *path, last = name.split("/")
    parent = hdf5.descend(group, *path)
    found = None if parent is None else hdf5.child(parent, last)
    if found is None or hdf5.is_group(found):
        shown = "/".join(map(prose, name.split("/")))
        raise _malformed(f"the weight {shown} of {prose(layer)!r} is on its list only")
    return hdf5.numbers(found, (layer, *path, last))


def _producer(file: hdf5.Group, root: hdf5.Group) -> Producer:
    """Return who wrote the file; a file of Keras 1 tells at most its version."""
    found = {}
    for key in ("keras_version", "backend"):
        texts = hdf5.texts(root, key) or hdf5.texts(file, key) or ()
        found[key] = texts[0] if texts else ""
    return Producer(version_of(found["keras_version"]), prose(found["backend"]))


def _malformed(why: str) -> Exception:
    message = f"the HDF5 file is not as Keras writes it: {why}"
    return rejected("bad-hdf5", message, hint="is the file complete?")
