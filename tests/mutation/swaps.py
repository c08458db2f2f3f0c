"""What else a class, an op or a word of a page could have been."""

from __future__ import annotations

# Each row holds names that stand in the same place and take much the same arguments.
RELATIVES: tuple[tuple[str, ...], ...] = (
    ("layers.Dense", "layers.EinsumDense"),
    ("layers.Add", "layers.Multiply", "layers.Average", "layers.Concatenate"),
    ("layers.Subtract", "layers.Add", "layers.Maximum"),
    ("layers.Concatenate", "layers.Add"),
    ("layers.Dot", "layers.Add"),
    ("layers.ReLU", "layers.ELU", "layers.LeakyReLU"),
    ("layers.LeakyReLU", "layers.ELU"),
    ("layers.Activation", "layers.Dropout"),
    ("layers.Dropout", "layers.GaussianDropout", "layers.GaussianNoise", "layers.AlphaDropout"),
    ("layers.GaussianNoise", "layers.Dropout"),
    ("layers.Conv1D", "layers.SeparableConv1D", "layers.Conv1DTranspose"),
    ("layers.Conv2D", "layers.SeparableConv2D", "layers.Conv2DTranspose"),
    ("layers.DepthwiseConv2D", "layers.Conv2D"),
    ("layers.MaxPooling2D", "layers.AveragePooling2D"),
    ("layers.AveragePooling2D", "layers.MaxPooling2D"),
    ("layers.GlobalAveragePooling2D", "layers.GlobalMaxPooling2D"),
    ("layers.GlobalAveragePooling1D", "layers.GlobalMaxPooling1D"),
    ("layers.BatchNormalization", "layers.LayerNormalization"),
    ("layers.LayerNormalization", "layers.BatchNormalization"),
    ("layers.LSTM", "layers.GRU", "layers.SimpleRNN"),
    ("layers.GRU", "layers.LSTM"),
    ("layers.SimpleRNN", "layers.LSTM"),
    ("layers.LSTMCell", "layers.GRUCell"),
    ("layers.Bidirectional", "layers.TimeDistributed"),
    ("layers.TimeDistributed", "layers.Bidirectional"),
    ("layers.Flatten", "layers.GlobalAveragePooling2D"),
    ("layers.MultiHeadAttention", "layers.GroupQueryAttention"),
    ("ops.add", "ops.subtract", "ops.multiply"),
    ("ops.subtract", "ops.add"),
    ("ops.multiply", "ops.divide"),
    ("ops.mean", "ops.sum", "ops.max"),
    ("ops.sum", "ops.mean"),
    ("ops.absolute", "ops.negative"),
    ("ops.abs", "ops.negative"),
    ("ops.concatenate", "ops.stack"),
    ("ops.stack", "ops.concatenate"),
    ("ops.where", "ops.maximum"),
    ("tf.abs", "tf.negative", "tf.sign"),
    ("tf.negative", "tf.abs"),
    ("tf.add", "tf.subtract", "tf.maximum"),
    ("tf.concat", "tf.stack"),
    ("tf.reduce_mean", "tf.reduce_sum", "tf.reduce_max"),
    ("tf.nn.softmax", "tf.nn.log_softmax"),
    ("tf.nn.relu", "tf.nn.elu", "tf.nn.selu"),
    ("tf.where", "tf.maximum"),
    ("tf.zeros_like", "tf.ones_like"),
    ("optimizers.Adam", "optimizers.AdamW", "optimizers.SGD"),
    ("keras.optimizers.Adam", "keras.optimizers.Adamax"),
    ("regularizers.L2", "regularizers.L1"),
    ("regularizers.L1L2", "regularizers.L2"),
    ("keras.regularizers.L1L2", "keras.regularizers.OrthogonalRegularizer"),
    ("keras.Sequential", "keras.Model"),
    ("keras.Model", "keras.Sequential"),
)
WORDS: dict[str, tuple[str, ...]] = {
    "relu": ("elu", "linear"),
    "tanh": ("sigmoid",),
    "sigmoid": ("tanh",),
    "softmax": ("softplus",),
    "same": ("valid",),
    "valid": ("same",),
    "he_normal": ("he_uniform",),
    "float32": ("float16",),
    "int32": ("int64",),
    "mse": ("mae",),
    "adam": ("sgd",),
    "accuracy": ("mae",),
}


def other_word(path: str) -> tuple[str, ...]:
    """Return other dotted names that could stand for `path`."""
    return tuple(name for row in RELATIVES if row[0] == path for name in row[1:])


def other_text(value: str) -> tuple[str, ...]:
    """Return other strings that could stand for `value`: a relative, and one letter more."""
    return (*WORDS.get(value, ()), f"{value}x", "")
