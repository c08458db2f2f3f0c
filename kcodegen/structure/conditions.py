"""Conditions of a block: what tells whether a copy has an optional part.

strides == 2   |   padding   (given only where it is used)   |   expand   (a flag of its own)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kcodegen.ir.formulas import Affine, Condition, Either, Text, holes, simplify
from kcodegen.ir.values import Hole, Value, same
from kcodegen.structure.align import names_of
from kcodegen.structure.draft import Chain, Draft, Node, deep
from kcodegen.structure.unify import Found, _Absent, usual, values_key
from kcodegen.words import snake_case

# A flag is named after what it asks for.
_FLAGS = {
    "ZeroPadding2D": "pad", "Conv2D": "project", "Add": "residual", "Dropout": "dropout",
    "Dense": "project", "MaxPooling2D": "pool", "Multiply": "gated", "add": "residual",
    "MultiHeadAttention": "attend", "LayerNormalization": "normalize",
    "BatchNormalization": "normalize", "Activation": "activate", "ReLU": "activate",
}  # fmt: skip
_ACTIVATIONS = {"ReLU": "relu", "LeakyReLU": "leaky_relu", "PReLU": "prelu", "ELU": "elu"}
# What an author calls it is better.
_SAYING = frozenset({"expand", "squeeze", "project"})
# What follows from a condition by custom, not by chance.
_FOLLOWING = frozenset({"strides", "padding", "use_bias", "activation"})
_TELLING = frozenset({"strides", "padding", "kernel_size", "use_bias", "activation", "axis"})


def decide_tests(
    draft: Draft,
    params: list[Found],
    conditions: Sequence[tuple[Node, tuple[bool, ...]]],
    width: Found | None = None,
) -> list[Condition]:
    """Return the test of each condition; adds a flag to `params` where nothing else tells.

    `width` is that of the block's first tensor.
    """
    for param in params:
        if param.hint == "strides" and 1 in param.values:  # what is left out makes no step
            param.values = [1 if isinstance(v, _Absent) else v for v in param.values]
    found: list[Condition] = []
    for node, presence in conditions:
        test = _by_flag(params, presence) or _by_param(params, presence)
        if test is None and width is not None:
            test = _by_width(params, presence, node, width)
        if test is None:
            hint = _flag_hint(node)
            params.append(Found(draft.hole(), hint, list(presence)))
            test = Condition(Hole(params[-1].name), "")
        found.append(test)
    asked = {hole for test in found for hole in holes(test)}
    for param in params:
        known = [v for v in param.values if not isinstance(v, _Absent) and not _is_open(v)]
        own = param.name in asked or param.hint not in _FOLLOWING or not known
        rest = None if own else usual(known)[0]
        param.values = [rest if isinstance(v, _Absent) else v for v in param.values]
    return found


def _by_flag(params: list[Found], presence: tuple[bool, ...]) -> Condition | None:
    for param in params:
        if all(isinstance(v, bool) for v in param.values):
            if tuple(param.values) == presence:
                return Condition(Hole(param.name), "")
            if all(v != p for v, p in zip(param.values, presence, strict=True)):
                return Condition(Hole(param.name), "not")
    return None


def _by_width(
    params: list[Found], presence: tuple[bool, ...], node: Node, width: Found
) -> Condition | None:
    """Return the test that an author asks before a sum: whether both sides are equally wide."""
    inside = deep(node.chains[0].nodes)
    if not any(inner.kind in ("layer", "op") and _is_sum(inner) for inner in inside):
        return None
    for param in params:
        alike = [same(a, b) for a, b in zip(param.values, width.values, strict=True)]
        if tuple(alike) == presence:
            return Condition(Hole(width.name), "==", Hole(param.name))
    return None


def _is_sum(node: Node) -> bool:
    return str(node.head[1]).rpartition(".")[2] in ("Add", "add")


def _by_param(params: list[Found], presence: tuple[bool, ...]) -> Condition | None:
    """Return a test of a parameter that is given only for this, or of one that happens to tell."""
    for param in params:
        there = [v for v, p in zip(param.values, presence, strict=True) if p]
        absent = [v for v, p in zip(param.values, presence, strict=True) if not p]
        if _is_given(there) and all(isinstance(v, _Absent) for v in absent):
            return Condition(Hole(param.name), "")
    for param in sorted(params, key=lambda param: param.hint != "strides"):  # says it best
        if param.hint not in _TELLING or any(isinstance(v, _Absent) for v in param.values):
            continue
        there = [v for v, p in zip(param.values, presence, strict=True) if p]
        absent = [v for v, p in zip(param.values, presence, strict=True) if not p]
        if any(_is_open(v) for v in param.values) or not _apart(there, absent):
            continue
        if all(map(bool, there)) and not any(map(bool, absent)):
            return Condition(Hole(param.name), "")
        if all(map(bool, absent)) and not any(map(bool, there)):
            return Condition(Hole(param.name), "not")
        if all(same(v, there[0]) for v in there) and isinstance(there[0], (int, str)):
            return Condition(Hole(param.name), "==", there[0])
        if all(same(v, absent[0]) for v in absent) and isinstance(absent[0], (int, str)):
            return Condition(Hole(param.name), "!=", absent[0])
    for param in params:
        there = [v for v, p in zip(param.values, presence, strict=True) if p]
        absent = [v for v, p in zip(param.values, presence, strict=True) if not p]
        if _is_given(absent) and all(isinstance(v, _Absent) for v in there):
            return Condition(Hole(param.name), "not")
    return None


def _is_given(values: Sequence[object]) -> bool:
    """Tell whether values are all known, and say yes in a test."""
    return not any(isinstance(v, (_Absent, Text, Hole)) or not v or _is_open(v) for v in values)


def _is_open(value: object) -> bool:
    return bool(holes(value))  # type: ignore[arg-type]


def _apart(there: Sequence[object], absent: Sequence[object]) -> bool:
    return not any(same(a, b) for a in there for b in absent)


def _flag_hint(node: Node) -> str:
    for inner in deep(node.chains[0].nodes):
        said = {part for name in names_of(inner) for part in name if isinstance(part, str)}
        if inner.kind in ("layer", "op", "use") and said & _SAYING:
            return min(said & _SAYING)
        if inner.kind in ("layer", "op"):
            word = inner.head[1].rpartition(".")[2]
            activation = _ACTIVATIONS.get(word, inner.slots.get("activation"))
            if node.chains[1].nodes and isinstance(activation, str):
                return activation  # rather than another one
            return _FLAGS.get(word, f"with_{snake_case(word)}")
    return "extended"


def fold_choices(params: list[Found], chain: Chain) -> dict[str, Value]:
    """Return formulas for parameters that follow from what a condition tests anyway.

    padding="valid" where pad, "same" elsewhere   ->   "valid" if pad else "same"
    """
    by_name = {param.name: param for param in params}
    tests = [node.slots["test"] for node in chain.nodes if node.kind == "when"]
    tested = {
        test.of.name: test
        for test in tests
        if isinstance(test, Condition) and isinstance(test.of, Hole) and test.of.name in by_name
    }
    found: dict[str, Value] = {}
    for name, test in tested.items():
        base = by_name[name]
        holds = [_holds(test, value) for value in base.values]
        for param in params:
            if param is base or param.name in tested or param.name in found:
                continue
            if param.hint not in _FOLLOWING or (param.hint == "strides" and base.hint == "depth"):
                continue  # how deep a block lies does not tell how far it steps
            yes = [v for v, h in zip(param.values, holds, strict=True) if h]
            no = [v for v, h in zip(param.values, holds, strict=True) if not h]
            if len({*values_key(yes)}) == len({*values_key(no)}) == 1 and _is_plain(yes[0], no[0]):
                found[param.name] = Either(test, yes[0], no[0])  # type: ignore[arg-type]
    return found


def fold_multiples(
    params: list[Found], chain: Chain, width: Found | None = None
) -> dict[str, Value]:
    """Return formulas for numbers that are one multiple of another where a condition is met.

    24 * filters where expand, 4 * filters elsewhere   ->   (24 if expand else 4) * filters
    """
    by_name = {param.name: param for param in params}
    bases = params if width is None else [width, *params]
    for node in chain.nodes:
        test = node.slots.get("test")
        if not isinstance(test, Condition) or not isinstance(test.of, Hole):
            continue
        if test.op == "==" or test.of.name not in by_name:
            continue
        holds = [_holds(test, value) for value in by_name[test.of.name].values]
        for param in params:
            for base in bases:
                factors = _factors(param, base, holds) if param is not base else None
                if factors is not None:
                    formula = Affine(Hole(base.name), Either(test, *factors))
                    return {param.name: formula}
    return {}


def flags_as_factors(params: list[Found], chain: Chain, folded: dict[str, Value]) -> None:
    """Let a flag that decides between a factor and 1 be that factor itself.

    if expand: f(6 * channels); g((6 if expand else 1) * channels)
    ->   if expansion != 1: f(expansion * channels); g(expansion * channels)
    """
    for name, formula in folded.items():
        match formula:
            case Affine(base, Either(Condition(Hole(flag), ""), int() as factor, 1), 0):
                param = next(param for param in params if param.name == flag)
                if not all(isinstance(value, bool) for value in param.values):
                    continue
            case _:
                continue
        param.values = [factor if value else 1 for value in param.values]
        param.hint = "expansion"
        folded[name] = Affine(base, Hole(flag))
        for node in deep(chain.nodes):
            for slot, value in node.slots.items():
                node.slots[slot] = _by_factor(value, flag, Affine(base, factor))


def _by_factor(value: Value, flag: str, multiple: Affine) -> Value:
    """Return a value in which a flag has become a factor."""
    match value:
        case Condition(Hole(name), "" | "not") if name == flag:
            return Condition(value.of, "==" if value.op else "!=", 1)
        case Either(test, yes, no):
            return Either(_by_factor(test, flag, multiple), yes, no)
        case Affine() if same(value, multiple):
            return replace(value, factor=Hole(flag))
        case _:
            return value


def _factors(param: Found, base: Found, holds: list[bool]) -> tuple[int, int] | None:
    """Return by what `param` is a multiple of `base`, where a test holds and where it does not."""
    found: tuple[set[int], set[int]] = (set(), set())
    for a, b, held in zip(param.values, base.values, holds, strict=True):
        if not isinstance(a, int) or not isinstance(b, int) or not b or a % b or b < 4:
            return None
        found[0 if held else 1].add(a // b)
    if len(found[0]) != 1 or len(found[1]) != 1 or len(set(base.values)) < 2:
        return None
    return found[0].pop(), found[1].pop()


def _holds(test: Condition, value: object) -> bool:
    return bool(simplify(Condition(value, test.op, test.than)))  # type: ignore[arg-type]


def _is_plain(*values: object) -> bool:
    return all(isinstance(v, (int, str, float)) and not isinstance(v, Text) for v in values)


def settle_choices(chain: Chain) -> None:
    """Choose where a condition has decided already.

    if expand: f(24 if expand else 4)   ->   if expand: f(24)
    """
    for node in chain.nodes:
        if node.kind != "when":
            continue
        for inside, chosen in zip(node.chains, ("yes", "no"), strict=True):
            for inner in deep(inside.nodes):
                for name, value in inner.slots.items():
                    inner.slots[name] = _settled(value, node.slots["test"], chosen)


def _settled(value: Value, test: Value, chosen: str) -> Value:
    match value:
        case Either() if same(value.test, test):
            return value.yes if chosen == "yes" else value.no
        case Affine(of, factor, offset):
            return simplify(Affine(of, _settled(factor, test, chosen), offset))
        case _:
            return value
