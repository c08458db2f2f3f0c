"""The stages in their order; the only file that knows every room.

bytes -> Document -> Artifact -> passes -> Outline -> Module -> text -> proof
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import field, replace
from itertools import takewhile
from pathlib import Path
from types import ModuleType
from typing import Any

from kcodegen.backends import keras3
from kcodegen.diagnostics import CompileError, Diagnostic, ProofError, UsageError
from kcodegen.emit.page import render
from kcodegen.frontends import is_old_model, read_document
from kcodegen.ir.document import Node
from kcodegen.ir.graph import Artifact, Graph
from kcodegen.ir.outline import Outline
from kcodegen.ir.rewrite import map_graphs, rewrite_args, rewrite_graph, rewrite_value
from kcodegen.ir.show import show_artifact
from kcodegen.ir.values import Args, Dict, Value, same
from kcodegen.ir.verify import verify
from kcodegen.naming.counters import Counters
from kcodegen.naming.layers import Namer, prefixes_of_ops
from kcodegen.options import Options
from kcodegen.passes.built import drop_built
from kcodegen.passes.defaults import drop_defaults
from kcodegen.passes.float32 import undo_float32
from kcodegen.passes.layer_order import settle_order
from kcodegen.passes.masks import without_masks
from kcodegen.passes.noise import drop_call_noise, modes_for_keras2
from kcodegen.passes.schedule import schedule
from kcodegen.passes.spread import widen_args
from kcodegen.passes.wrappers import drop_backward
from kcodegen.readback import ReadBackError, read_back
from kcodegen.readback.canonical import canonical
from kcodegen.readers import read, read_bytes
from kcodegen.records import record
from kcodegen.registry import helpers
from kcodegen.registry.targets import TARGETS
from kcodegen.registry.vocabulary import Vocabulary
from kcodegen.structure.flat import flat_outline
from kcodegen.weights.variables.slots import parameter_count

DEFAULTS = Options()
GIVEN_UP = "the structure of the model is not on the page, every layer has a line of its own"
REPORT = "this is a bug in kcodegen, please report it with the input file"
OBJECT_PASSES = (drop_built, undo_float32, drop_backward)


@record(frozen=True)
class Result:
    """A page that is proved to say what the input says.

    `text` is the page, `diagnostics` what a user should know, `artifact` what was compiled.
    `model` is the model by the names of its `document`, for what finds its weights.
    """

    text: str
    diagnostics: tuple[Diagnostic, ...]
    artifact: Artifact
    model: Graph | None = field(default=None, compare=False, repr=False)
    document: Node | None = field(default=None, compare=False, repr=False)


def compile_file(path: str | Path, options: Options = DEFAULTS) -> Result:
    """Compile a serialized Keras model or object; `-` reads standard input.

    Raises CompileError with every problem of the input, FileError for a file that can't be read,
    and ProofError when the page would not say what the input says.
    """
    if not options.source and str(path) != "-":
        options = replace(options, source=Path(path).name)
    return compile_document(read("-" if path == "-" else Path(path)), options)


def compile_model(model: Any, options: Options = DEFAULTS) -> Result:
    """Compile a Keras model, its `to_json()` text, or the parsed JSON."""
    if hasattr(model, "to_json"):
        model = model.to_json()
    text = model if isinstance(model, str) else json.dumps(model, allow_nan=True)
    return compile_document(read_bytes(text.encode("utf-8", "surrogatepass"), "model"), options)


def compile_document(root: Node, options: Options) -> Result:
    """Compile a parsed document."""
    vocabulary = Vocabulary(options.custom, options.stubs, options.command, TARGETS[options.target])
    artifact, warnings = read_document(root, vocabulary, options.input_shape)
    keeps_training = vocabulary.target.is_old and is_old_model(root)
    if options.weights is None or artifact.model is None:
        artifact, more = prepare(artifact, vocabulary, keeps_training)
    else:
        from kcodegen.weights.inputs import check_folder, with_input_shape  # few need it

        artifact = replace(artifact, model=with_input_shape(artifact.model, options.weights))
        artifact, more = prepare(artifact, vocabulary, keeps_training)
        assert artifact.model is not None
        if options.weights_out is None and options.weights.is_dir():
            check_folder(artifact.model, options.weights, vocabulary.target.is_old)
    count, model = parameters(artifact), artifact.model
    if vocabulary.target.is_old:
        artifact, notes = in_keras2(artifact, is_old_model(root))
        more = (*more, *notes)
    named = name_layers(artifact, vocabulary, options)
    text, notes = page(named, vocabulary, options, count)
    return Result(text, (*warnings, *more, *notes), named, model, root)


def in_keras2(artifact: Artifact, was_old: bool) -> tuple[Artifact, tuple[Diagnostic, ...]]:
    """Return the artifact in the words of Keras 2, and what it does otherwise than Keras 3.

    Whatever Keras 2 can't do is a CompileError. A file that Keras 2 wrote says it all already.
    """
    from kcodegen.passes.spell_keras2 import spell_keras2  # few pages are for Keras 2

    model = artifact.model
    if model is None or was_old:
        return spell_keras2(artifact, was_old), ()
    from kcodegen.frontends.old_masks import LAST, refuse_other_masks
    from kcodegen.frontends.old_weights import moved_weights

    map_graphs(model, refuse_other_masks)
    return spell_keras2(artifact), (*moved_weights(model, LAST), *modes_for_keras2(model))


def page(
    named: Artifact, vocabulary: Vocabulary, options: Options, count: int | None = None
) -> tuple[str, tuple[Diagnostic, ...]]:
    """Return the proved page of an artifact, and what there is to say of its structure.

    A page whose structure cannot be proved is a bug of ours, but the model has a flat page, too.
    """
    if options.flat or named.model is None:
        return proved_page(named, vocabulary, options, flat_outline, count), ()
    found: list[Outline] = []

    def outlined(graph: Graph) -> Outline:
        found.append(outline(graph))
        return found[-1]

    try:
        text = proved_page(named, vocabulary, options, outlined, count)
    except UsageError:
        raise
    except Exception as error:  # noqa: BLE001 (whatever it is, the flat page is proved as well)
        lost = Diagnostic("structure", f"{GIVEN_UP}: {error}", hint=REPORT, severity="warning")
        return proved_page(named, vocabulary, options, flat_outline, count), (lost,)
    if not options.explain:
        return text, ()
    from kcodegen.structure.explain import explain

    lines = (line for one in found for line in explain(one))
    return text, tuple(Diagnostic("", line, severity="note") for line in lines)


def backend(target: str) -> ModuleType:
    """Return the module that writes the pages of a target."""
    if target == "keras2":
        from kcodegen.backends import keras2  # few pages are for Keras 2

        return keras2
    return keras3


def proved_page(
    named: Artifact,
    vocabulary: Vocabulary,
    options: Options,
    outline_of: Callable[[Graph], Outline],
    count: int | None = None,
) -> str:
    """Return the page of an artifact; raises ProofError when it does not say what it should."""
    module = backend(options.target).lower(shorten(named), vocabulary, outline_of, count)
    if options.fast_load:
        module = keras3.with_fast_load(module)
    text = render(
        module,
        options.target,
        width=options.line_length,
        source=options.source,
        command=command_line(options),
        template_dir=options.template_dir,
    )
    if module.fast_load and "def build_for_loading(" not in text:
        message = "the templates of --template-dir leave out what --fast-load adds"
        hint = "include fast_load.py.j2 where weights.py.j2 does"
        raise UsageError(Diagnostic("template", message, hint=hint))
    try:
        stubs = frozenset(item.name for item in module.stubs)
        prove(text, named, vocabulary, module.builds, module.takes, stubs)
    except ProofError as error:
        if options.template_dir is None:
            raise
        why = error.diagnostics[0].message
        message = f"the page of your templates doesn't say what the file says: {why}"
        raise UsageError(Diagnostic("template", message)) from error
    return text


def prepare(
    artifact: Artifact, vocabulary: Vocabulary, keeps_training: bool = False
) -> tuple[Artifact, tuple[Diagnostic, ...]]:
    """Return the artifact without what Keras adds by itself, in the order of the page."""
    warnings: list[Diagnostic] = []

    def change(key: str, args: Args, built: Value) -> Args:
        for step in OBJECT_PASSES:
            args = step(key, args, built)
        return args

    def arrange(graph: Graph) -> Graph:
        graph = schedule(without_masks(drop_call_noise(graph, keeps_training)), vocabulary)
        graph, notes = settle_order(graph)
        warnings.extend(notes)
        verify(graph)
        return graph

    model = artifact.model
    if model is not None:
        model = map_graphs(rewrite_graph(model, change), arrange)
    training = rewrite_args(artifact.training, change) if artifact.training is not None else None
    value = rewrite_value(artifact.value, change)
    return replace(artifact, model=model, value=value, training=training), tuple(warnings)


def name_layers(artifact: Artifact, vocabulary: Vocabulary, options: Options) -> Artifact:
    """Return the artifact with the names that the page will give its layers."""
    if artifact.model is None:
        return replace(artifact, value=Namer(vocabulary, options.names).value(artifact.value))
    shared = prefixes_of_ops(artifact.model)
    counters = Counters(dict(vocabulary.target.counted))
    namer = Namer(vocabulary, options.names, _keys(artifact.training), shared, counters)
    return replace(artifact, model=namer.model(artifact.model))


def _keys(training: Args | None) -> frozenset[str]:
    """Return the names of outputs that losses and metrics go by."""
    found: set[str] = set()
    for _, value in training or ():
        if isinstance(value, Dict):
            found.update(key for key, _ in value.items)
    return frozenset(found)


def shorten(artifact: Artifact) -> Artifact:
    """Return the artifact without default arguments."""
    model = rewrite_graph(artifact.model, drop_defaults) if artifact.model is not None else None
    training = artifact.training
    if training is not None:
        training = rewrite_args(training, drop_defaults)
    value = rewrite_value(artifact.value, drop_defaults)
    return replace(artifact, model=model, value=value, training=training)


def outline(graph: Graph) -> Outline:
    """Return the outline of a graph with its structure, checked to lose nothing."""
    from kcodegen.structure.expand import expand  # a flat page needs neither
    from kcodegen.structure.recover import recover

    found = recover(graph)
    if not same(_comparable(expand(found)), _comparable(graph)):
        raise ProofError(Diagnostic("outline", "structure recovery lost something"))
    return found


def _comparable(graph: Graph) -> Graph:
    """Return the graph with defaults dropped and numbers widened, as blocks may write either."""

    def change(key: str, args: Args, _built: Value) -> Args:
        return drop_defaults(key, widen_args(key, args))

    return _by_name(rewrite_graph(graph, change))


def _by_name(graph: Graph) -> Graph:
    """Return the graph with its layers sorted by name; their order is proved with the page."""
    return replace(graph, layers=tuple(sorted(graph.layers, key=lambda layer: layer.name)))


def parameters(artifact: Artifact) -> int | None:
    """Return the number of parameters of a model, None where a layer's are not known."""
    return parameter_count(artifact.model) if artifact.model is not None else None


def prove(
    text: str,
    artifact: Artifact,
    vocabulary: Vocabulary,
    builds: str,
    takes: tuple[str, ...] = (),
    stubs: frozenset[str] = frozenset(),
) -> None:
    """Raise ProofError unless the page, read back, is what was compiled."""
    try:
        found = read_back(text, vocabulary, artifact.kind, builds, takes, helpers.KEYS, stubs)
    except ReadBackError as error:
        raise ProofError(
            Diagnostic("read-back", f"the page can't be read back: {error}")
        ) from error
    known = backend(vocabulary.target.name).TRAINING
    defaults = tuple((param.name, default) for param, default in known)
    wanted, got = canonical(artifact, defaults), canonical(found, defaults)
    if not same(wanted, got):
        raise ProofError(Diagnostic("read-back", _first_difference(wanted, got)))


def _first_difference(wanted: Artifact, got: Artifact) -> str:
    left, right = show_artifact(wanted).splitlines(), show_artifact(got).splitlines()
    for ours, theirs in zip(left, right, strict=False):
        if ours != theirs:
            alike = sum(
                1
                for _ in takewhile(lambda pair: pair[0] == pair[1], zip(ours, theirs, strict=False))
            )
            start = max(0, ours.rfind(" ", 0, max(0, alike - 40)))
            return f"the page says {_cut(theirs[start:])}, the input {_cut(ours[start:])}"
    return "the page says more or less than the input"


def _cut(line: str) -> str:
    """Return a part of a dump, cut to a length that fits an error."""
    return line if len(line) <= 120 else line[:117] + "..."


def command_line(options: Options) -> tuple[str, ...]:
    """Return the command that makes the page again, as its header shows it."""
    if not options.source:
        return ()
    words = ["kcodegen", options.source]
    if options.target != DEFAULTS.target:
        words += ["--target", options.target]
    if options.input_shape is not None:
        words += ["--input-shape", ",".join(str(size) for size in options.input_shape)]
    for name, path in options.custom:
        words += ["--custom", f"{name}={path}"]
    if options.stubs:
        words.append("--stubs")
    if options.weights is not None:
        words += ["--weights", options.weights.name]
    if options.names != "auto":
        words += ["--names", options.names]
    if options.flat:
        words.append("--flat")
    if options.fast_load:
        words.append("--fast-load")
    if options.line_length != DEFAULTS.line_length:
        words += ["--line-length", str(options.line_length)]
    if options.template_dir is not None:
        words += ["--template-dir", options.template_dir.name]
    if options.output:
        words += ["-o", options.output]
    return tuple(words)


__all__ = ["CompileError", "Result", "compile_document", "compile_file", "compile_model", "prove"]
