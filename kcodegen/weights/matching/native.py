"""The weights of a model out of a file of Keras 3, each by the exact place of its owner."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from kcodegen.diagnostics import CompileError, Diagnostic, Origin
from kcodegen.ir.graph import Graph
from kcodegen.weights.files.keras_file import Owner, Path, Tree
from kcodegen.weights.files.store import Stored, computed
from kcodegen.weights.matching import doubts
from kcodegen.weights.matching.conversions import converted, repacked
from kcodegen.weights.matching.layout import Place, file_order, is_merged, place_of
from kcodegen.weights.matching.misfits import shown
from kcodegen.weights.matching.names import is_automatic
from kcodegen.weights.matching.owners import Pairs, fits
from kcodegen.weights.matching.places import Found, find, inside
from kcodegen.weights.matching.roles import Matched
from kcodegen.weights.matching.wanted import Strange, wanted
from kcodegen.weights.variables.definition import Slot, Slots
from kcodegen.weights.variables.quantized import is_packed
from kcodegen.words import listed, prose

_SHOWN = 10
_HINT = "is it the file of this model?"
_LOST = ": Keras 3.14 and 3.15 leave the zero points of GPTQ and AWQ out"


def match(graph: Graph, tree: Tree) -> Matched:
    """Return every variable of a model with its array, in the order of `model.weights`.

    Raises CompileError that names all that is missing, left over or misshapen.
    """
    needed = tuple(wanted(graph))
    owned: dict[Place, list[Slot]] = {}
    for item in needed:
        if isinstance(item, Slot):
            owned.setdefault(place_of(item), []).append(item)
    objects = {place: tuple(slots) for place, slots in owned.items()}
    strange = [item for item in needed if isinstance(item, Strange)]
    found = find(graph, objects, [item.names for item in strange], tree)
    notes = [note for item in strange for note in _note(item, found, tree)]
    problems = [*_missing(found, objects), *_left_over(found)]
    problems += [note for note in notes if note.severity == "error"]
    arrays: dict[Slot, Stored] = {}
    for place, path in found.objects.items():
        try:
            arrays |= {} if path is None else _fitted(objects[place], tree[path])
        except CompileError as error:
            problems.extend(error.diagnostics)
    if problems:
        raise CompileError(problems)
    notes.extend(_doubts(found, tree))
    return Matched(tuple(_pairs(needed, arrays, found, tree)), tuple(notes))


def _doubts(found: Found, tree: Tree) -> Iterator[Diagnostic]:
    """Yield warnings for layers that the file has under other names, or in another order."""
    renamed, moved = [], []
    for names in dict.fromkeys(names for names, _ in found.objects):
        path = found.layers.get(names)
        if path is None:  # written once, for another place of the model
            continue
        name = tree[path].name if path in tree else ""
        if name not in ("", names[-1]) and not is_automatic(name, path):
            renamed.append((names[-1], name))
        if path[-1] != found.counted[names][-1]:
            moved.append((names[-1], path[-1]))
    yield from doubts.renamed(renamed)
    yield from doubts.moved(moved)


def _pairs(
    needed: Sequence[Slot | Strange], arrays: dict[Slot, Stored], found: Found, tree: Tree
) -> Iterator[tuple[Slot, Stored]]:
    for item in needed:
        if isinstance(item, Strange):
            yield from _as_stored(item, found, tree)
        else:
            yield item, arrays[item] if item in arrays else _zeros(item)


# Layers of the user's


def _as_stored(item: Strange, found: Found, tree: Tree) -> Pairs:
    """Return the weights of a layer of no known class: object by object, itself first."""
    layer = found.layers.get(item.names)
    return tuple(
        (Slot(array.name[-1], array.shape, item.layer.key, path[len(layer) :], item.names), array)
        for path in (() if layer is None else inside(layer, tree))
        for array in tree[path].arrays()
        if layer is not None
    )


def _note(item: Strange, found: Found, tree: Tree) -> Iterator[Diagnostic]:
    """Yield what there is to say of a layer with several layers inside: their order is not sure."""
    layer = found.layers.get(item.names)
    if layer is None or sum(path != layer for path in inside(layer, tree)) < 2:
        return
    name = prose(item.layer.name)
    if item.layer.key.startswith("keras."):
        message = f"in which order {name!r} has its weights is not known"
        hint = "give them as weight_<i>.npy, in the order of model.get_weights()"
        yield Diagnostic("weight-order", message, item.layer.origin, hint)
        return
    message = (
        f"{name!r} is no layer of Keras and holds others: its weights come object by object, "
        "in the order of the file"
    )
    hint = "compare with the order of its `weights`"
    yield Diagnostic("weight-order", message, item.layer.origin, hint, "warning")


# Layers of Keras


def _fitted(owned: Slots, owner: Owner) -> dict[Slot, Stored]:
    """Return the arrays of one object by the variables they fill; CompileError unless they fit."""
    arrays, order = owner.arrays(), file_order(owned)
    where = Origin("", owned[0].layers[-1])
    if len(arrays) != len(order):
        of = "/".join(map(prose, place_words(owned[0])))
        message = f"{of} has {len(order)} weights, the file {len(arrays)}"
        if any(slot is not None and slot.role == "quantized_kernel" for slot in order):
            message += _LOST
        raise CompileError(Diagnostic("misshapen-weights", message, where, _HINT))
    fitted = {}
    problems = []
    for slot, array in zip(order, arrays, strict=True):
        if slot is None:
            continue
        shaped = _shaped(slot, array)
        if shaped is None:
            message = f"{shown(slot)} needs {slot.shape}, {array.shown} has {array.shape}"
            problems.append(Diagnostic("misshapen-weights", message, where, _HINT))
        else:
            fitted[slot] = shaped
    if problems:
        raise CompileError(problems)
    return fitted


def _shaped(slot: Slot, array: Stored) -> Stored | None:
    """Return an array in the shape of its variable, None when it doesn't fit."""
    if fits(slot.shape, array.shape):
        return array
    if slot.key == "keras.layers.LayerNormalization" and slot.shape is not None:
        # Before 3.13 the axes came in the order of the argument: the same numbers, reshaped.
        sizes = tuple(size for size in slot.shape if size is not None)
        return replace(array, shape=sizes) if sorted(sizes) == sorted(array.shape) else None
    return _repacked(slot, array) if is_packed(slot) and array.dtype == "int8" else None


def _repacked(slot: Slot, array: Stored) -> Stored | None:
    """Return a kernel of int4 as it is packed since Keras 3.14; None when it doesn't fit."""
    match slot.shape, array.shape:
        case (int(rows), int(pairs)), (packed, columns):
            if (packed, pairs) == (-(-rows // 2), -(-columns // 2)):
                return converted([array], (rows, pairs), partial(repacked, rows))
    return None


def _zeros(slot: Slot) -> Stored:
    """Return the array of a variable that Keras adds to the kernel before it is written."""
    assert is_merged(slot)
    shape = tuple(size or 0 for size in slot.shape or ())

    def array() -> object:
        import numpy as np  # its import takes longer than most models do

        return np.zeros(shape, "float32")

    return computed(("zeros",), shape, "float32", array)


# What doesn't fit


def place_words(slot: Slot) -> Path:
    """Return the words that lead to the object of a variable."""
    return (*slot.layers, *slot.attributes)


def _missing(found: Found, objects: dict[Place, Slots]) -> Iterator[Diagnostic]:
    missing = [objects[place] for place, path in found.objects.items() if path is None]
    for owned in missing[:_SHOWN]:
        roles = ", ".join(slot.role for slot in owned)
        of = "/".join(map(prose, place_words(owned[0])))
        where = Origin("", owned[0].layers[-1])
        message = f"the file has no {roles} of {of}"
        yield Diagnostic("missing-weights", message, where, _HINT)
    if len(missing) > _SHOWN:
        message = f"the file has no weights of {len(missing) - _SHOWN} more layers"
        yield Diagnostic("missing-weights", message, hint=_HINT)


def _left_over(found: Found) -> Iterator[Diagnostic]:
    names = ["/".join(map(prose, path)) or "the root" for path in found.extra]
    if names:
        message = f"the model has no place for {listed(names, _SHOWN)}"
        yield Diagnostic("unexpected-weights", message, hint=_HINT)
