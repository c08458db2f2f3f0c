"""Files and standard input, and everything that is recognised as something other than JSON."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from kcodegen.diagnostics import CompileError, FileError
from kcodegen.readers import json_text, read, read_bytes
from kcodegen.readers.containers import CONTAINERS, recognise


def zipped(*names: str) -> bytes:
    """Return a zip archive with members of these names."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "{}")
    return buffer.getvalue()


def tarred() -> bytes:
    """Return a tar archive with one member."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("model.json"))
    return buffer.getvalue()


SAMPLES: list[tuple[str, Callable[[], bytes]]] = [
    ("a PyTorch file", lambda: zipped("archive/data.pkl", "archive/version")),
    ("a Core ML package", lambda: zipped("Manifest.json", "Data/com.apple.CoreML/model.mlmodel")),
    ("a Deeplearning4j model", lambda: zipped("configuration.json", "coefficients.bin")),
    ("a NumPy .npz archive", lambda: zipped("arr_0.npy")),
    ("a zip archive", lambda: zipped("readme.txt")),
    ("a PyTorch file", lambda: pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2)),
    ("a Python pickle", lambda: pickle.dumps({"a": 1})),
    ("a compressed file, perhaps of joblib", lambda: zlib.compress(b"{}")),
    ("a gzip file", lambda: gzip.compress(b"{}")),
    ("a bzip2 file", lambda: b"BZh91AY&SY"),
    ("an xz file", lambda: b"\xfd7zXZ\x00\x00"),
    ("a Zstandard file", lambda: b"\x28\xb5\x2f\xfd\x04"),
    ("a tar archive", tarred),
    ("a 7-Zip or RAR archive", lambda: b"7z\xbc\xaf\x27\x1c\x00\x04"),
    ("an image", lambda: b"\x89PNG\r\n\x1a\n\x00"),
    ("a PDF", lambda: b"%PDF-1.5\n"),
    ("a GGUF model", lambda: b"GGUF\x03\x00\x00\x00\x10"),
    ("a NumPy .npy array", lambda: b"\x93NUMPY\x01\x00v\x00{'descr'"),
    ("a TensorFlow Lite model", lambda: b"\x1c\x00\x00\x00TFL3\x14\x00"),
    ("a safetensors file", lambda: b'\x40\x00\x00\x00\x00\x00\x00\x00{"w":{"dtype":"F32"}}'),
    (
        "the graph of a TensorFlow SavedModel (saved_model.pb)",
        lambda: b"\x08\x01\x12\xb0\x02\n\x10",
    ),
    (
        "what Keras wrote beside a SavedModel (keras_metadata.pb)",
        lambda: b'\n\xe3#\x1a\x04root"\x11_tf_keras_network',
    ),
    ("a Core ML model", lambda: b"\x08\x04\x12\x8a\x01\n\x2e\n\x05input\x12\x0fthe input image"),
    ("an ONNX model", lambda: b"\x08\x08\x12\x06tf2onnx\x1a\x051.9.3"),
    ("a TensorFlow GraphDef (.pb)", lambda: b"\n\x2b\n\x05input\x12\x0bPlaceholder*\x0b"),
    ("a TensorFlow graph as text (.pbtxt)", lambda: b'node {\n  name: "x"\n'),
    ("an ONNX model as text", lambda: b"ir_version: 8\ngraph {\n"),
    ("the list of checkpoints of TensorFlow", lambda: b'model_checkpoint_path: "ckpt-1"\n'),
    ("a Darknet configuration", lambda: b"# YOLO\n[net]\nbatch=1\n"),
    ("a Git LFS pointer", lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a"),
    ("a PMML model", lambda: b'<?xml version="1.0"?>\n<PMML version="4.3">'),
    ("an XML file", lambda: b'<?xml version="1.0"?>\n<net name="x">'),
    ("a LightGBM model", lambda: b"tree\nversion=v3\nnum_class=1\n"),
    ("a Caffe network", lambda: b'name: "LeNet"\nlayer {\n'),
    ("a MATLAB file", lambda: b"MATLAB 5.0 MAT-file, Platform: GLNXA64"),
    ("Python source", lambda: b"from keras import layers\n"),
    ("a web page", lambda: b"\n<!DOCTYPE html>\n<html>"),
    ("the answer of a server that has no such file", lambda: b"404: Not Found"),
    ("YAML", lambda: b"backend: tensorflow\nclass_name: Sequential\n"),
    ("a printed Python dict", lambda: repr({"name": "model", "layers": []}).encode()),
]


@pytest.mark.parametrize(("what", "make"), SAMPLES, ids=[what for what, _ in SAMPLES])
def test_what_is_not_json_is_called_by_its_name(what: str, make: Callable[[], bytes]) -> None:
    with pytest.raises(CompileError) as caught:
        read_bytes(make(), "model")
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "not-json"
    assert diagnostic.message == f"this is {what}, not JSON"
    assert diagnostic.hint


def test_every_container_has_a_sample() -> None:
    assert [recognise(make()) for _, make in SAMPLES] == list(CONTAINERS)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("best-model_2.json.gz", "best-model_2.json.gz"),
        ("", "FILE"),
        ("x; rm -rf $HOME", "FILE"),
        ("-oops", "FILE"),
        ("\x1b[2J", "FILE"),
    ],
)
def test_a_hint_is_a_command_that_is_safe_to_paste(name: str, shown: str) -> None:
    with pytest.raises(CompileError) as caught:
        read_bytes(gzip.compress(b"{}"), name)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.hint == f"gunzip -c {shown} | kcodegen -"


def test_the_suffix_plays_no_part(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    path.write_text('{"class_name": "Sequential"}')
    assert read(path).field("class_name").text() == "Sequential"


@pytest.mark.parametrize("text", ['[  "TFL3"]', json.dumps([" " * 255 + "ustar"]), '\n{\n"a": 1}'])
def test_json_is_never_taken_for_something_else(text: str) -> None:
    assert read_bytes(text.encode(), "x").value == json.loads(text)


def test_standard_input_is_read_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"a": "\xc3\xa9"}')))
    assert read("-").value == {"a": "é"}


def test_no_more_than_the_limit_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_text, "MAX_BYTES", 100)
    path = tmp_path / "large.json"
    path.write_bytes(b'"' + b"a" * 200 + b'"')
    with pytest.raises(CompileError, match="larger than"):
        read(path)


def test_a_missing_file_is_a_file_error(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"cannot read '.*gone\.json': no such file or directory"):
        read(tmp_path / "gone.json")
    with pytest.raises(FileError, match=r"cannot read 'a\\x00b': embedded null byte"):
        read(Path("a\0b"))


def test_a_folder_is_a_file_error_and_a_saved_model_is_recognised(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="is a folder"):
        read(tmp_path)
    (tmp_path / "saved_model.pb").touch()
    with pytest.raises(CompileError, match="this SavedModel folder holds operations of TensorFlow"):
        read(tmp_path)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_of_every_protocol_is_called_so(protocol: int) -> None:
    for value in ({"a": 1}, [1, 2], Path("x"), {"weights": [b"x"]}):
        container = recognise(pickle.dumps(value, protocol=protocol))
        assert container is not None
        assert container.what == "a Python pickle"


@pytest.mark.parametrize("data", [b"PAR1\x15", b"epoch,loss\n0,1.0\n", b"hello"])
def test_what_is_of_no_known_kind_comes_with_what_is_read(data: bytes) -> None:
    with pytest.raises(CompileError) as caught:
        read_bytes(data, "model")
    assert "reads JSON, .keras" in caught.value.diagnostics[0].hint
