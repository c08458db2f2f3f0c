"""Every class of the registry, made once for every argument that can be given to it.

What is true of `keras` is true of `tf_keras` here: a `Library` says which of the two, and which
rows of the registry it is held against.
"""

from __future__ import annotations

import importlib
import inspect
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from kcodegen import registry
from kcodegen.registry.rows import ClassRow
from tests.objects.arguments import ALSO, With, first, values

EMPTY = inspect.Parameter.empty
MOST = 2  # values of one argument
# Classes whose arguments are graphs, functions or what else no table of values holds, and the tests
# that make them.
ELSEWHERE = {
    "Functional": "tests/corpus: it is its graph",
    "InputLayer": "tests/corpus: it is written as keras.Input, inside a model",
    "Lambda": "tests/lambdas",
    "Sequential": "tests/corpus: it is its layers",
}


@dataclass(frozen=True, slots=True)
class Library:
    """A Keras: its module, how a session of it begins, its rows, and which files it can write.

    `writes` says of a config whether the library makes the same of it again.
    """

    keras: Any
    begin: Callable[[], Any]
    rows: dict[str, ClassRow]
    writes: Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Variant:
    """One object: the argument and its value, and what the object serializes to."""

    name: str
    said: str
    config: Any


@dataclass(frozen=True, slots=True)
class Tried:
    """All that came of a class.

    `base` has the required arguments only, `variants` one more each. `lost` are arguments that the
    class takes and no config of it tells; `forgotten` those that it writes and does not read again.
    """

    base: Any
    variants: tuple[Variant, ...]
    lost: frozenset[str]
    forgotten: frozenset[str]

    def untried(self, row: ClassRow) -> set[str]:
        """Return the arguments of the row that have had no value but their default."""
        names = {param.name for param in (*row.params, *row.extra)}
        return names - {variant.name for variant in self.variants}


def find(library: Library, row: ClassRow) -> Any:
    """Return the class of a row."""
    if row.private and registry.PRIVATE in row.key:
        return getattr(importlib.import_module(row.private), row.name)
    found: Any = library.keras
    for part in row.key.split(".")[1:]:
        found = getattr(found, part)
    return found


def parameters(cls: Any, row: ClassRow) -> dict[str, Any]:
    """Return the arguments of a class and of what it passes on, with their defaults."""
    found: dict[str, Any] = {}
    makers = [base for base in cls.__mro__ if "__init__" in vars(base)]
    for base in makers:
        signature = list(inspect.signature(base.__init__).parameters.values())[1:]
        own = [p for p in signature if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
        for parameter in own:
            if base is makers[0] or parameter.default is not EMPTY:
                found.setdefault(parameter.name, parameter.default)
        if all(parameter.kind is not parameter.VAR_KEYWORD for parameter in signature):
            break
    for param in (*row.params, *row.extra):
        found.setdefault(param.name, EMPTY if param.required else param.default)
    return found


def required(library: Library, cls: Any, row: ClassRow) -> dict[str, Any]:
    """Return the arguments that a class can't do without."""
    names = [n for n, default in parameters(cls, row).items() if default is EMPTY]
    also = ALSO.get(row.name, {})
    return {name: first(library.keras, row.name, name) for name in dict.fromkeys([*names, *also])}


def tried(library: Library, row: ClassRow) -> Tried:
    """Make a class with required arguments only, and once for each value that it takes."""
    cls = find(library, row)
    base = written(library, cls, required(library, cls, row))
    found: list[Variant] = []
    seen = {json.dumps(base)}
    taken, forgotten = set(), set()
    for name, value, others in candidates(library, cls, row):
        if sum(variant.name == name for variant in found) == MOST:
            continue
        config = written(library, cls, {**required(library, cls, row), **others, name: value})
        if config is None:
            continue
        taken.add(name)
        text = json.dumps(config)
        if tells(config, base, name) and not library.writes(config):
            forgotten.add(name)
        elif tells(config, base, name) and text not in seen:
            seen.add(text)
            found.append(Variant(name, f"{name}={value!r}", config))
    told = forgotten | {variant.name for variant in found}
    return Tried(base, tuple(found), frozenset(taken - told), frozenset(forgotten))


def tells(config: Any, base: Any, name: str) -> bool:
    """Say whether a config has another value of an argument than that of the smallest object."""
    ours, theirs = config["config"], base["config"]
    if not isinstance(ours, dict):
        return bool(ours != theirs)
    return bool(ours.get(name) != theirs.get(name))


def candidates(
    library: Library, cls: Any, row: ClassRow
) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Yield arguments with a value to try, and what must be given beside it."""
    for name, default in parameters(cls, row).items():
        for value in values(library.keras, row.name, name, default):
            if isinstance(value, With):
                yield name, value.value, value.others
            else:
                yield name, value, {}


def written(library: Library, cls: Any, given: dict[str, Any]) -> Any:
    """Return what an object serializes to; None when Keras does not take its arguments."""
    try:
        library.begin()
        made = library.keras.saving.serialize_keras_object(cls(**given))
        return json.loads(json.dumps(made))
    except Exception:  # what Keras does not take is no variant
        return None


def made_here(rows: dict[str, ClassRow]) -> dict[str, ClassRow]:
    """Return the rows that are made here, by their keys without the package."""
    return {
        key.partition(".")[2]: row
        for key, row in rows.items()
        if not row.refusal and row.name not in ELSEWHERE
    }


def reads_again(keras: Any, begin: Callable[[], Any]) -> Callable[[Any], bool]:
    """Return a function that says whether Keras makes the same of a config again."""

    def reads(config: Any) -> bool:
        try:
            begin()
            again = keras.saving.deserialize_keras_object(json.loads(json.dumps(config)))
            same = json.loads(json.dumps(keras.saving.serialize_keras_object(again))) == config
        except Exception:  # what Keras can't read is no file
            return False
        return same

    return reads
