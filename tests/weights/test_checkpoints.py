"""Checkpoints of TensorFlow give the weights that they were written from, and nothing else."""

from __future__ import annotations

import random
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kcodegen import cli
from kcodegen.diagnostics import CompileError, FileError
from kcodegen.weights.files import checkpoint
from kcodegen.weights.files.checkpoint_files import located
from kcodegen.weights.files.crc32c import crc32c
from kcodegen.weights.files.store import whole
from tests.weights.checkpoints import HEADER, block, entry, message, of_objects, table, write
from tests.weights.keras_models import MODELS
from tests.weights.saved import FILES, arrays_of
from tests.weights.test_round_trip import (
    ALL,
    QUICK,
    equal,
    has_keras2,
    in_keras2,
    keras2,
    keras3,
    with_own_numbers,
)

FOLDER = FILES / "checkpoints"
REAL = sorted(FOLDER.glob("*/*.json"))
# Keras 3 gives TensorFlow no cells that are in a list: its own checkpoint has not their weights.
LOST = {"rnn-list", "rnn-stack", "rnn-deep-stack"}


def checkpoint_of(model: Path) -> Path:
    """Return what a checkpoint beside the JSON of a model is called."""
    return model.with_suffix(".ckpt-3" if model.stem == "named" else "")


def numbered(number: int, array: Any) -> Any:
    """Return what the script that wrote the files gave to a weight."""
    return (number + np.arange(array.size).reshape(array.shape) / 1024).astype(array.dtype)


# Files that TensorFlow wrote


@pytest.mark.parametrize("model", REAL, ids=[f"{p.parent.name}-{p.stem}" for p in REAL])
def test_real_checkpoints(model: Path) -> None:
    found = in_keras2(arrays_of(located(checkpoint_of(model)), model))
    for number, (slot, array) in enumerate(found):
        np.testing.assert_array_equal(array, numbered(number, array), err_msg=str(slot))


def test_there_are_checkpoints_of_many_versions() -> None:
    assert {path.parent.name for path in REAL} == {
        f"tf2.{minor}" for minor in (1, 3, 4, 5, 6, 9, 12, 15)
    }
    assert {path.stem for path in REAL} == {
        *("plain", "recurrent", "nested", "attentive", "trained", "whole", "named", "words"),
        "lookups",
    }


def check_keras2(make: Callable[[Any], Any], folder: Path) -> None:
    keras2().backend.clear_session()
    model = with_own_numbers(make(keras2()))
    (folder / "arch.json").write_text(model.to_json())
    model.save_weights(folder / "w", save_format="tf")
    found = arrays_of(located(folder / "w"), folder / "arch.json")
    equal(model.weights, in_keras2(found))


def check_keras3(make: Callable[[Any], Any], folder: Path) -> None:
    import tensorflow as tf

    keras3().backend.clear_session()
    model = with_own_numbers(make(keras3()))
    (folder / "arch.json").write_text(model.to_json())
    tf.train.Checkpoint(model=model).write(str(folder / "v"))
    equal(model.weights, arrays_of(located(folder / "v"), folder / "arch.json"))


@pytest.mark.parametrize(
    ("name", "make"),
    [
        pytest.param(n, m, id=n, marks=() if n in QUICK else pytest.mark.sweep)
        for n, m in ALL
        if n not in LOST
    ],
)
def test_every_layer_comes_back(name: str, make: Callable[[Any], Any], tmp_path: Path) -> None:
    check_keras3(make, tmp_path)
    if has_keras2(name):
        check_keras2(make, tmp_path)


@pytest.mark.sweep
@pytest.mark.parametrize("name", ["nested", "attention"])
def test_models_for_use_alone(name: str, tmp_path: Path) -> None:
    make = dict(MODELS)[name]
    for keras in (keras2(), keras3()):
        keras.backend.clear_session()
        folder = tmp_path / keras.__name__
        folder.mkdir()
        model = with_own_numbers(make(keras.layers, keras))
        (folder / "arch.json").write_text(model.to_json())
        model.export(str(folder / "w"), **({} if keras is keras2() else {"verbose": False}))
        found = arrays_of(located(folder / "w"), folder / "arch.json")
        equal(model.weights, in_keras2(found) if keras is keras2() else found)


@pytest.mark.parametrize("name", sorted(LOST))
def test_cells_that_keras_did_not_write_are_missed(name: str, tmp_path: Path) -> None:
    with pytest.raises(CompileError, match="Keras 3 leaves cells that are in a list out of its"):
        check_keras3(dict(ALL)[name], tmp_path)


def test_cells_in_a_list_come_back_from_what_keras_exports(tmp_path: Path) -> None:
    keras3().backend.clear_session()
    model = with_own_numbers(dict(ALL)["rnn-list"](keras3()))
    (tmp_path / "arch.json").write_text(model.to_json())
    model.export(str(tmp_path / "w"), verbose=False)
    equal(model.weights, arrays_of(located(tmp_path / "w"), tmp_path / "arch.json"))


@pytest.mark.parametrize("name", sorted(LOST))
def test_cells_in_a_list_come_back_from_keras_2(name: str, tmp_path: Path) -> None:
    check_keras2(dict(ALL)[name], tmp_path)


# The command line


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of what one TensorFlow wrote, the current folder."""
    shutil.copytree(FOLDER / "tf2.15", tmp_path / "tf")
    monkeypatch.chdir(tmp_path / "tf")
    return tmp_path / "tf"


@pytest.mark.parametrize(
    ("model", "weights"),
    [
        *(("nested", f"nested{ending}") for ending in ("", ".index", ".data-00000-of-00001")),
        ("trained", "trained"),
        ("trained", "trained/checkpoint"),
        ("whole", "whole"),
        ("whole", "whole/variables"),
        ("whole", "whole/saved_model.pb"),
    ],
)
def test_all_ways_to_name_a_checkpoint(folder: Path, model: str, weights: str) -> None:
    assert cli.main([f"{model}.json", "--weights", weights, "-o", "page.py"]) == 0
    assert (folder / "page_weights" / "weight_0.npy").exists()


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """Return the errors that were said."""
    lines = capsys.readouterr().err.splitlines()
    return "\n".join(line for line in lines if ": note: " not in line)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ("plain", "the model has 4 layers with weights, the checkpoint 8"),
        ("named.ckpt-3", "the model has 16 weights, the file 11"),
        (".", "the folder holds several checkpoints"),
        ("no.ckpt", "there is no file or folder"),
    ],
)
def test_what_is_refused(
    folder: Path, weights: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["nested.json", "--weights", weights, "-o", "page.py"]) in (3, 4)
    assert message in said(capsys)
    assert not (folder / "page_weights").exists()


def test_a_missing_shard(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "nested.data-00000-of-00001").unlink()
    assert cli.main(["nested.json", "--weights", "nested", "-o", "page.py"]) == 4
    assert "nested.data-00000-of-00001': no such file" in said(capsys)


def test_the_state_file_leads_nowhere_else(folder: Path) -> None:
    (folder / "trained" / "checkpoint").write_text('model_checkpoint_path: "/etc/../nested"\n')
    assert located(folder / "trained") == folder / "trained" / "ckpt-1.index"


def test_a_damaged_weight_is_noticed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shard = folder / "nested.data-00000-of-00001"
    data = bytearray(shard.read_bytes())
    at = data.index(np.float32(1 + 1 / 1024).tobytes())
    data[at] ^= 1
    shard.write_bytes(bytes(data))
    assert cli.main(["nested.json", "--weights", "nested", "-o", "page.py"]) == 3
    assert "is damaged" in said(capsys)
    assert not (folder / "page_weights").exists()


# Files from strangers

ROW = bytes(48)
SHAPED = message((2, message((1, 3))), (2, message((1, -4))))


def rows(*values: tuple[bytes, bytes]) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Return lines of an index, and a shard of 48 bytes."""
    return list(values), ROW


@pytest.mark.parametrize(
    ("value", "message_"),
    [
        (entry((3, 4), 0, ROW, (3, 1)), "lies nowhere"),
        (entry((3, 4), -8, ROW), "lies nowhere"),
        (entry((3, 4), 8, ROW), "ends behind the end of its shard"),
        (entry((3, 4), 2**62, ROW), "ends behind the end of its shard"),
        (entry((3, 5), 0, ROW), "another size than its shape"),
        (entry((2**40, 2**40), 0, ROW), "another size than its shape"),
        (entry((-3, -4), 0, ROW), "a shape of no array"),
        (entry((3, 4), 0, ROW, (7, b"")), "lies in slices"),
        (entry((1,) * 255, 0, ROW), "a shape of no array"),
        (entry((3, 4), 0, ROW, (2, message((3, 1)))), "no known shape"),
        (b"\x08", "no list of tensors"),
        (b"\x0b", "no list of tensors"),
        (b"\x12\xff\xff\xff\xff\x0f", "no list of tensors"),
    ],
)
def test_places_that_cannot_be(tmp_path: Path, value: bytes, message_: str) -> None:
    path = write(tmp_path, *rows((b"a/kernel", value)))
    with pytest.raises(CompileError, match=message_):
        checkpoint.read(path)


@pytest.mark.parametrize(
    ("header", "message_"),
    [
        (message((1, 1), (2, 1)), "big-endian"),
        (message((1, 0)), "tells of 0 shards"),
        (message((1, 2**40)), "tells of"),
        (b"\xff", "no list of tensors"),
    ],
)
def test_headers_that_cannot_be(tmp_path: Path, header: bytes, message_: str) -> None:
    with pytest.raises(CompileError, match=message_):
        checkpoint.read(write(tmp_path, *rows(), header=header))


def test_tensors_that_share_their_bytes(tmp_path: Path) -> None:
    same = entry((3, 4), 0, ROW)
    with pytest.raises(CompileError, match="shares its bytes"):
        checkpoint.read(write(tmp_path, *rows((b"a", same), (b"b", same))))


@pytest.mark.parametrize(
    "data",
    [
        table(block([(b"", HEADER)], kind=1)),
        table(block([(b"", HEADER), (b"b", b""), (b"a", b"")])),
        table(block([(b"", HEADER)]), block([(b"", HEADER)])),
        table(block([(b"", HEADER)]))[:-60] + table(block([(b"", HEADER)]))[-48:],
        table(block([(b"", HEADER), (b"k" * 5000, b"")])),
        b"\0" * 48,
    ],
    ids=["snappy", "disorder", "twice", "cut", "long key", "zeros"],
)
def test_tables_that_cannot_be(tmp_path: Path, data: bytes) -> None:
    path = write(tmp_path, *rows())
    path.write_bytes(data)
    with pytest.raises(CompileError, match=r"no index of a checkpoint|no list of tensors"):
        checkpoint.read(path)


def test_snappy_and_the_first_format_are_called_by_name(tmp_path: Path) -> None:
    path = write(tmp_path, *rows())
    path.write_bytes(table(block([(b"", HEADER)], kind=1)))
    with pytest.raises(CompileError, match="compressed with Snappy"):
        checkpoint.read(path)
    old = path.rename(tmp_path / "model.ckpt")
    with pytest.raises(CompileError, match="the first format of TensorFlow"):
        arrays_of(old, FOLDER / "tf2.15" / "nested.json")


@pytest.mark.parametrize(
    "nodes",
    [
        [],
        [message((1, message((1, 7), (2, b"layer-0"))))],
        [message((1, message((1, -1), (2, b"layer-0"))))],
        [message((2, message((1, b"VARIABLE_VALUE"), (3, b"a"))))] * 2,
        [b"\x0a\x7f"],
    ],
    ids=["none", "beyond", "negative", "twice", "cut"],
)
def test_graphs_that_cannot_be(tmp_path: Path, nodes: list[bytes]) -> None:
    path = of_objects(tmp_path, *nodes)
    with pytest.raises(CompileError, match="doesn't tell its objects"):
        arrays_of(path, FOLDER / "tf2.15" / "nested.json")


def test_objects_in_a_circle_end(tmp_path: Path) -> None:
    """A model that holds itself is no model; the search for one ends."""
    node = message((1, message((1, 0), (2, b"layer-0"))))
    path = of_objects(tmp_path, node)
    with pytest.raises(CompileError, match="4 layers with weights, the checkpoint 0"):
        arrays_of(path, FOLDER / "tf2.15" / "nested.json")


@pytest.mark.parametrize("name", ["nested", "named"])
def test_any_damage_is_an_error_of_ours(tmp_path: Path, name: str) -> None:
    model = FOLDER / "tf2.15" / f"{name}.json"
    source = located(checkpoint_of(model))
    shard = source.with_name(source.stem + ".data-00000-of-00001")
    random.seed(0)
    for path in (source, shard):
        for other in (source, shard):
            shutil.copy(other, tmp_path)
        good = path.read_bytes()
        for _ in range(60):
            bad = bytearray(good)
            for _ in range(random.choice((1, 1, 3))):
                bad[random.randrange(len(bad))] = random.randrange(256)
            if random.random() < 0.2:
                del bad[random.randrange(len(bad)) :]
            (tmp_path / path.name).write_bytes(bad)
            try:
                found = in_keras2(arrays_of(tmp_path / source.name, model))
            except (CompileError, FileError):
                continue
            # What was hit is padding, or no weight.
            for number, (_, array) in enumerate(found):
                np.testing.assert_array_equal(array, numbered(number, array))


# The sum


def test_the_sum_is_that_of_the_standard() -> None:
    # RFC 3720, B.4
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(bytes([255]) * 32) == 0x62A8AB43
    assert crc32c(bytes(range(32))) == 0x46DD794E


def test_the_sum_of_many_bytes_is_that_of_its_parts() -> None:
    data = random.Random(0).randbytes(70001)
    small = 0
    for at in range(0, len(data), 999):
        small = crc32c(data[at : at + 999], small)
    assert crc32c(data) == small


def test_without_google_crc32c_there_is_a_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "google_crc32c", None)
    model = FOLDER / "tf2.15" / "plain.json"
    words = [str(model), "--weights", str(checkpoint_of(model))]
    assert cli.main([*words, "-o", str(tmp_path / "page.py")]) == 3
    said = capsys.readouterr().err
    assert "google-crc32c, which checks its sums, is not installed [needs-google-crc32c]" in said
    assert said.endswith("hint: pip install 'kcodegen[checkpoint]'\n")
    assert list(tmp_path.iterdir()) == []


def test_arrays_larger_than_a_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "PIECE", 4096)
    data = np.arange(5000, dtype="<f4")
    path = write(tmp_path, [(b"a", entry((50, 100), 0, data.tobytes()))], data.tobytes())
    stored = checkpoint.read(path).array("a", ("a",))
    assert len(list(stored.chunks())) == 5
    np.testing.assert_array_equal(whole(stored), data.reshape(50, 100))
