"""Arguments of calls that Keras records by itself: they were never in anybody's source.

Dropout(0.5)(x, training=False)   ->   Dropout(0.5)(x)
BatchNormalization()(x, mask=None)   ->   BatchNormalization()(x)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from kcodegen.diagnostics import Diagnostic
from kcodegen.ir.graph import Call, Graph
from kcodegen.ir.values import Value, lookup
from kcodegen.registry.masking import mask_arguments, short_name

# What `training` is in the signature of `call`, where it is not None; augmentation layers: True.
_TRAINING_FALSE = frozenset(
    """AdditiveAttention AlphaDropout Attention ConvLSTM1D ConvLSTM2D ConvLSTM3D Dropout GRU
    GRUCell GaussianDropout GaussianNoise LSTM LSTMCell RNN SimpleRNN SimpleRNNCell
    SpatialDropout1D SpatialDropout2D SpatialDropout3D SpectralNormalization
    StackedRNNCells""".split()
)
_TRAINING_TRUE = frozenset(
    """AugMix AutoContrast CenterCrop ContrastLimitedAdaptiveHistogramEqualization CutMix
    Equalization MaxNumBoundingBoxes MixUp Pipeline RandAugment RandomBrightness
    RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop RandomElasticTransform
    RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHue RandomInvert
    RandomPerspective RandomPosterization RandomRotation RandomSaturation RandomSharpness
    RandomShear RandomTranslation RandomZoom Resizing Solarization""".split()
)


def drop_call_noise(graph: Graph, keeps_training: bool = False) -> Graph:
    """Return the graph without call arguments that Keras fills in with what they say.

    With `keeps_training` every `training=` stays: Keras 2 wrote none that nobody had given.
    """
    keys = {layer.name: layer.key for layer in graph.layers}
    return replace(graph, calls=tuple(_drop(call, keys, keeps_training) for call in graph.calls))


def _drop(call: Call, keys: dict[str, str], keeps_training: bool) -> Call:
    if call.kind == "op" or not call.kwargs:
        return call
    key = keys[call.target]
    kept = tuple(
        kw
        for kw in call.kwargs
        if not _is_noise(key, *kw) or (keeps_training and kw[0] == "training")
    )
    return replace(call, kwargs=kept)


def modes_for_keras2(graph: Graph) -> Iterator[Diagnostic]:
    """Yield a warning for every call of a Keras 3 model that asks for a mode by itself."""
    for call in graph.calls:
        training = lookup(call.kwargs, "training")
        if call.kind == "layer" and isinstance(training, bool):
            message = (
                f"training={training} holds in Keras 2 whatever the model does; "
                "in Keras 3 model.fit and model.predict go before it"
            )
            hint = "take it out of the page if the model is to decide"
            yield Diagnostic("call-training", message, call.origin, hint, "warning")
    for layer in graph.layers:
        if layer.body is not None:
            yield from modes_for_keras2(layer.body)


def _is_noise(key: str, name: str, value: Value) -> bool:
    if name == "training" and isinstance(value, bool):
        return short_name(key) in (_TRAINING_TRUE if value else _TRAINING_FALSE)
    return name in mask_arguments(key) and _all_none(value)


def _all_none(value: Value) -> bool:
    if isinstance(value, tuple):
        return all(_all_none(item) for item in value)
    return value is None
