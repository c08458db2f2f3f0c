"""What the imports of a page are called, and what they stand for."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kcodegen.readback.values import Path, ReadBackError
from kcodegen.registry.vocabulary import CUSTOM, Vocabulary

# What a page may import besides its target and a user's own classes; of some only these names.
MODULES: dict[str, set[str] | None] = {
    "__future__": {"annotations"},
    "argparse": None,
    "concurrent.futures": {"ThreadPoolExecutor"},
    "mmap": None,
    "numpy": None,
    "pathlib": {"Path"},
}


def imported(statement: ast.stmt, vocabulary: Vocabulary) -> Iterator[tuple[str, Path]]:
    """Yield the names that an import brings, also one of several that are tried."""
    match statement:
        case ast.Import(names):
            roots = dict(vocabulary.target.plain)
            for alias in names:
                yield alias.asname or alias.name, Path(roots.get(alias.name, alias.name))
        case ast.ImportFrom(module, names):
            for alias in names:
                path = _path(module or "", alias.name, vocabulary)
                if path is not None:
                    yield alias.asname or alias.name, path
        case ast.Try(body):
            for part in body:
                yield from imported(part, vocabulary)


def _path(module: str, name: str, vocabulary: Vocabulary) -> Path | None:
    """Return what a name of a module stands for; nothing where no call of a page is of it."""
    roots = dict(vocabulary.target.modules)
    if module in roots:
        return Path(f"{roots[module]}.{name}")
    if module in MODULES:
        return None
    path = f"{module}:{name}"
    if path not in vocabulary.custom_names():
        raise ReadBackError(f"a page never imports {path}")
    return Path(CUSTOM + path)
