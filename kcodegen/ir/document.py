"""The Document: parsed JSON whose every value knows its address.

A `Node` is a cursor. Its typed getters are the only way to a field, so that a wrong type is an
error with a JSON pointer, never a surprise further down.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias, Union

from kcodegen.diagnostics import CompileError, Origin, rejected
from kcodegen.records import record

Json: TypeAlias = Union[bool, int, float, str, "list[Json]", "dict[str, Json]", None]


class Placed(dict[str, Json]):
    """An object put into other words that still knows its place in the file.

    `pointer` is the place of the object, `was` the keys there of those that are called otherwise
    here, `writer` the version of the Keras that wrote it, where something beside it tells.
    """

    def __init__(
        self, fields: Mapping[str, Json], pointer: str, was: Mapping[str, str], writer: str = ""
    ) -> None:
        super().__init__(fields)
        self.pointer = pointer
        self.was = dict(was)
        self.writer = writer


@record(frozen=False)
class Node:
    """One value of the document; `path` is its chain of keys, `layer` the layer it belongs to.

    `address` is its JSON pointer once somebody has asked for it.
    """

    value: Json
    parent: Node | None = None
    key: str | int = ""
    layer: str | None = None
    address: str | None = None

    @property
    def pointer(self) -> str:
        """Return the JSON pointer (RFC 6901); every node on the way keeps its own."""
        way: list[tuple[Node, Node]] = []
        node = self
        while node.address is None:
            if isinstance(node.value, Placed):
                node.address = node.value.pointer
            elif node.parent is None:
                node.address = ""
            else:
                way.append((node, node.parent))
                node = node.parent
        for child, parent in reversed(way):
            key = str(parent.key_in_file(child.key)).replace("~", "~0").replace("/", "~1")
            child.address = f"{parent.address}/{key}"
        assert self.address is not None
        return self.address

    @property
    def origin(self) -> Origin:
        """Return the address for a diagnostic."""
        return Origin(self.pointer, self.layer)

    def error(self, code: str, message: str, hint: str = "") -> CompileError:
        """Return an error at this place."""
        return rejected(code, message, self.origin, hint)

    def key_in_file(self, key: str | int) -> str | int:
        """Return what the file calls the child that is called `key` here."""
        return self.value.was.get(str(key), key) if isinstance(self.value, Placed) else key

    def placed(self, fields: Mapping[str, Json], was: Mapping[str, str] | None = None) -> Placed:
        """Return other fields for this object; `was` has the old keys of those renamed."""
        old = self.value.was if isinstance(self.value, Placed) else {}
        new = {key: str(self.key_in_file(before)) for key, before in (was or {}).items()}
        return Placed(fields, self.pointer, old | new)

    def named(self, layer: str) -> Node:
        """Return the same node as a part of the layer called `layer`."""
        return Node(self.value, self.parent, self.key, layer)

    # Objects

    def mapping(self, what: str = "an object") -> dict[str, Json]:
        """Return the value as a JSON object."""
        if not isinstance(self.value, dict):
            raise self.wrong(what)
        return self.value

    def has(self, key: str) -> bool:
        """Tell whether the object has `key`."""
        return isinstance(self.value, dict) and key in self.value

    def get(self, key: str) -> Node | None:
        """Return the child at `key`, or None when it is absent."""
        mapping = self.mapping()
        return Node(mapping[key], self, key, self.layer) if key in mapping else None

    def field(self, key: str) -> Node:
        """Return the child at `key`; an error when it is absent."""
        node = self.get(key)
        if node is None:
            raise self.error("missing-field", f"the field {key!r} is missing")
        return node

    def fields(self) -> Iterator[tuple[str, Node]]:
        """Yield the keys and children of an object, in the order of the file."""
        for key, value in self.mapping().items():
            yield key, Node(value, self, key, self.layer)

    # Arrays and scalars

    def items(self, what: str = "a list") -> tuple[Node, ...]:
        """Return the children of an array."""
        if not isinstance(self.value, list):
            raise self.wrong(what)
        return tuple(Node(value, self, i, self.layer) for i, value in enumerate(self.value))

    def text(self, what: str = "a string") -> str:
        """Return the value as a string."""
        if not isinstance(self.value, str):
            raise self.wrong(what)
        return self.value

    def integer(self, what: str = "an integer") -> int:
        """Return the value as an integer; a bool is not one."""
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            raise self.wrong(what)
        return self.value

    def wrong(self, expected: str) -> CompileError:
        """Return the error for a value of another type than expected."""
        names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean"}
        names |= {int: "an integer", float: "a number", type(None): "null"}
        found = names[type(self.value)]
        return self.error("wrong-type", f"expected {expected}, found {found}")
