"""A code object as data, and what is raised for one that is no expression."""

from __future__ import annotations

from typing import TypeAlias

from kcodegen.records import record

Constant: TypeAlias = object
"""A constant of a code object: a scalar, a tuple of constants, or a `Code`."""


class NotDecompiled(Exception):  # noqa: N818  (it is an answer)
    """Bytecode that does not come back as source; the text says why, for a user."""


@record(frozen=True)
class Code:
    """A code object, as far as an expression needs it.

    `layout` is the oldest version of Python that arranged code objects like this one. `slots` are
    the names of local variables, arguments first; `cells` those that LOAD_DEREF counts. `lines`
    is the table of line numbers, which tells one version from another.
    """

    layout: tuple[int, int]
    name: str
    argcount: int
    positional_only: int
    keyword_only: int
    flags: int
    code: bytes
    consts: tuple[Constant, ...]
    names: tuple[str, ...]
    slots: tuple[str, ...]
    cells: tuple[str, ...]
    free: tuple[str, ...]
    lines: bytes

    @property
    def args(self) -> tuple[str, ...]:
        """The names of the arguments."""
        return self.slots[: self.argcount]
