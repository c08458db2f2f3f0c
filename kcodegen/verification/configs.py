"""Compares two serialized models and says in words where they differ."""

from __future__ import annotations

from collections.abc import Iterator

from kcodegen.verification.allowances import CURRENT, OLDER, Allowance, Json

LIMIT = 60


def differences(
    original: Json, rebuilt: Json, allowances: tuple[Allowance, ...] = CURRENT
) -> tuple[str, ...]:
    """Return one line per difference, `pointer: original != rebuilt`; none when they are equal.

    Both sides are JSON values as `json.loads` gives them.
    """
    for allowance in allowances:
        original, rebuilt = allowance.apply(original, rebuilt)
    return tuple(compare(original, rebuilt, ""))


def allowances_for(original: Json) -> tuple[Allowance, ...]:
    """Return the allowances that apply to a file: more of them when an older Keras wrote it."""
    return CURRENT if written_by_current(original) else CURRENT + OLDER


def written_by_current(value: Json) -> bool:
    """Say whether Keras 3.15 or newer wrote `value`, judged by its input layers.

    A file without an input layer is taken to be current: then nothing is forgiven.
    """
    if isinstance(value, list):
        return all(written_by_current(item) for item in value)
    if not isinstance(value, dict):
        return True
    if value.get("class_name") == "InputLayer" and isinstance(value.get("config"), dict):
        return "optional" in value["config"]
    return "keras_version" not in value and all(written_by_current(v) for v in value.values())


def compare(left: Json, right: Json, pointer: str) -> Iterator[str]:
    """Yield the differences below one place, in the order of the left side."""
    if isinstance(left, dict) and isinstance(right, dict):
        yield from compare_objects(left, right, pointer)
    elif isinstance(left, list) and isinstance(right, list):
        yield from compare_arrays(left, right, pointer)
    elif type(left) is not type(right) or repr(left) != repr(right):
        yield f"{pointer or '/'}: {short(left)} != {short(right)}"


def compare_objects(left: dict[str, Json], right: dict[str, Json], pointer: str) -> Iterator[str]:
    """Yield the differences of two JSON objects."""
    for key, value in left.items():
        place = f"{pointer}/{escaped(key)}"
        if key in right:
            yield from compare(value, right[key], place)
        else:
            yield f"{place}: {short(value)} != (absent)"
    for key, value in right.items():
        if key not in left:
            yield f"{pointer}/{escaped(key)}: (absent) != {short(value)}"


def compare_arrays(left: list[Json], right: list[Json], pointer: str) -> Iterator[str]:
    """Yield the differences of two JSON arrays; of layers, first those of their names."""
    names = [[label(item) for item in side] for side in (left, right)]
    place = next((i for i, (a, b) in enumerate(zip(*names, strict=False)) if a != b), None)
    if place is not None:
        yield f"{pointer}/{place}/name: {short(names[0][place])} != {short(names[1][place])}"
        return
    if len(left) != len(right):
        yield f"{pointer}: {len(left)} items {short(left)} != {len(right)} items {short(right)}"
        return
    for index, (a, b) in enumerate(zip(left, right, strict=True)):
        yield from compare(a, b, f"{pointer}/{index}")


def label(item: Json) -> str:
    """Return the name of a serialized layer, "" for anything else."""
    return str(item["name"]) if isinstance(item, dict) and "inbound_nodes" in item else ""


def escaped(key: str) -> str:
    """Return a key as a part of a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def short(value: Json) -> str:
    """Return a value as text that fits on a line."""
    text = ascii(value)
    return text if len(text) <= LIMIT else f"{text[: LIMIT - 3]}..."
