"""Layers that are called alike for several tensors: made once, called by a function."""

from __future__ import annotations

import pytest

from kcodegen.ir.graph import Call, Graph, Layer
from kcodegen.ir.outline import Repeat
from kcodegen.ir.values import Ref, Value
from kcodegen.structure.recover import recover
from tests.structure.test_recover import assert_nothing_is_lost, page

DENSE, NORM, RELU = "keras.layers.Dense", "keras.layers.LayerNormalization", "keras.layers.ReLU"


class Net:
    """Builds a graph whose layers may be called again."""

    def __init__(self, *inputs: str) -> None:
        self.layers: dict[str, Layer] = {}
        self.calls: list[Call] = []
        self.inputs = tuple(self.call(name, None, "keras.Input", shape=(8,)) for name in inputs)

    def call(self, name: str, x: Value, key: str = "", **args: Value) -> Ref:
        if key:
            self.layers[name] = Layer(name, key, tuple(args.items()))
        uses = sum(call.target == name for call in self.calls)
        self.calls.append(Call(f"{name}/{uses}", "layer", name, (x,) if x else ()))
        return Ref(f"{name}/{uses}")

    def tower(self, x: Ref, names: tuple[str, ...] = ("one", "two", "three")) -> Ref:
        for name in names:
            x = self.call(name, x, "" if name in self.layers else DENSE, units=8)
        return x

    def graph(self, *ends: Ref) -> Graph:
        end = self.call("joined", ends, "keras.layers.Concatenate") if len(ends) > 1 else ends[0]
        inputs = self.inputs if len(self.inputs) > 1 else self.inputs[0]
        return Graph(
            "net", "keras.Model", tuple(self.layers.values()), tuple(self.calls), inputs, end
        )


def code(graph: Graph) -> str:
    assert_nothing_is_lost(graph)
    text = page(graph)
    return text[text.index("def build_model") : text.index("def load_weights")]


@pytest.mark.parametrize("inputs", [("left", "right"), ("anchor", "positive", "negative")])
def test_a_tower_is_one_function_that_is_called_for_each_input(inputs):
    net = Net(*inputs)
    text = code(net.graph(*map(net.tower, net.inputs)))
    assert text.count("layers.Dense(") == 3
    assert "    def encode(x):\n        x = one(x)\n        x = two(x)\n" in text
    assert "        return three(x)\n\n" in text
    for name in inputs:
        assert f"    {name}_code = encode({name})\n" in text


def test_a_closure_is_named_after_its_layers():
    net = Net("user", "friend", "item", "other")
    both = ("tower_one", "tower_two", "tower_out")
    users, items = (tuple(f"{who}_{name}" for name in both) for who in ("user", "item"))
    pairs = zip(net.inputs, (users, users, items, items), strict=True)
    text = code(net.graph(*(net.tower(x, names) for x, names in pairs)))
    assert "    def user_tower(x):\n" in text
    assert "    other_code = item_tower(other)\n" in text


def test_two_layers_called_twice_need_no_function():
    net = Net("left", "right")
    assert "def encode" not in code(net.graph(*(net.tower(x, ("a", "b")) for x in net.inputs)))


def test_two_layers_called_often_need_one():
    net = Net("left", "right", "other")
    assert "def encode" in code(net.graph(*(net.tower(x, ("a", "b")) for x in net.inputs)))


def test_a_tower_that_is_called_for_its_own_output_is_a_loop():
    net = Net("image")
    x = net.inputs[0]
    for _ in range(5):
        x = net.tower(x)
    graph = net.graph(x)
    loops = [item for item in recover(graph).steps if isinstance(item, Repeat)]
    assert [loop.count for loop in loops] == [5]
    assert "def encode" not in code(graph)


def test_a_layer_in_the_middle_that_is_not_shared_ends_the_function():
    net = Net("left", "right")
    ends = []
    for x in net.inputs:
        x = net.tower(x)
        ends.append(net.call(f"own{len(ends)}", x, NORM))
    text = code(net.graph(*ends))
    assert "return three(x)" in text
    assert text.count("LayerNormalization") == 2


def test_a_layer_that_is_used_before_is_made_before():
    net = Net("left", "right")
    first = net.call("two", net.inputs[0], DENSE, units=8)
    ends = [net.tower(x) for x in net.inputs]
    text = code(net.graph(first, *ends))
    assert text.index('name="two"') < text.index('name="one"')
    assert "def encode" in text


def test_a_join_inside_takes_the_argument_of_the_function():
    net = Net("left", "right")
    ends = []
    for x in net.inputs:
        y = net.tower(x)
        ends.append(net.call("sum", (x, y), "" if ends else "keras.layers.Add"))
    text = code(net.graph(*ends))
    assert "        y = one(x)\n" in text
    assert "        return sum_([x, y])\n" in text


def test_a_layer_that_makes_others_when_called_keeps_its_place():
    """Made before the call, `dropout` would take the name of the attention's own one."""
    net = Net("left", "right")
    args = (("num_heads", 2), ("key_dim", 4), ("dropout", 0.5))
    net.layers["mha"] = Layer("mha", "keras.layers.MultiHeadAttention", args)
    ends = []
    for x in net.inputs:
        y = Ref(f"mha/{len(ends)}")
        net.calls.append(Call(y.call, "layer", "mha", (x, x)))
        first = "" if ends else "keras.layers.Dropout"
        y = net.call("dropout_1", y, first, rate=0.5)
        ends.append(net.call("relu", y, "" if ends else RELU))
    text = code(net.graph(*ends))
    assert "def encode" not in text
    assert text.index("mha(left, left)") < text.index("dropout_1 = layers.Dropout(0.5)\n")


def test_a_function_that_is_called_once_in_a_loop_is_its_body():
    """Six towers of the same layers, each with a head of its own."""
    names = tuple(f"input{i}" for i in range(6))
    net = Net(*names)
    ends = []
    for i, x in enumerate(net.inputs):
        x = net.tower(x)
        x = net.call(f"head{i}_dense", x, DENSE, units=4)
        ends.append(net.call(f"head{i}_relu", x, RELU))
    text = code(net.graph(*ends))
    assert "def encode" not in text
    assert "    for i, x in enumerate((input0, input1, input2, input3, input4, input5)):\n" in text
    assert "        x = one(x)\n" in text
