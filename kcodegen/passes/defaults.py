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
OPS = "keras.ops."
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
    if key.startswith(OPS):
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
    return same(plain(value), plain(default)) or same(plain(value), plain(param.default))


def plain(value: Value | Required) -> Value:
    """Return an object's value without its own default arguments, for comparing."""
    if isinstance(value, Obj):
        return replace(value, args=drop_defaults(value.key, value.args), tag=None)
    return value  # type: ignore[return-value]


def fill_defaults(key: str, args: Args, _built: Value = None) -> Args:
    """Return the arguments with every known default written out, sorted by name.

    Two constructor calls make the same object exactly when this is the same for both.
    """
    if is_custom(key):
        filled = _CUSTOM_DEFAULTS | dict(args)
        return tuple(sorted(filled.items()))
    given = dict(args)
    complete: dict[str, Value] = dict(given)
    params = parameters(key)
    for param in params.values():
        if given.get(param.name) is not None:
            continue
        default = default_value(param, given, params)
        if not isinstance(default, Required):
            complete[param.name] = _filled(default)
    return tuple(sorted(complete.items(), key=lambda item: item[0]))


def _filled(value: Value) -> Value:
    if isinstance(value, Obj):
        return replace(value, args=fill_defaults(value.key, value.args))
    return value
