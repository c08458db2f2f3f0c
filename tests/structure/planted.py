"""Graphs with planted repeats: blocks with parameters, optional parts, stages, skips, any names."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hypothesis import strategies as st

from kcodegen.ir.graph import Call, Graph, Layer
from kcodegen.ir.values import Obj, Ref, Value

KINDS = {
    "dense": "keras.layers.Dense",
    "norm": "keras.layers.LayerNormalization",
    "relu": "keras.layers.ReLU",
    "drop": "keras.layers.Dropout",
    "act": "keras.layers.Activation",
}
STYLES = ("block{i}_{w}", "stage{s}_block{i}_{w}", "{w}_{i}", "b{s}{c}_{w}", "{w}", "")
WIDTH = 8


@dataclass
class Planter:
    """Builds a graph; names are unique, and automatic ones count up as Keras' do."""

    draw: st.DrawFn
    layers: dict[str, Layer] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def call(self, key: str, operands: Value, name: str, **args: Value) -> Ref:
        prefix = {"LayerNormalization": "layer_normalization", "ReLU": "re_lu"}.get(
            key.rpartition(".")[2], key.rpartition(".")[2].lower()
        )
        if not name or name in self.layers:
            count = self.counts.get(prefix, 0)
            name = f"{prefix}_{count}" if count else prefix
        if name == prefix or name.startswith(f"{prefix}_"):
            self.counts[prefix] = self.counts.get(prefix, 0) + 1
        if name in self.layers:
            name = f"{name}_again{len(self.layers)}"
        self.layers[name] = Layer(name, key, tuple(args.items()))
        self.calls.append(Call(f"{name}/0", "layer", name, (operands,) if operands else ()))
        return Ref(f"{name}/0")

    def again(self, name: str, x: Ref) -> Ref:
        """Call a layer once more."""
        uses = sum(call.target == name for call in self.calls)
        self.calls.append(Call(f"{name}/{uses}", "layer", name, (x,)))
        return Ref(f"{name}/{uses}")

    def input(self, name: str = "input_layer") -> Ref:
        return self.call("keras.Input", None, name, shape=(WIDTH,))

    def step(self, kind: str, x: Ref, name: str, units: int, rate: float) -> Ref:
        match kind:
            case "dense":
                start = Obj("keras.initializers.HeNormal", (("seed", None),))
                return self.call(
                    KINDS[kind], x, name, units=units, use_bias=False, kernel_initializer=start
                )
            case "drop":
                return self.call(KINDS[kind], x, name, rate=rate)
            case "act":
                return self.call(KINDS[kind], x, name, activation="tanh")
            case _:
                return self.call(KINDS[kind], x, name)


@dataclass(frozen=True)
class Template:
    """What a block does: its steps, whether each is optional, whether its input is added."""

    steps: tuple[tuple[str, bool], ...]
    joins: str


@st.composite
def templates(draw: st.DrawFn) -> Template:
    """Draw a block."""
    kinds = draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=5))
    steps = tuple((kind, draw(st.integers(0, 4)) == 0) for kind in kinds)
    return Template(steps, draw(st.sampled_from(("", "", "Add", "Concatenate"))))


@st.composite
def planted(draw: st.DrawFn) -> Graph:
    """Draw a functional graph of a few blocks, each repeated."""
    planter = Planter(draw)
    x = planter.input()
    ends = planter.input("second") if draw(st.booleans()) else None
    skips: list[Ref] = []
    for stage in range(1, draw(st.integers(1, 3)) + 1):
        template, style = draw(templates()), draw(st.sampled_from(STYLES))
        keeps = draw(st.integers(0, 3)) == 0
        first = draw(st.integers(0, 2))
        for i in range(first, first + draw(st.integers(1, 5))):
            x = _block(planter, template, style, stage, i, x)
            if keeps:
                skips.append(x)
    outputs: Value = x
    if ends is not None or skips:
        kept = [*([ends] if ends is not None else []), *skips, x]
        outputs = planter.call("keras.layers.Concatenate", tuple(dict.fromkeys(kept)), "joined")
        if len(set(kept)) < 2:
            outputs = x
            planter.calls.pop()
            planter.layers.pop("joined", None)
    inputs = (Ref("input_layer/0"), *([ends] if ends is not None else []))
    graph = Graph("planted", "keras.Model", tuple(planter.layers.values()), tuple(planter.calls))
    return replace(graph, inputs=inputs if len(inputs) > 1 else inputs[0], outputs=outputs)


def _block(planter: Planter, template: Template, style: str, stage: int, i: int, x: Ref) -> Ref:
    draw = planter.draw
    units = draw(st.sampled_from((WIDTH, WIDTH, 16, 32)))
    rate = draw(st.sampled_from((0.1, 0.2, 0.5)))
    words = {"s": stage, "i": i, "c": chr(ord("a") + i)}
    y = x
    for place, (kind, optional) in enumerate(template.steps):
        if optional and draw(st.booleans()):
            continue
        y = planter.step(kind, y, style.format(w=f"{kind}{place}", **words), units, rate)
    if template.joins and y != x:
        key = f"keras.layers.{template.joins}"
        y = planter.call(key, (x, y), style.format(w="join", **words))
    return y


@st.composite
def twins(draw: st.DrawFn) -> Graph:
    """Draw a graph that calls the same layers, in the same way or nearly so, for several inputs."""
    planter = Planter(draw)
    count, style = draw(st.integers(2, 4)), draw(st.sampled_from(("tower_{w}", "{w}", "")))
    inputs = [planter.input(name) for name in ("left", "right", "other", "more")[:count]]
    template, chained = draw(templates()), draw(st.booleans())
    first: dict[int, str] = {}
    ends: list[Ref] = []
    for place, x in enumerate(inputs):
        given = ends[-1] if chained and ends else x
        start = end = planter.step("norm", given, "", WIDTH, 0.1) if draw(st.booleans()) else given
        for i, (kind, optional) in enumerate(template.steps):
            if optional and draw(st.booleans()):
                continue
            if i in first:
                end = planter.again(first[i], end)
            else:
                end = planter.step(kind, end, style.format(w=f"{kind}{i}"), WIDTH, 0.2)
                first[i] = end.call.rpartition("/")[0]
        if template.joins and draw(st.integers(0, 3)):
            end = planter.call("keras.layers.Add", (start, end), f"sum{place}")
        ends.append(end)
    outputs = planter.call("keras.layers.Concatenate", (*ends, *inputs), "joined")
    graph = Graph("twins", "keras.Model", tuple(planter.layers.values()), tuple(planter.calls))
    return replace(graph, inputs=tuple(inputs), outputs=outputs)


@st.composite
def mirrored(draw: st.DrawFn) -> Graph:
    """Draw an encoder that keeps tensors, and a decoder that takes them back in some order."""
    planter = Planter(draw)
    x, style = planter.input(), draw(st.sampled_from(("down{i}_{w}", "{w}_{i}", "")))
    depth, template, other = draw(st.integers(2, 5)), draw(templates()), draw(templates())
    kept: list[Ref] = []
    for i in range(1, depth + 1):
        x = _block(planter, template, style, 1, i, x)
        kept.append(x)
        x = planter.step("drop", x, style.format(w="pool", i=i), WIDTH, 0.5)
    order = draw(st.sampled_from((list(range(depth))[::-1], list(range(depth)))))
    again = draw(st.integers(0, 3)) == 0
    for i in order:
        x = _block(planter, other, f"up_{style}" if style else "", 2, i, x)
        x = planter.call("keras.layers.Concatenate", (x, kept[i]), f"up_join{i}" if style else "")
    if again:
        x = planter.call("keras.layers.Add", (x, kept[0]), "last")
    graph = Graph("mirrored", "keras.Model", tuple(planter.layers.values()), tuple(planter.calls))
    return replace(graph, inputs=Ref("input_layer/0"), outputs=x)
