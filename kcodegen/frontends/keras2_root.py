"""The outermost object of a Keras 2 file: its version decides how the rest is read."""

from __future__ import annotations

from dataclasses import replace

from kcodegen.diagnostics import Diagnostic
from kcodegen.frontends.context import Context
from kcodegen.frontends.keras1 import looks_like_1, translated
from kcodegen.frontends.keras2 import read_model
from kcodegen.frontends.old_sharing import twins
from kcodegen.frontends.old_training import read_old_training
from kcodegen.frontends.old_weights import moved_weights
from kcodegen.frontends.wrapped import version_in
from kcodegen.ir.document import Node
from kcodegen.ir.graph import Artifact

Version = tuple[int, int]

KERAS_1 = (1, 0)
KERAS_2 = (2, 0)


def read_root(root: Node, context: Context, version: Version | None = None) -> Artifact:
    """Return a whole model, as `model.to_json()` of a Keras before 3 wrote it.

    `version` is that of Keras when the file itself does not tell.
    """
    version = version or version_of(root)
    if version is None and looks_like_1(root):
        version = KERAS_1
    if version is not None and version < KERAS_2:
        root = translated(root, context, version)
    _warn_of_backend(root, context)
    context = replace(context, read_model=read_model, is_legacy=True, version=version)
    graph = read_model(root, context)
    context.problems.warnings.extend(twins(graph))
    if not (context.vocabulary.target.is_old and (version is None or version >= (2, 4))):
        context.problems.warnings.extend(moved_weights(graph, version))
    return Artifact("model", model=graph, training=read_old_training(root, context))


def version_of(root: Node) -> Version | None:
    """Return the version of Keras that wrote the file: `"2.3.1"` -> `(2, 3)`.

    The Keras inside TensorFlow called itself `2.2.4-tf` up to TensorFlow 2.2: at least 2.4 to us.
    """
    node = root.get("keras_version")
    if node is None:
        return None
    text = node.text("a version")
    version = version_in(text)
    return max(version, (2, 4)) if version is not None and text.endswith("-tf") else version


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
