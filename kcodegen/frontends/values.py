"""Serialized values and objects -> IR values, by closed tables.

    {"module": "keras.regularizers", "class_name": "L2", "config": {"l2": 0.01}, ...}
        ->  Obj("keras.regularizers.L2", (("l2", 0.01),))

The place decides what a dict or a bare string stands for (`holds` of the parameter), never a
search over everything Keras has.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TypeGuard

from kcodegen import registry
from kcodegen.diagnostics import CompileError, Diagnostic
from kcodegen.frontends import special
from kcodegen.frontends.classes import find_row, is_model
from kcodegen.frontends.context import Context
from kcodegen.ir.document import Json, Node
from kcodegen.ir.values import Args, Dict, Obj, Symbol, Value, same
from kcodegen.registry.built import built_value
from kcodegen.registry.overrides import ABSENT, QUIETLY_LOST
from kcodegen.registry.rows import ClassRow, Parameter
from kcodegen.registry.vocabulary import OWN_ROWS, shorthand
from kcodegen.words import did_you_mean, is_identifier, prose

# Objects of these kinds are written as strings where they have no arguments.
_NAMED_KINDS = ("initializer", "regularizer", "constraint")
# A string in these places names a function or class; an unknown one is an error.
_STRING_KINDS = ("activation", "loss", "metric", "optimizer", "dtype_policy", *_NAMED_KINDS)
# What a user's layer takes like every other layer.
_INHERITED = {"dtype": "dtype_policy", "activity_regularizer": "regularizer"}
_SIZE = "vocabulary_size"
_SCALARS = (bool, int, float)
# A value with more parts than this is hardly twice in a file.
_SMALL = 8
# A string in one of these arguments is a path that Keras would open.
_PATHS = ("vocabulary", "idf_weights", "filepath", "path")
# Layers whose work is a foreign program.
_FOREIGN = ("TFSMLayer", "JaxLayer", "FlaxLayer", "TorchModuleWrapper")


def read_value(node: Node, context: Context, holds: str = "") -> Value:
    """Return the IR value of a serialized value; problems are collected, not raised."""
    match node.value:
        case str():
            return _read_string(node, node.value, context, holds)
        case list():
            return tuple(read_value(item, context, holds) for item in node.items())
        case dict() if "class_name" in node.value:
            return read_object(node, context, holds)
        case dict():
            inner = "" if holds == "dtype_policy" else holds  # a map holds policies, not names
            return Dict(
                tuple((key, read_value(child, context, inner)) for key, child in node.fields())
            )
        case scalar:
            return scalar


def read_object(node: Node, context: Context, holds: str = "") -> Value:
    """Return the IR value of a dict with a `class_name`."""
    name = node.field("class_name").text()
    if name == "__lambda__":
        from kcodegen.frontends.lambda_layers import read_function  # few files have one

        return read_function(node, str(node.key), frozenset(), context)
    if name.startswith("__"):
        return special.read(node, name, lambda child: read_value(child, context))
    if name in special.FUNCTION_CLASSES:
        return _read_function(node, context, holds)
    if is_model(node):
        graph = context.read_model(node, replace(context, keeps_sharing=False))
        return Obj(graph.style, graph.args, body=graph)
    if context.is_legacy and (dropped := read_dropped(node, name, context)) is not None:
        return dropped
    found = find_row(node, context, holds)
    if found is None:
        return None
    if found.key == "keras.DTypePolicy" and holds == "dtype_policy":
        return _read_policy(node)
    tag = node.mapping().get("shared_object_id") if context.keeps_sharing else None
    config = node.get("config")
    args = read_config(config, found, context) if config is not None else ()
    return Obj(found.key, args, tag=tag if isinstance(tag, int) else None)


def read_dropped(node: Node, name: str, context: Context, skip: tuple[str, ...] = ()) -> Obj | None:
    """Return an object whose class is another one with some arguments now, or None."""
    from kcodegen.registry.legacy import find_legacy_class

    found, config = find_legacy_class(name, context.version), node.get("config")
    if found is None or config is None:
        return None
    row = registry.row(found.key)
    message = (
        f"Keras 3 has no {name}: the page brings its own"
        if row.helper
        else f"{name} is {row.name} in Keras 3"
        + (f", and its weights are others: {found.weights}" if found.weights else "")
    )
    warning = Diagnostic("replaced-class", message, node.origin, severity="warning")
    context.problems.warnings.append(warning)
    given = dict(read_config(config, row, context, skip)) | dict(found.args)
    return Obj(row.key, tuple((key, given[key]) for key in _parameters(row) if key in given))


def read_config(node: Node, row: ClassRow, context: Context, skip: tuple[str, ...] = ()) -> Args:
    """Return constructor arguments from a `get_config()`, in the order of the signature.

    `skip` names fields that are read elsewhere.
    """
    if row.key == "keras.layers.Lambda":
        from kcodegen.frontends.lambda_layers import read_lambda_config  # few files have one

        return read_lambda_config(node, row, context, skip)
    return read_arguments(node, row, context, skip)


def read_arguments(node: Node, row: ClassRow, context: Context, skip: tuple[str, ...] = ()) -> Args:
    """Return constructor arguments that are what the config says, but for old names."""
    if row.name in _FOREIGN:
        hint = "it runs a program that is not in this file: replace the layer"
        context.problems.add(node.error("foreign-layer", f"{row.name} can't be compiled", hint))
        return ()
    _warn_of_lost(node, row, context)
    params = _parameters(row)
    shares = not (context.is_legacy or context.keeps_sharing or row.kind == "custom")
    found: list[tuple[str, Value]] = []
    for key, value in node.mapping().items():
        if key in skip:
            continue
        param = params.get(key)
        if param is not None and _is_plain(value, param) and not context.is_legacy:
            found.append((key, value))  # most arguments; no address is needed for them
            continue
        if param is not None and shares:
            found.append((key, _read_once(node, key, value, row, context, param)))
            continue
        child = node.field(key)
        if row.kind == "custom" and (
            not is_identifier(key) or key.startswith("__") or key == "self"
        ):
            hint = "no constructor takes that"
            message = f"{row.name} has an argument {prose(key)!r}, which is no plain name"
            context.problems.add(child.error("unknown-argument", message, hint))
        elif param is not None or row.kind == "custom":
            _refuse_path(child, key, row, context)
            found.append((key, _read_argument(child, key, row, context, param)))
        elif not _ignored(child, key, row, context):
            found += _read_old_argument(child, key, row, context)
    if _SIZE in params:
        found = _without_size(node, row, found, context)
    if context.is_legacy or row.key in ABSENT:
        found = _with_defaults(node, row, found, context)
    if row.kind == "custom":
        return tuple(sorted(found, key=lambda item: item[0] == "name"))
    given = dict(found)
    return tuple((name, given[name]) for name in params if name in given)


def _read_once(
    node: Node, key: str, value: Json, row: ClassRow, context: Context, param: Parameter
) -> Value:
    """Return an argument's value; one that another layer of the class has, too, is read once.

    Every layer of Keras 3 has a dtype policy, and nearly every one the same initializers.
    """
    text = _text_of(value)
    place = None if text is None else (row.key, key, text)
    if place is not None and place in context.known:
        return context.known[place]
    said, child = context.problems.count(), node.field(key)
    _refuse_path(child, key, row, context)
    found = _read_argument(child, key, row, context, param)
    if place is not None and said == context.problems.count():  # what is said has an address
        context.known[place] = found
    return found


def _text_of(value: Json, depth: int = 3) -> object:
    """Return what tells a small value apart from every other, types too; None for a large one."""
    kind = type(value)
    if kind is str or value is None:
        return (kind, value)
    if kind in _SCALARS:
        return (kind, repr(value))  # 0.0 == -0.0
    if not depth or len(value) > _SMALL:  # type: ignore[arg-type]
        return None
    parts = value.items() if kind is dict else enumerate(value)  # type: ignore[union-attr, arg-type]
    texts = tuple((name, _text_of(item, depth - 1)) for name, item in parts)
    return None if any(text is None for _, text in texts) else (kind, texts)


def _with_defaults(
    node: Node, row: ClassRow, found: list[tuple[str, Value]], context: Context
) -> list[tuple[str, Value]]:
    """Return arguments with those that the file lacks, and that are not what is default now."""
    from kcodegen.frontends import changes
    from kcodegen.registry.legacy import is_idle, old_defaults

    given = dict(found)
    if not context.is_legacy:
        return [*found, *(item for item in ABSENT[row.key] if item[0] not in given)]
    added = [item for item in old_defaults(row, context.version) if item[0] not in given]
    for name, value in added:
        shown = f"{row.name}.{name}"
        changes.added_argument(node, shown, value, changes.since_keras3(context))
    return [*(item for item in found if not is_idle(row, item[0], given)), *added]


def _warn_of_lost(node: Node, row: ClassRow, context: Context) -> None:
    """Note the arguments that Keras never saves, where another value would matter.

    An older Keras has saved some of them: what is in the file is not lost.
    """
    for name in row.lost:
        param = row.param(name)
        quiet = name in QUIETLY_LOST or f"{row.name}.{name}" in QUIETLY_LOST
        if quiet or param is None or node.has(name):
            continue
        message = f"Keras saves no {name} of a {row.name}: the page has the default"
        hint = f"add {name}= there if it was another than {param.default!r}"
        context.problems.warnings.append(
            Diagnostic("lost-argument", message, node.origin, hint, severity="warning")
        )


def _is_plain(value: Json, param: Parameter) -> TypeGuard[bool | int | float | None]:
    """Tell whether a value is a scalar of the kind that a parameter's default is."""
    if value is None:
        return True
    return type(value) in _SCALARS and type(value) is type(param.default)


@cache
def _parameters_of(key: str) -> dict[str, Parameter]:
    return _parameters_by_name(registry.row(key))


def _parameters(row: ClassRow) -> dict[str, Parameter]:
    """Return the parameters of a class by name, in the order of the page: the name comes last."""
    if row.key in OWN_ROWS or row.kind == "custom":
        return _parameters_by_name(row)
    return _parameters_of(row.key)


def _parameters_by_name(row: ClassRow) -> dict[str, Parameter]:
    params = {param.name: param for param in (*row.params, *row.extra)}
    if "name" in params:
        params["name"] = params.pop("name")
    return params


def _without_size(
    node: Node, row: ClassRow, found: list[tuple[str, Value]], context: Context
) -> list[tuple[str, Value]]:
    """Return arguments without the size of a vocabulary, which is counted and never set.

    An adapted layer's words are in no JSON: only their number tells that they were there.
    """
    kept = [item for item in found if item[0] != _SIZE]
    size = dict(found).get(_SIZE)
    if size is not None and not same(size, built_value(row, _SIZE, tuple(kept), None)):
        message = f"{row.name} was adapted to {size!r} words, which are not in this file"
        hint = "call adapt() again, or set_vocabulary()"
        context.problems.warnings.append(
            Diagnostic("adapted-vocabulary", message, node.origin, hint, severity="warning")
        )
    return kept


def _read_argument(
    child: Node, key: str, row: ClassRow, context: Context, param: Parameter | None
) -> Value:
    """Return an argument's value, in today's words when the file is an old one."""
    holds = param.holds if param is not None else _INHERITED.get(key, "")
    value = read_value(child, context, holds)
    _check_type(child, value, param)
    if not context.is_legacy:
        return value
    from kcodegen.frontends import legacy

    if legacy.is_changed(key, value):
        return legacy.own_function(child, key, context.problems)
    if isinstance(value, Obj) and holds == "initializer":
        return legacy.unscaled(child, value, context)
    return legacy.modern(child, key, value, row, context)


def _check_type(child: Node, value: Value, param: Parameter | None) -> None:
    """Raise an error for a truth value or a dict where a number is expected, and the reverse."""
    if param is None or value is None:
        return
    if param.name == "name" and value == "":
        raise child.error("unnamed-layer", "a name is empty")
    if param.name == "name" and not isinstance(value, str):
        raise child.wrong("a name")
    if isinstance(param.default, bool):
        if not isinstance(value, (bool, str)):
            raise child.wrong("a boolean")
    elif isinstance(param.default, (int, float)) and isinstance(value, (bool, Dict)):
        raise child.wrong("a number")


def _read_old_argument(
    child: Node, key: str, row: ClassRow, context: Context
) -> list[tuple[str, Value]]:
    """Return what became of an argument that no class takes any more; note what is unknown."""
    from kcodegen.frontends import legacy

    try:
        translated = legacy.translate(child, key, read_value(child, context), row, context)
    except KeyError:
        context.problems.add(_unknown_argument(child, key, row))
        return []
    if translated is None:
        return []
    name, value = translated
    return [(name, legacy.modern(child, name, value, row, context))]


def _ignored(child: Node, key: str, row: ClassRow, context: Context) -> bool:
    """Tell whether a key of the config is no argument and carries nothing."""
    given = read_value(child, context, "dtype_policy" if key == "dtype" else "")
    if any(key == name and same(given, value) for name, value in row.ignored):
        return True
    return any(key == name for name, _ in row.built)


def _unknown_argument(child: Node, key: str, row: ClassRow) -> CompileError:
    names = [param.name for param in (*row.params, *row.extra)]
    return child.error(
        "unknown-argument",
        f"{row.name} has no argument {prose(key)!r}",
        did_you_mean(key, names) or "remove it from the file if it means nothing",
    )


def _refuse_path(child: Node, key: str, row: ClassRow, context: Context) -> None:
    """Note a file path in a place where Keras would open the file."""
    if key in _PATHS and isinstance(child.value, str) and row.kind == "layer":
        hint = "write the words themselves into the file, as a list"
        message = f"{row.name} would read a file ({key} is a path): refused"
        context.problems.add(child.error("file-path", message, hint))


def _read_policy(node: Node) -> Value:
    """Return a dtype policy by its name: `DTypePolicy("float32")` -> `"float32"`."""
    config = node.field("config").get("name")
    return config.text() if config is not None and config.value is not None else "float32"


def _read_function(node: Node, context: Context, holds: str) -> Value:
    """Return a function by its name: a string for an activation, a symbol for others."""
    config = node.field("config")
    name = config.text("the name of a function")
    if node.field("class_name").value == "builtin_function_or_method":
        error = node.error(
            "builtin-function",
            f"Python's own {prose(name)!r} can't be rebuilt",
            "use the function of keras.ops, or one of your own with --custom",
        )
        context.problems.add(error)
        return None
    if holds in ("activation", "") and name in registry.strings("activation"):
        return name
    key = registry.function(name, holds) or context.vocabulary.custom_key(name)
    key = key or context.vocabulary.stub("function", name)
    if key is None:
        hint = did_you_mean(name, registry.strings(holds)) if holds else ""
        context.problems.unknown_class(name, "the function", node.origin, hint)
        return None
    return Symbol(key)


def _read_string(node: Node, text: str, context: Context, holds: str) -> Value:
    """Return a string, or what it is short for in this place."""
    if holds not in _STRING_KINDS:
        return text
    if holds in _NAMED_KINDS:
        row = shorthand(text, holds)
        if row is not None:
            return Obj(row.key)
    elif holds == "dtype_policy" or text in registry.strings(holds):
        return text
    key = context.vocabulary.custom_key(text)
    if key is None and holds not in ("optimizer", "dtype_policy"):
        key = context.vocabulary.stub("function", text)
    if key is not None:
        return Symbol(key)
    hint = did_you_mean(text, registry.strings(holds))
    context.problems.unknown_class(text, f"the {holds}", node.origin, hint)
    return None
