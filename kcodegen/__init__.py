"""Compile a serialized Keras model into the Python source that rebuilds it.

result = kcodegen.compile_file("arch.json")
print(result.text)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kcodegen.diagnostics import CompileError, Diagnostic, KcodegenError
from kcodegen.options import Options

if TYPE_CHECKING:
    from kcodegen.conversion import Converted, convert_weights
    from kcodegen.pipeline import Result, compile_file, compile_model

__version__ = "0.1.0"
__all__ = [
    "CompileError",
    "Converted",
    "Diagnostic",
    "KcodegenError",
    "Options",
    "Result",
    "compile_file",
    "compile_model",
    "convert_weights",
]

_FROM_PIPELINE = ("Result", "compile_file", "compile_model")
_FROM_CONVERSION = ("Converted", "convert_weights")


def __getattr__(name: str) -> Any:
    """Import the pipeline when it is first asked for, so that `--help` stays instant."""
    if name in _FROM_PIPELINE:
        from kcodegen import pipeline

        return getattr(pipeline, name)
    if name in _FROM_CONVERSION:
        from kcodegen import conversion

        return getattr(conversion, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
