"""Masks as Keras 2 handed them on, written out where Keras 3 would make others by itself.

    x = Add()([emb1, emb2])                  x = Add()([emb1, emb2])
    y = LSTM(3)(x)                     ->    mask = logical_and(not_equal(a, 0), not_equal(b, 0))
                                             y = LSTM(3)(x, mask=mask)

Keras 2 kept a step of merged tensors where all their masks kept it, and passed over tensors without
a mask; Keras 3 keeps it where any mask does, and has no mask when one tensor has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from kcodegen.diagnostics import CompileError, Diagnostic
from kcodegen.ir.graph import Call, Graph, Layer
from kcodegen.ir.order import Cycle, executable, flatten, operands
from kcodegen.ir.values import Args, Obj, Ref, Value, lookup, rewrite, same
from kcodegen.registry.masking import MaskReplay, is_empty, makes_mask, mask_arguments
from kcodegen.words import prose

# Layers of tf.keras that lost the mask of their input.
_BLIND = frozenset({"Identity", "Normalization", "Rescaling"})
# Masks reach attention since TensorFlow 2.10.
_ATTENTION_SEES = (2, 10)
# Bidirectional returns zeros for masked steps since tf.keras.
_ZEROES = (2, 4)
# The last Keras 2.
LAST = (2, 15)


def with_old_masks(
    graph: Graph, version: tuple[int, int] | None
) -> tuple[Graph, tuple[Diagnostic, ...]]:
    """Return the graph with the masks of Keras 2, and a warning for each that had to be written."""
    if not any(makes_mask(layer.key, layer.args) for layer in graph.layers):
        return graph, ()
    try:
        order = executable(graph.calls)
    except (Cycle, KeyError):  # what is wrong with it is said elsewhere
        return graph, ()
    blind = _BLIND
    if version is not None and version < _ATTENTION_SEES:
        blind |= {"MultiHeadAttention"}
    settled = _Settled(
        {layer.name: layer for layer in graph.layers},
        MaskReplay(is_old=True, blind=blind),
        repeats=version is not None and version < _ZEROES,
    )
    changed = {call.id: list(settled.calls_of(call)) for call in order}
    notes = tuple(settled.notes)
    if not notes:
        return graph, ()
    calls = [call for old in graph.calls for call in changed[old.id]]
    return replace(graph, calls=(*settled.mask_ops(calls), *calls)), notes


def with_own_masks(
    graph: Graph, version: tuple[int, int] | None
) -> tuple[Graph, tuple[Diagnostic, ...]]:
    """Return the graph as it is, for a page that the last Keras 2 runs, and what is to say of it.

    An error for masks that reached no attention before TensorFlow 2.10.
    """
    then, now = with_old_masks(graph, version), with_old_masks(graph, LAST)
    notes = tuple(note for note in then[1] if note.code == "masked-steps")
    if same(then[0], now[0]):
        return graph, notes
    message = "masks reach attention since TensorFlow 2.10: the model would compute other numbers"
    return graph, (*notes, Diagnostic("old-mask", message, graph.origin, "leave --target out"))


def refuse_other_masks(graph: Graph) -> Graph:
    """Return a graph of Keras 3 as it is; CompileError when Keras 2 would make other masks."""
    notes = with_old_masks(graph, LAST)[1]
    if notes:
        hint = "leave --target out: a page for Keras 3 can say it"
        message = "Keras 2 would hand on another mask here: it needs Keras 3"
        raise CompileError(Diagnostic("needs-keras3", message, note.origin, hint) for note in notes)
    return graph


class _Settled:
    """Both replays side by side, call by call."""

    def __init__(self, layers: dict[str, Layer], old: MaskReplay, repeats: bool) -> None:
        self.layers, self.repeats = layers, repeats
        self.old, self.new = old, MaskReplay()
        self.notes: list[Diagnostic] = []

    def calls_of(self, call: Call) -> Iterator[Call]:
        """Yield the call as the page has to make it, after what it needs for that."""
        layer = self.layers.get(call.target)
        if call.kind == "op" or layer is None:
            yield call
            return
        wanted = self.old.call(call, layer.key, layer.args)
        if self.repeats and _zeroes_masked_steps(layer) and not is_empty(wanted.kwargs):
            message = (
                f"where a step is masked, {prose(layer.name)} returned its last output again; "
                "in Keras 3 it returns zeros there"
            )
            self.notes.append(Diagnostic("masked-steps", message, call.origin, severity="warning"))
        today = self.new.filled(call, layer.key)
        names = mask_arguments(layer.key)
        given, made = _masks(wanted.kwargs, names), _masks(today.kwargs, names)
        if _spelled(given, self.old.calls) == _spelled(made, self.new.calls):
            self.new.call(call, layer.key, layer.args)
            yield call
            return
        message = f"Keras 3 would give {prose(layer.name)} another mask: the page gives it the old"
        self.notes.append(Diagnostic("old-mask", message, call.origin, severity="warning"))
        if is_empty(tuple(value for _, value in given)):
            # What an op returns has no mask.
            first = next(flatten(call.args))
            copied = Call(f"/keras.ops.copy/{call.id}", "op", "keras.ops.copy", (), (("x", first),))
            yield copied
            call = replace(call, args=tuple(_swapped(v, first, copied.id) for v in call.args))
            kwargs = tuple((key, _swapped(v, first, copied.id)) for key, v in call.kwargs)
            call = replace(call, kwargs=kwargs)
        else:
            call = wanted
        self.new.call(call, layer.key, layer.args)
        yield call

    def mask_ops(self, calls: Iterable[Call]) -> list[Call]:
        """Return the ops behind the masks that these calls are given."""
        ops = {op.id: op for op in self.old.calls}
        waiting = [ref.call for call in calls for ref in operands(call) if ref.call in ops]
        found: set[str] = set()
        while waiting:
            id = waiting.pop()
            if id not in found:
                found.add(id)
                waiting += [ref.call for ref in operands(ops[id]) if ref.call in ops]
        return [op for op in self.old.calls if op.id in found]


def _zeroes_masked_steps(layer: Layer) -> bool:
    """Tell whether a layer is a Bidirectional that returns all its steps."""
    inner = lookup(layer.args, "layer")
    return (
        layer.key == "keras.layers.Bidirectional"
        and isinstance(inner, Obj)
        and lookup(inner.args, "return_sequences") is True
    )


def _masks(kwargs: Args, names: tuple[str, ...]) -> Args:
    return tuple(sorted(item for item in kwargs if item[0] in names and not is_empty(item[1])))


def _swapped(value: Value, old: Ref, new: str) -> Value:
    return rewrite(value, lambda item: Ref(new) if item == old else item)


def _spelled(value: object, ops: list[Call]) -> str:
    """Return one text for equal masks, whatever their ops are called."""
    known = {op.id: op for op in ops}

    def spell(item: object) -> str:
        match item:
            case Ref(id, _) if id in known:
                return f"{known[id].target}{spell(known[id].kwargs)}"
            case tuple():
                return f"({', '.join(spell(part) for part in item)})"
        return repr(item)

    return spell(value)
