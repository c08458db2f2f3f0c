"""Where Keras puts the variables of a model in its own files: which object, and which place there.

    ("encoder", "dense_1")   ->   layers/functional/layers/dense_1

Layers are counted by class, in the order of the model; three ways of counting were in use.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, TypeAlias

from kcodegen.ir.graph import Graph, Layer
from kcodegen.ir.values import lookup
from kcodegen.records import record
from kcodegen.weights.files.keras_file import Path
from kcodegen.weights.variables.definition import Slot, Slots
from kcodegen.weights.variables.groups import class_word

# "all": Keras 3 counts every layer. "new": tf.keras from 2.14 on leaves out a layer that another
# model listed before. "twice": until 2.13 it counted a layer with weights two times.
Counting: TypeAlias = Literal["all", "new", "twice"]
COUNTINGS: Final[tuple[Counting, ...]] = ("all", "new", "twice")

# An object with variables: the names of the layers around it, and its attributes.
Place: TypeAlias = "tuple[Path, Path]"

# The order in a file where it is not that of `layer.weights`. A quantized or adapted layer writes
# its variables by role; what LoRA adds is added to the kernel, and not written.
_BY_ROLE = """
    kernel bias quantized_kernel inputs_scale inputs_amax_history kernel_scale
    kernel_amax_history outputs_grad_scale outputs_grad_amax_history kernel_zero awq_scales g_idx
""".split()
_EMBEDDING = """
    embeddings embeddings_scale embeddings_zero g_idx
    reverse_embeddings reverse_embeddings_scale reverse_embeddings_zero
""".split()
_ORDERS: dict[str, list[str]] = {
    "keras.layers.Dense": _BY_ROLE,
    "keras.layers.EinsumDense": _BY_ROLE,
    "keras.layers.Embedding": _EMBEDDING,
    "keras.layers.ReversibleEmbedding": _EMBEDDING,
}
SYNCHRONIZED: Final = "sync_batch_normalization"
# A wrapper that has a variable of its layer among its own.
_BORROWED = {"keras.layers.SpectralNormalization": "kernel"}


def place_of(slot: Slot) -> Place:
    """Return the object that owns a variable."""
    return slot.layers, slot.attributes


def file_order(owned: Slots) -> tuple[Slot | None, ...]:
    """Return the variables of one object in the order of a file; None for a borrowed one."""
    key = owned[0].key
    order = _ORDERS.get(key)
    kept: list[Slot | None] = [slot for slot in owned if not is_merged(slot)]
    if order is not None:
        places = {role: number for number, role in enumerate(order)}
        kept.sort(key=lambda slot: -1 if slot is None else places.get(slot.role, len(places)))
    return (None, *kept) if key in _BORROWED else tuple(kept)


def is_merged(slot: Slot) -> bool:
    """Tell whether Keras adds a variable to the kernel instead of writing it."""
    return slot.role.startswith("lora_")


@record(frozen=True)
class Counted:
    """How the layers of a file are counted.

    `weighted` are the names that lead to layers with weights; `synchronized` tells whether the
    file knows the former name of a synchronized BatchNormalization.
    """

    counting: Counting
    weighted: frozenset[Path]
    synchronized: bool = False


def layer_paths(graph: Graph, counted: Counted) -> dict[Path, Path]:
    """Return the path of every layer in a file, by the names that lead to it."""
    return dict(_paths(graph, (), (), counted, {}))


def _paths(
    graph: Graph,
    names: Path,
    path: Path,
    counted: Counted,
    seen: dict[tuple[str, str], list[Layer]],
) -> Iterator[tuple[Path, Path]]:
    """Yield the layers of a model and of the models in it, as Keras goes through them."""
    counts: dict[str, int] = {}
    for layer in graph.layers:
        inner = (*names, layer.name)
        has_weights = inner in counted.weighted
        if counted.counting == "new" and has_weights:
            alike = seen.setdefault((layer.name, layer.key), [])
            if layer in alike:
                continue
            alike.append(layer)
        word = _word(layer, counted)
        number = counts.get(word, 0)
        counts[word] = number + (2 if counted.counting == "twice" and has_weights else 1)
        member = (*path, "layers", f"{word}_{number}" if number else word)
        yield inner, member
        if layer.body is not None:
            yield from _paths(layer.body, inner, member, counted, seen)


def _word(layer: Layer, counted: Counted) -> str:
    """Return what the file calls a class."""
    if counted.synchronized and lookup(layer.args, "synchronized") is True:
        return SYNCHRONIZED
    return class_word(layer.key)
