"""What names and attributes inside a Lambda's function may stand for: closed lists.

The bytecode of a stranger must not write a name on a page: what is in none of these is refused.
"""

from __future__ import annotations

from typing import Final

from kcodegen.frontends.special import DTYPES

SPACES: Final = {
    "K": "K",
    "backend": "K",
    "keras": "keras",
    "math": "math",
    "np": "np",
    "numpy": "np",
    "ops": "ops",
    "tensorflow": "tf",
    "tf": "tf",
}
"""Globals that are modules, by the names that everybody gives them."""

MOVED: Final = (
    ("tf.keras.backend.", "K."),
    ("tf.keras.", "keras."),
    ("keras.backend.", "K."),
    ("keras.ops.", "ops."),
    ("K.tf.", "tf."),
    ("tf.compat.v1.", "tf."),
)
"""Paths that lead to the same functions."""

TAKEN: Final = frozenset(("config", "keras2", *SPACES))
"""What no variable of a function is called: modules that its page may import, and paths begin."""

ATTRIBUTES: Final = frozenset({"dtype", "shape"})
"""What a tensor may be asked for."""

NUMPY: Final = frozenset("exp log prod sqrt".split())
"""Functions of NumPy that compute with constants."""

CONSTANTS: Final[dict[str, str | None]] = {
    **{f"{space}.{name}": name for space in ("tf", "np") for name in DTYPES},
    "tf.newaxis": None,
    "np.newaxis": None,
}
"""What stands for a plain value."""

VALUES: Final = {"np.pi": "numpy.pi", "np.e": "numpy.e", "math.pi": "numpy.pi", "math.e": "numpy.e"}
"""What stands for a public name of today."""

FREE_OPS: Final = frozenset("arange eye full linspace ones shape size zeros".split())
"""Functions of `keras.ops` that are no class of operations."""

OWN_FUNCTIONS: Final = frozenset("floatx epsilon".split())
"""Functions of `keras.backend` that are in `keras.config` today."""

OWN_CONFIG: Final = frozenset(f"keras.config.{name}" for name in OWN_FUNCTIONS)
"""The same functions by the paths that Keras 3 gives them."""

KEYWORDS: Final = {
    f"activations.{name}": frozenset({"axis"}) for name in ("log_softmax", "softmax")
}
"""What activations may be given by name: what is called the same in every Keras."""


def moved(path: str) -> str:
    """Return a dotted path by its shortest name: `tf.keras.backend.mean -> K.mean`."""
    space, _, rest = path.partition(".")
    found = f"{SPACES.get(space, '?')}.{rest}"
    for _ in range(3):
        for old, new in MOVED:
            if found.startswith(old):
                found = new + found[len(old) :]
    return found
