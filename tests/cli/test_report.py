"""Lines for a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcodegen import report
from kcodegen.diagnostics import Diagnostic, Origin

TEXT = st.text(st.characters(), max_size=200)


@given(TEXT, TEXT, TEXT, TEXT, st.none() | TEXT, TEXT)
def test_a_line_is_one_printable_line(
    file: str, code: str, message: str, pointer: str, layer: str | None, hint: str
) -> None:
    line = report.line(file, Diagnostic(code, message, Origin(pointer, layer), hint))

    assert line.isprintable()
    assert line.startswith("kcodegen: ")


@given(TEXT)
def test_what_is_printable_stays_as_it_is(text: str) -> None:
    clean = "".join(character for character in text if character.isprintable())

    assert report.visible(clean) == clean


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("models/Größe 1.json", "models/Größe 1.json"),
        ("a\nb", "a\\nb"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\u202ecod.exe", "\\u202ecod.exe"),
        ("\udcff", "\\udcff"),
        ("x" * 20, "xxxxxxx..."),
        ("\n" * 20, "\\n\\n\\n\\..."),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert report.visible(text, 10 if len(text) == 20 else report.SENTENCE) == shown


def test_the_parts_of_a_line() -> None:
    diagnostic = Diagnostic("gone", "it is gone", Origin("/config/layers/3", 'a"b\\c'), "look")

    assert report.line("arch.json", diagnostic) == (
        'kcodegen: arch.json: error: it is gone (at /config/layers/3, layer "a\\"b\\\\c") [gone]; '
        "hint: look"
    )


def test_the_parts_that_are_missing_leave_no_trace() -> None:
    assert report.line("", Diagnostic("", "no", severity="warning")) == "kcodegen: warning: no"


def test_both_ends_of_a_long_pointer_are_shown() -> None:
    line = report.line("", Diagnostic("", "no", Origin("/first" + "/config" * 9000 + "/last")))

    assert "(at /first/config" in line
    assert line.endswith("/config/last)")
    assert len(line) < 300


def test_a_flood_is_counted() -> None:
    lines = list(report.lines("f", [Diagnostic("", str(i)) for i in range(1000)]))

    assert len(lines) == report.MOST_LINES + 1
    assert lines[-2:] == ["kcodegen: f: error: 99", "kcodegen: f: note: 900 more are not shown"]
