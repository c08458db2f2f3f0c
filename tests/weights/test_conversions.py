"""Each conversion on numbers small enough to be looked at, and against Keras' own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from kcodegen.weights.matching import conversions


def test_a_kernel_of_cudnn_lies_row_by_row() -> None:
    kernel = np.array([["a", "b"], ["c", "d"], ["e", "f"]])
    assert conversions.cudnn_kernel(1, kernel).tolist() == [["a", "d"], ["b", "e"], ["c", "f"]]


@pytest.mark.parametrize(("name", "gates"), [("LSTM", 4), ("GRU", 3)])
def test_layers_of_cudnn_become_what_tf_keras_makes_of_them(name: str, gates: int) -> None:
    from tf_keras.src.saving.legacy import hdf5_format

    random, units = np.random.default_rng(0), 5
    kernel = random.normal(size=(3, gates * units))
    recurrent = random.normal(size=(units, gates * units))
    bias = random.normal(size=2 * gates * units)
    layer: Any = type(name, (SimpleNamespace,), {})(reset_after=True, units=units)
    wanted = hdf5_format._convert_rnn_weights(layer, [kernel, recurrent, bias])
    np.testing.assert_array_equal(conversions.cudnn_kernel(gates, kernel), wanted[0])
    np.testing.assert_array_equal(conversions.cudnn_recurrent_kernel(gates, recurrent), wanted[1])
    merge = conversions.cudnn_lstm_bias if gates == 4 else conversions.cudnn_gru_bias
    np.testing.assert_array_equal(merge(bias), wanted[2])


def test_axes_go_where_they_are_today() -> None:
    kernel = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)  # filters, channels, rows, columns
    assert conversions.filters_last(kernel).shape == (4, 5, 3, 2)
    assert conversions.filters_last(kernel)[1, 2, 0, 1] == kernel[1, 0, 1, 2]
    assert conversions.channels_last(kernel).shape == (4, 5, 2, 3)
    assert conversions.channels_last(kernel)[1, 2, 1, 0] == kernel[1, 0, 1, 2]
    assert conversions.swapped(kernel)[0, 1, 4, 3] == kernel[0, 1, 3, 4]
    assert conversions.without_width(kernel[:, :1])[1, 2, 3] == kernel[1, 0, 2, 3]
    assert conversions.oldest_conv1d(kernel[..., :1])[3, 2, 1] == kernel[1, 2, 3, 0]


@pytest.mark.parametrize("size", [(2,), (2, 3), (2, 3, 2)])
def test_only_the_axes_of_space_are_turned(size: tuple[int, ...]) -> None:
    kernel = np.random.default_rng(0).normal(size=(*size, 4, 5))
    turned = conversions.turned(kernel)
    np.testing.assert_array_equal(turned, np.flip(kernel, tuple(range(len(size)))))


def test_a_deviation_becomes_a_variance() -> None:
    variance, epsilon = np.array([0.25, 4.0]), 1e-3
    deviation = np.sqrt(variance + epsilon) - epsilon
    np.testing.assert_allclose(conversions.variance_of(epsilon, deviation), variance)
