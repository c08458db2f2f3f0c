"""Where a checkpoint of TensorFlow is: it has an index, and many ways to be named.

model.ckpt, model.ckpt.index, a folder with a file `checkpoint`, a SavedModel   ->   the index
"""

from __future__ import annotations

import re
from pathlib import Path

from kcodegen.diagnostics import CompileError, rejected
from kcodegen.weights.files import sstable
from kcodegen.words import prose

INDEX = ".index"
_SHARD = re.compile(r"(.+)\.data-[0-9]{5}-of-[0-9]{5}")
# A file that names the last checkpoint of a folder, and what it says first.
_STATE, _LAST = "checkpoint", re.compile(rb'model_checkpoint_path: "((?:[^"\\\n]|\\.)*)"')
_MAX_STATE = 2**20
_SAVED_MODEL = ("variables", "variables" + INDEX)


def located(path: Path) -> Path:
    """Return the index of the checkpoint that a path means; the path itself if it means none.

    Raises CompileError for a folder of several that doesn't tell which is the last.
    """
    if path.is_dir():
        return path if (path / "weight_0.npy").exists() else _in_folder(path)
    if not path.exists():
        return _beside(path, path.name)
    if match := _SHARD.fullmatch(path.name):
        return _beside(path, match[1])
    if path.name == _STATE or path.suffix == ".pb":
        return _in_folder(path.parent)
    return path


def is_index(path: Path) -> bool:
    """Tell whether a file is the index of a checkpoint; CompileError for one before TensorFlow 1.

    Those have their arrays in one table, which is called as people like.
    """
    if not path.is_file() or not sstable.is_table(path):
        return False
    if path.suffix != INDEX:
        message = f"{prose(path.name)} is a checkpoint in the first format of TensorFlow"
        hint = "save it again with tf.compat.v1.train.Saver, which writes the second"
        raise rejected("bad-checkpoint", message, hint=hint)
    return True


def _beside(path: Path, prefix: str) -> Path:
    """Return the index of a checkpoint by its name, the path itself where there is none."""
    index = path.with_name(prefix + INDEX)
    return index if index.is_file() else path


def _in_folder(folder: Path) -> Path:
    """Return the index of the last checkpoint in a folder; the folder itself where there is none.

    Only the name of the last one is believed: it may have been written in another folder.
    """
    saved = folder.joinpath(*_SAVED_MODEL)
    if saved.is_file():
        return saved
    last = _last(folder / _STATE)
    if last and (folder / (last + INDEX)).is_file():
        return folder / (last + INDEX)
    found = sorted(name for name in folder.glob("*" + INDEX) if name.is_file())
    if len(found) > 1:
        names = ", ".join(prose(name.name) for name in found[:10])
        raise _unclear(f"the folder holds several checkpoints: {names}")
    return found[0] if found else folder


def _last(state: Path) -> str:
    """Return the name that a state file has for the last checkpoint, "" where it has none."""
    if not state.is_file():
        return ""
    with state.open("rb") as file:
        match = _LAST.search(file.read(_MAX_STATE))
    name = re.split(r"[/\\]", match[1].decode("utf-8", "replace"))[-1] if match else ""
    return "" if "\0" in name else name


def _unclear(message: str) -> CompileError:
    return rejected("weights", message, hint="name one of them")
