"""Convolutions of Keras 1 that were padded fully: a layer for the zeros, and a plain convolution.

Convolution2D(8, 3, 3, border_mode="full")   ->   ZeroPadding2D(2), Conv2D(8, 3)
"""

from __future__ import annotations

from kcodegen.ir.document import Json, Node, Placed

FULL = "full"
_LAYERS = {"Conv1D": "ZeroPadding1D", "Conv2D": "ZeroPadding2D", "Conv3D": "ZeroPadding3D"}


def can_be_full(child: Node, new_class: str) -> bool:
    """Tell whether a layer may get one before it: one inside of a wrapper may not."""
    layer = child.parent.parent if child.parent is not None else None
    return new_class in _LAYERS and layer is not None and layer.key != "layer"


def with_padding(layers: list[Json]) -> list[Json]:
    """Return layers, each that is padded fully with the zeros before it."""
    found: list[Json] = []
    for layer in layers:
        if isinstance(layer, Placed) and _is_full(layer):
            found += _apart(layer)
        else:
            found.append(layer)
    return found


def _is_full(layer: Placed) -> bool:
    config = layer.get("config")
    return isinstance(config, dict) and config.get("padding") == FULL


def _apart(layer: Placed) -> tuple[Json, Json]:
    """Return the layer that puts zeros around, and the convolution behind it."""
    config = layer["config"]
    assert isinstance(config, Placed)
    name = f"{config.get('name')}_padding"
    zeros: dict[str, Json] = {"name": name, "padding": _sides(config)}
    if "data_format" in config:
        zeros["data_format"] = config["data_format"]
    plain = Placed({**config, "padding": "valid"}, config.pointer, config.was)
    before: dict[str, Json] = {
        "name": name,
        "class_name": _LAYERS[str(layer["class_name"])],
        "config": Placed(zeros, config.pointer, config.was),
    }
    behind: dict[str, Json] = {**layer, "config": plain}
    nodes = layer.get("inbound_nodes")
    if isinstance(nodes, list):
        before["inbound_nodes"] = nodes
        behind["inbound_nodes"] = [[[name, use, 0]] for use in range(len(nodes))]
    return Placed(before, layer.pointer, layer.was), Placed(behind, layer.pointer, layer.was)


def _sides(config: Placed) -> Json:
    """Return how many zeros stand on each side: all that a kernel can reach over the edge."""
    kernel, rate = config.get("kernel_size"), config.get("dilation_rate", 1)
    sizes = kernel if isinstance(kernel, list) else [kernel]
    rates = rate if isinstance(rate, list) else [rate] * len(sizes)
    zeros: list[Json] = [
        (size - 1) * step if isinstance(size, int) and isinstance(step, int) else None
        for size, step in zip(sizes, rates, strict=False)
    ]
    return zeros if len(zeros) > 1 else zeros[0]
