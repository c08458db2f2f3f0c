"""The vocabulary of one compilation: Keras' rows and the user's own names."""

from __future__ import annotations

from functools import cache

from kcodegen import registry
from kcodegen.diagnostics import Diagnostic, UsageError
from kcodegen.ir.values import Value
from kcodegen.records import record
from kcodegen.registry.rows import REQUIRED, ClassRow, Parameter
from kcodegen.registry.stubs import stub_key, stub_name
from kcodegen.registry.targets import KERAS_3, Target
from kcodegen.words import is_identifier, prose, snake_case

CUSTOM = "custom:"


def _optional(name: str, serialized: Value, default: Value = None) -> Parameter:
    return Parameter(name, default=default, serialized=serialized)


# `keras.Input` is a function; this row lets it be read and written like the layer it makes.
INPUT = ClassRow(
    key="keras.Input",
    kind="layer",
    module="keras.layers",
    name="InputLayer",
    params=(
        Parameter("shape", default=REQUIRED, serialized=REQUIRED),
        _optional("batch_size", None),
        _optional("dtype", "float32"),
        _optional("sparse", False),
        _optional("ragged", False),
        _optional("batch_shape", None),
        _optional("name", None),
        _optional("optional", False, False),
    ),
    positional=1,
)

# The two ways to make a model; their structural arguments are no parameters.
MODEL = ClassRow(
    key="keras.Model",
    kind="layer",
    module="keras.src.models.functional",
    name="Functional",
    params=(_optional("trainable", True),),
)
SEQUENTIAL = ClassRow(
    key="keras.Sequential",
    kind="layer",
    module="keras",
    name="Sequential",
    params=(_optional("trainable", True, True),),
)
OWN_ROWS = {row.key: row for row in (INPUT, MODEL, SEQUENTIAL)}


@record(frozen=True)
class Vocabulary:
    """Looks up classes by what a file calls them, and rows by their key.

    `custom` maps a name as the file spells it (`Acme>Scale`) to `package.module:attr`; with
    `stubs` there is a skeleton for every other class of a user. `command` are the words that were
    typed, for hints; `target` is what the page is written for.
    """

    custom: tuple[tuple[str, str], ...] = ()
    stubs: bool = False
    command: tuple[str, ...] = ()
    target: Target = KERAS_3

    def __post_init__(self) -> None:
        """Raise UsageError for a mapping that is no import: no text of it goes unchecked."""
        for name, path in self.custom:
            module, _, attr = path.partition(":")
            if not all(map(is_identifier, (*module.split("."), attr))):
                message = f"{prose(name)} is mapped to {prose(path)}, not to package.module:attr"
                raise UsageError(Diagnostic("custom", message))

    def custom_key(self, *names: str | None) -> str | None:
        """Return the key of the first of `names` that the user has mapped, or None."""
        mapped = dict(self.custom)
        for name in names:
            if name is not None and name in mapped:
                return CUSTOM + mapped[name]
        return None

    def stub(self, kind: str, name: str) -> str | None:
        """Return the key of a skeleton for what a file calls `name`, None where there is none."""
        return stub_key(kind, name) if self.stubs else None

    def row(self, key: str) -> ClassRow:
        """Return the row of a class; a custom key gets an open row without parameters."""
        if (stub := stub_name(key)) is not None:
            return ClassRow(key=key, kind="custom", module="", name=stub.name)
        if key.startswith(CUSTOM):
            module, _, name = key.removeprefix(CUSTOM).partition(":")
            return ClassRow(key=key, kind="custom", module=module, name=name)
        for row in self.target.own:
            if row.key == key:
                return row
        return OWN_ROWS.get(key) or registry.row(key)

    def shorthand(self, text: str, kind: str) -> ClassRow | None:
        """Return the class that a bare string on the page stands for, or None."""
        if self.target is KERAS_3:
            return shorthand(text, kind)
        rows = (registry.row(key) for key in registry.keras2_keys())
        return next((row for row in rows if row.kind == kind and row.shorthand == text), None)

    def custom_names(self) -> tuple[str, ...]:
        """Return the import paths that the page may use, `package.module:attr`."""
        return tuple(sorted({path for _, path in self.custom}))


@cache
def _shorthands(kind: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in registry.class_names(kind):
        for row in registry.candidates(name, None, kind):
            for text in (row.name, snake_case(row.name), row.shorthand):
                if text in registry.strings(kind):
                    found.setdefault(text, row.key)
    return found


def shorthand(text: str, kind: str) -> ClassRow | None:
    """Return the class that a bare string stands for: `"he_normal"` in an initializer's place."""
    key = _shorthands(kind).get(text)
    return registry.row(key) if key is not None else None


def is_custom(key: str) -> bool:
    """Tell whether `key` stands for a user's own class or function."""
    return key.startswith(CUSTOM)
