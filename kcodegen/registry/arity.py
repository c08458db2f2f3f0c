"""How many tensors a call returns, and what a person calls them.

Keras' files don't say: an LSTM that returns its state has three outputs, of which perhaps one is
used. A page must know, because the call returns a list then.
"""

from __future__ import annotations

from kcodegen.ir.values import Args, Obj, Value, lookup

_CELL_STATES = {
    "LSTM": 2,
    "LSTMCell": 2,
    "GRU": 1,
    "GRUCell": 1,
    "SimpleRNN": 1,
    "SimpleRNNCell": 1,
    "ConvLSTM1D": 2,
    "ConvLSTM2D": 2,
    "ConvLSTM3D": 2,
}
_STATE_NAMES = {1: ("state",), 2: ("state_h", "state_c")}
_OPS: dict[str, tuple[str, ...]] = {
    "eig": ("eigenvalues", "eigenvectors"),
    "eigh": ("eigenvalues", "eigenvectors"),
    "fft": ("real", "imaginary"),
    "fft2": ("real", "imaginary"),
    "histogram": ("counts", "edges"),
    "ifft2": ("real", "imaginary"),
    "moments": ("mean", "variance"),
    "rfft": ("real", "imaginary"),
    "slogdet": ("sign", "logdet"),
    "stft": ("real", "imaginary"),
    "top_k": ("values", "indices"),
    "ctc_decode": ("decoded", "scores"),
}


def output_names(key: str, args: Args, kwargs: Args) -> tuple[str, ...] | None:
    """Return names for the outputs of a call; None when it returns one tensor.

    `args` are the constructor's arguments (those of the function, for an op), `kwargs` those
    of the call. An empty tuple stands for several outputs of unknown number.
    """
    name = key.rsplit(".", 1)[-1]
    if key.startswith("keras.ops."):
        return _op_outputs(name, args)
    if name == "Bidirectional":
        return _bidirectional(args)
    if lookup(args, "return_state") is True:
        return ("x", *_states(name, args))
    if lookup(kwargs, "return_attention_scores") is True:
        return ("x", "scores")
    return None


def _states(name: str, args: Args) -> tuple[str, ...]:
    if name == "RNN":
        return _rnn_states(lookup(args, "cell"))
    return _STATE_NAMES.get(_CELL_STATES.get(name, 0), ())


def _rnn_states(cell: Value) -> tuple[str, ...]:
    """Return the names of an RNN's states; stacked cells return one structure each."""
    cells = cell if isinstance(cell, tuple) else (cell,)
    if isinstance(cell, Obj) and cell.key == "keras.layers.StackedRNNCells":
        stacked = lookup(cell.args, "cells")
        cells = stacked if isinstance(stacked, tuple) else ()
    counts = [
        _CELL_STATES.get(item.key.rsplit(".", 1)[-1], 0) if isinstance(item, Obj) else 0
        for item in cells
    ]
    if not counts or 0 in counts:
        return ()
    if len(counts) == 1:
        return _STATE_NAMES[counts[0]]
    return tuple(f"state_{i}" for i in range(1, len(counts) + 1))


def _bidirectional(args: Args) -> tuple[str, ...] | None:
    inner = lookup(args, "layer")
    if not isinstance(inner, Obj):
        return None
    merged = lookup(args, "merge_mode", "concat") is not None
    first = ("x",) if merged else ("forward", "backward")
    if lookup(inner.args, "return_state") is not True:
        return None if merged else first
    states = _states(inner.key.rsplit(".", 1)[-1], inner.args)
    both = [
        f"{side}_{state.removeprefix('state_')}"
        for side in ("forward", "backward")
        for state in states
    ]
    return (*first, *both)


def _op_outputs(name: str, args: Args) -> tuple[str, ...] | None:
    if name in ("split", "array_split"):
        sections = lookup(args, "indices_or_sections")
        count = len(sections) + 1 if isinstance(sections, tuple) else sections
        return _numbered("part", count)
    if name == "unstack":
        return _numbered("part", lookup(args, "num"))
    if name in ("meshgrid", "nonzero"):
        operands = lookup(args, "x")
        return _numbered("grid", len(operands) if isinstance(operands, tuple) else None)
    if name == "svd":
        return ("u", "s", "v") if lookup(args, "compute_uv", True) is True else None
    if name == "qr":
        return ("q", "r") if lookup(args, "mode", "reduced") != "r" else None
    return _OPS.get(name)


def _numbered(word: str, count: object) -> tuple[str, ...]:
    if not isinstance(count, int) or not 0 < count <= 64:
        return ()
    return tuple(f"{word}_{i}" for i in range(1, count + 1))
