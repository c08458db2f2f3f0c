"""The Keras 3 target: an artifact, outlined -> the Module that rebuilds it on any backend."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, replace

from kcodegen.backends.dialect import Dialect
from kcodegen.backends.expressions import Expressions
from kcodegen.backends.functional import FunctionalBody
from kcodegen.backends.imports import Imports
from kcodegen.backends.objects import OBJECT_BUILDERS, shared_objects
from kcodegen.ir.graph import Artifact, Graph, Layer
from kcodegen.ir.outline import Outline, Step
from kcodegen.ir.program import (
    Assign,
    CallExpr,
    DictExpr,
    Evaluate,
    Expr,
    Function,
    ListExpr,
    Literal,
    Module,
    Name,
    Param,
    Return,
    Statement,
    Stub,
)
from kcodegen.ir.rewrite import used_sources
from kcodegen.ir.values import Args, Dict, Hole, Obj, Value, lookup, same, walk
from kcodegen.naming.scope import Scope
from kcodegen.records import record
from kcodegen.registry.rows import Parameter
from kcodegen.registry.vocabulary import INPUT, SEQUENTIAL, Vocabulary
from kcodegen.words import prose, snake_case

MODEL_DOC = "Return the model with freshly initialised weights."
COMPILE_DOC = "Compile `model` with the optimizer, loss and metrics it was saved with."
LOAD_DOC = "Return the model with the weights stored in `directory`."
MAPPED_DOC = """
With `mapped` they stay in their files, which the system reads when they are needed,
once for all processes. Who writes to such a file later changes the model, and who
cuts it short ends the process; putting another in its place is safe.
"""
LOOKUPS = (".layers.IntegerLookup", ".layers.StringLookup", ".layers.TextVectorization")
SHAPE_PARAM = Param("input_shape", "tuple[int | None, ...]")

# What `model.compile` takes, what it holds, and what it is when the author said nothing. Keras
# writes what `jit_compile="auto"` came to on the machine that saved the file; False tells nothing.
TRAINING = (
    (Parameter("optimizer", "rmsprop", "rmsprop", holds="optimizer"), "rmsprop"),
    (Parameter("loss", None, None, holds="loss"), None),
    (Parameter("loss_weights", None, None), None),
    (Parameter("metrics", None, None, holds="metric"), None),
    (Parameter("weighted_metrics", None, None, holds="metric"), None),
    (Parameter("run_eagerly", False, False), False),
    (Parameter("steps_per_execution", 1, 1), 1),
    (Parameter("jit_compile", "auto", False), False),
    (Parameter("auto_scale_loss", True, True), True),
)


def import_lines(imports: Imports) -> tuple[str, ...]:
    """Return the lines that import all that a page uses."""
    standard = ["import keras"] + (["import numpy as np"] if "numpy" in imports.plain else [])
    users = imports.from_users()
    lines = [*standard, imports.from_keras() or None, *(("", *users) if users else ())]
    return tuple(line for line in lines if line is not None)


DIALECT = Dialect(TRAINING, OBJECT_BUILDERS, import_lines)


@record(frozen=False)
class Builder:
    """Makes the functions of one page; nested models become functions of their own."""

    vocabulary: Vocabulary
    outline_of: Callable[[Graph], Outline]
    dialect: Dialect
    scope: Scope = field(default_factory=Scope)
    functions: list[Function] = field(default_factory=list)
    built: list[tuple[Graph, str]] = field(default_factory=list)
    imports: Imports = field(init=False)
    expressions: Expressions = field(init=False)

    def __post_init__(self) -> None:
        self.imports = Imports(self.scope)
        self.expressions = Expressions(self.vocabulary, self.imports, self.nested, {})

    def write_sources(self, artifact: Artifact) -> None:
        """Make the functions that the file itself holds."""
        if not any(True for _ in used_sources(artifact)):
            return
        from kcodegen.backends.sources import function, source_names  # few pages need them

        self.expressions.sources = source_names(artifact, self.scope)
        for source, name in self.expressions.sources.items():
            self.functions.append(function(source, name, self.imports))

    def name_stubs(self, artifact: Artifact) -> None:
        """Let skeletons be called what the file calls them, before anything else has a name."""
        from kcodegen.backends.stubs import stub_keys  # few pages need them

        for key in stub_keys(artifact):
            self.imports.name(key)

    def stubs(self, artifact: Artifact) -> tuple[Stub, ...]:
        """Return the skeletons of the page."""
        from kcodegen.backends.stubs import stubs

        return stubs(artifact, self.imports)

    def nested(self, graph: Graph) -> str:
        """Return the name of the function that builds a nested model, made when first needed."""
        for known, name in self.built:
            if known is graph:
                return name
        name = self.scope.unique(f"build_{graph.name}", "build_model")
        self.built.append((graph, name))
        self.functions.append(self.model(graph, name))
        return name

    def model(self, graph: Graph, name: str, doc: str = "") -> Function:
        """Return the function that builds a model."""
        outline = self.outline_of(graph)
        params = (SHAPE_PARAM,) if asks_for_shape(graph) else ()
        if graph.calls:
            body = self._functional(outline, name)
        else:
            body = self._sequential(outline)
        return Function(name, params, self.class_name(graph), doc, body)

    def _functional(self, outline: Outline, name: str) -> tuple[Statement, ...]:
        """Return the body of a functional model; the functions of its blocks come before it."""
        lowering = FunctionalBody(outline, self.expressions, Scope())
        prefix = "" if name == "build_model" else name.removeprefix("build_")
        blocks = [block for block in outline.blocks if not block.captures]
        for block in blocks:
            wish = block.name if block.name not in self.scope.taken else f"{prefix}_{block.name}"
            lowering.block_names[block.name] = self.scope.unique(wish)
        lowering.scope = Scope(set(self.scope.taken))
        for block in outline.blocks:
            if block.captures:
                lowering.block_names[block.name] = lowering.scope.unique(block.name)
        body = lowering.statements()
        self.functions += [lowering.function(block) for block in blocks]
        return body

    def class_name(self, graph: Graph) -> str:
        """Return the model's class as the page spells it, for annotations."""
        return self.imports.name(graph.style).id

    def _sequential(self, outline: Outline) -> tuple[Statement, ...]:
        frame = outline.frame
        steps = [step for step in outline.steps if isinstance(step, Step)]
        layers = [step.layer for step in steps if step.layer is not None]
        items = ListExpr(tuple(self.layer(layer) for layer in layers))
        row = self.vocabulary.row(frame.style)
        kwargs = self.expressions.arguments(frame.args, row.params, 0)[1]
        if frame.named:
            kwargs = (*kwargs, ("name", Literal(frame.name)))
        made = CallExpr(self.imports.name(frame.style), (items,), kwargs)
        return (Return(made),)

    def layer(self, layer: Layer) -> Expr:
        """Return the constructor call of one layer."""
        if layer.body is not None:
            return CallExpr(Name(self.nested(layer.body)))
        name = layer.name if layer.named else None
        shape = dict(layer.args).get("shape")
        if layer.key == INPUT.key and isinstance(shape, Hole):
            rest = tuple(item for item in layer.args if item[0] != "shape")
            made = self.expressions.construct(layer.key, rest, name)
            return CallExpr(made.func, (Name(shape.name),), made.kwargs)
        return self.expressions.construct(layer.key, layer.args, name)

    def training(self, training: tuple[tuple[str, Value], ...]) -> Function:
        """Return the function that compiles the model."""
        given = dict(training)
        kwargs = tuple(
            (param.name, self._training_value(given[param.name], param))
            for param, default in self.dialect.training
            if param.name in given and not same(given[param.name], default)
        )
        call = Evaluate(CallExpr(Name("model.compile"), (), kwargs))
        params = (Param("model", "keras.Model"),)
        self.imports.plain.add("keras")
        return Function("compile_model", params, "None", COMPILE_DOC, (call,))

    def _training_value(self, value: Value, param: Parameter) -> Expr:
        if isinstance(value, tuple):
            return ListExpr(tuple(self._training_value(item, param) for item in value))
        if isinstance(value, Dict):
            pairs = ((Literal(k), self._training_value(v, param)) for k, v in value.items)
            return DictExpr(tuple(pairs))
        return self.expressions.value(value, replace(param, holds=""))

    def objects(self, artifact: Artifact) -> Function:
        """Return the function that builds a single object, or a structure of them."""
        name, returns = self.dialect.builders[artifact.kind]
        body: list[Statement] = []
        for tag, obj in shared_objects(artifact.value):
            word = obj.key.rpartition(".")[2]
            made = self.expressions.object(obj)
            self.expressions.shared[tag] = self.scope.unique(snake_case(word))
            body.append(Assign((self.expressions.shared[tag],), made))
        body.append(Return(self._structure(artifact.value)))
        word = artifact.kind.replace("_", " ")
        several = artifact.kind in ("objects", "mapping")
        doc = (
            "Return the objects that were saved."
            if several
            else f"Return the {word} that was saved."
        )
        if returns.startswith("keras."):
            self.imports.plain.add("keras")
        return Function(name, (), returns, doc, tuple(body))

    def _structure(self, value: Value) -> Expr:
        if isinstance(value, tuple):
            return ListExpr(tuple(self._structure(item) for item in value))
        if isinstance(value, Dict):
            pairs = ((Literal(key), self._structure(item)) for key, item in value.items)
            return DictExpr(tuple(pairs))
        return self.expressions.value(value)


def asks_for_shape(graph: Graph) -> bool:
    """Tell whether the page's function takes the input shape, because no file knows it."""
    return any(isinstance(value, Hole) for layer in graph.layers for _, value in layer.args)


def lower(
    artifact: Artifact,
    vocabulary: Vocabulary,
    outline_of: Callable[[Graph], Outline],
    parameter_count: int | None = None,
    dialect: Dialect = DIALECT,
) -> Module:
    """Return the module that rebuilds `artifact`.

    `outline_of` recovers the structure of a graph; `parameter_count` is shown in the header.
    """
    builder = Builder(vocabulary, outline_of, dialect)
    builder.imports.plain.add("keras")
    if vocabulary.stubs:
        builder.name_stubs(artifact)
    builder.write_sources(artifact)
    if artifact.model is None:
        function = builder.objects(artifact)
        return _module(builder, [*builder.functions, function], artifact, _summary(artifact))
    graph = artifact.model
    takes = ("input_shape",) if asks_for_shape(graph) else ()
    main = builder.model(graph, "build_model", MODEL_DOC)
    functions = [*builder.functions, main]
    if artifact.training is not None:
        functions.append(builder.training(artifact.training))
    module = _module(builder, functions, artifact, _model_summary(graph, parameter_count))
    return replace(
        module,
        takes=takes,
        is_model=True,
        loader=load_model(main),
        compiles=artifact.training is not None,
        normalized=_has(graph, _is_adapted),
        calibrated=_has(graph, _is_calibrated),
        learns_words=vocabulary.target.is_old and _has(graph, _learns_words),
    )


def load_model(build: Function) -> Function:
    """Return the function that builds the model and loads its weights."""
    shape = tuple(Name(param.name) for param in build.params)
    body = (
        Assign(("model",), CallExpr(Name(build.name), shape)),
        Evaluate(CallExpr(Name("load_weights"), (Name("model"), Name("directory")))),
        Return(Name("model")),
    )
    params = (Param("directory", "str | Path"), *build.params)
    return Function("load_model", params, build.returns, LOAD_DOC, body)


def with_fast_load(module: Module) -> Module:
    """Return the module with a `load_model` that reads while the model is built.

    `return load_while_building(directory, mapped, build_model)`
    """
    plain = module.loader
    if plain is None:
        return module
    built = plain.body[0]
    assert isinstance(built, Assign)
    assert isinstance(built.value, CallExpr)
    mapped = Param("mapped", "bool", Literal(False))
    arguments = (Name("directory"), Name(mapped.name), built.value.func, *built.value.args)
    loader = replace(
        plain,
        params=(*plain.params, mapped),
        doc=f"{LOAD_DOC}\n{MAPPED_DOC}",
        body=(Return(CallExpr(Name("load_while_building"), arguments)),),
    )
    return replace(module, loader=loader, fast_load=True)


def _module(
    builder: Builder, functions: list[Function], artifact: Artifact, summary: str
) -> Module:
    imports = builder.imports
    skeletons = builder.stubs(artifact) if builder.vocabulary.stubs else ()
    builds = "build_model" if artifact.model else OBJECT_BUILDERS[artifact.kind][0]
    helpers = tuple(sorted(set(imports.helpers.values())))
    has_config = isinstance(artifact.value, Obj)
    if artifact.model is not None:
        imports.plain.add("numpy")  # to load the weights
    imported = builder.dialect.import_lines(imports)
    module = Module(summary, imported, helpers, tuple(functions), builds)
    return replace(module, has_config=has_config, stubs=skeletons)


def _model_summary(graph: Graph, parameters: int | None) -> str:
    layers = [
        layer for layer in graph.layers if graph.style != SEQUENTIAL.key or layer.key != INPUT.key
    ]
    count = f"{len(layers):,} layer{'' if len(layers) == 1 else 's'}"
    known = f", {parameters:,} parameters" if parameters is not None else ""
    return f"Keras model `{prose(graph.name)}`: {count}{known}."


def _summary(artifact: Artifact) -> str:
    kind = artifact.kind.replace("_", " ")
    if isinstance(artifact.value, Obj):
        # `keras.layers.Dense`, or `custom.shop.layers:Discount` for a user's own
        name = artifact.value.key.replace(":", ".").rpartition(".")[2]
        return f"Keras {kind} `{prose(name)}`."
    return f"Keras {kind}."


def _is_adapted(key: str, args: Args) -> bool:
    """Tell whether a Normalization takes its mean and variance from its weights."""
    return key.endswith(".layers.Normalization") and lookup(args, "mean") is None


def _is_calibrated(_: str, args: Args) -> bool:
    """Tell whether GPTQ or AWQ has quantized a layer, which has to be told of it."""
    return any(
        item.startswith(("gptq", "awq"))
        if isinstance(item, str)
        else isinstance(item, Obj) and item.key.endswith((".GPTQDTypePolicy", ".AWQDTypePolicy"))
        for item in walk(lookup(args, "dtype"))
    )


def _learns_words(key: str, args: Args) -> bool:
    """Tell whether a lookup learns its vocabulary, which Keras 2 has among its weights."""
    return key.endswith(LOOKUPS) and lookup(args, "vocabulary") is None


def _has(graph: Graph, test: Callable[[str, Args], bool]) -> bool:
    """Tell whether there is a layer of some kind, in models and wrappers too."""
    for layer in graph.layers:
        if test(layer.key, layer.args) or (layer.body is not None and _has(layer.body, test)):
            return True
        for _, value in layer.args:
            for item in walk(value):
                if isinstance(item, Obj) and (
                    test(item.key, item.args) or (item.body is not None and _has(item.body, test))
                ):
                    return True
    return False
