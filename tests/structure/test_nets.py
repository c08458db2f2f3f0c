"""Nets that nobody looked at while the search was written: exact, short, with good names."""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
from functools import cache

import pytest

from kcodegen import Options, Result, compile_model
from kcodegen.verification.configs import differences
from kcodegen.verification.rebuild import described, fresh_keras, rebuild
from kcodegen.words import FIXED
from tests.structure.nets import pairs, sequences, vision

NETS = {net.__name__: net for module in (vision, sequences, pairs) for net in module.NETS}
MOST_PARAMS, MANY_LAYERS, SHORT = 6, 100, 0.25


@cache
def written(name: str) -> str:
    fresh_keras()
    return str(NETS[name]().to_json())


@cache
def compiled(name: str, flat: bool = False) -> Result:
    return compile_model(written(name), Options(flat=flat))


def helpers(text: str) -> list[ast.FunctionDef]:
    found = (node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef))
    return [f for f in found if f.name not in FIXED and not f.name.startswith("build_")]


def size(text: str) -> int:
    """Return the number of tokens of the model's code: what comes before the loaders."""
    code = text[: text.index("def load_weights")]
    kinds = (tokenize.NAME, tokenize.OP, tokenize.NUMBER, tokenize.STRING)
    tokens = tokenize.generate_tokens(io.StringIO(code).readline)
    return sum(token.type in kinds for token in tokens)


def test_there_are_enough_of_them():
    assert len(NETS) >= 40


@pytest.mark.parametrize("name", NETS)
def test_the_structure_of_a_net_is_on_its_page(name):
    assert [note.code for note in compiled(name).diagnostics] == []


@pytest.mark.parametrize("name", NETS)
def test_a_net_is_shorter_than_flat(name):
    layers = len(json.loads(written(name))["config"]["layers"])
    ratio = size(compiled(name).text) / size(compiled(name, True).text)
    assert ratio <= (SHORT if layers >= MANY_LAYERS else 1.0)


@pytest.mark.parametrize("name", NETS)
def test_helpers_have_words_for_names_and_few_parameters(name):
    for helper in helpers(compiled(name).text):
        assert not re.search(r"_\d+$", helper.name)
        assert len(helper.args.args) - 1 <= MOST_PARAMS


@pytest.mark.sweep
@pytest.mark.parametrize("name", NETS)
def test_a_net_comes_back_exactly(name, tmp_path):
    fresh_keras()
    original = described(NETS[name]())
    page = tmp_path / "page.py"
    page.write_text(compile_model(json.dumps(original.config)).text, "utf-8")
    rebuilt = rebuild(page)
    assert differences(original.config, rebuilt.config) == ()
    assert rebuilt.shapes == original.shapes
