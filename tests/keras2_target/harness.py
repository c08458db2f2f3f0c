"""Compiles a file for Keras 2, rebuilds its page with `tf_keras`, and says what came of it."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import numpy as np

from kcodegen import Options, compile_file
from kcodegen.verification.numbers import compare, filled
from kcodegen.verification.rebuild import import_page, object_builder
from tests.corpus.cases import USER, Case
from tests.corpus.harness import options_for

if str(USER) not in sys.path:
    sys.path.insert(0, str(USER))

KERAS_2 = Options(target="keras2")


def compiled(case: Case, folder: Path) -> ModuleType:
    """Compile a file for Keras 2 and return its page as a module; raises CompileError."""
    options = replace(options_for(case), target="keras2")
    page = folder / "page.py"
    page.write_text(compile_file(case.path, options).text, "utf-8")
    return import_page(page)


def built(module: ModuleType) -> Any:
    """Return what a page builds in a fresh session of Keras 2."""
    import tf_keras

    tf_keras.backend.reset_uids()
    made = object_builder(module)()
    if hasattr(module, "compile_model"):
        module.compile_model(made)
    return made


def serialized(model: Any) -> Any:
    """Return a model of Keras 2 as JSON."""
    return json.loads(model.to_json())


def wrong_numbers(module: ModuleType, model: Any, folder: Path) -> tuple[str, ...]:
    """Load recorded weights as the page does, run recorded inputs, and compare the outputs."""
    import tensorflow as tf

    module.load_weights(model, folder)
    with np.load(folder / "inputs.npz") as inputs, np.load(folder / "outputs.npz") as wanted:
        tensors = iter([tf.convert_to_tensor(inputs[f"input_{i}"]) for i in range(len(inputs))])
        ends = model.get_config().get("input_layers")
        made = model(filled(ends, tensors) if ends else next(tensors), training=False)
        got = [np.asarray(item) for item in tf.nest.flatten(made)]
        return compare(got, [wanted[f"output_{i}"] for i in range(len(wanted))], 1e-4)
