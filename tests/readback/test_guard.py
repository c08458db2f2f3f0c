"""What a page may never hold, wherever it stands."""

from __future__ import annotations

import re

import pytest

from kcodegen.emit.page import TEMPLATE_DIRS
from kcodegen.readback import ReadBackError
from kcodegen.words import FIXED, PAGE_NAMES
from tests.readback.pages import HEAD, page, read

END = "return keras.Sequential([layers.Dense(4)])"

STATEMENTS = (
    "exec('1')",
    "eval('1')",
    "compile('1', '', 'exec')",
    "open('/etc/passwd')",
    "__import__('os')",
    "getattr(keras, 'x')",
    "globals()",
    "breakpoint()",
    "import os",
    "import os.path",
    "import keras.src",
    "import tensorflow as tf",
    "x = keras.__dlpack__()",
    "with keras.x('a') as x:\n    pass",
    "import subprocess as np",
    "from os import path",
    "from keras.src import layers",
    "from . import layers",
    "from .keras import layers",
    "from pickle import loads",
    "x = keras.__dict__",
    "x = layers.Dense.__init__",
    "x = ''.__class__",
    "x = keras._private",
    "x = layers.Dense(*[4])",
    "x = layers.Dense(**{'units': 4})",
    "x, *y = [1, 2, 3]",
    "while True: pass",
    "x = lambda: 1",
    "(x := 4)",
    "x = [i for i in range(3)]",
    "x = {i for i in range(3)}",
    "x = {i: i for i in range(3)}",
    "x = tuple(i for i in range(3))",
    "try:\n    pass\nexcept Exception:\n    pass",
    "with keras as k:\n    pass",
    "assert True",
    "del keras",
    "raise ValueError",
    "global x",
    "x: int = 4",
    "x = 4; x += 1",
    "x = 1 if (y := 2) else 3",
    "yield 4",
    "class A:\n    pass",
    "async def f():\n    pass",
    "match 1:\n    case _:\n        pass",
    "x = {1, 2}",
    "x = 2**99",
    "x = 1 << 99",
    "x = f'{keras!r}'",
    "x = f'{4:>10}'",
    "for i in [1]:\n    break",
    "for i in [1]:\n    continue",
    "def f():\n    pass",
)


INSIDE = (
    "def f():\n    x = y\n    return x\nf()\ny = 4",
    "y = 4\ndef f():\n    x = y\n    y = 5\n    return x\nf()",
    "def f():\n    z = 4\n    return z\nf()\nx = z",
    "def f(y):\n    return y\nf()",
    "def f(y):\n    return y\nf(1, y=2)",
    "def f():\n    return f()\nf()",
    "def f():\n    layers = 4\n    return layers\nf()",
    "def layers():\n    return 4\nlayers()",
    "def build_model():\n    return 4\nbuild_model()",
    "def range(x):\n    return 4\nrange(4)",
    "def f(len):\n    return len\nf(4)",
    "def f():\n    def g():\n        return 4\n    return g()\nf()",
    "def f(*y):\n    return y\nf()",
    "def f(**y):\n    return y\nf()",
    "@keras\ndef f():\n    return 4\nf()",
    "def f():\n    nonlocal x\n    return 4\nf()",
    "def f():\n    import os\n    return 4\nf()",
)


@pytest.mark.parametrize("statement", INSIDE)
def test_a_function_inside_another_sees_what_python_lets_it_see(statement):
    read(page(f"y = 4\ndef f(z=3):\n    x = y\n    return x\nf(z=4)\n{END}"))
    with pytest.raises(ReadBackError):
        read(page(f"{statement}\n{END}"))


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_function_never_says(statement):
    read(page(END))
    with pytest.raises(ReadBackError):
        read(page(f"{statement}\n{END}"))


DECORATED = "@{}\ndef helper():\n    return 1\n"
TOP = (
    "exec('1')",
    "x = layers.Dense(4)",
    "layers = keras.layers",
    "layers.Dense = layers.Conv2D",
    "print('hello')",
    "keras.layers.Dense(4)",
    "for i in [1]:\n    pass",
    "class A(layers.Layer):\n    pass",
    "async def helper():\n    pass",
    DECORATED.format("keras"),
    DECORATED.format("keras.layers.Dense(4)"),
    "def helper():\n    pass\n\n\ndef helper():\n    pass",
    "def layers():\n    pass",
    "def helper(*args):\n    pass",
    "def helper(**kwargs):\n    pass",
    "def helper(a, /):\n    pass",
    "def helper(*, a):\n    pass",
    "if True:\n    import os",
    "if True:\n    exec('1')",
    "if True:\n    layers = keras",
)


@pytest.mark.parametrize("statement", TOP)
def test_a_page_never_says_outside_of_its_functions(statement):
    with pytest.raises(ReadBackError):
        read(page(END, above=statement))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "def build_model(:",
        "\0",
        f"{HEAD}def build_model():\n    return 4",
        f"{HEAD}def build_model():\n    pass",
        f"{HEAD}def build_model():\n    return layers.Dense(4)",
        f"{HEAD}def other():\n    {END}",
        f"{HEAD}def build_model(x):\n    {END}",
    ],
    ids=("empty", "syntax", "null", "number", "nothing", "layer", "other", "argument"),
)
def test_a_page_that_builds_no_model_is_refused(text):
    with pytest.raises(ReadBackError):
        read(text)


DEEP = "".join(
    f"def f{i}(x):\n    x = f{i + 1}(x)\n    return f{i + 1}(x)\n\n\n" for i in range(60)
)
NESTED = """
for i in range(9999):
    for j in range(9999):
        x = 1
"""
ENDLESS = {
    "recursion": ("return build_model()", ""),
    "mutual recursion": ("return f(1)", "def f(x):\n    return f(x)"),
    "huge range": ("for i in range(1_000_000_000_000):\n    x = i", ""),
    "nested loops": (NESTED, ""),
    "doubling calls": ("return f0(1)", DEEP + "def f60(x):\n    return x"),
    "growing list": ("x = [1]\nfor i in x:\n    x.append(i)", ""),
    "growing text": ("x = 'xxxxxxxx'\nfor i in range(99):\n    x = x * 8", ""),
    "growing text by adding": ("x = 'xxxxxxxx'\nfor i in range(99):\n    x = x + x", ""),
    "growing number": ("x = 9\nfor i in range(99):\n    x = x * x", ""),
    "growing tree": ("x = [1]\nfor i in range(99):\n    x = [x, x]\nreturn x", ""),
    "deep expression": (f"x = {'-' * 50_000}1", ""),
    "long sum": (f"x = {'1 + ' * 50_000}1", ""),
}


def test_no_variable_of_a_page_hides_its_fixed_functions():
    texts = [path.read_text("utf-8") for path in TEMPLATE_DIRS[-1].glob("*/*.py.j2")]
    defined = set(re.findall(r"^def (\w+)", "\n".join(texts), re.MULTILINE))
    assert defined | {"load_model"} == FIXED
    assert FIXED <= PAGE_NAMES


@pytest.mark.parametrize("why", ENDLESS)
def test_a_page_without_end_ends_with_an_error(why, limited):
    body, above = ENDLESS[why]
    with limited(), pytest.raises(ReadBackError):
        read(page(f"{body}\n{END}" if "return" not in body else body, above))
