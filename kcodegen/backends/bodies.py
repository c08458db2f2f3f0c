"""One body of an outline -> statements: of a model, a block, a loop or a condition."""

from __future__ import annotations

from collections import Counter
from dataclasses import field, replace
from itertools import islice
from typing import TYPE_CHECKING

from kcodegen.backends.comments import shape_comment, use_comment
from kcodegen.backends.items import (
    first_uses,
    made_of,
    passed_on,
    pseudo_call,
    result_words,
    second_word,
)
from kcodegen.backends.kernels import kernel_of
from kcodegen.backends.loops import LoopParts, drawn_columns, header
from kcodegen.backends.settling import settled
from kcodegen.backends.stacks import stacks
from kcodegen.backends.steps import StepMaker, paths, wish_of
from kcodegen.ir.formulas import FORMULAS
from kcodegen.ir.graph import Call, Graph
from kcodegen.ir.order import operands
from kcodegen.ir.outline import Body, Item, Repeat, Step, Use, When
from kcodegen.ir.program import (
    Assign,
    Blank,
    CallExpr,
    Evaluate,
    Expr,
    If,
    ListExpr,
    Literal,
    Name,
    Return,
    Statement,
    Subscript,
    TupleExpr,
)
from kcodegen.ir.values import Ref, Value, refs, same
from kcodegen.naming.scope import Scope
from kcodegen.naming.variables import Variables, Wish
from kcodegen.records import record

if TYPE_CHECKING:
    from kcodegen.backends.functional import FunctionalBody

_KEYWORDS = ("first", "depth", "offset", "index")


@record(frozen=False)
class BodyMaker:
    """Makes the statements of one body: of a model, a block, a loop, or a condition."""

    owner: FunctionalBody
    scope: Scope
    env: dict[Ref, Expr] = field(default_factory=dict)
    names: dict[Ref, str] = field(default_factory=dict)
    live: dict[str, frozenset[str]] = field(default_factory=dict)
    uses: Counter[Ref] = field(default_factory=Counter)
    wishes: dict[str, Wish] = field(default_factory=dict)
    appends: dict[Ref, list[str]] = field(default_factory=dict)
    lists: dict[str, int] = field(default_factory=dict)
    drawn_from: set[str] = field(default_factory=set)
    stacks: set[Ref] = field(default_factory=set)
    popped: dict[Ref, Expr] = field(default_factory=dict)
    steps: StepMaker = field(init=False)

    def __post_init__(self) -> None:
        self.steps = StepMaker(self.owner.expressions)

    def main(self, frame: Graph) -> list[Statement]:
        """Return the statements of the model itself."""
        items = self.owner.outline.steps
        single = isinstance(frame.inputs, Ref)
        self._prepare(items, frame.inputs, frame.outputs, {}, None, frozenset(), single)
        return self._statements(items, frame)

    def block(self, body: Body) -> list[Statement]:
        """Return the statements of a function, its return included."""
        words = ("x", second_word(body), "z", "u", "v", "w")
        given = {Ref(take): self.scope.unique(words[i]) for i, take in enumerate(body.takes)}
        takes = tuple(Ref(take) for take in body.takes)
        self._prepare(body.steps, takes, body.gives, given, {}, frozenset(), True)
        statements = self._statements(body.steps, None)
        gives = tuple(self.env[ref] for ref in body.gives)
        last = statements[-1] if statements else None
        if isinstance(last, Assign) and len(last.targets) == 1 and gives == (Name(*last.targets),):
            return [*statements[:-1], Return(last.value)]
        return [*statements, Return(gives[0] if len(gives) == 1 else TupleExpr(gives))]

    def inner(
        self,
        body: Body,
        given: dict[Ref, str],
        forced: dict[Ref, str],
        kept: frozenset[Ref],
        outer: BodyMaker,
    ) -> list[Statement]:
        """Return the statements of the body of a loop or a condition."""
        self.steps.layers = outer.steps.layers
        self.steps.layer_names = outer.steps.layer_names
        takes = tuple(Ref(take) for take in body.takes)
        self._prepare(body.steps, takes, body.gives, given, forced, kept, True)
        return self._statements(body.steps, None)

    def _prepare(
        self,
        items: tuple[Item, ...],
        inputs: Value,
        outputs: Value,
        given: dict[Ref, str],
        forced: dict[Ref, str] | None,
        kept: frozenset[Ref],
        single: bool,
    ) -> None:
        """Name the tensors of a body."""
        layers = self.steps.layers
        layers.update(
            {i.layer.name: i.layer for i in items if isinstance(i, Step) and i.layer is not None}
        )
        called = [i for i in items if not (isinstance(i, Step) and i.call is None)]
        calls = [pseudo_call(item) for item in called]
        for call in calls:
            self.uses.update(operands(call))
        self.uses.update(refs(outputs))
        several = Counter(call.target for call in calls if call.kind == "layer")
        self.steps.uses = self.uses
        self.steps.name_shared_layers(items, several, self.scope)
        self.stacks = stacks(items, self.uses)
        loops = (item for item in items if isinstance(item, Repeat) and item.drawn)
        drawn = (*self.stacks, *(ref for item in loops for ref in item.inputs))
        self.drawn_from = {ref.call for ref in drawn}
        self.wishes = {ref.call: Wish(name, "", fixed=True) for ref, name in given.items()}
        for item, call in zip(called, calls, strict=True):
            wish = self._wish(item, several, single)
            self.wishes[call.id] = replace(wish, kernel=kernel_of(item, self.owner.blocks, {}))
        shown = outputs if forced is None else ()
        graph = Graph("", "", (), tuple(calls), inputs if single else (), shown)
        if forced is not None:
            graph = replace(graph, inputs=next(refs(inputs), None), outputs=outputs)
        elif not single:
            graph = replace(graph, inputs=inputs)
        listed = frozenset(self.appends)
        variables = Variables(graph, self.wishes, self.scope, given, forced, kept, listed)
        self.names = variables.assign()
        self.live = variables.live
        self.env.update({ref: Name(name) for ref, name in given.items()} | self.popped)

    def _wish(self, item: Item, several: Counter[str], single: bool) -> Wish:
        match item:
            case Step(call=Call() as call):
                return wish_of(call, self.steps, several, single)
            case Use(block=name, inputs=inputs):
                block = self.owner.blocks[name]
                gives, is_closure = block.body.gives, bool(block.captures)
                if len(gives) > 1:
                    return Wish("y", "use", result_words(len(gives), is_closure))
                source = self.steps.input_word(inputs[0]) if is_closure else ""
                if source:
                    return Wish(made_of(source, name), "use", fixed=True)
                return Wish("y", "use")
            case Repeat(inputs=inputs, carried=carried, lists=lists):
                word = "skips" if item.id in self.drawn_from else "branches"
                return Wish("y", word, follows=(*inputs[:carried], *[None] * lists))
            case When():
                follows = tuple(passed_on(item, place) for place in range(len(item.body.gives)))
                return Wish("y", "condition", follows=follows)
        raise AssertionError(item)

    # Statements

    def _statements(self, items: tuple[Item, ...], frame: Graph | None) -> list[Statement]:
        body: list[Statement] = self._appended(list(self.env))
        closures = first_uses(items, self.owner.blocks) if frame is not None else {}
        for place, item in enumerate(items):
            before = len(self.env)
            for block in closures.get(place, ()):
                body += [Blank(), self.owner.closure(block, self), Blank()]
            match item:
                case Step(layer, None):
                    assert layer is not None
                    made = self.steps.construct(layer, item.name)
                    body.append(Assign((self.steps.layer_names[layer.name],), made))
                case Step():
                    body += self._step(item, items, place, frame)
                case Use():
                    body.append(self._use(item, frame))
                case Repeat():
                    body += self._repeat(item)
                case When():
                    body += self._when(item)
            if self.appends:
                body += self._appended(list(islice(self.env, before, None)))
        return body

    def _appended(self, made: list[Ref]) -> list[Statement]:
        """Return what puts new tensors into the lists that a loop fills."""
        return [
            Evaluate(CallExpr(Name(f"{name}.append"), (self.env[ref],)))
            for ref in made
            for name in self.appends.get(ref, ())
        ]

    def _step(
        self, item: Step, items: tuple[Item, ...], place: int, frame: Graph | None
    ) -> list[Statement]:
        call = item.call
        assert call is not None
        following = items[place + 1] if place + 1 < len(items) else None
        next_call = following.call if isinstance(following, Step) else None
        if call.kind == "op":
            expr = self.steps.op(call, self.env)
            if self.steps.can_inline(call, next_call, self.wishes[call.id], self.env):
                self.env[Ref(call.id)] = expr
                return []
            made: list[Statement] = []
        else:
            gathered = self._gathered(call)
            made, expr = self.steps.layer(item, call, self.env)
            if gathered is not None and isinstance(expr, CallExpr):
                made = [*gathered[0], *made]
                expr = replace(expr, args=(gathered[1],))
        comment = shape_comment(call, self.steps.layers, frame) if frame is not None else ""
        return [*made, Assign(self._targets(call), expr, comment)]

    def _gathered(self, call: Call) -> tuple[list[Statement], Name] | None:
        """Return a list that a layer is given as it is, and what has to be put into it before.

        Add()([skips[0], skips[1], x])   ->   skips.append(x); Add()(skips)
        """
        if len(call.args) != 1 or call.kwargs or not isinstance(call.args[0], tuple):
            return None
        given = [value for value in call.args[0] if isinstance(value, Ref)]
        exprs = [self.env[ref] for ref in given]
        first = exprs[0] if len(given) == len(call.args[0]) else None
        if not isinstance(first, Subscript) or not isinstance(first.base, Name):
            return None
        count = self.lists.get(first.base.id, 0)
        items = [Subscript(first.base, Literal(i)) for i in range(count)]
        if not count or exprs[:count] != items or any(self.uses[r] > 1 for r in given[:count]):
            return None
        append = Name(f"{first.base.id}.append")
        return [Evaluate(CallExpr(append, (expr,))) for expr in exprs[count:]], first.base

    def _targets(self, call: Call) -> tuple[str, ...]:
        """Return the variables of a call, and note how each output is reached from them."""
        wish = self.wishes[call.id]
        if wish.several:
            targets = []
            for index in range(len(wish.several)):
                name = self.names.get(Ref(call.id, index), "_")
                self.env[Ref(call.id, index)] = Name(name)
                targets.append(name)
            return tuple(targets)
        name = self.names[Ref(call.id)]
        if wish.whole:
            self._reach(call, Name(name))
        else:
            self.env[Ref(call.id)] = Name(name)
        return (name,)

    def _reach(self, call: Call, base: Expr) -> None:
        """Note the subscripts that lead to the outputs of a structure."""
        structure = self.steps.structures[call.id]
        if structure:
            for index, path in enumerate(paths(structure)):
                expr = base
                for key in path:
                    expr = Subscript(expr, Literal(key))
                self.env[Ref(call.id, index)] = expr
            return
        for ref in list(self.uses):
            if ref.call == call.id:
                self.env[ref] = Subscript(base, Literal(ref.index))

    def _use(self, item: Use, frame: Graph | None) -> Assign:
        block = self.owner.blocks[item.block]
        given = dict(item.filling)
        args: list[Expr] = [self.env[ref] for ref in item.inputs]
        kwargs: list[tuple[str, Expr]] = []
        value = self.owner.expressions.value
        for param in block.params:
            if param.optional:
                if param.name in given and not _equal(given[param.name], param.default):
                    kwargs.append((param.name, value(given[param.name])))
            elif param.name in _KEYWORDS or kwargs:
                kwargs.append((param.name, value(given[param.name])))
            else:
                args.append(value(given[param.name]))
        call = CallExpr(Name(self.owner.block_names[item.block]), tuple(args), tuple(kwargs))
        comment = use_comment(item, block, frame) if frame is not None else ""
        return Assign(self._targets(pseudo_call(item)), call, comment)

    def _when(self, item: When) -> list[Statement]:
        results = [Ref(item.id, place) for place in range(len(item.body.gives))]
        names = [self.names[ref] for ref in results]
        bodies, passed = [], [passed_on(item, place) for place in range(len(results))]
        for body in (item.body, item.orelse):
            given = {
                Ref(t): self._name_of(ref) for t, ref in zip(body.takes, item.inputs, strict=True)
            }
            maker = BodyMaker(self.owner, self._inner_scope(item.id, names))
            forced = dict(zip(body.gives, names, strict=True))
            forced = {ref: name for ref, name in forced.items() if ref not in given}
            statements = maker.inner(body, given, forced, self._kept(item, body, names), self)
            bodies.append(tuple(settled(statements, maker.env, body.gives, names)))
        before: list[Statement] = []
        if not item.orelse.steps:
            bodies[1] = ()
            for ref, name in zip(passed, names, strict=True):
                if ref is not None and self.env[ref] != Name(name):
                    before.append(Assign((name,), self.env[ref]))
        self.env.update({ref: Name(name) for ref, name in zip(results, names, strict=True)})
        test = self.owner.expressions.value(item.test)
        return [*before, If(test, bodies[0], bodies[1])]

    def _name_of(self, ref: Ref) -> str:
        """Return the variable of a tensor that a body takes."""
        expr = self.env[ref]
        return expr.id if isinstance(expr, Name) else ""

    def _inner_scope(self, id: str, names: list[str]) -> Scope:
        """Return the scope of a body inside this one: what is live here is taken there."""
        scope = self.owner.scope.copy()
        scope.taken.update(self.scope.taken & self.scope.fixed)
        scope.fixed = self.scope.fixed
        scope.taken.update(name for name in self.live[id] if name not in names)
        return scope

    def _kept(self, item: When, body: Body, names: list[str]) -> frozenset[Ref]:
        """Return what a condition takes and must leave as it is: it is used later."""
        later = self.live[item.id]
        return frozenset(
            Ref(take)
            for take, ref in zip(body.takes, item.inputs, strict=True)
            if self._name_of(ref) in later and self._name_of(ref) not in names
        )

    def _repeat(self, item: Repeat) -> list[Statement]:
        parts = LoopParts(
            item, [self.names[Ref(item.id, i)] for i in range(item.carried + item.lists)]
        )
        body = item.body
        fixed = len(body.takes) - item.drawn
        before: list[Statement] = []
        given: dict[Ref, str] = {}
        for place, take in enumerate(body.takes[:fixed]):
            expr = self.env[item.inputs[place]]
            name = parts.names[place] if place < item.carried else self._name_of(item.inputs[place])
            if place < item.carried and expr != Name(name):
                before.append(Assign((name,), expr))
            given[Ref(take)] = name
        before += [Assign((name,), ListExpr()) for name in parts.lists]
        scope = self._inner_scope(item.id, parts.carried)
        columns = drawn_columns(item, self.env, scope, self.stacks, self.lists)
        given |= {Ref(take): c.name for take, c in zip(body.takes[fixed:], columns, strict=True)}
        scope.fixed = scope.fixed | {item.index, *item.columns, *(c.name for c in columns)}
        scope.taken |= scope.fixed
        maker = BodyMaker(self.owner, scope)
        drawn = zip(body.takes[fixed:], columns, strict=True)
        maker.popped = {Ref(t): c.popped for t, c in drawn if c.popped is not None and c.is_brief}
        forced = dict(zip(body.gives[: item.carried], parts.carried, strict=True))
        forced = {ref: name for ref, name in forced.items() if ref not in given}
        kept = frozenset(Ref(take) for take in body.takes[item.carried : fixed])
        for name, ref in zip(parts.lists, body.gives[item.carried :], strict=True):
            maker.appends.setdefault(ref, []).append(name)
        body = replace(body, gives=body.gives[: item.carried])
        statements = maker.inner(body, given, forced, kept, self)
        statements = settled(statements, maker.env, body.gives[: item.carried], parts.carried)
        for place, name in enumerate(parts.carried):
            self.env[Ref(item.id, place)] = Name(name)
        parts.reach_items(self.env, self.stacks)
        if isinstance(item.count, int):
            self.lists.update(dict.fromkeys(parts.lists, item.count))
        value = self.owner.expressions.value
        return [*before, header(item, columns, value, statements)]


def _equal(one: Value, other: Value) -> bool:
    return same(one, other) and not isinstance(one, FORMULAS)
