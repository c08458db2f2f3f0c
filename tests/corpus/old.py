"""Models of Keras 2: what their files can be held against, and the order of their weights."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from kcodegen.verification.rebuild import build, fresh_keras, import_page
from tests.corpus.cases import Case, cases

OLD_FOLDERS = (
    *("keras2.0", "keras2.1", "keras2.2", "keras2.3"),
    *("tf2.1", "tf2.3", "tf2.9", "tf2.12", "tf2.15"),
)
TFJS = "tfjs"
OLD_MODELS = cases(*OLD_FOLDERS)
_SHARING = ("2.9", "2.12", "2.15")
_REFUSED = {
    "custom_subclass_config": "opaque-model",
    "custom_subclass_noconfig": "opaque-model",
    "op_refused_infinity": "not-finite",
    "op_refused_logsumexp": "tensorflow-op",
    "pp_experimental": "refused-class",
    "tfops_shape_prop": "tensorflow-op",
}
# Files that no page can be written for, with the code of the refusal.
OLD_REFUSED = {
    **{case.id: _REFUSED[case.name] for case in OLD_MODELS if case.name in _REFUSED},
    "tf2.12/custom_subclass_functional": "opaque-model",
    "tf2.15/custom_subclass_functional": "opaque-model",
    "tf2.1/op_repeat": "tensorflow-op",
}
# A layer that two places share is counted once by its producer, and the file does not tell.
_COUNTED_APART = frozenset(
    {"keras2.3/fn_nested3", *(f"tf{version}/shared_wrapped_layer" for version in _SHARING)}
)
# Models whose layers are used at two levels: the file does not say that their weights are shared.
OLD_UNSHARED = frozenset(f"{folder}/fn_nested3" for folder in ("tf2.9", "tf2.12", "tf2.15"))
# Models whose weights Keras 2 kept in another order than Keras 3.
OLD_MOVED = frozenset(
    {
        "keras2.3/fn_frozen",
        *(f"{folder}/rnn_td_model" for folder in ("keras2.3", "tf2.9", "tf2.12", "tf2.15")),
        "tf2.15/spectral_norm",
    }
)
OLD_EQUAL = [c for c in OLD_MODELS if c.id not in OLD_REFUSED and c.id not in OLD_UNSHARED]


def version_of(case: Case) -> tuple[int, int]:
    """Return the version of Keras that wrote a file, which TensorFlow.js only wraps."""
    producer = case.name if case.folder == TFJS else case.folder
    found = re.fullmatch(r"(?:keras|tf)(\d+)\.(\d+)", producer)
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
    if version_of(case) >= (3, 0):
        return case.numeric
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


def built_model(case: Case, page: Path) -> Any:
    """Return the model of a page, built in a fresh Keras."""
    fresh_keras()
    assert case.numeric is not None
    return build(import_page(page))


def old_differences(case: Case, model: Any) -> tuple[str, ...]:
    """Return where a rebuilt model is another one than its producer has counted."""
    wanted = case.entry.get("n_params")
    if wanted is None or not model.built or case.id in _COUNTED_APART:
        return ()
    got = model.count_params()
    return () if wanted == got else (f"{got} parameters instead of {wanted}",)
