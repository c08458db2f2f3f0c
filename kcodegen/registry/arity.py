"""How many tensors a call returns, in which structure, and what a person calls them.

Keras' files don't say: an LSTM that returns its state has three outputs, of which perhaps one is
used. A page must know, because the call returns a list then.

A structure is a text for one tensor (a name for it, or nothing), a tuple or a `Dict` of structures,
the empty tuple for a list of tensors whose length the file does not tell, and None where nothing is
known: a user's class.
"""

from __future__ import annotations

from collections.abc import Sequence

from kcodegen import registry
from kcodegen.ir.graph import Call, Graph, Layer
from kcodegen.ir.values import Args, Dict, Obj, Ref, Value, lookup, same
from kcodegen.records import record
from kcodegen.registry.vocabulary import is_custom

ONE = ""
_LONGEST = 64  # more outputs than that are reached by their number

_CELL_STATES: dict[str, Value] = {
    "LSTM": ("state_h", "state_c"),
    "LSTMCell": ("state_h", "state_c"),
    "GRU": "state",
    "GRUCell": "state",
    "SimpleRNN": "state",
    "SimpleRNNCell": "state",
    "ConvLSTM1D": ("state_h", "state_c"),
    "ConvLSTM2D": ("state_h", "state_c"),
    "ConvLSTM3D": ("state_h", "state_c"),
}
_CELLS = frozenset({"LSTMCell", "GRUCell", "SimpleRNNCell", "StackedRNNCells"})

# Layers that do the same to every tensor of a structure, and return that structure.
MIRRORS = frozenset(
    """Activation ActivityRegularization AlphaDropout AugMix AutoContrast
    ContrastLimitedAdaptiveHistogramEqualization CutMix Dropout ELU GaussianDropout
    GaussianNoise Identity LeakyReLU MaxNumBoundingBoxes MixUp Pipeline RandAugment
    RandomBrightness RandomColorJitter RandomContrast RandomElasticTransform RandomErasing
    RandomFlip RandomGaussianBlur RandomHue RandomInvert RandomPerspective RandomPosterization
    RandomRotation RandomSaturation RandomSharpness RandomShear RandomTranslation RandomZoom
    ReLU Rescaling Softmax Solarization UnitNormalization""".split()
)

# Ops that return a fixed number of tensors ...
_FIXED: dict[str, tuple[str, ...]] = {
    "ctc_decode": ("decoded", "scores"),
    "eig": ("eigenvalues", "eigenvectors"),
    "eigh": ("eigenvalues", "eigenvectors"),
    "fft": ("real", "imaginary"),
    "fft2": ("real", "imaginary"),
    "histogram": ("counts", "edges"),
    "ifft2": ("real", "imaginary"),
    "lu_factor": ("lu", "pivots"),
    "moments": ("mean", "variance"),
    "qr": ("q", "r"),
    "rfft": ("real", "imaginary"),
    "slogdet": ("sign", "logdet"),
    "stft": ("real", "imaginary"),
    "svd": ("u", "s", "v"),
    "tf.math.top_k": ("values", "indices"),
    "tf.nn.moments": ("mean", "variance"),
    "top_k": ("values", "indices"),
}
# ... but one only with this argument.
_UNLESS: dict[str, tuple[str, Value]] = {"qr": ("mode", "r"), "svd": ("compute_uv", False)}
# Ops that return one more tensor for each of these arguments that is true.
_ASKED: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "unique": (
        "values",
        (("return_index", "indices"), ("return_inverse", "inverse"), ("return_counts", "counts")),
    )
}


@record(frozen=True)
class _Counted:
    """An op that returns as many tensors as an argument says: a number, or a list's length."""

    word: str
    argument: str
    more: int = 0


_COUNTED: dict[str, _Counted] = {
    **dict.fromkeys(
        ("array_split", "dsplit", "hsplit", "split", "vsplit"),
        _Counted("part", "indices_or_sections", more=1),
    ),
    "meshgrid": _Counted("grid", "x"),
    "nonzero": _Counted("indices", ""),  # one for each axis of its input, which no argument says
    "tf.split": _Counted("part", "num_or_size_splits"),
    "tf.unstack": _Counted("part", "num"),
    "unravel_index": _Counted("index", "shape"),
    "unstack": _Counted("part", "num"),
}


def call_structure(call: Call, layer: Layer | None) -> Value:
    """Return the structure of what a call in a graph returns; None when its layer is missing."""
    if call.kind == "op":
        return output_structure(call.target, call.kwargs)
    if layer is None:
        return None
    return output_structure(layer.key, layer.args, call.args, call.kwargs, layer.body)


def output_structure(
    key: str, args: Args, taken: Sequence[Value] = (), kwargs: Args = (), body: Graph | None = None
) -> Value:
    """Return the structure of what a call returns, as the head of this file describes it.

    `args` are the constructor's arguments (those of the function, for an op), `taken` and `kwargs`
    those of the call; `body` is the graph of a nested model.
    """
    name = key if key.startswith("tf.") else key.rsplit(".", 1)[-1]
    first = mirrored(taken[0]) if taken else ONE
    if body is not None:
        return _model(body, first)
    if is_custom(key):
        return None
    if key.startswith(registry.OPS):
        return _op(name, args)
    if name in MIRRORS:
        return first
    if name in _CELLS:
        states = taken[1] if len(taken) > 1 else lookup(kwargs, "states", ())
        return ("x", mirrored(states, "state"))
    if name == "Bidirectional":
        return _bidirectional(args)
    if lookup(args, "return_state") is True:
        return _with_states("x", _states(name, args))
    if lookup(kwargs, "return_attention_scores") is True:
        return ("x", "scores")
    return ONE


def mirrored(value: Value, name: str = ONE) -> Value:
    """Return the structure of tensors that a layer is given, or that a model returns."""
    match value:
        case tuple():
            return tuple(mirrored(item) for item in value)
        case Dict(items):
            return Dict(tuple((key, mirrored(item)) for key, item in items))
        case _:
            return name


def leaves(structure: Value) -> list[str | None]:
    """Return the names of a structure's tensors as Keras flattens it, None for unknown ones."""
    match structure:
        case str() | None:
            return [structure]
        case Dict(items):
            ordered = sorted(items, key=lambda item: item[0])
            return [leaf for _, item in ordered for leaf in leaves(item)]
        case tuple():
            return [leaf for item in structure for leaf in leaves(item)]
        case _:
            raise ValueError(f"{structure!r} is no structure")


def names_of(structure: Value) -> tuple[str, ...]:
    """Return the names that a flat list of two or more tensors is unpacked into, or none."""
    if not isinstance(structure, tuple) or len(structure) < 2:
        return ()
    names = tuple(item for item in structure if isinstance(item, str) and item)
    return names if len(names) == len(structure) else ()


def _model(graph: Graph, first: Value) -> Value:
    """Return the structure of a nested model's outputs; a Sequential's are its last layer's."""
    if graph.calls:
        return mirrored(graph.outputs)
    for layer in graph.layers:
        first = output_structure(layer.key, layer.args, (_given(first),), (), layer.body)
    return first


def _given(structure: Value) -> Value:
    """Return a structure as the argument of a call: any tensor will do for each of its names."""
    match structure:
        case tuple():
            return tuple(_given(item) for item in structure)
        case Dict(items):
            return Dict(tuple((key, _given(item)) for key, item in items))
        case _:
            return Ref("")


def _with_states(first: Value, states: Value) -> Value:
    """Return an output and what comes after it; nothing is known of a user's cell."""
    if states is None:
        return ()
    return (first, *(states if isinstance(states, tuple) else (states,)))


def _states(name: str, args: Args) -> Value:
    """Return the structure of a layer's or cell's states; None for a user's cell."""
    if name == "RNN":
        cell = lookup(args, "cell")
        return _stacked(cell) if isinstance(cell, tuple) else _cell_states(cell)
    if name == "StackedRNNCells":
        return _stacked(lookup(args, "cells"))
    return _CELL_STATES.get(name)


def _cell_states(cell: Value) -> Value:
    return _states(cell.key.rsplit(".", 1)[-1], cell.args) if isinstance(cell, Obj) else None


def _stacked(cells: Value) -> Value:
    """Return one structure for each cell, its names numbered: `("state_h", ...)` -> `_1`."""
    found = cells if isinstance(cells, tuple) else ()
    return tuple(_renamed(_cell_states(cell), "{}_" + str(i)) for i, cell in enumerate(found, 1))


def _renamed(structure: Value, form: str) -> Value:
    match structure:
        case str():
            return form.format(structure)
        case tuple():
            return tuple(_renamed(item, form) for item in structure)
        case _:
            return structure


def _bidirectional(args: Args) -> Value:
    inner = lookup(args, "layer")
    if not isinstance(inner, Obj):
        return ONE
    merged = lookup(args, "merge_mode", "concat") is not None
    if lookup(inner.args, "return_state") is not True:
        return ONE if merged else ("forward", "backward")
    states = _cell_states(inner)
    if states is None:
        return ()
    found = states if isinstance(states, tuple) else (states,)
    both = [
        _renamed(_without_prefix(state), side + "_{}")
        for side in ("forward", "backward")
        for state in found
    ]
    return (*(("x",) if merged else ("forward", "backward")), *both)


def _without_prefix(structure: Value) -> Value:
    """Return shorter names where they are to get another prefix: `state_h` -> `h`."""
    if isinstance(structure, tuple):
        return tuple(_without_prefix(item) for item in structure)
    return structure.removeprefix("state_") if isinstance(structure, str) else structure


def _op(name: str, args: Args) -> Value:
    if name in _COUNTED:
        row = _COUNTED[name]
        return _numbered(row, lookup(args, row.argument))
    if name in _ASKED:
        word, flags = _ASKED[name]
        more = tuple(called for flag, called in flags if lookup(args, flag) is True)
        return (word, *more) if more else ONE
    only, value = _UNLESS.get(name, ("", None))
    if only and same(lookup(args, only), value):
        return ONE
    return _FIXED.get(name, ONE)


def _numbered(row: _Counted, given: Value) -> Value:
    """Return numbered names: `part_1`, `part_2`; the empty tuple when their number is not known."""
    count = len(given) + row.more if isinstance(given, tuple) else given
    if isinstance(count, bool) or not isinstance(count, int) or not 0 < count <= _LONGEST:
        return ()
    return tuple(f"{row.word}_{i}" for i in range(1, count + 1))
