"""What a page writes out itself: private layers of Keras' own applications, and what is gone."""

from __future__ import annotations

from typing import Final

from kcodegen.records import record
from kcodegen.registry.helper_rows import (
    COSINE_MERGE,
    CURRENT_BATCH,
    HIGHWAY,
    LOCAL_1D,
    LOCAL_2D,
    LOCAL_RESPONSE,
    MAXOUT_DENSE,
    OLD_HARD_SIGMOID,
    PARAMETRIC_SOFTPLUS,
    POSITIONS,
    S_RELU,
    SAMPLE_NORMALIZATION,
)


@record(frozen=True)
class Helper:
    """What a page has a copy of: the name of its template, and what that imports."""

    template: str
    imports: tuple[str, ...]


_LAYER_WITH_WEIGHTS = (
    *("activations", "constraints", "initializers", "layers", "ops", "regularizers"),
)
_KERNEL_AND_BIAS = ("constraints", "initializers", "layers", "ops", "regularizers")
_NORMALIZING = ("layers", "ops", "regularizers")
HELPERS: Final[dict[str, Helper]] = {
    "keras.src.applications.convnext.LayerScale": Helper("layer_scale", ("initializers", "layers")),
    "keras.src.applications.convnext.StochasticDepth": Helper(
        "stochastic_depth", ("layers", "ops", "random")
    ),
    "keras.src.applications.inception_resnet_v2.CustomScaleLayer": Helper(
        "custom_scale_layer", ("layers",)
    ),
    LOCAL_1D.key: Helper("locally_connected_1d", _LAYER_WITH_WEIGHTS),
    LOCAL_2D.key: Helper("locally_connected_2d", _LAYER_WITH_WEIGHTS),
    LOCAL_RESPONSE.key: Helper("local_response_normalization", ("layers", "ops")),
    OLD_HARD_SIGMOID: Helper("old_hard_sigmoid", ("ops", "saving")),
    POSITIONS.key: Helper("positions", ("layers", "ops")),
    COSINE_MERGE.key: Helper("cosine_merge", ("layers", "ops")),
    HIGHWAY.key: Helper("highway", _LAYER_WITH_WEIGHTS),
    MAXOUT_DENSE.key: Helper("maxout_dense", _KERNEL_AND_BIAS),
    PARAMETRIC_SOFTPLUS.key: Helper("parametric_softplus", ("initializers", "layers", "ops")),
    CURRENT_BATCH.key: Helper("current_batch_normalization", _NORMALIZING),
    SAMPLE_NORMALIZATION.key: Helper("sample_normalization", _NORMALIZING),
    S_RELU.key: Helper("s_relu", ("initializers", "layers", "ops")),
}
"""The classes and functions by their path, with the modules of Keras that their templates need."""

KEYS: Final[dict[str, str]] = {key.rpartition(".")[2]: key for key in HELPERS}
"""What a page calls these, and their path."""
