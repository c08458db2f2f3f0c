"""The variables of quantized layers, which are others than those of their class.

    Dense(4, dtype=QuantizedDTypePolicy("int8"))   ->   bias, kernel, kernel_scale

What is trained comes first. Source: the `quantized_build` methods of Keras 3.15.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from kcodegen.ir.graph import Shape
from kcodegen.ir.values import Obj, Value, lookup
from kcodegen.records import record
from kcodegen.weights.variables.definition import (
    Definition,
    Slot,
    Slots,
    UnknownWeightsError,
    whole,
)

_POLICY_MAP = "keras.dtype_policies.DTypePolicyMap"
# Defaults of `QuantizedFloat8DTypePolicy` and `Int4QuantizationConfig`.
_HISTORY, _BLOCK = 1024, 128
_NUMBER = re.compile(r"[0-9]{1,9}")
_EINSUM = "keras.layers.EinsumDense"


@record(frozen=True)
class Packing:
    """How a matrix is quantized.

    In int4 two numbers of the axis `packed` make a byte, the axis `cut` falls into blocks, and
    `indexed` tells whether their numbers are kept.
    """

    packed: int
    cut: int
    indexed: bool = True


_PACKINGS = {
    "kernel": Packing(1, 0),
    "embeddings": Packing(1, 1),
    "reverse_embeddings": Packing(0, 0, False),
}
_KERNELS = ("keras.layers.Dense", "keras.layers.EinsumDense")
_TABLES = ("keras.layers.Embedding", "keras.layers.ReversibleEmbedding")
_FLOAT8 = ("inputs", "kernel", "outputs_grad")


def quantized(definition: Definition, plain: Slots) -> Slots:
    """Return the variables of a quantized layer, from those that it would have.

    Raises UnknownWeightsError for a layer or a mode without a rule.
    """
    mode, policy = _mode(definition.value("dtype"))
    match mode.split("/"):
        case ["float8"] if definition.key in _KERNELS:
            return (*_float8(definition, policy), *plain)
        case ["int8"] if definition.key in (*_KERNELS, *_TABLES):
            return _replaced(plain, lambda slot: _int8(definition, slot))
        case ["int4", *sizes] if definition.key in (*_KERNELS, *_TABLES):
            block = _block(definition, sizes)
            return _replaced(plain, lambda slot: _int4(definition, slot, block))
        case ["gptq" | "awq" as method, bits, size] if definition.key in _KERNELS:
            packs = method == "awq" or bits == "4"
            group = None if size == "-1" else _group(size)
            return _replaced(
                plain, lambda slot: _calibrated(definition, slot, method, packs, group)
            )
        case _:
            raise UnknownWeightsError


def is_packed(slot: Slot) -> bool:
    """Tell whether a variable is the kernel of a Dense in int4, which has no blocks."""
    if slot.key != _KERNELS[0] or slot.role != "kernel":
        return False
    try:
        return _mode(lookup(slot.args, "dtype"))[0] == "int4"
    except UnknownWeightsError:
        return False


def _mode(dtype: Value) -> tuple[str, Obj | None]:
    """Return the mode of a policy, and the policy where it is an object."""
    if isinstance(dtype, str):
        return dtype.partition("_from_")[0], None
    if isinstance(dtype, Obj) and dtype.key != _POLICY_MAP:
        mode = lookup(dtype.args, "mode")
        if isinstance(mode, str):
            return mode, dtype
    raise UnknownWeightsError


def _block(definition: Definition, sizes: list[str]) -> int | None:
    """Return how many numbers share a scale in int4; None when a whole channel does."""
    config = definition.value("quantization_config")
    if isinstance(config, Obj):
        size = lookup(config.args, "block_size", _BLOCK)
    else:
        size = int(sizes[0]) if sizes and _NUMBER.fullmatch(sizes[0]) else None
    if size is None or size == -1:
        return None
    return whole(size) or None


def _replaced(plain: Slots, quantize: Callable[[Slot], Slots]) -> Slots:
    """Return the variables with the matrices quantized; those are not trained, and come last."""
    kept = tuple(slot for slot in plain if slot.role not in _PACKINGS)
    return (*kept, *(new for slot in plain if slot.role in _PACKINGS for new in quantize(slot)))


def _int8(definition: Definition, slot: Slot) -> Slots:
    """Return a matrix in int8, and the scales of its channels."""
    scales = None
    if slot.shape is not None and definition.key != _EINSUM:
        scales = (slot.shape[1 - _PACKINGS[slot.role].cut],)
    return replace(slot, trained=False), definition.slot(f"{slot.role}_scale", scales, False)


def _int4(definition: Definition, slot: Slot, block: int | None) -> Slots:
    """Return a matrix in int4, its scales, and with blocks their zero points and their numbers."""
    packing = _PACKINGS[slot.role]
    shape = slot.shape if definition.key != _EINSUM else None
    packed = _divided(shape, packing.packed, 2)
    found = (
        replace(slot, shape=packed, trained=False),
        definition.slot(f"{slot.role}_scale", _scales(shape, packing, block), False),
    )
    if block is None:
        return found
    zero = definition.slot(f"{slot.role}_zero", _scales(shape, packing, block), False)
    index = definition.slot("g_idx", None if shape is None else (shape[packing.cut],), False)
    return (*found, zero, index) if packing.indexed else (*found, zero)


def _group(size: str) -> int:
    """Return how many numbers share a scale, one at least."""
    if not _NUMBER.fullmatch(size) or int(size) == 0:
        raise UnknownWeightsError
    return int(size)


def _calibrated(
    definition: Definition, slot: Slot, method: str, packs: bool, group: int | None
) -> Slots:
    """Return a transposed kernel as GPTQ and AWQ leave it, and what turns it into numbers."""
    shape = slot.shape if definition.key != _EINSUM else None
    kernel: Shape | None = None
    scales: Shape | None = None
    rows: Shape | None = None
    if shape is not None:
        inputs, outputs = shape
        groups = 1 if group is None or inputs is None else -(-inputs // group)
        scales = (outputs, None if group is not None and inputs is None else groups)
        kernel, rows = (outputs, inputs), (inputs,)
    shapes = {
        "quantized_kernel": _divided(kernel, 0, 2) if packs else kernel,
        "kernel_scale": scales,
        "kernel_zero": scales,
    }
    shapes |= {"awq_scales": rows} if method == "awq" else {}
    shapes |= {"g_idx": rows}
    return tuple(definition.slot(role, shape, False) for role, shape in shapes.items())


def _scales(shape: Shape | None, packing: Packing, block: int | None) -> Shape | None:
    if block is None:
        return (None,) if shape is None else (shape[1 - packing.cut],)
    if shape is None:
        return None
    return _divided(shape, packing.cut, block)


def _divided(shape: Shape | None, axis: int, by: int) -> Shape | None:
    """Return a shape with one size divided and rounded up."""
    if shape is None:
        return None
    sizes = list(shape)
    size = sizes[axis]
    sizes[axis] = None if size is None else -(-size // by)
    return tuple(sizes)


def _float8(definition: Definition, policy: Obj | None) -> Slots:
    """Return the scales, and the largest numbers seen, that float8 keeps of each product."""
    length = whole(lookup(policy.args, "amax_history_length", _HISTORY) if policy else _HISTORY)
    return tuple(
        slot
        for part in _FLOAT8
        for slot in (
            definition.slot(f"{part}_scale", ()),
            definition.slot(f"{part}_amax_history", (length,)),
        )
    )
