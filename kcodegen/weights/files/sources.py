"""What a file of weights holds, before any of it is matched with a model."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

from kcodegen.diagnostics import rejected
from kcodegen.records import record
from kcodegen.weights.files.store import Stored

Version: TypeAlias = "tuple[int, int]"

# What `np.savez(path, *arrays)` calls its arrays, and what people do.
_NUMBERED = re.compile(r"(?:arr|weight|w|param)?_?([0-9]{1,6})")


@record(frozen=True)
class Producer:
    """The Keras that wrote a file: its version, and the library that computed for it.

    Either may not be known; `backend` is "" then. `layers` are the names of the layers in the order
    of their weights, where that isn't the order of the model.
    """

    version: Version | None = None
    backend: str = ""
    layers: tuple[str, ...] = ()

    @property
    def is_first(self) -> bool:
        """Whether it was a Keras before 2, which kept weights in layouts of its own."""
        return self.version is not None and self.version < (2, 0)

    @property
    def enters_models(self) -> bool:
        """Whether a model inside a model keeps its layers apart: tf.keras did, Keras 2.3 not."""
        return self.version is None or self.version >= (2, 4)


@record(frozen=True)
class Source:
    """The arrays of a file: by layer, by name, or in the order of `get_weights()`.

    `groups` are the layers and their arrays, in the order of the file; without layers there is
    one group, called "". `is_ordered` tells whether that order is the one of the model.
    """

    kind: Literal["layers", "names", "numbers"]
    groups: tuple[tuple[str, tuple[Stored, ...]], ...]
    producer: Producer = Producer()
    is_ordered: bool = True

    @property
    def arrays(self) -> tuple[Stored, ...]:
        """All arrays, in the order of the file."""
        return tuple(array for _, group in self.groups for array in group)


def by_number(arrays: tuple[Stored, ...], hint: str, ordered: bool = False) -> Source:
    """Return arrays by number where their names are numbers, else by name."""
    numbers = [_NUMBERED.fullmatch("/".join(array.name)) for array in arrays]
    if not all(numbers):
        return Source("names", (("", arrays),), is_ordered=ordered)
    found = {int(number[1]): array for number, array in zip(numbers, arrays, strict=True) if number}
    if sorted(found) != list(range(len(arrays))):
        message = "the numbers of the arrays have gaps, or come twice"
        raise rejected("missing-weights", message, hint=hint)
    return Source("numbers", (("", tuple(found[number] for number in sorted(found))),))


def version_of(text: str | None) -> Version | None:
    """Return major and minor number of a version: `2.3.1-tf -> (2, 3)`."""
    found = re.match(r"([0-9]{1,4})\.([0-9]{1,4})", text or "")
    return (int(found[1]), int(found[2])) if found else None
