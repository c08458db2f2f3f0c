"""The defaults of the library are those of the command line."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from kcodegen import Options, arguments


def test_the_command_line_has_the_same_defaults():
    assert arguments.options(arguments.parse(["-"])) == Options()


def test_every_option_reaches_the_compiler():
    words = "model.json -o page.py --input-shape 28,None,1 --names keep --line-length 100".split()
    words += ["--flat", "--explain", "--fast-load", "--stubs"]
    words += ["--custom", "A>S=shop.layers:S", "--weights", "w", "--template-dir", "t"]
    words += ["--weights-out", "o"]
    asked = arguments.options(arguments.parse(words))
    defaults = Options()
    assert asked.input_shape == (28, None, 1)
    assert asked.custom == (("A>S", "shop.layers:S"),)
    assert (asked.source, asked.output) == ("model.json", "page.py")
    assert asked.command == ("kcodegen", *words)
    same = [f for f in Options.__slots__ if getattr(asked, f) == getattr(defaults, f)]
    assert same == ["target"]


def test_options_are_frozen():
    with pytest.raises(FrozenInstanceError):
        Options().names = "keep"  # type: ignore[misc]
