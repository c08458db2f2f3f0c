"""What a page writes a skeleton for: classes and functions whose code is in no file.

custom:!layer:Acme>Scale     a layer that is registered as `Scale` in the package `Acme`
"""

from __future__ import annotations

import re
from typing import Final

from kcodegen.records import record
from kcodegen.words import is_identifier

MARK: Final = "custom:!"
BASES: Final = {
    "layer": "keras.layers.Layer",
    "model": "keras.Model",
    "sequential": "keras.Sequential",
    "initializer": "keras.initializers.Initializer",
    "regularizer": "keras.regularizers.Regularizer",
    "constraint": "keras.constraints.Constraint",
    "loss": "keras.losses.Loss",
    "function": "",
    "lambda": "",
}
"""The kinds of skeletons and what their classes are derived from; functions from nothing."""

INHERITED: Final = frozenset({"activity_regularizer", "autocast", "dtype", "name", "trainable"})
"""What every layer takes besides its own arguments."""

TAKEN: Final = frozenset(
    """activity_regularizer add_loss add_metric add_variable add_weight autocast build
    build_from_config built call call_signature_parameters compute_dtype compute_mask
    compute_output_shape compute_output_spec count_params dtype dtype_policy from_config
    get_build_config get_config get_weights input input_dtype input_spec load_own_variables losses
    metrics metrics_variables name non_trainable_variables non_trainable_weights output path
    quantization_mode quantize quantized_build quantized_call rematerialized_call
    save_own_variables set_weights stateless_call supports_jit supports_masking symbolic_call
    trainable trainable_variables trainable_weights variable_dtype variables weights""".split()
)
"""Attributes that every layer has already; an argument of the same name is kept under another."""


@record(frozen=True)
class StubName:
    """What a skeleton stands for: its kind, its package (perhaps none), and its own name."""

    kind: str
    package: str
    name: str

    @property
    def key(self) -> str:
        """The key of the class or function."""
        return f"{MARK}{self.kind}:{self.package + '>' if self.package else ''}{self.name}"


def stub_name(key: str) -> StubName | None:
    """Return what a key's skeleton stands for; None for any other key."""
    if not key.startswith(MARK):
        return None
    kind, _, registered = key.removeprefix(MARK).partition(":")
    package, _, name = registered.rpartition(">")
    return StubName(kind, package, name)


def stub_key(kind: str, registered: str) -> str | None:
    """Return the key of a skeleton; None for what can have none."""
    package, _, name = registered.rpartition(">")
    is_plain = is_identifier(name) and not name.startswith("__")
    if kind not in BASES or not is_plain or (package and not re.fullmatch(r"[\w.]{1,80}", package)):
        return None
    return StubName(kind, package, name).key


def attribute(param: str) -> str:
    """Return the attribute that keeps an argument."""
    return f"{param}_" if param in TAKEN else param
