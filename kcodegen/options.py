"""What a user can ask for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

LINE_LENGTH = 88


@dataclass(frozen=True, slots=True)
class Options:
    """Options of one compilation; the defaults are those of the command line.

    `target` is the Keras that runs the page: "keras2" is that of TensorFlow 2.15 and of
    `tf_keras`. `input_shape` is the shape of one sample, without the batch axis. `weights` is a
    folder of `weight_<i>.npy`, which has to be that of the model, or a file of weights;
    `weights_out` is the folder that they are converted into, when they are. `custom` maps a name
    in the file to `package.module:attr`. `names` is the policy for layer names: "auto" leaves out
    those that Keras gives again by itself, "keep" writes them all, "drop" leaves out whatever
    looks automatic. `stubs` writes a skeleton for every class and function of a user that
    `custom` does not map. `flat` writes every layer on a line of its own; `explain` adds a note
    for each helper function: what it stands for. `fast_load` gives the page a loader that draws no
    random numbers for what it loads, and reads it once.
    `source` and `output` are the file names that the header of the page mentions; `command` are the
    words that were typed, for hints that can be typed.
    """

    target: Literal["keras3", "keras2"] = "keras3"
    input_shape: tuple[int | None, ...] | None = None
    weights: Path | None = None
    weights_out: Path | None = None
    custom: tuple[tuple[str, str], ...] = ()
    stubs: bool = False
    names: Literal["auto", "keep", "drop"] = "auto"
    flat: bool = False
    explain: bool = False
    fast_load: bool = False
    line_length: int = LINE_LENGTH
    template_dir: Path | None = None
    source: str = ""
    output: str = ""
    command: tuple[str, ...] = field(default=(), compare=False)
