"""What differs between the targets when a Module is made: data and one function each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kcodegen.backends.imports import Imports
from kcodegen.ir.values import Value
from kcodegen.records import record
from kcodegen.registry.rows import Parameter


@record(frozen=True)
class Dialect:
    """One target's manners.

    `training` is what `model.compile` takes, what it holds, and what it is when the author said
    nothing; `builders` maps the kind of a single object to the function that builds it and what
    that returns; `import_lines` gives the lines that import all that a page uses.
    """

    training: tuple[tuple[Parameter, Value], ...]
    builders: Mapping[str, tuple[str, str]]
    import_lines: Callable[[Imports], tuple[str, ...]]
