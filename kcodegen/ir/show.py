"""Stable text dumps of the IRs: one line per fact, for goldens and for telling what differs."""

from __future__ import annotations

from kcodegen.ir.graph import Artifact, Call, Graph, Layer
from kcodegen.ir.outline import Outline
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
        case _:
            return ascii(value)


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
    """Return the lines of an outline: its frame, then one line per step."""
    frame = outline.frame
    lines = [f"outline {frame.name!a} {short_key(frame.style)}"]
    for step in outline.steps:
        defines = f"define {step.layer.name!a}" if step.layer is not None else ""
        calls = f"call {_call(step.call)}" if step.call is not None else ""
        lines.append("  step " + "; ".join(part for part in (defines, calls) if part))
    return lines


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
