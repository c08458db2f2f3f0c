"""One trial of each form in which a function of keras.ops is called: its page, and its numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from kcodegen import CompileError, compile_model
from kcodegen.verification.configs import differences
from kcodegen.verification.rebuild import build, described, fresh_keras, import_page
from tests.keras2_target.harness import KERAS_2, built
from tests.objects.op_calls import Called, calls, special_calls
from tests.objects.op_values import numbers


@dataclass(slots=True)
class Trials:
    """What came of the calls of a function: what is wrong, and the forms that ran or did not.

    `ran` and `ran_on_2` are the calls whose numbers were compared, by their forms; `idle` the forms
    that TensorFlow does not run with any shape here, with what it said.
    """

    tried: list[Called] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    ran: dict[str, Called] = field(default_factory=dict)
    ran_on_2: dict[str, Called] = field(default_factory=dict)
    idle: dict[str, str] = field(default_factory=dict)


def trials(name: str, page: Path, most: int = 10_000) -> Trials:
    """Try the first calls of a function, each form until it has run."""
    found = Trials()
    for place, call in enumerate(chain(special_calls(name), calls(name, found.ran.keys()))):
        if place == most:
            break
        found.tried.append(call)
        found.wrong += [f"ops.{name}, {call.said}: {gap}" for gap in gaps(call, page, found)]
    found.idle = {form: why for form, why in found.idle.items() if form not in found.ran}
    return found


def gaps(call: Called, page: Path, found: Trials) -> Iterator[str]:
    """Yield what is wrong with the pages of one call, and note whether it ran."""
    try:
        page.write_text(compile_model(call.config).text, "utf-8")
    except CompileError as error:
        yield error.diagnostics[0].message
        return
    fresh_keras()
    rebuilt = build(import_page(page))
    yield from differences(call.plain, described(rebuilt).config)
    model = call.again()
    given = inputs_of(model)
    try:
        wanted = outputs_of(model, given)
    except Exception as error:  # TensorFlow has not every call that Keras takes
        found.idle[call.form] = one_line(error)
        return
    found.ran[call.form] = call
    try:
        if not equal(outputs_of(rebuilt, given), wanted):
            if equal(outputs_of(call.again(), given), wanted):
                yield "other numbers"
            del found.ran[call.form]
            found.idle[call.form] = "each model of it computes other numbers"
            return
    except Exception as error:
        yield f"it does not run: {one_line(error)}"
    yield from gaps_on_2(call, page, found, given, wanted)


def one_line(error: Exception) -> str:
    """Return what an exception says, in short."""
    return " ".join(str(error).split())[:300]


def gaps_on_2(
    call: Called, page: Path, found: Trials, given: list[Any], wanted: list[Any]
) -> Iterator[str]:
    """Yield what is wrong with the page for Keras 2 of a call, which it may refuse."""
    try:
        page.write_text(compile_model(call.config, KERAS_2).text, "utf-8")
    except CompileError as error:
        codes = {problem.code for problem in error.diagnostics}
        if codes != {"needs-keras3"}:
            yield f"for Keras 2: {codes}"
        return
    try:
        ours = outputs_of(built(import_page(page)), given)
    except Exception as error:
        yield f"for Keras 2: {one_line(error)}"
        return
    found.ran_on_2[call.form] = call
    if not equal(ours, wanted):
        yield "other numbers for Keras 2"


def inputs_of(model: Any, seed: int = 0) -> list[Any]:
    """Return what the inputs of a model are given, each by its type and the name that it has."""
    random = np.random.default_rng(seed)
    found = []
    for tensor in model.inputs:
        shape = tuple(2 if size is None else size for size in tensor.shape)
        kind = tensor.dtype if isinstance(tensor.dtype, str) else tensor.dtype.name
        found.append(tf.constant(numbers(tensor.name.rstrip("0123456789"), kind, shape, random)))
    return found


def outputs_of(model: Any, given: list[Any]) -> list[Any]:
    """Return the outputs of a model as arrays."""
    made = model(given if len(given) > 1 else given[0], training=False)
    return [array_of(item) for item in tf.nest.flatten(made)]


def array_of(tensor: Any) -> Any:
    """Return a tensor, sparse or not, as an array."""
    return np.asarray(tf.sparse.to_dense(tensor) if isinstance(tensor, tf.SparseTensor) else tensor)


def equal(ours: list[Any], theirs: list[Any]) -> bool:
    """Say whether two models have computed the same."""
    return len(ours) == len(theirs) and all(
        a.shape == b.shape and np.allclose(a, b, 1e-5, 1e-5, equal_nan=True)
        for a, b in zip(ours, theirs, strict=True)
    )
