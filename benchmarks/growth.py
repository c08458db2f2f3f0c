"""Measures how recovery grows with the size of a model, and draws it.

    python benchmarks/growth.py [-o benchmarks/growth.svg]

Two families of 500 to 20,000 layers: a plain chain, and residual blocks. One process, CPU seconds.
The goal: 5,000 regular layers in at most 1.5 s, and twice the layers in at most 2.6 times the time.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections.abc import Callable
from pathlib import Path

from kcodegen.ir.graph import Call, Graph, Layer
from kcodegen.ir.values import Ref, Value
from kcodegen.structure.recover import recover

SIZES = (500, 1000, 2000, 5000, 10_000, 20_000)
GOAL, AT, FACTOR = 1.5, 5000, 2.6
WIDTH, HEIGHT, MARGIN = 640, 400, 60
COLORS = ("#1f77b4", "#d62728")


class Maker:
    """Collects the layers of a graph, each called once."""

    def __init__(self) -> None:
        self.layers = [Layer("a", "keras.Input", (("shape", (8,)),))]
        self.calls = [Call("a/0", "layer", "a")]

    def add(self, name: str, key: str, operand: Value, **args: Value) -> Ref:
        self.layers.append(Layer(name, key, tuple(args.items())))
        self.calls.append(Call(f"{name}/0", "layer", name, (operand,)))
        return Ref(f"{name}/0")

    def graph(self, end: Ref) -> Graph:
        layers, calls = tuple(self.layers), tuple(self.calls)
        return Graph("m", "keras.Model", layers, calls, Ref("a/0"), end)


def chain(size: int) -> Graph:
    """Return Dense and ReLU in turn."""
    maker, x = Maker(), Ref("a/0")
    for i in range(size // 2):
        x = maker.add(f"dense_{i}", "keras.layers.Dense", x, units=8)
        x = maker.add(f"relu_{i}", "keras.layers.ReLU", x)
    return maker.graph(x)


def residual(size: int) -> Graph:
    """Return residual blocks of four layers."""
    maker, x = Maker(), Ref("a/0")
    for i in range(size // 4):
        y = maker.add(f"block{i}_dense1", "keras.layers.Dense", x, units=8)
        y = maker.add(f"block{i}_relu", "keras.layers.ReLU", y)
        y = maker.add(f"block{i}_dense2", "keras.layers.Dense", y, units=8)
        x = maker.add(f"block{i}_add", "keras.layers.Add", (x, y))
    return maker.graph(x)


FAMILIES: dict[str, Callable[[int], Graph]] = {"chain": chain, "residual blocks": residual}


def seconds(graph: Graph) -> float:
    """Return the CPU time of one recovery."""
    gc.collect()
    gc.disable()
    start = time.process_time()
    recover(graph)
    taken = time.process_time() - start
    gc.enable()
    return taken


def drawn(found: dict[str, list[float]]) -> str:
    """Return the measurements as an SVG picture."""
    top = max(max(values) for values in found.values())
    right, bottom = WIDTH - MARGIN, HEIGHT - MARGIN

    def place(size: float, value: float) -> str:
        x = MARGIN + size / SIZES[-1] * (right - MARGIN)
        return f"{x:.1f},{bottom - value / top * (bottom - MARGIN):.1f}"

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}">']
    parts.append('<g font-family="sans-serif" font-size="12">')
    axes = f"{MARGIN},{MARGIN} {MARGIN},{bottom} {right},{bottom}"
    parts.append(f'<polyline points="{axes}" fill="none" stroke="black"/>')
    for size in SIZES[2:]:
        x = place(size, 0).partition(",")[0]
        parts.append(f'<text x="{x}" y="{bottom + 18}" text-anchor="middle">{size:,}</text>')
    for step in range(5):
        value = top * step / 4
        y = place(0, value).partition(",")[2]
        parts.append(f'<text x="{MARGIN - 8}" y="{y}" text-anchor="end">{value:.1f} s</text>')
    for color, (name, values) in zip(COLORS, found.items(), strict=True):
        points = " ".join(place(s, v) for s, v in zip(SIZES, values, strict=True))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{color}"/>')
        x, _, y = place(SIZES[-1], values[-1]).partition(",")
        parts.append(
            f'<text x="{x}" y="{float(y) - 6}" text-anchor="end" fill="{color}">{name}</text>'
        )
    parts.append(f'<text x="{right}" y="{bottom + 40}" text-anchor="end">layers</text>')
    return "\n".join([*parts, "</g>", "</svg>", ""])


def main() -> int:
    """Measure, print, draw, and return 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, help="write the picture to this file")
    asked = parser.parse_args()
    found: dict[str, list[float]] = {}
    is_met = True
    for name, family in FAMILIES.items():
        found[name] = [seconds(family(size)) for size in SIZES]
        print(
            f"{name}: "
            + ", ".join(f"{s:,}: {t:.2f} s" for s, t in zip(SIZES, found[name], strict=True))
        )
        is_met &= found[name][SIZES.index(AT)] <= GOAL
        is_met &= found[name][-1] <= FACTOR * found[name][-2]
    if asked.output is not None:
        asked.output.write_text(drawn(found), "utf-8")
    print("ok" if is_met else "a goal is missed")
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
