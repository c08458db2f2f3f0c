"""Strict JSON: what is accepted, and what each flaw is called."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kcodegen.diagnostics import CompileError, Diagnostic
from kcodegen.ir.values import same
from kcodegen.readers import json_faults, json_text, read_bytes

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=30
)


def rejects(data: bytes | str) -> tuple[Diagnostic, ...]:
    """Return the diagnostics of a text that must be refused."""
    with pytest.raises(CompileError) as caught:
        read_bytes(data if isinstance(data, bytes) else data.encode(), "arch.json")
    for diagnostic in caught.value.diagnostics:
        assert diagnostic.message
        assert (diagnostic.message + diagnostic.hint).isprintable()
    assert caught.value.diagnostics
    return caught.value.diagnostics


def frozen(value: Any) -> Any:
    """Return JSON as nested tuples, so that `same` can tell 1 from 1.0 and -0.0 from 0.0."""
    if isinstance(value, dict):
        return tuple((key, frozen(item)) for key, item in value.items())
    return tuple(map(frozen, value)) if isinstance(value, list) else value


@given(VALUES, st.booleans(), st.sampled_from([None, 1]))
def test_every_json_value_comes_back(value: Any, escaped: bool, indent: int | None) -> None:
    # The root of a document is an object or a list: a string at the root is another text.
    data = json.dumps([value], ensure_ascii=escaped, indent=indent).encode()
    assert same(frozen(read_bytes(data, "arch.json").value), frozen([value]))


@given(VALUES)
def test_a_text_that_was_encoded_twice_is_unwrapped(value: Any) -> None:
    once = json.dumps({"root": value})
    for data in (json.dumps(once), json.dumps(json.dumps(once))):
        assert same(frozen(read_bytes(data.encode(), "x").value), frozen({"root": value}))


def test_a_plain_string_at_the_root_stays_a_string() -> None:
    assert read_bytes(b'" hello "', "x").value == " hello "


@given(st.binary(max_size=200))
def test_random_bytes_raise_nothing_but_compile_errors(data: bytes) -> None:
    try:
        read_bytes(data, "x")
    except CompileError as error:
        assert error.diagnostics  # noqa: PT017


@settings(max_examples=300)
@given(VALUES, st.data())
def test_mutations_raise_nothing_but_compile_errors(value: Any, data: st.DataObject) -> None:
    text = bytearray(json.dumps([value, {"a": NAN_BAIT}, value]).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(at, min(at + 3, len(text))))
        text[at:end] = data.draw(st.sampled_from(SHARDS))
    try:
        read_bytes(bytes(text), "x")
    except CompileError as error:
        assert error.diagnostics  # noqa: PT017


NAN_BAIT = [1.5, "x", {"b": None}]
SHARDS = [b"", b"NaN", b"-Infinity", b"1e999", b"9" * 30, b'"', b"\\ud83d", b"\\", b"[", b"]"]
SHARDS += [b"{", b"}", b",", b":", b'{"k":1,"k":2}', b"\xff", b"\x00", b"-", b".", b"\n", b"tru"]


FLAWS = [
    ("", "empty-file", "the file is empty"),
    (" \n\t", "empty-file", "the file is empty"),
    ("\ufeff", "empty-file", "the file is empty"),
    ("[1,\n 2", "truncated-json", "line 2, column 3: the text ends before its JSON value does"),
    ('{"a":', "truncated-json", "line 1, column 6: the text ends before its JSON value does"),
    ('{"a": tru', "truncated-json", "line 1, column 7: the text ends before its JSON value does"),
    ('{"a": "b', "truncated-json", "line 1, column 7: the text ends inside a string"),
    ("{} x", "trailing-data", "line 1, column 4: there is more text after the end of the JSON"),
    ("{}{}", "trailing-data", "line 1, column 3: there is more text after the end of the JSON"),
    ('["a\nb"]', "invalid-json", "line 1, column 4: a string holds a raw control character"),
    ('{"a" 1}', "invalid-json", "line 1, column 6: expecting ':' delimiter"),
    ("[01]", "invalid-json", "line 1, column 3: "),
    ("[1, 2,, 3]", "invalid-json", "line 1, column 7: "),
]


@pytest.mark.parametrize(("text", "code", "message"), FLAWS)
def test_a_text_that_is_no_json(text: str, code: str, message: str) -> None:
    (diagnostic,) = rejects(text)
    assert (diagnostic.code, diagnostic.origin.pointer) == (code, "")
    assert diagnostic.message.startswith(message)


VALUE_FLAWS = [
    ('{"a": {"b": 1, "b": 1}}', "duplicate-key", "/a/b"),
    ('{"a/~": [0, {"": 1, "": 1}]}', "duplicate-key", "/a~1~0/1/"),
    ('{"a": 1, "\\u0061": 1}', "duplicate-key", "/a"),
    ('[[], {"x": [NaN]}]', "not-finite", "/1/x/0"),
    ("[-Infinity]", "not-finite", "/0"),
    ("NaN", "not-finite", ""),
    ("[1, 1e999]", "not-finite", "/1"),
    ("[-1.5E+400]", "not-finite", "/0"),
    ("[9223372036854775808]", "huge-integer", "/0"),
    ("[-9223372036854775808]", "huge-integer", "/0"),
    (f'{{"units": {"9" * 5000}}}', "huge-integer", "/units"),
    ('["\\ud800"]', "lone-surrogate", "/0"),
    ('{"k": "\\udc00\\ud800"}', "lone-surrogate", "/k"),
    ('{"\\udfff": 1}', "lone-surrogate", "/?"),
    ('"[NaN]"', "not-finite", "/0"),
]


@pytest.mark.parametrize(("text", "code", "pointer"), VALUE_FLAWS)
def test_a_value_that_strict_json_has_not(text: str, code: str, pointer: str) -> None:
    (diagnostic,) = rejects(text)
    assert (diagnostic.code, diagnostic.origin.pointer) == (code, pointer)


def test_several_bad_values_are_named_at_once_up_to_a_limit() -> None:
    codes = [d.code for d in rejects('{"a": NaN, "b": {"c": 1e999}, "a": 99999999999999999999}')]
    assert codes == ["not-finite", "not-finite", "duplicate-key", "huge-integer"]
    assert len(rejects(f"[{'NaN,' * 500}1]")) == json_text.MAX_FAULTS


def test_hostile_names_do_not_reach_the_message() -> None:
    (diagnostic,) = rejects('{"\\u001b[2J": 1, "\\u001b[2J": 2}')
    assert "\x1b" not in diagnostic.message


def test_the_edges_of_numbers_are_accepted() -> None:
    data = b"[9223372036854775807, -9223372036854775807, 1.7976931348623157e308, -0.0, 5e-324]"
    expected = (2**63 - 1, -(2**63) + 1, 1.7976931348623157e308, -0.0, 5e-324)
    assert same(frozen(read_bytes(data, "x").value), expected)


def test_surrogate_pairs_and_escaped_backslashes_are_no_lone_surrogates() -> None:
    assert read_bytes(b'["\\ud83d\\ude00", "\\\\ud800"]', "x").value == ["😀", "\\ud800"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_other_encodings_are_named(encoding: str) -> None:
    (diagnostic,) = rejects('{"a": 1}'.encode(encoding))
    assert diagnostic.code == "not-utf8"
    assert encoding[:6].upper() in diagnostic.message


def test_bad_utf8_is_an_error_with_an_offset_and_a_byte_order_mark_is_none() -> None:
    (diagnostic,) = rejects(b'["\xff"]')
    assert (diagnostic.code, "0xff at 2" in diagnostic.message) == ("not-utf8", True)
    assert rejects(b"\x00\x00\x01\x02garbage\xfe")[0].code == "not-utf8"
    assert read_bytes(b'\xef\xbb\xbf{"a": 1}', "x").value == {"a": 1}


def nested(levels: int, opening: str, closing: str) -> bytes:
    """Return brackets nested `levels` deep."""
    return (opening * levels + "1" + closing * levels).encode()


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"\\"a[\\\\":', "}")])
def test_nesting_has_a_limit(opening: str, closing: str) -> None:
    read_bytes(nested(json_text.MAX_DEPTH, opening, closing), "x")
    assert rejects(nested(json_text.MAX_DEPTH + 1, opening, closing))[0].code == "too-deep"


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, '[[{"a":' * 70_000])
def test_a_hundred_thousand_brackets_are_one_short_error(text: str) -> None:
    for data in (text.encode(), json.dumps(text).encode()):
        (diagnostic,) = rejects(data)
        assert diagnostic.code == "too-deep"


@given(st.text(alphabet='[]{}"\\a,:', max_size=40))
def test_brackets_inside_strings_are_not_nesting(text: str) -> None:
    assert read_bytes(json.dumps([text + "[" * 300]).encode(), "x").value == [text + "[" * 300]


def test_a_file_beyond_the_size_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_text, "MAX_BYTES", 100)
    assert read_bytes(b"[" + b" " * 98 + b"]", "x").value == []
    assert rejects(b"[" + b" " * 99 + b"]")[0].code == "too-large"


def test_a_sound_text_is_never_read_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(text: str) -> Iterator[Diagnostic]:
        raise AssertionError

    monkeypatch.setattr(json_faults, "faults", fail)
    layer = {"class_name": "Dense", "config": {"units": 8, "rate": 0.5, "shape": [None, "é\\"]}}
    read_bytes(json.dumps({"layers": [layer, layer]}).encode(), "x")
    with pytest.raises(AssertionError):
        read_bytes(b"[NaN]", "x")
