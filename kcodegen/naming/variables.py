"""Names for the tensors of a page: `x` for the running value, words for what lives longer.

A value takes over the name of an operand that dies with it. A new branch is named after the
role it plays where it joins the others: the `shortcut` of a sum, the `gate` of a product.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field

from kcodegen.ir.graph import Call, Graph
from kcodegen.ir.order import operands
from kcodegen.ir.values import Dict, Ref, Value, refs
from kcodegen.naming.scope import Scope
from kcodegen.records import record

_RUNNING, _PLAIN = "x", "y"
_FALLBACKS = ("y", "z", "u", "v", "w")
_BRANCH = "branch"
_ROLES = frozenset({"x", "y", "shortcut", "gate", _BRANCH})
# What a branch is called by the operation that joins it to another.
_JOINS = {"multiply": "gate", "concatenate": _BRANCH}
POOL = (0,)  # the kernel of a pooling
_LEAST_BRANCHES, _MOST_ALIKE = 3, 2  # fewer are told apart without
_SUMS = frozenset({"add", "subtract", "average", "maximum", "minimum"})


@record(frozen=True)
class Wish:
    """What is known of a call's outputs: proposed names, and whether they come as a tuple.

    `word` is a name for an output that lives long; `kind` the lower-case class of what is called;
    `several` names for a tuple of outputs; `whole` says that one variable holds them all (a
    dict, a structure); `fixed` that `word` is to be used in any case (an input). `follows` are,
    for each output of a loop or a condition, the operand that it continues; None stands for a list,
    which is called after `kind`. `kernel` is the size of the convolution that is called.
    """

    word: str
    kind: str
    several: tuple[str, ...] | None = None
    whole: bool = False
    fixed: bool = False
    is_nested: bool = False
    follows: tuple[Ref | None, ...] = ()
    kernel: tuple[int, ...] = ()


@record(frozen=False)
class Variables:
    """Assigns a name to every output of the calls of one graph, in the order of the page.

    `given` are names of tensors that are there already, `kept` those of them that stay in use
    to the end; `forced` are names that outputs had better have, `listed` go into a list as soon
    as they are made. `live` tells which names are in use when a call is made, those of its outputs
    included.
    """

    graph: Graph
    wishes: Mapping[str, Wish]
    scope: Scope = field(default_factory=Scope)
    given: Mapping[Ref, str] = field(default_factory=dict)
    forced: Mapping[Ref, str] | None = None
    kept: frozenset[Ref] = frozenset()
    listed: frozenset[Ref] = frozenset()
    names: dict[Ref, str] = field(default_factory=dict)
    live: dict[str, frozenset[str]] = field(default_factory=dict)
    _last: dict[Ref, int] = field(default_factory=dict)
    _uses: dict[Ref, list[int]] = field(default_factory=dict)
    _heirs: set[str] = field(default_factory=set)
    _just_named: set[str] = field(default_factory=set)
    _calls: dict[str, Call] = field(default_factory=dict)

    def assign(self) -> dict[Ref, str]:
        """Return the name of every output that is used."""
        calls = self.graph.calls
        self._calls = {call.id: call for call in calls}
        for position, call in enumerate(calls):
            for ref in operands(call):
                self._uses.setdefault(self._held(ref), []).append(position)
        end = len(calls)
        preferred = self.forced
        if preferred is None:
            preferred = preferred_outputs(self.graph, self.wishes)
        ends = (
            self.graph.outputs
            if self.forced is not None
            else (self.graph.outputs, self.graph.inputs)
        )
        for ref in refs(ends):
            self._uses.setdefault(self._held(ref), []).append(end)
        self._last = {ref: max(places) for ref, places in self._uses.items()}
        self._last |= dict.fromkeys(self.kept, end)
        live: list[Ref] = list(self.given)
        self.names.update(self.given)
        self._heirs.update(self.given.values())
        self.scope.taken.update(self.given.values())
        for position, call in enumerate(calls):
            dying = [ref for ref in live if self._last.get(ref, -1) <= position]
            self._name(call, position, dying, preferred)
            live = [ref for ref in live if ref not in dying]
            there = [*live, *self._outputs(call)]
            self.live[call.id] = frozenset(self.names[ref] for ref in there if ref in self.names)
            for ref in dying:
                self._free(ref, live)
            live += [ref for ref in self._outputs(call) if self._last.get(ref, -1) > position]
        return self.names

    def _held(self, ref: Ref) -> Ref:
        """Return the reference that stands for the variable of `ref`."""
        return Ref(ref.call) if self.wishes[ref.call].whole else ref

    def _outputs(self, call: Call) -> list[Ref]:
        several = self.wishes[call.id].several
        if follows := self.wishes[call.id].follows:
            return [Ref(call.id, index) for index in range(len(follows))]
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
        if wish.follows:
            self._name_followers(call, position, wish, dying, preferred)
            return
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

    def _name_followers(
        self,
        call: Call,
        position: int,
        wish: Wish,
        dying: list[Ref],
        preferred: Mapping[Ref, str],
    ) -> None:
        """Name what a loop or a condition gives: like what it goes on with, if that ends here."""
        for index, followed in enumerate(wish.follows):
            ref = Ref(call.id, index)
            if followed is None:
                self.names[ref] = self.scope.unique(wish.kind)
            else:
                name = self.names[followed] if followed in dying else ""
                if name not in self._heirs or name in self._just_named:
                    name = ""
                if self.forced is not None and ref in preferred and not name:
                    name = self._take(preferred[ref], dying)
                self.names[ref] = name or self._branch(call, position, wish, ref)
            self._just_named.add(self.names[ref])

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
            if ref not in self._uses and ref not in self.listed:
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
        if len(taken) > 1:  # a join is no branch of one size
            heirs = [name for name in heirs if name == _BRANCH or not name.startswith(_BRANCH)]
        if len(heirs) > 1 and self.forced and (aim := self._aim(Ref(call.id))) in heirs:
            return aim
        return "x" if "x" in heirs else (heirs[0] if heirs else "")

    def _branch(self, call: Call, position: int, wish: Wish, ref: Ref | None = None) -> str:
        ref = ref or Ref(call.id)
        uses = self._uses.get(ref, [])
        single_input = isinstance(self.graph.inputs, Ref)
        brief = all(use == position + 1 for use in uses)
        if self.forced and (name := self._aim(ref)) and name not in self.scope.taken:
            self._heirs.add(name)
            self.scope.taken.add(name)
            return name
        if "x" not in self.scope.taken:
            word = "x" if brief or (single_input and not wish.is_nested) else wish.word
        else:
            word = wish.word if wish.is_nested else self._role(call, ref)
        name = self._free_name(word)
        if word != wish.word or word in (_RUNNING, _PLAIN):
            self._heirs.add(name)
        return name

    def _free_name(self, word: str) -> str:
        """Return the first free of a role's word and the plain names, before any with a number."""
        for name in (word, *_FALLBACKS):
            is_plain = word in _ROLES or word.startswith(_BRANCH)
            if name not in self.scope.taken and (name == word or is_plain):
                return self.scope.unique(name)
        return self.scope.unique(word)

    def _aim(self, ref: Ref) -> str:
        """Return the name that an output on the way from `ref` had better have, if it is free."""
        for _ in range(len(self.graph.calls)):
            name = (self.forced or {}).get(ref, "")
            if name:
                return name
            uses = self._uses.get(ref, [])
            if len(uses) != 1 or uses[0] >= len(self.graph.calls):
                return ""
            ref = Ref(self.graph.calls[uses[0]].id)
        return ""

    def _role(self, call: Call, ref: Ref) -> str:
        """Return the role of a new branch where it joins another one.

        A short branch that is added to a longer one is its shortcut.
        """
        calls, sources = self.graph.calls, operands(call)
        for length in range(1, len(calls)):
            uses = self._uses.get(ref, [])
            if len(uses) != 1 or uses[0] >= len(calls):
                break
            joined, end = operands(calls[uses[0]]), ref
            ref = Ref(calls[uses[0]].id)
            if len(joined) > 1:
                kind = self.wishes[ref.call].kind
                is_shortcut = kind in _SUMS and length <= 2 and not set(sources) & set(joined)
                if _JOINS.get(kind) == _BRANCH and len(joined) >= _LEAST_BRANCHES:
                    return self._branch_words(joined).get(end, _BRANCH)
                return "shortcut" if is_shortcut else _JOINS.get(kind, _PLAIN)
        return _PLAIN

    def _branch_words(self, joined: Sequence[Ref]) -> dict[Ref, str]:
        """Return what the branches of a join are called, where their sizes tell them apart.

        branch1x1, branch5x5, branch3x3, and `dbl` for a longer one of the same size
        """
        found: dict[str, list[tuple[int, Ref]]] = {}
        for ref in joined:
            kernels = self._kernels(ref)
            found.setdefault(_branch_word(kernels), []).append((len(kernels), ref))
        words: dict[Ref, str] = {}
        for word, ends in found.items():
            ends.sort(key=lambda end: end[0])
            if len(ends) > _MOST_ALIKE or len({length for length, _ in ends}) < len(ends):
                return {}
            words |= {ref: word + "dbl" * place for place, (_, ref) in enumerate(ends)}
        return {} if _BRANCH in found else words

    def _kernels(self, ref: Ref) -> list[tuple[int, ...]]:
        """Return the kernels on the way to a join, from where branches part."""
        found: list[tuple[int, ...]] = []
        while (call := self._calls.get(ref.call)) is not None:
            found.append(self.wishes[call.id].kernel)
            sources = operands(call)
            if len(sources) != 1 or len(self._uses.get(sources[0], ())) > 1:
                break
            ref = sources[0]
        return found


def largest(kernels: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """Return the largest kernel in each direction; POOL where there is none but of one."""
    sizes = [kernel for kernel in kernels if kernel and kernel != POOL]
    rank = max(map(len, sizes), default=0)
    found = tuple(map(max, zip(*(size for size in sizes if len(size) == rank), strict=True)))
    return POOL if POOL in kernels and set(found) <= {1} else found


def _branch_word(kernels: Sequence[tuple[int, ...]]) -> str:
    """Return what a branch is called: by its largest kernel, or by its pooling."""
    size = largest(kernels)
    return f"{_BRANCH}_pool" if size == POOL else _BRANCH + "x".join(map(str, size))


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
