"""Compiles a file with single objects, builds its page, and compares what both serialize to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kcodegen import CompileError
from kcodegen.verification.allowances import same_noise
from kcodegen.verification.configs import differences
from kcodegen.verification.rebuild import build_object, fresh_keras, import_page, serialized
from tests.corpus.cases import Case
from tests.corpus.harness import Outcome, compiled_page, in_short
from tests.objects.legacy import modern

CURRENT = "keras3.15"


def attempt_object(case: Case, folder: Path) -> Outcome:
    """Compile one file of objects, build them, and compare them with the file."""
    try:
        page = compiled_page(case, folder)
    except CompileError as error:
        return Outcome(refused=error.diagnostics)
    except Exception as error:  # a bug of the compiler's own: reported like a wrong page
        return Outcome(broken=f"compiler: {in_short(error)}")
    fresh_keras()
    try:
        rebuilt = serialized(build_object(import_page(page)))
    except Exception as error:  # whatever Keras or the page raises is the finding
        return Outcome(broken=in_short(error))
    return Outcome(differences=object_differences(case, rebuilt))


def object_differences(case: Case, rebuilt: Any) -> tuple[str, ...]:
    """Return where the objects of a page are other ones than the file says."""
    original = case.config()
    if case.entry["producer"] == CURRENT:
        return differences(plain(original), plain(rebuilt))
    return differences(*same_noise(*modern(original, rebuilt)), ())


def plain(value: Any) -> Any:
    """Return a value without shared ids, and functions of Keras by their names."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("class_name") == "function":
        return value["config"]
    return {key: plain(item) for key, item in value.items() if key != "shared_object_id"}
