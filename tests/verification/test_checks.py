"""What `--verify` looks at: right pages pass, and every kind of wrong page is found."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from kcodegen import Options, cli, compile_file, convert_weights
from kcodegen.verification import samples
from kcodegen.verification.checks import FAILED, OK, UNKNOWN, Job, verify
from kcodegen.verification.native import holds_bytecode
from kcodegen.verification.rebuild import arrays_of, fresh_keras, import_page

KERAS_0 = Path(__file__).parents[2] / "golden/keras0-compiled/arch.json"
Results = dict[str, tuple[str, str]]


def model() -> keras.Model:
    """Return a compiled model of two inputs and two outputs, with words, statistics and a nest."""
    fresh_keras()
    words, image = (
        keras.Input((None,), dtype="int32", name="words"),
        keras.Input((32, 32, 3), name="image"),
    )
    x = layers.GlobalAveragePooling1D()(layers.Embedding(30, 4)(words))
    inner = keras.Sequential([keras.Input((32, 32, 3)), layers.Normalization()], name="inner")
    y = layers.Flatten()(layers.MaxPooling2D(8)(layers.Conv2D(2, 3)(inner(image))))
    out = layers.Dense(3, name="out")(layers.concatenate([x, y]))
    made = keras.Model({"words": words, "image": image}, {"out": out, "mean": x})
    made.compile("sgd", loss={"out": "mse", "mean": None})
    return made


def results(
    file: Path,
    folder: Path,
    change: Callable[[str], str] = str,
    origin: Path | None = None,
    **options: Any,
) -> Results:
    """Compile a file, verify the page with `change` made to it, and return what was found.

    `origin` is the file that the weights among the options come from.
    """
    asked = Options(**options)
    text = change(compile_file(file, asked).text)
    page, scratch = folder / "page.py", folder / "scratch"
    page.write_text(text, "utf-8")
    scratch.mkdir(exist_ok=True)
    weights = None if asked.weights is None else str(asked.weights)
    fresh()
    given = None if origin is None else str(origin)
    job = Job(str(page), str(file), asked.target, weights, asked.custom, str(scratch), given)
    return {check.what: (check.result, check.detail) for check in verify(job)}


def fresh() -> None:
    """Let the counters of both generations of Keras begin anew, as in a new process."""
    import tf_keras

    fresh_keras()
    tf_keras.backend.reset_uids()


def what(found: Results) -> dict[str, str]:
    return {name: result for name, (result, _) in found.items()}


GOOD = {"page": OK, "configuration": OK, "weights": OK, "outputs": OK}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "model.json"
    path.write_text(model().to_json(), "utf-8")
    return path


def replaced(old: str, new: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return change


def test_a_right_page_passes(source: Path, tmp_path: Path) -> None:
    found = results(source, tmp_path)
    assert what(found) == GOOD
    assert found["weights"][1] == "8 of the same shapes"
    assert found["outputs"][1] == "2 equal, for seeded inputs and seeded weights"


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (replaced("Dense(3", "Dense(4"), "configuration"),
        (replaced("MaxPooling2D", "AveragePooling2D"), "configuration"),
        (replaced('"mse"', '"mae"'), "configuration"),
        (replaced("variable.assign(", "variable.assign(2 * "), "outputs"),
        (replaced("    finalize_normalization(model)\n", ""), "outputs"),
        (replaced("import numpy as np\n", "import no_numpy as np\n"), "page"),
        (replaced("layers.Conv2D(2, 3)", "layers.Conv2D(2, 300)"), "page"),
        (replaced("    if problems:\n", "    if True:\n"), "weights"),
    ],
    ids=["units", "class", "training", "values", "statistics", "import", "build", "loader"],
)
def test_a_wrong_page_is_found(
    source: Path, tmp_path: Path, change: Callable[[str], str], wrong: str
) -> None:
    found = what(results(source, tmp_path, change))
    assert [name for name, result in found.items() if result == FAILED] == [wrong]


def test_the_fast_loader_is_tried_as_well(source: Path, tmp_path: Path) -> None:
    """What reads while the model is built is another function than what `load_weights` calls."""
    found = results(source, tmp_path, fast_load=True)
    assert what(found) == {**GOOD, "fast load": OK}
    assert found["fast load"][1] == "8 weights are the same, bit for bit"
    wrong = results(source, tmp_path, replaced("file.seek(start)", "file.seek(0)"), fast_load=True)
    assert what(wrong) == {**GOOD, "fast load": FAILED}
    assert wrong["fast load"][1] == "weight_0.npy and 7 others differ"
    failing = results(source, tmp_path, replaced("begun.pop(", "begun.push("), fast_load=True)
    assert failing["fast load"][0] == FAILED


def test_weights_of_a_folder_are_used(source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "weights"
    folder.mkdir()
    made = model()
    samples.save_weights(made.get_weights(), folder, as_they_are=False)
    found = results(source, tmp_path, weights=folder)
    assert what(found) == GOOD
    assert found["outputs"][1].endswith("the folder's weights")


@pytest.mark.parametrize("ending", [".keras", ".h5", ""])
def test_the_weights_of_an_archive_are_used(tmp_path: Path, ending: str) -> None:
    """Also of one whose name does not tell what it is."""
    file = tmp_path / f"saved{ending or '.keras'}"
    model().save(file)
    if not ending:
        file = file.rename(tmp_path / "saved")
    found = results(file, tmp_path)
    assert what(found) == GOOD
    assert found["outputs"][1].endswith("the file's weights")


@pytest.mark.parametrize("generation", ["keras2.3", "tf2.15", "keras3.15"])
def test_models_of_tensorflow_js_are_loaded(generation: str, tmp_path: Path) -> None:
    source = Path(__file__).parents[1] / "weights" / "files" / "tfjs" / generation / "model.json"
    found = results(source, tmp_path)
    result, detail = found["configuration"]
    if generation == "keras3.15":
        assert (result, detail.partition(",")[0]) == (OK, "it is what Keras' own loader gives")
    assert [found[what][0] for what in ("page", "weights", "outputs")] == [OK, OK, OK]
    wrong = results(source, tmp_path, lambda text: text.replace("LSTM(2", "LSTM(3"))
    assert FAILED in [result for result, _ in wrong.values()]


@pytest.mark.parametrize("ending", [".weights.h5", ".h5", ".keras", ".npz"])
def test_weights_in_a_file_of_their_own_are_those_that_keras_loads(
    source: Path, tmp_path: Path, ending: str
) -> None:
    """A folder that is not what the file holds is found, where Keras can load the file."""
    folder, origin = tmp_path / "weights", tmp_path / f"saved{ending}"
    folder.mkdir()
    made = model()
    if ending == ".npz":
        np.savez(origin, *made.get_weights())
    else:
        (made.save_weights if ending == ".weights.h5" else made.save)(origin)
    arrays = made.get_weights()
    samples.save_weights(arrays, folder, as_they_are=True)
    found = results(source, tmp_path, origin=origin, weights=folder)
    assert what(found) == GOOD
    used = "the folder's weights" if ending == ".npz" else "the file's weights"
    assert found["outputs"][1].endswith(used)
    arrays[-2] = arrays[-2][::-1]
    samples.save_weights(arrays, folder, as_they_are=True)
    found = results(source, tmp_path, origin=origin, weights=folder)
    assert what(found)["outputs"] == (OK if ending == ".npz" else FAILED)


def test_what_keras_cannot_load_is_said(tmp_path: Path) -> None:
    dense = {"name": "dense", "units": 2, "batch_input_shape": [None, 3]}
    folder = tmp_path / "weights"
    folder.mkdir()
    for i, shape in enumerate([(3, 2), (2,)]):
        np.save(folder / f"weight_{i}.npy", np.ones(shape))
    flat = tmp_path / "flat.json"
    flat.write_text(json.dumps({"layers": [{"class_name": "Dense", **dense}]}))
    found = results(flat, tmp_path, weights=folder)
    assert found["configuration"] == (UNKNOWN, "Keras has no loader for such a file")
    assert found["weights"] == (OK, "2 of the folder fit")
    (folder / "weight_1.npy").write_bytes(b"")
    assert "weight_1.npy cannot be read" in broken(flat, tmp_path, folder)["weights"][1]


def broken(file: Path, folder: Path, weights: Path) -> Results:
    """Verify with a folder that has been spoiled since the page was compiled."""
    page = folder / "page.py"
    job = Job(str(page), str(file), "keras3", str(weights), (), str(folder / "scratch"))
    return {check.what: (check.result, check.detail) for check in verify(job)}


def built() -> keras.Layer:
    """Return a layer that knows the shapes of its input, and so does the one inside it."""
    layer = layers.TimeDistributed(layers.Dropout(0.5))
    layer.build((None, 4, 5))
    return layer


DECAY = {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5}
OBJECTS: dict[str, Any] = {
    "optimizer": keras.saving.serialize_keras_object(keras.optimizers.Adam(0.25)),
    "several": [keras.saving.serialize_keras_object(keras.regularizers.L2(0.5)), "relu"],
    "by hand": {"class_name": "ExponentialDecay", "config": DECAY},
    "name": "mean_squared_error",
    "built": keras.saving.serialize_keras_object(built()),
}


@pytest.mark.parametrize("name", OBJECTS)
def test_an_object_is_compared_by_its_config(tmp_path: Path, name: str) -> None:
    file = tmp_path / "object.json"
    file.write_text(json.dumps(OBJECTS[name]))
    assert what(results(file, tmp_path)) == {"page": OK, "configuration": OK}
    changes = {"optimizer": ("0.25", "0.5"), "name": ("squared", "absolute")}
    change = changes.get(name, ("0.5", "0.25"))
    found = what(results(file, tmp_path, replaced(*change)))
    assert found["configuration"] == (UNKNOWN if name == "by hand" else FAILED)


def test_a_page_for_keras2_is_compared_with_its_own_loader(tmp_path: Path) -> None:
    import tf_keras

    fresh()
    inputs = tf_keras.Input((8, 3))
    x = tf_keras.layers.GRU(2)(tf_keras.layers.BatchNormalization()(inputs))
    made = tf_keras.Model(inputs, x)
    file = tmp_path / "old.json"
    file.write_text(made.to_json())
    assert what(results(file, tmp_path, target="keras2")) == GOOD
    change = replaced("variable.assign(", "variable.assign(2 * ")
    assert what(results(file, tmp_path, change, target="keras2"))["outputs"] == FAILED


@pytest.mark.parametrize("ending", [".json", ".h5"])
def test_keras2_answers_for_a_file_that_keras3_cannot_load(tmp_path: Path, ending: str) -> None:
    """Also where it keeps weights in another order: a model in a wrapper, statistics inside."""
    import tf_keras

    fresh()
    old = tf_keras.layers
    inner = [old.Dense(4), old.BatchNormalization(), old.Dense(4), old.Normalization()]
    inputs = tf_keras.Input((5, 4))
    x = old.TimeDistributed(tf_keras.Sequential([tf_keras.Input((4,)), *inner]))(inputs)
    made = tf_keras.Model(inputs, old.LSTM(3)(x))
    file = tmp_path / f"old{ending}"
    if ending == ".json":
        file.write_text(made.to_json())
    else:
        made.set_weights([np.full_like(a, 0.1 + i / 20) for i, a in enumerate(made.get_weights())])
        made.save(file)
    found = what(results(file, tmp_path))
    assert found == GOOD | {"configuration": UNKNOWN}
    wrong = what(results(file, tmp_path, replaced("variable.assign(", "variable.assign(2 * ")))
    assert wrong["outputs"] == UNKNOWN


@pytest.mark.parametrize("ending", [".json", ".keras"])
def test_keras3_answers_for_a_page_for_keras2(tmp_path: Path, ending: str) -> None:
    """Also where Keras 2 keeps weights in another order: a wrapped model, statistics inside."""
    fresh()
    inner = [layers.Dense(4), layers.BatchNormalization(), layers.Dense(4), layers.Normalization()]
    inputs = keras.Input((5, 4))
    x = layers.TimeDistributed(keras.Sequential([keras.Input((4,)), *inner]))(inputs)
    frozen = keras.Sequential([keras.Input((4,)), layers.Dense(4), layers.Dense(4)])
    frozen.layers[0].trainable = False
    made = keras.Model(inputs, frozen(layers.LSTM(4)(x)))
    made.set_weights([np.full_like(a, 0.1 + i / 20) for i, a in enumerate(made.get_weights())])
    file, options = tmp_path / f"new{ending}", {"target": "keras2"}
    if ending == ".json":
        file.write_text(made.to_json())
    else:
        made.save(file)
        assert cli.main([str(file), "-o", str(tmp_path / "m.py"), "--target", "keras2"]) == 0
        options["weights"] = tmp_path / "m_weights"
    found = results(file, tmp_path, **options)
    assert what(found) == GOOD | {"configuration": UNKNOWN}
    source = "seeded weights" if ending == ".json" else "the file's weights"
    assert found["outputs"][1].endswith(source)
    change = replaced("variable.assign(", "variable.assign(2 * ")
    assert what(results(file, tmp_path, change, **options))["outputs"] == FAILED


def test_a_page_that_asks_for_a_shape_cannot_be_built(tmp_path: Path) -> None:
    file = tmp_path / "flat.json"
    file.write_text(json.dumps({"layers": [{"class_name": "Dense", "name": "a", "units": 2}]}))
    assert what(results(file, tmp_path)) == {"page": UNKNOWN}


@pytest.mark.parametrize(
    ("got", "wanted", "wrong"),
    [
        ([np.ones(2)], [np.ones(2)], 0),
        ([np.ones(2)], [np.ones(2) + 1e-3], 1),
        ([np.array([np.nan, 1.0])], [np.array([np.nan, 1.0])], 0),
        ([np.array([np.nan, 1.0])], [np.array([0.0, 1.0])], 1),
        ([np.array(["a", "b"])], [np.array(["a", "b"])], 0),
        ([np.array(["a", "c"])], [np.array(["a", "b"])], 1),
        ([np.ones(2), np.ones(2)], [np.ones(2)], 1),
        ([np.ones(2)], [np.ones(3)], 1),
    ],
)
def test_outputs_of_every_kind_are_compared(got: Any, wanted: Any, wrong: int) -> None:
    assert len(samples.compare(got, wanted, 1e-5)) == wrong


def test_inputs_are_tried_until_one_runs() -> None:
    """Fractions are no rows of a table, and eight steps are too few for a large window."""
    inputs = keras.Input((None, 1))
    x = layers.Embedding(2, 2)(inputs)[:, :40]
    x = layers.Conv1D(1, 30)(layers.Reshape((40, 2))(x))
    arrays, found = samples.inputs_that_run(keras.Model(inputs, x))
    assert arrays[0].shape == (2, 64, 1)
    assert set(np.unique(arrays[0])) == {0.0, 1.0}
    assert found[0].shape == (2, 11, 1)
    narrow = keras.Model(inputs, layers.Conv1D(1, 300)(inputs))
    with pytest.raises(Exception, match=r"[Nn]egative|smaller|size"):
        samples.inputs_that_run(narrow)


@pytest.mark.parametrize(
    ("shapes", "first"),
    [
        ([(None, 5)], 8),
        ([(None, None, 5)], 8),
        ([(None, None, None, 3)], 224),
        ([(None, None, None, None, 1)], 64),
        ([(None, 5), (None, None, None, 3), (None, None)], 224),
        ([(None, 32, 32, 3), (None, None)], 8),
    ],
)
def test_images_of_any_size_begin_large(shapes: list[Any], first: int) -> None:
    """TensorFlow divides by zero, and the process dies, where a convolution finds no pixels."""
    assert samples.sizes_for(shapes)[0] == first


@pytest.mark.parametrize("target", ["keras3", "keras2"])
def test_keras2_never_runs_the_bytecode_of_a_file(target: Any, tmp_path: Path) -> None:
    import tf_keras

    fresh()
    inputs = tf_keras.Input((4,))
    made = tf_keras.Model(inputs, tf_keras.layers.Lambda(lambda x: x * 2)(inputs))
    file = tmp_path / "lambda.json"
    file.write_text(made.to_json())
    assert holds_bytecode(json.loads(made.to_json()))
    found = results(file, tmp_path, target=target)
    assert found["page"][0] == OK
    assert found["outputs"][0] == UNKNOWN
    assert ("would run the bytecode" in found["outputs"][1]) == (target == "keras2")


def test_a_file_without_bytecode_holds_none(source: Path) -> None:
    assert not holds_bytecode(json.loads(source.read_text()))


def test_keras0_writes_in_other_words(tmp_path: Path) -> None:
    found = results(KERAS_0, tmp_path)
    assert what(found) == {"page": OK, **dict.fromkeys(GOOD.keys() - {"page"}, UNKNOWN)}


@pytest.mark.parametrize("target", ["keras3", "keras2"])
@pytest.mark.parametrize("package", ["keras", "tf_keras"])
def test_a_model_that_is_not_built_has_no_weights(
    package: str, target: Any, tmp_path: Path
) -> None:
    fresh()
    library = importlib.import_module(package)
    made = library.Sequential([library.layers.Dense(3)])
    file = tmp_path / "unbuilt.json"
    file.write_text(made.to_json())
    found = results(file, tmp_path, target=target)
    assert found["page"][0] == OK
    reason = "no file knows its input: it is built when it is called"
    assert found["weights"] == found["outputs"] == (UNKNOWN, reason)


@pytest.mark.parametrize("fast_load", [False, True], ids=["plain", "fast"])
@pytest.mark.parametrize("target", ["keras3", "keras2"])
def test_a_learned_vocabulary_is_no_weight(target: Any, fast_load: bool, tmp_path: Path) -> None:
    """`model.weights` of Keras 2 has what is no variable among them."""
    import tf_keras

    fresh()
    words = tf_keras.Input((1,), dtype="string")
    lookup = tf_keras.layers.TextVectorization(max_tokens=9, output_sequence_length=4)
    lookup.adapt(np.array(["one two", "three two"]))
    x = tf_keras.layers.Embedding(9, 2)(lookup(words))
    made = tf_keras.Model(words, tf_keras.layers.Dense(3)(x))
    assert len(made.weights) == 4
    file = tmp_path / "words.json"
    file.write_text(made.to_json())
    found = results(file, tmp_path, target=target, fast_load=fast_load)
    assert found["page"][0] == OK
    assert found["weights"][1] == "3 of the same shapes"
    if fast_load:
        assert found["fast load"] == (OK, "3 weights are the same, bit for bit")
    folder = tmp_path / "weights"
    made.save(tmp_path / "words.keras")
    convert_weights(tmp_path / "words.keras", folder, options=Options(target=target))
    fresh()
    text = compile_file(file, Options(target=target, fast_load=fast_load)).text
    (tmp_path / "page.py").write_text(text)
    loaded = import_page(tmp_path / "page.py").load_model(folder)
    pairs = zip(arrays_of(loaded), arrays_of(made), strict=True)
    assert all(np.array_equal(ours, theirs) for ours, theirs in pairs)
