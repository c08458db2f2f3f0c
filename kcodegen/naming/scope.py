"""The one place where the page's names come from."""

from __future__ import annotations

from dataclasses import field

from kcodegen.records import record
from kcodegen.words import PAGE_NAMES, RESERVED, identifier


@record(frozen=False)
class Scope:
    """Gives out identifiers that nothing else takes; `fixed` ones stay taken inside loops."""

    taken: set[str] = field(default_factory=set)
    fixed: frozenset[str] = frozenset()

    def copy(self) -> Scope:
        """Return a scope that goes its own way from here."""
        return Scope(set(self.taken), self.fixed)

    def unique(self, wish: str, fallback: str = "value") -> str:
        """Return an identifier close to `wish`, and keep it."""
        base = identifier(wish, fallback)
        name, count = base, 2
        while name in self.taken or name in PAGE_NAMES or name in RESERVED:
            name, count = f"{base}_{count}", count + 1
        self.taken.add(name)
        return name

    def release(self, name: str) -> None:
        """Let `name` be given out again."""
        self.taken.discard(name)
