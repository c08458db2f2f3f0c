"""Calls of functions of keras.ops that are said best as code: each is one form of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

# Calls by the function; `t(4, dtype="int32")` is an input of that shape.
SPECIAL: dict[str, tuple[Callable[[Any, Any], Any], ...]] = {
    "adaptive_average_pool": (
        lambda ops, t: ops.adaptive_average_pool(t(6, 6, 3), (2, 3)),
        lambda ops, t: ops.adaptive_average_pool(t(3, 6, 6), (2, 3), "channels_first"),
    ),
    "adaptive_max_pool": (
        lambda ops, t: ops.adaptive_max_pool(t(6, 6, 3), (2, 3)),
        lambda ops, t: ops.adaptive_max_pool(t(3, 6, 6), (2, 3), data_format="channels_first"),
    ),
    "argpartition": (
        lambda ops, t: ops.argpartition(t(4), 2),
        lambda ops, t: ops.argpartition(t(4, 4), 1, axis=1),
    ),
    "array_split": (lambda ops, t: ops.array_split(t(7), 3, axis=1),),
    "batch_normalization": (
        lambda ops, t: ops.batch_normalization(t(4, 3), t(batch=3), t(batch=3), -1),
        lambda ops, t: ops.batch_normalization(
            t(4, 3), t(batch=4), t(batch=4), 1, t(batch=4), t(batch=4), 0.5
        ),
    ),
    "correlate": (
        lambda ops, t: ops.correlate(t(batch=4), t(batch=3)),
        lambda ops, t: ops.correlate(t(batch=4), t(batch=3), mode="full"),
    ),
    "cross": (lambda ops, t: ops.cross(t(3, 4), t(3, 4), axisa=1, axisb=1, axisc=1),),
    "ctc_decode": (
        lambda ops, t: ops.ctc_decode(
            t(5, 4), t(dtype="int32"), strategy="beam_search", beam_width=7, top_paths=2
        ),
    ),
    "depth_to_space": (
        lambda ops, t: ops.depth_to_space(t(4, 4, 4), 2),
        lambda ops, t: ops.depth_to_space(t(4, 4, 4), 2, data_format="channels_first"),
    ),
    "depthwise_conv": (
        lambda ops, t: ops.depthwise_conv(t(8, 8, 3), np.ones((3, 3, 3, 1), "float32"), 2),
        lambda ops, t: ops.depthwise_conv(
            t(8, 8, 3), np.ones((3, 3, 3, 1), "float32"), dilation_rate=2
        ),
    ),
    "diagonal": (lambda ops, t: ops.diagonal(t(4, 4), 1, axis1=1, axis2=2),),
    "digitize": (
        lambda ops, t: ops.digitize(t(4), np.array([0.0, 1.0])),
        lambda ops, t: ops.digitize(t(4), t()),
    ),
    "dsplit": (
        lambda ops, t: ops.dsplit(t(2, 6), 3),
        lambda ops, t: ops.dsplit(t(2, 6), [1, 2])[0],
    ),
    "einsum": (
        lambda ops, t: ops.einsum("bi,bj->bij", t(4), t(3)),
        lambda ops, t: ops.einsum("bij->bji", t(4, 3)),
        lambda ops, t: ops.einsum("...i,ij->...j", t(4, 3), np.ones((3, 2), "float32")),
        lambda ops, t: ops.einsum("i,bi->b", np.ones(4, "float32"), t(4)),
        lambda ops, t: ops.einsum("bi,bj,bk->bijk", t(4), t(3), t(2)),
        lambda ops, t: (lambda x: ops.einsum("bi,bi->b", x, x))(t(4)),
    ),
    "fold": (
        lambda ops, t: ops.fold(t(12, 4), (3, 3), 2),
        lambda ops, t: ops.fold(t(12, 9), (6, 6), 2, dilation=2, padding=1, stride=2),
    ),
    "get_item": (
        lambda ops, t: t(6, 4)[:, 1:-1:2, ..., 0],
        lambda ops, t: t(6, 4)[:, None, ::-1, 1],
        lambda ops, t: t(6, 4)[0],
        lambda ops, t: t(6, 4)[..., -1],
        lambda ops, t: t(6, 4)[None, :],
        lambda ops, t: t(6, 4)[:, -3:],
        lambda ops, t: t(6, 4)[:, 2:5, None, ..., None],
        lambda ops, t: t(6, 4)[:, ::2, 3:0:-1],
        lambda ops, t: t(6, 4, batch=2)[1, 2],
        lambda ops, t: ops.get_item(t(6, 4), (slice(None), 2)),
    ),
    "histogram": (lambda ops, t: ops.histogram(t(4), bins=3, range=(0.0, 1.0)),),
    "hsplit": (
        lambda ops, t: ops.hsplit(t(6, 4), [1, 2]),
        lambda ops, t: ops.hsplit(t(6, 4), 2)[0],
    ),
    "image.affine_transform": (
        lambda ops, t: ops.image.affine_transform(t(6, 6, 3), t(8)),
        lambda ops, t: ops.image.affine_transform(
            *(t(3, 6, 6), t(8), "nearest", "reflect", 0.5, "channels_first")
        ),
    ),
    "image.crop_images": (
        lambda ops, t: ops.image.crop_images(
            t(6, 6, 3), top_cropping=1, left_cropping=2, target_height=3, target_width=2
        ),
        lambda ops, t: ops.image.crop_images(
            t(3, 6, 6), 1, 2, bottom_cropping=1, right_cropping=2, data_format="channels_first"
        ),
    ),
    "image.elastic_transform": (
        lambda ops, t: ops.image.elastic_transform(t(6, 6, 3), fill_mode="constant"),
    ),
    "image.map_coordinates": (
        lambda ops, t: ops.image.map_coordinates(
            t(6, 6), ops.stack([t(6, 6)] * 3), order=1, fill_mode="reflect", fill_value=0.5
        ),
    ),
    "image.pad_images": (
        lambda ops, t: ops.image.pad_images(
            t(6, 6, 3), top_padding=1, left_padding=2, target_height=9, target_width=10
        ),
        lambda ops, t: ops.image.pad_images(
            t(3, 6, 6), 1, 2, bottom_padding=1, right_padding=2, data_format="channels_first"
        ),
    ),
    "image.perspective_transform": (
        lambda ops, t: ops.image.perspective_transform(t(6, 6, 3), t(4, 2), t(4, 2)),
        lambda ops, t: ops.image.perspective_transform(
            *(t(3, 6, 6), t(4, 2), t(4, 2), "nearest", 0.5, "channels_first")
        ),
    ),
    "image.resize": (
        lambda ops, t: ops.image.resize(
            t(6, 6, 3), (3, 4), pad_to_aspect_ratio=True, fill_mode="constant", fill_value=0.5
        ),
    ),
    "image.scale_and_translate": (
        lambda ops, t: ops.image.scale_and_translate(
            *(t(6, 6, 3), (2, 8, 8, 3), t(batch=2), t(batch=2), (1, 2), "linear")
        ),
        lambda ops, t: ops.image.scale_and_translate(
            *(t(6, 6, 3), (2, 8, 8, 3), t(batch=2), t(batch=2), (1, 2), "cubic", False)
        ),
    ),
    "istft": (
        lambda ops, t: ops.istft(
            *((t(16, 9), t(16, 9)), 8, 4, 16), length=40, window="hamming", center=False
        ),
    ),
    "layer_normalization": (
        lambda ops, t: ops.layer_normalization(t(4), rms_scaling=True),
        lambda ops, t: ops.layer_normalization(t(4), t(batch=4), t(batch=4), -1, 0.5),
    ),
    "linspace": (lambda ops, t: ops.linspace(t(4), t(4), num=3, endpoint=False, axis=-1),),
    "lu_factor": (
        lambda ops, t: ops.lu_factor(t(4, 4)),
        lambda ops, t: ops.lu_factor(t(4, 4))[0],
    ),
    "meshgrid": (
        lambda ops, t: ops.meshgrid(t(4), t(3), indexing="ij"),
        lambda ops, t: ops.meshgrid(t(4), t(3), t(2))[1],
    ),
    "moments": (
        lambda ops, t: ops.moments(t(4, 3), axes=[1], keepdims=True),
        lambda ops, t: ops.moments(t(4, 3), axes=[0, 1], synchronized=True),
    ),
    "multi_hot": (
        lambda ops, t: ops.multi_hot(t(4, dtype="int32"), 5, axis=1, dtype="int8", sparse=True),
    ),
    "nanpercentile": (lambda ops, t: ops.nanpercentile(t(4), 30.0, method="nearest"),),
    "nanquantile": (lambda ops, t: ops.nanquantile(t(4), 0.3, method="nearest"),),
    "nonzero": (lambda ops, t: ops.nonzero(t(4, 3))[1],),
    "percentile": (lambda ops, t: ops.percentile(t(4), 30.0, method="nearest"),),
    "psnr": (lambda ops, t: ops.psnr(t(4), t(4), max_val=1.0),),
    "qr": (
        lambda ops, t: ops.qr(t(4, 3), mode="complete"),
        lambda ops, t: ops.qr(t(4, 3))[1],
    ),
    "quantile": (lambda ops, t: ops.quantile(t(4), 0.3, method="nearest"),),
    "rearrange": (
        lambda ops, t: ops.rearrange(t(4, 3, batch=2), "b h c -> b c h"),
        lambda ops, t: ops.rearrange(t(4, 6, batch=2), "b h (c d) -> b h c d", c=2),
    ),
    "rot90": (lambda ops, t: ops.rot90(t(4, 4), 3, (1, 2)),),
    "scatter_update": (
        lambda ops, t: ops.scatter_update(t(4), t(1, 2, dtype="int32"), t(1), reduction="add"),
    ),
    "searchsorted": (lambda ops, t: ops.searchsorted(t(), t(), side="right"),),
    "segment_max": (
        lambda ops, t: ops.segment_max(t(4), t(dtype="int32"), num_segments=3),
        lambda ops, t: ops.segment_max(t(4), t(dtype="int32"), sorted=True),
    ),
    "segment_min": (
        lambda ops, t: ops.segment_min(t(4), t(dtype="int32"), num_segments=3),
        lambda ops, t: ops.segment_min(t(4), t(dtype="int32"), sorted=True),
    ),
    "segment_prod": (
        lambda ops, t: ops.segment_prod(t(4), t(dtype="int32"), num_segments=3),
        lambda ops, t: ops.segment_prod(t(4), t(dtype="int32"), sorted=True),
    ),
    "segment_sum": (lambda ops, t: ops.segment_sum(t(4), t(dtype="int32"), sorted=True),),
    "separable_conv": (
        lambda ops, t: ops.separable_conv(
            t(8, 8, 3),
            np.ones((3, 3, 3, 1), "float32"),
            np.ones((1, 1, 3, 4), "float32"),
            2,
            "same",
        ),
        lambda ops, t: ops.separable_conv(
            t(8, 8, 3),
            np.ones((3, 3, 3, 1), "float32"),
            np.ones((1, 1, 3, 4), "float32"),
            dilation_rate=2,
        ),
    ),
    "slice_update": (lambda ops, t: ops.slice_update(t(4), [0, 1], t(2)),),
    "sparse_categorical_crossentropy": (
        lambda ops, t: ops.sparse_categorical_crossentropy(
            t(dtype="int32"), t(4), from_logits=True
        ),
        lambda ops, t: ops.sparse_categorical_crossentropy(t(dtype="int32"), t(4), axis=1),
    ),
    "space_to_depth": (
        lambda ops, t: ops.space_to_depth(t(4, 4, 3), 2),
        lambda ops, t: ops.space_to_depth(t(3, 4, 4), 2, data_format="channels_first"),
    ),
    "split": (
        lambda ops, t: ops.split(t(6), [1, 3], axis=1),
        lambda ops, t: ops.split(t(6), 1, axis=1),
        lambda ops, t: ops.split(t(100), 100, axis=1),
        lambda ops, t: ops.split(t(6), 3, axis=1)[0],
    ),
    "squeeze": (lambda ops, t: ops.squeeze(t(1, 4), axis=1),),
    "stft": (
        lambda ops, t: ops.stft(t(16), 4, 2, 4, window=None, center=False),
        lambda ops, t: ops.stft(t(16), 4, 2, 4)[1],
    ),
    "svd": (
        lambda ops, t: ops.svd(t(4, 3), False),
        lambda ops, t: ops.svd(t(4, 3), compute_uv=False),
        lambda ops, t: ops.svd(t(4, 3))[0],
    ),
    "take_along_axis": (lambda ops, t: ops.take_along_axis(t(4), t(4, dtype="int32"), axis=1),),
    "threshold": (lambda ops, t: ops.threshold(t(4), 0.5, 2.0),),
    "top_k": (lambda ops, t: ops.top_k(t(4), 3, sorted=False)[1],),
    "trace": (lambda ops, t: ops.trace(t(4, 4), 1, axis1=1, axis2=2),),
    "transpose": (lambda ops, t: ops.transpose(t(4, 3), (0, 2, 1)),),
    "unfold": (lambda ops, t: ops.unfold(t(3, 6, 6), 2, dilation=2, padding=1, stride=2),),
    "unique": (
        lambda ops, t: ops.unique(t(4), return_inverse=True),
        lambda ops, t: ops.unique(t(4), return_index=True, return_counts=True, size=3)[0],
        lambda ops, t: ops.unique(t(4)),
    ),
    "unravel_index": (lambda ops, t: ops.unravel_index(t(4, dtype="int32"), (2, 3)),),
    "unstack": (
        lambda ops, t: ops.unstack(t(4), axis=1),
        lambda ops, t: ops.unstack(t(4), axis=1)[2],
        lambda ops, t: ops.unstack(t(1), axis=1),
        lambda ops, t: ops.unstack(t(4), 4, axis=1),
    ),
    "vander": (
        lambda ops, t: ops.vander(t(), 3, increasing=True),
        lambda ops, t: ops.vander(t()),
    ),
    "vsplit": (lambda ops, t: ops.vsplit(t(4, batch=6), 3),),
    "where": (
        lambda ops, t: ops.where(t(4) > 0.5, t(4), 0.0),
        lambda ops, t: ops.where(t(4, dtype="bool"), t(4), t(4)),
        lambda ops, t: (lambda x: ops.where(x, x, 2.0))(t(4)),
        lambda ops, t: (lambda x: ops.where(x, x + 1, x))(t(4, dtype="int32")),
    ),
}
