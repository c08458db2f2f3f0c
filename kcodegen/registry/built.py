"""What Keras writes in place of a default once a layer is built.

LayerNormalization()        axis=-1 comes back as [-1]
MultiHeadAttention(2, 16)   attention_axes=None comes back as [1], for an input of rank 3
"""

from __future__ import annotations

from kcodegen.ir.values import Args, Symbol, Value, lookup
from kcodegen.registry.rows import ClassRow


def built_value(row: ClassRow, name: str, args: Args, rank: int | None) -> Value:
    """Return what a build writes for the argument `name` when it is left out.

    `args` are the layer's other arguments, `rank` the number of axes of its first input, the
    batch included, None when it is not known. Returns None when a build writes nothing else than
    the default, or nothing that can be told.
    """
    match lookup(row.built, name):
        case Symbol("inner_axes"):
            return _inner_axes(rank)
        case Symbol("vocabulary_size"):
            return _vocabulary_size(row, args)
        case Symbol(rule):
            raise ValueError(f"no rule is called {rule}")
        case value:
            return value


def _inner_axes(rank: int | None) -> Value:
    """Return all axes but the first and the last: `4 -> (1, 2)`."""
    return None if rank is None else tuple(range(1, rank - 1))


def _vocabulary_size(row: ClassRow, args: Args) -> Value:
    """Return how many words a lookup knows: its vocabulary and the special words.

    A vocabulary may begin with the special words itself.
    """
    special = _special_words(row, args)
    words = lookup(args, "vocabulary")
    if words is None and row.key != "keras.layers.TextVectorization":
        return None
    known = words if isinstance(words, tuple) else ()
    return len(known) + (0 if special and known[: len(special)] == special else len(special))


def _special_words(row: ClassRow, args: Args) -> tuple[Value, ...]:
    """Return the mask word, if any, and the words for unknown words."""
    if row.key == "keras.layers.TextVectorization":
        return ("", "[UNK]") if lookup(args, "output_mode", "int") == "int" else ("[UNK]",)
    usual = -1 if row.key == "keras.layers.IntegerLookup" else "[UNK]"
    mask, count = lookup(args, "mask_token"), lookup(args, "num_oov_indices", 1)
    unknown = (lookup(args, "oov_token", usual),) * (count if isinstance(count, int) else 1)
    return unknown if mask is None else (mask, *unknown)
