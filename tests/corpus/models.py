"""The models of the corpus, and what becomes of each."""

from __future__ import annotations

from tests.corpus.cases import cases

MODELS = cases("keras3.15", "drift", "seed_flat")
# Files that no page can be written for, with the code of the refusal.
REFUSED = {
    **{
        case.id: "lost-wiring"
        for case in MODELS
        if case.folder == "seed_flat" and case.name.endswith("_functional_lossy")
    },
}
COMPILED = [case for case in MODELS if case.id not in REFUSED]
# A model that is used at two levels: only the number of its weights says that they are shared.
UNSHARED = "keras3.15/fn_nested3"
