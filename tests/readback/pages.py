"""Small pages to read back."""

from __future__ import annotations

import textwrap
from typing import Any

from kcodegen.ir.graph import Artifact, Graph
from kcodegen.readback import read_back
from kcodegen.registry.vocabulary import Vocabulary

HEAD = "import keras\nfrom keras import layers, ops, regularizers\n\n\n"


def page(body: str, above: str = "") -> str:
    """Return a page whose `build_model` has this body; `above` stands before it."""
    above = textwrap.dedent(above).strip("\n")
    body = textwrap.indent(textwrap.dedent(body).strip("\n"), "    ")
    return f"{HEAD}{above}\n\n\ndef build_model():\n{body}\n"


def read(text: str, **rest: Any) -> Artifact:
    return read_back(text, Vocabulary(), "model", "build_model", **rest)


def model(body: str, above: str = "") -> Graph:
    """Return the model that a page with this body builds."""
    graph = read(page(body, above)).model
    assert graph is not None
    return graph
