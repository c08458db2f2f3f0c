"""Calls that return several tensors come back, whatever the structure and whichever is used."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from kcodegen.registry.arity import MIRRORS
from kcodegen.verification.rebuild import fresh_keras
from tests.objects.op_calls import model_of
from tests.objects.test_every_argument import ROWS, library
from tests.objects.test_every_op import gap_of
from tests.objects.variants import find, required

keras = fresh_keras()
L = keras.layers


def image(t: Any) -> dict[str, Any]:
    return {"images": t(8, 8, 3), "labels": t(4)}


def lstms(**config: Any) -> Any:
    return L.RNN([L.LSTMCell(3), L.LSTMCell(2)], return_state=True, **config)


CALLS: dict[str, Callable[[Any], Any]] = {
    "rnn": lambda t: L.RNN(L.LSTMCell(3), return_state=True)(t(5, 4)),
    "rnn: one state": lambda t: L.RNN(L.SimpleRNNCell(3), return_state=True)(t(5, 4)),
    "stacked": lambda t: L.RNN([L.LSTMCell(3), L.GRUCell(2)], return_state=True)(t(5, 4)),
    "stacked: single states": lambda t: L.RNN(
        [L.GRUCell(3), L.SimpleRNNCell(2)], return_state=True
    )(t(5, 4)),
    "stacked: one cell": lambda t: L.RNN([L.LSTMCell(3)], return_state=True)(t(5, 4)),
    "stacked: last cell": lambda t: lstms()(t(5, 4))[-1],
    "stacked: one state": lambda t: L.Dense(3)(lstms()(t(5, 4))[1][1]),
    "stacked: output": lambda t: lstms(return_sequences=True)(t(5, 4))[0],
    "lstm: output": lambda t: L.LSTM(3, return_state=True)(t(5, 4))[0],
    "gru": lambda t: L.GRU(3, return_state=True)(t(5, 4)),
    "convlstm": lambda t: L.ConvLSTM2D(3, 2, return_state=True)(t(5, 4, 4, 3)),
    "bidirectional": lambda t: L.Bidirectional(L.LSTM(3, return_state=True))(t(5, 4)),
    "bidirectional: apart": lambda t: L.Bidirectional(L.GRU(3), merge_mode=None)(t(5, 4)),
    "bidirectional: apart, with states": lambda t: L.Bidirectional(
        L.LSTM(3, return_state=True), merge_mode=None
    )(t(5, 4)),
    "bidirectional: stacked": lambda t: L.Bidirectional(lstms())(t(5, 4)),
    "cell": lambda t: L.LSTMCell(3)(t(4), [t(3), t(3)]),
    "cell: output": lambda t: L.LSTMCell(3)(t(4), [t(3), t(3)])[0],
    "cell: keyword": lambda t: L.LSTMCell(3)(t(4), states=[t(3), t(3)]),
    "cell: one state": lambda t: L.GRUCell(3)(t(4), t(3)),
    "cell: list of one state": lambda t: L.GRUCell(3)(t(4), [t(3)]),
    "cells": lambda t: L.StackedRNNCells([L.LSTMCell(3), L.GRUCell(2)])(
        t(4), [[t(3), t(3)], [t(2)]]
    ),
    "cells: single state": lambda t: L.StackedRNNCells([L.LSTMCell(3), L.GRUCell(2)])(
        t(4), [[t(3), t(3)], t(2)]
    ),
    "scores": lambda t: L.MultiHeadAttention(2, 3)(t(4, 4), t(4, 4), return_attention_scores=True),
    "scores: grouped": lambda t: L.GroupQueryAttention(2, 4, 2)(
        t(4, 4), t(4, 4), return_attention_scores=True
    ),
    "scores: only": lambda t: L.Attention()([t(4, 4), t(4, 4)], return_attention_scores=True)[1],
    "no scores": lambda t: L.AdditiveAttention()([t(4, 4), t(4, 4)], return_attention_scores=False),
    "mirrored list": lambda t: L.Identity()([t(4), t(3)]),
    "mirrored list: joined": lambda t: L.Add()(L.Dropout(0.5)([t(4), t(4)])),
    "mirrored list: one used": lambda t: L.Dense(2)(L.Dropout(0.5)([t(4), t(4)])[0]),
    "mirrored list of one": lambda t: L.Identity()([t(4)]),
    "mirrored dict": lambda t: L.Identity()({"b": t(4), "a": t(3)}),
    "mirrored nest": lambda t: L.Identity()({"a": [t(4), t(3)], "b": t(2)}),
    "mirrored twice": lambda t: mirrored_twice(L.Dropout(0.5), t),
    "image": lambda t: L.RandomFlip()(image(t)),
    "image: labels": lambda t: L.MixUp()(image(t))["labels"],
    "image: boxes": lambda t: L.RandomFlip()(
        {"images": t(8, 8, 3), "bounding_boxes": {"boxes": t(5, 4), "labels": t(5)}}
    ),
    "image: only": lambda t: L.Resizing(4, 4)(image(t)),
    "pipeline": lambda t: L.Pipeline([L.RandomFlip(), L.Resizing(4, 4)])(image(t)),
    "pipeline: one": lambda t: L.Pipeline([L.RandomFlip()])(t(8, 8, 3)),
    "sequential": lambda t: keras.Sequential([L.LSTM(3, return_state=True)])(t(5, 4)),
    "sequential: output": lambda t: keras.Sequential([L.LSTM(3, return_state=True)])(t(5, 4))[0],
    "sequential: nested": lambda t: keras.Sequential(
        [L.Embedding(3, 4), keras.Sequential([L.LSTM(3, return_state=True)])]
    )(t(5)),
}


def mirrored_twice(layer: Any, t: Any) -> list[Any]:
    return [layer([t(4), t(4)])[1], layer([t(4), t(4)])[0]]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CALLS)
def test_a_structure_comes_back(name: str, tmp_path: Path) -> None:
    config = model_of(lambda _, t: CALLS[name](t))
    assert gap_of(config, tmp_path / "page.py") == ""


# A layer is called with each of these.
GIVEN: dict[str, Callable[[Any], Any]] = {
    "list": lambda t: [t(8, 8, 3), t(8, 8, 3)],
    "list of one": lambda t: [t(8, 8, 3)],
    "dict": image,
}


def called(name: str, tensors: Callable[[Any], Any], _: Any, t: Any) -> Any:
    cls, row = find(library(), ROWS[name]), ROWS[name]
    return cls(**required(library(), cls, row))(tensors(t))


@pytest.mark.sweep
@pytest.mark.filterwarnings("ignore")
def test_every_layer_returns_what_the_table_says(tmp_path: Path) -> None:
    gaps, mirroring = [], set()
    for name in ROWS:
        kind, _, short = name.rpartition(".")
        for given, tensors in GIVEN.items() if kind == "layers" else ():
            if given == "list of one" and short not in MIRRORS:
                continue  # global pooling infers a shape for it, and fails when it runs
            try:
                config = model_of(partial(called, name, tensors))
            except Exception:  # what Keras does not take is no call
                continue
            gap = gap_of(config, tmp_path / "page.py")
            gaps += [f"{short}, {given}: {gap}"] if gap else []
            ends = config["config"]["output_layers"]
            if isinstance(ends, dict) or isinstance(ends[0], list):
                mirroring.add(short)
    assert gaps == []
    assert mirroring == MIRRORS
