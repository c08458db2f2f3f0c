"""Weights that Keras saves, read bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kcodegen import compile_file
from kcodegen.cli import main
from kcodegen.verification.rebuild import build, fresh_keras, import_page
from tests.corpus.cases import Case
from tests.corpus.harness import compiled_page, options_for
from tests.corpus.models import COMPILED, UNSHARED
from tests.weights.keras_models import MODELS, QUANTIZABLE, SINGLE, Build, quantized
from tests.weights.native_files import graph_of, weights_of

Make = Callable[[Any], Any]  # keras -> a model
RECORDED = [
    case
    for case in COMPILED
    if case.folder == "keras3.15" and case.numeric is not None and case.id != UNSHARED
]


def keras() -> Any:
    import keras as imported

    return imported


def single(shape: tuple[int | None, ...], make: Build) -> Make:
    """Return what makes a model of one layer."""

    def made(k: Any) -> Any:
        x = k.Input(shape)
        return k.Model(x, make(k.layers)(x))

    return made


def shared(k: Any) -> Any:
    """Return a model with layers that stand in two models, and one that is called often."""
    layers = k.layers
    leaf = k.Sequential([k.Input((4,)), layers.Dense(4), layers.Dense(4)])
    dense = layers.Dense(4)
    x = k.Input((4,))
    inner = k.Model(x, dense(leaf(x)))
    y = k.Input((4,))
    return k.Model(y, layers.Dense(3)(dense(leaf(inner(dense(y))))))


def many(k: Any) -> Any:
    """Return a model with layers of a class between others, more than ten of them."""
    layers = k.layers
    x = y = k.Input((4,))
    for number in range(12):
        y = layers.Dense(4, activation=layers.PReLU() if number == 3 else "relu")(y)
        y = layers.Dropout(0.1)(layers.BatchNormalization()(y))
    return k.Model(x, layers.Add()([x, y]))


def trained(k: Any) -> Any:
    """Return a model that was trained, with the states of its optimizer and metrics."""
    model = k.Sequential([k.Input((4,)), k.layers.Dense(3), k.layers.Dense(2)])
    model.compile("adam", "mse", metrics=["mae", k.metrics.MeanSquaredError()])
    model.fit(np.ones((4, 4)), np.ones((4, 2)), verbose=0)
    return model


def half(k: Any) -> Any:
    """Return a model in bfloat16, with a layer in float16."""
    layers = k.layers
    chain = [layers.Dense(3, dtype="bfloat16"), layers.LSTM(2, dtype="float16")]
    return k.Sequential([k.Input((5, 3)), *chain])


OTHERS: list[tuple[str, Make]] = [
    ("shared", shared),
    ("many", many),
    ("trained", trained),
    ("half", half),
    ("wrapped-model", lambda k: single((3, 4), lambda k2: k2.TimeDistributed(shared(k)))(k)),
    ("convolution-lora", lambda k: single((8, 8, 3), lambda k2: k2.Conv2D(4, 3, lora_rank=2))(k)),
]
QUANTIZED: list[tuple[str, Make]] = [
    (f"{name}-{mode}", lambda k, s=shape, m=make, q=mode: quantized(k, s, m, q))  # type: ignore[misc]
    for mode in ("int8", "int4", "float8")
    for name, shape, make in QUANTIZABLE
]
QUANTIZED.append(
    ("lora-int8", lambda k: quantized(k, (6,), lambda k2: k2.Dense(4, lora_rank=2), "int8"))
)
ALL: list[tuple[str, Make]] = [
    *((name, single(shape, make)) for name, shape, make in SINGLE),
    *((name, lambda k, m=make: m(k.layers, k)) for name, make in MODELS),  # type: ignore[misc]
    *OTHERS,
    *QUANTIZED,
]
FEW = {
    "nested", "attention-gate", "shared", "half", "spectral", "bidirectional-two",
    "dense-int4", "dense-lora",
}  # fmt: skip


def with_random_weights(model: Any) -> Any:
    """Return a model with weights that are all different."""
    random = np.random.default_rng(0)
    for weight in model.weights:
        kind = str(weight.dtype)
        values = random.normal(size=tuple(weight.shape)) * 50
        weight.assign(values.astype("int8" if kind.startswith("int") else "float32"))
    return model


def expected(model: Any, path: Path) -> list[Any]:
    """Return the weights that a file of weights stands for.

    What LoRA adds is in the kernel of a file, and only there: what Keras reads from it has zeros.
    """
    if any("lora" in weight.name for weight in model.weights):
        model = keras().models.model_from_json(model.to_json())
        model.load_weights(path)
    return [np.asarray(keras().ops.convert_to_numpy(weight)) for weight in model.weights]


def same_bits(found: Any, wanted: Any) -> bool:
    """Tell whether two arrays are one; half precision may come as more."""
    if wanted.dtype.name == "bfloat16":
        wanted = wanted.astype("float32")
    return (
        found.dtype == wanted.dtype
        and found.shape == wanted.shape
        and np.array_equal(found, wanted)
    )


def check(make: Make, folder: Path) -> None:
    keras().backend.clear_session()
    model = with_random_weights(make(keras()))
    (folder / "model.json").write_text(model.to_json(), "utf-8")
    model.save_weights(folder / "model.weights.h5")
    model.save(folder / "model.keras")
    wanted = expected(model, folder / "model.weights.h5")
    for name, architecture in (("model.weights.h5", "model.json"), ("model.keras", "model.keras")):
        found = weights_of(folder / name, graph_of(folder / architecture))
        if len(found) != len(wanted):
            # Shared layers stand in the file of the architecture once for each model.
            wanted = unshared(model, found, wanted)
        for (slot, array), weight in zip(found, wanted, strict=True):
            assert same_bits(array, weight), (name, slot)


def unshared(model: Any, found: list[Any], wanted: list[Any]) -> list[Any]:
    """Return the weights of a model once for each place where its layers stand."""
    kept = {weight.path: array for weight, array in zip(model.weights, wanted, strict=True)}
    ends = [f"{slot.owner or slot.layers[-1]}/{slot.role}" for slot, _ in found]
    return [next(kept[path] for path in kept if path.endswith(end)) for end in ends]


@pytest.mark.parametrize(
    "make", [m for n, m in ALL if n in FEW], ids=[n for n, _ in ALL if n in FEW]
)
def test_weights_are_read_bit_for_bit(make: Make, tmp_path: Path) -> None:
    check(make, tmp_path)


@pytest.mark.sweep
@pytest.mark.parametrize("make", [make for _, make in ALL], ids=[name for name, _ in ALL])
def test_weights_of_every_layer_are_read_bit_for_bit(make: Make, tmp_path: Path) -> None:
    check(make, tmp_path)


def test_a_learned_vocabulary_is_written_beside_the_weights(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layers = keras().layers
    lookup = layers.StringLookup(name="look")
    lookup.adapt(["a", "b", "b", "\u00fc"])
    given = layers.StringLookup(vocabulary=["x"], name="given")
    x = keras().Input((1,), dtype="string")
    embedded = [layers.Embedding(5, 2)(given(x)), layers.Embedding(5, 2)(lookup(x))]
    model = keras().Model(x, layers.Add()(embedded))
    model.save(tmp_path / "m.keras")
    assert main([str(tmp_path / "m.keras"), "-o", str(tmp_path / "m.py")]) == 0
    assert "the vocabulary of look was learned from data" in capsys.readouterr().err
    lines = (tmp_path / "m_weights" / "vocabulary_0.txt").read_text("utf-8").splitlines()
    assert lines == lookup.get_vocabulary()
    assert len(list((tmp_path / "m_weights").iterdir())) == 4


def test_a_page_loads_what_was_converted(tmp_path: Path) -> None:
    model = with_random_weights(shared(keras()))
    model.save(tmp_path / "m.keras")
    assert main([str(tmp_path / "m.keras"), "-o", str(tmp_path / "m.py")]) == 0
    module = import_page(tmp_path / "m.py")
    loaded = module.load_model(tmp_path / "m_weights")
    values = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    np.testing.assert_allclose(loaded.predict(values), model.predict(values), rtol=1e-5)


# The corpus


@pytest.mark.sweep
@pytest.mark.parametrize("case", RECORDED, ids=[case.id for case in RECORDED])
def test_the_weights_of_the_corpus_are_read_bit_for_bit(case: Case, tmp_path: Path) -> None:
    assert case.numeric is not None
    page = compiled_page(case, tmp_path)
    fresh_keras()
    model = build(import_page(page))
    count = len(model.weights)
    wanted = [np.load(case.numeric / f"weight_{i}.npy") for i in range(count)]
    model.set_weights(wanted)
    model.save_weights(tmp_path / "m.weights.h5")
    if any("lora" in weight.name for weight in model.weights):
        model.load_weights(tmp_path / "m.weights.h5")
        wanted = model.get_weights()
    graph = compile_file(case.path, options_for(case)).artifact.model
    assert graph is not None
    found = weights_of(tmp_path / "m.weights.h5", graph)
    for (slot, array), weight in zip(found, wanted, strict=True):
        assert np.array_equal(array, weight), slot
