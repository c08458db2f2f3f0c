"""Collects what is wrong with a file, so that all of it is said at once."""

from __future__ import annotations

from dataclasses import field

from kcodegen.diagnostics import CompileError, Diagnostic, Origin
from kcodegen.records import record
from kcodegen.words import is_identifier, prose


@record(frozen=False)
class Problems:
    """The diagnostics of one run; unknown classes are gathered by name."""

    found: list[Diagnostic] = field(default_factory=list)
    warnings: list[Diagnostic] = field(default_factory=list)
    unknown: dict[str, _Unknown] = field(default_factory=dict)

    def add(self, error: CompileError) -> None:
        """Keep an error and go on."""
        self.found.extend(error.diagnostics)

    def unknown_class(self, name: str, what: str, origin: Origin, hint: str) -> None:
        """Note one use of a class or function that no table has."""
        entry = self.unknown.setdefault(name, _Unknown(what, hint, origin))
        if origin.layer is not None and origin.layer not in entry.layers:
            entry.layers.append(origin.layer)

    def raise_all(self) -> None:
        """Raise one error with everything found; do nothing when nothing was."""
        diagnostics = [entry.diagnostic(name) for name, entry in self.unknown.items()]
        diagnostics += self.found
        if diagnostics:
            raise CompileError(diagnostics)


@record(frozen=False)
class _Unknown:
    """A class that no table has, and every layer that uses it."""

    what: str
    hint: str
    origin: Origin
    layers: list[str] = field(default_factory=list)

    def diagnostic(self, name: str) -> Diagnostic:
        names = ", ".join(prose(layer) for layer in self.layers)
        used = f", used by layers {names}" if len(self.layers) > 1 else ""
        hint = "; ".join(part for part in (self.hint, way_out(name)) if part)
        message = f"{self.what} {prose_name(name)!r} is not known to Keras{used}"
        layer = self.layers[0] if len(self.layers) == 1 else None
        return Diagnostic("unknown-class", message, Origin(self.origin.pointer, layer), hint)


def way_out(name: str) -> str:
    """Return how to import a user's own class; nothing for what can be no class' name."""
    attr = name.rsplit(">", 1)[-1]
    if prose_name(name) != name or not is_identifier(attr):
        return ""
    return f"--custom '{name}=your_package.your_module:{attr}' imports your own"


def prose_name(name: str) -> str:
    """Return a registered name fit for a message: `Acme>Scale` keeps its `>`."""
    return ">".join(prose(part) for part in name.split(">"))
