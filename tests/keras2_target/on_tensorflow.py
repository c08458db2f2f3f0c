"""Runs pages for Keras 2 on the TensorFlow that they are for: 2.9, 2.12 or 2.15. No test: a script.

    python -m tests.keras2_target.on_tensorflow write FOLDER     beside the compiler
    OLD/bin/python tests/keras2_target/on_tensorflow.py run FOLDER     in an environment of its own

The first writes the page of each model of the corpus that has recorded numbers. The second needs
NumPy and an old TensorFlow only: it builds each page, loads the recorded weights as the page does,
runs the recorded inputs and compares the outputs to 1e-4. Beginnings of names may follow: `tf2.9`.
"""

import importlib.util
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")


def write(folder):
    """Write the pages, and where the numbers of each lie."""
    from dataclasses import replace

    from kcodegen import compile_file
    from tests.corpus.harness import options_for
    from tests.keras2_target.test_corpus import NUMERIC

    folder.mkdir(parents=True, exist_ok=True)
    cases = {}
    for case in NUMERIC:
        page = folder / f"{case.id.replace('/', '-')}.py"
        options = replace(options_for(case), target="keras2")
        page.write_text(compile_file(case.path, options).text, "utf-8")
        cases[case.id] = {"page": page.name, "numbers": str(case.numeric)}
    (folder / "cases.json").write_text(json.dumps(cases, indent=1), "utf-8")
    sys.stdout.write(f"{len(cases)} pages\n")


def run(folder, *beginnings):
    """Run pages; print what is wrong, and how many are right. Returns the exit code."""
    import tensorflow as tf

    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "corpus" / "user"))
    right, wrong = 0, []
    for name, case in json.loads((folder / "cases.json").read_text("utf-8")).items():
        if beginnings and not name.startswith(beginnings):
            continue
        tf.keras.backend.clear_session()
        try:
            gap = gap_of(folder / case["page"], Path(case["numbers"]))
        except Exception as error:
            gap = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        if gap:
            wrong.append(f"{name}: {gap}")
        else:
            right += 1
    told = [*wrong, f"TensorFlow {tf.__version__}: {right} pages right, {len(wrong)} wrong"]
    sys.stdout.write("".join(f"{line}\n" for line in told))
    return 1 if wrong else 0


def gap_of(path, numbers):
    """Return what is wrong with the numbers of one page, or nothing."""
    import numpy as np
    import tensorflow as tf

    module = imported(path)
    builders = [name for name in vars(module) if name.startswith("build_")]
    model = getattr(module, builders[-1])()
    if hasattr(module, "compile_model"):
        module.compile_model(model)
    module.load_weights(model, numbers)
    with np.load(numbers / "inputs.npz") as inputs, np.load(numbers / "outputs.npz") as wanted:
        tensors = [tf.convert_to_tensor(inputs[f"input_{i}"]) for i in range(len(inputs))]
        outputs = [wanted[f"output_{i}"] for i in range(len(wanted))]
    # Keras flattens a structure in the order of sorted names, as the numbers were recorded.
    ends = getattr(model, "_nested_inputs", None)
    given = tensors[0] if len(tensors) == 1 and not isinstance(ends, (list, dict)) else tensors
    if isinstance(ends, dict):
        given = tf.nest.pack_sequence_as(ends, tensors)
    got = [np.asarray(item) for item in tf.nest.flatten(model(given, training=False))]
    if [item.shape for item in got] != [item.shape for item in outputs]:
        return f"shapes {[item.shape for item in got]} for {[item.shape for item in outputs]}"
    return "".join(difference(a, b) for a, b in zip(got, outputs))  # noqa: B905 (Python 3.9)


def difference(ours, theirs):
    """Return how far two arrays are from each other when they are not equal to 1e-4, or nothing."""
    import numpy as np

    if ours.dtype.kind not in "fc":
        return "" if (ours == theirs).all() else "other values "
    if np.allclose(ours, theirs, rtol=1e-4, atol=1e-4, equal_nan=True):
        return ""
    return f"off by {np.abs(ours - theirs).max()} "


def imported(path):
    """Return a page as a module."""
    spec = importlib.util.spec_from_file_location("kcodegen_page", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    sys.exit({"write": write, "run": run}[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:]))
