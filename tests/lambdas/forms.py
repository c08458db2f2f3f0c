"""Files with a Lambda layer, in the forms of every Keras, around functions of this Python."""

from __future__ import annotations

import base64
import json
import marshal
from collections.abc import Callable
from types import CodeType
from typing import Any

from kcodegen import Options
from kcodegen.pipeline import Result, compile_document
from kcodegen.readers import read_bytes

Json = Any


def dumped(code: CodeType) -> str:
    """Return a code object as Keras writes it."""
    return base64.encodebytes(marshal.dumps(code)).decode("ascii")


def cells(function: Callable[..., Any]) -> list[Any] | None:
    """Return the values of the variables around a function."""
    return [cell.cell_contents for cell in function.__closure__ or ()] or None


def keras3(function: Callable[..., Any], **config: Json) -> Json:
    """Return a Sequential of Keras 3 with one Lambda layer."""
    inner = {
        "code": dumped(function.__code__),
        "defaults": function.__defaults__,
        "closure": cells(function),
    }
    made = {"class_name": "__lambda__", "config": inner}
    layer = {
        "module": "keras.layers",
        "class_name": "Lambda",
        "config": {"name": "work", "function": made, "arguments": {}, **config},
        "registered_name": None,
    }
    return {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": "model", "layers": [_input(), layer]},
        "registered_name": None,
    }


def _input() -> Json:
    config = {"batch_shape": [None, 3, 4], "dtype": "float32", "sparse": False, "name": "x"}
    return {
        "module": "keras.layers",
        "class_name": "InputLayer",
        "config": config,
        "registered_name": None,
    }


def keras2(code: str, defaults: Json = None, closure: Json = None, **config: Json) -> Json:
    """Return a Sequential of Keras 2 with one Lambda layer."""
    layer = {
        "class_name": "Lambda",
        "config": {
            "name": "work",
            "trainable": True,
            "batch_input_shape": [None, 3, 4],
            "dtype": "float32",
            "function": [code, defaults, closure],
            "function_type": "lambda",
            "output_shape": None,
            "output_shape_type": "raw",
            "arguments": {},
            **config,
        },
    }
    return {
        "class_name": "Sequential",
        "config": [layer],
        "keras_version": "2.1.6",
        "backend": "tensorflow",
    }


def compiled(document: Json, **options: Any) -> Result:
    """Return the page of a document."""
    return compile_document(read_bytes(json.dumps(document).encode(), "x.json"), Options(**options))


def function_of(page: str) -> str:
    """Return the first function of a page, without its comment."""
    text = page[page.index("\n\n\ndef ") + 3 :].split("\n\n\n")[0]
    return "\n".join(line for line in text.splitlines() if "# Decompiled" not in line)
