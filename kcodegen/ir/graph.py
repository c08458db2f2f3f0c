"""The Graph: what a model is, in one vocabulary, whatever wrote the file."""

from __future__ import annotations

from dataclasses import field
from typing import Literal, TypeAlias

from kcodegen.diagnostics import Origin
from kcodegen.ir.values import Args, Ref, Value
from kcodegen.records import record

Shape: TypeAlias = "tuple[int | None, ...]"


@record(frozen=True)
class Layer:
    """One definition, one set of weights.

    `key` is the registry key of its class; `args` are constructor arguments in the order of
    the signature, the name excepted; `body` is the graph of a nested model. `built` is the
    shape (or the dict of shapes) it was built with, as the file records it; `named` tells whether
    the page has to write the name.
    """

    name: str
    key: str
    args: Args = ()
    body: Graph | None = None
    origin: Origin = field(default=Origin(), compare=False)
    built: Value = field(default=None, compare=False)
    named: bool = field(default=True, compare=False)


@record(frozen=True)
class Call:
    """One use of a layer (`kind="layer"`, `target` is its name) or of an op (`target` is a key).

    The id of a layer's call is `<name>/<use>`, counted from 0; an op's is `/<key>/<use>`, so
    that no layer name can collide with it. `name` is what the file calls an op; it is free.
    """

    id: str
    kind: Literal["layer", "op"]
    target: str
    args: tuple[Value, ...] = ()
    kwargs: Args = ()
    origin: Origin = field(default=Origin(), compare=False)
    name: str = field(default="", compare=False)


@record(frozen=True)
class Graph:
    """A model: layers in weight order, calls in execution order.

    `style` says how it was written: "functional", "sequential", or the key of a user's model
    class. A sequential graph has no calls: its layers are its chain. `args` are the model's
    own arguments besides its name. `shapes` maps a reference to the shape of its tensor, for
    comments.
    """

    name: str
    style: str
    layers: tuple[Layer, ...]
    calls: tuple[Call, ...] = ()
    inputs: Value = None
    outputs: Value = None
    args: Args = ()
    origin: Origin = field(default=Origin(), compare=False)
    named: bool = field(default=True, compare=False)
    shapes: dict[Ref, Shape] = field(default_factory=dict, compare=False, repr=False)

    def layer(self, name: str) -> Layer:
        """Return the layer called `name`; KeyError when there is none."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise KeyError(name)


@record(frozen=True)
class Artifact:
    """What a page rebuilds: a model, perhaps compiled, or single objects.

    `kind` is "model", or the registry kind of a single object ("layer", "optimizer", ...), or
    "objects" for a list or dict of them. `model` is set for "model", `value` otherwise.
    `training` holds the arguments of `model.compile`, None when the file was not compiled.
    """

    kind: str
    model: Graph | None = None
    value: Value = None
    training: Args | None = None
