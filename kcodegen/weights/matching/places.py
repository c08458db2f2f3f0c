"""Where in a file of Keras 3 the objects of a model are that own its variables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kcodegen.ir.graph import Graph
from kcodegen.records import record
from kcodegen.weights.files.keras_file import Path, Tree
from kcodegen.weights.matching.layout import COUNTINGS, SYNCHRONIZED, Counted, Place, layer_paths
from kcodegen.weights.matching.names import by_name
from kcodegen.weights.matching.shared import are_twins
from kcodegen.weights.variables.definition import Slots

# What a file holds besides the weights of a model: states of training, and of random numbers.
_OTHERS = frozenset({"optimizer", "metrics", "_metrics", "_compile_metrics", "_loss_tracker"})
_SEEDS = frozenset({"seed_generator", "_seed_generator", "random_generator", "_random_generator"})
# The parts of an attention, whose attributes have an underscore in the files of some versions.
_PROPERTIES = frozenset({f"{part}_dense" for part in ("query", "key", "value", "output", "gate")})


@record(frozen=True)
class Found:
    """The paths of the objects in a file; None for one that it has not.

    `layers` are the paths of layers by the names that lead to them, `counted` the places where
    Keras counts them, `extra` the objects that the model has no place for.
    """

    objects: dict[Place, Path | None]
    layers: dict[Path, Path]
    counted: dict[Path, Path]
    extra: tuple[Path, ...]

    @property
    def faults(self) -> int:
        """How many objects don't fit."""
        return sum(path is None for path in self.objects.values()) + len(self.extra)


def find(graph: Graph, objects: dict[Place, Slots], strange: Iterable[Path], tree: Tree) -> Found:
    """Return where the objects are, under the way of counting layers that fits best.

    `strange` are the names that lead to layers whose class is not known: all that lies inside is
    theirs.
    """
    holders = [*(names for names, _ in objects), *strange]
    weighted = frozenset(names[: depth + 1] for names in holders for depth in range(len(names)))
    former = any(part.startswith(SYNCHRONIZED) for path in tree for part in path)
    best: Found | None = None
    for counting in COUNTINGS:
        paths = layer_paths(graph, Counted(counting, weighted, former))
        found = _find(objects, strange, by_name(graph, paths, tree), paths, tree)
        if best is None or found.faults < best.faults:
            best = found
        if not found.faults:
            break
    assert best is not None
    return best


def _find(
    objects: dict[Place, Slots],
    strange: Iterable[Path],
    layers: dict[Path, Path],
    counted: dict[Path, Path],
    tree: Tree,
) -> Found:
    """Return where the objects are, once the layers have their paths."""
    paths: dict[Place, Path | None] = {}
    for names, attributes in objects:
        layer = layers.get(names)
        paths[names, attributes] = None if layer is None else _inside(layer, attributes, tree)
    stored = {path: place for place, path in paths.items() if path is not None}
    for place, path in paths.items():
        if path is None:
            paths[place] = _twin(objects[place], stored, objects)
    used = set(paths.values())
    theirs = [layers[names] for names in strange if names in layers]
    extra = tuple(
        path
        for path in sorted(tree)
        if tree[path].datasets
        and path not in used
        and not is_other(path)
        and not any(path[: len(layer)] == layer for layer in theirs)
    )
    return Found(paths, layers, counted, extra)


def _inside(layer: Path, attributes: Path, tree: Tree) -> Path | None:
    """Return the path of an object inside a layer that has variables.

    Older files have the name of the attribute itself where newer ones have that of a property:
    `_query_dense`, `query_dense`.
    """
    options = [layer]
    for name in attributes:
        words = (name, f"_{name}") if name in _PROPERTIES else (name,)
        options = [(*path, word) for path in options for word in words]
    return next((path for path in options if path in tree and tree[path].datasets), None)


def _twin(owned: Slots, stored: dict[Path, Place], objects: dict[Place, Slots]) -> Path | None:
    """Return where an object lies that stands in the model twice and was written once.

    It is known by its name and all its arguments; None where it isn't clear.
    """
    alike = {path for path, place in stored.items() if are_twins(owned[0], objects[place][0])}
    return alike.pop() if len(alike) == 1 else None


def is_other(path: Path) -> bool:
    """Tell whether a path leads to the state of training, or of random numbers."""
    return path != () and (path[0] in _OTHERS or path[-1] in _SEEDS)


def inside(layer: Path, tree: Tree) -> Iterator[Path]:
    """Yield the objects with variables in a layer, itself first."""
    for path in sorted(tree):
        if path[: len(layer)] == layer and tree[path].datasets and not is_other(path):
            yield path
