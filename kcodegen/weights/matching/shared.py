"""Layers that stand in a model twice and were saved once: both places get the same array.

A file does not say that two nested models share a layer; the number of its weights does, where it
is that of the layers that are alike counted once.
"""

from __future__ import annotations

from collections.abc import Mapping

from kcodegen.diagnostics import Diagnostic
from kcodegen.weights.matching.owners import Pairs
from kcodegen.weights.variables.definition import Slot, Slots
from kcodegen.words import listed, prose

_SHOWN = 3


def are_twins(one: Slot, other: Slot) -> bool:
    """Tell whether two objects are one, as far as a file tells: in two models, or in a wrapper."""
    if (one.key, one.args) != (other.key, other.args):
        return False
    same_layer = one.layers[-1:] == other.layers[-1:] and one.attributes == other.attributes
    return same_layer or (one.owner != "" and one.owner == other.owner)


def stand_ins(expected: Slots, count: int) -> dict[Slot, Slot]:
    """Return what the variables are filled with that a file of so many arrays has not.

    Nothing, unless the file has exactly one array for all that are alike.
    """
    if count >= len(expected):
        return {}
    first: dict[tuple[str, str], list[Slot]] = {}
    found: dict[Slot, Slot] = {}
    for slot in expected:
        known = first.setdefault((slot.key, slot.role), [])
        twin = next((k for k in known if k.shape == slot.shape and are_twins(k, slot)), None)
        if twin is None:
            known.append(slot)
        else:
            found[slot] = twin
    return found if len(expected) - len(found) == count else {}


def filled(pairs: Pairs, stands: Mapping[Slot, Slot]) -> Pairs:
    """Return the variables with their arrays, and with them those that stand in two places."""
    given = dict(pairs)
    return (*pairs, *((slot, given[twin]) for slot, twin in stands.items()))


def note(stands: Mapping[Slot, Slot]) -> tuple[Diagnostic, ...]:
    """Return the warning that layers were one, and are not on the page."""
    if not stands:
        return ()
    names = list(dict.fromkeys("/".join(map(prose, twin.layers)) for twin in stands.values()))
    message = (
        f"the file has the weights of {listed(names, _SHOWN)} once, the model twice or "
        "more: each place gets them"
    )
    hint = "it was one layer: make it once and use it again before you train the model further"
    return (Diagnostic("shared-weights", message, hint=hint, severity="warning"),)
