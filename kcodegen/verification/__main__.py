"""Verifies one page in a clean interpreter: `python -m kcodegen.verification JOB RESULT`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

PACKAGES = {"keras3": "keras", "keras2": "tf_keras"}


def main(job_file: str, result_file: str) -> None:
    """Read a job and write what came of it; nothing else of this process counts."""
    given = json.loads(Path(job_file).read_text("utf-8"))
    if given["target"] == "keras2":
        os.environ["TF_USE_LEGACY_KERAS"] = "1"
    found = versions(given["target"])
    if "missing" not in found:
        from kcodegen.verification.checks import Job, as_json, verify

        custom = tuple((name, place) for name, place in given.pop("custom"))
        found["checks"] = as_json(verify(Job(**given, custom=custom)))
    Path(result_file).write_text(json.dumps(found), "utf-8")


def versions(target: str) -> dict[str, object]:
    """Return which Keras there is, or what is missing."""
    try:
        if target == "keras3":
            import keras
        else:
            keras = old_keras()
    except ImportError as error:
        return {"missing": str(error)}
    backend = keras.backend.backend() if target == "keras3" else "tensorflow"
    if target == "keras3" and not hasattr(keras, "ops"):
        return {"missing": f"Keras {keras.__version__} is installed, the page needs Keras 3"}
    return {"keras": keras.__version__, "backend": backend}


def old_keras() -> object:
    """Return Keras 2, as the page finds it; raises ImportError when there is none."""
    try:
        import tf_keras

        return tf_keras
    except ImportError:
        from tensorflow import keras

        if hasattr(keras, "ops"):
            raise ImportError("the Keras of this TensorFlow is Keras 3") from None
        return keras


if __name__ == "__main__":
    main(*sys.argv[1:])
