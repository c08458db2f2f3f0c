"""Laws of structure recovery: nothing is lost, every page is proved, and it ends."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kcodegen import CompileError, Options, compile_file, pipeline
from kcodegen.ir.graph import Artifact, Call, Graph, Layer
from kcodegen.ir.outline import Outline, Repeat, Step, Use, When
from kcodegen.ir.show import show_outline
from kcodegen.ir.values import Ref
from kcodegen.ir.verify_outline import verify_outline
from kcodegen.registry.vocabulary import Vocabulary
from kcodegen.structure.expand import expand
from kcodegen.structure.explain import explain
from kcodegen.structure.recover import recover
from tests.corpus.cases import cases
from tests.golden.stages import GOLDEN, models
from tests.graphs import graphs
from tests.prepared import nested, prepared
from tests.structure.planted import mirrored, planted, twins

OPTIONS = Options()


def page(graph: Graph, **options) -> str:
    """Return the page of a graph; whatever can't be proved fails."""
    vocabulary = Vocabulary()
    artifact = pipeline.name_layers(Artifact("model", model=graph), vocabulary, OPTIONS)
    text, notes = pipeline.page(artifact, vocabulary, Options(**options))
    assert [note for note in notes if note.code == "structure"] == []
    return text


def named(graph: Graph) -> Graph:
    artifact = pipeline.name_layers(Artifact("model", model=graph), Vocabulary(), OPTIONS)
    model = pipeline.shorten(artifact).model
    assert model is not None
    return model


def assert_nothing_is_lost(graph: Graph) -> Outline:
    found = recover(graph)
    verify_outline(found)
    comparable = pipeline._comparable
    assert comparable(expand(found)) == comparable(graph)
    return found


@settings(max_examples=120)
@given(planted())
def test_expanding_what_is_recovered_gives_the_graph(graph):
    assert_nothing_is_lost(named(prepared(graph)))


@settings(max_examples=60)
@given(planted())
def test_every_page_of_planted_repeats_is_proved(graph):
    page(prepared(graph))


@settings(max_examples=40)
@given(st.one_of(twins(), mirrored()))
def test_every_page_of_twins_and_mirrors_is_proved(graph):
    prepared_graph = prepared(graph)
    assert_nothing_is_lost(named(prepared_graph))
    page(prepared_graph)


@given(graphs())
def test_random_graphs_lose_nothing_either(graph):
    for model in nested(named(prepared(graph))):
        assert_nothing_is_lost(model)


@given(graphs())
def test_every_page_of_a_random_graph_is_proved(graph):
    page(prepared(graph))


@given(planted())
def test_the_choice_is_the_same_every_time(graph):
    model = named(prepared(graph))
    assert show_outline(recover(model)) == show_outline(recover(model))


@given(planted())
def test_a_flat_page_has_no_helpers_and_no_loops(graph):
    text = page(prepared(graph), flat=True)
    assert "    for " not in text.split("def load_weights")[0]
    assert text.split("def load_weights")[0].count("\ndef ") == 1


def test_real_models_lose_nothing():
    seen = 0
    for case in cases("keras3.15"):
        try:
            result = compile_file(case.path)
        except CompileError:  # a class of its author's
            continue
        if result.artifact.model is None:
            continue
        assert [note for note in result.diagnostics if note.code == "structure"] == []
        model = pipeline.shorten(result.artifact).model
        assert model is not None
        for graph in models(model):
            assert_nothing_is_lost(graph)
            seen += 1
    assert seen > 60


def kinds(outline: Outline) -> set[str]:
    found: set[str] = set()
    stack = list(outline.steps)
    for block in outline.blocks:
        stack += block.body.steps
    while stack:
        item = stack.pop()
        match item:
            case Step():
                found.add("step")
            case Use():
                found.add("use")
            case Repeat(body=body):
                found.add("repeat")
                stack += body.steps
            case When(body=body, orelse=orelse):
                found.add("when")
                stack += (*body.steps, *orelse.steps)
    return found


@pytest.mark.parametrize("name", ["structure-mobilenetv2", "structure-efficientnetb0"])
def test_an_application_has_blocks_loops_and_conditions(name):
    model = pipeline.shorten(compile_file(GOLDEN / name / "arch.json").artifact).model
    assert model is not None
    outline = recover(model)
    assert kinds(outline) == {"step", "use", "repeat", "when"}
    sentences = list(explain(outline))
    assert len(sentences) == len(outline.blocks)
    assert all("stands for" in sentence for sentence in sentences)


def test_a_loop_inside_a_block_keeps_its_own_variable():
    """The block is used once, in a loop: put back there, its loop keeps its own variable."""
    layers = [Layer("a", "keras.Input", (("shape", (8,)),))]
    calls, ends = [Call("a/0", "layer", "a")], []
    x = Ref("a/0")
    for i in range(4):
        for j in range(3):
            name = f"block{i}_norm{j}"
            layers.append(Layer(name, "keras.layers.LayerNormalization"))
            calls.append(Call(f"{name}/0", "layer", name, (x,)))
            x = Ref(f"{name}/0")
        ends.append(x)
    layers.append(Layer("joined", "keras.layers.Concatenate"))
    calls.append(Call("joined/0", "layer", "joined", (tuple(ends),)))
    end = Ref("joined/0")
    graph = Graph("nested", "keras.Model", tuple(layers), tuple(calls), Ref("a/0"), end)
    outline = assert_nothing_is_lost(graph)
    assert "repeat" in kinds(outline)
    page(graph)
