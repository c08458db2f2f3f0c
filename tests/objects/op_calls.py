"""Every function of keras.ops, called on symbolic tensors in each way that it takes."""

from __future__ import annotations

import inspect
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from kcodegen.verification.rebuild import fresh_keras

# Python's own control flow and what returns no tensor of the graph.
LEFT_OUT = {
    *("associative_scan", "cond", "custom_gradient", "fori_loop", "map", "scan", "switch"),
    *("vectorized_map", "while_loop", "unstack", "is_tensor", "shape", "convert_to_numpy"),
    *("device", "dtype", "result_type", "broadcast_shapes", "stop_gradient", "rearrange"),
    *("get_item", "slice_update", "scatter_update", "ndim"),
}
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
    "argpartition": (lambda ops, t: ops.argpartition(t(4), 2),),
    "depth_to_space": (lambda ops, t: ops.depth_to_space(t(4, 4, 4), 2),),
    "einsum": (
        lambda ops, t: ops.einsum("bi,bj->bij", t(4), t(3)),
        lambda ops, t: ops.einsum("bij->bji", t(4, 3)),
    ),
    "image.affine_transform": (lambda ops, t: ops.image.affine_transform(t(6, 6, 3), t(8)),),
    "image.crop_images": (
        lambda ops, t: ops.image.crop_images(
            t(6, 6, 3), top_cropping=1, left_cropping=2, target_height=3, target_width=2
        ),
    ),
    "image.pad_images": (
        lambda ops, t: ops.image.pad_images(
            t(6, 6, 3), top_padding=1, left_padding=2, target_height=9, target_width=10
        ),
    ),
    "image.perspective_transform": (
        lambda ops, t: ops.image.perspective_transform(t(6, 6, 3), t(4, 2), t(4, 2)),
    ),
    "meshgrid": (lambda ops, t: ops.meshgrid(t(4), t(3), indexing="ij"),),
    "moments": (lambda ops, t: ops.moments(t(4, 3), axes=[1], keepdims=True),),
    "psnr": (lambda ops, t: ops.psnr(t(4), t(4), max_val=1.0),),
    "segment_sum": (
        lambda ops, t: ops.segment_sum(t(4), t(dtype="int32"), num_segments=3, sorted=True),
    ),
    "segment_max": (lambda ops, t: ops.segment_max(t(4), t(dtype="int32"), num_segments=3),),
    "sparse_categorical_crossentropy": (
        lambda ops, t: ops.sparse_categorical_crossentropy(
            t(dtype="int32"), t(4), from_logits=True
        ),
    ),
    "space_to_depth": (lambda ops, t: ops.space_to_depth(t(4, 4, 3), 2),),
    "take_along_axis": (lambda ops, t: ops.take_along_axis(t(4), t(4, dtype="int32"), axis=1),),
    "threshold": (lambda ops, t: ops.threshold(t(4), 0.5, 2.0),),
    "vander": (lambda ops, t: ops.vander(t(), 3, increasing=True),),
    "where": (
        lambda ops, t: ops.where(t(4) > 0.5, t(4), 0.0),
        lambda ops, t: ops.where(t(4, dtype="bool"), t(4), t(4)),
    ),
    "GetItem": (
        lambda ops, t: t(6, 4)[:, 1:-1:2, ..., 0],
        lambda ops, t: t(6, 4)[:, None, ::-1, 1],
    ),
}


@dataclass(frozen=True, slots=True)
class Called:
    """A model of one call: how it was made, and what the model serializes to."""

    said: str
    config: Any


def functions() -> dict[str, Callable[..., Any]]:
    """Return the functions of keras.ops and of its modules by their dotted names."""
    ops = fresh_keras().ops
    found: dict[str, Callable[..., Any]] = {}
    for name in sorted(vars(ops)):
        value = getattr(ops, name)
        if inspect.isfunction(value) and name not in LEFT_OUT:
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
        yield Called(f"special call {number}", model_of(partial(of_ops, call)))


def of_ops(call: Callable[[Any, Any], Any], keras: Any, tensor: Callable[..., Any]) -> Any:
    """Return the outputs of a special call."""
    return call(keras.ops, tensor)


def calls(function: Callable[..., Any]) -> Iterator[Called]:
    """Yield a model for each call that Keras takes, writes, and reads back as it was."""
    signature = inspect.signature(function).parameters.values()
    parameters = [p for p in signature if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
    needed = [p for p in parameters if p.default is p.empty]
    extra = [p for p in parameters if p.default is not p.empty]
    seen = set()
    for shape, many in itertools.product(SHAPES, (False, True)):
        for given in itertools.product(*(VALUES.get(p.name, ("TENSOR",)) for p in needed)):
            base = {p.name: value for p, value in zip(needed, given, strict=True)}
            tried = [base, *({**base, p.name: v} for p in extra for v in others(p))]
            for arguments in tried:
                config = written(function, arguments, shape, many)
                key = json.dumps(config)
                if config is not None and key not in seen:
                    seen.add(key)
                    yield Called(f"{arguments} of {shape}{' in a list' if many else ''}", config)


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


def written(
    function: Callable[..., Any], arguments: dict[str, Any], shape: tuple[int, ...], many: bool
) -> Any:
    """Return what a model of one call serializes to; None when Keras does not take the call."""

    def outputs(keras: Any, tensor: Callable[..., Any]) -> Any:
        def value(item: Any) -> Any:
            if not isinstance(item, str) or item != "TENSOR":
                return item
            return [tensor(*shape), tensor(*shape)] if many else tensor(*shape)

        return function(**{name: value(item) for name, item in arguments.items()})

    try:
        return model_of(outputs)
    except Exception:  # what Keras does not take is no call
        return None


def model_of(outputs: Callable[[Any, Callable[..., Any]], Any]) -> Any:
    """Return what the model of some outputs serializes to; it must be what Keras reads again."""
    keras = fresh_keras()
    inputs: list[Any] = []

    def tensor(*shape: int, dtype: str = "float32") -> Any:
        inputs.append(keras.Input(shape, dtype=dtype, name=f"t{len(inputs)}"))
        return inputs[-1]

    made = outputs(keras, tensor)
    config = json.loads(keras.Model(inputs, made, name="m").to_json())
    fresh_keras()
    again = json.loads(keras.models.model_from_json(json.dumps(config)).to_json())
    if again != config:
        raise ValueError("Keras itself reads another model")
    return config
