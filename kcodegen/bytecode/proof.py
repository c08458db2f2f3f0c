"""The proof of a decompiled function: its source, compiled by this Python, is the function.

Where this Python may have made the bytecode, both have the same instructions. Where another one
did, the new bytecode is read again, and says the same.
"""

from __future__ import annotations

import ast
import sys
import warnings
from copy import deepcopy
from types import CodeType

from kcodegen.bytecode.code import Code, NotDecompiled
from kcodegen.bytecode.evaluate import body_of
from kcodegen.bytecode.instructions import instructions
from kcodegen.bytecode.versions import Opcodes, Version, opcodes

_CONSTANTS = ("LOAD_CONST", "KW_NAMES")
_LONG_END = 8  # instructions; the longest end that is copied has four


def running() -> Version | None:
    """Return the version of this Python, None when it is too new to be known here."""
    version = (sys.version_info[0], sys.version_info[1])
    return version if version in opcodes() else None


def compiled(code: Code, body: list[ast.stmt]) -> Code:
    """Return what this Python makes of the source; raises NotDecompiled if it is no source."""
    function = _function("inner", list(code.args), body)
    given: list[ast.stmt] = [
        ast.Assign([ast.Name(name, ast.Store())], ast.Constant(None)) for name in code.free
    ]
    outer = _function("outer", [], [*given, function, ast.Return(ast.Name("inner", ast.Load()))])
    module = ast.fix_missing_locations(ast.Module([outer], []))
    try:
        with warnings.catch_warnings():  # of what a stranger's function does
            warnings.simplefilter("ignore")
            made = compile(module, "<lambda>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, TypeError, RecursionError) as error:
        raise NotDecompiled("its bytecode says what no source says") from error
    return _code(_nested(_nested(made)))


def _function(name: str, args: list[str], body: list[ast.stmt]) -> ast.FunctionDef:
    arguments = ast.arguments([], [ast.arg(arg) for arg in args], None, [], [], None, [])
    made = ast.FunctionDef(name, arguments, body, [], None)
    if sys.version_info >= (3, 12):
        made.type_params = []
    return made


def _nested(code: CodeType) -> CodeType:
    (found,) = (const for const in code.co_consts if isinstance(const, CodeType))
    return found


def _code(made: CodeType) -> Code:
    """Return a code object of this Python as data."""
    version = running()
    assert version is not None
    layout = (3, 11) if version >= (3, 11) else (3, 8)
    outside = (*made.co_cellvars, *made.co_freevars)
    slots = made.co_varnames
    if layout == (3, 11):
        slots = (*slots, *(name for name in outside if name not in slots))
        outside = slots
    return Code(
        layout, made.co_name, made.co_argcount, made.co_posonlyargcount, made.co_kwonlyargcount,
        made.co_flags, made.co_code, made.co_consts, made.co_names, slots, outside,
        made.co_freevars, b"",
    )  # fmt: skip


def prove(code: Code, versions: tuple[Version, ...], body: list[ast.stmt]) -> None:
    """Raise NotDecompiled unless the source of a function is proved to be that function."""
    version = running()
    if version is None:
        raise NotDecompiled("no function can be proved on this Python: use 3.10 to 3.13")
    table = opcodes()[version]
    if version in versions and _steps(code, table) == _steps(compiled(code, body), table):
        return
    padded = _padded(body)
    if dumped(body_of(compiled(code, padded), table)) != dumped(padded):
        raise NotDecompiled("its source can't be proved")


def _padded(body: list[ast.stmt]) -> list[ast.stmt]:
    """Return a function that returns a list, with its result as the first item.

    Compilers copy a short end of a function behind every condition; the list makes it long.
    """
    *before, last = body
    assert isinstance(last, ast.Return)
    assert last.value is not None
    rest = [ast.Constant(number) for number in range(_LONG_END)]
    return [*before, ast.Return(ast.List([last.value, *rest], ast.Load()))]


def _steps(code: Code, table: Opcodes) -> list[tuple[str, object, int]]:
    """Return the instructions of a function with constants and names in place of numbers."""
    return [
        (item.name, _meant(item.name, item.arg, code, table.version), item.target)
        for item in instructions(code, table)
    ]


def _meant(name: str, arg: int, code: Code, version: Version) -> object:
    if name in _CONSTANTS:
        return repr(code.consts[arg])
    if name in ("LOAD_GLOBAL", "LOAD_ATTR", "LOAD_METHOD"):
        is_packed = version >= (3, 12) or (version >= (3, 11) and name == "LOAD_GLOBAL")
        return (code.names[arg >> 1], arg & 1) if is_packed else code.names[arg]
    if name in ("LOAD_FAST", "STORE_FAST", "LOAD_FAST_CHECK"):
        return code.slots[arg]
    return code.cells[arg] if name == "LOAD_DEREF" else arg


def dumped(body: list[ast.stmt]) -> str:
    """Return what is equal for two functions exactly when they compute the same steps.

    Old versions of Python left computations with constants to be done each time.
    """
    return "\n".join(ast.dump(_Folded().visit(deepcopy(statement))) for statement in body)


class _Folded(ast.NodeTransformer):
    """Computes with constants, as compilers do."""

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.op, ast.USub) and _is_number(node.operand):
            return ast.Constant(-node.operand.value)  # type: ignore[attr-defined]
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        if not (_is_number(node.left) and _is_number(node.right)):
            return node
        left, right = node.left.value, node.right.value  # type: ignore[attr-defined]
        match node.op:
            case ast.Add():
                return ast.Constant(left + right)
            case ast.Sub():
                return ast.Constant(left - right)
            case ast.Mult():
                return ast.Constant(left * right)
            case ast.Div() if right:
                return ast.Constant(left / right)
            case ast.FloorDiv() if right:
                return ast.Constant(left // right)
        return node


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)
