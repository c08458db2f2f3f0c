"""One row, one line of JSON: how the registry's data files are written and read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from kcodegen.ir.values import Args, Dict, Obj, Symbol, Value
from kcodegen.registry.rows import (
    LAYER_EXTRA,
    REQUIRED,
    ClassRow,
    Hidden,
    OpRow,
    Parameter,
    Required,
)


def encode_value(value: Value) -> Any:
    """Return `value` as JSON: objects become `{"obj": key, "args": {...}}`, tuples lists."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case tuple():
            return [encode_value(item) for item in value]
        case Obj(key, args):
            return {"obj": key, "args": encode_args(args)} if args else {"obj": key}
        case Dict(items):
            return {"dict": encode_args(items)}
        case Symbol(key):
            return {"symbol": key}
        case _:
            raise TypeError(f"a row cannot hold {value!r}")


def decode_value(data: Any) -> Value:
    """Return the value that `encode_value` wrote."""
    match data:
        case list():
            return tuple(decode_value(item) for item in data)
        case {"obj": str(key)}:
            return Obj(key, decode_args(data.get("args", {})))
        case {"dict": items}:
            return Dict(decode_args(items))
        case {"symbol": str(key)}:
            return Symbol(key)
        case None | bool() | int() | float() | str():
            return data
        case _:
            raise ValueError(f"not a value of a row: {data!r}")


def encode_args(args: Args) -> dict[str, Any]:
    """Return arguments as a JSON object."""
    return {name: encode_value(value) for name, value in args}


def decode_args(data: Mapping[str, Any]) -> Args:
    """Return the arguments that `encode_args` wrote."""
    return tuple((name, decode_value(value)) for name, value in data.items())


def encode_parameter(param: Parameter) -> dict[str, Any]:
    """Return `param` as JSON; what is as usual is left out."""
    data: dict[str, Any] = {"name": param.name}
    if not isinstance(param.default, Required):
        data["default"] = encode_value(param.default)
    if not isinstance(param.serialized, Required) and param.serialized != param.default:
        data["serialized"] = encode_value(param.serialized)
    elif type(param.serialized) is not type(param.default):
        data["serialized"] = encode_value(param.serialized)  # type: ignore[arg-type]
    for name in ("holds", "spread", "float32", "keyword_only", "default_of"):
        if value := getattr(param, name):
            data[name] = encode_value(value)
    return data


def decode_parameter(data: dict[str, Any] | str) -> Parameter:
    """Return the parameter that `encode_parameter` wrote; a bare word is one of every layer."""
    if isinstance(data, str):
        return LAYER_EXTRA[data]
    default: Value | Required = decode_value(data["default"]) if "default" in data else REQUIRED
    return Parameter(
        name=data["name"],
        default=default,
        serialized=decode_value(data["serialized"]) if "serialized" in data else default,
        holds=data.get("holds", ""),
        spread=decode_value(data.get("spread")),
        float32=data.get("float32", False),
        keyword_only=data.get("keyword_only", False),
        default_of=data.get("default_of", ""),
    )


def class_to_line(row: ClassRow) -> str:
    """Return the line of a class; the names it is found by come first."""
    data: dict[str, Any] = {
        "key": row.key,
        "kind": row.kind,
        "module": row.module,
        "name": row.name,
        "private": row.private,
        "aliases": list(row.aliases),
        "params": [encode_parameter(param) for param in row.params],
        "extra": [_encode_extra(param) for param in row.extra],
        "positional": row.positional,
        "shorthand": row.shorthand,
        "ignored": encode_args(row.ignored),
        "lost": list(row.lost),
        "hidden": [_encode_hidden(hidden) for hidden in row.hidden],
        "built": encode_args(row.built),
        "masks": row.masks,
        "auto": row.auto,
        "helper": row.helper,
        "refusal": row.refusal,
    }
    return _line(data, always=6)


def class_from_line(line: str) -> ClassRow:
    """Return the class row of a line; ValueError when it is none."""
    data = json.loads(line)
    return ClassRow(
        key=data["key"],
        kind=data["kind"],
        module=data["module"],
        name=data["name"],
        private=data["private"],
        aliases=tuple(data["aliases"]),
        params=tuple(decode_parameter(param) for param in data.get("params", ())),
        extra=tuple(decode_parameter(param) for param in data.get("extra", ())),
        positional=data.get("positional", 0),
        shorthand=data.get("shorthand", ""),
        ignored=decode_args(data.get("ignored", {})),
        lost=tuple(data.get("lost", ())),
        hidden=tuple(Hidden(*hidden) for hidden in data.get("hidden", ())),
        built=decode_args(data.get("built", {})),
        masks=data.get("masks", ""),
        auto=data.get("auto", ""),
        helper=data.get("helper", ""),
        refusal=data.get("refusal", ""),
    )


def op_to_line(row: OpRow) -> str:
    """Return the line of an operation; the names it is found by come first."""
    data: dict[str, Any] = {
        "key": row.key,
        "kind": "operation",
        "module": row.module,
        "name": row.name,
        "params": [encode_parameter(param) for param in row.params],
        "operands": list(row.operands),
        "keywords": list(row.keywords),
        "config": dict(row.config),
        "positional": row.positional,
        "ignored": encode_args(row.ignored),
        "variadic": row.variadic,
        "method": row.method,
        "open_keywords": row.open_keywords,
        "refusal": row.refusal,
    }
    return _line(data, always=4)


def op_from_line(line: str) -> OpRow:
    """Return the operation row of a line; ValueError when it is none."""
    data = json.loads(line)
    return OpRow(
        key=data["key"],
        module=data["module"],
        name=data["name"],
        params=tuple(decode_parameter(param) for param in data.get("params", ())),
        operands=tuple(data.get("operands", ())),
        keywords=tuple(data.get("keywords", ())),
        config=tuple(data.get("config", {}).items()),
        positional=data.get("positional", 0),
        ignored=decode_args(data.get("ignored", {})),
        variadic=data.get("variadic", ""),
        method=data.get("method", ""),
        open_keywords=data.get("open_keywords", False),
        refusal=data.get("refusal", ""),
    )


def _encode_hidden(hidden: Hidden) -> list[str]:
    return [part for part in (hidden.when, hidden.prefix, hidden.given) if part]


def _encode_extra(param: Parameter) -> dict[str, Any] | str:
    """Return an extra parameter: a bare word when it is the one that every layer has."""
    return param.name if LAYER_EXTRA.get(param.name) == param else encode_parameter(param)


def _line(data: dict[str, Any], always: int) -> str:
    """Return `data` as one line; empty fields are left out except for the first `always`."""
    kept = {k: v for i, (k, v) in enumerate(data.items()) if i < always or v}
    return json.dumps(kept, allow_nan=False)
