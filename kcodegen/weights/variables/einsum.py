"""The weights of an EinsumDense, from its equation.

    EinsumDense("abc,cde->abde", output_shape=(None, 4, 8), bias_axes="de"), built with (None, 5, 6)
        ->  (6, 4, 8), (4, 8)

Source: `_analyze_einsum_string` of `keras.src.layers.core.einsum_dense`.
"""

from __future__ import annotations

import re

from kcodegen.ir.graph import Shape
from kcodegen.ir.values import Value
from kcodegen.weights.variables.definition import (
    Definition,
    Slots,
    UnknownWeightsError,
    dimension,
    whole,
)

_PLAIN = re.compile(r"([a-zA-Z]+),([a-zA-Z]+)->([a-zA-Z]+)")
_LEFT = re.compile(r"\.\.\.([a-zA-Z]+),([a-zA-Z]+)->\.\.\.([a-zA-Z]+)")
_RIGHT = re.compile(r"([a-zA-Z]{2,})\.\.\.,([a-zA-Z]+)->([a-zA-Z]+)\.\.\.")


def einsum_slots(definition: Definition) -> Slots:
    """Return the kernel and, with `bias_axes`, the bias."""
    equation, bias_axes = definition.value("equation"), definition.value("bias_axes")
    if not isinstance(equation, str) or not isinstance(bias_axes, (str, type(None))):
        raise UnknownWeightsError
    forms = ((_PLAIN, False), (_LEFT, True), (_RIGHT, False))
    found = ((form.fullmatch(equation), left) for form, left in forms)
    match, left = next(((match, left) for match, left in found if match), (None, False))
    if match is None:
        raise UnknownWeightsError
    inputs, kernel, outputs = match.groups()
    if not set(kernel) <= {*inputs, *outputs}:
        raise UnknownWeightsError
    shape = definition.shape()
    if shape is None:
        kernel_shape, bias = _without_shape(definition, kernel, outputs, left)
    else:
        kernel_shape, bias = _shapes(definition, match, shape, left)
    weights = (definition.slot("kernel", kernel_shape),)
    return weights if bias_axes is None else (*weights, definition.slot("bias", bias))


def _shapes(
    definition: Definition, match: re.Match[str], shape: Shape, left: bool
) -> tuple[Shape, Shape]:
    """Return the shapes of kernel and bias of a layer that was built with `shape`."""
    inputs, kernel, outputs = match.groups()
    elided = len(shape) - len(inputs)
    full = _output_shape(definition, shape, elided, left)
    # With leading axes left out, letters of the input count from its end.
    start = -len(inputs) if left else 0
    skipped = elided if left else 0
    axes = {letter: (shape, start + i) for i, letter in enumerate(inputs)}
    axes |= {letter: (full, skipped + i) for i, letter in enumerate(outputs)}
    bias = _bias_shape(definition.value("bias_axes"), outputs, full, skipped)
    kernel_shape = tuple(dimension(*axes[letter]) for letter in kernel)
    return kernel_shape, bias if left else bias + (1,) * elided


def _without_shape(
    definition: Definition, kernel: str, outputs: str, left: bool
) -> tuple[Shape, Shape | None]:
    """Return what the output shape alone tells of kernel and bias."""
    given = _given_sizes(definition)
    # The batch is the first letter, unless dots stand for it.
    known = dict(zip(outputs if left else outputs[1:], given, strict=False))
    return tuple(known.get(letter) for letter in kernel), None


def _output_shape(definition: Definition, shape: Shape, elided: int, left: bool) -> Shape:
    """Return the whole output shape: the argument lacks the batch and what `...` stands for."""
    known = _given_sizes(definition)
    if elided < 0 or not shape:
        raise UnknownWeightsError
    if left:
        return (shape[0], *reversed(shape[1:elided]), *known)
    return (shape[0], *known, *shape[len(shape) - elided :])


def _given_sizes(definition: Definition) -> Shape:
    """Return the argument `output_shape`, which lacks the batch."""
    given = definition.value("output_shape")
    partial = given if isinstance(given, tuple) else (given,)
    return tuple(None if size is None else whole(size) for size in partial)


def _bias_shape(bias_axes: Value, outputs: str, full: Shape, skipped: int) -> Shape:
    """Return the bias' shape: from its first letter on, with 1 for the letters it has not."""
    if not isinstance(bias_axes, str):
        return ()
    first = min((outputs.find(letter) for letter in bias_axes), default=-1)
    if first < 0:
        raise UnknownWeightsError
    return tuple(
        dimension(full, skipped + i) if outputs[i] in bias_axes else 1
        for i in range(first, len(outputs))
    )
