"""SavedModels of tf.keras: read like the JSON of the same model, or refused by name."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from kcodegen import compile_file
from kcodegen.diagnostics import CompileError
from kcodegen.ir.values import same
from kcodegen.readers import json_text, read, saved_model
from tests.cli.inputs import run

FILES = Path(__file__).parent / "saved_models"
SAVED = sorted(FILES.glob("*.pb.gz"))


def folder(path: Path, place: Path) -> Path:
    """Return a SavedModel folder with what Keras wrote in it."""
    # tf2.9_functional.keras_metadata.pb.gz
    *words, file, _, _ = path.name.split(".")
    made = place / ".".join(words)
    made.mkdir()
    (made / "saved_model.pb").write_bytes(b"\x08\x01\x12\xb4\x83\x03\n\xfc\x0e")
    (made / f"{file}.pb").write_bytes(gzip.decompress(path.read_bytes()))
    return made


@pytest.mark.parametrize("path", SAVED, ids=lambda path: path.name)
def test_a_saved_model_is_the_model_that_its_json_is(path: Path, tmp_path: Path) -> None:
    place = folder(path, tmp_path)
    result = compile_file(place)
    plain = compile_file(FILES / f"{place.name}.json")
    assert result.model is not None
    assert plain.model is not None
    for text in (result.text, plain.text):
        assert "build_model()" in text
    built, wanted = (text[text.index("def build_model") :] for text in (result.text, plain.text))
    assert built.partition("\n\n\n")[0] == wanted.partition("\n\n\n")[0]
    assert same(result.model.inputs, plain.model.inputs)
    assert ("def compile_model" in result.text) == ("functional" in path.name)


def test_the_file_alone_will_do(tmp_path: Path) -> None:
    place = folder(SAVED[0], tmp_path)
    assert read(place / "keras_metadata.pb").value == read(place).value


def test_the_command_line_takes_a_folder(tmp_path: Path) -> None:
    place = folder(SAVED[0], tmp_path)
    outcome = run(place, "-o", "page.py", cwd=tmp_path)
    assert outcome.returncode == 0
    assert (tmp_path / "page.py").exists()
    assert not (tmp_path / "page_weights").exists()


def broken(data: bytes) -> list[bytes]:
    """Return what a stranger may put in the place of a message."""
    root = b'"\x02{}' + b"\x1a\x04root"
    return [
        b"",
        data[:100],
        b"\n\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01" + data,
        b"\x0a\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
        b"\x0f" * 50,
        b"\n" + bytes([len(root)]) + root,
        b"\n\x0e\x1a\x04root*\x06[1, 2]",
        b'\n\x1c\x1a\x04root*\x14{"model_config": "x"}',
    ]


def test_what_is_no_message_is_refused_and_never_a_crash(tmp_path: Path) -> None:
    data = gzip.decompress(SAVED[0].read_bytes())
    (tmp_path / "saved_model.pb").write_bytes(b"\x08\x01")
    for wrong in broken(data):
        (tmp_path / "keras_metadata.pb").write_bytes(wrong)
        with pytest.raises(CompileError, match="no architecture of Keras"):
            read(tmp_path)


def test_a_saved_model_that_is_too_large_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_text, "MAX_BYTES", 100)
    assert saved_model.read_message(gzip.decompress(SAVED[0].read_bytes())) is None


def test_the_recorded_models_are_those_of_four_versions() -> None:
    assert {path.name.partition("_")[0] for path in SAVED} == {"tf2.1", "tf2.3", "tf2.9", "tf2.15"}
    assert all(json.loads(path.read_text()) for path in FILES.glob("*.json"))
