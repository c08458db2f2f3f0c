"""Every layer class with weights: saved in every way, converted, loaded by its page, the same.

For Keras 3, and for Keras 2 with pages for it. The weights are compared bit by bit, the outputs are
equal.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from kcodegen import cli
from kcodegen.registry.rows import ClassRow
from kcodegen.verification.rebuild import build, fresh_keras, import_page
from kcodegen.weights.variables.weightless import WEIGHTLESS
from tests.keras2_target.harness import built as built_in_keras2
from tests.keras2_target.test_every_argument import LIBRARY as KERAS_2
from tests.keras2_target.test_every_argument import MEANINGLESS, REFUSED, listed
from tests.objects.test_every_argument import ROWS, library
from tests.objects.variants import Library
from tests.weights.layer_models import fill, model_of, samples
from tests.weights.test_round_trip import ONLY_3

# Layers that have weights only where others that they hold do.
HOLDERS = frozenset({"Pipeline"})
# What tf_keras can't build beside Keras 3: it finds the other's InputSpec.
UNMADE = frozenset({"layers.SpectralNormalization"})
NAMES_3 = sorted(
    name
    for name, row in ROWS.items()
    if row.kind == "layer" and row.key not in WEIGHTLESS and row.name not in HOLDERS
)
NAMES_2 = sorted(name for name in NAMES_3 if name in KERAS_2.rows and name not in UNMADE)
QUICK_3 = ("layers.Bidirectional", "layers.Dense")
QUICK_2 = ("layers.BatchNormalization",)
_NO_VALUE = "the values that the registry is tried with are none for a layer that runs"
_NO_KERNEL = "it needs a layer with a kernel; keras_models.py has three"
# Arguments with which no layer could be called, with the reason.
UNBUILT: dict[str, dict[str, str]] = {
    "layers.Bidirectional": {"weights": _NO_VALUE},
    "layers.EinsumDense": {"bias_axes": _NO_VALUE},
    "layers.Embedding": {"weights": _NO_VALUE},
    "layers.GroupNormalization": {"axis": "the sizes of the other axes are no multiples of 32"},
    "layers.ReversibleEmbedding": {"weights": _NO_VALUE},
    "layers.SpectralNormalization": dict.fromkeys(
        ("", "dtype", "layer", "power_iterations", "trainable"), _NO_KERNEL
    ),
}
UNBUILT_2: dict[str, dict[str, str]] = {
    "layers.Bidirectional": {"weights": _NO_VALUE},
    "layers.EinsumDense": {"bias_axes": _NO_VALUE},
    "layers.GroupNormalization": {"axis": "the sizes of the other axes are no multiples of 32"},
    **{f"layers.ConvLSTM{rank}D": {"unroll": "tf_keras can't"} for rank in (1, 2, 3)},
    **{
        f"layers.{name}Cell": {"dtype": "tf_keras gives it states of another type"}
        for name in ("GRU", "LSTM", "SimpleRNN")
    },
}


def said(words: list[str | Path]) -> None:
    """Run the command line, which has to succeed."""
    assert cli.main([str(word) for word in words]) == 0


def read(folder: Path) -> list[Any]:
    """Return the arrays of a folder of weights."""
    count = len(list(folder.glob("weight_*.npy")))
    return [np.load(folder / f"weight_{i}.npy") for i in range(count)]


def same_bits(found: list[Any], weights: list[Any]) -> None:
    """Check that a folder has the weights of a model; bfloat16 is there as float32."""
    assert len(found) == len(weights)
    for number, (array, weight) in enumerate(zip(found, weights, strict=True)):
        wanted = np.asarray(weight)
        if wanted.dtype.name == "bfloat16":
            wanted = wanted.astype("float32")
        assert array.dtype == wanted.dtype, number
        assert array.shape == wanted.shape, number
        assert array.tobytes() == wanted.tobytes(), number


def outputs(model: Any, arrays: list[Any]) -> list[Any]:
    """Return the outputs of a model as arrays; layers with a state of their own begin anew."""
    for layer in model.layers:
        if getattr(layer, "stateful", False):
            (getattr(layer, "reset_state", None) or layer.reset_states)()
    made = model(arrays if len(arrays) > 1 else arrays[0], training=False)
    made = made if isinstance(made, (list, tuple)) else [made]
    return [np.asarray(one).astype("float32") for one in made]


def equal(found: list[Any], wanted: list[Any]) -> None:
    """Check that outputs are the same."""
    assert len(found) == len(wanted)
    for number, (ours, theirs) in enumerate(zip(found, wanted, strict=True)):
        np.testing.assert_array_equal(ours, theirs, err_msg=str(number))


def check(model: Any, whole: list[str], rebuild: Any, folder: Path, options: list[str]) -> None:
    """Save a model in every way, convert it, and compare what the pages load and compute."""
    arrays = samples(model)
    wanted, weights = outputs(model, arrays), list(model.weights)
    (folder / "arch.json").write_text(model.to_json(), "utf-8")
    seen: set[str] = set()
    for number, ending in enumerate((*whole, ".weights.h5")):
        source, page = folder / f"model{ending}", folder / f"page_{number}.py"
        (model.save_weights if ending == ".weights.h5" else model.save)(source)
        words = [source]
        if ending == ".weights.h5":
            words = [folder / "arch.json", "--weights", source]
        said([*words, "-o", page, *options])
        place = folder / f"page_{number}_weights"
        same_bits(read(place), weights)
        text = page.read_text("utf-8").split('"""', 2)[2]
        if text not in seen:
            seen.add(text)
            module = import_page(page)
            loaded = rebuild(module)
            module.load_weights(loaded, place)
            same_bits([np.asarray(w) for w in loaded.weights], weights)
            equal(outputs(loaded, arrays), wanted)


def check_row(library: Library, row: ClassRow, folder: Path, unbuilt: dict[str, str]) -> None:
    """Check a class of Keras 3, or of Keras 2."""
    is_old = row.key.startswith("keras2.")
    made = model_of(library, row, partial(is_left_out, row) if is_old else lambda _: False)
    assert len(made.model.weights) > 0
    assert made.unbuilt == set(unbuilt)
    if is_old:
        keras2 = ["--target", "keras2"]
        check(made.model, [".h5", ".keras"], built_in_keras2, folder, keras2)
    else:
        check(made.model, [".keras", ".h5"], in_keras3, folder, [])


def is_left_out(row: ClassRow, name: str) -> bool:
    """Tell whether a page refuses an argument of Keras 2, which another test holds, or drops it."""
    return name in ONLY_3 or listed(REFUSED, row.name, name) or listed(MEANINGLESS, row.name, name)


def in_keras3(module: ModuleType) -> Any:
    """Return the model of a page, as the first of a session."""
    fresh_keras()
    return build(module)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", QUICK_3)
def test_weights_of_keras_3_make_the_round_trip(name: str, tmp_path: Path) -> None:
    check_row(library(), ROWS[name], tmp_path, UNBUILT.get(name, {}))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", QUICK_2)
def test_weights_of_keras_2_make_the_round_trip(name: str, tmp_path: Path) -> None:
    check_row(KERAS_2, KERAS_2.rows[name], tmp_path, UNBUILT_2.get(name, {}))


@pytest.mark.sweep
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", [name for name in NAMES_3 if name not in QUICK_3])
def test_all_weights_of_keras_3_make_the_round_trip(name: str, tmp_path: Path) -> None:
    check_row(library(), ROWS[name], tmp_path, UNBUILT.get(name, {}))


@pytest.mark.sweep
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", [name for name in NAMES_2 if name not in QUICK_2])
def test_all_weights_of_keras_2_make_the_round_trip(name: str, tmp_path: Path) -> None:
    check_row(KERAS_2, KERAS_2.rows[name], tmp_path, UNBUILT_2.get(name, {}))


def test_what_is_not_tried_cannot_be_made() -> None:
    layers = KERAS_2.keras.layers
    assert {"layers.SpectralNormalization"} == UNMADE
    with pytest.raises(TypeError, match="must be an instance of InputSpec"):
        layers.SpectralNormalization(layers.Dense(4))(KERAS_2.keras.Input((8, 6)))


def test_what_lora_learned_is_added_to_the_kernel(tmp_path: Path) -> None:
    """The bits are others then, and the outputs nearly the same."""
    import keras

    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(4, lora_rank=2)])
    fill(model)
    model.save(tmp_path / "m.keras")
    said([tmp_path / "m.keras", "-o", tmp_path / "page.py"])
    module = import_page(tmp_path / "page.py")
    loaded = module.load_model(tmp_path / "page_weights")
    kernel, wanted = np.asarray(loaded.weights[0]), np.asarray(model.weights[0])
    assert (kernel != wanted).all()
    (x,) = samples(model)
    np.testing.assert_allclose(outputs(loaded, [x])[0], outputs(model, [x])[0], rtol=1e-6)


def test_all_layers_with_weights_are_tried() -> None:
    public = [name for name in NAMES_3 if name.startswith("layers.")]
    assert (len(public), len(NAMES_3), len(NAMES_2)) == (39, 40, 34)
