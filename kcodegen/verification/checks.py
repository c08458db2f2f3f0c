"""Holds what a page builds against its file, and against what Keras' own loader makes of it."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from kcodegen.frontends import is_old_model
from kcodegen.frontends.seed_flat import is_flat
from kcodegen.frontends.wrapped import names_no_modules, unwrapped, writer_of
from kcodegen.ir.document import Node
from kcodegen.readers import read
from kcodegen.verification.allowances import CURRENT, KERAS_2, OBJECTS, Json, is_object
from kcodegen.verification.configs import allowances_for, differences
from kcodegen.verification.early import recounted
from kcodegen.verification.native import Native, load_native, native_object
from kcodegen.verification.rebuild import (
    arrays_of,
    build,
    import_page,
    is_variable,
    object_builder,
    serialized,
    variables_of,
    weight_shapes,
)
from kcodegen.verification.samples import compare, finalize, inputs_that_run, run, save_weights

OK, FAILED, UNKNOWN = "ok", "FAILED", "not checked"
TOLERANCE = 1e-5
NEAR = 1e-4  # between two generations of Keras, which compute the same by other kernels
SAME_WORDS = (2, 9)  # versions of Keras 2 from here on write what `tf_keras` writes


@dataclass(frozen=True, slots=True)
class Job:
    """What to verify: a page, the file it was compiled from, and what the command line said.

    `weights` is a folder of `weight_<i>.npy`, `custom` maps names of the file to
    `package.module:attr`, `scratch` is a folder for what is written meanwhile. `source` is the
    file that the weights were converted from, where it is another than `file`.
    """

    page: str
    file: str
    target: str
    weights: str | None
    custom: tuple[tuple[str, str], ...]
    scratch: str
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, what came of it, and why."""

    what: str
    result: str
    detail: str


def verify(job: Job) -> list[Check]:
    """Build the page in this process, which has built nothing yet, and check all that can be."""
    try:
        module = import_page(Path(job.page))
        if asks_for_shape(module):
            return [Check("page", UNKNOWN, "build_model asks for the shape of the input")]
        made = build(module)
    except Exception as error:  # noqa: BLE001 (whatever the page or Keras raises is the finding)
        return [Check("page", FAILED, in_short(error))]
    if not hasattr(module, "load_weights"):
        return [Check("page", OK, "it runs"), object_check(job, made)]
    root = unwrapped(read(Path(job.file)))
    found = load_native(job, module, root.value, is_old_model(root))
    built = Check("page", OK, f"it builds a model of {len(made.layers)} layers")
    is_own = is_of_generation(root, job.target)
    original = recounted(root.value, writer_of(root)) if is_own else root.value
    config = config_check(original, made, found, is_own, job.target)
    rest = weight_checks(job, module, made, found, config)
    return [built, config, *rest]


def is_of_generation(root: Node, target: str) -> bool:
    """Tell whether a Keras that writes as the target's does wrote the file."""
    if target == "keras3":
        # Before Keras 1 a class was called by its `name`.
        is_other = is_flat(root) or is_old_model(root) or names_no_modules(root)
        return not is_other and root.has("class_name")
    if "OpLambda" in json.dumps(root.value):  # the names of such layers are free
        return False
    version = root.value.get("keras_version") if isinstance(root.value, dict) else None
    found = re.match(r"(\d+)\.(\d+)", version) if isinstance(version, str) else None
    return found is not None and (int(found[1]), int(found[2])) >= SAME_WORDS


def asks_for_shape(module: ModuleType) -> bool:
    """Tell whether the page builds its model for a shape that no file knows."""
    return bool(inspect.signature(object_builder(module)).parameters)


def object_check(job: Job, made: Any) -> Check:
    """Compare the configuration of single objects with the file."""
    if job.target == "keras2":
        return Check("configuration", UNKNOWN, "objects of Keras 2 are written in other words")
    original, written = read(Path(job.file)).value, serialized(made)
    gaps = differences(original, written, allowances_for(original) + OBJECTS)
    if not gaps:
        return Check("configuration", OK, "it is that of the file")
    native = native_object(job, original)
    if native.reason:
        if is_given(original, written):
            return Check("configuration", OK, "all that the file gives is in get_config()")
        return Check("configuration", UNKNOWN, native.reason)
    gaps = differences(serialized(native.model), written, CURRENT + OBJECTS)
    return config_result(gaps, "it is what Keras' own loader gives")


def is_given(original: Json, written: Json) -> bool:
    """Tell whether an object is of the file's class and has the arguments that the file gives."""
    if not (is_object(original) and is_object(written)):
        return False
    given, config = original["config"], written["config"]
    same_class = original["class_name"] == written["class_name"]
    if not (same_class and isinstance(given, dict) and isinstance(config, dict)):
        return False
    taken = {key: config[key] for key in given if key in config}
    return not differences(given, taken, CURRENT + OBJECTS)


def config_check(original: Json, made: Any, found: Native, is_own: bool, target: str) -> Check:
    """Compare `to_json()` with the native model's and with the file: one of them has to be equal.

    What another generation of Keras wrote (`is_own` is false) can only be equal to the native
    model, which may itself be another one than was saved: that is no failure of the page.
    """
    written = json.loads(made.to_json())
    gaps: tuple[str, ...] = ()
    if found.is_older or found.is_newer:
        other = "tf_keras" if found.is_older else "Keras 3"
        return Check("configuration", UNKNOWN, f"{other}, which can load the file, has other words")
    if found.model is not None:
        gaps = native_gaps(json.loads(found.model.to_json()), written, found, target)
        if not gaps:
            but = "" if found.is_compiled else ", which cannot compile it"
            return Check("configuration", OK, f"it is what Keras' own loader gives{but}")
    if is_own and target == "keras3":
        gaps = differences(original, written, allowances_for(original))
        return config_result(gaps, "it is that of the file")
    if is_own and gaps:
        return config_result(gaps, "")
    reason = found.reason or f"this Keras reads the file otherwise: {gaps[0]}"
    return Check("configuration", UNKNOWN, reason)


def native_gaps(native: Json, written: Json, found: Native, target: str) -> tuple[str, ...]:
    """Return where the page's model is another one than the native one."""
    if not found.is_compiled:
        native, written = ({**side, "compile_config": None} for side in (native, written))
    return differences(native, written, CURRENT + KERAS_2 if target == "keras2" else CURRENT)


def config_result(gaps: tuple[str, ...], equal: str) -> Check:
    """Return what differences come to."""
    if not gaps:
        return Check("configuration", OK, equal)
    more = f" and {len(gaps) - 1} more" if len(gaps) > 1 else ""
    return Check("configuration", FAILED, f"the page has another one: {gaps[0]}{more}")


def weight_checks(
    job: Job, module: ModuleType, made: Any, found: Native, config: Check
) -> list[Check]:
    """Compare the weights and the outputs of both models.

    Where the configurations may differ for a good reason, a difference here proves nothing.
    """
    if not made.built:
        reason = "no file knows its input: it is built when it is called"
        return [Check("weights", UNKNOWN, reason), Check("outputs", UNKNOWN, reason)]
    ours = weight_shapes(made)
    theirs = in_order(weight_shapes(found.model), made, found) if found.model else None
    if config.result == FAILED or theirs is None or (config.result != OK and ours != theirs):
        reason = found.reason or "the configurations are not known to be equal"
        alone = loading_check(job, module, made) if job.weights else None
        return [alone or Check("weights", UNKNOWN, reason), Check("outputs", UNKNOWN, reason)]
    if ours != theirs:
        detail = f"page: {ascii(ours)[:100]}, Keras' own loader: {ascii(theirs)[:100]}"
        return [Check("weights", FAILED, detail)]
    try:
        source = share_weights(job, module, made, found)
    except Exception as error:  # noqa: BLE001
        return [Check("weights", FAILED, in_short(error))]
    last = outputs(made, found, source)
    # What Keras 3 computes, a page for Keras 2 has to compute, or it would not be written.
    if config.result != OK and last.result == FAILED and not found.is_newer:
        last = replace(last, result=UNKNOWN)
    quick = [fast_load_check(job, module, made)] if hasattr(module, "load_while_building") else []
    return [Check("weights", OK, f"{len(ours)} of the same shapes"), *quick, last]


def fast_load_check(job: Job, module: ModuleType, made: Any) -> Check:
    """Compare what `load_model` of a page with `--fast-load` loads with the model's weights."""
    wanted = arrays_of(made)
    for mapped in (False, True):
        try:
            loaded = module.load_model(job.weights or job.scratch, mapped=mapped)
        except Exception as error:  # noqa: BLE001
            return Check("fast load", FAILED, in_short(error))
        pairs = zip(arrays_of(loaded), wanted, strict=True)
        wrong = [i for i, (ours, other) in enumerate(pairs) if ours.tobytes() != other.tobytes()]
        if wrong:
            detail = f"weight_{wrong[0]}.npy and {len(wrong) - 1} others differ"
            return Check("fast load", FAILED, detail + mapped * " when they are mapped")
    return Check("fast load", OK, f"{len(wanted)} weights are the same, bit for bit")


def loading_check(job: Job, module: ModuleType, made: Any) -> Check:
    """Load the folder of weights into the page's model alone."""
    try:
        module.load_weights(made, job.weights)
    except Exception as error:  # noqa: BLE001
        return Check("weights", FAILED, in_short(error))
    return Check("weights", OK, f"{len(variables_of(made))} of the folder fit")


def share_weights(job: Job, module: ModuleType, made: Any, found: Native) -> str:
    """Give both models the same weights, the page's by its own loader; return which."""
    import numpy as np

    folder = Path(job.weights or job.scratch)
    given = arrays_of(found.model)
    if job.weights is None:
        save_weights(in_order(given, made, found), folder, as_they_are=found.has_weights)
    module.load_weights(made, folder)
    if found.has_weights:
        return "the file's weights"
    paths = [folder / f"weight_{i}.npy" for i in places(made, found)]
    arrays = [
        module.read_weight(path, module.read_header(path), np.dtype(array.dtype))
        for path, array in zip(paths, given, strict=True)
    ]
    for variable, array in zip(variables_of(found.model), arrays, strict=True):
        variable.assign(array)
    finalize(found.model)
    return "the folder's weights" if job.weights else "seeded weights"


def places(made: Any, found: Native) -> list[int]:
    """Return for each weight of the native model its place among those of the page's model."""
    if found.is_newer:
        older = [id(w) for layer in found.model.layers for w in in_older_order(layer)]
        return [older.index(id(weight)) for weight in variables_of(found.model)]
    if not found.is_older:
        return list(range(len(variables_of(made))))
    today = {id(weight): i for i, weight in enumerate(variables_of(made))}
    return [today[id(weight)] for layer in made.layers for weight in in_older_order(layer)]


def in_older_order(layer: Any) -> list[Any]:
    """Return the weights of a layer as Keras 2 has them, those that are trained first."""
    if isinstance(getattr(layer, "layers", None), list):
        return [weight for inner in layer.layers for weight in in_older_order(inner)]
    return [*filter(is_variable, (*layer.trainable_weights, *layer.non_trainable_weights))]


def in_order(items: Sequence[Any], made: Any, found: Native) -> tuple[Any, ...]:
    """Return what there is for each weight of the native model, in the page's order."""
    at = dict(zip(places(made, found), items, strict=False))
    return tuple(at[i] for i in range(len(items)) if i in at)


def outputs(made: Any, found: Native, source: str) -> Check:
    """Compare the outputs of both models for seeded inputs, in inference mode."""
    try:
        arrays, wanted = inputs_that_run(found.model)
    except Exception as error:  # noqa: BLE001
        return Check("outputs", UNKNOWN, f"no seeded input runs: {in_short(error)}")
    try:
        tolerance = NEAR if found.is_newer else TOLERANCE
        wrong = compare(run(made, arrays), wanted, tolerance)
    except Exception as error:  # noqa: BLE001
        return Check("outputs", FAILED, in_short(error))
    if wrong:
        return Check("outputs", FAILED, f"with {source}: {'; '.join(wrong)}")
    return Check("outputs", OK, f"{len(wanted)} equal, for seeded inputs and {source}")


def in_short(error: Exception) -> str:
    """Return an error on one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


def as_json(checks: list[Check]) -> list[Json]:
    """Return checks as JSON."""
    return [asdict(check) for check in checks]
