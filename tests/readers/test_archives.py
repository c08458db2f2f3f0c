"""Architectures inside of `.keras` files and HDF5, and what strangers may put there."""

from __future__ import annotations

import contextlib
import io
import json
import struct
import sys
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from kcodegen import Options, compile_file
from kcodegen.diagnostics import CompileError
from kcodegen.readers import json_text, read, read_bytes

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
MODEL = {"class_name": "Sequential", "config": {"name": "m", "layers": []}}


def keras_file(config: Any = MODEL, version: str | None = "3.15.1", **more: str) -> bytes:
    """Return a `.keras` file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", config if isinstance(config, str) else json.dumps(config))
        if version is not None:
            archive.writestr("metadata.json", json.dumps({"keras_version": version}))
        for name, text in more.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def hdf5(path: Path, **attributes: Any) -> Path:
    """Return an HDF5 file whose root has these attributes."""
    with h5py.File(path, "w") as file:
        file.create_group("model_weights")
        for key, value in attributes.items():
            file.attrs[key] = value
    return path


def refusal(data: bytes) -> tuple[str, str]:
    """Return the code and the message with which bytes are refused."""
    with pytest.raises(CompileError) as caught:
        read_bytes(data, "model")
    (found,) = caught.value.diagnostics
    assert "\n" not in found.message
    return found.code, found.message


def test_a_keras_file_is_read_whatever_it_is_called(tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    path.write_bytes(keras_file())
    assert read(path).value == MODEL
    assert read_bytes(keras_file(version=None), "x").value == MODEL


def test_the_version_is_told_where_the_file_itself_does_not() -> None:
    assert read_bytes(keras_file(version="2.15.0"), "x").field("keras_version").value == "2.15.0"
    own = {**MODEL, "keras_version": "2.14.0"}
    assert "keras_version" not in read_bytes(keras_file(), "x").mapping()
    assert read_bytes(keras_file(own, "2.14.0"), "x").value == own


@pytest.mark.parametrize("wrap", [str, str.encode, lambda text: np.bytes_(text.encode())])
def test_hdf5_is_read_whatever_it_is_called(tmp_path: Path, wrap: Any) -> None:
    attributes = {"model_config": wrap(json.dumps(MODEL)), "keras_version": wrap("2.9.0")}
    found = read(hdf5(tmp_path / "model.keras", **attributes))
    assert found.value == {"model_config": MODEL, "keras_version": "2.9.0"}


def test_long_attributes_lie_in_pieces(tmp_path: Path) -> None:
    text = json.dumps(MODEL).encode()
    parts = [text[start : start + 20] for start in range(0, len(text), 20)]
    assert len(parts) > 2
    named = {f"model_config{number}": part for number, part in enumerate(parts)}
    assert read(hdf5(tmp_path / "a.h5", **named)).value == {"model_config": MODEL}
    array = hdf5(tmp_path / "b.h5", model_config=np.array(parts))
    assert read(array).value == {"model_config": MODEL}


def test_standard_input_may_be_an_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = hdf5(tmp_path / "m", model_config=json.dumps(MODEL)).read_bytes()
    for given in (data, keras_file()):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        assert read("-").value in (MODEL, {"model_config": MODEL})


def test_weights_alone_are_no_architecture(tmp_path: Path) -> None:
    weights = hdf5(tmp_path / "w.h5", layer_names=np.array([b"d"])).read_bytes()
    assert refusal(weights)[0] == "only-weights"
    assert refusal(hdf5(tmp_path / "other.h5", title="data").read_bytes())[0] == "not-keras"


def test_without_h5py_there_is_a_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(CompileError) as caught:
        read(hdf5_bytes_of(tmp_path))
    (found,) = caught.value.diagnostics
    assert (found.code, found.hint) == ("needs-h5py", "pip install 'kcodegen[h5]'")


def hdf5_bytes_of(folder: Path) -> Path:
    """Return a file that begins like HDF5."""
    path = folder / "m.h5"
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    return path


def test_damaged_archives_are_refused(tmp_path: Path) -> None:
    whole = keras_file()
    assert refusal(whole[:-30])[0] == "broken-archive"
    assert refusal(whole[: len(whole) // 2])[0] == "broken-archive"
    turned = whole.replace(b"config.json", b"c\xffnfig.json", 1)
    assert refusal(turned)[0] in ("broken-archive", "not-json")
    data = hdf5(tmp_path / "m.h5", model_config=json.dumps(MODEL)).read_bytes()
    for end in (9, 100, len(data) // 2):
        assert refusal(data[:end])[0] == "broken-archive"


@pytest.mark.parametrize("place", range(8, 200, 7))
def test_a_changed_byte_of_hdf5_is_read_over_or_refused(tmp_path: Path, place: int) -> None:
    data = bytearray(hdf5(tmp_path / "m.h5", model_config=json.dumps(MODEL)).read_bytes())
    data[place] = 0xFF
    with contextlib.suppress(CompileError):
        assert read_bytes(bytes(data), "m").value == {"model_config": MODEL}


def test_a_small_archive_with_a_large_text_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_text, "MAX_BYTES", 10_000)
    bomb = keras_file('"' + "a" * 5_000_000 + '"')
    assert len(bomb) < 10_000
    assert refusal(bomb)[0] == "too-large"


def test_a_large_attribute_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_text, "MAX_BYTES", 10_000)
    path = hdf5(tmp_path / "m.h5", model_config=np.bytes_(b"{" * 20_000))
    assert refusal(path.read_bytes())[0] == "broken-archive"


def test_two_architectures_in_one_archive_are_refused() -> None:
    data = keras_file(version=None, **{"other_.json": "{}"})
    assert refusal(data.replace(b"other_.json", b"config.json"))[0] == "broken-archive"


def test_a_password_is_a_damage() -> None:
    data = bytearray(keras_file(version=None))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.index(mark) + offset
        flags = struct.unpack_from("<H", data, place)[0] | 1
        struct.pack_into("<H", data, place, flags)
    assert refusal(bytes(data))[0] == "broken-archive"


def test_what_other_files_hold_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file.attrs["model_config"] = json.dumps(MODEL)
    path = tmp_path / "m.h5"
    with h5py.File(path, "w") as file:
        file["model_config"] = h5py.ExternalLink(str(secret), "/")
    with pytest.raises(CompileError, match="no Keras model"):
        read(path)


def test_json_inside_attributes_is_read() -> None:
    dumped = {"root_attrs": {"model_config": json.dumps(MODEL), "backend": "tensorflow"}}
    (found,) = read_bytes(json.dumps(dumped).encode(), "m").mapping().values()
    assert found == {"model_config": MODEL, "backend": "tensorflow"}
    bad = {"model_config": '{"a": NaN}'}
    assert refusal(json.dumps(bad).encode())[0] == "not-finite"


@pytest.mark.parametrize("kind", ["keras", "hdf5", "tfjs", "dump"])
def test_a_page_is_the_same_whatever_the_model_lay_in(tmp_path: Path, kind: str) -> None:
    document = json.loads((GOLDEN / "keras2-nested" / "arch.json").read_text("utf-8"))
    outside = {key: document.pop(key) for key in ("keras_version", "backend")}
    path = tmp_path / "arch.json"
    held = {**outside, "model_config": document}
    if kind == "keras":
        path.write_bytes(keras_file(document, outside["keras_version"]))
    elif kind == "hdf5":
        hdf5(path, **outside, model_config=json.dumps(document))
    else:
        wrapped = {"format": "layers-model", "modelTopology": held} if kind == "tfjs" else held
        path.write_text(json.dumps(wrapped), "utf-8")
    found = compile_file(path, Options(source="arch.json"))
    assert found.text == (GOLDEN / "keras2-nested" / "keras3.py").read_text("utf-8")
