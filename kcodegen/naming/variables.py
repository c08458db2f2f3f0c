"""Names for the tensors of a page: `x` for the running value, words for what lives longer.

A value takes over the name of an operand that dies with it. A new branch is named after the
role it plays where it joins the others: the `shortcut` of a sum, the `gate` of a product.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from kcodegen.ir.graph import Call, Graph
from kcodegen.ir.order import operands
from kcodegen.ir.values import Dict, Ref, Value, refs
from kcodegen.naming.scope import Scope
from kcodegen.records import record

_PLAIN = "y"
# What a branch is called by the operation that joins it to another.
_JOINS = {"multiply": "gate", "concatenate": "branch"}
_SUMS = frozenset({"add", "subtract", "average", "maximum", "minimum"})


@record(frozen=True)
class Wish:
    """What is known of a call's outputs: proposed names, and whether they come as a tuple.

    `word` is a name for an output that lives long; `kind` the lower-case class of what is called;
    `several` names for a tuple of outputs; `whole` says that one variable holds them all (a
    dict, a structure); `fixed` that `word` is to be used in any case (an input).
    """

    word: str
    kind: str
    several: tuple[str, ...] | None = None
    whole: bool = False
    fixed: bool = False
    is_nested: bool = False


@record(frozen=False)
class Variables:
    """Assigns a name to every output of the calls of one graph, in the order of the page."""

    graph: Graph
    wishes: Mapping[str, Wish]
    scope: Scope = field(default_factory=Scope)
    names: dict[Ref, str] = field(default_factory=dict)
    _last: dict[Ref, int] = field(default_factory=dict)
    _uses: dict[Ref, list[int]] = field(default_factory=dict)
    _heirs: set[str] = field(default_factory=set)
    _just_named: set[str] = field(default_factory=set)

    def assign(self) -> dict[Ref, str]:
        """Return the name of every output that is used."""
        calls = self.graph.calls
        for position, call in enumerate(calls):
            for ref in operands(call):
                self._uses.setdefault(self._held(ref), []).append(position)
        end = len(calls)
        preferred = preferred_outputs(self.graph, self.wishes)
        for ref in (*refs(self.graph.outputs), *refs(self.graph.inputs)):
            self._uses.setdefault(self._held(ref), []).append(end)
        self._last = {ref: max(places) for ref, places in self._uses.items()}
        live: list[Ref] = []
        for position, call in enumerate(calls):
            dying = [ref for ref in live if self._last[ref] <= position]
            self._name(call, position, dying, preferred)
            live = [ref for ref in live if ref not in dying]
            for ref in dying:
                self._free(ref, live)
            live += [ref for ref in self._outputs(call) if self._last.get(ref, -1) > position]
        return self.names

    def _held(self, ref: Ref) -> Ref:
        """Return the reference that stands for the variable of `ref`."""
        return Ref(ref.call) if self.wishes[ref.call].whole else ref

    def _outputs(self, call: Call) -> list[Ref]:
        several = self.wishes[call.id].several
        if several is None:
            return [Ref(call.id)]
        return [Ref(call.id, index) for index in range(len(several))] or [Ref(call.id)]

    def _free(self, ref: Ref, live: list[Ref]) -> None:
        name = self.names[ref]
        if all(self.names[other] != name for other in live) and name not in self._just_named:
            self.scope.release(name)

    def _name(
        self, call: Call, position: int, dying: list[Ref], preferred: Mapping[Ref, str]
    ) -> None:
        wish = self.wishes[call.id]
        self._just_named = set()
        if wish.several:
            self._name_tuple(call, wish.several, dying, preferred)
            return
        ref = Ref(call.id)
        if ref in preferred:
            name = self._take(preferred[ref], dying)
        elif wish.fixed:
            name = self.scope.unique(wish.word)
        elif (heir := self._inherited(call, dying)) and not wish.is_nested:
            name = heir
        else:
            name = self._branch(call, position, wish)
        self.names[ref] = name
        self._just_named.add(name)

    def _take(self, word: str, dying: list[Ref]) -> str:
        """Return `word` itself when it is free or dies now."""
        for ref in dying:
            if self.names[ref] == word:
                return word
        return self.scope.unique(word)

    def _name_tuple(
        self,
        call: Call,
        words: tuple[str, ...],
        dying: list[Ref],
        preferred: Mapping[Ref, str],
    ) -> None:
        for index, word in enumerate(words):
            ref = Ref(call.id, index)
            if ref not in self._uses:
                continue
            name = self._take(preferred.get(ref, word), dying if index == 0 else [])
            self.names[ref] = name
            self._just_named.add(name)
            if name == "x":
                self._heirs.add(name)

    def _inherited(self, call: Call, dying: list[Ref]) -> str:
        """Return the name that a dying operand leaves, `x` before any other."""
        taken = {self._held(ref) for ref in operands(call)}
        left = [self.names[ref] for ref in dying if ref in taken]
        heirs = [name for name in left if name in self._heirs]
        return "x" if "x" in heirs else (heirs[0] if heirs else "")

    def _branch(self, call: Call, position: int, wish: Wish) -> str:
        ref = Ref(call.id)
        uses = self._uses.get(ref, [])
        single_input = isinstance(self.graph.inputs, Ref)
        brief = all(use == position + 1 for use in uses)
        if "x" not in self.scope.taken:
            word = "x" if brief or (single_input and not wish.is_nested) else wish.word
        else:
            word = wish.word if wish.is_nested else self._role(call)
        name = self.scope.unique(word)
        if word != wish.word:
            self._heirs.add(name)
        return name

    def _role(self, call: Call) -> str:
        """Return the role of a new branch where it joins another one.

        A short branch that is added to a longer one is its shortcut.
        """
        calls, sources, ref = self.graph.calls, operands(call), Ref(call.id)
        for length in range(1, len(calls)):
            uses = self._uses.get(ref, [])
            if len(uses) != 1 or uses[0] >= len(calls):
                break
            joined = operands(calls[uses[0]])
            ref = Ref(calls[uses[0]].id)
            if len(joined) > 1:
                kind = self.wishes[ref.call].kind
                is_shortcut = kind in _SUMS and length <= 2 and not set(sources) & set(joined)
                return "shortcut" if is_shortcut else _JOINS.get(kind, _PLAIN)
        return _PLAIN


def preferred_outputs(graph: Graph, wishes: Mapping[str, Wish]) -> dict[Ref, str]:
    """Return names for the outputs of a model: the keys of a dict, the names of their layers."""
    value: Value = graph.outputs
    if isinstance(value, Dict):
        named = ((item, key) for key, item in value.items if isinstance(item, Ref))
        held = ((ref, key, wishes[ref.call]) for ref, key in named)
        return {ref: key for ref, key, wish in held if not (wish.fixed or wish.whole)}
    if isinstance(value, Ref):
        wish = wishes[value.call]
        return {} if wish.several or wish.whole or wish.fixed else {value: "outputs"}
    found: dict[Ref, str] = {}
    for ref in refs(value):
        wish = wishes[ref.call]
        if not (wish.several or wish.whole or wish.fixed):
            found.setdefault(ref, wish.word)
    return found
