"""The files of the corpus as test cases: where they lie and what their index says of them."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
USER = HERE / "user"  # what a user would have on the path


@dataclass(frozen=True, slots=True)
class Case:
    """One file: `entry` is what the index of its folder says."""

    folder: str
    name: str
    entry: dict[str, Any] = field(compare=False, repr=False)

    @property
    def id(self) -> str:
        """The name of the case in reports."""
        return f"{self.folder}/{self.name}"

    @property
    def path(self) -> Path:
        """Where the file lies."""
        return HERE / self.folder / f"{self.name}.json"

    @property
    def numeric(self) -> Path | None:
        """The folder with its recorded weights, inputs and outputs."""
        if "numeric" not in self.entry:
            return None
        return HERE / self.folder / str(self.entry["numeric"]["dir"])

    @property
    def custom(self) -> tuple[tuple[str, str], ...]:
        """The user's classes that it needs, as `--custom` takes them."""
        return tuple((name, target) for name, target in self.entry.get("custom", {}).items())

    def config(self) -> Any:
        """Return the parsed file."""
        return json.loads(self.path.read_text("utf-8"))


def index_path(folder: str) -> Path:
    """Return where the index of a folder lies."""
    return HERE / folder / "index.json"


def cases(*folders: str) -> list[Case]:
    """Return the cases of some folders, in the order of their indexes."""
    return [
        Case(folder, entry["file"].removesuffix(".json"), entry)
        for folder in folders
        for entry in json.loads(index_path(folder).read_text("utf-8"))["entries"]
    ]


def say(*words: str) -> None:
    """Print one line of a report."""
    sys.stdout.write(" ".join(words) + "\n")
    sys.stdout.flush()
