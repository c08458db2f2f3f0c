"""Asks the installed Keras what it can do with each file of the corpus, and notes the answer.

    python -m tests.corpus.truth

Writes into each index: `custom` (the user's classes that the file needs), `keras_reloads`,
`keras_equal` (what it reloads serializes to the same file), `keras_numbers` (and computes the
recorded outputs), the `reason` why it does not reload, and the `keras_gaps` after it did.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from kcodegen.verification.configs import allowances_for, differences
from kcodegen.verification.numbers import number_differences
from kcodegen.verification.rebuild import fresh_keras
from tests.corpus.cases import USER, Case, cases, index_path, say

sys.path.insert(0, str(USER))
CUSTOM = {
    **{
        f"Acme>{name}": f"zoo:{name}"
        for name in (
            *("Scale", "cube", "cube2", "MyInit", "MyModel", "Opaque", "DictLayer"),
            *("OptAdd", "KW", "Backbone"),
        )
    },
    "Plain": "zoo:Plain",
    "Twice": "zoo:Twice",
    "scale_by": "zoo:scale_by",
}


def needed(text: str) -> dict[str, str]:
    """Return the user's classes that a file mentions."""
    return {name: target for name, target in CUSTOM.items() if f'"{name}"' in text}


def reload(case: Case) -> Any:
    """Return what Keras makes of a file; raises what Keras raises."""
    import zoo  # type: ignore[import-not-found]

    keras = fresh_keras()
    custom = {name: getattr(zoo, target.split(":")[1]) for name, target in CUSTOM.items()}
    config = case.config()
    if isinstance(config, list):
        return [keras.saving.deserialize_keras_object(c, custom, safe_mode=False) for c in config]
    return keras.saving.deserialize_keras_object(config, custom, safe_mode=False)


def set_weights(model: Any, directory: Path) -> None:
    """Set the recorded weights, adapted statistics included."""
    import numpy as np

    count = len(list(directory.glob("weight_*.npy")))
    model.set_weights([np.load(directory / f"weight_{i}.npy") for i in range(count)])
    for layer in model.layers:
        if hasattr(layer, "finalize_state"):
            layer.finalize_state()


def answer(case: Case) -> dict[str, Any]:
    """Return what Keras does with one file."""
    try:
        value = reload(case)
    except Exception as error:
        return {"keras_reloads": False, "reason": in_short(error)}
    if not hasattr(value, "to_json"):
        return {"keras_reloads": True}
    found = {"keras_reloads": True}
    original = case.config()
    gaps = differences(original, json.loads(value.to_json()), allowances_for(original))
    found["keras_equal"] = not gaps
    if case.numeric is not None:
        page: Any = SimpleNamespace(load_weights=set_weights)
        try:
            wrong = number_differences(page, value, case.numeric)
        except Exception as error:
            wrong = (in_short(error),)
        found["keras_numbers"] = not wrong
        gaps += wrong
    return {**found, "keras_gaps": list(gaps)} if gaps else found


def in_short(error: Exception) -> str:
    """Return the last sentence of an error, which is the first cause in Keras."""
    cause = str(error).rpartition("Exception encountered: ")[2] or str(error)
    return f"{type(error).__name__}: {' '.join(cause.split())[:300]}"


def main() -> None:
    """Rewrite the indexes and print what Keras cannot do."""
    for folder in ("keras3.15", "drift", "objects", "seed_flat"):
        entries = []
        for case in cases(folder):
            old = {k: v for k, v in case.entry.items() if not k.startswith("keras_")}
            old.pop("reason", None)
            custom = needed(case.path.read_text("utf-8"))
            found: dict[str, Any] = {"custom": custom} if custom else {}
            found |= {} if folder == "seed_flat" else answer(case)
            entries.append({**old, **found})
            if "reason" in found:
                say(case.id, found["reason"])
            for gap in found.get("keras_gaps", ()):
                say(case.id, gap)
        text = json.dumps({"entries": entries}, indent=1)
        index_path(folder).write_text(text + "\n", "utf-8")
        reloads = sum(bool(entry.get("keras_reloads")) for entry in entries)
        say(f"{folder}: Keras reloads {reloads} of {len(entries)}")


if __name__ == "__main__":
    main()
