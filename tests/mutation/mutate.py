"""Makes small wrong pages out of right ones: each mutant differs from its page in one place."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from kcodegen.words import FIXED
from tests.mutation.places import Place, places, replaced
from tests.mutation.swaps import other_text, other_word

Change: TypeAlias = "tuple[str, ast.AST, str]"  # what kind, which node, its new text


@dataclass(frozen=True, slots=True)
class Mutant:
    """A page with one change: `kind` says which, `before` and `after` are the changed place."""

    kind: str
    line: int
    before: str
    after: str
    text: str

    def __str__(self) -> str:
        return f"line {self.line}, {self.kind}: {self.before!r} -> {self.after!r}"


def mutants(page: str) -> list[Mutant]:
    """Return all mutants of a page, without repetition, in the order of the page."""
    found: dict[str, Mutant] = {}
    for place in places(page, FIXED):
        for kind, node, after in changes(place):
            text = replaced(page, node, after)
            if text != page and text not in found and parses(text):
                before = ast.get_source_segment(page, node) or ""
                line = getattr(node, "lineno", 0)
                found[text] = Mutant(kind, line, before, after, text)
    return list(found.values())


def parses(text: str) -> bool:
    """Say whether a text is Python at all."""
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def changes(place: Place) -> Iterator[Change]:
    """Yield the single changes of one node."""
    node = place.node
    match node:
        case ast.List() | ast.Tuple():
            yield from sequence_changes(node)
        case ast.Dict():
            yield from dict_changes(node)
        case ast.Call():
            yield from call_changes(node)
        case ast.Constant():
            yield from constant_changes(node)
        case ast.JoinedStr():
            yield from template_changes(node)
        case ast.Name(ctx=ast.Load()):
            others = [name for name in place.others if name != node.id]
            yield from (("variable", node, name) for name in others[-3:])
        case ast.Attribute():
            path = ast.unparse(node)
            yield from (("class", node, other) for other in other_word(path))
        case ast.BinOp(left=left, op=op, right=right):
            yield "operands", node, f"{ast.unparse(right)} {sign(op)} {ast.unparse(left)}"
            other = "-" if sign(op) != "-" else "+"
            yield "operator", node, f"{ast.unparse(left)} {other} {ast.unparse(right)}"
        case ast.IfExp(test=test, body=body, orelse=orelse):
            swapped = ast.IfExp(test=test, body=orelse, orelse=body)
            yield "branches", node, ast.unparse(swapped)
        case ast.FunctionDef() | ast.For() | ast.If():
            yield from body_changes(node)
        case ast.arguments():
            yield from default_changes(node)
        case _:
            pass


def sign(op: ast.operator) -> str:
    """Return the sign of a binary operator."""
    return {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}.get(type(op), "**")


def sequence_changes(node: ast.List | ast.Tuple) -> Iterator[Change]:
    """Yield a list or tuple with two neighbours swapped, one item less, or one item twice."""
    items = [ast.unparse(item) for item in node.elts]
    for i, (a, b) in enumerate(pairwise(items)):
        yield "swapped items", node, sequence(node, [*items[:i], b, a, *items[i + 2 :]])
    for i in range(len(items)):
        yield "dropped item", node, sequence(node, items[:i] + items[i + 1 :])
    if items:
        yield "repeated item", node, sequence(node, [*items, items[-1]])


def sequence(node: ast.List | ast.Tuple, items: list[str]) -> str:
    """Return the text of a list or tuple of items, which is a list or tuple as before."""
    if isinstance(node, ast.List):
        return f"[{', '.join(items)}]"
    return f"({', '.join(items)}{',' if len(items) == 1 else ''})"


def dict_changes(node: ast.Dict) -> Iterator[Change]:
    """Yield a dict with two values swapped, two items swapped, or one item less."""
    items = [
        (ast.unparse(k), ast.unparse(v)) for k, v in zip(node.keys, node.values, strict=True) if k
    ]
    for i, (a, b) in enumerate(pairwise(items)):
        rest = items[:i], items[i + 2 :]
        values = [(a[0], b[1]), (b[0], a[1])]
        yield "swapped values", node, mapping([*rest[0], *values, *rest[1]])
        yield "swapped keys", node, mapping([*rest[0], b, a, *rest[1]])
    for i in range(len(items)):
        yield "dropped key", node, mapping(items[:i] + items[i + 1 :])


def mapping(items: list[tuple[str, str]]) -> str:
    """Return the text of a dict."""
    return "{" + ", ".join(f"{key}: {value}" for key, value in items) + "}"


def call_changes(node: ast.Call) -> Iterator[Change]:
    """Yield a call with arguments swapped, dropped, added, or one keyword spelled otherwise."""
    func = ast.unparse(node.func)
    args = [ast.unparse(arg) for arg in node.args]
    kwargs = [ast.unparse(keyword) for keyword in node.keywords]

    def call(kind: str, args: list[str], kwargs: list[str]) -> Change:
        return kind, node, f"{func}({', '.join([*args, *kwargs])})"

    for i, (a, b) in enumerate(pairwise(args)):
        yield call("swapped arguments", [*args[:i], b, a, *args[i + 2 :]], kwargs)
    for i in range(len(args)):
        yield call("dropped argument", args[:i] + args[i + 1 :], kwargs)
    for i, text in enumerate(kwargs):
        rest = kwargs[:i] + kwargs[i + 1 :]
        yield call("dropped keyword", args, rest)
        yield call("misspelled keyword", args, [*kwargs[:i], f"not_{text}", *kwargs[i + 1 :]])
    for extra in ("trainable=False", "name='intruder'", "dtype='float16'"):
        if not any(text.startswith(extra.split("=")[0] + "=") for text in kwargs):
            yield call("added keyword", args, [*kwargs, extra])
    if args:
        yield "call twice", node, f"{func}({func}({', '.join([*args, *kwargs])}))"
        yield "call left out", node, args[-1]


def constant_changes(node: ast.Constant) -> Iterator[Change]:
    """Yield other values of the same kind, and a None."""
    match node.value:
        case bool(value):
            yield "flag", node, repr(not value)
        case int(value):
            yield "integer", node, repr(value + 1)
            yield "integer", node, repr(value * 2 if value else -1)
            yield "type", node, repr(float(value))
        case float(value):
            yield "float", node, repr(value * 2 + 0.5)
            yield "float", node, repr(value * 1.001 + 1e-6)
        case str(value):
            yield from (("text", node, repr(other)) for other in other_text(value))
        case None:
            yield "none", node, "0"
        case _:
            pass
    if node.value is not None:
        yield "none", node, "None"


def template_changes(node: ast.JoinedStr) -> Iterator[Change]:
    """Yield an f-string with one part spelled otherwise or left out."""
    for i, part in enumerate(node.values):
        rest = node.values[:i], node.values[i + 1 :]
        yield "text", node, ast.unparse(ast.JoinedStr([*rest[0], *rest[1]]))
        if isinstance(part, ast.Constant):
            longer = ast.Constant(str(part.value) + "x")
            yield "text", node, ast.unparse(ast.JoinedStr([*rest[0], longer, *rest[1]]))


def body_changes(node: ast.FunctionDef | ast.For | ast.If) -> Iterator[Change]:
    """Yield a body with two neighbours swapped, one statement twice, or one left out."""
    for a, b in pairwise(node.body):
        if is_docstring(a):
            continue
        yield "statement twice", a, f"{text_of(a)}\n{' ' * a.col_offset}{text_of(a)}"
        yield "statement left out", a, "pass"
        pair = ast.Module([b, a], [])
        pair.lineno, pair.col_offset = a.lineno, a.col_offset  # type: ignore[attr-defined]
        pair.end_lineno, pair.end_col_offset = (  # type: ignore[attr-defined]
            b.end_lineno,
            b.end_col_offset,
        )
        yield "swapped statements", pair, f"{text_of(b)}\n{' ' * a.col_offset}{text_of(a)}"
    if len(node.body) == 1:
        yield "statement left out", node.body[0], "pass"


def text_of(statement: ast.stmt) -> str:
    """Return a statement as text, its further lines indented as deep as it stands."""
    return ast.unparse(statement).replace("\n", "\n" + " " * statement.col_offset)


def is_docstring(statement: ast.stmt) -> bool:
    """Say whether a statement is a bare string."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def default_changes(node: ast.arguments) -> Iterator[Change]:
    """Yield a function's parameters in another order."""
    for a, b in pairwise(node.args):
        both = ast.Module([], [])
        both.lineno, both.col_offset = a.lineno, a.col_offset  # type: ignore[attr-defined]
        both.end_lineno, both.end_col_offset = (  # type: ignore[attr-defined]
            b.end_lineno,
            b.end_col_offset,
        )
        yield "swapped parameters", both, f"{ast.unparse(b)}, {ast.unparse(a)}"
