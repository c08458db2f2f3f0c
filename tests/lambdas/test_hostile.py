"""Bytecode from strangers: nothing of it runs, and no name of it gets onto a page unasked."""

from __future__ import annotations

import ast
import base64
import contextlib
import json
import marshal
import random
import time
from pathlib import Path
from typing import Any

import pytest

from kcodegen import CompileError
from kcodegen.bytecode import NotDecompiled, decompile
from kcodegen.bytecode.unmarshal import MOST_BYTES
from tests.lambdas.forms import compiled, dumped, keras2, keras3

os: Any = None
K: Any = None
tf: Any = None
np: Any = None
keras: Any = None
ops: Any = None
math: Any = None
layer: Any = None

# A function, and the word of the reason that there is no page for it.
REFUSED = [
    (lambda t: os.system("true"), "'os.system'|'system'|'os'"),
    (lambda t: __import__("os"), "__import__"),
    (lambda t: eval("1"), "eval"),
    (lambda t: setattr(t, K, t), "setattr"),
    (lambda t: getattr(t, K), "getattr"),
    (lambda t: breakpoint(t), "breakpoint"),
    (lambda t: t.__class__.__bases__[0], "__class__"),
    (lambda t: t.numpy(), "numpy"),
    (lambda t: t.data, "data"),
    (lambda t: (0).__class__, "__class__"),
    (lambda t: K.__dict__["x"], "K.__dict__"),
    (lambda t: K.function([t], [t]), "K.function"),
    (lambda t: K.random_binomial((2, 2)), "K.random_binomial"),
    (lambda t: K.ctc_decode(t, t), "K.ctc_decode"),
    (lambda t: K.mean(t, surprise=1), "surprise"),
    (lambda t: tf.io.read_file("/etc/passwd"), "tf.io.read_file"),
    (lambda t: tf.py_function(t, [t], tf.float32), "tf.py_function"),
    (lambda t: tf.raw_ops.Abs(x=t), "tf.raw_ops.Abs"),
    (lambda t: tf.keras.utils.get_file("a", "b"), "keras.utils.get_file"),
    (lambda t: keras.models.load_model("x"), "keras.models.load_model"),
    (lambda t: keras.ops.custom_gradient(t), "custom_gradient"),
    (lambda t: ops.no_such_op(t), "no_such_op"),
    (lambda t: ops.map(t, t), "map"),
    (lambda t: np.load("x"), "np.load"),
    (lambda t: np.log(t), "np.log"),
    (lambda t: math.sqrt, "math.sqrt"),
    (lambda t: layer(t), "layer"),
    (lambda t: unknown, "unknown"),  # noqa: F821
    (lambda t: len, "len"),
    (lambda t: [v for v in t], "comprehension"),  # noqa: C416
    (lambda t: (lambda u: u)(t), "function"),
    (lambda *t: t, "plain"),
    (lambda **t: t, "plain"),
    (lambda t, *, u=1: t, "plain"),
    (lambda t: (yield t), "generator"),
    (lambda t: f"{t}", "formatted text"),
    (lambda t: max(*t), "unpacks"),
    (lambda t: {1, 2}, "set"),
    (lambda t: b"bytes", "constant"),
    (lambda t: 1j * t, "constant"),
    (lambda t: 1e999 * t, "finite"),
    (lambda t: t * 2**64, "64 bits"),
]


@pytest.mark.parametrize(("function", "word"), REFUSED, ids=[word for _, word in REFUSED])
def test_what_no_table_has_is_refused_with_the_reason(function, word):
    with pytest.raises(CompileError) as caught:
        compiled(keras3(function))
    (found,) = caught.value.diagnostics
    assert found.code == "lambda"
    assert any(part.strip("'") in found.message for part in word.split("|"))
    assert "--stubs" in found.hint
    assert found.origin.layer == "work"


def changed(code, **fields):
    """Return the text of a code object with some fields replaced."""
    return dumped(code.replace(**fields))


DOUBLE = (lambda t: t * 2).__code__


@pytest.mark.parametrize(
    "name", ["t;import os", "__builtins__", "None", "class", "a b", "t\n", "t, *args", "", "\uff41"]
)
def test_a_variable_is_a_plain_name(name):
    code = changed(DOUBLE, co_varnames=(name,))
    with pytest.raises(CompileError) as caught:
        compiled(keras2(code))
    assert "lambda" in {found.code for found in caught.value.diagnostics}


@pytest.mark.parametrize("name", ["mean; import os", "__class__", "system", "a.b", "mean(x) or"])
def test_a_functions_name_is_in_a_table(name):
    code = changed((lambda t: K.mean(t)).__code__, co_names=("K", name))
    with pytest.raises(CompileError):
        compiled(keras2(code))


@pytest.mark.parametrize("name", ['x"""\nimport os', "x\nimport os", "os", "build_model", "keras"])
def test_a_function_is_called_what_cannot_hurt(name):
    page = compiled(keras2(changed(DOUBLE, co_name=name))).text
    assert "import os" not in page
    names = [node.name for node in ast.parse(page).body if isinstance(node, ast.FunctionDef)]
    assert len(names) == len(set(names))
    assert "keras" not in names


def test_a_text_stays_a_text():
    code = changed((lambda t: K.cast(t, "x")).__code__, co_consts=(None, '"); import os; ("'))
    with pytest.raises(CompileError):
        compiled(keras2(code))
    code = changed((lambda t: {"x": t}).__code__, co_consts=(None, '"}; import os; {"'))
    page = compiled(keras2(code)).text
    (function,) = (n for n in ast.parse(page).body if getattr(n, "name", "") == "work")
    assert isinstance(function.body[0].value, ast.Dict)


@pytest.mark.parametrize("value", [{"class_name": "x"}, [[{}]], float("1e300") * 10])
def test_defaults_are_plain_values(value):
    document = keras2(dumped((lambda t, s=1: t * s).__code__), defaults=[value])
    if value == float("1e301"):
        assert "1e301" in compiled(document).text
        return
    with pytest.raises(CompileError):
        compiled(document)


def test_a_variable_that_is_not_in_the_file_is_missed():
    def outer(size):
        return lambda t: t * size

    with pytest.raises(CompileError, match="not in the file"):
        compiled(keras2(dumped(outer(2).__code__)))


def test_a_slice_stands_in_brackets_only():
    """A compiler takes a slice anywhere, and so may bytecode; no source says that."""
    tree = ast.parse("lambda t: tf.concat([1, t], axis=-1)", mode="eval")
    (items,) = (node for node in ast.walk(tree) if isinstance(node, ast.List))
    items.elts[0] = ast.copy_location(ast.Slice(), items.elts[0])
    made = eval(compile(tree, "x", "eval"))
    with pytest.raises(CompileError, match="no page says"):
        compiled(keras2(dumped(made.__code__)))


# Damaged bytes


def test_damaged_bytes_are_never_more_than_refused():
    """A byte is changed, or the end cut off: there is a function or a reason, and soon."""
    draw = random.Random(7)
    folder = Path(__file__).parent / "bytecode"
    codes = [
        base64.b64decode(code)
        for path in sorted(folder.glob("*.json"))
        for code in json.loads(path.read_text("utf-8")).values()
    ]
    start = time.monotonic()
    for _ in range(3000):
        data = bytearray(draw.choice(codes))
        for _ in range(draw.choice([1, 1, 2, 5])):
            data[draw.randrange(len(data))] = draw.randrange(256)
        cut = draw.randrange(len(data)) if draw.random() < 0.2 else len(data)
        with contextlib.suppress(NotDecompiled):
            decompile(bytes(data[:cut]))
    assert time.monotonic() - start < 30


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"c",
        b"\xe3" + b"\xff" * 40,
        b"(" + b"\xff\xff\xff\x7f",
        b")\x01" * 1000,
        b"\xdb\x01\x00\x00\x00r\x00\x00\x00\x00",
        b"l\xff\xff\xff\x7f",
        b"N" * (MOST_BYTES + 1),
        b"i\x01\x00\x00\x00",
        marshal.dumps("text"),
        marshal.dumps(compile("import os", "x", "exec")),
    ],
)
def test_what_is_no_function_is_refused(data):
    with pytest.raises(NotDecompiled):
        decompile(data)


def test_copies_on_the_stack_do_not_double_an_expression():
    """`x + x` sixty times over would be as long as the universe is wide."""
    import opcode

    code = DOUBLE.co_code
    load = code.index(opcode.opmap["LOAD_FAST"], 2)
    names = opcode.opmap
    copy = bytes([names.get("COPY", names.get("DUP_TOP")), 1])
    add = bytes([names["BINARY_OP"], 0, 0, 0])
    body = code[: load + 2] + (copy + add) * 60 + bytes([names["RETURN_VALUE"], 0])
    start = time.monotonic()
    with pytest.raises(NotDecompiled, match="too long"):
        decompile(marshal.dumps(DOUBLE.replace(co_code=body)))
    assert time.monotonic() - start < 1


def test_many_conditions_are_no_endless_work():
    text = "t"
    for place in range(200):
        text = f"(t if t > {place} else {text})"
    start = time.monotonic()
    with contextlib.suppress(NotDecompiled):
        decompile(marshal.dumps(eval(f"lambda t: {text}").__code__))
    assert time.monotonic() - start < 5
