"""The weights of a model out of a checkpoint that tells its objects, each by its owner.

layer_with_weights-1/cell/kernel   ->   the second layer with weights, attributes cell, role kernel
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kcodegen.diagnostics import CompileError, Diagnostic, Origin, rejected
from kcodegen.ir.graph import Graph
from kcodegen.records import record
from kcodegen.weights.files.object_graph import Objects
from kcodegen.weights.files.sources import Producer
from kcodegen.weights.files.store import Stored
from kcodegen.weights.matching import order, strangers
from kcodegen.weights.matching.misfits import misfits
from kcodegen.weights.matching.object_layers import (
    NO_WEIGHTS,
    Placed,
    is_of_keras3,
    layers_of,
    models,
    place_layers,
)
from kcodegen.weights.matching.owners import (
    Pairs,
    all_fit,
    by_owner,
    in_today_order,
    is_called,
    layout_of_today,
    role_of,
)
from kcodegen.weights.matching.pairing import in_order
from kcodegen.weights.matching.roles import Matched, known
from kcodegen.weights.matching.wanted import Path, Strange, wanted
from kcodegen.weights.variables.definition import Slot, Slots
from kcodegen.words import listed, prose

_HINT = "is it the checkpoint of this model?"
# What versions of Keras call their variables in their own code.
_ATTRIBUTES = {"adapt_mean": "mean", "adapt_variance": "variance"}
_PROPERTIES = frozenset({f"{part}_dense" for part in ("query", "key", "value", "output", "gate")})
# The lists of a layer, whose members Keras 3's files count by class.
_CELLS = "cells"
_LISTS = ("layers", _CELLS)
_EXPORTED = "variables"
_SEED = "seed_generator_state"


@record(frozen=True)
class Used:
    """The variables of one object: their arrays, and the objects that they are."""

    pairs: Pairs
    variables: frozenset[int]


def match(graph: Graph, objects: Objects, producer: Producer) -> Matched:
    """Return every variable of a model with its array, in the order of `model.weights`.

    A checkpoint may hold several models, of which one has to fit. Raises CompileError that names
    all that is missing, left over or misshapen.
    """
    roots = models(objects)
    if not roots:
        return Matched(_exported(graph, objects, producer))
    found: list[Matched] = []
    errors: list[CompileError] = []
    for _, root in roots:
        try:
            found.append(_of_model(graph, objects, root, producer))
        except CompileError as error:
            errors.append(error)
    if len(found) == 1:
        return found[0]
    if len(roots) == 1:
        raise errors[0]
    names = ", ".join(prose(name) for name, _ in roots[:10])
    what = "none of them is this one" if not found else "several of them fit"
    raise rejected("unknown-weights", f"the checkpoint holds the models {names}: {what}")


def _of_model(graph: Graph, objects: Objects, root: int, producer: Producer) -> Matched:
    """Return what the layers of one model in the checkpoint have."""
    needed = tuple(wanted(graph))
    _check_cells(needed, objects, root)
    placed = place_layers(graph, objects, root, needed)
    strange = {
        item.names: _of_stranger(item, objects, placed)
        for item in needed
        if isinstance(item, Strange)
    }
    slots = tuple(item for item in needed if isinstance(item, Slot))
    arrays, used = _of_layers(slots, objects, placed, producer)
    _check_left_over(objects, placed, used, strange)
    pairs: list[tuple[Slot, Stored]] = []
    notes: list[Diagnostic] = []
    for item in needed:
        if isinstance(item, Slot):
            pairs.append((item, arrays[item]))
            continue
        own = strange[item.names]
        notes.extend(strangers.note(item.layer, own))
        pairs.extend(strangers.in_order_of_file(item.layer, own))
    return Matched(tuple(pairs), tuple(notes))


def _of_layers(
    slots: Slots, objects: Objects, placed: Placed, producer: Producer
) -> tuple[dict[Slot, Stored], set[int]]:
    """Return the arrays of the layers of Keras, and which variables they are."""
    arrays: dict[Slot, Stored] = {}
    used: set[int] = set()
    problems: list[Diagnostic] = []
    members = _members(slots)
    for group in by_owner(slots).values():
        node = _descend(objects, placed.layers[group[0].layers], group[0], members)
        taken = None if node is None else _of_object(group, objects, node, producer)
        if taken is None:
            problems.extend(_misfits(group, objects, node))
            continue
        arrays.update(taken.pairs)
        used |= taken.variables
    if problems:
        raise CompileError(problems)
    return arrays, used


# The object that owns a variable


def _members(slots: Slots) -> dict[tuple[Path, Path], list[str]]:
    """Return the members of every list inside of a layer, in their order."""
    found: dict[tuple[Path, Path], list[str]] = {}
    for slot in slots:
        for depth, name in enumerate(slot.attributes[1:], 1):
            if slot.attributes[depth - 1] in _LISTS:
                names = found.setdefault((slot.layers, slot.attributes[:depth]), [])
                if name not in names:
                    names.append(name)
    return found


def _descend(
    objects: Objects, node: int, slot: Slot, members: dict[tuple[Path, Path], list[str]]
) -> int | None:
    """Return the object at the attributes of a slot, inside of a layer."""
    found: int | None = node
    for depth, name in enumerate(slot.attributes):
        if found is None:
            return None
        before = slot.attributes[:depth]
        if name == "layers":
            continue
        if before and before[-1] in _LISTS:
            place = members[slot.layers, before].index(name)
            found = _member(objects, found, before[-1], place)
        elif name == "cell" and objects.child(found, "cell") is None:
            # A layer of CuDNN has none: its variables are its own.
            continue
        else:
            words = (name, f"_{name}") if name in _PROPERTIES else (name,)
            found = objects.child(found, *words)
    return found


def _member(objects: Objects, node: int, kind: str, place: int) -> int | None:
    """Return a member of a list of cells, or a layer with weights of a model."""
    if kind == _CELLS:
        return objects.child(node, str(place))
    layers = layers_of(objects, node)
    return layers[place] if place < len(layers) else None


def _of_object(group: Slots, objects: Objects, node: int, producer: Producer) -> Used | None:
    """Return the variables of one object with their arrays; None where they don't fit."""
    own = _own(objects, node)
    taken: list[int] = []
    for slot in group:
        exact = [name for name in own if name == slot.role]
        named = exact or [name for name in own if is_called(slot, name)]
        left = [own[name] for name in named if own[name] not in taken]
        if not left:
            return None
        taken.append(left[0])
    named_arrays = [objects.array(i, slot.role) for i, slot in zip(taken, group, strict=True)]
    arrays = layout_of_today(group, named_arrays, producer)
    pairs = tuple(zip(group, arrays, strict=True))
    return Used(pairs, frozenset(taken)) if all_fit(pairs) else None


def _own(objects: Objects, node: int) -> dict[str, int]:
    """Return the variables of an object by their role, as far as its own code tells it."""
    found: dict[str, int] = {}
    for name, child in objects.nodes[node].children.items():
        if name not in NO_WEIGHTS and objects.is_variable(child):
            plain = name.removeprefix("_")
            found.setdefault(_ATTRIBUTES.get(plain, plain), child)
    return found


# Layers of the user's


def _of_stranger(item: Strange, objects: Objects, placed: Placed) -> tuple[Stored, ...]:
    """Return all arrays of a layer of no known class, in the order of its objects."""
    node = placed.layers.get(item.names)
    if node is None:
        return ()
    found = []
    for inner in objects.inside(node, NO_WEIGHTS):
        if objects.is_variable(inner):
            full = objects.nodes[inner].full_name.split("/")[-1]
            found.append(objects.array(inner, role_of(full) or "weight"))
    return tuple(found)


# A model that was exported for use alone


def _exported(graph: Graph, objects: Objects, producer: Producer) -> Pairs:
    """Return the variables of a model that are on one list, in the order of its Keras."""
    listed = objects.child(0, _EXPORTED)
    children = {} if listed is None else objects.nodes[listed].children
    numbered = sorted((int(name), node) for name, node in children.items() if name.isdecimal())
    arrays = [
        objects.array(node, objects.nodes[node].full_name.split("/")[-1])
        for _, node in numbered
        if objects.is_variable(node) and not objects.nodes[node].full_name.endswith(_SEED)
    ]
    if not arrays:
        message = "the checkpoint holds no model of Keras: none of its objects has layers"
        raise rejected("unknown-weights", message, hint="save it with model.save_weights()")
    own = known(graph)
    is_old = producer.version is None or producer.version < (3, 0)
    expected = order.old_order(own, producer.enters_models) if is_old else own
    pairs = in_order(expected, arrays, producer)
    if pairs is None:
        raise CompileError(tuple(misfits(None, expected, arrays)))
    return in_today_order(own, pairs)


# What doesn't fit


def _check_cells(needed: tuple[Slot | Strange, ...], objects: Objects, root: int) -> None:
    """Raise CompileError for cells in a list, whose weights Keras 3 gives to no checkpoint."""
    lost = [item for item in needed if isinstance(item, Slot) and _CELLS in item.attributes]
    if not lost or not is_of_keras3(objects, root):
        return
    if any(_CELLS in objects.nodes[inner].children for inner in objects.inside(root, NO_WEIGHTS)):
        return
    names = list(dict.fromkeys("/".join(map(prose, slot.layers)) for slot in lost))
    message = f"Keras 3 leaves cells that are in a list out of its checkpoints: {listed(names, 10)}"
    hint = "save it with model.save() or model.export()"
    raise rejected("missing-weights", message, Origin("", lost[0].layers[-1]), hint)


def _misfits(group: Slots, objects: Objects, node: int | None) -> Iterator[Diagnostic]:
    """Yield what is wrong with the variables of one object."""
    where = Origin("", group[0].layers[-1])
    of = "/".join(map(prose, (*group[0].layers, *group[0].attributes)))
    own = {} if node is None else _own(objects, node)
    missing = [slot.role for slot in group if not any(is_called(slot, name) for name in own)]
    if missing:
        message = f"the checkpoint has no {', '.join(missing)} of {of}"
        yield Diagnostic("missing-weights", message, where, _HINT)
        return
    for slot in group:
        array = next(objects.array(own[name], name) for name in own if is_called(slot, name))
        if not all_fit(((slot, array),)):
            message = f"{of} {slot.role} needs {slot.shape}, {array.shown} has {array.shape}"
            yield Diagnostic("misshapen-weights", message, where, _HINT)


def _check_left_over(
    objects: Objects, placed: Placed, used: set[int], strange: Iterable[Path]
) -> None:
    """Raise CompileError that names the variables of layers that no variable has taken."""
    theirs = {placed.layers.get(names) for names in strange}
    names = [
        "/".join(map(prose, objects.array(inner, "").name[:-1])) or prose(str(inner))
        for node in placed.leaves
        if node not in theirs
        for inner in objects.inside(node, NO_WEIGHTS)
        if objects.is_variable(inner) and inner not in used
    ]
    if names:
        message = f"the model has no place for {listed(names, 10)}"
        raise rejected("unexpected-weights", message, hint=_HINT)
