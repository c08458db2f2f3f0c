"""Text -> Artifact, by interpreting the emitted page; it is never executed."""

from __future__ import annotations

import ast

from kcodegen.ir.graph import Artifact
from kcodegen.ir.order import Cycle
from kcodegen.ir.values import Args, Hole
from kcodegen.readback.graphs import graph_of
from kcodegen.readback.guard import check
from kcodegen.readback.interpreter import Interpreter
from kcodegen.readback.values import Made, ReadBackError, Trained
from kcodegen.registry.vocabulary import Vocabulary

__all__ = ["ReadBackError", "read_back"]

# What the templates' own prose defines besides the page's functions.
FIXED = frozenset(
    """load_weights read_weight load_model finalize_normalization mark_calibrated
    read_aligned aligned_array as_tensor build_for_loading""".split()
)


def read_back(
    text: str,
    vocabulary: Vocabulary,
    kind: str,
    builds: str,
    takes: tuple[str, ...] = (),
    helpers: dict[str, str] | None = None,
    stubs: frozenset[str] = frozenset(),
) -> Artifact:
    """Return what a page builds, or raise ReadBackError.

    `kind` and `builds` say what to look for: a "model" built by `build_model`; `takes` names
    the arguments of that function; `helpers` maps the page's own classes to their keys, and `stubs`
    are its skeletons.
    """
    try:
        return _read_back(ast.parse(text), vocabulary, kind, builds, takes, helpers or {}, stubs)
    except (SyntaxError, ValueError, TypeError, LookupError, ArithmeticError) as error:
        raise ReadBackError(f"{type(error).__name__}: {error}") from error
    except (RecursionError, MemoryError, Cycle) as error:
        raise ReadBackError("the page has no end") from error


def _read_back(
    tree: ast.Module,
    vocabulary: Vocabulary,
    kind: str,
    builds: str,
    takes: tuple[str, ...],
    helpers: dict[str, str],
    stubs: frozenset[str],
) -> Artifact:
    check(tree, vocabulary, FIXED | frozenset(helpers) | stubs)
    interpreter = Interpreter(vocabulary)
    interpreter.stubs = stubs
    interpreter.load(tree, helpers)
    made = interpreter.run(builds, *(Hole(name) for name in takes))
    if kind != "model":
        interpreter.construct.tags = True
        return Artifact(kind, value=interpreter.construct.value(made))
    if not isinstance(made, Made) or not made.is_model:
        raise ReadBackError(f"{builds} returns no model")
    graph = graph_of(made, interpreter.construct)
    return Artifact("model", model=graph, training=_training(interpreter))


def _training(interpreter: Interpreter) -> Args | None:
    if "compile_model" not in interpreter.functions:
        return None
    trained = Trained()
    interpreter.run("compile_model", trained)
    if trained.training is None:
        raise ReadBackError("compile_model compiles nothing")
    value = interpreter.construct.value
    return tuple((name, value(item)) for name, item in trained.training.items())
