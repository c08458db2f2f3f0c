"""Groups by name: what belongs together stands together, when nothing between needs it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

# What the names of a group begin with: `decoder1` of `decoder1_self_norm`.
_GROUP = re.compile(r"[A-Za-z][A-Za-z_]*[0-9]+(?=[_./-][A-Za-z])")


def gather(order: Sequence[str], needed: Mapping[str, Sequence[str]]) -> list[str]:
    """Return an order in which the beginning of a group waits for the rest of it.

    decoder1_self encoder1 encoder2 decoder1_cross -> encoder1 encoder2 decoder1_self decoder1_cross
    """
    runs: list[list[str]] = []
    groups: list[str] = []
    for id in order:
        group = _group(id) if needed[id] else ""
        if group and runs and groups[-1] == group:
            runs[-1].append(id)
        else:
            runs.append([id])
            groups.append(group)
    last: dict[str, int] = {}
    for place in reversed(range(len(runs))):
        group = groups[place]
        there = last.get(group) if group else None
        if there is not None and not _is_needed(runs[place], runs[place + 1 : there], needed):
            runs[there] = runs[place] + runs[there]
            runs[place] = []
        elif group:
            last[group] = place
    return [id for run in runs for id in run]


def _is_needed(
    run: Sequence[str], between: Sequence[Sequence[str]], needed: Mapping[str, Sequence[str]]
) -> bool:
    """Tell whether what stands between needs a run."""
    made = set(run)
    return any(before in made for other in between for id in other for before in needed[id])


def _group(id: str) -> str:
    found = _GROUP.match(id)
    return found[0] if found is not None else ""
