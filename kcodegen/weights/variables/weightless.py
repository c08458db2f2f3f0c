"""The layers of Keras that never have weights."""

from __future__ import annotations

from typing import Final

_NAMES = """
    Activation ActivityRegularization AdaptiveAveragePooling1D AdaptiveAveragePooling2D
    AdaptiveAveragePooling3D AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D Add
    AlphaDropout AugMix AutoContrast Average AveragePooling1D AveragePooling2D AveragePooling3D
    CategoryEncoding CenterCrop Concatenate ContrastLimitedAdaptiveHistogramEqualization
    Cropping1D Cropping2D Cropping3D CutMix Discretization Dot Dropout ELU Equalization Flatten
    GaussianDropout GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D
    GlobalAveragePooling3D GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D
    HashedCrossing Hashing Identity InputLayer IntegerLookup Lambda LeakyReLU Masking
    MaxNumBoundingBoxes MaxPooling1D MaxPooling2D MaxPooling3D Maximum MelSpectrogram Minimum
    MixUp Multiply Permute RandAugment RandomBrightness RandomColorDegeneration
    RandomColorJitter RandomContrast RandomCrop RandomElasticTransform RandomErasing RandomFlip
    RandomGaussianBlur RandomGrayscale RandomHue RandomInvert RandomPerspective
    RandomPosterization RandomRotation RandomSaturation RandomSharpness RandomShear
    RandomTranslation RandomZoom ReLU RepeatVector Rescaling Reshape Resizing Softmax
    Solarization SpatialDropout1D SpatialDropout2D SpatialDropout3D StringLookup Subtract
    TextVectorization UnitNormalization UpSampling1D UpSampling2D UpSampling3D ZeroPadding1D
    ZeroPadding2D ZeroPadding3D
"""
# Layers that a page writes out itself.
_HELPERS = (
    "keras.src.applications.convnext.StochasticDepth",
    "keras.src.applications.inception_resnet_v2.CustomScaleLayer",
    "kcodegen.CosineMerge",
    "kcodegen.LocalResponseNormalization",
    "kcodegen.Positions",
)
WEIGHTLESS: Final = frozenset(
    {"keras.Input", *_HELPERS, *(f"keras.layers.{name}" for name in _NAMES.split())}
)
