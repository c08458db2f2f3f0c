"""Every layer in every mode of quantization: its page computes what Keras' own reload computes."""

from __future__ import annotations

import io
import json
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from kcodegen import cli
from kcodegen.verification.rebuild import import_page
from tests.weights.calibrated import calibrated, inputs
from tests.weights.keras_models import QUANTIZABLE, Build
from tests.weights.saved import FILES


@cache
def keras() -> Any:
    import keras

    return keras


# What adds to the plain modes: int4 with a scale for each channel, or for small blocks.
MODES = ("int8", "int4", "int4-channels", "int4-blocks", "float8")
# Calibrated modes, of dense layers alone.
CALIBRATED = ("gptq", "awq")
QUICK = {("int4-blocks", "dense", False), ("int8", "einsum", True), ("int4", "embedding", False)}
# Keras' own layers refuse LoRA in these modes when they are called.
NO_LORA = {"float8"}
CASES = [
    pytest.param(
        *(mode, shape, make, lora),
        id=f"{mode}-{name}{'-lora' * lora}",
        marks=() if (mode, name, lora) in QUICK else pytest.mark.sweep,
    )
    for mode in MODES
    for name, shape, make in QUANTIZABLE
    for lora in (False, True)
    if not (mode in NO_LORA and lora)
    # Tables are not quantized to float8.
    if not (mode == "float8" and name.startswith(("embedding", "reversible")))
]


def quantized(shape: tuple[int | None, ...], make: Build, mode: str, lora: bool) -> Any:
    """Return a model with one layer in a mode, and with numbers in what LoRA adds."""
    keras().backend.clear_session()
    keras().utils.set_random_seed(1)
    x = keras().Input(shape)
    model = keras().Model(x, make(keras().layers)(x))
    if mode.startswith("int4-"):
        size = 4 if mode == "int4-blocks" else None
        model.quantize(config=keras().quantizers.Int4QuantizationConfig(block_size=size))
    else:
        model.quantize(mode)
    if lora:
        layer = model.layers[-1]
        layer.enable_lora(2)
        for weight in layer.trainable_weights:
            if "lora" in weight.name:
                weight.assign(np.random.default_rng(2).normal(size=weight.shape))
    return model


def data_for(shape: tuple[int | None, ...], make: Build) -> Any:
    """Return inputs for a layer: numbers, or indices of a table."""
    random = np.random.default_rng(3)
    size = (2, *(3 if length is None else length for length in shape))
    if "Embedding" in type(make(keras().layers)).__name__:
        return random.integers(0, 4, size=size)
    return random.normal(size=size).astype("float32")


@pytest.mark.parametrize(("mode", "shape", "make", "lora"), CASES)
def test_a_page_computes_what_keras_computes(
    mode: str, shape: tuple[int | None, ...], make: Build, lora: bool, tmp_path: Path
) -> None:
    model = quantized(shape, make, mode, lora)
    data = data_for(shape, make)
    original = np.asarray(model(data))
    model.save(tmp_path / "m.keras")
    model.save_weights(tmp_path / "m.weights.h5")
    (tmp_path / "m.json").write_text(model.to_json(), "utf-8")
    reloaded = keras().saving.load_model(tmp_path / "m.keras")
    wanted = np.asarray(reloaded(data))
    # What LoRA adds is quantized with the rest when it is written.
    assert lora or np.array_equal(wanted, original)
    files = [["m.keras"], ["m.json", "--weights", str(tmp_path / "m.weights.h5")]]
    for number, (file, *words) in enumerate(files):
        page = tmp_path / f"page{number}.py"
        assert cli.main([str(tmp_path / file), *words, "-o", str(page)]) == 0
        keras().backend.clear_session()
        made = import_page(page).load_model(tmp_path / f"page{number}_weights")
        for ours, theirs in zip(made.weights, reloaded.weights, strict=True):
            assert ours.dtype == theirs.dtype
            np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))
        np.testing.assert_array_equal(np.asarray(made(data)), wanted)


@pytest.mark.parametrize("words", [[], ["--fast-load"]])
@pytest.mark.parametrize("version", ["3.12", "3.13"])
def test_what_gptq_has_quantized(version: str, words: list[str], tmp_path: Path) -> None:
    """Keras 3.12 wrote no configuration of what it quantized; 3.13 does."""
    source, page = FILES / "gptq" / f"keras{version}.keras", tmp_path / "page.py"
    assert cli.main([str(source), "-o", str(page), *words]) == 0
    keras().backend.clear_session()
    model = import_page(page).load_model(tmp_path / "page_weights")
    recorded = np.load(source.with_suffix(".npz"))
    np.testing.assert_array_equal(np.asarray(model(recorded["x"])), recorded["out"])
    with zipfile.ZipFile(source) as archive:
        assert model.to_json() == keras_reads(archive.read("config.json").decode()).to_json()


def keras_reads(text: str) -> Any:
    """Return what Keras itself makes of a JSON, in a new session."""
    keras().backend.clear_session()
    return keras().models.model_from_json(text)


def without_its_configs(model: Any) -> str:
    """Return the JSON of a model without what it was quantized with, as Keras 3.12 wrote it."""
    found = json.loads(model.to_json())
    for layer in found["config"]["layers"][1:]:
        del layer["config"]["quantization_config"]
    return json.dumps(found)


def with_its_configs(model: Any) -> str:
    """Return the JSON of a model as Keras 3.13 and later write it."""
    return str(model.to_json())


@pytest.mark.parametrize("said", [without_its_configs, with_its_configs])
@pytest.mark.parametrize("mode", CALIBRATED)
def test_what_was_calibrated_is_told_so(mode: str, said: Any, tmp_path: Path) -> None:
    keras().backend.clear_session()
    model = calibrated(keras(), mode)
    wanted, text = np.asarray(model(inputs())), said(model)
    (tmp_path / "m.json").write_text(text, "utf-8")
    for i, weight in enumerate(model.get_weights()):
        np.save(tmp_path / f"weight_{i}.npy", weight)
    words = [str(tmp_path / "m.json"), "--weights", str(tmp_path), "-o", str(tmp_path / "page.py")]
    assert cli.main(words) == 0
    made = import_page(tmp_path / "page.py").load_model(tmp_path)
    np.testing.assert_array_equal(np.asarray(made(inputs())), wanted)
    keras().backend.clear_session()
    assert import_page(tmp_path / "page.py").build_model().to_json() == keras_reads(text).to_json()


@pytest.mark.parametrize("mode", CALIBRATED)
def test_hdf5_holds_all_of_what_was_calibrated(mode: str, tmp_path: Path) -> None:
    """What Keras 3.15 leaves out of its own files is in those of the old kind."""
    keras().backend.clear_session()
    model = calibrated(keras(), mode)
    wanted = np.asarray(model(inputs()))
    model.save(tmp_path / "m.h5")
    assert cli.main([str(tmp_path / "m.h5"), "-o", str(tmp_path / "page.py")]) == 0
    made = import_page(tmp_path / "page.py").load_model(tmp_path / "page_weights")
    for ours, theirs in zip(made.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(np.asarray(made(inputs())), wanted)


@pytest.mark.parametrize("mode", CALIBRATED)
def test_what_keras_loses_is_missed(
    mode: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Keras 3.15 leaves the zero points out when it saves, and can't load its own file."""
    keras().backend.clear_session()
    model = calibrated(keras(), mode)
    model.save(tmp_path / "m.keras")
    model.save_weights(tmp_path / "m.weights.h5")
    (tmp_path / "m.json").write_text(without_its_configs(model), "utf-8")
    with pytest.raises(ValueError, match="could not be loaded"):
        keras().saving.load_model(tmp_path / "m.keras")
    page, weights = tmp_path / "page.py", str(tmp_path / "m.weights.h5")
    for file, *words in (["m.keras"], ["m.json", "--weights", weights]):
        assert cli.main([str(tmp_path / file), *words, "-o", str(page)]) == 3
        said = capsys.readouterr().err
        assert f"dense has {5 + (mode == 'awq')} weights, the file {4 + (mode == 'awq')}" in said
        assert "Keras 3.14 and 3.15 leave the zero points of GPTQ and AWQ out" in said
        assert not page.exists()
    assert cli.main([str(tmp_path / "m.keras"), "--no-weights", "-o", str(page)]) == 0


@pytest.mark.parametrize("block_size", ["absent", None, -1, 4, 64])
def test_a_page_has_the_blocks_of_its_file(block_size: Any, tmp_path: Path) -> None:
    """Keras 3.13 had no blocks and wrote none: the default is another one now."""
    keras().backend.clear_session()
    x = keras().Input((12,))
    model = keras().Model(x, keras().layers.Dense(6)(x))
    size = None if block_size == "absent" else block_size
    model.quantize(config=keras().quantizers.Int4QuantizationConfig(block_size=size))
    found = json.loads(model.to_json())
    config = found["config"]["layers"][1]["config"]
    if block_size == "absent":
        del config["quantization_config"]["config"]["block_size"]
        config["dtype"].update(
            class_name="QuantizedDTypePolicy", config={"mode": "int4", "source_name": "float32"}
        )
    (tmp_path / "m.json").write_text(json.dumps(found), "utf-8")
    assert cli.main([str(tmp_path / "m.json"), "-o", str(tmp_path / "page.py")]) == 0
    keras().backend.clear_session()
    made = import_page(tmp_path / "page.py").build_model()
    wanted = keras_reads(json.dumps(found))
    assert made.to_json() == wanted.to_json()
    assert [w.shape for w in made.weights] == [w.shape for w in wanted.weights]
    assert f"block_size={size}" in (tmp_path / "page.py").read_text("utf-8")


# Files of 3.12 don't say that inputs are rounded, too, and what doesn't say so is not rounded now.
@pytest.mark.parametrize(("version", "near"), [("3.12", 5e-4), ("3.13", 1e-6)])
def test_what_older_versions_have_quantized_to_int4(
    version: str, near: float, tmp_path: Path
) -> None:
    """Keras 3.15 can't load such files: their kernels are packed otherwise."""
    source, page = FILES / "int4" / f"keras{version}.keras", tmp_path / "page.py"
    assert cli.main([str(source), "-o", str(page), "--verify"]) == 0
    keras().backend.clear_session()
    model = import_page(page).load_model(tmp_path / "page_weights")
    recorded = np.load(source.with_suffix(".npz"))
    np.testing.assert_allclose(np.asarray(model(recorded["x"])), recorded["out"], 0, near)


def packed_by_columns(numbers: Any) -> Any:
    """Return a kernel of int4 as Keras 3.12 and 3.13 packed it: two rows in one."""
    even, odd = (numbers[half::2].astype("uint8") & 15 for half in (0, 1))
    odd = np.pad(odd, ((0, len(even) - len(odd)), (0, 0)))
    return (even | odd << 4).view("int8")


@pytest.mark.parametrize(("rows", "columns"), [(12, 6), (7, 5), (12, 12), (1, 4), (5, 1)])
def test_kernels_of_int4_are_packed_as_today(rows: int, columns: int, tmp_path: Path) -> None:
    numbers = np.random.default_rng(rows).integers(-8, 8, size=(rows, columns), dtype="int8")
    keras().backend.clear_session()
    x = keras().Input((rows,))
    model = keras().Model(x, keras().layers.Dense(columns)(x))
    model.quantize(config=keras().quantizers.Int4QuantizationConfig(block_size=None))
    layer = model.layers[-1]
    layer._kernel.assign(keras().quantizers.pack_int4(numbers, axis=-1)[0])
    layer.kernel_scale.assign(np.arange(1, columns + 1))
    model.save(tmp_path / "m.keras")
    with (
        zipfile.ZipFile(tmp_path / "m.keras") as today,
        zipfile.ZipFile(tmp_path / "old.keras", "w") as old,
    ):
        config = json.loads(today.read("config.json"))
        dense = config["config"]["layers"][1]["config"]
        del dense["quantization_config"]["config"]["block_size"]
        dense["dtype"].update(
            class_name="QuantizedDTypePolicy", config={"mode": "int4", "source_name": "float32"}
        )
        old.writestr("config.json", json.dumps(config))
        old.writestr("metadata.json", today.read("metadata.json"))
        stored = io.BytesIO(today.read("model.weights.h5"))
        with h5py.File(stored, "r+") as file:
            variables = file["layers/dense/vars"]
            kernels = [name for name in variables if variables[name].dtype == "int8"]
            assert len(kernels) == 1
            del variables[kernels[0]]
            variables[kernels[0]] = packed_by_columns(numbers)
        old.writestr("model.weights.h5", stored.getvalue())
    page = tmp_path / "page.py"
    assert cli.main([str(tmp_path / "old.keras"), "-o", str(page)]) == 0
    keras().backend.clear_session()
    made = import_page(page).load_model(tmp_path / "page_weights")
    for ours, theirs in zip(made.weights, model.weights, strict=True):
        np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))
