"""What every frontend carries: the vocabulary, the problems found, and how to read a model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field

from kcodegen.frontends.problems import Problems
from kcodegen.ir.document import Node
from kcodegen.ir.graph import Graph
from kcodegen.ir.values import Value
from kcodegen.records import record
from kcodegen.registry.vocabulary import Vocabulary


@record(frozen=True)
class Context:
    """One run's surroundings.

    `read_model` reads a nested model; it lies here because a value (a wrapped layer) may hold
    a model, and a model holds values. `is_legacy` says that a Keras before 3 wrote the
    file, and `version` which one, as far as the file tells: `(2, 9)`. `keeps_sharing`
    that an object in two places has a meaning: outside of models. `known` holds the small
    objects that were read, by what the file says of them.
    """

    vocabulary: Vocabulary
    read_model: Callable[[Node, Context], Graph]
    is_legacy: bool = False
    version: tuple[int, int] | None = None
    keeps_sharing: bool = False
    problems: Problems = field(default_factory=Problems)
    known: dict[tuple[object, ...], Value] = field(default_factory=dict)
