"""Skeletons for a user's classes and functions: how a file makes them, not what they do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field

from kcodegen.backends.imports import Imports
from kcodegen.ir.graph import Artifact, Graph, Shape
from kcodegen.ir.program import (
    Assign,
    CallExpr,
    DictExpr,
    Evaluate,
    Expr,
    Function,
    Literal,
    Name,
    Param,
    Return,
    Statement,
    Stub,
    TupleExpr,
)
from kcodegen.ir.values import Args, Obj, Ref, Symbol, Value, refs, walk
from kcodegen.records import record
from kcodegen.registry.stubs import BASES, INHERITED, StubName, attribute, stub_name

DOC = "A skeleton: the file says how it is made, and you what it does."
MISSING = "its code is not in the file"
BYTECODE = "the file has its bytecode alone"
_NONE = Literal(None)
# The methods that do the work, and what they take.
_SELF = Param("self")
_WORK = {
    "initializer": ("__call__", (_SELF, Param("shape"), Param("dtype", default=_NONE))),
    "regularizer": ("__call__", (_SELF, Param("x"))),
    "constraint": ("__call__", (_SELF, Param("w"))),
    "loss": ("call", (_SELF, Param("y_true"), Param("y_pred"))),
}
_RECORDED = 2  # pairs of shapes that a message has room for


@record(frozen=False)
class _Uses:
    """How a file uses one class: the arguments of each time, and the shapes of each call.

    `is_plain` tells that it is always called with one argument.
    """

    args: list[Args] = field(default_factory=list)
    shapes: list[tuple[Shape | None, Shape | None]] = field(default_factory=list)
    is_plain: bool = True


def stub_keys(artifact: Artifact) -> list[str]:
    """Return the keys of what needs a skeleton, in the order of the file."""
    return list(_uses(artifact))


def stubs(artifact: Artifact, imports: Imports) -> tuple[Stub, ...]:
    """Return the skeletons of a page."""
    found = _uses(artifact)
    return tuple(_stub(key, uses, imports) for key, uses in found.items())


def _uses(artifact: Artifact) -> dict[str, _Uses]:
    found: dict[str, _Uses] = {}
    if artifact.model is not None:
        _note_graph(artifact.model, found)
    for value in (artifact.value, *(value for _, value in artifact.training or ())):
        _note_value(value, found)
    return found


def _note_graph(graph: Graph, found: dict[str, _Uses]) -> None:
    _note(graph.style, graph.args, found)
    for layer in graph.layers:
        if layer.body is not None:
            _note_graph(layer.body, found)
            continue
        _note(layer.key, layer.args, found)
        for _, value in layer.args:
            _note_value(value, found)
        if stub_name(layer.key) is not None:
            _note_calls(graph, layer.name, found[layer.key])
    for call in graph.calls:
        for _, value in call.kwargs:
            _note_value(value, found)


def _note_value(value: Value, found: dict[str, _Uses]) -> None:
    for item in walk(value):
        if isinstance(item, Symbol):
            _note(item.key, (), found)
        elif isinstance(item, Obj) and item.body is not None:
            _note_graph(item.body, found)
        elif isinstance(item, Obj):
            _note(item.key, item.args, found)
            if stub_name(item.key) is not None:
                found[item.key].is_plain = False


def _note(key: str, args: Args, found: dict[str, _Uses]) -> None:
    if stub_name(key) is not None:
        found.setdefault(key, _Uses()).args.append(args)


def _note_calls(graph: Graph, layer: str, uses: _Uses) -> None:
    """Note the shapes of what goes into the calls of a layer, and of what comes out."""
    if not graph.calls:
        uses.shapes.append(_chain_shapes(graph, layer))
    for call in graph.calls:
        if call.kind == "layer" and call.target == layer:
            given = list(refs(call.args))
            is_single = len(call.args) == 1 and isinstance(call.args[0], Ref)
            uses.is_plain &= is_single and not any(True for _, v in call.kwargs for _ in refs(v))
            before = graph.shapes.get(given[0]) if len(given) == 1 else None
            uses.shapes.append((before, graph.shapes.get(Ref(call.id))))


def _chain_shapes(graph: Graph, name: str) -> tuple[Shape | None, Shape | None]:
    """Return what the layers of a Sequential were built with: this one, and the next."""
    place = next(n for n, layer in enumerate(graph.layers) if layer.name == name)
    built = [_shape(layer.built) for layer in graph.layers[place : place + 2]]
    return (built[0], built[1]) if len(built) == 2 else (built[0], None)


def _shape(value: Value) -> Shape | None:
    """Return a recorded shape, or None for anything else."""
    found: list[int | None] = []
    for size in value if isinstance(value, tuple) else ("no shape",):
        if not (size is None or (isinstance(size, int) and not isinstance(size, bool))):
            return None
        found.append(size)
    return tuple(found)


# Skeletons


def _stub(key: str, uses: _Uses, imports: Imports) -> Stub:
    name = stub_name(key)
    assert name is not None
    shown = imports.name(key).id
    base = imports.name(BASES[name.kind]).id if BASES[name.kind] else ""
    return Stub(shown, _decorator(name, shown, imports), base, DOC, _methods(name, shown, uses))


def _decorator(name: StubName, shown: str, imports: Imports) -> Expr | None:
    """Return what registers a class; one without a package is found by its name alone."""
    if not name.package:
        return None
    kwargs: tuple[tuple[str, Expr], ...] = (("package", Literal(name.package)),)
    if shown != name.name:
        kwargs = (*kwargs, ("name", Literal(name.name)))
    imports.plain.add("keras")
    return CallExpr(Name("keras.saving.register_keras_serializable"), (), kwargs)


def _methods(name: StubName, shown: str, uses: _Uses) -> tuple[Function, ...]:
    match name.kind:
        case "function" | "lambda":
            why = MISSING if name.kind == "function" else BYTECODE
            any_args = (Param("*args"), Param("**kwargs"))
            body = (_unwritten(f"{name.name} is not written yet: {why}"),)
            return (Function(shown, any_args, body=body),)
        case "model" | "sequential":
            return ()
        case "layer":
            return tuple(_layer_methods(name, uses))
    method, params = _WORK[name.kind]
    message = f"{name.name} is not written yet: {MISSING}"
    own = _params(uses, frozenset({"name"}) if name.kind == "loss" else frozenset())
    is_loss = name.kind == "loss"
    work = Function(method, params, body=(_unwritten(message),))
    return (_init(own, is_loss), work, _get_config(own, is_loss)) if own else (work,)


def _layer_methods(name: StubName, uses: _Uses) -> Iterator[Function]:
    own = _params(uses, INHERITED)
    if own:
        yield _init(own, True)
    shape = _output_shape(uses)
    if shape is not None:
        params = (_SELF, Param("input_shape"))
        yield Function("compute_output_shape", params, body=(Return(shape),))
    inputs = (Param("inputs"),) if uses.is_plain else (Param("*args"), Param("**kwargs"))
    message = f"{name.name} is not written yet: {_recorded(uses) or MISSING}"
    yield Function("call", (_SELF, *inputs), body=(_unwritten(message),))
    if own:
        yield _get_config(own, True)


def _params(uses: _Uses, inherited: frozenset[str]) -> tuple[Param, ...]:
    """Return what a constructor takes: what is given every time is required."""
    names = dict.fromkeys(name for args in uses.args for name, _ in args if name not in inherited)
    always = [n for n in names if all(any(n == m for m, _ in args) for args in uses.args)]
    rest = (Param(name, default=_NONE) for name in names if name not in always)
    return (*(Param(name) for name in always), *rest)


def _init(own: tuple[Param, ...], passes_on: bool) -> Function:
    rest = (Param("**kwargs"),) if passes_on else ()
    given = (Name("**kwargs"),) if passes_on else ()
    body: list[Statement] = [Evaluate(CallExpr(Name("super().__init__"), given))]
    body += (Assign((f"self.{attribute(p.name)}",), Name(p.name)) for p in own)
    return Function("__init__", (_SELF, *own, *rest), body=tuple(body))


def _get_config(own: tuple[Param, ...], passes_on: bool) -> Function:
    kept = [(param.name, Name(f"self.{attribute(param.name)}")) for param in own]
    if not passes_on:
        made = DictExpr(tuple((Literal(name), value) for name, value in kept))
        return Function("get_config", (_SELF,), body=(Return(made),))
    body: list[Statement] = [Assign(("config",), CallExpr(Name("super().get_config")))]
    body += (Assign((f'config["{name}"]',), value) for name, value in kept)
    return Function("get_config", (_SELF,), body=(*body, Return(Name("config"))))


def _unwritten(message: str) -> Statement:
    return Evaluate(CallExpr(Name("raise NotImplementedError"), (Literal(message),)))


def _output_shape(uses: _Uses) -> Expr | None:
    """Return the shape of the output where the file tells: that of the input, or always one."""
    if not uses.is_plain or not uses.shapes or any(after is None for _, after in uses.shapes):
        return None
    if all(before == after for before, after in uses.shapes):
        return Name("input_shape")
    if len({after for _, after in uses.shapes}) > 1:
        return None
    (after,) = {after for _, after in uses.shapes}
    return TupleExpr(tuple(Literal(size) for size in after or ()))


def _recorded(uses: _Uses) -> str:
    """Return the shapes that the file records: `(None, 8) -> (None, 4)`."""
    pairs = [
        f"{before} -> {after if after is not None else '?'}"
        for before, after in dict.fromkeys(uses.shapes)
        if before is not None
    ]
    return ", ".join(pairs[:_RECORDED])
