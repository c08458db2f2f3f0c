"""The shape of an input that no file records, read off the first weight.

weight_0.npy of shape (784, 64) before a Dense   ->   Input((784,))
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from kcodegen.diagnostics import CompileError, Diagnostic, Origin, rejected
from kcodegen.ir.graph import Graph, Layer, Shape
from kcodegen.ir.values import Args, Hole, Obj, lookup
from kcodegen.weights.files.npy import folder, read_header
from kcodegen.weights.variables.slots import slots

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
# Layers that need a time axis or a picture, which the kernel of a Dense doesn't tell.
_TIMED = frozenset(_RULES) - {"Dense", "Embedding"} | {
    "Bidirectional",
    "Flatten",
    "GlobalAveragePooling1D",
    "GlobalMaxPooling1D",
    "RNN",
    "TimeDistributed",
}
# Layers that need to know every length of their input.
_FIXED = frozenset("Flatten Reshape Permute RepeatVector".split())


def with_input_shape(graph: Graph, weights: Path) -> Graph:
    """Return the graph with its missing input shape filled in from the first of its weights.

    `weights` is a folder of `.npy` or another file of weights. A graph that records its shape is
    returned as it is. Raises CompileError where the weight leaves the shape open, FileError for a
    folder that can't be read.
    """
    first = graph.layers[0] if graph.layers else None
    if first is None or not any(isinstance(value, Hole) for _, value in first.args):
        return graph
    name = "weight_0.npy" if weights.is_dir() else weights.name
    shape = _input_shape(graph.layers[1:], _first_shape(weights))
    if shape is None:
        hint = "say it: --input-shape 28,28,1"
        raise rejected("input-shape", f"{name} doesn't tell the input's shape", Origin(), hint)
    args: Args = tuple((name, shape if isinstance(v, Hole) else v) for name, v in first.args)
    return replace(graph, layers=(replace(first, args=args), *graph.layers[1:]))


def _first_shape(weights: Path) -> tuple[int, ...]:
    """Return the shape of the first weight."""
    if weights.is_dir():
        return read_header(weights / "weight_0.npy").shape
    from kcodegen.weights.formats import first_shape  # few need it

    return first_shape(weights)


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
        if rule is None or len(weight) < 2 or not _is_plain(layer):
            return None
        shape = rule(weight)
        wants = _FIXED if None in shape else _TIMED
        return None if any(other.key.rpartition(".")[2] in wants for other in layers) else shape
    return None


def _is_plain(layer: Layer) -> bool:
    """Tell whether the channels of a layer's input come last, and all go through each filter."""
    first = lookup(layer.args, "data_format") == "channels_first"
    return not first and lookup(layer.args, "groups", 1) == 1


def check_folder(graph: Graph, directory: Path, is_for_keras2: bool = False) -> None:
    """Raise CompileError unless the files of a folder are the weights of the model.

    They have to be in the order of the Keras that the page is for. Nothing is checked where the
    variables of a layer are not known, and no size that isn't.
    """
    needed = slots(graph)
    if needed is None:
        return
    if is_for_keras2:
        from kcodegen.weights.matching.order import slots_of_keras2  # few pages are for Keras 2

        needed = slots_of_keras2(needed)
    found = folder(directory) if needed else ()
    if len(found) != len(needed):
        message = f"the model has {len(needed)} weights, the folder {len(found)}"
        hint = "is it the folder of this model? what an old Keras saved, --weights-out converts"
        raise rejected("weights", message, Origin(), hint)
    from kcodegen.weights.matching.owners import fits  # only folders of weights need it

    wrong = [
        Diagnostic("weights", f"weight_{i}.npy has shape {header.shape}, the model needs {shape}")
        for i, (header, slot) in enumerate(zip(found, needed, strict=True))
        for shape in [_written(slot.shape)]
        if not fits(slot.shape, header.shape)
    ]
    if wrong:
        raise CompileError(wrong)


def _written(shape: Shape | None) -> str:
    """Return a shape for a message; a size that isn't known is `?`."""
    return str(shape).replace("None", "?")
