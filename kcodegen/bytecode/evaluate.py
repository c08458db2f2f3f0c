"""Instructions -> the statements of a function, by running them on expressions instead of values.

LOAD_FAST t; LOAD_CONST 2.0; BINARY_MULTIPLY; RETURN_VALUE     ->     return t * 2.0
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import field

from kcodegen.bytecode.code import Code, NotDecompiled
from kcodegen.bytecode.conditions import EXIT, RETURN, conditional, meetings, negated
from kcodegen.bytecode.constants import constant
from kcodegen.bytecode.instructions import OTHER, Instruction, instructions
from kcodegen.bytecode.operations import Expr, Operations, Stack
from kcodegen.bytecode.versions import Opcodes
from kcodegen.records import record

_MOST_STEPS = 20_000
_GENERATOR = 0x20 | 0x80 | 0x100 | 0x200  # generators and coroutines
_VARIABLE = 0x04 | 0x08  # *args and **kwargs


def body_of(code: Code, table: Opcodes) -> list[ast.stmt]:
    """Return the statements of a function: assignments and what it returns."""
    if code.flags & _GENERATOR:
        raise NotDecompiled("it is a generator or a coroutine")
    if code.flags & _VARIABLE or code.keyword_only or code.positional_only:
        raise NotDecompiled("it takes other arguments than plain ones")
    items = instructions(code, table)
    if not items or items[-1].name != RETURN:
        raise NotDecompiled(OTHER)
    evaluation = _Evaluation(items, meetings(items), Operations(code, table.version))
    try:
        (value,) = evaluation.run(0, EXIT, [])
    except (IndexError, ValueError) as error:
        raise NotDecompiled(OTHER) from error
    if not isinstance(value, ast.expr):
        raise NotDecompiled(OTHER)
    return [*evaluation.statements, ast.Return(value)]


@record(frozen=False)
class _Evaluation:
    """The state of one evaluation; `depth` counts the conditions around an instruction."""

    items: Sequence[Instruction]
    meets: list[int]
    operations: Operations
    statements: list[ast.stmt] = field(default_factory=list)
    depth: int = 0
    steps: int = 0

    def run(self, place: int, stop: int, stack: Stack) -> Stack:
        """Return the stack at `stop`; at EXIT there is the value that is returned."""
        while place != stop:
            self.steps += 1
            if self.steps > _MOST_STEPS or place == EXIT or place >= len(self.items):
                raise NotDecompiled(OTHER)
            item = self.items[place]
            if item.name == RETURN:
                if stop != EXIT or len(stack) != 1:
                    raise NotDecompiled(OTHER)
                return stack
            if item.name == "UNPACK_SEQUENCE":
                place = self._unpack(place, stack)
            elif item.name == "STORE_FAST":
                self._assign(stack, [item])
                place += 1
            elif item.target < 0:
                self.operations.apply(item.name, item.arg, stack)
                place += 1
            elif item.name in ("JUMP_FORWARD", "JUMP_ABSOLUTE"):
                place = item.target
            else:
                stack = self._branch(place, stack)
                place = self.meets[place]
        return stack

    # Statements

    def _unpack(self, place: int, stack: Stack) -> int:
        """Take in `a, b = value`; return the place behind it."""
        end = place + 1 + self.items[place].arg
        targets = list(self.items[place + 1 : end])
        if any(item.name != "STORE_FAST" for item in targets) or len(targets) < 1:
            raise NotDecompiled(OTHER)
        self._assign(stack, targets)
        return end

    def _assign(self, stack: Stack, targets: Sequence[Instruction]) -> None:
        value = stack.pop()
        if self.depth or not isinstance(value, ast.expr):
            raise NotDecompiled("it assigns to a variable under a condition")
        if stack:
            raise NotDecompiled("it assigns to a variable inside of an expression, with :=")
        slots = self.operations.code.slots
        names: list[ast.expr] = [ast.Name(slots[item.arg], ast.Store()) for item in targets]
        is_one = self.items[0] is not targets[0] and len(targets) == 1
        target = names[0] if is_one else ast.Tuple(names, ast.Store())
        self.statements.append(ast.Assign([target], value))

    # Conditions

    def _branch(self, place: int, stack: Stack) -> Stack:
        """Return the stack where both ways of a conditional jump meet."""
        item, stop = self.items[place], self.meets[place]
        test = stack[-1] if item.name.endswith("OR_POP") else stack.pop()
        if not isinstance(test, ast.expr):
            raise NotDecompiled(OTHER)
        self.depth += 1
        if self.depth > 50:
            raise NotDecompiled("its conditions are too deep")
        further = stack[:-1] if item.name.endswith("OR_POP") else stack
        falls = self.run(place + 1, stop, list(further))
        jumps = self.run(item.target, stop, list(stack))
        self.depth -= 1
        if len(falls) != len(jumps) or not falls or not _same(falls[:-1], jumps[:-1]):
            raise NotDecompiled(OTHER)
        yes, no = falls[-1], jumps[-1]
        if not isinstance(yes, ast.expr) or not isinstance(no, ast.expr):
            raise NotDecompiled(OTHER)
        made = conditional(_holds(item.name, test), yes, no)
        return [*falls[:-1], self.operations.sized(made)]


def _holds(name: str, test: ast.expr) -> ast.expr:
    """Return the condition under which a jump is not taken."""
    if name.endswith("_IF_NOT_NONE"):
        return ast.Compare(test, [ast.Is()], [constant(None)])
    if name.endswith("_IF_NONE"):
        return ast.Compare(test, [ast.IsNot()], [constant(None)])
    if "IF_TRUE" in name:
        return ast.UnaryOp(ast.Not(), test) if not isinstance(test, ast.UnaryOp) else _not(test)
    return test


def _not(test: ast.UnaryOp) -> ast.expr:
    return negated(test) if isinstance(test.op, ast.Not) else ast.UnaryOp(ast.Not(), test)


def _same(left: Sequence[Expr], right: Sequence[Expr]) -> bool:
    return all(a is b for a, b in zip(left, right, strict=True))
