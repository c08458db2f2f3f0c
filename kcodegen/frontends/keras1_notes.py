"""What is to be said of a layer of Keras 1: weights that lie otherwise, arguments never written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kcodegen.ir.document import Node
from kcodegen.registry.keras1 import OldClass

_LSTM: Final = (
    "Keras 1 kept the weights of {} gate by gate, in 12 arrays for i, c, f and o; "
    "Keras 3 has them side by side in three"
)
_GRU: Final = (
    "Keras 1 kept the weights of {} gate by gate, in 9 arrays for z, r and h; "
    "Keras 3 has them side by side in three"
)
_IMAGES: Final = (
    "the kernels of {} begin with filters and channels in Keras 1; in Keras 3 they end with "
    "channels and filters, whatever the data_format"
)
_TRANSPOSED: Final = "the kernels of {} end with channels and filters in Keras 1"
_TRANSPOSED_TH: Final = "the kernels of {} begin with filters and channels in Keras 1"
_SEQUENCES: Final = "the kernels of {} have four axes in Keras 1: length, 1, channels, filters"
_SEQUENCES_1_0: Final = "the kernels of {} begin with filters and channels in Keras 1.0"
_DEVIATION: Final = (
    "up to Keras 1.0.5 the last weight of {} was the moving standard deviation; "
    "that of Keras 3 is the moving variance"
)
_HIGHWAY: Final = "up to Keras 1.1 the bias of {} stood before its second kernel"
_AXES: Final = "Keras 1 saves no shared_axes of {}: the page has none"
_FORMAT: Final = (
    "Keras 1 saves no dim_ordering of {}, and the file tells no single one: "
    "the page has channels_last"
)
_WORDS: Final = (
    "{} dropped whole words while it trained, which no layer of Keras 3 does: the page does not"
)

HINTS: Final[dict[str, str]] = {
    _LSTM: "join the kernels, the recurrent kernels and the biases, each in the order i, f, c, o",
    _GRU: "join the kernels, the recurrent kernels and the biases, each in the order z, r, h",
    _IMAGES: (
        "np.moveaxis(kernel, (1, 0), (-2, -1)); with Theano each kernel has to be turned, too: "
        "[::-1, ::-1]"
    ),
    _TRANSPOSED: "swap the last two axes",
    _TRANSPOSED_TH: (
        "np.moveaxis(kernel, (0, 1), (-2, -1)); with Theano each kernel has to be turned, too: "
        "[::-1, ::-1]"
    ),
    _SEQUENCES: "take kernel[:, 0]; with Theano it has to be turned, too: [::-1]",
    _SEQUENCES_1_0: "take kernel[..., 0].transpose(2, 1, 0); with Theano turn it, too: [::-1]",
    _DEVIATION: "if it was: variance = (deviation + epsilon) ** 2 - epsilon",
    _HIGHWAY: "swap the second and the third of its weights",
    _AXES: "add shared_axes= there if it had some",
    _FORMAT: "add data_format='channels_first' there if it had that",
}
"""What to do about each of these messages."""


def notes(
    name: str, row: OldClass, config: Node, version: tuple[int, int], format: str | None
) -> Iterator[tuple[str, str]]:
    """Yield a code and a message, with `{}` for the layer's name, for what is to be said."""
    for message in _of_weights(name, row, config, version):
        yield "weight-order", message
    if row.silent_axes:
        yield "lost-argument", _AXES
    if row.silent_format and format is None and not config.has("dim_ordering"):
        yield "lost-argument", _FORMAT
    if name == "Embedding" and config.mapping().get("dropout"):
        yield "lost-argument", _WORDS


def _of_weights(name: str, row: OldClass, config: Node, version: tuple[int, int]) -> Iterator[str]:
    if row.gates and config.mapping().get("consume_less") != "gpu":
        yield _LSTM if row.gates == 4 else _GRU
    is_th = config.mapping().get("dim_ordering") == "th"
    if name == "Deconvolution2D":
        yield _TRANSPOSED_TH if is_th else _TRANSPOSED
    elif row.kernel == 1:
        yield _SEQUENCES if version >= (1, 1) else _SEQUENCES_1_0
    elif row.kernel and is_th:
        yield _IMAGES
    elif name == "BatchNormalization" and version < (1, 1):
        yield _DEVIATION
    elif name == "Highway" and version < (1, 2) and config.mapping().get("bias") is not False:
        yield _HIGHWAY
