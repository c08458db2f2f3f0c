"""Random models through the whole compiler: the proof holds, and the page is fit to be read."""

from __future__ import annotations

import ast
import builtins
import json

import black
import pytest
from hypothesis import assume, given, settings

from kcodegen import Options, compile_model
from tests.graphs import graphs
from tests.keras_json import to_json
from tests.prepared import could_clash

POLICIES = ("auto", "keep", "drop")


@settings(max_examples=150)
@given(graphs())
def test_any_model_compiles_and_is_proved(graph):
    assume(not could_clash(graph))
    compile_model(to_json(graph))


@pytest.mark.sweep
@settings(max_examples=3000)
@given(graphs())
def test_thousands_of_models_compile_and_are_proved(graph):
    assume(not could_clash(graph))
    for names in POLICIES:
        compile_model(to_json(graph), Options(names=names))


@settings(max_examples=30)
@given(graphs())
def test_names_can_be_kept_or_dropped(graph):
    assume(not could_clash(graph))
    text = json.dumps(to_json(graph))
    kept, dropped = (compile_model(text, Options(names=names)) for names in ("keep", "drop"))
    assert all(layer.named for layer in kept.artifact.model.layers)
    assert len(dropped.text) <= len(kept.text)


@settings(max_examples=25)
@given(graphs())
def test_black_finds_nothing_to_change(graph):
    assume(not could_clash(graph))
    for length in (60, 88, 120):
        page = compile_model(to_json(graph), Options(line_length=length)).text
        functions = page[page.index("\ndef build_") : page.index("\ndef load_weights")]
        tidy = black.format_str(functions, mode=black.Mode(line_length=length))
        assert functions.strip() == tidy.strip()


@settings(max_examples=60)
@given(graphs())
def test_a_page_is_ascii_and_uses_what_it_names(graph):
    assume(not could_clash(graph))
    page = compile_model(to_json(graph)).text
    assert page.isascii()
    assert page.replace("\n", "").isprintable()
    tree = ast.parse(page)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    imported = {
        (alias.asname or alias.name)
        for node in tree.body
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert imported <= used
    assert not defined & imported
    for function in tree.body:
        if isinstance(function, ast.FunctionDef) and function.name.startswith("build_"):
            assert_variables_are_read(function)


def assert_variables_are_read(function: ast.FunctionDef) -> None:
    names = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
    stored = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    read = {node.id for node in names if isinstance(node.ctx, ast.Load)}
    assert stored - read <= {"_"}
    assert not any(hasattr(builtins, name) for name in stored)


@settings(max_examples=30)
@given(graphs())
def test_compiling_twice_gives_the_same_bytes(graph):
    assume(not could_clash(graph))
    text = json.dumps(to_json(graph))
    assert compile_model(text).text == compile_model(json.loads(text)).text
