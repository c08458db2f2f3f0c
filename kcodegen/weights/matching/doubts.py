"""What is said when weights of the same shapes have been told apart by their order alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kcodegen.diagnostics import Diagnostic
from kcodegen.weights.matching.owners import Pairs
from kcodegen.weights.variables.definition import Slots
from kcodegen.words import listed, prose

_SHOWN = 6
_HINT = "look whether the file is that of this model: --verify compares the outputs"


def renamed(rows: Sequence[tuple[str, str]]) -> Iterator[Diagnostic]:
    """Yield a warning when layers were told apart by their order: names here and in the file."""
    other = [(ours, theirs) for ours, theirs in rows if ours != theirs.replace("/", "_")]
    if other:
        message = (
            f"{len(other)} layers have other names in the file of weights "
            f"({_listed(other)}): they go by their order"
        )
        yield Diagnostic("renamed-weights", message, hint=_HINT, severity="warning")


def unsure(objects: Sequence[tuple[Slots, tuple[str, ...]]]) -> Iterator[Diagnostic]:
    """Yield a warning for objects of the same shapes, with the paths that they have in the file."""
    rows = [("/".join(group[0].layers), "/".join(path)) for group, path in objects]
    if rows:
        message = (
            f"{len(rows)} objects of the same shapes have other names in the file of weights "
            f"({_listed(rows)}): they go by their order"
        )
        yield Diagnostic("renamed-weights", message, hint=_HINT, severity="warning")


def moved(rows: Sequence[tuple[str, str]]) -> Iterator[Diagnostic]:
    """Yield a warning when names and order of layers contradict each other."""
    if rows:
        message = (
            f"{len(rows)} layers stand in another order in the file of weights "
            f"({_listed(rows)}): they go by their names"
        )
        yield Diagnostic("moved-weights", message, hint=_HINT, severity="warning")


def numbered(pairs: Pairs, others: Sequence[Pairs]) -> Iterator[Diagnostic]:
    """Yield a warning for weights that would go elsewhere if another Keras had numbered them."""
    places = {slot: array.name for slot, array in pairs}
    moved = [slot for row in others for slot, array in row if places[slot] != array.name]
    names = list(dict.fromkeys(_plain("/".join(slot.layers)) for slot in moved))
    if names:
        message = (
            "the file doesn't tell which Keras numbered the weights, and not all of them had those "
            f"of {listed(names, _SHOWN)} in one order: tf.keras' order is taken"
        )
        yield Diagnostic("weight-order", message, hint=_HINT, severity="warning")


def _listed(rows: Sequence[tuple[str, str]]) -> str:
    """Return names of the file for those of the model: `'dense_4' for 'dense'`."""
    return listed([f"{_plain(theirs)!r} for {_plain(ours)!r}" for ours, theirs in rows], _SHOWN)


def _plain(path: str) -> str:
    """Return a path as a message may show it."""
    return "/".join(map(prose, path.split("/")))
