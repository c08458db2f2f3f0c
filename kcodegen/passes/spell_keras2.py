"""The Graph in the words of Keras 2: what the target keras2 writes.

    LeakyReLU(negative_slope=0.1)   ->   LeakyReLU(alpha=0.1)
    ops.mean(x)                     ->   tf.reduce_mean(x)

The tables are in `registry/spelling.py`, `registry/tf_rows.py` and the rows of Keras 2. What they
can't say is refused: it needs Keras 3.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from typing import TypeVar

from kcodegen import registry
from kcodegen.diagnostics import NOWHERE, CompileError, Diagnostic, Origin
from kcodegen.ir.graph import Artifact, Call, Graph, Layer
from kcodegen.ir.order import number_ops
from kcodegen.ir.source import Source
from kcodegen.ir.values import Args, Dict, Obj, Symbol, Value, lookup, same, walk
from kcodegen.passes.built import rank_of
from kcodegen.passes.defaults import default_value, fill_defaults, parameters
from kcodegen.passes.fit_ops import fit_op
from kcodegen.passes.integers import Kinds, kinds_after, kinds_given, kinds_of, why_not
from kcodegen.passes.spell_ops import Unsaid, spell_op
from kcodegen.records import record
from kcodegen.registry.helpers import HELPERS
from kcodegen.registry.legacy import CHANGED
from kcodegen.registry.rows import ClassRow, Parameter, Required
from kcodegen.registry.spelling import (
    ACTIVATIONS,
    ALIKE,
    CLASSES,
    LAST_AXIS,
    MEANINGLESS,
    RENAMED,
    VALUES,
)
from kcodegen.registry.vocabulary import INPUT, SEQUENTIAL, is_custom
from kcodegen.words import prose

HINT = "leave --target out: a page for Keras 3 can say it"
_FUNCTIONS = ("activation", "loss", "metric")
# What TensorFlow takes for the name of a scope.
_NAME = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*")
_WORDS = (*_FUNCTIONS, "dtype_policy", "optimizer")
Entry = TypeVar("Entry")


def spell_keras2(artifact: Artifact, was_old: bool = False) -> Artifact:
    """Return the artifact in the words of Keras 2; CompileError names all that needs Keras 3.

    `was_old` says that Keras 2 wrote the file: its ops took the types that TensorFlow takes.
    """
    speller = _Speller(was_old)
    model = speller.graph(artifact.model) if artifact.model is not None else None
    training = speller.training(artifact.training) if artifact.training is not None else None
    value = speller.value(artifact.value)
    if speller.problems:
        raise CompileError(dict.fromkeys(speller.problems))
    return replace(artifact, model=model, training=training, value=value)


@record(frozen=False)
class _Speller:
    """Spells graphs, and gathers what it can't.

    `at` is the layer that it is busy with, `given` the kind of what a Lambda is called on.
    """

    was_old: bool
    problems: list[Diagnostic] = field(default_factory=list)
    at: Origin = NOWHERE
    given: str | None = None

    def refuse(self, what: str) -> None:
        """Note something that needs Keras 3."""
        self.problems.append(Diagnostic("needs-keras3", f"{what}: it needs Keras 3", self.at, HINT))

    # Graphs

    def graph(self, graph: Graph) -> Graph:
        """Return a model in the words of Keras 2."""
        kinds = kinds_of(graph)
        given = kinds_given(graph, kinds)
        spelled = tuple(self.layer(layer, given.get(layer.name)) for layer in graph.layers)
        layers = with_input(spelled, graph)
        calls = tuple(made for call in graph.calls for made in self.calls(call, kinds, graph))
        self.check_name(graph.name, graph.origin)
        args = self.model_args(graph)
        return number_ops(replace(graph, layers=layers, calls=calls, args=args))

    def check_name(self, name: str, origin: Origin) -> None:
        """Note the name of a layer or model that Keras 2 refuses when it is called."""
        if not _NAME.fullmatch(name):
            self.at = origin
            self.refuse(f"Keras 2 takes no layer or model with the name {prose(name)!r}")

    def model_args(self, graph: Graph) -> Args:
        """Return a model's own arguments; a Sequential of Keras 2 takes none."""
        if graph.style != SEQUENTIAL.key:
            return graph.args
        if lookup(graph.args, "trainable", True) is not True:
            self.refuse("a Sequential that is made with trainable=False")
        return ()

    def layer(self, layer: Layer, given: str | None) -> Layer:
        """Return a layer in the words of Keras 2; `given` is the kind of what it is called on."""
        self.at = layer.origin
        self.given = given if layer.key == "keras.layers.Lambda" else None
        if layer.body is not None:
            return replace(layer, body=self.graph(layer.body))
        if layer.key == INPUT.key:
            return replace(layer, args=self.input(layer.args))
        self.check_name(layer.name, layer.origin)
        if not self.was_old:
            self.refuse_changed(layer)
        rank = rank_of(layer.built)
        listed = ((layer.key, name) in LAST_AXIS for name, _ in layer.args)
        kept = (
            item
            for item, may_be_built in zip(layer.args, listed, strict=True)
            if not (may_be_built and rank is not None and same(item[1], rank - 1))
        )
        key, args = self.made(layer.key, tuple(kept))
        return replace(layer, key=key, args=args)

    def refuse_changed(self, layer: Layer) -> None:
        """Note what Keras 2 computes otherwise, a layer or one inside it.

        Of a single object nothing tells which Keras wrote it.
        """
        inside = (item.key for _, arg in layer.args for item in walk(arg) if isinstance(item, Obj))
        for key in (layer.key, *inside):
            if key in CHANGED:
                self.refuse(CHANGED[key])

    def input(self, args: Args) -> Args:
        """Return the arguments of an input: `batch_shape=(8, 3)  ->  shape=(3,), batch_size=8`."""
        given = dict(args)
        whole = given.pop("batch_shape", None)
        if given.pop("optional", False):
            self.refuse("an optional input")
        if isinstance(whole, tuple) and whole:
            given = {"shape": whole[1:], "batch_size": whole[0], **given}
        elif whole is not None:
            self.refuse("an input without a batch axis")
        dtype = given.get("dtype")
        if isinstance(dtype, str):
            given["dtype"] = self.word(dtype, "dtype_policy")
        return tuple(item for item in given.items() if item[1] is not None)

    def calls(self, call: Call, kinds: Kinds, graph: Graph) -> tuple[Call, ...]:
        """Return what a call is in the words of Keras 2; calls of layers are the same."""
        self.at = call.origin
        if call.kind == "layer":
            return (call,)
        try:
            if self.was_old:
                return (spell_op(call),)
            fitted = fit_op(call, kinds, graph.shapes)
            reason = why_not(fitted[-1], kinds_after(fitted[:-1], kinds))
            if reason is not None:
                raise Unsaid(f"{call.target.removeprefix('keras.')} {reason}")
            return tuple(map(spell_op, fitted))
        except Unsaid as error:
            self.refuse(str(error))
            return (call,)

    # Objects

    def made(self, key: str, args: Args) -> tuple[str, Args]:
        """Return a constructor's key and arguments in the words of Keras 2."""
        if is_custom(key) or (key in HELPERS and key not in CLASSES):
            return key, tuple((name, self.value(value)) for name, value in args)
        old = CLASSES.get(key, f"{registry.KERAS_2}{key.partition('.')[2]}")
        if old not in registry.keras2_keys():
            self.refuse(f"Keras 2 has no {prose(key.rpartition('.')[2])}")
            return key, args
        return old, self.args(registry.row(key), registry.row(old), args)

    def args(self, new: ClassRow, old: ClassRow, args: Args) -> Args:
        """Return the arguments of a class, all that have a default included."""
        params = parameters(new.key)
        given = dict(fill_defaults(new.key, args)) | {k: v for k, v in args if k == "name"}
        found: dict[str, Value] = {}
        for name, value in given.items():
            param = params.get(name) or Parameter(name, None, None)
            usual = _is_usual(value, param, given, params)
            known = old.param(_of(RENAMED, new, name) or name)
            if known is None:
                if not usual and value not in (_of(MEANINGLESS, new, name) or ()):
                    self.refuse(f"{name} of a {new.name}")
            elif not (usual and _listed(ALIKE, new, name)):
                found[known.name] = self.argument(new, name, value, param)
        names = [param.name for param in (*old.params, *old.extra) if param.name != "name"]
        return tuple((name, found[name]) for name in (*names, "name") if name in found)

    def argument(self, row: ClassRow, name: str, value: Value, param: Parameter) -> Value:
        """Return an argument as Keras 2 spells it."""
        closed = _of(VALUES, row, name)
        if closed is None:
            return self.value(value, param.holds)
        for new, old in closed:
            if same(new, value):
                return old
        self.refuse(f"{name}={prose(str(value))} of a {row.name}")
        return value

    def value(self, value: Value, holds: str = "") -> Value:
        """Return a value in the words of Keras 2."""
        match value:
            case Obj(key, args, body):
                return self.object(value, key, args, body)
            case tuple():
                return tuple(self.value(item, holds) for item in value)
            case Dict(items):
                return Dict(tuple((name, self.value(item, holds)) for name, item in items))
            case Symbol(key):
                return self.symbol(key)
            case str() if holds in _WORDS:
                return self.word(value, holds)
            case Source():
                return self.source(value)
            case _:
                return value

    def source(self, source: Source) -> Source:
        """Return the function of a Lambda in the words of TensorFlow."""
        if "keras." not in source.text:
            return source
        from kcodegen.passes.spell_lambdas import spell_lambda  # few files have one

        try:
            return spell_lambda(source, self.given, self.was_old)
        except Unsaid as error:
            self.refuse(f"the function of a Lambda: {error}")
            return source

    def object(self, obj: Obj, key: str, args: Args, body: Graph | None) -> Obj:
        """Return a nested object in the words of Keras 2."""
        if body is not None:
            graph = self.graph(body)
            return replace(obj, args=graph.args, body=graph)
        if key == SEQUENTIAL.key:
            layers = self.value(lookup(args, "layers"))
            return replace(obj, args=(("layers", layers), *(a for a in args if a[0] != "layers")))
        old, args = self.made(key, args)
        return replace(obj, key=old, args=args)

    def symbol(self, key: str) -> Value:
        """Return a function by its path in Keras 2."""
        if key in ACTIVATIONS:
            return ACTIVATIONS[key]
        path = key.partition(".")[2]
        if is_custom(key):
            return Symbol(key)
        if path not in registry.keras2_names()["functions"]:
            self.refuse(f"Keras 2 has no {prose(path)}, or computes it otherwise")
            return Symbol(key)
        return Symbol(f"{registry.KERAS_2}{path}")

    def word(self, text: str, holds: str) -> str:
        """Return a string that stands for something, if it stands for the same in Keras 2."""
        if text in registry.strings(holds) and text not in registry.keras2_names()[holds]:
            kind = holds.replace("_", " ")
            self.refuse(f"Keras 2 has no {kind} {prose(text)!r}, or computes it otherwise")
        return text

    def training(self, args: Args) -> Args:
        """Return what `model.compile` is given; Keras 2 knows no scale for the loss."""
        self.at = NOWHERE
        found = []
        for name, value in args:
            if name == "auto_scale_loss":
                continue
            holds = {"metrics": "metric", "weighted_metrics": "metric"}.get(name, name)
            found.append((name, self.value(value, holds if holds in _WORDS else "")))
        return tuple(found)


def with_input(layers: tuple[Layer, ...], graph: Graph) -> tuple[Layer, ...]:
    """Return a chain with an input of its own, where that of a chain inside it is known.

    Sequential([Sequential([Input((4,)), Dense(2)])])
        ->  Sequential([Input((4,), name="inner_input"), Sequential([Input((4,)), Dense(2)])])

    Keras 2 looks for it in vain, and does not build the model.
    """
    if graph.calls or not layers or layers[0].body is None:
        return layers
    first = layers[0]
    while first.body is not None and not first.body.calls and first.body.layers:
        first = first.body.layers[0]
    if first.key != INPUT.key:
        return layers
    return (replace(first, name=f"{layers[0].name}_input"), *layers)


def _is_usual(
    value: Value, param: Parameter, given: dict[str, Value], params: dict[str, Parameter]
) -> bool:
    """Tell whether an argument is what Keras 3 has when it is left out."""
    default = default_value(param, given, params)
    if isinstance(default, Required):
        return False
    if isinstance(value, Obj) and isinstance(default, Obj):
        ours = fill_defaults(value.key, value.args)
        return value.key == default.key and same(ours, fill_defaults(default.key, default.args))
    return same(value, default) or same(value, param.default)


def _of(table: Mapping[tuple[str, str], Entry], row: ClassRow, name: str) -> Entry | None:
    """Return the entry for an argument of a class, or of its kind."""
    found = table.get((row.key, name))
    return found if found is not None else table.get((f"*{row.kind}", name))


def _listed(table: Iterable[tuple[str, str]], row: ClassRow, name: str) -> bool:
    return any(entry in table for entry in ((row.key, name), (f"*{row.kind}", name)))
