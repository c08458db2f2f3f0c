"""What the arguments of ops can be: tensors that fit, and values of what is no tensor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Numbers = Callable[[np.random.Generator, tuple[int, ...]], Any]


@dataclass(frozen=True, slots=True)
class Tensor:
    """An input of a model: its whole shape, its type, and what numbers it is given."""

    shape: tuple[int | None, ...]
    dtype: str = "float32"
    of: str = "t"

    def known(self, batch: int = 2) -> tuple[int, ...]:
        """Return the shape of what the input is given."""
        return tuple(batch if size is None else size for size in self.shape)


def t(*shape: int | None, dtype: str = "float32", of: str = "t") -> Tensor:
    """Return an input."""
    return Tensor(shape, dtype, of)


def _definite(random: np.random.Generator, shape: tuple[int, ...]) -> Any:
    made = random.uniform(0.1, 0.9, shape)
    return made @ np.swapaxes(made, -1, -2) + np.eye(shape[-1])


NUMBERS: dict[str, Numbers] = {
    "ascending": lambda random, shape: np.arange(np.prod(shape)).reshape(shape),
    "count": lambda random, shape: random.integers(1, 4, shape),
    "definite": _definite,
    "length": lambda random, shape: np.full(shape, 3),
    "lower": lambda random, shape: np.tril(random.uniform(0.5, 1.5, shape)),
    "segment": lambda random, shape: np.sort(random.integers(0, 3, shape)),
    "square": lambda _, shape: np.broadcast_to([[0, 0], [0, 7], [7, 0], [6, 7]], shape),
    "signed": lambda random, shape: random.uniform(-0.9, 0.9, shape),
}
"""What inputs are given that no usual numbers fit, by the first word of their names."""


def numbers(of: str, dtype: str, shape: tuple[int, ...], random: np.random.Generator) -> Any:
    """Return what an input is given: small positive numbers, or what it asks for."""
    kind = np.dtype(dtype)
    if of in NUMBERS:
        return NUMBERS[of](random, shape).astype(kind)
    drawn = random.uniform(0.1, 0.9, shape) if kind.kind == "f" else random.integers(0, 2, shape)
    return drawn.astype(kind)


WHOLE = t(None, 4, dtype="int32", of="count")
IMAGE = t(None, 8, 8, 3)
FIRST = t(None, 3, 16, 16)
TRUTH = t(None, 4, dtype="bool")
# Tensors and values that fit: all required arguments of an op, in more ways than one where needed.
NEEDS: dict[str, tuple[dict[str, Any], ...]] = {
    **dict.fromkeys(
        ("bitwise_and", "bitwise_or", "bitwise_xor", "left_shift", "right_shift"),
        ({"x": WHOLE, "y": WHOLE}, {"x": TRUTH, "y": TRUTH}),
    ),
    **dict.fromkeys(("bitwise_left_shift", "bitwise_right_shift"), ({"x": WHOLE, "y": WHOLE},)),
    **dict.fromkeys(("bitwise_invert", "bitwise_not"), ({"x": WHOLE},)),
    **dict.fromkeys(("gcd", "lcm"), ({"x1": WHOLE, "x2": WHOLE},)),
    **dict.fromkeys(
        ("average_pool", "max_pool"),
        (
            {"inputs": IMAGE, "pool_size": (2, 2)},
            {"inputs": IMAGE, "pool_size": 2},
            {"inputs": t(None, 8, 3), "pool_size": 2},
            {"inputs": t(None, 4, 4, 4, 2), "pool_size": (2, 1, 2)},
        ),
    ),
    **dict.fromkeys(("all", "any"), ({"x": t(None, 4, 3, dtype="bool")}, {"x": t(None, 4, 3)})),
    **dict.fromkeys(
        ("logical_and", "logical_or", "logical_xor"),
        ({"x1": TRUTH, "x2": TRUTH}, {"x1": t(None, 4), "x2": t(None, 4)}),
    ),
    **dict.fromkeys(
        ("segment_max", "segment_min", "segment_prod", "segment_sum"),
        ({"data": t(6, 3), "segment_ids": t(6, dtype="int32", of="segment")},),
    ),
    **dict.fromkeys(
        ("adaptive_average_pool", "adaptive_max_pool"),
        ({"inputs": IMAGE, "output_size": (2, 3)}, {"inputs": t(None, 8, 3), "output_size": 2}),
    ),
    **dict.fromkeys(
        ("depth_to_space", "space_to_depth"), ({"x": t(None, 4, 4, 4), "block_size": 2},)
    ),
    "argpartition": ({"x": t(6, dtype="int32", of="ascending"), "kth": 2},),
    "batch_normalization": (
        {"x": t(None, 4, 3), "mean": t(3), "variance": t(3), "axis": -1},
        {"x": t(None, 4, 3), "mean": t(4), "variance": t(4), "axis": 1},
    ),
    "broadcast_to": ({"x": t(2, 1), "shape": (2, 4)}, {"x": t(4), "shape": (3, 4)}),
    "cholesky": ({"x": t(None, 4, 4, of="definite")},),
    "clip": (
        {"x": t(None, 4), "x_min": 0.25, "x_max": 0.5},
        {"x": t(None, 4), "x_min": t(None, 4), "x_max": t(4)},
        {"x": WHOLE, "x_min": 1, "x_max": 2},
    ),
    "conv": (
        {"inputs": IMAGE, "kernel": t(3, 3, 3, 4)},
        {"inputs": t(None, 8, 3), "kernel": t(3, 3, 4)},
        {"inputs": t(None, 6, 6, 6, 2), "kernel": t(2, 2, 2, 2, 3)},
    ),
    "conv_transpose": (
        {"inputs": IMAGE, "kernel": t(3, 3, 4, 3), "data_format": "channels_last"},
        {"inputs": t(None, 8, 3), "kernel": t(3, 4, 3), "strides": 2},
    ),
    "correlate": ({"x1": t(5), "x2": t(3)},),
    "ctc_decode": (
        {"inputs": t(2, 9, 5), "sequence_lengths": t(2, dtype="int32", of="length")},
    ),
    "depthwise_conv": (
        {"inputs": IMAGE, "kernel": t(3, 3, 3, 1)},
        {"inputs": t(None, 8, 3), "kernel": t(3, 3, 2)},
    ),
    "digitize": ({"x": t(None, 4), "bins": np.array([0.25, 0.5])}, {"x": t(None, 4), "bins": t(3)}),
    "fold": ({"x": t(None, 12, 4), "output_size": (3, 3), "kernel_size": 2},),
    "image.affine_transform": (
        {"images": IMAGE, "transform": t(2, 8)},
        {"images": t(8, 8, 3), "transform": t(8)},
    ),
    "image.crop_images": (
        {"images": IMAGE, "top_cropping": 1, "left_cropping": 2, "target_height": 3,
         "target_width": 4},
        {"images": IMAGE, "top_cropping": 1, "left_cropping": 2, "bottom_cropping": 1,
         "right_cropping": 1},
    ),
    "image.gaussian_blur": ({"images": IMAGE},),
    "image.pad_images": (
        {"images": IMAGE, "top_padding": 1, "left_padding": 2, "target_height": 12,
         "target_width": 12},
        {"images": IMAGE, "top_padding": 1, "left_padding": 2, "bottom_padding": 1,
         "right_padding": 1},
    ),
    "image.perspective_transform": (
        {"images": t(2, 8, 8, 3), "start_points": t(2, 4, 2, of="square"),
         "end_points": t(2, 4, 2, of="square")},
    ),
    "image.scale_and_translate": (
        {"images": IMAGE, "output_shape": (2, 8, 8, 3), "scale": t(2), "translation": t(2),
         "spatial_dims": (1, 2), "method": "linear"},
    ),
    "moments": ({"x": t(None, 4, 3), "axes": (1,)}, {"x": t(None, 4, 3), "axes": (0, 1)}),
    "scatter_update": (
        {"inputs": t(4, 2), "indices": t(2, 1, dtype="int32", of="segment"), "updates": t(2, 2)},
        {"inputs": t(4, 2), "indices": ((0, 1), (2, 0)), "updates": t(2)},
    ),
    "searchsorted": ({"sorted_sequence": t(4, of="ascending"), "values": t(3)},),
    "slice_update": (
        {"inputs": t(2, 4), "start_indices": (0, 1), "updates": t(2, 2)},
        {"inputs": t(2, 4), "start_indices": t(2, dtype="int32"), "updates": t(1, 2)},
    ),
    "sparse_categorical_crossentropy": (
        {"target": t(None, dtype="int32"), "output": t(None, 4)},
        {"target": t(None, 3, dtype="int32"), "output": t(None, 3, 4)},
    ),
    "take_along_axis": ({"x": t(None, 4), "indices": t(None, 4, dtype="int32"), "axis": 1},),
    "threshold": ({"x": t(None, 4), "threshold": 0.5, "default_value": 2.0},),
    "unravel_index": ({"indices": t(None, 4, dtype="int32"), "shape": (2, 3)},),
    "vander": ({"x": t(4)},),
    "ctc_loss": (
        {
            "target": t(2, 3, dtype="int32", of="count"),
            "output": t(2, 9, 5),
            "target_length": t(2, dtype="int32", of="length"),
            "output_length": t(2, dtype="int32", of="length"),
        },
    ),
    "dot_product_attention": (dict.fromkeys(("query", "key", "value"), t(None, 4, 2, 3)),),
    "histogram": ({"x": t(6)},),
    "image.ssim": (
        dict.fromkeys(("image1", "image2"), t(None, 16, 16, 3)),
        {"image1": FIRST, "image2": FIRST, "data_format": "channels_first"},
    ),
    "geomspace": ({"start": t(3), "stop": t(3)},),
    "image.elastic_transform": (
        {"images": IMAGE},
        {"images": IMAGE, "seed": 7, "fill_mode": "constant"},
    ),
    **dict.fromkeys(
        ("image.hsv_to_rgb", "image.rgb_to_grayscale", "image.rgb_to_hsv"),
        ({"images": IMAGE}, {"images": t(None, 3, 8, 8), "data_format": "channels_first"}),
    ),
    "trapezoid": ({"y": t(None, 4)},),
    "image.extract_patches": ({"images": IMAGE, "size": (3, 3)}, {"images": IMAGE, "size": 2}),
    "image.extract_patches_3d": ({"volumes": t(None, 4, 4, 4, 2), "size": (2, 2, 2)},),
    "where": (
        {"condition": TRUTH, "x1": t(None, 4), "x2": t(None, 4)},
        {"condition": t(None, 4), "x1": t(None, 4), "x2": t(None, 4)},
    ),
    "in_top_k": (
        {"targets": t(2, dtype="int32", of="count"), "predictions": t(2, 5), "k": 2},
    ),
    "ldexp": ({"x1": t(None, 4), "x2": WHOLE},),
    "logical_not": ({"x": TRUTH}, {"x": t(None, 4)}),
    "lu_factor": ({"x": t(4, 4, of="definite")},),
    "moveaxis": (
        {"x": t(None, 4, 3), "source": 1, "destination": -1},
        {"x": t(None, 4, 3), "source": (0, 1), "destination": (1, 0)},
    ),
    "normalize": ({"x": t(None, 4, of="signed")}, {"x": t(None, 4, 3), "epsilon": 0.25}),
    "pad": (
        {"x": t(None, 4, 4), "pad_width": ((0, 0), (1, 1), (2, 0))},
        {"x": t(4), "pad_width": 1},
        {"x": t(4), "pad_width": (1, 2)},
    ),
    "reshape": (
        {"x": t(None, 4), "newshape": (-1, 2)},
        {"x": t(2, 4), "newshape": 8},
        {"x": t(2, 4), "newshape": (1, 2, 4)},
    ),
    "scatter": (
        {"indices": t(3, 1, dtype="int32", of="ascending"), "values": t(3), "shape": (5,)},
        {"indices": t(2, 1, dtype="int32", of="segment"), "values": t(2, 4), "shape": (5, 4)},
    ),
    "separable_conv": (
        {
            "inputs": IMAGE,
            "depthwise_kernel": t(3, 3, 3, 1),
            "pointwise_kernel": t(1, 1, 3, 4),
        },
    ),
    "slice": (
        {"inputs": t(2, 4, 4), "start_indices": (0, 1, 1), "shape": (2, 2, 3)},
        {"inputs": t(2, 4), "start_indices": t(2, dtype="int32"), "shape": (1, 3)},
    ),
    "swapaxes": (
        {"x": t(None, 4, 3), "axis1": -1, "axis2": -2},
        {"x": t(None, 4, 3), "axis1": 0, "axis2": 1},
    ),
    "tile": ({"x": t(None, 4), "repeats": (1, 2)}, {"x": t(None, 4), "repeats": 2}),
    "view_as_complex": ({"x": t(None, 4, 2)},),
}  # fmt: skip
# What single arguments of single ops can be.
ONLY: dict[tuple[str, str], tuple[Any, ...]] = {
    ("argpartition", "axis"): (0,),
    ("batch_normalization", "offset"): (t(3), t(4)),
    ("batch_normalization", "scale"): (t(3), t(4)),
    ("conv", "padding"): ("same",),
    ("conv", "strides"): (2, (2,)),
    ("conv_transpose", "output_padding"): (1,),
    ("conv_transpose", "strides"): (2,),
    ("ctc_decode", "strategy"): ("beam_search",),
    ("depthwise_conv", "padding"): ("same",),
    ("dot_product_attention", "bias"): (t(None, 2, 4, 4),),
    ("dot_product_attention", "flash_attention"): (False,),
    ("dot_product_attention", "mask"): (t(None, 2, 4, 4, dtype="bool"), t(4, 4, dtype="bool")),
    ("dot_product_attention", "scale"): (0.25,),
    ("histogram", "range"): ((0.0, 1.0),),
    ("image.affine_transform", "fill_mode"): ("reflect",),
    ("image.elastic_transform", "interpolation"): ("nearest",),
    ("image.elastic_transform", "seed"): (7,),
    ("image.gaussian_blur", "kernel_size"): ((5, 3),),
    ("image.gaussian_blur", "sigma"): ((0.5, 2.0),),
    ("image.perspective_transform", "interpolation"): ("nearest",),
    ("image.ssim", "filter_size"): (5,),
    ("geomspace", "axis"): (-1,),
    ("image.hsv_to_rgb", "data_format"): (),
    ("image.rgb_to_grayscale", "data_format"): (),
    ("image.rgb_to_hsv", "data_format"): (),
    ("layer_normalization", "beta"): (t(4),),
    ("layer_normalization", "gamma"): (t(4),),
    ("normalize", "order"): (1, 3),
    ("pad", "constant_values"): (0.5,),
    ("pad", "mode"): ("reflect", "symmetric"),
    ("scatter_update", "reduction"): ("add", "max"),
    ("searchsorted", "side"): ("right",),
    ("segment_sum", "num_segments"): (4,),
    ("trapezoid", "x"): ([0.0, 0.5, 2.0, 3.0],),
}
# What an argument can be, by name; a tensor for all others without a default.
VALUES: dict[str, tuple[Any, ...]] = {
    "axis": (1, -1, (1, 2)),
    "dim": (1,),
    "axis1": (0,),
    "axis2": (1,),
    "source": (1,),
    "destination": (2,),
    "shape": ((2, 4), (4,)),
    "newshape": ((2, 2), (-1,)),
    "repeats": (2,),
    "indices_or_sections": (2,),
    "num_or_size_splits": (2,),
    "num_classes": (5,),
    "num_segments": (3,),
    "k": (2,),
    "n": (2,),
    "q": (0.5,),
    "dtype": ("float16", "int32"),
    "pad_width": (1, ((0, 0), (1, 1))),
    "pool_size": (2,),
    "output_size": (2,),
    "size": ((3, 3),),
    "window_size": (2,),
    "sequence_length": (4,),
    "sequence_stride": (2,),
    "fft_length": (4,),
    "target_height": (2,),
    "target_width": (2,),
    "x_min": (-1.0,),
    "x_max": (1.0,),
    "a_min": (-1.0,),
    "a_max": (1.0,),
    "shift": (1,),
    "reps": (2, (1, 2)),
    "subscripts": ("bi,bj->bij",),
    "weights": (None,),
    "bins": ([0.0, 1.0], 4),
    "indices": ([0, 1],),
    "condition": (None,),
    "name": (),
    "perm": ((1, 0),),
    "padding": ("same", "valid"),
    "strides": (1, 2),
    "epsilon": (0.25,),
    "order": (1, "fro"),
    "mode": ("constant", "full", "reflect"),
    "interpolation": ("nearest", "bicubic"),
    "data_format": ("channels_first",),
    "kernel_size": (3,),
    "sigma": (0.5,),
    "pattern": ("b i -> i b",),
}
