"""The validator of outlines accepts what a page can say and refuses each kind of broken one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kcodegen.ir.formulas import Affine, Condition, Text
from kcodegen.ir.graph import Call, Graph, Layer
from kcodegen.ir.outline import Block, Body, Outline, Param, Repeat, Step, Use, When
from kcodegen.ir.values import Hole, Ref, Value
from kcodegen.ir.verify_outline import verify_outline

DENSE = "keras.layers.Dense"


def dense(name: str, id: str, x: Ref, units: Value = 8, named: Value = None) -> Step:
    layer = Layer(name, DENSE, (("units", units),))
    return Step(layer, Call(id, "layer", name, (x,)), named)


BLOCK = Block(
    "block",
    (Param("units"), Param("name"), Param("rate", optional=True, default=0.5)),
    Body(("x",), (dense("%1", "v1", Ref("x"), Hole("units"), Hole("name")),), (Ref("v1"),)),
)
CLOSURE = Block(
    "encode",
    (),
    Body(("x",), (Step(None, Call("v2", "layer", "shared", (Ref("x"),))),), (Ref("v2"),)),
    ("shared",),
)
USE = Use("u", "block", (Ref("a"),), (("units", 8), ("name", "one")))
LOOP = Repeat(
    "loop",
    "i",
    1,
    2,
    (Ref("u"),),
    1,
    Body(
        ("t",),
        (Use("w", "block", (Ref("t"),), (("units", Hole("n")), ("name", Text(("b", Hole("i")))))),),
        (Ref("w"), Ref("w")),
    ),
    ("n",),
    ((8,), (16,)),
    lists=1,
)
DRAWN = Repeat(
    "back",
    "",
    0,
    2,
    (Ref("loop", 0), Ref("loop", 2), Ref("loop", 1)),
    1,
    Body(
        ("t", "s"),
        (Step(None, Call("sum", "op", "keras.ops.add", (), (("x1", Ref("t")), ("x2", Ref("s"))))),),
        (Ref("sum"),),
    ),
    drawn=1,
)
WHEN = When(
    "when", True, (Ref("back"),), Body(("p",), (), (Ref("p"),)), Body(("q",), (), (Ref("q"),))
)
STEPS = (
    Step(Layer("a", "keras.Input", (("shape", (Hole("input_shape"),)),)), Call("a", "layer", "a")),
    Step(Layer("shared", DENSE, (("units", 4),)), None),
    USE,
    LOOP,
    DRAWN,
    WHEN,
    Use("code", "encode", (Ref("when"),), ()),
)
FRAME = Graph("m", "keras.Model", (), (), Ref("a"), Ref("code"))
GOOD = Outline(FRAME, STEPS, (BLOCK, CLOSURE))


def with_step(place: int, *steps: Step | Use | Repeat | When) -> Outline:
    return replace(GOOD, steps=(*STEPS[:place], *steps, *STEPS[place + 1 :]))


def with_block(**changes: object) -> Outline:
    return replace(GOOD, blocks=(replace(BLOCK, **changes), CLOSURE))  # type: ignore[arg-type]


def test_the_good_example_is_accepted():
    verify_outline(GOOD)


def test_the_width_of_the_first_tensor_is_known_inside():
    wide = dense("%1", "v1", Ref("x"), Affine(Hole("channels"), 4), Hole("name"))
    body = replace(BLOCK.body, steps=(wide,))
    verify_outline(with_block(body=body, width="channels"))
    with pytest.raises(ValueError, match="wants 'channels'"):
        verify_outline(with_block(body=body))


MANY = tuple(Param(f"p{i}") for i in range(6))
INNER = replace(BLOCK.body, steps=(replace(USE, inputs=(Ref("x"),)),), gives=(Ref("u"),))
BROKEN = {
    "name of more than one block": replace(GOOD, blocks=(BLOCK, BLOCK, CLOSURE)),
    "name of more than one parameter": with_block(params=(*BLOCK.params, Param("units"))),
    "more than one parameter of block": with_block(width="units"),
    "takes 9 things": with_block(params=(*BLOCK.params, *MANY)),
    "gives nothing": with_block(body=replace(BLOCK.body, gives=())),
    "default of rate": with_block(params=(*BLOCK.params[:2], Param("rate", True, Hole("units")))),
    "'block' is used, but no block": with_block(body=INNER),
    "wants 'name'": with_block(params=BLOCK.params[:1]),
    "takes 1 tensors": with_step(2, replace(USE, inputs=(Ref("a"), Ref("a")))),
    "not given its parameters": with_step(2, replace(USE, filling=USE.filling[:1])),
    "more than one argument": with_step(2, replace(USE, filling=(*USE.filling, ("units", 9)))),
    "wants 'other'": with_step(2, replace(USE, filling=(("units", Hole("other")), ("name", "x")))),
    "which is not made yet": with_step(2, replace(USE, inputs=(Ref("back"),))),
    "takes result 1": with_step(6, Use("code", "encode", (Ref("when", 1),), ())),
    "is made twice": with_step(6, STEPS[6], STEPS[6]),
    "called before it is made": replace(GOOD, blocks=(BLOCK, replace(CLOSURE, captures=()))),
    "used where no layers are": replace(
        GOOD,
        blocks=(
            replace(CLOSURE),
            replace(
                BLOCK,
                body=replace(
                    BLOCK.body, steps=(*BLOCK.body.steps, Use("c", "encode", (Ref("v1"),), ()))
                ),
            ),
        ),
    ),
    "a step does nothing": with_step(1, STEPS[1], Step(None, None)),
    "goes by 2": with_step(3, replace(LOOP, step=2)),
    "lists of any length": with_step(3, replace(LOOP, count=Hole("input_shape"))),
    "carries more": with_step(3, replace(LOOP, carried=2)),
    "takes 3 tensors": with_step(4, replace(DRAWN, inputs=DRAWN.inputs[:2])),
    "gives 1 tensors": with_step(4, replace(DRAWN, body=replace(DRAWN.body, gives=()))),
    "has 1 rows": with_step(3, replace(LOOP, rows=((8,),))),
    "are uneven": with_step(3, replace(LOOP, rows=((8,), (16, 32)))),
    "no columns": with_step(4, replace(DRAWN, rows=((1,), (2,)))),
    "more than one variable": with_step(3, replace(LOOP, index="n")),
    "other tensors inside": with_step(5, replace(WHEN, inputs=(Ref("a"), Ref("back")))),
    "more on one side": with_step(5, replace(WHEN, orelse=replace(WHEN.orelse, gives=()))),
    "wants 'flag'": with_step(5, replace(WHEN, test=Condition(Hole("flag"), ""))),
    "the model takes 'nothing'": replace(GOOD, frame=replace(FRAME, outputs=Ref("nothing"))),
    "the frame holds steps": replace(GOOD, frame=replace(FRAME, layers=(Layer("x", DENSE),))),
}


@pytest.mark.parametrize("why", BROKEN)
def test_a_broken_outline_is_refused(why):
    with pytest.raises(ValueError, match=why):
        verify_outline(BROKEN[why])
