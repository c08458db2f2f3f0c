"""Default arguments: left out of the page, filled in for the proof.

Dense(units=4, activation="linear", use_bias=True)   ->   Dense(units=4)
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from kcodegen import registry
from kcodegen.ir.values import Args, Obj, Value, same
from kcodegen.registry.rows import Parameter, Required
from kcodegen.registry.vocabulary import OWN_ROWS, is_custom

Params = dict[str, Parameter]
# Arguments that every user's layer inherits; the rest of a user's class is not known.
_CUSTOM_DEFAULTS: dict[str, Value] = {
    "trainable": True,
    "dtype": "float32",
    "autocast": True,
    "activity_regularizer": None,
}


@cache
def parameters(key: str) -> Params:
    """Return the parameters of a class or an op by name; none for a user's class."""
    return {param.name: param for param in _parameters(key)}


def _parameters(key: str) -> tuple[Parameter, ...]:
    if is_custom(key):
        return ()
    if key in OWN_ROWS:
        return tuple(param for param in OWN_ROWS[key].params if param.name != "name")
    if key.startswith(registry.OPS):
        return registry.op(key).params
    row = registry.row(key)
    params = (*row.params, *row.extra)
    if row.kind == "layer":  # what a layer is called is never a default: it is counted
        return tuple(param for param in params if param.name != "name")
    return params


def default_value(param: Parameter, given: dict[str, Value], params: Params) -> Value | Required:
    """Return what an argument is when it is left out; REQUIRED when it can't be."""
    if not param.default_of:
        return param.serialized
    if given.get(param.default_of) is not None:
        return given[param.default_of]
    return params[param.default_of].serialized


def drop_defaults(key: str, args: Args, _built: Value = None) -> Args:
    """Return the arguments without those that are as Keras would have them anyway."""
    if not args:
        return args
    if is_custom(key):
        return tuple(
            (name, value)
            for name, value in args
            if not (name in _CUSTOM_DEFAULTS and same(value, _CUSTOM_DEFAULTS[name]))
        )
    params = parameters(key)
    given = dict(args)
    return tuple(
        (name, value)
        for name, value in args
        if name not in params or not _is_default(value, params[name], given, params)
    )


def _is_default(value: Value, param: Parameter, given: dict[str, Value], params: Params) -> bool:
    default = default_value(param, given, params)
    if isinstance(default, Required):
        return False
    if isinstance(value, Obj):
        return same(_bare(value), default)
    return same(value, default) or same(value, param.default)


def _bare(obj: Obj) -> Obj:
    """Return an object without its own default arguments, as the rows hold their defaults."""
    return Obj(obj.key, drop_defaults(obj.key, obj.args), obj.body)


@cache
def _complete(key: str) -> tuple[tuple[str, ...], Args]:
    """Return the sorted names of all parameters, and those arguments that always have a default."""
    params = parameters(key)
    known = tuple(
        (name, _filled(param.serialized))
        for name, param in params.items()
        if not param.default_of and not isinstance(param.serialized, Required)
    )
    return tuple(sorted(params)), known


def fill_defaults(key: str, args: Args, _built: Value = None) -> Args:
    """Return the arguments with every known default written out, sorted by name.

    Two constructor calls make the same object exactly when this is the same for both. A default
    as the signature has it is the default, however Keras serializes that.
    """
    if is_custom(key):
        return tuple(sorted((_CUSTOM_DEFAULTS | dict(args)).items()))
    params = parameters(key)
    names, known = _complete(key)
    complete = dict(known)
    for name, value in args:
        if name not in params or not same(value, params[name].default):
            complete[name] = value
    for name, param in params.items():
        if param.default_of and complete.get(name) is None:
            followed = default_value(param, complete, params)
            if not isinstance(followed, Required):
                complete[name] = followed
    ordered = tuple((name, complete[name]) for name in names if name in complete)
    others = tuple(item for item in args if item[0] not in params)
    return ordered if not others else (*ordered, *sorted(others))


def _filled(value: Value) -> Value:
    if isinstance(value, Obj):
        return replace(value, args=fill_defaults(value.key, value.args))
    return value
