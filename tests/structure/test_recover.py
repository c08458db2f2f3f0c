"""Laws of structure recovery: nothing is lost, every page is proved, and it ends."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kcodegen import CompileError, Options, compile_file, pipeline
from kcodegen.ir.graph import Artifact, Call, Graph, Layer
from kcodegen.ir.outline import Outline, Repeat, Step, Use, When
from kcodegen.ir.show import show_outline
from kcodegen.ir.values import Ref, Value
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


def chain(*specs: tuple[str, str, dict[str, Value]]) -> Graph:
    """Return a model whose layers (class, name, arguments) follow each other."""
    layers = [Layer("input", "keras.Input", (("shape", (32, 32, 4)),))]
    calls = [Call("input/0", "layer", "input")]
    for kind, name, args in specs:
        layers.append(Layer(name, f"keras.layers.{kind}", tuple(args.items())))
        calls.append(Call(f"{name}/0", "layer", name, (Ref(calls[-1].id),)))
    ends = Ref("input/0"), Ref(calls[-1].id)
    return Graph("chain", "keras.Model", tuple(layers), tuple(calls), *ends)


def test_what_comes_before_every_copy_belongs_to_the_block():
    specs: list[tuple[str, str, dict[str, Value]]] = []
    for i, filters in enumerate((8, 16, 16, 8, 24, 24)):
        relu = "activation" if not i else f"activation_{i}"
        specs.append(("Activation", relu, {"activation": "relu"}))
        if i % 2:
            specs.append(("ZeroPadding2D", f"conv_pad_{i}", {"padding": ((0, 1), (0, 1))}))
        specs.append(("Conv2D", f"conv_{i}", {"filters": filters, "kernel_size": (2, 2)}))
        specs.append(("BatchNormalization", f"bn_{i}", {}))
        specs.append(("MaxPooling2D" if i == 3 else "Dropout", f"end_{i}", {"rate": 0.5}))
        if i == 3:
            specs[-1] = ("MaxPooling2D", f"end_{i}", {})
    outline = assert_nothing_is_lost(named(prepared(chain(*specs))))
    (block,) = outline.blocks
    first = block.body.steps[0]
    assert isinstance(first, Step)
    assert first.layer is not None
    assert first.layer.key == "keras.layers.Activation"
    assert any(isinstance(step, When) for step in block.body.steps)


def test_a_block_takes_widths_from_its_tensor():
    specs: list[tuple[str, str, dict[str, Value]]] = []
    for i, filters in enumerate((8, 12, 12, 16, 24, 32, 40)):
        width = 4 if not i else specs[-1][2]["filters"]
        assert isinstance(width, int)
        wide = {"filters": 6 * width, "kernel_size": (1, 1)}
        specs.append(("Conv2D", f"block_{i}_expand", wide))
        specs.append(("ReLU", f"block_{i}_relu", {}))
        specs.append(("Conv2D", f"block_{i}_project", {"filters": filters, "kernel_size": (1, 1)}))
    graph = prepared(chain(*specs))
    outline = assert_nothing_is_lost(named(graph))
    (block,) = outline.blocks
    assert block.width == "channels"
    assert [param.name for param in block.params] == ["filters", "name"]
    assert "channels = x.shape[-1]" in page(graph)
