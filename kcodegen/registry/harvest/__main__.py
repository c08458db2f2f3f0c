"""Writes the registry's data from the installed Keras and tf_keras, or compares them.

python -m kcodegen.registry.harvest            rewrites the data files
python -m kcodegen.registry.harvest --check    prints what differs and exits with 1
"""

from __future__ import annotations

import difflib
import json
import sys
from pathlib import Path

from kcodegen.registry.harvest.classes import class_rows
from kcodegen.registry.harvest.names import names
from kcodegen.registry.harvest.ops import op_rows
from kcodegen.registry.lines import class_to_line, op_to_line

HERE = Path(__file__).parents[1]


def harvested() -> dict[Path, list[str]]:
    """Return the lines of each data file as the installed Keras has them."""
    return {
        HERE / "classes.jsonl": [class_to_line(row) for row in class_rows()],
        HERE / "ops.jsonl": [op_to_line(row) for row in op_rows()],
        HERE / "names.json": json.dumps(names(), indent=1).splitlines(),
    }


def harvested_keras2() -> dict[Path, list[str]]:
    """Return the lines of each data file of the target keras2, from the installed tf_keras."""
    from kcodegen.registry.harvest.keras2 import keras2_names, keras2_rows  # few have it

    return {
        HERE / "keras2.jsonl": [class_to_line(row) for row in keras2_rows()],
        HERE / "keras2_names.json": json.dumps(keras2_names(), indent=1).splitlines(),
    }


def main(arguments: list[str]) -> int:
    """Rewrite the data files; with `--check` only tell what differs. Returns the exit code."""
    files = {**harvested(), **harvested_keras2()}
    if arguments == ["--check"]:
        return check(files)
    if arguments:
        print(__doc__, file=sys.stderr)
        return 2
    for path, lines in files.items():
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return 0


def check(files: dict[Path, list[str]]) -> int:
    """Print a diff from the data files to `files`; return 1 when there is any."""
    found = 0
    for path, lines in files.items():
        old = path.read_text(encoding="utf-8").splitlines()
        for line in difflib.unified_diff(
            old, lines, path.name, "installed Keras", n=0, lineterm=""
        ):
            print(line)
            found = 1
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
