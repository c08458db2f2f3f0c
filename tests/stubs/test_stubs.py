"""Skeletons of a user's classes: they register, keep their arguments, and wait to be written."""

from __future__ import annotations

import ast
import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from kcodegen import CompileError, Options, cli
from kcodegen.diagnostics import ProofError
from kcodegen.pipeline import Result, compile_document, compile_file, prove
from kcodegen.readers import read_bytes
from kcodegen.registry.vocabulary import Vocabulary
from kcodegen.verification.rebuild import build, fresh_keras, import_page
from tests.corpus.cases import cases
from tests.frontends.documents import functional, layer, node, sequential, tensor
from tests.lambdas.forms import keras3

CORPUS = [
    case
    for case in cases("keras3.15", "keras2.3", "tf2.9", "tf2.12", "tf2.15")
    if case.custom and "subclass" not in case.name
]


def compiled(document: Any, **options: Any) -> Result:
    return compile_document(
        read_bytes(json.dumps(document).encode(), "x.json"), Options(stubs=True, **options)
    )


def custom(name: str, registered: str, of: str, **config: Any) -> Any:
    made = layer(name, registered.rpartition(">")[2], node(tensor(of)), **config)
    return {**made, "module": "acme", "registered_name": registered}


def defined(page: str, name: str) -> str:
    """Return the source of one definition of a page."""
    (found,) = (n for n in ast.parse(page).body if getattr(n, "name", "") == name)
    return ast.unparse(found)


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case.id)
def test_every_users_class_of_the_corpus_gets_a_skeleton(case):
    result = compile_file(case.path, Options(stubs=True))
    names = {node.name for node in ast.parse(result.text).body if hasattr(node, "name")}
    used = {name.rpartition(">")[2] for name, _ in case.custom}
    assert names & used
    assert "from zoo" not in result.text


def test_a_skeleton_is_made_registered_and_serialized_by_keras(tmp_path):
    (case,) = (c for c in CORPUS if c.id == "keras3.15/custom_registered")
    text = compile_file(case.path, Options(stubs=True)).text
    page = tmp_path / "page.py"
    filled = text.replace(
        'raise NotImplementedError("Scale is not written yet: (None, 4) -> (None, 4)")',
        "return inputs * self.factor",
    )
    assert filled != text
    page.write_text(
        filled.replace("def cube(*args, **kwargs):", "def cube(x):\n    return x**3").replace(
            "def __call__(self, shape, dtype=None):",
            "def __call__(self, shape, dtype=None):\n"
            "        return keras.ops.full(shape, self.val, dtype)",
        )
    )
    fresh_keras()
    built = build(import_page(page))
    original = case.config()["config"]["layers"][1]
    made = json.loads(built.to_json())["config"]["layers"][1]
    assert made["registered_name"] == original["registered_name"] == "Acme>Scale"
    assert made["config"]["factor"] == original["config"]["factor"]


def test_a_model_whose_shapes_are_recorded_can_be_built_before_it_is_written(tmp_path):
    (case,) = (c for c in CORPUS if c.id == "keras3.15/custom_registered")
    text = compile_file(case.path, Options(stubs=True)).text
    page = tmp_path / "page.py"
    page.write_text(text.replace("activation=cube, kernel_initializer=MyInit(val=0.25), ", ""))
    fresh_keras()
    built = build(import_page(page))
    assert built.output_shape == (None, 3)
    with pytest.raises(NotImplementedError, match="Scale is not written yet"):
        built(__import__("numpy").ones((2, 4), "float32"))


def test_the_layers_of_a_sequential_say_their_shapes():
    chain = [{**layer("x", "Scale"), "module": "acme"}, layer("y", "Dense", units=2)]
    first, second = ({**item, "build_config": {"input_shape": [None, 4]}} for item in chain)
    first["registered_name"] = "Acme>Scale"
    a = layer("a", "InputLayer", batch_shape=[None, 4])
    said = defined(compiled(sequential(a, first, second)).text, "Scale")
    assert "def compute_output_shape(self, input_shape):\n        return input_shape" in said
    assert "(None, 4) -> (None, 4)" in said


def test_arguments_that_are_not_always_given_are_optional():
    first = custom("one", "Acme>Gate", "a", units=3, input_shape=[4], weights=None)
    second = custom("two", "Acme>Gate", "one", units=5)
    page = compiled(functional(first, second)).text
    said = defined(page, "Gate")
    assert "def __init__(self, units, input_shape=None, weights=None, **kwargs):" in said
    assert "self.weights_ = weights" in said
    assert "config['weights'] = self.weights_" in said
    assert 'Gate(units=3, input_shape=(4,), weights=None, name="one")' in page


@pytest.mark.parametrize(
    "registered",
    ["Acme>a b", "Acme>class", "Acme>__init__", "x;y>Scale", 'x")\nimport os#>Scale'],
)
def test_a_name_that_is_none_gets_no_skeleton(registered):
    with pytest.raises(CompileError) as caught:
        compiled(functional(custom("s", registered, "a")))
    (found,) = caught.value.diagnostics
    assert found.code == "unknown-class"
    assert "--stubs" not in found.hint


@pytest.mark.parametrize("key", ["a b", "class", "self", "__class__", "x=1):\n  import os#"])
def test_an_argument_that_is_no_name_is_refused(key):
    with pytest.raises(CompileError) as caught:
        compiled(functional(custom("s", "Acme>Scale", "a", **{key: 1})))
    (found,) = caught.value.diagnostics
    assert found.code == "unknown-argument"


def test_a_skeleton_gives_way_to_what_a_page_needs():
    page = compiled(functional(custom("s", "Acme>Path", "a"))).text
    assert "class custom_path(layers.Layer)" in page
    assert 'register_keras_serializable(package="Acme", name="Path")' in page


def test_a_lambda_without_source_gets_a_skeleton():
    page = compiled(keras3(lambda t: t.numpy())).text
    assert "def work(*args, **kwargs):" in page
    assert "work is not written yet" in page
    assert "layers.Lambda(work," in page


def test_an_activation_without_source_gets_a_skeleton():
    document = keras3(lambda t: t.numpy())
    made = document["config"]["layers"][1]
    function = made["config"]["function"]
    made["class_name"] = "Dense"
    made["config"] = {"name": "work", "units": 2, "activation": function}
    page = compiled(document).text
    assert "def work_activation(*args, **kwargs):" in page
    assert "activation=work_activation" in page


# The proof


CHANGES = [
    ("factor, **kwargs", "factor=2, **kwargs"),
    ("factor, **kwargs", "factor, other, **kwargs"),
    ("factor, **kwargs", "**kwargs"),
    ("self.factor = factor", "self.factor = 1"),
    ('config["factor"] = self.factor', 'config["factor"] = 1'),
    ('raise NotImplementedError("Scale', 'return print("Scale'),
    ('package="Acme")\nclass', 'package="Other")\nclass'),
    ("(layers.Layer)", "(layers.Dense)"),
    ("Scale(factor=", "Scale(2, factor="),
    ("Scale(factor=3.0)", "Scale(factor=4.0)"),
    ("@keras.saving.register_keras_serializable", "@keras.saving.get_registered_object"),
]


@pytest.mark.parametrize(("old", "new"), CHANGES)
def test_a_page_whose_skeleton_says_another_thing_is_no_proof(old, new):
    (case,) = (c for c in CORPUS if c.id == "keras3.15/custom_registered")
    result = compile_file(case.path, Options(stubs=True))
    names = frozenset({"Scale", "cube", "MyInit"})
    vocabulary = Vocabulary(stubs=True)
    prove(result.text, result.artifact, vocabulary, "build_model", (), names)
    assert old in result.text
    text = result.text.replace(old, new, 1)
    with pytest.raises(ProofError):
        prove(text, result.artifact, vocabulary, "build_model", (), names)


# The one error


def test_classes_of_well_known_packages_come_with_their_module(tmp_path, monkeypatch, capsys):
    config = {"name": "backbone", "trainable": True, "num_layers": 2}
    preset = {
        "module": "keras_hub.src.models.bert.bert_backbone",
        "class_name": "BertBackbone",
        "config": config,
        "registered_name": "keras_hub>BertBackbone",
    }
    (tmp_path / "config.json").write_text(json.dumps(preset))
    monkeypatch.chdir(tmp_path)
    assert cli.main(["config.json", "-o", "page.py"]) == 3
    hint = capsys.readouterr().err.partition("; hint: ")[2]
    words = shlex.split(hint.partition(" imports them; ")[0])
    assert cli.main(words[1:]) == 0
    page = Path("page.py").read_text()
    assert page.startswith('"""Keras layer `BertBackbone`.')
    assert "from keras_hub.models import BertBackbone" in page
    assert 'return BertBackbone(num_layers=2, name="backbone")' in page


def test_one_error_lists_all_with_commands_that_run(tmp_path, monkeypatch, capsys):
    source = tmp_path / "my model.json"
    (case,) = (c for c in CORPUS if c.id == "keras3.15/custom_registered")
    source.write_text(case.path.read_text("utf-8"))
    monkeypatch.chdir(tmp_path)
    words = [source.name, "-o", "page.py"]
    assert cli.main(words) == 3
    (line,) = capsys.readouterr().err.splitlines()
    for name in ("Acme>Scale", "Acme>cube", "Acme>MyInit"):
        assert f"'{name}' is not known to Keras" in line
    first, second = line.partition("; hint: ")[2].split("; ")
    imports = shlex.split(first.removesuffix(" imports your own"))
    assert imports[0] == "kcodegen"
    assert cli.main(imports[1:]) == 0
    assert "from your_package.your_module import MyInit, Scale, cube" in Path("page.py").read_text()
    skeletons = shlex.split(second.removesuffix(" writes skeletons to be filled in"))
    assert cli.main(skeletons[1:]) == 0
    assert "class Scale(layers.Layer):" in Path("page.py").read_text()
