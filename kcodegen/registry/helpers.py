"""Private layers of Keras' own applications: a page writes the class out itself."""

from __future__ import annotations

from typing import Final

from kcodegen.records import record


@record(frozen=True)
class Helper:
    """A class that a page has a copy of: the name of its template, and what that imports."""

    template: str
    imports: tuple[str, ...]


HELPERS: Final[dict[str, Helper]] = {
    "keras.src.applications.convnext.LayerScale": Helper("layer_scale", ("initializers", "layers")),
    "keras.src.applications.convnext.StochasticDepth": Helper(
        "stochastic_depth", ("layers", "ops", "random")
    ),
    "keras.src.applications.inception_resnet_v2.CustomScaleLayer": Helper(
        "custom_scale_layer", ("layers",)
    ),
}
"""The classes by their path, with what is below `keras` in the imports of their templates."""

KEYS: Final[dict[str, str]] = {key.rpartition(".")[2]: key for key in HELPERS}
"""What a page calls these classes, and their path."""
