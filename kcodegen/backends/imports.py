"""What a page imports, gathered while its expressions are made."""

from __future__ import annotations

import re
from dataclasses import field

from kcodegen.ir.program import Name
from kcodegen.naming.scope import Scope
from kcodegen.records import record
from kcodegen.registry.helpers import HELPERS
from kcodegen.registry.stubs import stub_name
from kcodegen.registry.vocabulary import CUSTOM
from kcodegen.words import PAGE_NAMES, RESERVED


@record(frozen=False)
class Imports:
    """Turns registry keys into names on the page, and remembers what they need.

    `keras.layers.Dense` becomes `layers.Dense` with `from keras import layers`;
    `custom:pkg.mod:Scale` becomes `Scale` with `from pkg.mod import Scale`.
    """

    scope: Scope
    modules: set[str] = field(default_factory=set)
    plain: set[str] = field(default_factory=set)
    custom: dict[str, str] = field(default_factory=dict)
    helpers: dict[str, str] = field(default_factory=dict)

    def name(self, key: str, helper: str = "") -> Name:
        """Return how the page spells a class or function."""
        if key.startswith(CUSTOM):
            if key not in self.custom:
                attr = re.split("[:>]", key)[-1]
                self.custom[key] = self._custom_name(attr)
            return Name(self.custom[key])
        if helper or key in HELPERS:
            self.helpers[key] = helper or HELPERS[key].template
            self.modules.update(HELPERS[key].imports)
            return Name(key.rpartition(".")[2])
        parts = key.split(".")
        if parts[0] == "tf":
            self.plain.add("tensorflow")
            return Name(key)
        if len(parts) == 2:
            self.plain.add("keras")
            return Name(key)
        self.modules.add(parts[1])
        return Name(".".join(parts[1:]))

    def _custom_name(self, attr: str) -> str:
        """Return the name of a user's class: its own, unless the page has that already."""
        if attr not in self.scope.taken and attr not in PAGE_NAMES and attr not in RESERVED:
            self.scope.taken.add(attr)
            return attr
        return self.scope.unique(f"custom_{attr}")

    def numpy(self) -> Name:
        """Return `np`, imported."""
        self.plain.add("numpy")
        return Name("np")

    def from_keras(self) -> str:
        """Return the line that imports Keras' modules, or nothing."""
        return f"from keras import {', '.join(sorted(self.modules))}" if self.modules else ""

    def from_users(self) -> tuple[str, ...]:
        """Return the lines that import the user's classes."""
        lines: dict[str, list[str]] = {}
        for key, name in self.custom.items():
            if stub_name(key) is not None:
                continue
            module, _, attr = key.removeprefix(CUSTOM).partition(":")
            spelled = attr if name == attr else f"{attr} as {name}"
            lines.setdefault(module, []).append(spelled)
        return tuple(
            f"from {m} import {', '.join(sorted(names))}" for m, names in sorted(lines.items())
        )
