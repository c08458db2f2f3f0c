"""Checkpoints that know their variables by name alone, as TensorFlow 1 wrote them.

dense/kernel, dense/kernel/Adam, dense/kernel/Adam_1, beta1_power   ->   dense/kernel
"""

from __future__ import annotations

from kcodegen.weights.files.checkpoint import Checkpoint
from kcodegen.weights.files.sources import Producer, Source

# What optimizers and training keep beside the weights, at the outermost place.
_TRAINING = frozenset(
    """
    beta1_power beta2_power global_step iter iterations learning_rate decay beta_1 beta_2 rho
    momentum save_counter total count
    """.split()
)


def read_names(checkpoint: Checkpoint) -> Source:
    """Return the variables of a checkpoint by name, without the states of an optimizer.

    The order of a checkpoint tells nothing: it is that of the alphabet.
    """
    keys = [key for key in checkpoint.entries if checkpoint.is_array(key)]
    known = set(keys)
    arrays = tuple(
        checkpoint.array(key, tuple(key.split("/")))
        for key in keys
        if not _is_of_training(key, known)
    )
    return Source("names", (("", arrays),), Producer(None, "tensorflow"), is_ordered=False)


def _is_of_training(key: str, known: set[str]) -> bool:
    """Tell whether a key is that of a state: named after a variable, and more.

    dense/kernel/Adam, training/Adam/dense/kernel/m
    """
    parts = key.split("/")
    if len(parts) == 1:
        return key in _TRAINING
    if parts[-1] in _TRAINING and any(part.lower() in ("adam", "sgd", "rmsprop") for part in parts):
        return True
    ends = range(2, len(parts))
    return any("/".join(parts[start:end]) in known for end in ends for start in range(end - 1))
