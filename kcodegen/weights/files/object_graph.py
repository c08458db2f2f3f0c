"""The objects that a checkpoint of TensorFlow tells of: what each calls the others, and variables.

root -layer_with_weights-0-> a Dense -kernel-> a variable, "dense/kernel", at some key of the index

Source: `tensorflow/core/protobuf/trackable_object_graph.proto`.
"""

from __future__ import annotations

from collections.abc import Iterator

from kcodegen.diagnostics import CompileError, rejected
from kcodegen.protobuf import MalformedError, content, fields, number
from kcodegen.records import record
from kcodegen.weights.files.checkpoint import Checkpoint
from kcodegen.weights.files.store import Stored

KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"
MAX_NODES = 1_000_000
MAX_CHILDREN = 10_000_000

_VALUE, _TABLE = "VARIABLE_VALUE", "table"


@record(frozen=True)
class Node:
    """An object: its numbered children by what it calls them, and what it is as a variable.

    `variable` is the key of its array, `full_name` the name that the variable had, `table` the
    key of a table of lookups; each "" where it is none.
    """

    children: dict[str, int]
    variable: str = ""
    full_name: str = ""
    table: str = ""


@record(frozen=True)
class Objects:
    """The objects of a checkpoint, the root first."""

    nodes: tuple[Node, ...]
    checkpoint: Checkpoint

    def child(self, node: int, *names: str) -> int | None:
        """Return the first object that one calls by one of some names; None where there is none."""
        children = self.nodes[node].children
        return next((children[name] for name in names if name in children), None)

    def is_variable(self, node: int) -> bool:
        """Tell whether an object is an array of numbers that the checkpoint has."""
        return self.checkpoint.is_array(self.nodes[node].variable)

    def array(self, node: int, name: str) -> Stored:
        """Return the array of a variable; the last part of its path is what its owner calls it."""
        key = self.nodes[node].variable
        *path, _ = key.partition("/.ATTRIBUTES/")[0].split("/")
        return self.checkpoint.array(key, (*path, name))

    def inside(self, node: int, without: frozenset[str]) -> Iterator[int]:
        """Yield an object and all that it leads to, each once, in the order of the names in it.

        Nothing is entered that has one of the names `without`.
        """
        stack, seen = [node], {node}
        while stack:
            found = stack.pop()
            yield found
            for name, inner in reversed(self.nodes[found].children.items()):
                if name not in without and inner not in seen:
                    seen.add(inner)
                    stack.append(inner)


def read_objects(checkpoint: Checkpoint) -> Objects | None:
    """Return the objects of a checkpoint; None for one that knows names of variables only."""
    texts = checkpoint.texts(KEY)
    if texts is None:
        return None
    try:
        return Objects(tuple(_nodes(texts[0])) if len(texts) == 1 else (), checkpoint)
    except MalformedError:
        raise _malformed() from None


def _nodes(message: bytes) -> Iterator[Node]:
    """Yield the objects; MalformedError where a child is none of them."""
    parts = [content(value) for place, value in fields(message) if place == 1]
    if not 1 <= len(parts) <= MAX_NODES:
        raise MalformedError
    total = 0
    keys: set[str] = set()
    for part in parts:
        node = _node(part)
        total += len(node.children)
        if total > MAX_CHILDREN or any(not 0 <= i < len(parts) for i in node.children.values()):
            raise MalformedError
        if node.variable in keys:
            raise MalformedError
        if node.variable:
            keys.add(node.variable)
        yield node


def _node(message: bytes) -> Node:
    children: dict[str, int] = {}
    variable = full_name = table = ""
    for place, value in fields(message):
        if place == 1:
            reference = dict(fields(content(value)))
            children[_text(reference.get(2, b""))] = number(reference.get(1, 0))
        elif place == 2:
            attribute = dict(fields(content(value)))
            name, key = _text(attribute.get(1, b"")), _text(attribute.get(3, b""))
            if name == _VALUE:
                variable, full_name = key, _text(attribute.get(2, b""))
            elif name == _TABLE:
                table = key
    return Node(children, variable, full_name, table)


def _text(value: int | bytes) -> str:
    return content(value).decode("utf-8", "replace")


def _malformed() -> CompileError:
    message = "the checkpoint doesn't tell its objects as TensorFlow does"
    return rejected("bad-checkpoint", message, hint="copy the checkpoint again")
