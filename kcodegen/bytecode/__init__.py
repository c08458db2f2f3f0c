"""Bytecode of any Python from 2.7 to 3.13 -> the source of the function; nothing is ever run.

    e300000000 ... 7c 00 64 01 14 00 53 00   ->   Function("double", ("t",), [return t * 2.0])

The bytes are read as data, the instructions interpreted on expressions, and the source is proved:
see `proof`. What a name stands for is no matter of this room, and no name is to be trusted.
"""

from __future__ import annotations

import ast

from kcodegen.bytecode.code import Code, NotDecompiled
from kcodegen.bytecode.division import divides_as_2
from kcodegen.bytecode.evaluate import body_of
from kcodegen.bytecode.instructions import OTHER
from kcodegen.bytecode.proof import dumped, prove
from kcodegen.bytecode.unmarshal import unmarshal
from kcodegen.bytecode.versions import Version, candidates, opcodes
from kcodegen.records import record

__all__ = ["Function", "NotDecompiled", "decompile"]


_OF_NONE = "its bytecode is of no known Python"
_VAGUE = (_OF_NONE, OTHER)


@record(frozen=True)
class Function:
    """A function: assignments, and the expression that it returns.

    `free` are the names of variables that it found around it; `versions` those of Python that
    may have made its bytecode.
    """

    name: str
    args: tuple[str, ...]
    free: tuple[str, ...]
    body: list[ast.stmt]
    versions: tuple[Version, ...]

    @property
    def divides_as_2(self) -> bool:
        """Whether Python 2 may have divided integers in it, of which it dropped the rest."""
        return self.versions[-1] < (3, 0) and divides_as_2(self.body)


def decompile(data: bytes) -> Function:
    """Return the function in a marshalled code object; NotDecompiled says why there is none."""
    code = unmarshal(data)
    found, versions = _readings(code)
    prove(code, versions, found)
    return Function(code.name, code.args, code.free, found, versions)


def _readings(code: Code) -> tuple[list[ast.stmt], tuple[Version, ...]]:
    """Return what the function says in all versions that it can be of, and these versions."""
    found: dict[Version, list[ast.stmt]] = {}
    reason = NotDecompiled(_OF_NONE)
    for version in candidates(code):
        try:
            found[version] = body_of(code, opcodes()[version])
        except NotDecompiled as error:
            if str(reason) in _VAGUE:  # a reason of another version may say more
                reason = error
    if not found:
        raise reason
    if len({dumped(body) for body in found.values()}) > 1:
        raise NotDecompiled("it means different things in different versions of Python")
    return next(iter(found.values())), tuple(found)
