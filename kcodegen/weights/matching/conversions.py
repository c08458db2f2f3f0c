"""Arrays in the layout of today: each conversion is one function of whole arrays, with a picture.

Sources: `keras.legacy.saving.legacy_h5_format` and `preprocess_weights_for_loading` of Keras 2,
`build` and `get_weights` of Keras 1.2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from kcodegen.weights.files.store import Array, Stored, computed, whole

Arrays: TypeAlias = "Sequence[Array]"


def converted(
    sources: Sequence[Stored], shape: tuple[int, ...], change: Callable[..., Array]
) -> Stored:
    """Return the array of a shape that a function makes of others, when it is asked for."""
    first = sources[0]
    return computed(
        first.name, shape, first.dtype, lambda: change(*(whole(source) for source in sources))
    )


# CuDNNLSTM and CuDNNGRU


def cudnn_kernel(gates: int, kernel: Array) -> Array:
    """Return the kernel of a layer of CuDNN with each gate put row by row, not column by column.

    gate [[a, b], [c, d], [e, f]]   ->   [[a, d], [b, e], [c, f]]
    """
    import numpy as np  # its import takes longer than most models do

    parts = np.split(kernel, gates, axis=1)
    return np.concatenate([part.T.reshape(part.shape, order="F") for part in parts], axis=1)


def cudnn_recurrent_kernel(gates: int, kernel: Array) -> Array:
    """Return the recurrent kernel of a layer of CuDNN with each gate transposed.

    [A B C D]   ->   [A.T B.T C.T D.T]
    """
    import numpy as np  # as above

    return np.concatenate([part.T for part in np.split(kernel, gates, axis=1)], axis=1)


def cudnn_lstm_bias(bias: Array) -> Array:
    """Return the one bias that does what CuDNN's two did.

    (input bias, recurrent bias)   ->   input bias + recurrent bias
    """
    import numpy as np  # as above

    return np.sum(np.split(bias, 2), axis=0)


def cudnn_gru_bias(bias: Array) -> Array:
    """Return CuDNN's two biases as rows: (6 * units,) -> (2, 3 * units)."""
    return bias.reshape(2, -1)


# Keras 1


def joined_gates(*parts: Array) -> Array:
    """Return what gates had for themselves, side by side: W_i, W_f, W_c, W_o -> kernel."""
    import numpy as np  # as above

    return np.concatenate(parts, axis=-1)


def filters_last(kernel: Array) -> Array:
    """Return a kernel of Theano's order: (f, channels, *size) -> (*size, channels, f)."""
    import numpy as np  # as above

    return np.moveaxis(kernel, (0, 1), (-1, -2))


def channels_last(kernel: Array) -> Array:
    """Return a transposed kernel of Theano's order: (f, c, *size) -> (*size, f, c)."""
    import numpy as np  # as above

    return np.moveaxis(kernel, (0, 1), (-2, -1))


def swapped(kernel: Array) -> Array:
    """Return a kernel with its last two axes swapped."""
    return kernel.swapaxes(-1, -2)


def without_width(kernel: Array) -> Array:
    """Return a kernel of Conv1D without its empty axis: (length, 1, c, f) -> (length, c, f)."""
    return kernel[:, 0]


def oldest_conv1d(kernel: Array) -> Array:
    """Return a kernel of Conv1D of Keras 1.0: (filters, c, length, 1) -> (length, c, filters)."""
    return kernel[..., 0].transpose(2, 1, 0)


def turned(kernel: Array) -> Array:
    """Return a kernel turned in space: Theano convolved, all others correlate.

    [[a, b], [c, d]]   ->   [[d, c], [b, a]]
    """
    return kernel[tuple(slice(None, None, -1) for _ in kernel.shape[2:])]


def variance_of(epsilon: float, deviation: Array) -> Array:
    """Return the variance that Keras 1.0 kept as a deviation."""
    return (deviation + epsilon) ** 2 - epsilon


# Keras 3


def repacked(rows: int, kernel: Array) -> Array:
    """Return a kernel of int4 with neighbours of a row in a byte, where those of a column were.

    [[a + 16 c, b + 16 d]]   ->   [[a + 16 b], [c + 16 d]]
    """
    import numpy as np  # as above

    found = kernel.view("uint8")
    numbers = np.stack([found & 15, found >> 4], axis=1).reshape(-1, found.shape[1])[:rows]
    numbers = np.pad(numbers, ((0, 0), (0, numbers.shape[1] % 2)))
    return (numbers[:, 0::2] | numbers[:, 1::2] << 4).view(kernel.dtype)
