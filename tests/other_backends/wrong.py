"""What does not work on a backend, with the words that say so: nearly all of it is Keras' own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """Trials whose problems all hold these words."""

    names: tuple[str, ...]
    backends: tuple[str, ...]
    words: str


WRONG = (
    # Keras' layers and ops themselves.
    Row(
        ("keras3.15/fn_weird_names", "keras2.3/fn_weird_names", "tf2.15/fn_weird_names"),
        ("torch",),
        'parameter name can\\\'t contain "."',
    ),
    Row(
        ("keras3.15/zoo_norms", "tf2.15/zoo_bn_sync"),
        ("jax", "torch"),
        "synchronized=True is only supported with the TensorFlow backend",
    ),
    Row(("tf2.15/zoo_norms",), ("torch",), "Given normalized_shape=[4, 4]"),
    Row(("tf2.3/op_slices",), ("torch",), "step must be greater than zero"),
    Row(("tf2.3/op_nn",), ("torch",), "output_12: differs by 0.407"),  # AvgPool counts padding
    Row(("attention-value",), ("jax",), "cannot reshape array of shape (2, 5, 2, 1, 5)"),
    # PyTorch has no uint16, uint32 and uint64: Keras holds and saves them as int32 and int64, which
    # a page refuses for unsigned variables.
    Row(("holder-uint16",), ("torch",), "holds int32, but"),
    Row(("holder-uint32",), ("torch",), "holds int64, but"),
    Row(("holder-uint64",), ("torch",), "Unsupported dtype for PyTorch: uint64"),
    Row(
        ("holder-float8_e4m3fn", "holder-float8_e5m2"),
        ("torch",),
        "Got unsupported ScalarType Float8",
    ),
    # NumPy writes a type that it can't read itself.
    Row(("holder-float8_e5m2",), ("tensorflow", "jax"), "not a valid dtype descriptor: '<f1'"),
)
