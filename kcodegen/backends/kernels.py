"""Kernels: how large the convolution of a step is, for branches are called by it: `branch5x5`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kcodegen.ir.formulas import fill
from kcodegen.ir.outline import Block, Item, Repeat, Step, Use, When
from kcodegen.ir.values import Args, Value
from kcodegen.naming.variables import POOL, largest

Kernel = tuple[int, ...]


def kernel_of(item: Item, blocks: Mapping[str, Block], env: Mapping[str, Value]) -> Kernel:
    """Return the largest kernel in an item, POOL where it only pools, () where there is none."""
    match item:
        case Step(layer=None):
            return ()
        case Step(layer=layer):
            assert layer is not None
            return _of_layer(layer.key.rpartition(".")[2], layer.args, env)
        case Use(block=name, filling=filling):
            inner = {param: fill(value, env) for param, value in filling}
            return largest(kernels(blocks[name].body.steps, blocks, inner))
        case Repeat(count=count) if fill(count, env) == 0:
            return ()
        case Repeat(body=body):
            return largest(kernels(body.steps, blocks, env))
        case When(body=body, orelse=orelse):
            return largest(kernels((*body.steps, *orelse.steps), blocks, env))


def kernels(
    items: Iterable[Item], blocks: Mapping[str, Block], env: Mapping[str, Value]
) -> list[Kernel]:
    """Return the kernels of items."""
    return [kernel_of(item, blocks, env) for item in items]


def _of_layer(name: str, args: Args, env: Mapping[str, Value]) -> Kernel:
    if "Pooling" in name:
        return POOL
    if "Transpose" in name:
        return ()
    size = fill(dict(args).get("kernel_size"), env)
    if isinstance(size, int) and name[-2:] in ("1D", "2D", "3D"):
        return (size,) * int(name[-2])
    sizes = tuple(n for n in size if isinstance(n, int)) if isinstance(size, tuple) else ()
    return sizes if isinstance(size, tuple) and len(sizes) == len(size) else ()
