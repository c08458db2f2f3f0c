"""Functions come back from the bytecode of every Python, and compute the same."""

from __future__ import annotations

import ast
import base64
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kcodegen.bytecode import NotDecompiled, decompile

HERE = Path(__file__).parent
EXPRESSIONS = (HERE / "expressions.txt").read_text("utf-8").splitlines()
RECORDED = sorted(
    (HERE / "bytecode").glob("*.json"), key=lambda p: [int(n) for n in p.stem.split(".")]
)
VERSIONS = [path.stem for path in RECORDED]
X = np.arange(-12, 12, dtype="float64").reshape(2, 3, 4) / 7
SURROUNDINGS: dict[str, Any] = {
    "K": np,
    "f": lambda *args, **kwargs: (args, kwargs),
    "n": 3,
    "z": 0,
    "s": "abc",
}


@cache
def bytecode(version: str, folder: str = "bytecode") -> dict[int, bytes]:
    """Return the recorded code objects of a version by the number of their line."""
    data = json.loads((HERE / folder / f"{version}.json").read_text("utf-8"))
    return {int(place): base64.b64decode(code) for place, code in data.items()}


@cache
def source(data: bytes) -> str:
    """Return the expression that a code object comes back as."""
    (statement,) = decompile(data).body
    assert isinstance(statement, ast.Return)
    assert statement.value is not None
    return ast.unparse(ast.fix_missing_locations(statement.value))


def arguments(line: str) -> str:
    """Return the arguments of a line's function as they are written."""
    return line.partition(":")[0].removeprefix("lambda ")


def result(line: str) -> Any:
    """Return what a function gives for an array."""
    with np.errstate(divide="ignore"):
        return eval(line, dict(SURROUNDINGS))(X)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_expression_comes_back_and_computes_the_same(version):
    codes = bytecode(version)
    assert len(codes) >= 260
    for place, data in codes.items():
        line = EXPRESSIONS[place]
        again = f"lambda {arguments(line)}: {source(data)}"
        np.testing.assert_equal(result(again), result(line), err_msg=f"{line}  ->  {again}")


# What is in a line, and words of the reason that it does not come back.
REASONS = (
    (r"f'", "formatted text"),
    (":=", "with :="),
    (r"lambda ([*]|x, [*])", "other arguments than plain ones"),
    (r"\bfor\b", "comprehension"),
    (r"\*\w|\*\{", "with \\* or \\*\\*"),
    (r"lambda [yvt]\b", "another function"),
    (r"1j", "complex number"),
    (r"\{", "set"),
)


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_no_expression_of_a_page_is_refused_by_its_name(version):
    lines = (HERE / "refused.txt").read_text("utf-8").splitlines()
    codes = bytecode(version, "refused")
    assert len(codes) >= 38
    for place, data in codes.items():
        line = lines[place]
        (why, *_) = [why for pattern, why in REASONS if re.search(pattern, line)]
        with pytest.raises(NotDecompiled, match=why):
            decompile(data)


def test_nearly_all_come_back_as_they_were_written():
    same = total = 0
    for version in VERSIONS:
        for place, data in bytecode(version).items():
            line = EXPRESSIONS[place]
            same += source(data) == ast.unparse(ast.parse(line.partition(": ")[2], mode="eval"))
            total += 1
    assert same / total > 0.95


def test_the_recorded_versions_are_all_there():
    assert VERSIONS == ["2.7", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13"]
    assert len(EXPRESSIONS) == len(set(EXPRESSIONS)) >= 260
