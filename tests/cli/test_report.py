"""Lines for a terminal."""

from __future__ import annotations

import inspect
import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcodegen import report
from kcodegen.diagnostics import Diagnostic, Origin
from kcodegen.frontends import changes, old_names

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


# Many places


def changed(change: str, pointer: str, severity: str = "note") -> Diagnostic:
    return Diagnostic("renamed-argument", "a long story", Origin(pointer), "", severity, change)


def test_changes_of_one_kind_are_one_line_behind_the_warnings() -> None:
    lost = Diagnostic("lost", "it is lost", severity="warning")
    notes = [changed("p -> rate", "/0"), changed("init -> how", "/1"), changed("init -> how", "/2")]
    assert list(report.lines("f", [*notes, lost])) == [
        "kcodegen: f: warning: it is lost [lost]",
        (
            "kcodegen: f: note: 3 arguments have new names: init -> how (2 times), p -> rate "
            "(first at /0) [renamed-argument]"
        ),
    ]
    assert list(report.lines("f", notes[:1])) == [
        "kcodegen: f: note: a long story (at /0) [renamed-argument]"
    ]


def test_what_is_said_of_many_places_is_said_once() -> None:
    same = [Diagnostic("c", "it changed", Origin(f"/{n}"), "look", "warning") for n in range(3)]
    assert list(report.lines("f", same)) == [
        "kcodegen: f: warning: it changed; this in 3 places (first at /0) [c]; hint: look"
    ]
    errors = [replace(item, severity="error") for item in same]
    assert len(list(report.lines("f", errors))) == 3


def test_a_large_file_says_a_few_lines_and_reports_every_place() -> None:
    notes = [changed(f"a{n % 40} -> b", f"/{n}") for n in range(3000)]
    (line,) = report.lines("f", notes)
    assert line.count(" -> ") == report.MOST_CHANGES
    assert "and 32 more (first at /0)" in line
    rows = json.loads(report.as_json("f", notes, True))["diagnostics"]
    assert [row["pointer"] for row in rows] == [f"/{n}" for n in range(3000)]
    assert rows[7]["change"] == "a7 -> b"


def test_every_kind_of_change_has_a_headline() -> None:
    source = inspect.getsource(changes) + inspect.getsource(old_names)
    assert set(re.findall(r'"([a-z]+-[a-z]+)"', source)) == report.HEADLINES.keys()
