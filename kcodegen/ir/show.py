"""Stable text dumps of the IRs: one line per fact, for goldens and for telling what differs."""

from __future__ import annotations

from kcodegen.ir.formulas import FORMULAS, Affine, Condition, Either, Letter, Quotient, Ramp, Text
from kcodegen.ir.graph import Artifact, Call, Graph, Layer
from kcodegen.ir.outline import Body, Item, Outline, Param, Repeat, Step, Use, When
from kcodegen.ir.source import Source
from kcodegen.ir.values import Args, Array, Dict, Hole, Obj, Ref, Slice, Symbol, Value


def show_value(value: Value) -> str:
    """Return a value on one line: `HeNormal(seed=3)`, `[1, 2]`, `%dense/0`."""
    match value:
        case Ref(call, 0):
            return f"%{call}"
        case Ref(call, index):
            return f"%{call}:{index}"
        case tuple():
            return f"[{', '.join(map(show_value, value))}]"
        case Dict(items):
            return "{" + ", ".join(f"{k!a}: {show_value(v)}" for k, v in items) + "}"
        case Obj(key, args, body, tag):
            mark = "" if tag is None else f"#{tag}"
            inner = "" if body is None else "{" + "; ".join(show_graph(body)) + "}"
            return f"{short_key(key)}{mark}({show_args(args)}){inner}"
        case Source(text):
            return f"function<{text.removeprefix('def ')!a}>"
        case Symbol(key):
            return f"@{short_key(key)}"
        case Array(kind, dtype, data):
            return f"{kind}<{dtype}>{show_value(data)}"
        case Slice(start, stop, step):
            return ":".join(
                "" if part is None else show_value(part) for part in (start, stop, step)
            )
        case Hole(name):
            return f"?{name}"
        case _ if isinstance(value, FORMULAS):
            return _formula(value)
        case _:
            return ascii(value)


def _formula(value: Value) -> str:
    match value:
        case Affine(of, factor, offset):
            return f"({show_value(factor)} * {show_value(of)} + {show_value(offset)})"
        case Quotient(of, divisor):
            return f"({show_value(of)} // {divisor})"
        case Letter(of):
            return f"letter({show_value(of)})"
        case Ramp(scale, of, steps):
            return f"({scale} * {show_value(of)} / {steps})"
        case Text(parts):
            shown = (part if isinstance(part, str) else show_value(part) for part in parts)
            return ascii("".join(shown))
        case Condition(of, op, than):
            return f"{op} {show_value(of)}".strip() if than is None else _comparison(value)
        case Either(test, yes, no):
            return f"({show_value(yes)} if {show_value(test)} else {show_value(no)})"
    raise AssertionError(value)


def _comparison(test: Condition) -> str:
    return f"{show_value(test.of)} {test.op} {show_value(test.than)}"


def short_key(key: str) -> str:
    """Return a key without what all keys share: `keras.layers.Dense -> layers.Dense`."""
    return key.removeprefix("keras.")


def show_args(args: Args) -> str:
    """Return arguments on one line."""
    return ", ".join(f"{name}={show_value(value)}" for name, value in args)


def show_graph(graph: Graph) -> list[str]:
    """Return the lines of a graph: its frame, its layers in weight order, its calls."""
    extra = f" {show_args(graph.args)}" if graph.args else ""
    lines = [f"model {graph.name!a} {short_key(graph.style)}{extra}"]
    for layer in graph.layers:
        lines += _layer(layer)
    lines += [f"  call {_call(call)}" for call in graph.calls]
    if graph.calls:
        lines.append(f"  inputs {show_value(graph.inputs)}")
        lines.append(f"  outputs {show_value(graph.outputs)}")
    return lines


def _layer(layer: Layer) -> list[str]:
    lines = [f"  layer {layer.name!a} {short_key(layer.key)}({show_args(layer.args)})"]
    if layer.body is not None:
        lines += [f"    {line}" for line in show_graph(layer.body)]
    return lines


def _call(call: Call) -> str:
    args = ", ".join(filter(None, (", ".join(map(show_value, call.args)), show_args(call.kwargs))))
    return f"{call.id!a} = ({args})"


def show_outline(outline: Outline) -> list[str]:
    """Return the lines of an outline: its frame, its blocks, then one line per step."""
    frame = outline.frame
    lines = [f"outline {frame.name!a} {short_key(frame.style)}"]
    for block in outline.blocks:
        params = ", ".join(map(_param, block.params))
        around = f" around {' '.join(map(ascii, block.captures))}" if block.captures else ""
        lines.append(f"  block {block.name}({params}){around}")
        if block.width:
            lines.append(f"    {block.width} is the width of %{block.body.takes[0]}")
        lines += _body(block.body, "    ")
    for item in outline.steps:
        lines += _item(item, "  ")
    if outline.automatic:
        lines.append(f"  automatic {' '.join(map(ascii, outline.automatic))}")
    return lines


def _param(param: Param) -> str:
    return f"{param.name}={show_value(param.default)}" if param.optional else param.name


def _body(body: Body, indent: str) -> list[str]:
    lines = [f"{indent}takes {' '.join(f'%{take}' for take in body.takes)}".rstrip()]
    for item in body.steps:
        lines += _item(item, indent)
    return [*lines, f"{indent}gives {' '.join(map(show_value, body.gives))}"]


def _item(item: Item, indent: str) -> list[str]:
    match item:
        case Step():
            return [f"{indent}step {_step(item)}"]
        case Use(id, block, inputs, filling):
            given = ", ".join(filter(None, (_inputs(inputs), show_args(filling))))
            return [f"{indent}use {id!a} = {block}({given})"]
        case Repeat():
            return [f"{indent}repeat {_repeat(item)}", *_body(item.body, f"{indent}  ")]
        case When(id, test, inputs, body, orelse):
            lines = [f"{indent}when {id!a} = {show_value(test)} ({_inputs(inputs)})"]
            return [*lines, *_body(body, f"{indent}  "), *_body(orelse, f"{indent}  else ")]


def _inputs(inputs: tuple[Ref, ...]) -> str:
    return ", ".join(map(show_value, inputs))


def _step(step: Step) -> str:
    layer, parts = step.layer, []
    if layer is not None and (step.name is not None or layer.name.startswith("%")):
        name = "" if step.name is None else f" named {show_value(step.name)}"
        made = f"{short_key(layer.key)}({show_args(layer.args)})"
        parts.append(f"define {layer.name!a}{name} {made}")
    elif layer is not None:
        parts.append(f"define {layer.name!a}")
    if step.call is not None:
        parts.append(f"call {_call(step.call)}{_of(step)}")
    return "; ".join(parts)


def _of(step: Step) -> str:
    """Return what is called, where neither the id of the call nor the step itself tells."""
    call = step.call
    if call is None or step.layer is not None or call.id.strip("/").startswith(f"{call.target}/"):
        return ""
    return f" of {short_key(call.target)!a}"


def _repeat(item: Repeat) -> str:
    index = item.index or "_"
    start = f"{show_value(item.start)}{' down' if item.step < 0 else ''}"
    words = [f"{item.id!a} = {index} from {start}, {show_value(item.count)} times"]
    if item.columns:
        words.append(f"with {' '.join(item.columns)} in {show_value(item.rows)}")
    words.append(f"carrying {item.carried} of ({_inputs(item.inputs)})")
    if item.lists:
        words.append(f"filling {item.lists} lists")
    if item.drawn:
        words.append(f"drawing {item.drawn}")
    return ", ".join(words)


def show_artifact(artifact: Artifact) -> str:
    """Return the dump of what a page rebuilds."""
    lines = [f"artifact {artifact.kind}"]
    if artifact.model is not None:
        lines += show_graph(artifact.model)
    else:
        lines.append(show_value(artifact.value))
    if artifact.training is not None:
        lines += [f"compile {name}={show_value(value)}" for name, value in artifact.training]
    return "\n".join(lines) + "\n"
