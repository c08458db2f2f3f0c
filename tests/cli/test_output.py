"""Files are written whole or not at all."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kcodegen import output


@pytest.fixture
def umask() -> Iterator[None]:
    """Let new files be readable by their group only."""
    old = os.umask(0o027)
    yield
    os.umask(old)


def mode(path: Path) -> int:
    """Return the permissions of a file."""
    return stat.S_IMODE(path.stat().st_mode)


def names(folder: Path) -> list[str]:
    """Return what is in a folder."""
    return sorted(path.name for path in folder.iterdir())


def fail(*args: Any, **kwargs: Any) -> Any:
    """Fail as a full disk does."""
    raise OSError(28, "No space left on device", ".kcodegen-temporary")


def interrupt(*args: Any, **kwargs: Any) -> Any:
    """Fail as Ctrl-C does."""
    raise KeyboardInterrupt


def test_a_new_file_obeys_the_umask(tmp_path: Path, umask: None) -> None:
    assert output.write(str(tmp_path / "new.py"), b"page\n")

    assert (tmp_path / "new.py").read_bytes() == b"page\n"
    assert mode(tmp_path / "new.py") == 0o640
    assert names(tmp_path) == ["new.py"]


def test_an_old_file_keeps_its_permissions(tmp_path: Path, umask: None) -> None:
    page = tmp_path / "page.py"
    page.write_text("old\n")
    page.chmod(0o755)

    assert output.write(str(page), b"new\n")

    assert (page.read_text(), mode(page)) == ("new\n", 0o755)


@pytest.mark.parametrize("old", [b"same\nlines\n", b"same\r\nlines\r\n"])
def test_an_equal_file_is_not_touched(old: bytes, tmp_path: Path) -> None:
    page = tmp_path / "page.py"
    page.write_bytes(old)
    os.utime(page, ns=(1, 1))

    assert not output.write(str(page), b"same\nlines\n")

    assert (page.read_bytes(), page.stat().st_mtime_ns) == (old, 1)


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "page.py").write_text("old\n")
    (tmp_path / "link.py").symlink_to("real/page.py")
    (tmp_path / "dangling.py").symlink_to("real/new.py")

    output.write(str(tmp_path / "link.py"), b"page\n")
    output.write(str(tmp_path / "dangling.py"), b"new\n")

    assert (tmp_path / "link.py").is_symlink()
    assert (tmp_path / "dangling.py").is_symlink()
    assert (tmp_path / "real" / "page.py").read_text() == "page\n"
    assert (tmp_path / "real" / "new.py").read_text() == "new\n"
    assert names(tmp_path / "real") == ["new.py", "page.py"]


@pytest.mark.parametrize("failure", [fail, interrupt])
@pytest.mark.parametrize("step", ["fsync", "replace", "chmod", "open"])
def test_the_old_file_survives_every_failure(
    step: str, failure: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.py"
    page.write_text("old\n")
    monkeypatch.setattr(os, step, failure)

    with pytest.raises((OSError, KeyboardInterrupt)) as caught:
        output.write(str(page), b"new\n")

    monkeypatch.undo()
    assert page.read_text() == "old\n"
    assert names(tmp_path) == ["page.py"]
    if isinstance(caught.value, OSError):
        assert caught.value.filename == str(page)
        assert caught.value.strerror == "cannot write the file: No space left on device"


def test_a_read_only_file_is_respected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.py"
    page.write_text("old\n")
    monkeypatch.setattr(os, "access", lambda path, wanted: False)

    with pytest.raises(PermissionError, match="cannot write the file"):
        output.write(str(page), b"new\n")

    assert page.read_text() == "old\n"


def test_a_folder_that_cannot_be_synced_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fsync

    def sync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            fail()
        real(descriptor)

    monkeypatch.setattr(os, "fsync", sync)

    assert output.write(str(tmp_path / "page.py"), b"new\n")
    assert (tmp_path / "page.py").read_text() == "new\n"


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(pipe.read_bytes()))
    reader.start()

    output.write(str(pipe), b"line\n" * 100_000)

    reader.join()
    assert received == [b"line\n" * 100_000]
    assert pipe.is_fifo()
    assert output.read(str(pipe)) is None


def test_a_diff_shows_what_changes() -> None:
    assert output.diff("page.py", b"a\nb\n", b"a\nc\n") == (
        "--- page.py\n+++ page.py\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n"
    )
    assert output.diff("page.py", None, b"a\n") == "--- /dev/null\n+++ page.py\n@@ -0,0 +1 @@\n+a\n"
    assert output.diff("page.py", b"a\r\n", b"a\n") == ""


def test_a_diff_sees_a_missing_newline_and_an_empty_file() -> None:
    assert output.diff("p", b"a", b"a\n").endswith("-a\n\\ No newline at end of file\n+a\n")
    assert output.diff("p", b"", b"a\n").endswith("@@ -0,0 +1 @@\n+a\n")


def test_a_diff_shows_nothing_raw() -> None:
    old = "\t\x1b[31m\u202e\x0c\r\ud800".encode("utf-8", "surrogatepass")

    difference = output.diff("p\n", old + b"\n", b"\n")

    assert difference.splitlines()[3] == "-\t\\x1b[31m\\u202e\\x0c\\r\\udced\\udca0\\udc80"
    assert difference.startswith("--- p\\n\n")


def test_bytes_that_are_not_text_are_a_difference() -> None:
    assert output.diff("p", b"\xff\n", b"\\udcff\n") != ""
