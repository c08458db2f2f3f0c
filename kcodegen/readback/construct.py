"""Constructors and calls of a page, recorded as Keras would see them."""

from __future__ import annotations

from dataclasses import field
from itertools import count
from typing import Any

from kcodegen import registry
from kcodegen.ir.graph import Call, Graph
from kcodegen.ir.source import Source
from kcodegen.ir.values import Args, Array, Dict, Obj, Ref, Slice, Symbol, Value, refs
from kcodegen.naming.counters import (
    Counters,
    MaskNames,
    counts_names,
    hidden,
    op_prefix,
    prefix_of,
)
from kcodegen.readback.values import Made, Outputs, Path, ReadBackError, Trace
from kcodegen.records import record
from kcodegen.registry.arity import mirrored, output_structure
from kcodegen.registry.masking import can_make_mask
from kcodegen.registry.rows import ClassRow, OpRow, holds_of
from kcodegen.registry.stubs import INHERITED
from kcodegen.registry.vocabulary import (
    INPUT,
    MODEL,
    SEQUENTIAL,
    Vocabulary,
    is_custom,
)
from kcodegen.registry.widths import has_rule, width_of


@record(frozen=False)
class Constructor:
    """Records what is constructed and called, and counts automatic names.

    `tags` tells objects apart that look alike: outside a model, sharing one has a meaning.
    `signatures` are the arguments of the page's own skeletons; True for those that are required.
    """

    vocabulary: Vocabulary
    counters: Counters
    trace: Trace
    tags: bool = False
    signatures: dict[str, dict[str, bool]] = field(default_factory=dict)
    masks: MaskNames = field(init=False)
    widths: dict[Ref, int] = field(default_factory=dict)
    measured: int = 0

    def __post_init__(self) -> None:
        """Count masks with the same counters."""
        self.masks = MaskNames(self.counters)

    def public(self, key: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Return what calling a public name gives: an object, a tensor, an array."""
        if key == "numpy.array":
            return self._array("numpy", args, kwargs)
        if key == self.vocabulary.target.constant and not _tensors((args, kwargs)):
            return self._array("tensor", args, kwargs)
        if key.startswith(registry.OPS):
            return self.op(registry.op(key), args, kwargs)
        if key == MODEL.key or (is_custom(key) and len(args) == 2 and _tensors(args)):
            return self._model(key, args, kwargs)
        if key == SEQUENTIAL.key or (is_custom(key) and len(args) == 1 and _layers(args[0])):
            return self._sequential(key, args, kwargs)
        try:
            row = self.vocabulary.row(key)
        except KeyError as error:
            raise ReadBackError(f"{key} is no class") from error
        made = self._made(row, args, kwargs)
        if key == INPUT.key:
            self._record(made, (), {})
            return Ref(f"{made.number}/0")
        return made

    # Objects

    def _made(self, row: ClassRow, args: list[Any], kwargs: dict[str, Any]) -> Made:
        named = self._bind(row, args, kwargs)
        name = named.pop("name", None) if row.kind in ("layer", "custom") else None
        made = self._new(row.key, named, name, prefix_of(row), row.kind in ("layer", "custom"))
        self._hidden(made, "construct")
        return made

    def _new(self, key: str, args: dict[str, Any], name: Any, prefix: str, counts: bool) -> Made:
        if name is not None and (not isinstance(name, str) or not name):
            raise ReadBackError("a name is a text")
        counted = name is None and counts
        if counted:
            name = self.counters.take(prefix)
        made = Made(key, args, name, number=len(self.trace.made), counted=counted)
        self.trace.made[str(made.number)] = made
        return made

    def _bind(self, row: ClassRow, args: list[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
        params = {param.name for param in (*row.params, *row.extra)}
        if len(args) > len(row.params):
            raise ReadBackError(f"{row.key} takes {len(row.params)} arguments")
        bound = {param.name: arg for param, arg in zip(row.params, args, strict=False)}
        for name, value in kwargs.items():
            if name in bound or (name not in params and name != "name" and row.kind != "custom"):
                raise ReadBackError(f"{row.key} has no free argument {name}")
            bound[name] = value
        self._check_signature(row.key, bound)
        return bound

    def _check_signature(self, key: str, bound: dict[str, Any]) -> None:
        """Raise an error for arguments that a skeleton of the page does not take, or lacks."""
        params = self.signatures.get(key)
        if params is None:
            return
        inherits = params.get("**kwargs", False)
        given = {name for name in bound if not (inherits and name in INHERITED)}
        required = {name for name, needed in params.items() if needed and name != "**kwargs"}
        if not required <= given <= params.keys():
            raise ReadBackError(f"{key} is not made as its skeleton says")

    def _hidden(self, made: Made, when: str) -> None:
        row = self.vocabulary.row(made.key)
        if made.is_model or not row.hidden:
            return
        name = None if made.counted else made.name
        for prefix in hidden(row, self.args(made), when, name):
            self.counters.take(prefix)

    def _model(self, key: str, args: list[Any], kwargs: dict[str, Any]) -> Made:
        if len(args) != 2:
            raise ReadBackError("a model is made of its inputs and outputs")
        row = self.vocabulary.row(key)
        rest = dict(kwargs)
        name = rest.pop("name", None)
        made = self._new(key, rest, name, prefix_of(row), True)
        made.is_model, made.inputs, made.outputs = True, args[0], args[1]
        return made

    def _sequential(self, key: str, args: list[Any], kwargs: dict[str, Any]) -> Made:
        layers = [self._layer(item) for item in args[0]] if len(args) == 1 else None
        if layers is None:
            raise ReadBackError("a Sequential is made of one list of layers")
        rest = dict(kwargs)
        name = rest.pop("name", None)
        made = self._new(key, rest, name, prefix_of(self.vocabulary.row(key)), True)
        made.is_model, made.layers = True, layers
        if _builds_itself(layers):
            if layers[0].key != INPUT.key:
                self.counters.take("input_layer")
            for layer in layers:
                self._hidden(layer, "call")
                self._hidden(layer, "every call")
            self.counters.take("functional")
        return made

    def _layer(self, item: Any) -> Made:
        if isinstance(item, Ref):
            return self.trace.made[item.call.partition("/")[0]]
        if not isinstance(item, Made):
            raise ReadBackError("a Sequential holds layers")
        return item

    # Calls

    def call(self, made: Made, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Return the outputs of calling a layer or a nested model."""
        row = None if made.is_model else self.vocabulary.row(made.key)
        if row is not None and row.kind not in ("layer", "custom"):
            raise ReadBackError(f"{made.key} can't be called")
        call = self._record(made, tuple(args), kwargs)
        if made.is_model and made.layers is None:
            return _outputs(call, mirrored(self.value(made.outputs)))
        body = self._body(made) if made.is_model else None
        own = self.args(made) if body is None else ()
        return _outputs(call, output_structure(made.key, own, call.args, call.kwargs, body))

    def _body(self, made: Made) -> Graph:
        from kcodegen.readback.graphs import graph_of

        return graph_of(made, self)

    def _record(self, made: Made, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call:
        if made.uses == 0:
            self._hidden(made, "call")
        self._hidden(made, "every call")
        plain = tuple(self.value(arg) for arg in args)
        named = tuple((name, self.value(value)) for name, value in kwargs.items())
        call = Call(f"{made.number}/{made.uses}", "layer", str(made.number), plain, named)
        made.uses += 1
        self.trace.calls.append(call)
        if self.masks.replay.masks or can_make_mask(made.key):
            brought = self.masks.call(call, made.key, self.args(made))
            self.trace.mask_names[call.id] = brought
        return call

    def op(self, row: OpRow, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Return the outputs of an op."""
        if row.refusal:
            raise ReadBackError(f"{row.key} is never written")
        names = [param.name for param in row.params]
        bound: dict[str, Any] = {}
        if row.variadic:
            place = names.index(row.variadic)
            bound = dict(zip(names[:place], args, strict=False))
            bound[row.variadic] = tuple(args[place:])
        elif len(args) > len(names):
            raise ReadBackError(f"{row.key} takes {len(names)} arguments")
        else:
            bound = dict(zip(names, args, strict=False))
        for name, value in kwargs.items():
            if name in bound or not (name in names or row.open_keywords):
                raise ReadBackError(f"{row.key} has no free argument {name}")
            bound[name] = value
        names += [name for name in kwargs if name not in names]
        ordered = tuple((name, self.value(bound[name])) for name in names if name in bound)
        if not any(True for _, value in ordered for _ in refs(value)):
            raise ReadBackError(f"{row.key} is given no tensor")
        call = Call(f"/{row.key}/{self.trace.ops}", "op", row.key, (), ordered)
        self.trace.op_names[call.id] = self.counters.take(op_prefix(row.key))
        self.trace.ops += 1
        self.trace.calls.append(call)
        return _outputs(call, output_structure(row.key, ordered))

    def width(self, tensor: Ref) -> int:
        """Return the size of the last axis of a tensor, as the calls up to now tell."""
        for call in self.trace.calls[self.measured :]:
            made = self.trace.made[call.target] if call.kind == "layer" else None
            key = made.key if made is not None else call.target
            if has_rule(key):
                args = self.args(made) if made is not None else call.kwargs
                width = width_of(call, key, args, self.widths)
                if width is not None:
                    self.widths[Ref(call.id)] = width
        self.measured = len(self.trace.calls)
        if tensor not in self.widths:
            raise ReadBackError("a page asks for sizes that follow from its calls only")
        return self.widths[tensor]

    # Values

    def args(self, made: Made) -> Args:
        """Return the arguments of an object as IR values."""
        row = self.vocabulary.row(made.key)
        return tuple(
            (name, self.value(value, holds_of(row, name))) for name, value in made.args.items()
        )

    def value(self, value: Any, holds: str = "") -> Value:
        """Return a value of the page as an IR value."""
        match value:
            case str() if holds in ("initializer", "regularizer", "constraint"):
                row = self.vocabulary.shorthand(value, holds)
                return Obj(row.key) if row is not None else value
            case list() | tuple():
                return tuple(self.value(item, holds) for item in value)
            case dict():
                return Dict(tuple((key, self.value(item, holds)) for key, item in value.items()))
            case Made():
                return self.object(value, holds)
            case Path(key):
                return Symbol(key)
            case Outputs(call):
                return Ref(call)
            case Slice(start, stop, step):
                return Slice(self.value(start), self.value(stop), self.value(step))
        if isinstance(value, (Ref, Array, Source)) or value is None or value is ...:
            return value
        if isinstance(value, (bool, int, float, str, bytes)) or type(value).__name__ == "Hole":
            return value  # type: ignore[no-any-return]
        raise ReadBackError(f"{value!r} is no argument")

    def object(self, made: Made, holds: str = "") -> Obj:
        """Return an object as an IR value, the automatic name of a layer included."""
        tag = made.number if self.tags else None
        if made.is_model:
            graph = self._body(made)
            return Obj(graph.style, graph.args, body=graph, tag=tag)
        args = self.args(made)
        given = not made.counted or counts_names(self.vocabulary.row(made.key), holds)
        if made.name is not None and given:
            args = (*args, ("name", made.name))
        return Obj(made.key, args, tag=tag)

    def _array(self, kind: str, args: list[Any], kwargs: dict[str, Any]) -> Array:
        dtype = kwargs.get("dtype")
        if len(args) != 1 or set(kwargs) != {"dtype"} or not isinstance(dtype, str):
            raise ReadBackError("an array has its numbers and a dtype")
        return Array(kind, dtype, self.value(args[0]))


def _outputs(call: Call, structure: Value) -> Any:
    """Return what a call returns: a tensor, lists and dicts of them, or nobody knows how many."""
    if structure is None or structure == ():
        return Outputs(call.id)
    numbers = count()

    def made(value: Value) -> Any:
        match value:
            case tuple():
                return [made(item) for item in value]
            case Dict(items):  # Keras counts the tensors of a dict in the order of its keys
                found = {key: made(item) for key, item in sorted(items, key=lambda pair: pair[0])}
                return {key: found[key] for key, _ in items}
            case _:
                return Ref(call.id, next(numbers))

    return made(structure)


def _tensors(value: Any) -> bool:
    """Tell whether a structure holds a tensor."""
    match value:
        case Ref() | Outputs():
            return True
        case list() | tuple():
            return any(_tensors(item) for item in value)
        case dict():
            return any(_tensors(item) for item in value.values())
        case _:
            return False


def _layers(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(item, (Ref, Made)) for item in value)


def _builds_itself(layers: list[Made]) -> bool:
    if len(layers) < 2:
        return False
    first = layers[0]
    if first.key == INPUT.key:
        return True
    return first.is_model and (first.layers is None or _builds_itself(first.layers))
