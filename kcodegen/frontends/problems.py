"""Collects what is wrong with a file, so that all of it is said at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field

from kcodegen.diagnostics import CompileError, Diagnostic, Origin
from kcodegen.records import record
from kcodegen.words import is_identifier, prose

_MOST_LAYERS = 8
YOURS = "your_package.your_module"
# Where packages beside Keras have the classes that they register under these names.
_PACKAGES = {
    "keras_hub": "keras_hub.models",
    "keras_nlp": "keras_nlp.models",
    "keras_cv.models": "keras_cv.models",
    "Addons": "tensorflow_addons.layers",
}


@record(frozen=False)
class Problems:
    """The diagnostics of one run; unknown classes are gathered by name."""

    found: list[Diagnostic] = field(default_factory=list)
    warnings: list[Diagnostic] = field(default_factory=list)
    unknown: dict[str, _Unknown] = field(default_factory=dict)
    uses: int = 0  # of what is unknown

    def add(self, error: CompileError) -> None:
        """Keep an error and go on."""
        self.found.extend(error.diagnostics)

    def count(self) -> int:
        """Return a number that changes with everything that is noted."""
        return len(self.found) + len(self.warnings) + self.uses

    def said(self) -> tuple[Diagnostic, ...]:
        """Return the warnings, and the notes behind them in the order of their places."""
        notes = [found for found in self.warnings if found.severity == "note"]
        if not notes:
            return tuple(self.warnings)
        warnings = [found for found in self.warnings if found.severity != "note"]
        return (*warnings, *sorted(notes, key=_place))

    def unknown_class(self, name: str, what: str, origin: Origin, hint: str) -> None:
        """Note one use of a class or function that no table has."""
        self.uses += 1
        entry = self.unknown.setdefault(name, _Unknown(what, hint, origin))
        if origin.layer is not None and origin.layer not in entry.layers:
            entry.layers.append(origin.layer)

    def raise_all(self, command: tuple[str, ...] = ()) -> None:
        """Raise one error with everything found; do nothing when nothing was.

        `command` are the words that were typed, for hints that can be typed.
        """
        diagnostics = [_unknown(self.unknown, command)] if self.unknown else []
        diagnostics += self.found
        if diagnostics:
            raise CompileError(diagnostics)


def _place(note: Diagnostic) -> tuple[list[tuple[int, str]], str, str]:
    """Return what sorts notes: their place in the file, its numbers as numbers."""
    parts = note.origin.pointer.split("/")
    numbered = [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]
    return numbered, note.code, note.change


@record(frozen=False)
class _Unknown:
    """A class that no table has, and every layer that uses it."""

    what: str
    hint: str
    origin: Origin
    layers: list[str] = field(default_factory=list)


def _unknown(unknown: dict[str, _Unknown], command: tuple[str, ...]) -> Diagnostic:
    """Return the one error for all classes and functions that no table has."""
    parts = []
    for name, entry in unknown.items():
        names = ", ".join(prose(layer) for layer in entry.layers[:_MOST_LAYERS])
        more = ", ..." if len(entry.layers) > _MOST_LAYERS else ""
        used = f", used by layers {names}{more}" if len(entry.layers) > 1 else ""
        parts.append(f"{entry.what} {prose_name(name)!r} is not known to Keras{used}")
    first = next(iter(unknown.values()))
    layers = {layer for entry in unknown.values() for layer in entry.layers}
    origin = Origin(first.origin.pointer, layers.pop() if len(layers) == 1 else None)
    hints = [entry.hint for entry in unknown.values() if entry.hint]
    hint = "; ".join((*dict.fromkeys(hints), *ways_out(unknown, command)))
    return Diagnostic("unknown-class", "; ".join(parts), origin, hint)


def ways_out(names: Iterable[str], command: tuple[str, ...]) -> Iterator[str]:
    """Yield how to import a user's own classes, and how to write skeletons, ready to be typed."""
    import shlex  # only errors need it

    mine = [name for name in names if _attribute(name)]
    if not mine:
        return
    given = [
        word for name in mine for word in ("--custom", f"{name}={_module(name)}:{_attribute(name)}")
    ]
    own = "imports your own" if YOURS in map(_module, mine) else "imports them"
    yield f"{shlex.join((*command, *given))} {own}"
    yield f"{shlex.join((*command, '--stubs'))} writes skeletons to be filled in"


def _module(name: str) -> str:
    """Return the module of a class: of a well-known package's, or the user's to be named."""
    return _PACKAGES.get(name.rpartition(">")[0], YOURS)


def _attribute(name: str) -> str:
    """Return the name of a user's class in its module; nothing for what can be no class' name."""
    attr = name.rsplit(">", 1)[-1]
    is_plain = is_identifier(attr) and not attr.startswith("__")
    return attr if prose_name(name) == name and is_plain else ""


def prose_name(name: str) -> str:
    """Return a registered name fit for a message: `Acme>Scale` keeps its `>`."""
    return ">".join(prose(part) for part in name.split(">"))
