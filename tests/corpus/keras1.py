"""Models of Keras 0 and 1."""

from __future__ import annotations

KERAS_1_FOLDERS = ("keras0.3", "keras1.0", "keras1.2")
