"""What pages define themselves because Keras 3 has no equal: rows that no harvest can find."""

from __future__ import annotations

from typing import Final

from kcodegen.registry.rows import LAYER_EXTRA, ClassRow, Parameter

OLD_HARD_SIGMOID: Final = "kcodegen.old_hard_sigmoid"
"""The hard sigmoid of Keras 2: `clip(0.2 * x + 0.5, 0, 1)`."""

POSITIONS: Final = ClassRow(
    key="kcodegen.Positions",
    kind="layer",
    module="kcodegen",
    name="Positions",
    params=(Parameter("axis", 1, 1),),
    extra=tuple(LAYER_EXTRA[name] for name in ("trainable", "dtype", "name")),
    positional=1,
    helper="positions",
)
"""Counts the places along an axis of its input."""

HELPER_ROWS: Final[dict[str, ClassRow]] = {row.key: row for row in (POSITIONS,)}
"""The classes among them, by key."""
