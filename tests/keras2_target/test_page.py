"""What a page for Keras 2 may import, and what the proof makes of other pages."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import keras
import pytest

from kcodegen import Options, compile_model
from kcodegen.diagnostics import CompileError
from kcodegen.readback import ReadBackError, read_back
from kcodegen.registry.targets import KERAS_2, KERAS_3
from kcodegen.registry.vocabulary import Vocabulary
from tests.lambdas.forms import compiled, keras3

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
PAGE = (GOLDEN / "target-keras2-cnn" / "keras2.py").read_text("utf-8")
TARGET = Options(target="keras2")
CHECK = 'if hasattr(keras, "ops"):'


def read(text: str, target: object = KERAS_2) -> object:
    return read_back(text, Vocabulary(target=target), "model", "build_model").model  # type: ignore[arg-type]


def test_the_page_reads_back() -> None:
    assert len(read(PAGE).layers) == 23  # type: ignore[attr-defined]


@pytest.mark.parametrize("page", sorted(GOLDEN.glob("*/keras2.py")), ids=lambda p: p.parent.name)
def test_the_page_is_one_for_the_python_of_its_tensorflow(page: Path) -> None:
    """TensorFlow 2.9 runs on Python 3.7, where `str | Path` must not be computed."""
    text = page.read_text("utf-8")
    ast.parse(text, feature_version=(3, 7))
    assert "from __future__ import annotations" in text.splitlines()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("import annotations", "import division"),
        ("from pathlib import Path", "from pathlib import os"),
        ("import tf_keras as keras", "import os as keras"),
        ("import tf_keras as keras", "import tf_keras as layers"),
        ("from tf_keras import layers", "from os import layers"),
        ("    from tensorflow import keras\n", "    from torch import keras\n"),
        ("tensorflow.keras import layers, regularizers", "tensorflow.keras import layers"),
        ("tensorflow.keras import layers", "tensorflow.keras import losses as layers, layers as l"),
        ("except ImportError:", "except Exception:"),
        (
            "    from tensorflow import keras\n",
            "    from tensorflow import keras\n    print(keras)\n",
        ),
        (CHECK, 'if hasattr(keras, "op"):'),
        (CHECK, "if keras.__version__:"),
    ],
)
def test_other_imports_are_no_page(old: str, new: str) -> None:
    assert old in PAGE
    with pytest.raises(ReadBackError):
        read(PAGE.replace(old, new))


def test_a_page_for_keras_3_chooses_nothing() -> None:
    with pytest.raises(ReadBackError):
        read(PAGE, KERAS_3)


@pytest.mark.parametrize(("old", "new"), [("alpha=0.1", "alpha=0.2"), ('"softmax"', '"relu"')])
def test_another_page_says_something_else(old: str, new: str) -> None:
    assert read(PAGE.replace(old, new)) != read(PAGE)


def test_an_argument_of_keras_3_is_no_argument() -> None:
    with pytest.raises(ReadBackError, match="negative_slope"):
        read(PAGE.replace("alpha=0.1", "negative_slope=0.1"))


def model(*layers: tuple[str, dict[str, object]], op: dict[str, object] | None = None) -> object:
    """Return the JSON of a Sequential that Keras 3 has written."""
    first = {"batch_shape": [None, 6], "dtype": "float32", "optional": False, "name": "x"}
    items = [("InputLayer", first), *layers]
    made = [
        {"module": "keras.layers", "class_name": name, "config": config, "registered_name": None}
        for name, config in items
    ]
    config = {"name": "chain", "trainable": True, "layers": made}
    return {
        "module": "keras",
        "class_name": "Sequential",
        "config": config,
        "registered_name": None,
    }


OF_KERAS: dict[str, object] = {"module": "keras.layers", "registered_name": None}
CROP: dict[str, object] = {"name": "c", "height": 2, "width": 2}


@pytest.mark.parametrize(
    ("name", "config", "words"),
    [
        ("RMSNormalization", {"name": "a"}, "Keras 2 has no RMSNormalization"),
        ("Dense", {"name": "a", "units": 2, "activation": "glu"}, "activation 'glu'"),
        ("Dense", {"name": "a", "units": 2, "activation": "hard_sigmoid"}, "computes it otherwise"),
        ("Dense", {"name": "a", "units": 2, "lora_rank": 4}, "lora_rank of a Dense"),
        ("Dense", {"name": "a b", "units": 2}, "no layer or model with the name"),
        ("LayerNormalization", {"name": "a", "rms_scaling": True}, "rms_scaling"),
        ("RandomCrop", CROP, "leaves images as they are"),
        (
            "TimeDistributed",
            {"name": "a", "layer": {**OF_KERAS, "class_name": "RandomCrop", "config": CROP}},
            "leaves images as they are",
        ),
    ],
)
def test_what_needs_keras_3_is_refused(name: str, config: dict[str, object], words: str) -> None:
    with pytest.raises(CompileError) as caught:
        compile_model(model((name, config)), TARGET)
    (problem,) = caught.value.diagnostics
    assert problem.code == "needs-keras3"
    assert words in problem.message
    assert problem.origin.pointer == "/config/layers/1"
    assert "--target" in problem.hint


def test_a_skeleton_stands_on_a_page_for_keras_2() -> None:
    text = json.dumps(model(("Scale", {"name": "scale", "factor": 3})))
    text = text.replace('"module": "keras.layers", "class_name": "Scale"', '"class_name": "Scale"')
    page = compile_model(text, Options(target="keras2", stubs=True)).text
    assert "\nclass Scale(layers.Layer):\n" in page
    assert "Scale(factor=3)" in page


def test_a_decompiled_function_may_need_keras_3() -> None:
    plain = compiled(keras3(lambda x: x * 2), target="keras2").text
    assert "    return x * 2\n" in plain
    said = compiled(keras3(lambda x: keras.ops.mean(x)), target="keras2").text
    assert "    return tf.reduce_mean(x)\n" in said
    with pytest.raises(CompileError, match=r"ops\.logaddexp has no equal") as caught:
        compiled(keras3(lambda x: keras.ops.logaddexp(x, x)), target="keras2")
    assert [problem.code for problem in caught.value.diagnostics] == ["needs-keras3"]


def test_the_first_names_are_those_of_keras_2() -> None:
    text = json.dumps(model(("Dense", {"name": "dense", "units": 2})))
    text = text.replace('"x"', '"input_1"').replace('"chain"', '"sequential"')
    page = compile_model(text, TARGET).text
    assert "keras.Input((6,))," in page
    assert "name=" not in page.partition("def build_model")[2].partition("def load_weights")[0]


def mean_of(dtype: str) -> object:
    """Return the JSON of a model of Keras 3 that takes the mean of its input."""
    history = {"shape": [None, 6], "dtype": dtype, "keras_history": ["x", 0, 0]}
    tensor = {"class_name": "__keras_tensor__", "config": history}
    first = {"batch_shape": [None, 6], "dtype": dtype, "optional": False, "name": "x"}
    layers = [
        {"module": "keras.layers", "class_name": "InputLayer", "config": first, "name": "x"},
        {
            "module": "keras.src.ops.numpy",
            "class_name": "Mean",
            "config": {"name": "mean", "axis": 1, "keepdims": False},
            "name": "mean",
        },
    ]
    nodes: list[list[object]] = [[], [{"args": [tensor], "kwargs": {}}]]
    made = [
        {**layer, "registered_name": None, "inbound_nodes": node}
        for layer, node in zip(layers, nodes, strict=True)
    ]
    ends = {"input_layers": ["x", 0, 0], "output_layers": ["mean", 0, 0]}
    return {
        "module": "keras.src.models.functional",
        "class_name": "Functional",
        "config": {"name": "m", "trainable": True, "layers": made, **ends},
        "registered_name": "Functional",
    }


def test_a_mean_of_integers_is_one_of_floats() -> None:
    assert "tf.reduce_mean(x, axis=1)" in compile_model(mean_of("float32"), TARGET).text
    page = compile_model(mean_of("int32"), TARGET).text
    assert 'tf.reduce_mean(tf.cast(x, "float32"), axis=1)' in page


def test_integers_and_floats_at_once_are_refused() -> None:
    text = (GOLDEN / "ops-constants" / "arch.json").read_text("utf-8")
    with pytest.raises(CompileError, match=r"ops\.multiply of tensors of different types"):
        compile_model(text, TARGET)


def test_compiling_imports_no_keras() -> None:
    source = str(GOLDEN / "target-keras2-ops" / "arch.json")
    code = (
        "import sys; from kcodegen import cli; "
        f"cli.main([{source!r}, '--target', 'keras2', '-o', '-']); "
        "assert not {'keras', 'tf_keras', 'tensorflow'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
