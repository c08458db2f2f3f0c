"""Random graphs for Hypothesis: functional models whose shapes fit, so that Keras builds them too.

Every tensor is a sequence (None, 5, 4) or flat (None, 4). Layers are shared, models nested, calls
have several outputs and tensors among their keyword arguments, names are automatic, plain words
or hostile.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TypeVar

from hypothesis import strategies as st

from kcodegen.ir.graph import Call, Graph, Layer, Shape
from kcodegen.ir.order import flatten
from kcodegen.ir.values import Args, Dict, Obj, Ref, Slice, Value
from kcodegen.words import snake_case

SEQUENCE: Shape = (None, 5, 4)
FLAT: Shape = (None, 4)
NEST = 2

WORDS = """x y inputs outputs skip add dense dense_1 dense_2 dense_10 multiply lstm model functional
functional_1 sequential input_layer input_layer_1 layers keras ops np lambda class None print
build_model build_x block1_conv block2_conv a b c A main directory softmax dropout_3""".split()
HOSTILE = (
    '"""',
    "it's",
    'a "b"',
    "a\\b\n\r\tc",
    "{x}{{ y }}{% z %}",
    "#",
    "\u202e\u2066",
    "\u00e4\u540d\U0001f600",
    "__import__('os')",
    " ",
    "a>b:c|d",
    "x" * 200,
)

# key -> arguments; each keeps the shape of its input, of either kind
UNARY: dict[str, tuple[Args, ...]] = {
    "keras.layers.Dense": (
        (("units", 4),),
        (("units", 4), ("activation", "relu"), ("use_bias", False)),
        (
            ("units", 4),
            ("kernel_initializer", Obj("keras.initializers.HeNormal")),
            ("kernel_regularizer", Obj("keras.regularizers.L2", (("l2", 0.01),))),
        ),
    ),
    "keras.layers.Dropout": ((("rate", 0.5),), (("rate", 0.25), ("seed", 7))),
    "keras.layers.ReLU": ((), (("max_value", 6.0),)),
    "keras.layers.LayerNormalization": ((), (("epsilon", 1e-6),)),
    "keras.layers.Activation": ((("activation", "tanh"),),),
}
MERGES = tuple(f"keras.layers.{name}" for name in "Add Multiply Average Maximum Subtract".split())
BINARY_OPS = tuple(f"keras.ops.{name}" for name in "add subtract multiply maximum".split())
KEYS = ("a", "z", "B", "out", "x", 'q"', "sum", "class")
UNARY_OPS = tuple(f"keras.ops.{name}" for name in "absolute relu tanh negative".split())


T = TypeVar("T")


@cache
def _below(count: int) -> st.SearchStrategy[int]:
    """Return integers from 0; made once, as making strategies takes longer than drawing."""
    return st.integers(0, count - 1)


@dataclass(slots=True)
class _Sketch:
    """A graph in the making; `shapes` holds every tensor that can be used."""

    draw: st.DrawFn
    depth: int
    layers: dict[str, Layer] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    shapes: dict[Ref, Shape] = field(default_factory=dict)
    uses: Counter[str] = field(default_factory=Counter)
    met: dict[str, tuple[Shape, ...]] = field(default_factory=dict)

    def pick(self, choices: Sequence[T]) -> T:
        return choices[self.draw(_below(len(choices)))]

    def rarely(self) -> bool:
        return self.draw(_below(5)) == 4

    def or_not(self) -> bool:
        return self.draw(_below(2)) == 1

    def wish(self, prefix: str) -> str:
        """Draw a name for an object whose automatic names begin with `prefix`."""
        kind = self.draw(_below(4))
        if kind < 2:
            return self.pick((prefix, *(f"{prefix}_{count}" for count in range(1, 5))))
        return self.pick(WORDS if kind == 2 else HOSTILE)

    def name(self, key: str) -> str:
        """Draw a name that is still free, for a layer or an op."""
        wish = self.wish(snake_case(key.rpartition(".")[2]))
        taken = {*self.layers, *(call.name for call in self.calls)}
        free = (f"{wish}_{count}" if count else wish for count in itertools.count())
        return next(name for name in free if name not in taken)

    def tensor(self, shape: Shape) -> Ref:
        """Draw a tensor of this shape, mostly a late one."""
        known = [ref for ref, found in self.shapes.items() if found == shape]
        return self.pick(known[-3:] if self.or_not() else known)

    def has(self, shape: Shape) -> bool:
        return shape in self.shapes.values()

    def any_shape(self) -> Shape:
        return self.pick(sorted(set(self.shapes.values()), key=len))

    # What makes tensors

    def input(self, shape: Shape) -> Ref:
        name = self.name("keras.InputLayer")
        self.layers[name] = Layer(name, "keras.Input", (("shape", shape[1:]), ("batch_size", None)))
        return self.call(self.layers[name], (), (), (shape,))[0]

    def layer(self, key: str, args: Args = (), body: Graph | None = None) -> Layer:
        name = self.name(key) if body is None else self.free(body.name)
        self.layers[name] = Layer(name, key, args, body)
        return self.layers[name]

    def free(self, name: str) -> str:
        while name in self.layers or any(call.name == name for call in self.calls):
            name += "_"
        return name

    def call(
        self,
        layer: Layer,
        args: tuple[Value, ...],
        kwargs: Args,
        shapes: tuple[Shape, ...],
    ) -> list[Ref]:
        """Add a call of a layer and return its outputs."""
        call = Call(f"{layer.name}/{self.uses[layer.name]}", "layer", layer.name, args, kwargs)
        self.uses[layer.name] += 1
        self.met.setdefault(layer.name, tuple(self.shapes[ref] for ref in flatten(args)))
        return self.add(call, shapes)

    def op(self, key: str, kwargs: Args, shapes: tuple[Shape, ...]) -> list[Ref]:
        """Add a call of an op and return its outputs."""
        count = self.uses[key]
        self.uses[key] += 1
        return self.add(Call(f"/{key}/{count}", "op", key, (), kwargs, name=self.name(key)), shapes)

    def add(self, call: Call, shapes: tuple[Shape, ...]) -> list[Ref]:
        self.calls.append(call)
        refs = [Ref(call.id, index) for index in range(len(shapes))]
        self.shapes.update(zip(refs, shapes, strict=True))
        return refs

    # Steps

    def unary(self) -> None:
        shape, layer = self.any_shape(), self.unary_layer()
        training = layer.key.endswith("Dropout") and self.rarely()
        kwargs = (("training", True),) if training else ()
        self.call(layer, (self.tensor(shape),), kwargs, (shape,))

    def unary_layer(self) -> Layer:
        key = self.pick(sorted(UNARY))
        return self.layer(key, self.pick(UNARY[key]))

    def again(self) -> None:
        """Call a layer or model once more on tensors of the shapes it knows."""
        known = [name for name, shapes in self.met.items() if shapes and self._repeatable(name)]
        layer = self.layers[self.pick(known)] if known else self.unary_layer()
        if layer.body is not None:
            self.call_model(layer)
        else:
            (shape,) = self.met.get(layer.name, (self.any_shape(),))
            self.call(layer, (self.tensor(shape),), (), (shape,))

    def _repeatable(self, name: str) -> bool:
        return self.layers[name].key in UNARY or self.layers[name].body is not None

    def merge(self) -> None:
        shape, key = self.any_shape(), self.pick(MERGES)
        count = 2 if key.endswith("Subtract") else self.pick((2, 3, 4))
        operands = tuple(self.tensor(shape) for _ in range(count))
        self.call(self.layer(key), (operands,), (), (shape,))

    def unary_op(self) -> None:
        shape = self.any_shape()
        self.op(self.pick(UNARY_OPS), (("x", self.tensor(shape)),), (shape,))

    def binary_op(self) -> None:
        shape, key = self.any_shape(), self.pick(BINARY_OPS)
        one: Value = self.tensor(shape)
        other: Value = self.tensor(shape) if self.or_not() else self.pick((2.0, 0.5, -1.0))
        if self.or_not():
            one, other = other, one
        self.op(key, (("x1", one), ("x2", other)), (shape,))

    def sequence_op(self) -> None:
        x = ("x", self.tensor(SEQUENCE))
        match self.draw(_below(5)):
            case 0:
                self.op("keras.ops.mean", (x, ("axis", 1)), (FLAT,))
            case 1:
                self.op("keras.ops.unstack", (x, ("num", 5), ("axis", 1)), (FLAT,) * 5)
            case 2:
                self.op("keras.ops.get_item", (x, ("key", (Slice(), 0))), (FLAT,))
            case 3:
                key = (Slice(), Slice(None, None, -1))
                self.op("keras.ops.get_item", (x, ("key", key)), (SEQUENCE,))
            case 4:
                pool = self.layer("keras.layers.GlobalAveragePooling1D")
                self.call(pool, (x[1],), (), (FLAT,))

    def attention(self) -> None:
        args = (("num_heads", 2), ("key_dim", 2))
        if self.or_not():
            args = (*args, ("dropout", 0.1))
        kwargs: Args = (("value", self.tensor(SEQUENCE)),)
        if self.or_not():
            kwargs = (*kwargs, ("key", self.tensor(SEQUENCE)))
        layer = self.layer("keras.layers.MultiHeadAttention", args)
        self.call(layer, (self.tensor(SEQUENCE),), kwargs, (SEQUENCE,))

    def recurrent(self) -> None:
        state, sequences = self.or_not(), self.or_not()
        args: Args = (("units", 4),)
        args += (("return_sequences", True),) if sequences else ()
        args += (("return_state", True),) if state else ()
        kwargs: Args = ()
        if self.has(FLAT) and self.or_not():
            kwargs = (("initial_state", (self.tensor(FLAT), self.tensor(FLAT))),)
        shapes = (SEQUENCE if sequences else FLAT, *((FLAT, FLAT) if state else ()))
        layer = self.layer("keras.layers.LSTM", args)
        self.call(layer, (self.tensor(SEQUENCE),), kwargs, shapes)

    def nest(self) -> None:
        body = self.draw(bodies(self.depth - 1))
        if all(self.has(shape) for shape in body_shapes(body.inputs, body)):
            layer = self.layer(body.style, (), body)
            self.layers[layer.name] = Layer(layer.name, layer.key, (), _renamed(body, layer.name))
            self.call_model(self.layers[layer.name])

    def call_model(self, layer: Layer) -> None:
        assert layer.body is not None
        body = layer.body
        shapes = tuple(body_shapes(body.outputs, body))
        self.call(layer, (self.fitting(body.inputs, body),), (), shapes)

    def fitting(self, value: Value, body: Graph) -> Value:
        """Return a structure of tensors like the inputs of a nested model."""
        match value:
            case None:
                return self.tensor(body.shapes[Ref(f"{body.layers[0].name}/0")])
            case Ref():
                return self.tensor(body.shapes[value])
            case tuple():
                return tuple(self.fitting(item, body) for item in value)
            case Dict(items):
                return Dict(tuple((key, self.fitting(item, body)) for key, item in items))
        raise AssertionError(value)

    def step(self) -> None:
        steps = [self.unary, self.unary, self.again, self.merge, self.unary_op, self.binary_op]
        if self.has(SEQUENCE):
            steps += [self.sequence_op, self.attention, self.recurrent]
        if self.depth:
            steps.append(self.nest)
        self.pick(steps)()

    def ends(self) -> Value:
        """Draw the outputs: mostly the last tensor, or a structure of some."""
        late = list(self.shapes)[-6:]
        match self.draw(_below(4)):
            case 0:
                return late[-1]
            case 1:
                return self.pick(late)
            case 2:
                return self.some(late)
        keys = dict.fromkeys(self.pick(KEYS) for _ in range(self.pick((1, 2, 3))))
        return Dict(tuple((key, self.pick((late[-1], self.some(late)))) for key in keys))

    def some(self, refs: list[Ref]) -> tuple[Ref, ...]:
        return tuple(dict.fromkeys(self.pick(refs) for _ in range(self.pick((1, 2, 3)))))


def _renamed(body: Graph, name: str) -> Graph:
    return Graph(
        name, body.style, body.layers, body.calls, body.inputs, body.outputs, shapes=body.shapes
    )


def body_shapes(value: Value, body: Graph) -> list[Shape]:
    """Return the shapes of a nested model's inputs or outputs; a Sequential has one of each."""
    if value is None:
        return [body.shapes[Ref(f"{body.layers[0].name}/0")]]
    return [body.shapes[ref] for ref in flatten(value)]


@st.composite
def functional(draw: st.DrawFn, depth: int = NEST, size: int = 12) -> Graph:
    """Draw a functional model with at most `size` calls besides its inputs."""
    sketch = _Sketch(draw, depth)
    name = sketch.wish("functional")
    count = sketch.pick((1, 1, 1, 2, 3))
    ends = tuple(sketch.input(sketch.pick((SEQUENCE, FLAT))) for _ in range(count))
    for _ in range(1 + draw(_below(size))):
        sketch.step()
    inputs: Value = ends
    if sketch.rarely():
        inputs = Dict(tuple((f"in{i}", ref) for i, ref in enumerate(ends)))
    elif count == 1 and not sketch.rarely():
        inputs = ends[0]
    return Graph(
        name,
        "keras.Model",
        tuple(sketch.layers.values()),
        tuple(sketch.calls),
        inputs,
        sketch.ends(),
        shapes=sketch.shapes,
    )


@st.composite
def sequential(draw: st.DrawFn) -> Graph:
    """Draw a Sequential that keeps the shape of its input."""
    sketch = _Sketch(draw, 0)
    name, shape = sketch.wish("sequential"), sketch.pick((SEQUENCE, FLAT))
    first = sketch.input(shape)
    for _ in range(sketch.pick((1, 2, 3))):
        sketch.unary_layer()
    layers = tuple(sketch.layers.values())
    return Graph(name, "keras.Sequential", layers, shapes={first: shape})


@cache
def bodies(depth: int) -> st.SearchStrategy[Graph]:
    """Return nested models."""
    return st.one_of(functional(depth=depth, size=4), sequential())


@cache
def graphs() -> st.SearchStrategy[Graph]:
    """Return models of either style."""
    return st.one_of(functional(), functional(), functional(), sequential())
