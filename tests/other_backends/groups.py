"""The groups of trials, each of which is one process on each backend."""

from __future__ import annotations

BACKENDS = ("jax", "tensorflow", "torch")
FOLDERS = {
    "today": ("keras3.15",),
    "old": ("keras1.2", "keras2.3", "tfjs"),
    "rest": ("keras0.3", "keras1.0", "keras2.0", "tf2.1", "tf2.3", "tf2.9", "tf2.15"),
}
"""Groups of recorded models, and the folders of their corpora; `rest` is for `table.py` alone."""
SIZES = {"applications": 6, "today": 65, "small": 78, "old": 67}
"""The groups that the tests try, those that take longest first, and how many trials they have."""
GROUPS = tuple(SIZES)
