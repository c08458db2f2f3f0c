"""Weights on the command line: where they come from, where they go, and when nothing is written."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from kcodegen import cli
from tests.weights.saved import FILES

HDF5 = FILES / "hdf5" / "tf2.15_legacy.h5"
TFJS = FILES / "tfjs" / "tf2.15"
NUMBERS = FILES / "tf2.15_npy"
COUNT = 14


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a saved model in a folder of its own, which is the current one."""
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copy(HDF5, tmp_path / "model.h5"))


def done(*words: str | Path) -> int:
    """Run the command line and return its exit code."""
    return cli.main([str(word) for word in words])


def names(folder: Path) -> list[str]:
    """Return what is in a folder."""
    return sorted(path.name for path in folder.iterdir())


def is_whole(folder: Path) -> bool:
    """Tell whether a folder has the recorded weights."""
    assert len(names(folder)) == COUNT + 1
    return all(
        (np.load(folder / f"weight_{i}.npy") == np.load(NUMBERS / f"weight_{i}.npy")).all()
        for i in range(COUNT)
    )


def error(capsys: pytest.CaptureFixture[str]) -> str:
    """Return the one line that was said, but for notes."""
    (line,) = (line for line in capsys.readouterr().err.splitlines() if ": note: " not in line)
    return line


def test_a_saved_model_gives_page_and_weights(model: Path, tmp_path: Path) -> None:
    assert done("model.h5", "-o", "out.py") == 0
    assert names(tmp_path) == ["model.h5", "out.py", "out_weights"]
    assert is_whole(tmp_path / "out_weights")
    # The second time the folder is replaced.
    assert done("model.h5", "-o", "out.py") == 0
    assert names(tmp_path) == ["model.h5", "out.py", "out_weights"]


def test_a_saved_model_that_is_called_keras(model: Path, tmp_path: Path) -> None:
    model.rename("model.keras")
    assert done("model.keras", "-o", "out.py", "--weights-out", "w") == 0
    assert is_whole(tmp_path / "w")


def test_shards_are_found_beside_the_model(tmp_path: Path) -> None:
    assert done(TFJS / "model.json", "-o", tmp_path / "out.py") == 0
    assert is_whole(tmp_path / "out_weights")


def test_nothing_more_than_the_page_is_written_where_nobody_asked(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert done("model.h5") == 0
    assert done("model.h5", "-o", "out.py", "--no-weights") == 0
    assert names(tmp_path) == ["model.h5", "out.py"]
    assert done("model.h5", "-o", "out.py", "--check") == 0
    assert done("model.h5", "-o", "out.py", "--diff") == 0
    assert names(tmp_path) == ["model.h5", "out.py"]
    said = capsys.readouterr().err.splitlines()
    assert all(": note: " in line for line in said), said


def test_a_page_that_is_printed_may_have_weights_elsewhere(model: Path, tmp_path: Path) -> None:
    assert done("model.h5", "--weights-out", "w") == 0
    assert is_whole(tmp_path / "w")


def arch(model: Path) -> Path:
    """Return the architecture of a saved model as a file of its own."""
    import h5py

    with h5py.File(model) as file:
        text = file.attrs["model_config"]
    path = model.with_name("arch.json")
    path.write_text(json.dumps({"model_config": json.loads(text), "keras_version": "2.15.0"}))
    return path


def test_weights_from_another_file(model: Path, tmp_path: Path) -> None:
    arch(model)
    for weights in (model, TFJS / "model.json", NUMBERS):
        assert done("arch.json", "--weights", weights, "-o", "out.py", "--weights-out", "w") == 0
        assert is_whole(tmp_path / "w")
    np.savez(tmp_path / "w.npz", *(np.load(NUMBERS / f"weight_{i}.npy") for i in range(COUNT)))
    assert done("arch.json", "--weights", "w.npz", "-o", "out.py") == 0
    assert is_whole(tmp_path / "out_weights")
    # A folder alone is only looked at.
    assert done("arch.json", "--weights", NUMBERS, "-o", "other.py") == 0
    assert not (tmp_path / "other_weights").exists()


def test_sums_tell_a_file_that_was_changed(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert done("model.h5", "-o", "out.py", "--checksums") == 0
    assert done("--verify-weights", "out_weights") == 0
    assert capsys.readouterr().out == "14 weights are as the manifest says, 14 by their sums\n"
    path = tmp_path / "out_weights" / "weight_3.npy"
    np.save(path, np.load(path) + 1)
    assert done("--verify-weights", "out_weights") == 3
    assert "weight_3.npy is not the file whose sum" in error(capsys)
    assert done("--verify-weights", tmp_path) == 3
    assert "the folder has no manifest.json" in error(capsys)
    assert done("--verify-weights", "model.h5") == 3
    assert "model.h5 is no folder, so it has no manifest.json" in error(capsys)


def test_files_that_only_the_folder_has_or_only_the_manifest(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert done("model.h5", "-o", "out.py") == 0
    assert done("--verify-weights", "out_weights") == 0
    said = capsys.readouterr().out
    assert said == "14 weights are as the manifest says, but it has no sums: see --checksums\n"
    folder = tmp_path / "out_weights"
    (folder / "weight_3.npy").rename(folder / "weight_14.npy")
    with (folder / "weight_5.npy").open("ab") as file:
        file.write(b"more")
    assert done("--verify-weights", "out_weights") == 3
    said = capsys.readouterr().err
    assert "weight_3.npy is missing [manifest]; hint: convert the weights again" in said
    assert "weight_14.npy is left over: manifest.json does not have it" in said
    assert "weight_5.npy is longer than its header says" in said


def test_what_is_in_the_way_stays(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out_weights").mkdir()
    (tmp_path / "out_weights" / "thesis.txt").write_text("mine")
    assert done("model.h5", "-o", "out.py") == 4
    assert "kcodegen didn't write it" in error(capsys)
    assert names(tmp_path) == ["model.h5", "out_weights"]
    assert names(tmp_path / "out_weights") == ["thesis.txt"]


def test_weights_that_do_not_fit_leave_nothing_behind(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out.py").write_text("old")
    wrong = FILES / "keras2.3" / "fn_frozen.h5"
    assert done("model.h5", "--weights", wrong, "-o", "out.py", "--report", "said.json") == 3
    lines = capsys.readouterr().err.splitlines()
    assert any("the file has no weights of the layer 'bi'" in line for line in lines)
    assert (tmp_path / "out.py").read_text() == "old"
    assert names(tmp_path) == ["model.h5", "out.py", "said.json"]
    assert json.loads((tmp_path / "said.json").read_text())["compiled"] is False


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("arch.json --weights-out w", 2, "--weights-out has nothing to convert"),
        ("arch.json --checksums -o page.py", 2, "--checksums has nothing to sum up"),
        ("model.h5 --checksums", 2, "--checksums has nothing to sum up"),
        ("arch.json --weights model.h5", 2, "nothing says where the weights go"),
        ("model.h5 --no-weights --weights-out w", 2, "--no-weights contradicts"),
        ("arch.json -o out.py --weights nothing.h5", 4, "there is no file or folder nothing.h5"),
        ("arch.json -o out.py --weights arch.json", 3, "is no file of weights that is known"),
        ("arch.json -o out.py --weights model.h5 --weights-out no/w", 4, "there is no folder"),
    ],
)
def test_what_makes_no_sense_is_said(
    words: str, code: int, said: str, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arch(model)
    assert done(*words.split()) == code
    assert said in error(capsys)
    assert not model.with_name("out.py").exists()


def test_old_order_of_numbers_becomes_that_of_today(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = FILES.parents[1] / "corpus" / "tf2.15"
    words = [source / "rnn_td_model.json", "-o", tmp_path / "page.py"]
    assert done(*words, "--weights", source / "rnn_td_model", "--weights-out", tmp_path / "w") == 0
    assert "weight-order" not in capsys.readouterr().err
    rows = json.loads((tmp_path / "w" / "manifest.json").read_text())["weights"]
    moved = [int(row["source"][len("weight_") : -len(".npy")]) for row in rows]
    assert moved != sorted(moved) == list(range(len(rows)))
    # For a page on Keras 2 they stay as they are.
    words += ["--target", "keras2"]
    assert done(*words, "--weights", source / "rnn_td_model", "--weights-out", tmp_path / "w") == 0
    rows = json.loads((tmp_path / "w" / "manifest.json").read_text())["weights"]
    assert [row["source"] for row in rows] == [f"weight_{i}.npy" for i in range(len(rows))]


def test_the_first_weight_of_a_file_tells_the_shape_of_a_sample(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flat = FILES.parents[1] / "corpus" / "seed_flat"
    source = flat / "keras3.15_mlp"
    count = len(list(source.glob("weight_*.npy")))
    np.savez(tmp_path / "w.npz", *(np.load(source / f"weight_{i}.npy") for i in range(count)))
    words = [flat / "keras3.15_mlp.json", "-o", tmp_path / "page.py"]
    assert done(*words, "--weights", tmp_path / "w.npz") == 0
    by_file = (tmp_path / "page.py").read_text().replace("w.npz", source.name)
    assert done(*words, "--weights", source) == 0
    assert (tmp_path / "page.py").read_text() == by_file
    assert len(names(tmp_path / "page_weights")) == count + 1


def test_a_folder_of_another_model_is_refused_also_where_no_size_is_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = FILES.parents[1] / "corpus" / "keras2.3"
    words = [corpus / "seq_mlp.json", "-o", tmp_path / "page.py", "--weights"]
    assert done(*words, corpus / "seq_mlp") == 0
    assert done(*words, corpus / "fn_shared") == 3
    assert "weights" in error(capsys)


def test_what_has_to_be_installed_is_said_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "h5py", None)
    source = FILES / "keras" / "keras3.15.keras"
    assert done(source, "-o", tmp_path / "out.py") == 3
    wanted = "hint: pip install 'kcodegen[h5]'; --no-weights writes the page alone"
    assert error(capsys).endswith(wanted)
    assert done(source, "-o", tmp_path / "out.py", "--no-weights") == 0


def test_weights_that_nobody_asked_for_are_no_hindrance(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import h5py

    with h5py.File(model, "r+") as file:
        del file["model_weights"]["bn"]
    assert done("model.h5", "-o", "out.py") == 3
    assert error(capsys).endswith("hint: --no-weights writes the page alone")
    assert done("model.h5", "-o", "out.py", "--no-weights") == 0


def test_what_computed_for_keras_1_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = FILES.parents[1] / "corpus" / "keras1.2"
    words = [source / "conv3d.json", "-o", tmp_path / "page.py"]
    words += ["--weights", FILES / "keras1.2" / "conv3d.h5"]
    kernels = {}
    for backend in ("", "tensorflow", "theano"):
        more = ["--weights-backend", backend] if backend else []
        assert done(*words, *more) == 0
        assert ("[unknown-backend]" in capsys.readouterr().err) == (not backend)
        kernels[backend] = np.load(tmp_path / "page_weights" / "weight_0.npy")
    np.testing.assert_array_equal(kernels[""], kernels["tensorflow"])
    np.testing.assert_array_equal(kernels["theano"], kernels[""][::-1, ::-1, ::-1])


def test_what_stays_in_doubt_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    corpus = FILES.parents[1] / "corpus" / "keras1.0"
    words = [corpus / "cnn.json", "-o", tmp_path / "page.py", "--weights-backend", "theano"]
    assert done(*words, "--weights", corpus / "cnn", "--weights-out", tmp_path / "w") == 0
    assert "takes it for a deviation" in error(capsys)
