"""The outermost object of a Keras 2 file: its version decides how the rest is read."""

from __future__ import annotations

import re
from dataclasses import replace

from kcodegen.diagnostics import Diagnostic
from kcodegen.frontends.context import Context
from kcodegen.frontends.keras2 import read_model
from kcodegen.frontends.old_sharing import twins
from kcodegen.frontends.old_weights import moved_weights
from kcodegen.ir.document import Node
from kcodegen.ir.graph import Graph

# Arguments that only Keras 1 had.
_KERAS_1 = frozenset({"output_dim", "nb_filter", "nb_row", "border_mode", "init", "subsample"})


def read_root(root: Node, context: Context) -> Graph:
    """Return the graph of a whole model, as `model.to_json()` of a Keras before 3 wrote it."""
    version = version_of(root)
    if (version is not None and version < (2, 0)) or (version is None and _looks_like_1(root)):
        hint = "load it with Keras 2, which still reads it, and save it from there"
        raise root.error("keras1", "this model was written by Keras 1", hint)
    _warn_of_backend(root, context)
    context = replace(context, read_model=read_model, is_legacy=True, version=version)
    graph = read_model(root, context)
    context.problems.warnings.extend(twins(graph))
    if not (context.vocabulary.target.is_old and (version is None or version >= (2, 4))):
        context.problems.warnings.extend(moved_weights(graph, version))
    return graph


def version_of(root: Node) -> tuple[int, int] | None:
    """Return the version of Keras that wrote the file: `"2.3.1"` -> `(2, 3)`.

    The Keras inside TensorFlow called itself `2.2.4-tf` up to TensorFlow 2.2: at least 2.4 to us.
    """
    node = root.get("keras_version")
    if node is None:
        return None
    text = node.text("a version")
    found = re.match(r"(\d{1,3})\.(\d{1,3})", text)
    version = (int(found[1]), int(found[2])) if found else None
    return max(version, (2, 4)) if version is not None and text.endswith("-tf") else version


def _looks_like_1(root: Node) -> bool:
    """Tell whether a layer has arguments of Keras 1; Embedding has kept its `output_dim`."""
    config = root.field("config")
    layers = config if isinstance(config.value, list) else config.get("layers")
    for item in layers.items() if layers is not None else ():
        inner = item.mapping().get("config")
        keys = inner.keys() if isinstance(inner, dict) else set()
        if item.mapping().get("class_name") != "Embedding" and _KERAS_1 & keys:
            return True
    return False


def _warn_of_backend(root: Node, context: Context) -> None:
    backend = root.get("backend")
    if backend is None or backend.value not in ("theano", "cntk"):
        return
    message = "the model was made with the Theano backend, which turned the kernels of convolutions"
    hint = "flip the first axes of the kernels of convolutions before you load them"
    if backend.value == "theano":
        context.problems.warnings.append(
            Diagnostic("theano-kernels", message, backend.origin, hint, "warning")
        )
