"""What a file of weights holds, before any of it is matched with a model."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

from kcodegen.records import record
from kcodegen.weights.store import Stored

Version: TypeAlias = "tuple[int, int]"


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
    one group, called "".
    """

    kind: Literal["layers", "names", "numbers"]
    groups: tuple[tuple[str, tuple[Stored, ...]], ...]
    producer: Producer = Producer()

    @property
    def arrays(self) -> tuple[Stored, ...]:
        """All arrays, in the order of the file."""
        return tuple(array for _, group in self.groups for array in group)


def version_of(text: str | None) -> Version | None:
    """Return major and minor number of a version: `2.3.1-tf -> (2, 3)`."""
    found = re.match(r"([0-9]{1,4})\.([0-9]{1,4})", text or "")
    return (int(found[1]), int(found[2])) if found else None
