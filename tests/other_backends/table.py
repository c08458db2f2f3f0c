"""Tries everything on every backend and prints one table: `python -m tests.other_backends.table`.

Each cell has the number of weights that were bit-equal with both loaders, and `=` where the outputs
are exactly those of Keras' own reload, `~` where the last bits differ. What is wrong, known or not,
stands below.
"""

from __future__ import annotations

import sys

from tests.other_backends.groups import BACKENDS, GROUPS
from tests.other_backends.processes import found, is_as_expected


def main(*groups: str) -> int:
    """Print the table of some groups, or of all; return 1 when something is wrong that is new."""
    new = 0
    sys.stdout.write(f"{'':44}{''.join(f'{backend:>12}' for backend in BACKENDS)}\n")
    for group in groups or GROUPS:
        cells: dict[str, dict[str, str]] = {}
        notes = []
        for backend in BACKENDS:
            for row in found(group, backend):
                is_good, name = not row["problems"], row["name"]
                said = f"{row['weights']} {'=' if row['exact'] else '~'}" if is_good else "no"
                cells.setdefault(name, {})[backend] = said
                if not is_good or not is_as_expected(row):
                    new += not is_as_expected(row)
                    mark = "known" if is_as_expected(row) else "NEW"
                    notes.append(f"  {mark}: {name} on {backend}: {'; '.join(row['problems'])}")
        for name, row_of in cells.items():
            said = "".join(f"{row_of.get(backend, '-'):>12}" for backend in BACKENDS)
            sys.stdout.write(f"{name:44}{said}\n")
        sys.stdout.write("".join(f"{note[:300]}\n" for note in notes))
        sys.stdout.flush()
    return min(new, 1)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
