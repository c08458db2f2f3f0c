"""Encoders that keep what decoders take back: two loops and a list between them."""

from __future__ import annotations

import pytest

from kcodegen.ir.graph import Call, Graph, Layer
from kcodegen.ir.outline import Repeat
from kcodegen.ir.values import Ref
from kcodegen.structure.expand import expand
from kcodegen.structure.recover import recover
from tests.structure.test_recover import assert_nothing_is_lost, page

DENSE, JOIN = "keras.layers.Dense", "keras.layers.Concatenate"


class Net:
    """Builds a graph call by call."""

    def __init__(self) -> None:
        self.layers = [Layer("image", "keras.Input", (("shape", (8,)),))]
        self.calls = [Call("image/0", "layer", "image")]

    def call(self, key: str, name: str, *x: Ref, **args: int) -> Ref:
        self.layers.append(Layer(name, key, tuple(args.items())))
        given = x if len(x) > 1 else x[0]
        self.calls.append(Call(f"{name}/0", "layer", name, (given,)))
        return Ref(f"{name}/0")

    def graph(self, end: Ref) -> Graph:
        ends = Ref("image/0"), end
        return Graph("net", "keras.Model", tuple(self.layers), tuple(self.calls), *ends)


def hourglass(depth: int, order: str = "reversed", again: bool = False) -> Graph:
    """Return a net that goes down `depth` times and up again."""
    net, x = Net(), Ref("image/0")
    skips = []
    for i in range(1, depth + 1):
        x = net.call(DENSE, f"down{i}_dense", x, units=2 ** (i + 3))
        x = net.call("keras.layers.ReLU", f"down{i}_relu", x)
        skips.append(x)
        x = net.call("keras.layers.Dropout", f"down{i}_drop", x, rate=1)
    kept = list(skips)
    for i in range(depth, 0, -1):
        x = net.call(DENSE, f"up{i}_dense", x, units=2 ** (i + 3))
        skip = skips.pop() if order == "reversed" else skips.pop(0)
        x = net.call(JOIN, f"up{i}_join", x, skip)
    return net.graph(net.call(JOIN, "last", x, kept[0]) if again else x)


def code(graph: Graph) -> str:
    assert_nothing_is_lost(graph)
    text = page(graph)
    return text[text.index("def build_model") : text.index("def load_weights")]


@pytest.mark.parametrize("depth", [3, 4, 6])
def test_an_encoder_fills_the_list_that_a_decoder_empties(depth):
    text = code(hourglass(depth))
    assert text.count("    for ") == 2
    assert text.count("skips.append(x)") == text.count("skips.pop()") == 1
    assert "skips[" not in text


def test_a_decoder_counts_down_as_its_names_do():
    graph = hourglass(4)
    loops = [item for item in recover(graph).steps if isinstance(item, Repeat)]
    assert [(loop.start, loop.step) for loop in loops] == [(1, 1), (4, -1)]
    assert "((4, 128), (3, 64), (2, 32), (1, 16))" in code(graph)


def test_a_list_that_is_used_again_is_gone_through_not_emptied():
    text = code(hourglass(4, again=True))
    assert ".pop()" not in text
    assert "zip(range(4, 0, -1), (128, 64, 32, 16), reversed(skips))" in text
    assert "[x, skips[0]]" in text


def test_what_is_taken_from_the_front_is_not_popped():
    text = code(hourglass(4, order="forward"))
    assert ".pop()" not in text
    assert "zip(range(4, 0, -1), (128, 64, 32, 16), skips)" in text


def test_a_loop_over_a_list_alone_needs_no_zip():
    net, x, skips = Net(), Ref("image/0"), []
    for i in range(3):
        x = net.call(DENSE, f"down{i}", x, units=8)
        x = net.call("keras.layers.ReLU", f"relu{i}", x)
        skips.append(x)
        x = net.call("keras.layers.Dropout", f"drop{i}", x, rate=1)
    for i, skip in enumerate(skips):
        x = net.call("keras.layers.Add", f"sum{i}", skip, x)
        x = net.call(DENSE, f"mixed{i}", x, units=8)
        x = net.call("keras.layers.ReLU", f"end{i}", x)
    x = net.call(JOIN, "last", x, *skips)
    text = code(net.graph(x))
    assert "    for i, skip in enumerate(skips):\n" in text


def test_two_steps_are_no_loop_for_the_sake_of_a_list():
    assert "skips" not in code(hourglass(2))


def test_single_steps_take_from_the_end_as_well():
    """An encoder in a loop, and a decoder whose steps are all different."""
    net, x, skips = Net(), Ref("image/0"), []
    for i in range(4):
        x = net.call(DENSE, f"down{i}", x, units=8)
        x = net.call("keras.layers.ReLU", f"relu{i}", x)
        skips.append(x)
        x = net.call("keras.layers.Dropout", f"drop{i}", x, rate=1)
    ends = ("Add", "Multiply", "Maximum", "Concatenate")
    for name in ends:
        x = net.call(f"keras.layers.{name}", name.lower(), x, skips.pop())
    text = code(net.graph(x))
    assert text.count("[x, skips.pop()]") == 4


def test_a_loop_that_counts_down_expands_in_its_order():
    graph = hourglass(5)
    names = [call.target for call in expand(recover(graph)).calls]
    assert [name for name in names if name.endswith("join")] == [
        f"up{i}_join" for i in range(5, 0, -1)
    ]
