"""What holds the weights of Keras 3: archives, folders, shards, and files that lie."""

from __future__ import annotations

import json
import resource
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from kcodegen.diagnostics import CompileError
from kcodegen.ir.graph import Graph, Layer
from kcodegen.weights.files import containers
from kcodegen.weights.files.containers import WEIGHTS
from tests.weights.native_files import weights_of


def dense(name: str, units: int = 4) -> Layer:
    return Layer(name, "keras.layers.Dense", (("units", units),), built=(None, 4))


INNER = Graph("inner", "keras.Sequential", (dense("c"), dense("d")))
GRAPH = Graph(
    "model",
    "keras.Sequential",
    (dense("a"), dense("b"), Layer("inner", "keras.Sequential", body=INNER)),
)
PATHS = {
    "a": "layers/dense",
    "b": "layers/dense_1",
    "c": "layers/sequential/layers/dense",
    "d": "layers/sequential/layers/dense_1",
}
VALUES = {
    name: [np.full((4, 4), number, "f4"), np.full((4,), number, "f4")]
    for number, name in enumerate(PATHS)
}


def write(file: Any, paths: dict[str, str] = PATHS, names: bool = False) -> None:
    """Write the weights as Keras does."""
    for name, path in paths.items():
        group = file.create_group(f"{path}/vars")
        if names:
            group.attrs["name"] = name
        for number, array in enumerate(VALUES[name]):
            group[str(number)] = array


def saved(path: Path, change: Callable[[Any], object] = write) -> Path:
    with h5py.File(path, "w") as file:
        change(file)
    return path


def read(path: Path) -> dict[str, int]:
    """Return which layer's values each layer has been given."""
    found = weights_of(path, GRAPH)
    assert [slot.role for slot, _ in found] == ["kernel", "bias"] * 4
    assert [slot.layers[-1] for slot, _ in found[::2]] == list(PATHS)
    assert all((array == array.flat[0]).all() for _, array in found)
    given = {slot.layers[-1]: int(array.flat[0]) for slot, array in found}
    assert all(given[slot.layers[-1]] == array.flat[0] for slot, array in found)
    return given


RIGHT = {"a": 0, "b": 1, "c": 2, "d": 3}


def refusal(path: Path) -> str:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(CompileError) as caught:
        read(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 2**10
    return str(caught.value)


def zipped(path: Path, source: Path, how: int = zipfile.ZIP_STORED, name: str = WEIGHTS) -> Path:
    with zipfile.ZipFile(path, "w", how) as archive:
        archive.writestr("config.json", "{}")
        archive.write(source, name)
    return path


def test_a_file_of_weights(tmp_path: Path) -> None:
    assert read(saved(tmp_path / "m.weights.h5")) == RIGHT


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_an_archive(tmp_path: Path, how: int) -> None:
    archive = zipped(tmp_path / "m.keras", saved(tmp_path / "m.h5"), how)
    assert read(archive) == RIGHT


def test_an_archive_behind_other_bytes(tmp_path: Path) -> None:
    """A zip archive may begin anywhere in a file."""
    archive = zipped(tmp_path / "m.keras", saved(tmp_path / "m.h5"))
    archive.write_bytes(b"PK\x03\x04 and more" + archive.read_bytes())
    assert read(archive) == RIGHT


def test_a_folder(tmp_path: Path) -> None:
    saved(tmp_path / WEIGHTS)
    assert read(tmp_path) == RIGHT


def test_groups_of_windows(tmp_path: Path) -> None:
    paths = {name: path.replace("/", "\\") for name, path in PATHS.items()}
    assert read(saved(tmp_path / "m.weights.h5", lambda file: write(file, paths))) == RIGHT


# Archives that lie


def test_two_members_of_one_name(tmp_path: Path) -> None:
    source = saved(tmp_path / "m.h5")
    path = zipped(tmp_path / "m.keras", source)
    with (
        zipfile.ZipFile(path, "a") as archive,
        pytest.warns(UserWarning, match="Duplicate name"),
    ):
        archive.write(source, WEIGHTS)
    assert "holds its weights twice" in refusal(path)


def test_a_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "_EXPANSION_FLOOR", 2**20)
    source = tmp_path / "zeros"
    with source.open("wb") as file:
        file.truncate(3 * 2**20)
    path = zipped(tmp_path / "m.keras", source, zipfile.ZIP_DEFLATED)
    assert f"{WEIGHTS} claims 3145728 bytes and stores" in refusal(path)


def test_another_way_to_compress(tmp_path: Path) -> None:
    path = zipped(tmp_path / "m.keras", saved(tmp_path / "m.h5"), zipfile.ZIP_LZMA)
    assert "compressed in a way Keras doesn't know" in refusal(path)


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_damage(tmp_path: Path, how: int) -> None:
    path = zipped(tmp_path / "m.keras", saved(tmp_path / "m.h5"), how)
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(WEIGHTS)
    place = info.header_offset + 100 + info.compress_size // 2
    data[place : place + 20] = bytes(20 * [data[place] ^ 255])
    path.write_bytes(data)
    assert "the archive is damaged" in refusal(path)


@pytest.mark.parametrize("size", [4, 30, 1000, -1])
def test_an_archive_that_is_cut_short(tmp_path: Path, size: int) -> None:
    path = zipped(tmp_path / "m.keras", saved(tmp_path / "m.h5"))
    path.write_bytes(path.read_bytes()[:size])
    assert "the archive is damaged" in refusal(path)


# HDF5 that is not as Keras writes it


def spoilt(tmp_path: Path, change: Callable[[Any], object]) -> str:
    def both(file: Any) -> None:
        write(file)
        change(file)

    return refusal(saved(tmp_path / "m.weights.h5", both))


def replaced(file: Any, path: str, value: Any) -> None:
    del file[path]
    file[path] = value


def gigantic(file: Any) -> None:
    del file["layers/dense/vars/0"]
    file.create_dataset(
        "layers/dense/vars/0", (2**20, 2**20), "f4", chunks=(1024, 1024), compression="gzip"
    )


def cycle(file: Any) -> None:
    file["layers/dense/again"] = file["layers"]


def deep(file: Any) -> None:
    file.create_group("/".join("x" * 100))


WRONG: dict[str, tuple[Callable[[Any], object], list[str]]] = {
    "missing": (lambda f: f.pop("layers/dense_1"), ["the file has no kernel, bias of b"]),
    "extra": (
        lambda f: f.create_dataset("layers/dense_2/vars/0", data=[1.0]),
        ["the model has no place for layers/dense_2"],
    ),
    "shape": (
        lambda f: replaced(f, "layers/dense/vars/0", np.ones((4, 5))),
        ["a kernel needs (4, 4), layers/dense/vars/0 has (4, 5)"],
    ),
    "count": (lambda f: f.pop("layers/dense/vars/1"), ["a has 2 weights, the file 1"]),
    "several": (
        lambda f: (f.pop("layers/dense_1"), f.pop("layers/sequential/layers/dense/vars/1")),
        ["the file has no kernel, bias of b", "inner/c has 2 weights, the file 1"],
    ),
    "bomb": (gigantic, ["layers/dense/vars/0 in the HDF5 file claims 4398046511104 bytes"]),
    "text": (
        lambda f: replaced(f, "layers/dense/vars/0", "text"),
        ["layers/dense/vars/0 in the HDF5 file holds Python objects or text"],
    ),
    "link": (
        lambda f: replaced(f, "layers/dense", h5py.SoftLink("/layers/dense_1")),
        ["/layers/dense in the HDF5 file is a link"],
    ),
    "elsewhere": (
        lambda f: replaced(f, "layers/dense", h5py.ExternalLink("other.h5", "/layers/dense")),
        ["/layers/dense in the HDF5 file is a link"],
    ),
    "cycle": (cycle, ["layers/dense/again is reached in two ways"]),
    "deep": (deep, ["is reached in two ways, or lies too deep"]),
    "bytes": (
        lambda f: replaced(f, "layers/dense/vars/1", np.zeros(4, "V1")),
        ["layers/dense/vars/1 in the HDF5 file holds bytes of no type that is known"],
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_does_not_fit_is_named(tmp_path: Path, kind: str) -> None:
    change, words = WRONG[kind]
    message = spoilt(tmp_path, change)
    for part in words:
        assert part in message


def test_states_of_training_are_no_weights(tmp_path: Path) -> None:
    def more(file: Any) -> None:
        write(file)
        file["optimizer/vars/0"] = 1.0
        file["metrics/mean/vars/0"] = 1.0
        file["layers/dropout/seed_generator/vars/0"] = np.zeros(2, "u4")

    assert read(saved(tmp_path / "m.weights.h5", more)) == RIGHT


# Names


def test_layers_go_by_their_names_where_the_file_has_them_all(tmp_path: Path) -> None:
    """The order of the layers may have changed since."""
    paths = {**PATHS, "a": PATHS["b"], "b": PATHS["a"]}
    path = saved(tmp_path / "m.weights.h5", lambda file: write(file, paths, names=True))
    assert read(path) == RIGHT


def test_layers_go_by_their_number_where_the_file_has_no_names(tmp_path: Path) -> None:
    paths = {**PATHS, "a": PATHS["b"], "b": PATHS["a"]}
    path = saved(tmp_path / "m.weights.h5", lambda file: write(file, paths))
    assert read(path) == {**RIGHT, "a": 1, "b": 0}


def renamed(file: Any, **names: str) -> None:
    write(file, names=True)
    for name, given in names.items():
        file[f"{PATHS[name]}/vars"].attrs["name"] = given


def test_names_that_keras_made_up_anew_do_not_matter(tmp_path: Path) -> None:
    path = saved(tmp_path / "m.weights.h5", lambda f: renamed(f, a="dense_7", b="dense_8"))
    assert read(path) == RIGHT


def test_a_name_in_the_place_of_another_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "m.weights.h5", lambda f: renamed(f, a="b", b="z"))
    assert "the file has b where the model has a" in refusal(path)


# Shards


def test_the_shards_of_keras(tmp_path: Path) -> None:
    import keras

    chain = [keras.layers.Dense(4, name=name) for name in "ab"]
    inner = keras.Sequential([keras.layers.Dense(4, name=name) for name in "cd"], name="inner")
    model = keras.Sequential([keras.Input((4,)), *chain, inner])
    model.set_weights([array for name in PATHS for array in VALUES[name]])
    index = tmp_path / "m.weights.json"
    model.save_weights(index, max_shard_size=100 / 2**30)
    assert len(list(tmp_path.glob("*.weights.h5"))) > 2
    assert read(index) == RIGHT
    shard = sorted(tmp_path.glob("*.weights.h5"))[0]
    shutil.copy(shard, tmp_path / "more.weights.h5")
    text = json.loads(index.read_text())
    text["weight_map"]["/more"] = "more.weights.h5"
    index.write_text(json.dumps(text))
    assert "twice" in refusal(index)
    shard.unlink()


@pytest.mark.parametrize(
    "given", ["../m.weights.h5", "/m.weights.h5", ".weights.h5", "C:m.weights.h5", ["a"], None]
)
def test_shards_lie_beside_their_index(tmp_path: Path, given: object) -> None:
    index = tmp_path / "m.weights.json"
    index.write_text(json.dumps({"weight_map": {"/layers/dense/vars": given}}))
    assert "no name of a file beside it" in refusal(index)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"weight_map": 3}', "is no map"),
        ('{"weight_map": {}', "it is no JSON"),
        ('{"weight_map": {"a": "a.weights.h5", "b": "b.safetensors"}}', "two formats"),
    ],
)
def test_an_index_that_is_none(tmp_path: Path, text: str, why: str) -> None:
    index = tmp_path / "m.weights.json"
    index.write_text(text)
    assert why in refusal(index)
