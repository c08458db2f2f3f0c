"""Every function of keras.ops, called on symbolic tensors in each way that it takes."""

from __future__ import annotations

import inspect
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from kcodegen.verification.rebuild import fresh_keras

SHAPES: tuple[tuple[int, ...], ...] = ((4,), (4, 4), (6, 6, 3))
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
# Calls that no table of values finds; `t(4, dtype="int32")` is an input of that shape.
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
        lambda ops, t: ops.depthwise_conv(t(8, 8, 3), np.ones((3, 3, 3, 1)), 2),
        lambda ops, t: ops.depthwise_conv(t(8, 8, 3), np.ones((3, 3, 3, 1)), dilation_rate=2),
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
    ),
    "fold": (
        lambda ops, t: ops.fold(t(12, 4), (3, 3), 2),
        lambda ops, t: ops.fold(t(12, 9), (6, 6), 2, dilation=2, padding=1, stride=2),
    ),
    "get_item": (
        lambda ops, t: t(6, 4)[:, 1:-1:2, ..., 0],
        lambda ops, t: t(6, 4)[:, None, ::-1, 1],
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
    "segment_sum": (
        lambda ops, t: ops.segment_sum(t(4), t(dtype="int32"), num_segments=3, sorted=True),
    ),
    "separable_conv": (
        lambda ops, t: ops.separable_conv(
            t(8, 8, 3), np.ones((3, 3, 3, 1)), np.ones((1, 1, 3, 4)), 2, "same"
        ),
        lambda ops, t: ops.separable_conv(
            t(8, 8, 3), np.ones((3, 3, 3, 1)), np.ones((1, 1, 3, 4)), dilation_rate=2
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
    ),
}
# Operations that no model holds, with the reason.
NO_MODEL = {
    "abs": "its function makes an Absolute",
    "arange": "it takes no tensor of a model: Keras asks for the number of its items",
    "conj": "its function makes a Conjugate",
}


@dataclass(frozen=True, slots=True)
class Called:
    """A model of one call: how it was made, what it serializes to, and what makes it again."""

    said: str
    config: Any
    again: Callable[[], Any]


def functions() -> dict[str, Callable[..., Any]]:
    """Return the functions of keras.ops and of its modules by their dotted names."""
    ops = fresh_keras().ops
    found: dict[str, Callable[..., Any]] = {}
    for name in sorted(vars(ops)):
        value = getattr(ops, name)
        if inspect.isfunction(value):
            found[name] = value
        elif inspect.ismodule(value):
            for inner in sorted(vars(value)):
                function = getattr(value, inner)
                if inspect.isfunction(function) and not hasattr(ops, inner):
                    found[f"{name}.{inner}"] = function
    return found


def special_calls(name: str) -> Iterator[Called]:
    """Yield a model for each call of the table; Keras must take all of them."""
    for number, call in enumerate(SPECIAL.get(name, ())):
        outputs = partial(of_ops, call)
        yield Called(f"special call {number}", model_of(outputs), partial(made_of, outputs))


def of_ops(call: Callable[[Any, Any], Any], keras: Any, tensor: Callable[..., Any]) -> Any:
    """Return the outputs of a special call."""
    return call(keras.ops, tensor)


def calls(function: Callable[..., Any]) -> Iterator[Called]:
    """Yield a model for each call that Keras takes and writes."""
    signature = inspect.signature(function).parameters.values()
    parameters = [p for p in signature if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
    needed = [p for p in parameters if p.default is p.empty]
    extra = [p for p in parameters if p.default is not p.empty]
    seen = set()
    for shape, many in itertools.product(SHAPES, (False, True)):
        for given in itertools.product(*(VALUES.get(p.name, ("TENSOR",)) for p in needed)):
            base = {p.name: value for p, value in zip(needed, given, strict=True)}
            tried = [base, *({**base, p.name: v} for p in extra for v in others(p))]
            for arguments in (*tried, *with_constants(base, shape)):
                outputs = partial(of_function, function, arguments, shape, many)
                config = written(outputs)
                key = json.dumps(config)
                if config is not None and key not in seen:
                    seen.add(key)
                    said = f"{arguments} of {shape}{' in a list' if many else ''}"
                    yield Called(said, config, partial(made_of, outputs))


def with_constants(base: dict[str, Any], shape: tuple[int, ...]) -> Iterator[dict[str, Any]]:
    """Yield arguments with a number and with an array in the place of each tensor but one."""
    names = [name for name, value in base.items() if isinstance(value, str) and value == "TENSOR"]
    for name in names if len(names) > 1 else ():
        yield {**base, name: 0.5}
        yield {**base, name: np.full(shape[-1:], 0.5, "float32")}


def others(parameter: inspect.Parameter) -> tuple[Any, ...]:
    """Return values to try in place of a default."""
    if parameter.name in VALUES:
        return VALUES[parameter.name]
    match parameter.default:
        case bool(value):
            return (not value,)
        case int(value):
            return (value + 1,)
        case float(value):
            return (value * 0.5 + 0.125,)
        case None:
            return ("TENSOR", 2)
        case _:
            return ()


def of_function(
    function: Callable[..., Any],
    arguments: dict[str, Any],
    shape: tuple[int, ...],
    many: bool,
    _: Any,
    tensor: Callable[..., Any],
) -> Any:
    """Return the outputs of a call, its required arguments by position."""

    def value(item: Any) -> Any:
        if not isinstance(item, str) or item != "TENSOR":
            return item
        return [tensor(*shape), tensor(*shape)] if many else tensor(*shape)

    needed = [p.name for p in inspect.signature(function).parameters.values() if is_leading(p)]
    given = {name: value(item) for name, item in arguments.items()}
    leading = [given.pop(name) for name in needed]
    return function(*leading, **given)


def is_leading(parameter: inspect.Parameter) -> bool:
    """Say whether a parameter is required, and may be passed by position."""
    return (
        parameter.default is parameter.empty and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    )


def written(outputs: Callable[[Any, Callable[..., Any]], Any]) -> Any:
    """Return what a model of one call serializes to; None when Keras does not take the call."""
    try:
        return model_of(outputs)
    except Exception:  # what Keras does not take is no call
        return None


def model_of(outputs: Callable[[Any, Callable[..., Any]], Any]) -> Any:
    """Return what the model of some outputs serializes to."""
    return json.loads(made_of(outputs).to_json())


def made_of(outputs: Callable[[Any, Callable[..., Any]], Any]) -> Any:
    """Return the model of some outputs."""
    keras = fresh_keras()
    inputs: list[Any] = []

    def tensor(*shape: int, dtype: str = "float32", batch: int | None = None) -> Any:
        inputs.append(keras.Input(shape, batch, dtype=dtype, name=f"t{len(inputs)}"))
        return inputs[-1]

    made = outputs(keras, tensor)
    return keras.Model(inputs, made, name="m")
