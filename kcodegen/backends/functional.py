"""One functional graph, outlined -> the functions that build it."""

from __future__ import annotations

from dataclasses import field

from kcodegen.backends.bodies import BodyMaker
from kcodegen.backends.expressions import Expressions
from kcodegen.ir.outline import Block, Outline
from kcodegen.ir.program import (
    Assign,
    Blank,
    CallExpr,
    Function,
    Literal,
    Name,
    Param,
    Return,
    Statement,
    Subscript,
)
from kcodegen.ir.values import Ref
from kcodegen.naming.scope import Scope
from kcodegen.records import record
from kcodegen.registry.vocabulary import INPUT, MODEL


@record(frozen=False)
class FunctionalBody:
    """Makes the statements of one model and the functions of its blocks."""

    outline: Outline
    expressions: Expressions
    scope: Scope
    block_names: dict[str, str] = field(default_factory=dict)
    blocks: dict[str, Block] = field(default_factory=dict)

    def statements(self) -> tuple[Statement, ...]:
        """Return the body of the function that builds the model."""
        self.blocks = {block.name: block for block in self.outline.blocks}
        frame = self.outline.frame
        body = BodyMaker(self, self.scope.copy())
        statements = body.main(frame)
        inputs = sum(layer.key == INPUT.key for layer in body.steps.layers.values())
        if inputs > 1 and len(statements) > inputs:
            statements = [*statements[:inputs], Blank(), *statements[inputs:], Blank()]
        kwargs = self.expressions.arguments(frame.args, MODEL.params, 0)[1]
        if frame.named:
            kwargs = (*kwargs, ("name", Literal(frame.name)))
        func = self.expressions.imports.name(frame.style)
        ends = tuple(
            body.steps.argument(value, body.env) for value in (frame.inputs, frame.outputs)
        )
        return (*statements, Return(CallExpr(func, ends, kwargs)))

    def function(self, block: Block) -> Function:
        """Return the function of a block."""
        return self._function(block, BodyMaker(self, self.scope.copy()))

    def closure(self, block: Block, outer: BodyMaker) -> Function:
        """Return the function of a block that calls the layers of the model it stands in."""
        maker = BodyMaker(self, self.scope.copy())
        maker.steps.layers = outer.steps.layers
        maker.steps.layer_names = outer.steps.layer_names
        maker.scope.taken.update(outer.steps.layer_names.values())
        return self._function(block, maker)

    def _function(self, block: Block, maker: BodyMaker) -> Function:
        maker.scope.taken.update(param.name for param in block.params)
        maker.scope.taken.add(block.width)
        body = maker.block(block.body)
        names = [maker.names[Ref(take)] for take in block.body.takes]
        params = [Param(name) for name in names]
        if block.width:
            last = Subscript(Name(f"{names[0]}.shape"), Literal(-1))
            body = [Assign((block.width,), last), *body]
        for param in block.params:
            default = self.expressions.value(param.default) if param.optional else None
            params.append(Param(param.name, default=default))
        return Function(self.block_names[block.name], tuple(params), body=tuple(body))
