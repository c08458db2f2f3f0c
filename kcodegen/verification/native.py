"""What Keras' own loader makes of a file."""

from __future__ import annotations

import importlib
import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from kcodegen.frontends.wrapped import names_no_modules
from kcodegen.ir.document import Node
from kcodegen.verification.allowances import Json

if TYPE_CHECKING:
    from kcodegen.verification.checks import Job

# How archives begin, and the ending by which Keras tells what to do with one.
ARCHIVES = ((b"PK\x03\x04", ".keras"), (b"\x89HDF", ".h5"))


@dataclass(frozen=True, slots=True)
class Native:
    """The model that Keras loads, or the reason why there is none.

    With `is_compiled` it is compiled as it was saved, if it was. With `is_older` it is the model of
    `tf_keras`, which keeps weights in another order than Keras 3 does; with `is_newer` it is the
    model of Keras 3, and the page's that of `tf_keras`.
    """

    model: Any = None
    has_weights: bool = False
    is_compiled: bool = True
    is_older: bool = False
    is_newer: bool = False
    reason: str = ""


def load_native(job: Job, module: ModuleType, original: Json, is_old: bool) -> Native:
    """Load the file as Keras does, in its safe mode: what is not safe to load is not loaded.

    What Keras 3 cannot load of a file of Keras 2, `tf_keras` can, where it is installed, and the
    other way round.
    """
    if not (isinstance(original, dict) and "class_name" in original):
        return Native(reason="Keras has no loader for such a file")
    found = load_with(module.keras, job, original)
    is_for_3 = job.target == "keras3"
    other = None if found.model is not None or is_old != is_for_3 else other_keras(is_for_3)
    if other is None:
        return found
    second = load_with(other, job, original)
    if second.model is None:
        return found
    return replace(second, is_older=is_for_3, is_newer=not is_for_3)


def other_keras(is_for_3: bool) -> Any:
    """Return the Keras of the other generation than a page is for, None where there is none."""
    try:
        if is_for_3:
            import tf_keras

            return tf_keras
        import keras
    except ImportError:
        return None
    return keras if hasattr(keras, "ops") else None


def load_with(keras: Any, job: Job, original: Json) -> Native:
    """Load the file with one of the two generations of Keras."""
    if not hasattr(keras, "ops") and holds_bytecode(original):
        return Native(reason="Keras 2, which has no safe mode, would run the bytecode in the file")
    keras.backend.clear_session()  # automatic names begin anew, as they did for the page
    try:
        custom = {name: imported(place) for name, place in job.custom}
        path = as_archive(Path(job.file), Path(job.scratch))
        if path is None:
            is_of_hdf5 = hasattr(keras, "ops") and names_no_modules(Node(original))
            read = from_words_of_hdf5 if is_of_hdf5 else keras.models.model_from_json
            model = read(json.dumps(original), custom_objects=custom)
            has_weights = job.source is not None and loads(model, job)
            return Native(model, has_weights, is_compiled=not is_of_hdf5)
        return loaded(keras, path, custom)
    except Exception as error:  # noqa: BLE001 (Keras raises all kinds)
        return without_weights(keras, job, original) or Native(reason=why_not(error))


def holds_bytecode(value: Json) -> bool:
    """Tell whether a function of a Lambda is stored as Python bytecode anywhere in a file."""
    if isinstance(value, list):
        return any(map(holds_bytecode, value))
    if not isinstance(value, dict):
        return False
    kinds = [kind for key, kind in value.items() if key.endswith("_type")]
    is_code = "lambda" in kinds or value.get("class_name") == "__lambda__"
    return is_code or any(map(holds_bytecode, value.values()))


def without_weights(keras: Any, job: Job, original: Json) -> Native | None:
    """Return the model of an archive of Keras 3 whose weights Keras can't load; None for others."""
    if not ("module" in original and hasattr(keras, "ops")):
        return None
    keras.backend.clear_session()
    try:
        custom = {name: imported(place) for name, place in job.custom}
        return Native(keras.models.model_from_json(json.dumps(original), custom_objects=custom))
    except Exception:  # noqa: BLE001 (why the file could not be loaded is what is said)
        return None


def from_words_of_hdf5(text: str, custom_objects: dict[str, Any]) -> Any:
    """Return a model as Keras 3 reads it from HDF5, which no public function does for a JSON."""
    from keras.src.legacy.saving import saving_options, saving_utils
    from keras.src.saving.serialization_lib import SafeModeScope

    with saving_options.keras_option_scope(use_legacy_config=True), SafeModeScope(True):
        return saving_utils.model_from_config(json.loads(text), custom_objects=custom_objects)


def loaded(keras: Any, path: Path, custom: dict[str, Any]) -> Native:
    """Load an archive; where Keras cannot compile what it holds, as it is."""
    try:
        model = keras.models.load_model(str(path), custom_objects=custom)
        return Native(model, has_weights=True)
    except Exception:  # noqa: BLE001 (what it was compiled with, perhaps)
        model = keras.models.load_model(str(path), custom_objects=custom, compile=False)
        return Native(model, has_weights=True, is_compiled=False)


def loads(model: Any, job: Job) -> bool:
    """Load the weights that lie in a file of their own; tell whether Keras can."""
    assert job.source is not None
    source = Path(job.source)
    # A checkpoint of TensorFlow goes by its name without an ending.
    is_checkpoint = source.suffix == ".index"
    path = source.with_suffix("") if is_checkpoint else as_archive(source, Path(job.scratch))
    if path is None:
        return False
    try:
        status = model.load_weights(str(path))
        if is_checkpoint:
            # Otherwise what the checkpoint has not would keep its random numbers.
            status.assert_existing_objects_matched()
    except Exception:  # noqa: BLE001 (all weights are given to the model then)
        return False
    return True


def native_object(job: Job, original: Json) -> Native:
    """Return what Keras makes of a serialized object, or of a list or dict of them."""
    import keras

    try:
        custom = {name: imported(place) for name, place in job.custom}
        return Native(keras.saving.deserialize_keras_object(original, custom_objects=custom))
    except Exception as error:  # noqa: BLE001
        return Native(reason=why_not(error))


def why_not(error: Exception) -> str:
    """Return why Keras cannot load a file: the first cause, which it names last."""
    words = " ".join(str(error).split())
    cause = words.rpartition("Exception encountered: ")[2] or words
    return f"Keras cannot load the file: {type(error).__name__}: {cause[:160]}"


def as_archive(file: Path, scratch: Path) -> Path | None:
    """Return an archive under a name that Keras knows it by; None for what is no archive."""
    if file.is_dir():  # a SavedModel, whose JSON Keras reads like any other
        return None
    with file.open("rb") as opened:
        start = opened.read(4)
    for magic, ending in ARCHIVES:
        if start == magic:
            if file.suffix == ending:
                return file
            return Path(shutil.copy(file, scratch / f"model{ending}"))
    return None


def imported(place: str) -> Any:
    """Return a user's class: `shop.layers:Scale`."""
    name, _, attribute = place.partition(":")
    return getattr(importlib.import_module(name), attribute)
