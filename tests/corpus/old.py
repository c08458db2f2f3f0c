"""Models of Keras 2: what their files can be held against, and the order of their weights."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from tests.corpus.cases import Case, cases

OLD_FOLDERS = ("keras2.0", "keras2.1", "keras2.2", "keras2.3", "tf2.9", "tf2.12", "tf2.15")
OLD_MODELS = cases(*OLD_FOLDERS)
_REFUSED = {
    "lambda_py": "lambda",
    "custom_subclass_config": "opaque-model",
    "pp_experimental": "refused-class",
    "tfops_shape_prop": "tensorflow-op",
}
# Files that no page can be written for, with the code of the refusal.
OLD_REFUSED = {
    **{case.id: _REFUSED[case.name] for case in OLD_MODELS if case.name in _REFUSED},
    "tf2.12/custom_subclass_functional": "opaque-model",
    "tf2.15/custom_subclass_functional": "opaque-model",
    **{
        case.id: "opaque-model"
        for case in OLD_MODELS
        if case.name == "custom_subclass_noconfig"
    },
}  # fmt: skip
# Models whose layers are used at two levels: the file does not say that their weights are shared.
OLD_UNSHARED = frozenset(f"{folder}/fn_nested3" for folder in ("tf2.9", "tf2.12", "tf2.15"))
OLD_EQUAL = [c for c in OLD_MODELS if c.id not in OLD_REFUSED and c.id not in OLD_UNSHARED]


def version_of(case: Case) -> tuple[int, int]:
    """Return the version of Keras that wrote a file."""
    found = re.fullmatch(r"(?:keras|tf)(\d+)\.(\d+)", case.folder)
    assert found is not None
    return int(found[1]), int(found[2])


def old_order(model: Any, version: tuple[int, int]) -> list[Any]:
    """Return the weights of a rebuilt model in the order of Keras 2's `get_weights()`.

    A layer has those that are trained first; tf.keras looks into nested models for that.
    """
    return [weight for layer in model.layers for weight in _of_layer(layer, version)]


def _of_layer(layer: Any, version: tuple[int, int]) -> list[Any]:
    import keras

    if isinstance(layer, keras.Model) and version >= (2, 4):
        return [weight for inner in layer.layers for weight in _of_layer(inner, version)]
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def arranged(case: Case, model: Any, place: Path) -> Path:
    """Return a folder with the recorded numbers of a case, its weights in today's order."""
    assert case.numeric is not None
    today = {id(weight): index for index, weight in enumerate(model.weights)}
    order = [today[id(weight)] for weight in old_order(model, version_of(case))]
    if order == sorted(order):
        return case.numeric
    place.mkdir()
    for name in ("inputs.npz", "outputs.npz"):
        shutil.copy(case.numeric / name, place / name)
    for old, new in enumerate(order):
        shutil.copy(case.numeric / f"weight_{old}.npy", place / f"weight_{new}.npy")
    return place


def old_differences(case: Case, model: Any) -> tuple[str, ...]:
    """Return where a rebuilt model is another one than its producer has counted."""
    wanted, got = case.entry.get("n_params"), model.count_params()
    if wanted is None or wanted == got or not model.built:
        return ()
    return (f"{got} parameters instead of {wanted}",)
