"""Documents -> artifacts: one file per input format, told apart here by content alone."""

from __future__ import annotations

from kcodegen.diagnostics import CompileError, Diagnostic
from kcodegen.frontends import keras3, objects, seed_flat
from kcodegen.frontends.classes import is_model
from kcodegen.frontends.context import Context
from kcodegen.frontends.problems import prose_name, ways_out
from kcodegen.frontends.training import read_training
from kcodegen.frontends.wrapped import unwrapped, writer_of
from kcodegen.ir.document import Node
from kcodegen.ir.graph import Artifact, Shape
from kcodegen.registry.vocabulary import Vocabulary


def read_document(
    root: Node, vocabulary: Vocabulary, input_shape: Shape | None = None
) -> tuple[Artifact, tuple[Diagnostic, ...]]:
    """Return what a document holds, and the warnings; CompileError names every problem.

    `input_shape` is the shape of one sample, for files that record none.
    """
    root = unwrapped(root)
    context = Context(vocabulary, keras3.read_model, is_legacy(root), writer_of(root))
    try:
        artifact = _read(root, context, input_shape)
    except CompileError as error:
        context.problems.add(error)
    context.problems.raise_all(vocabulary.command)
    if input_shape is not None and not seed_flat.is_flat(root):
        raise root.error(
            "input-shape",
            "this file knows its input, if it has any: --input-shape is for flat files without one",
            "leave --input-shape out",
        )
    return artifact, context.problems.said()


def _read(root: Node, context: Context, input_shape: Shape | None) -> Artifact:
    """Return the artifact of the first format that fits; the order is part of the rule."""
    if isinstance(root.value, dict):
        return _read_object(root, context, input_shape)
    _refuse_stranger(root)
    if isinstance(root.value, list) and root.value:
        return objects.read_objects(root, context)
    if isinstance(root.value, str) and root.value:
        return objects.read_objects(root, context)
    raise root.error(
        "not-keras",
        "this JSON holds no Keras model or object",
        "kcodegen reads what model.to_json() and keras.saving.serialize_keras_object() write",
    )


def _read_object(root: Node, context: Context, input_shape: Shape | None) -> Artifact:
    if seed_flat.is_flat(root):
        return Artifact("model", model=seed_flat.read_flat(root, context, input_shape))
    if root.mapping().get("name") in ("Sequential", "Graph"):
        from kcodegen.frontends import keras0, keras0_graph, keras2_root  # few files need them

        if keras0.is_flat(root):
            return keras2_root.read_root(keras0.translated(root), context, keras0.VERSION)
        if keras0_graph.is_graph(root):
            model = keras0_graph.translated(root)
            return keras2_root.read_root(model, context, keras0.VERSION)
    _refuse_stranger(root)
    if not root.has("class_name"):
        if root.has("name") and root.has("trainable"):
            hint = "add its class: {'class_name': ..., 'config': {...}}"
            raise root.error("bare-config", "this is a bare get_config(), its class unknown", hint)
        return objects.read_objects(root, context)
    if is_model(root):
        return _read_model(root, context)
    if (root.has("compile_config") or root.has("keras_version")) and not _is_mapped(root, context):
        raise _opaque(root)
    if objects.is_operation(root):
        raise objects.refuse_operation(root)
    return objects.read_objects(root, context)


def _refuse_stranger(root: Node) -> None:
    """Raise the error for the JSON of another program."""
    if isinstance(root.value, dict) and root.value.get("class_name", "Tokenizer") != "Tokenizer":
        return
    from kcodegen.frontends.strangers import stranger  # most files are Keras' own

    if (error := stranger(root)) is not None:
        raise error


def _read_model(root: Node, context: Context) -> Artifact:
    if _is_keras2(root):
        from kcodegen.frontends import keras2_root  # only old files need it

        return keras2_root.read_root(root, context)
    graph = keras3.read_model(root, context)
    if root.has("training_config"):
        from kcodegen.frontends.old_training import read_old_training

        return Artifact("model", model=graph, training=read_old_training(root, context))
    return Artifact("model", model=graph, training=read_training(root, context))


def is_old_model(root: Node) -> bool:
    """Tell whether a document is a model, or a flat list of layers, that a Keras before 3 wrote."""
    if not isinstance(root.value, dict) or not root.has("class_name"):
        return is_legacy(root)
    return is_legacy(root) or (is_model(root) and _is_keras2(root))


def _is_keras2(root: Node) -> bool:
    """Tell whether a Keras before 3 wrote the model, or one that wires it like those did."""
    if root.has("keras_version") or root.has("backend"):
        return True
    return not isinstance(root.field("config").value, dict) or _has_old_nodes(root)


def _has_old_nodes(root: Node) -> bool:
    """Tell whether any layer is wired, or shaped, in the way of Keras 2."""
    for layer in root.field("config").field("layers").items():
        nodes = layer.mapping().get("inbound_nodes")
        config = layer.mapping().get("config")
        if isinstance(nodes, list) and any(isinstance(node, list) for node in nodes):
            return True
        if isinstance(config, dict) and "batch_input_shape" in config:
            return True
    return False


def is_legacy(root: Node) -> bool:
    """Tell whether a Keras before 3 wrote the document.

    Keras 3 gives every object a `registered_name`; a flat file of Keras 2 begins with the shape
    of its input. The loss of tf.keras 2.13 to 2.15 is the one that has a `fn`.
    """
    items = root.value if isinstance(root.value, list) else [root.value]
    for item in items:
        if not isinstance(item, dict):
            continue
        layers = item.get("layers")
        first = layers[0] if isinstance(layers, list) and layers else None
        if isinstance(first, dict) and "batch_input_shape" in first:
            return True
        if "class_name" in item and "registered_name" not in item:
            return True
        module, config = item.get("module"), item.get("config")
        if isinstance(config, dict) and _OLD_KEYS & config.keys():
            return True
        if isinstance(module, str) and module.startswith(
            ("keras.optimizers.legacy", "keras.optimizers.experimental")
        ):
            return True
    return False


_OLD_KEYS = {"is_legacy_optimizer", "fn", "implementation", "time_major", "batch_input_shape"}


def _is_mapped(root: Node, context: Context) -> bool:
    """Tell whether the user has said where a model's class comes from."""
    names = (root.get("registered_name"), root.get("class_name"))
    texts = (node.value for node in names if node is not None)
    return context.vocabulary.custom_key(*(t for t in texts if isinstance(t, str))) is not None


def _opaque(root: Node) -> CompileError:
    """Return the error for a model whose layers are not in its file."""
    registered = root.get("registered_name")
    named = registered if registered is not None and registered.value else root.field("class_name")
    name = named.text()
    way = next(ways_out([name], ()), "")
    return root.error(
        "opaque-model",
        f"{prose_name(name)!r} is a subclassed model: its layers are in its Python code, not here",
        "build it from its source" + (f"; {way}" if way else ""),
    )
