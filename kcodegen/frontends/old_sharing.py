"""Layers that stand twice in a file, once for each model or wrapper that uses them.

A layer that is shared by two models, or by a model and a wrapper, is written out in both places,
and nothing in the file tells that it was one: its weights are not shared any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from kcodegen.diagnostics import Diagnostic
from kcodegen.ir.graph import Graph
from kcodegen.ir.values import Args, Obj, Value, lookup
from kcodegen.registry.vocabulary import INPUT
from kcodegen.weights.variables.weightless import WEIGHTLESS
from kcodegen.words import listed, prose

_SHOWN = 3


def twins(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one warning when layers with weights stand in several places under the same name."""
    seen: dict[tuple[str, str], list[object]] = {}
    found: dict[str, None] = {}
    for name, key, args, body in _definitions(graph):
        definition = (args, None if body is None else _bare(body))
        known = seen.setdefault((name, key), [])
        if definition in known:
            found[name] = None
        else:
            known.append(definition)
    if found:
        names = listed([prose(name) for name in found], _SHOWN)
        message = f"{names}: defined more than once, all alike; the page makes one for each"
        hint = "if they were one layer, make it once and use it again: the file doesn't tell"
        yield Diagnostic("repeated-layer", message, graph.origin, hint, "warning")


def _bare(graph: Graph) -> Graph:
    """Return a model for comparing; its name is compared apart."""
    return replace(graph, name="")


def _definitions(graph: Graph) -> Iterator[tuple[str, str, Args, Graph | None]]:
    """Yield every layer of a model that may have weights, those inside of others too."""
    for layer in graph.layers:
        if layer.key != INPUT.key and layer.key not in WEIGHTLESS:
            yield layer.name, layer.key, layer.args, layer.body
        if layer.body is not None:
            yield from _definitions(layer.body)
        for _, value in layer.args:
            yield from _inside(value)


def _inside(value: Value) -> Iterator[tuple[str, str, Args, Graph | None]]:
    match value:
        case tuple():
            for item in value:
                yield from _inside(item)
        case Obj(key, args, body):
            name = body.name if body is not None else lookup(args, "name")
            if body is not None:
                yield str(name), key, (), body
                yield from _definitions(body)
            elif (
                isinstance(name, str) and key not in WEIGHTLESS and key.startswith("keras.layers.")
            ):
                yield name, key, tuple(item for item in args if item[0] != "name"), None
                for _, item in args:
                    yield from _inside(item)
