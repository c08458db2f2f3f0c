"""What each instruction does to a stack of expressions."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import field
from typing import TypeAlias

from kcodegen.bytecode.code import Code, NotDecompiled
from kcodegen.bytecode.constants import constant
from kcodegen.bytecode.division import division
from kcodegen.bytecode.instructions import OTHER, UNPACKED
from kcodegen.bytecode.versions import Version
from kcodegen.records import record
from kcodegen.words import is_identifier


class Null:
    """What a call leaves free where a method would have its object."""


NULL = Null()
Expr: TypeAlias = "ast.expr | Null"
Stack: TypeAlias = "list[Expr]"
_LARGEST, _DEEPEST = 4000, 60

_BINARY: dict[str, type[ast.operator]] = {
    "ADD": ast.Add,
    "AND": ast.BitAnd,
    "FLOOR_DIVIDE": ast.FloorDiv,
    "LSHIFT": ast.LShift,
    "MATRIX_MULTIPLY": ast.MatMult,
    "MULTIPLY": ast.Mult,
    "MODULO": ast.Mod,
    "OR": ast.BitOr,
    "POWER": ast.Pow,
    "RSHIFT": ast.RShift,
    "SUBTRACT": ast.Sub,
    "TRUE_DIVIDE": ast.Div,
    "XOR": ast.BitXor,
}
_BINARY_OP = tuple(_BINARY.values())  # the numbers that BINARY_OP gives them, in order
_UNARY: dict[str, type[ast.unaryop]] = {
    "UNARY_NEGATIVE": ast.USub,
    "UNARY_POSITIVE": ast.UAdd,
    "UNARY_NOT": ast.Not,
    "UNARY_INVERT": ast.Invert,
}
_COMPARISONS: tuple[type[ast.cmpop], ...] = (
    *(ast.Lt, ast.LtE, ast.Eq, ast.NotEq, ast.Gt, ast.GtE),
    *(ast.In, ast.NotIn, ast.Is, ast.IsNot),
)
_POSITIVE = 5  # of CALL_INTRINSIC_1


@record(frozen=False)
class Operations:
    """The instructions of one function; `keywords` are the names that KW_NAMES gave."""

    code: Code
    version: Version
    keywords: tuple[str, ...] = ()
    sizes: dict[int, tuple[int, int, ast.expr]] = field(default_factory=dict)
    methods: dict[str, Callable[[int, Stack], None]] = field(init=False)

    def __post_init__(self) -> None:
        self.methods = self._table()

    def apply(self, name: str, arg: int, stack: Stack) -> None:
        """Change the stack as one instruction does."""
        if name.startswith("BINARY_") and name[7:] in _BINARY:
            self._binary(_BINARY[name[7:]], stack)
        elif name in _UNARY:
            self._push(stack, ast.UnaryOp(_UNARY[name](), _pop(stack)))
        elif name.startswith("SLICE+"):
            self._old_slice(int(name[6:]), stack)
        elif name in self.methods:
            self.methods[name](arg, stack)
        else:
            raise NotDecompiled(OTHER)

    def _table(self) -> dict[str, Callable[[int, Stack], None]]:
        """Return the methods for the instructions that have one each."""
        return {
            "LOAD_FAST": self._load_fast,
            "LOAD_FAST_CHECK": self._load_fast,
            "LOAD_DEREF": self._load_deref,
            "LOAD_CONST": self._load_const,
            "LOAD_GLOBAL": self._load_global,
            "LOAD_ATTR": self._load_attr,
            "LOAD_METHOD": self._load_method,
            "PUSH_NULL": self._push_null,
            "BINARY_OP": self._binary_op,
            "BINARY_DIVIDE": self._divide,
            "COMPARE_OP": self._compare,
            "CONTAINS_OP": self._contains,
            "IS_OP": self._is,
            "CALL_INTRINSIC_1": self._intrinsic,
            "BINARY_SUBSCR": self._subscript,
            "BUILD_SLICE": self._build_slice,
            "BINARY_SLICE": self._binary_slice,
            "BUILD_TUPLE": self._build_tuple,
            "BUILD_LIST": self._build_list,
            "LIST_EXTEND": self._list_extend,
            "BUILD_MAP": self._build_map,
            "STORE_MAP": self._store_map,
            "BUILD_CONST_KEY_MAP": self._build_const_map,
            "CALL_FUNCTION": self._call_function,
            "CALL_FUNCTION_KW": self._call_function_kw,
            "CALL_METHOD": self._call_method,
            "KW_NAMES": self._kw_names,
            "CALL": self._call,
            "CALL_KW": self._call_kw,
            "SWAP": self._swap,
            "COPY": self._copy,
            "ROT_TWO": lambda _, stack: self._swap(2, stack),
            "ROT_THREE": self._rot_three,
            "DUP_TOP": lambda _, stack: self._copy(1, stack),
            "POP_TOP": self._pop_top,
        }

    def sized(self, made: ast.expr) -> ast.expr:
        """Return an expression whose size is bounded: copies on the stack could double it."""
        size, depth = 1, 1
        for child in ast.iter_child_nodes(made):
            known = self.sizes.get(id(child))
            if known is None and isinstance(child, ast.expr):
                self.sized(child)
            more, deeper, _ = self.sizes.get(id(child), (0, 0, None))
            size, depth = size + more, max(depth, deeper + 1)
        if size > _LARGEST or depth > _DEEPEST:
            raise NotDecompiled("it is too long")
        self.sizes[id(made)] = (size, depth, made)
        return made

    def _push(self, stack: Stack, made: ast.expr) -> None:
        stack.append(self.sized(made))

    # Names and constants

    def _load_fast(self, arg: int, stack: Stack) -> None:
        self._push(stack, ast.Name(self.code.slots[arg], ast.Load()))

    def _load_deref(self, arg: int, stack: Stack) -> None:
        self._push(stack, ast.Name(self.code.cells[arg], ast.Load()))

    def _load_const(self, arg: int, stack: Stack) -> None:
        self._push(stack, constant(self.code.consts[arg]))

    def _load_global(self, arg: int, stack: Stack) -> None:
        is_call = self.version >= (3, 11) and arg & 1
        name = self.code.names[arg >> 1 if self.version >= (3, 11) else arg]
        made: ast.expr = ast.Name(name, ast.Load())
        if self.version < (3, 0) and name in ("True", "False"):
            made = constant(name == "True")
        self._callee(stack, made, bool(is_call))

    def _load_attr(self, arg: int, stack: Stack) -> None:
        is_packed = self.version >= (3, 12)
        name = self.code.names[arg >> 1 if is_packed else arg]
        made = ast.Attribute(_pop(stack), name, ast.Load())
        self._callee(stack, made, is_packed and bool(arg & 1))

    def _load_method(self, arg: int, stack: Stack) -> None:
        self._callee(stack, ast.Attribute(_pop(stack), self.code.names[arg], ast.Load()), True)

    def _callee(self, stack: Stack, made: ast.expr, is_call: bool) -> None:
        """Push what may be called; the free place lies behind it from 3.13 on."""
        self.sized(made)
        if not is_call:
            stack.append(made)
        else:
            stack.extend([made, NULL] if self.version >= (3, 13) else [NULL, made])

    def _push_null(self, _arg: int, stack: Stack) -> None:
        stack.append(NULL)

    # Operators

    def _binary(self, op: type[ast.operator], stack: Stack) -> None:
        right, left = _pop(stack), _pop(stack)
        self._push(stack, ast.BinOp(left, op(), right))

    def _binary_op(self, arg: int, stack: Stack) -> None:
        if arg >= len(_BINARY_OP):
            raise NotDecompiled("it assigns to a variable as it computes")
        self._binary(_BINARY_OP[arg], stack)

    def _divide(self, _arg: int, stack: Stack) -> None:
        right, left = _pop(stack), _pop(stack)
        self._push(stack, ast.BinOp(left, division(left, right, self.code.args[:1]), right))

    def _compare(self, arg: int, stack: Stack) -> None:
        shift = {(3, 12): 4, (3, 13): 5}.get(self.version, 0)
        self._comparison(_COMPARISONS[arg >> shift], stack)

    def _contains(self, arg: int, stack: Stack) -> None:
        self._comparison(ast.NotIn if arg else ast.In, stack)

    def _is(self, arg: int, stack: Stack) -> None:
        self._comparison(ast.IsNot if arg else ast.Is, stack)

    def _comparison(self, op: type[ast.cmpop], stack: Stack) -> None:
        right, left = _pop(stack), _pop(stack)
        self._push(stack, ast.Compare(left, [op()], [right]))

    def _intrinsic(self, arg: int, stack: Stack) -> None:
        if arg != _POSITIVE:
            raise NotDecompiled(OTHER)
        self._push(stack, ast.UnaryOp(ast.UAdd(), _pop(stack)))

    # Subscripts

    def _subscript(self, _arg: int, stack: Stack) -> None:
        index, base = _pop(stack), _pop(stack)
        self._push(stack, ast.Subscript(base, index, ast.Load()))

    def _build_slice(self, arg: int, stack: Stack) -> None:
        bounds = [None if _is_none(part) else part for part in _several(stack, arg)]
        self._push(stack, ast.Slice(*bounds))

    def _binary_slice(self, _arg: int, stack: Stack) -> None:
        self._build_slice(2, stack)
        self._subscript(0, stack)

    def _old_slice(self, kind: int, stack: Stack) -> None:
        """Take `x[:]`, `x[a:]`, `x[:b]` or `x[a:b]` of Python 2."""
        upper = _pop(stack) if kind & 2 else None
        lower = _pop(stack) if kind & 1 else None
        self._push(stack, ast.Slice(lower, upper))
        self._subscript(0, stack)

    # Displays

    def _build_tuple(self, arg: int, stack: Stack) -> None:
        self._push(stack, ast.Tuple(_several(stack, arg), ast.Load()))

    def _build_list(self, arg: int, stack: Stack) -> None:
        self._push(stack, ast.List(_several(stack, arg), ast.Load()))

    def _list_extend(self, _arg: int, stack: Stack) -> None:
        """Take `[1, 2, 3]`, which is made from a constant tuple since 3.9."""
        items, made = _pop(stack), _pop(stack)
        if not isinstance(items, ast.Tuple) or not isinstance(made, ast.List) or made.elts:
            raise NotDecompiled(UNPACKED)
        self._push(stack, ast.List(items.elts, ast.Load()))

    def _build_map(self, arg: int, stack: Stack) -> None:
        count = arg if self.version >= (3, 5) else 0
        parts = _several(stack, 2 * count)
        self._push(stack, ast.Dict(list(parts[::2]), parts[1::2]))

    def _store_map(self, _arg: int, stack: Stack) -> None:
        key, value, made = _pop(stack), _pop(stack), _pop(stack)
        if not isinstance(made, ast.Dict):
            raise NotDecompiled(OTHER)
        self._push(stack, ast.Dict([*made.keys, key], [*made.values, value]))

    def _build_const_map(self, arg: int, stack: Stack) -> None:
        keys = _pop(stack)
        if not isinstance(keys, ast.Tuple) or len(keys.elts) != arg:
            raise NotDecompiled(OTHER)
        self._push(stack, ast.Dict(list(keys.elts), _several(stack, arg)))

    # Calls

    def _call_function(self, arg: int, stack: Stack) -> None:
        """Call with plain arguments; before 3.6 those with names follow, in pairs."""
        pairs: list[ast.expr] = []
        if self.version < (3, 6):
            pairs, arg = _several(stack, 2 * (arg >> 8)), arg & 0xFF
        args = _several(stack, arg)
        made = _arguments(tuple(map(_text, pairs[::2])), [*args, *pairs[1::2]])
        self._push(stack, ast.Call(_pop(stack), *made))

    def _call_function_kw(self, arg: int, stack: Stack) -> None:
        if self.version < (3, 6):  # then it called with **
            raise NotDecompiled(UNPACKED)
        made = _arguments(_names(stack), _several(stack, arg))
        self._push(stack, ast.Call(_pop(stack), *made))

    def _call_method(self, arg: int, stack: Stack) -> None:
        args = _several(stack, arg)
        self._push(stack, ast.Call(self._called(stack), args, []))

    def _kw_names(self, arg: int, _stack: Stack) -> None:
        names = self.code.consts[arg]
        if not isinstance(names, tuple):
            raise NotDecompiled(OTHER)
        self.keywords = tuple(str(name) for name in names)

    def _call(self, arg: int, stack: Stack) -> None:
        made = _arguments(self.keywords, _several(stack, arg))
        self.keywords = ()
        self._push(stack, ast.Call(self._called(stack), *made))

    def _call_kw(self, arg: int, stack: Stack) -> None:
        made = _arguments(_names(stack), _several(stack, arg))
        self._push(stack, ast.Call(self._called(stack), *made))

    def _called(self, stack: Stack) -> ast.expr:
        last, first = stack.pop(), stack.pop()
        callee, null = (first, last) if self.version >= (3, 13) else (last, first)
        if null is not NULL or not isinstance(callee, ast.expr):
            raise NotDecompiled(OTHER)
        return callee

    # The stack itself

    def _swap(self, arg: int, stack: Stack) -> None:
        if not 1 < arg <= len(stack):
            raise NotDecompiled(OTHER)
        stack[-1], stack[-arg] = stack[-arg], stack[-1]

    def _copy(self, arg: int, stack: Stack) -> None:
        if not 0 < arg <= len(stack):
            raise NotDecompiled(OTHER)
        stack.append(stack[-arg])

    def _rot_three(self, _arg: int, stack: Stack) -> None:
        top = stack.pop()
        stack.insert(len(stack) - 2, top)

    def _pop_top(self, _arg: int, stack: Stack) -> None:
        stack.pop()


def _pop(stack: Stack) -> ast.expr:
    found = stack.pop()
    if not isinstance(found, ast.expr):
        raise NotDecompiled(OTHER)
    return found


def _several(stack: Stack, count: int) -> list[ast.expr]:
    """Return the last `count` expressions in their order."""
    if count > len(stack):
        raise NotDecompiled(OTHER)
    return list(reversed([_pop(stack) for _ in range(count)]))


def _names(stack: Stack) -> tuple[str, ...]:
    found = _pop(stack)
    if not isinstance(found, ast.Tuple):
        raise NotDecompiled(OTHER)
    return tuple(_text(item) for item in found.elts)


def _text(node: ast.expr) -> str:
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        raise NotDecompiled(OTHER)
    return node.value


def _arguments(
    names: tuple[str, ...], values: list[ast.expr]
) -> tuple[list[ast.expr], list[ast.keyword]]:
    """Return the arguments of a call: the last ones have names."""
    first = len(values) - len(names)
    if first < 0 or not all(map(is_identifier, names)):
        raise NotDecompiled(OTHER)
    keywords = [ast.keyword(name, v) for name, v in zip(names, values[first:], strict=True)]
    return values[:first], keywords


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
