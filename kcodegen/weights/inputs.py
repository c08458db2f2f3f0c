"""The shape of an input that no file records, read off the first weight.

weight_0.npy of shape (784, 64) before a Dense   ->   Input((784,))
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from kcodegen.diagnostics import Origin, rejected
from kcodegen.ir.graph import Graph, Layer, Shape
from kcodegen.ir.values import Args, Hole, Obj, lookup
from kcodegen.weights.npy import read_header

Rule = Callable[[Shape], Shape]

# What the first weight of a layer says of one sample; None stands for a length it leaves open.
_RULES: dict[str, Rule] = {
    "Dense": lambda kernel: (kernel[0],),
    "Embedding": lambda _: (None,),
    "LSTM": lambda kernel: (None, kernel[0]),
    "GRU": lambda kernel: (None, kernel[0]),
    "SimpleRNN": lambda kernel: (None, kernel[0]),
    "Conv1D": lambda kernel: (None, kernel[-2]),
    "Conv2D": lambda kernel: (None, None, kernel[-2]),
    "Conv3D": lambda kernel: (None, None, None, kernel[-2]),
}
# Layers that hand a sample on in the shape it came in.
_UNCHANGED = frozenset("Dropout GaussianNoise GaussianDropout AlphaDropout Activation ReLU".split())
# Layers that need to know every length of their input.
_FIXED = frozenset("Flatten Reshape Permute RepeatVector".split())


def with_input_shape(graph: Graph, directory: Path) -> Graph:
    """Return the graph with its missing input shape filled in from `weight_0.npy`.

    A graph that records its shape is returned as it is. Raises CompileError where the weight
    leaves the shape open, FileError for a folder that can't be read.
    """
    first = graph.layers[0] if graph.layers else None
    if first is None or not any(isinstance(value, Hole) for _, value in first.args):
        return graph
    shape = _input_shape(graph.layers[1:], read_header(directory / "weight_0.npy").shape)
    if shape is None:
        hint = "say it: --input-shape 28,28,1"
        raise rejected("input-shape", "weight_0.npy doesn't tell the input's shape", Origin(), hint)
    args: Args = tuple((name, shape if isinstance(v, Hole) else v) for name, v in first.args)
    return replace(graph, layers=(replace(first, args=args), *graph.layers[1:]))


def _input_shape(layers: tuple[Layer, ...], weight: Shape) -> Shape | None:
    """Return the shape of one sample, from the first layer that has weights."""
    for layer in layers:
        name = layer.key.rpartition(".")[2]
        if name in _UNCHANGED:
            continue
        if name == "Bidirectional":
            inner = lookup(layer.args, "layer")
            name = inner.key.rpartition(".")[2] if isinstance(inner, Obj) else ""
        rule = _RULES.get(name)
        if rule is None or len(weight) < 2:
            return None
        shape = rule(weight)
        return None if None in shape and _needs_lengths(layers) else shape
    return None


def _needs_lengths(layers: tuple[Layer, ...]) -> bool:
    return any(layer.key.rpartition(".")[2] in _FIXED for layer in layers)
