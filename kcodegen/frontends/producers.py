"""Who wrote a model's file: the Keras, as far as it tells, and what computed for it."""

from __future__ import annotations

from kcodegen.frontends import is_old_model
from kcodegen.frontends.wrapped import unwrapped
from kcodegen.ir.document import Node
from kcodegen.weights.files.sources import Producer

_KERAS_3 = (3, 0)


def producer_of(root: Node) -> Producer:
    """Return who wrote a document; the version is None for a Keras 2 that doesn't tell which."""
    root = unwrapped(root)
    if not isinstance(root.value, dict):
        return Producer()
    if root.value.get("name") in ("Sequential", "Graph") and not root.has("class_name"):
        from kcodegen.frontends import keras0, keras0_graph  # few files need them

        if keras0.is_flat(root) or keras0_graph.is_graph(root):
            return Producer(keras0.VERSION, layers=_as_added(root))
    if not is_old_model(root):
        return Producer(_KERAS_3)
    from kcodegen.frontends.keras1 import looks_like_1  # only old files need it
    from kcodegen.frontends.keras2_root import KERAS_1, version_of

    version = version_of(root)
    if version is None and root.has("config") and looks_like_1(root):
        version = KERAS_1
    backend = root.value.get("backend")
    return Producer(version, backend if isinstance(backend, str) else "")


def _as_added(root: Node) -> tuple[str, ...]:
    """Return the nodes of a `Graph` in the order in which they were added."""
    nodes = root.get("node_config")
    rows = nodes.value if nodes is not None and isinstance(nodes.value, list) else []
    names = [row.get("name") for row in rows if isinstance(row, dict)]
    return tuple(name for name in names if isinstance(name, str))
