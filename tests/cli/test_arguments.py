"""What may be asked, and what is said when it makes no sense."""

from __future__ import annotations

from pathlib import Path

import pytest

from kcodegen import arguments
from kcodegen.diagnostics import UsageError
from kcodegen.options import Options


def asked(*args: str) -> Options:
    """Return the options that arguments stand for."""
    return arguments.options(arguments.parse(["a.json", *args]))


def test_no_option_means_the_defaults() -> None:
    assert asked() == Options(source="a.json")


def test_every_option_arrives() -> None:
    options = arguments.options(
        arguments.parse(
            "in/a.json -o out/b.py --target keras3 --input-shape 28,28,1 --weights w "
            "--custom A=a.b:C --custom Mine>B=_d:e --custom A=a.b:C --names drop "
            "--fast-load --line-length 100 --template-dir t".split()
        )
    )

    assert options == Options(
        target="keras3",
        input_shape=(28, 28, 1),
        weights=Path("w"),
        custom=(("A", "a.b:C"), ("Mine>B", "_d:e")),
        names="drop",
        fast_load=True,
        line_length=100,
        template_dir=Path("t"),
        source="a.json",
        output="b.py",
    )


@pytest.mark.parametrize("output", ["-", "/dev/stdout"])
def test_standard_streams_have_no_name(output: str) -> None:
    assert arguments.options(arguments.parse(["-", "-o", output])) == Options()


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("784", (784,)),
        ("784,", (784,)),
        ("28, 28, 1", (28, 28, 1)),
        ("None,None,3", (None, None, 3)),
        ("?,8", (None, 8)),
    ],
)
def test_shapes(text: str, shape: tuple[int | None, ...]) -> None:
    assert asked("--input-shape", text).input_shape == shape


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ((), "FILE"),
        (("",), "empty"),
        (("a", "b"), "unrecognized arguments: b"),
        (("a", "--outpu", "b"), "unrecognized"),
        (("a", "-o", ""), "empty"),
        (("a", "-o"), "expected one argument"),
        (("a", "--names", "most"), "invalid choice: 'most'"),
        (("a", "--target", "keras1"), "invalid choice"),
        (("a", "--check"), "--check has nothing to compare with"),
        (("a", "--report", "-"), "a report goes to a file, not to standard output"),
        (("a", "--verify", "--verify-report", "-"), "a report goes to a file"),
        (("a", "--diff", "-o", "-"), "--diff has nothing to compare with"),
        (("a", "--line-length", "39"), "'39' is not from 40 to 320"),
        (("a", "--line-length", "321"), "'321' is not from 40 to 320"),
        (("a", "--line-length", "1e2"), "'1e2' is not from 40 to 320"),
        (("a", "--custom", "A"), "'A' is not of the form NAME=package.module:attr"),
        (("a", "--custom", "A=b.c"), "not of the form"),
        (("a", "--custom", "=b:c"), "not of the form"),
        (("a", "--custom", "A=b:"), "not of the form"),
        (("a", "--custom", "A=.b:c"), "'' in 'A=.b:c' cannot be imported"),
        (("a", "--custom", "A=b:c.d"), "'c.d' in 'A=b:c.d' cannot be imported"),
        (("a", "--custom", "A=b;c:d"), "'b;c' in"),
        (("a", "--custom", "A=class:d"), "'class' in"),
        (("a", "--custom", "A=b:__import__"), "'__import__' in"),
        (("a", "--custom", "A=b.\u0435:d"), "'\u0435' in"),
        (("a", "--custom", "A=b:c", "--custom", "A=b:d"), "two meanings: b:c and b:d"),
    ],
)
def test_nonsense_is_refused(args: tuple[str, ...], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        arguments.parse(args)

    (diagnostic,) = caught.value.diagnostics
    assert words in diagnostic.message


@pytest.mark.parametrize(
    "text", ["", ",", "28x28x1", "0", "-1,3", "28,,1", "(28, 28)", "1.5", "none", "٣", "9" * 10]
)
def test_what_is_no_shape(text: str) -> None:
    with pytest.raises(UsageError, match=r"is not a shape: write .* as in 784 or 28,28,1"):
        arguments.parse(["a", f"--input-shape={text}"])
