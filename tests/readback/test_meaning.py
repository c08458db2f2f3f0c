"""Pages that say the same in different words are read as the same model."""

from __future__ import annotations

import pytest

from kcodegen.ir.values import same
from kcodegen.readback import ReadBackError
from kcodegen.readback.canonical import canonical_graph
from tests.readback.pages import model, page, read

UNROLLED = """
a = keras.Input((4,), name="a")
x = layers.Dense(8, name="block1_dense")(a)
x = layers.ReLU(name="block1_relu")(x)
x = layers.Dense(16, name="block2_dense")(x)
x = layers.ReLU(name="block2_relu")(x)
return keras.Model(a, x, name="m")
"""
BLOCK = """
def block(x, units, name="block1"):
    x = layers.Dense(units, name=f"{name}_dense")(x)
    return layers.ReLU(name=name + "_relu")(x)
"""
SAME = {
    "a function": (
        """
        a = keras.Input((4,), name="a")
        x = block(a, 8)
        x = block(x, units=16, name="block2")
        return keras.Model(a, x, name="m")
        """,
        BLOCK,
    ),
    "a loop": (
        """
        a = keras.Input((4,), name="a")
        x = a
        for i in range(1, 3):
            x = block(x, 8 * i, f"block{i}")
        return keras.Model(a, x, name="m")
        """,
        BLOCK,
    ),
    "a table": (
        """
        a = keras.Input((4,), name="a")
        x = a
        for i, units in enumerate((8, 16), start=1):
            x = block(x, units, f"block{i}")
        return keras.Model(a, x, name="m")
        """,
        BLOCK,
    ),
    "lists": (
        """
        a = keras.Input((4,), name="a")
        x = a
        todo = [("block2", 16), ("block1", 8)]
        done = []
        for _ in range(len(todo)):
            name, units = todo.pop()
            x = block(x, units, name)
            done.append(name)
        return keras.Model(a, x, name="m")
        """,
        BLOCK,
    ),
    "a function inside": (
        """
        a = keras.Input((4,), name="a")
        units, name = 8, "block1"

        def step(x):
            name = "unseen outside"
            x = layers.Dense(units, name=f"{word}_dense")(x)
            return layers.ReLU(name=word + "_relu")(x)

        word = name
        x = step(a)
        units, word = 16, "block2"
        x = step(x)
        return keras.Model(a, x, name="m")
        """,
        "",
    ),
    "a condition": (
        """
        a = keras.Input((4,), name="a")
        x = a
        for i in reversed([2, 1]):
            if i == 2:
                x = block(x, i * 8, "block2")
            else:
                x = block(x, 8)
        return keras.Model(a, x, name="m")
        """,
        BLOCK,
    ),
    "the width of a tensor": (
        """
        a = keras.Input((4,), name="a")
        x = block(a, 2 * a.shape[-1])
        width = x.shape[-1]
        x = block(x, width + width, name="block2")
        return keras.Model(a, x, name="m")
        """,
        BLOCK,
    ),
    "defaults": (
        """
        a = keras.Input(shape=(4,), batch_size=None, name="a")
        x = layers.Dense(units=8, activation="linear", name="block1_dense")(a)
        x = layers.ReLU(max_value=None, name="block1_relu")(x)
        x = layers.Dense(16, kernel_initializer="glorot_uniform", name="block2_dense")(x)
        x = layers.ReLU(negative_slope=0.0, name="block2_relu")(x)
        return keras.Model(a, x, name="m")
        """,
        "",
    ),
}


@pytest.mark.parametrize("how", SAME)
def test_the_same_model_in_other_words(how):
    body, above = SAME[how]
    assert same(canonical_graph(model(body, above)), canonical_graph(model(UNROLLED)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Dense(8", "Dense(9"),
        ("Dense(8", "Dense(8.0"),
        ("block1_relu", "block1_ReLU"),
        ('name="m"', 'name="M"'),
        ("(4,)", "(5,)"),
        ("Model(a, x", "Model([a], x"),
        ("Model(a, x", "Model(a, [x]"),
        ("Model(a, x", "Model(a, {'x': x}"),
        ('block2_dense")(x)', 'block2_dense")(a)'),
        ("ReLU(", "ELU("),
        ("Dense(8,", "Dense(8, activation='relu',"),
        ("Dense(8,", "Dense(8, kernel_initializer='zeros',"),
        ("Dense(8,", "Dense(8, kernel_regularizer=regularizers.L2(),"),
        ("Dense(8,", "Dense(8, trainable=False,"),
        ('relu")(x)', 'relu")(x, training=True)'),
    ],
)
def test_another_model_is_not_taken_for_the_same(old, new):
    assert old in UNROLLED
    other = model(UNROLLED.replace(old, new, 1))
    assert not same(canonical_graph(other), canonical_graph(model(UNROLLED)))


def test_automatic_names_are_counted_in_the_order_of_the_page():
    graph = model(
        """
        one = layers.Dense(1)
        two = layers.Dense(2)
        a = keras.Input((4,))
        x = ops.add(one(two(a)), 1.0)
        x = layers.Add()([x, layers.Add()([x, x])])
        return keras.Model(a, x)
        """
    )
    units = {layer.name: dict(layer.args).get("units") for layer in graph.layers}
    assert units["dense"] == 1
    assert units["dense_1"] == 2
    assert {"input_layer", "add_1", "add_2"} <= set(units)
    assert graph.name == "functional"


def test_what_is_built_but_not_used_counts_too():
    graph = model("layers.Dense(1)\nreturn keras.Sequential([layers.Dense(2)])")
    assert [layer.name for layer in graph.layers] == ["dense_1"]


def test_a_shared_layer_is_one_layer():
    graph = model(
        """
        a = keras.Input((4,))
        shared = layers.Dense(4)
        return keras.Model(a, shared(shared(a)))
        """
    )
    assert [call.id for call in graph.calls] == ["input_layer/0", "dense/0", "dense/1"]


@pytest.mark.parametrize(
    "body",
    [
        "x = layers.Dens(4)",
        "x = layers.Dense(4, unit=4)",
        "x = layers.Dense(4, units=4)",
        "x = layers.Dense(4, name='')",
        "x = layers.Dense(4, name=4)",
        "x = layers.Dense(4)(1)(2)",
        "x = regularizers.L2()(4)",
        "x = ops.add(1, 2)",
        "x = ops.add(keras.Input((4,)), 2, 3)",
        "x = ops.add(keras.Input((4,)), 2, y=3)",
        "x = ops.nothing(keras.Input((4,)))",
        "x, y = layers.Dense(4)(keras.Input((4,)))",
        "x = {'a': 1, 'a': 2}",
        "x = {1: 2}",
        "x = [1][1]",
        "x = y",
        "x = keras.Model(1)",
        "x = 1 if keras.Input((4,)) else 3",
        "if keras.Input((4,)):\n    x = 1",
        "x = -'a'",
        "x = 'a' % 1",
        "x = 'a' * 2",
        "x = print",
        "x = keras()",
        "if keras.Input((4,)).shape:\n    x = 1",
        "x = keras.Input((4,)).shape[0]",
        "x = keras.Input((4, None)).shape[-1]",
        "x = layers.Flatten()(keras.Input((4, 4))).shape[-1]",
        "x = keras.Input((4,)).dtype",
        "x = [1].shape[-1]",
    ],
)
def test_what_means_nothing_is_refused(body):
    with pytest.raises(ReadBackError):
        read(page(f"{body}\nreturn keras.Sequential([layers.Dense(4)])"))
