"""Models of Keras 2: what their files can be held against."""

from __future__ import annotations

from typing import Any

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
    {
        *("keras2.3/fn_nested3", *(f"tf{version}/fn_nested3" for version in _SHARING)),
        *(f"tf{version}/shared_wrapped_layer" for version in _SHARING),
    }
)
# Models whose layers are used at two levels: only the number of their weights tells.
OLD_UNSHARED = frozenset(f"{folder}/fn_nested3" for folder in ("tf2.9", "tf2.12", "tf2.15"))
# Models whose weights Keras 2 kept in another order than Keras 3.
OLD_MOVED = frozenset(
    {
        "keras2.3/fn_frozen",
        *(f"{folder}/rnn_td_model" for folder in ("keras2.3", "tf2.9", "tf2.12", "tf2.15")),
        "tf2.15/spectral_norm",
    }
)
OLD_EQUAL = [case for case in OLD_MODELS if case.id not in OLD_REFUSED]


def old_differences(case: Case, model: Any) -> tuple[str, ...]:
    """Return where a rebuilt model is another one than its producer has counted."""
    wanted = case.entry.get("n_params")
    if wanted is None or not model.built or case.id in _COUNTED_APART:
        return ()
    got = model.count_params()
    return () if wanted == got else (f"{got} parameters instead of {wanted}",)
