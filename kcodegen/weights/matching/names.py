"""Layers of a file told apart by their names, where the file has them and they are the same."""

from __future__ import annotations

import re

from kcodegen.diagnostics import rejected
from kcodegen.ir.graph import Graph
from kcodegen.weights.files.keras_file import Path, Tree
from kcodegen.weights.variables import groups
from kcodegen.weights.variables.weightless import WEIGHTLESS
from kcodegen.words import prose


def by_name(graph: Graph, paths: dict[Path, Path], tree: Tree) -> dict[Path, Path]:
    """Return the paths of the layers, each where its own name is.

    Keras goes by the number among the layers of a class, as names are often made up anew. Where
    the layers of one class in one model have the very same names in the file, but in another
    order, it is the names that tell.
    """
    found: dict[Path, Path] = {}
    _enter(graph, (), (), paths, tree, found)
    return found


def _enter(
    graph: Graph,
    names: Path,
    moved: Path,
    paths: dict[Path, Path],
    tree: Tree,
    found: dict[Path, Path],
) -> None:
    """Add the layers of a model whose own group is at `moved`."""
    classes: dict[str, list[tuple[str, Path]]] = {}
    for layer in graph.layers:
        if layer.key in WEIGHTLESS:
            continue
        place = paths.get((*names, layer.name))
        if place is not None:
            # The models around may have moved.
            member = (*moved, *place[-2:])
            classes.setdefault(layer.key, []).append((layer.name, member))
    for members in classes.values():
        for name, place in _settled(members, tree):
            found[(*names, name)] = place
    for layer in graph.layers:
        inner = (*names, layer.name)
        if layer.body is not None and inner in found:
            _enter(layer.body, inner, found[inner], paths, tree, found)


def _settled(members: list[tuple[str, Path]], tree: Tree) -> list[tuple[str, Path]]:
    """Return the layers of one class with their paths."""
    named = {tree[path].name: path for _, path in members if path in tree}
    own = {name for name, _ in members}
    if len(named) == len(members) and named.keys() == own:
        return [(name, named[name]) for name, _ in members]
    for name, path in members:
        there = tree[path].name if path in tree else ""
        if there != name and there in own and not is_automatic(there, path):
            message = f"the file has {prose(there)} where the model has {prose(name)}"
            hint = (
                "names and order of the layers contradict each other: is it the file of this model?"
            )
            raise rejected("swapped-weights", message, hint=hint)
    return members


def is_automatic(name: str, path: Path) -> bool:
    """Tell whether the layer at a path has a name that Keras may have given it."""
    return groups.is_automatic(name, re.sub(r"_[0-9]+$", "", path[-1]))
