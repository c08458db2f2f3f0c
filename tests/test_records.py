"""Records behave as the dataclasses that the type checker takes them for."""

from __future__ import annotations

import dataclasses
from dataclasses import field
from typing import Any

import pytest

from kcodegen.records import record, replace


def classes(name: str, decorate: Any) -> Any:
    """Return classes of every form a record has, each decorated by `decorate`."""

    @decorate
    class Plain:
        a: int
        b: str = "b"

    @decorate
    class Quiet:
        a: int
        b: str = field(default="q", compare=False)

    @decorate
    class Made:
        a: int
        b: list[int] = field(default_factory=list)

    @decorate
    class Derived:
        a: int
        b: str = ""

        def __post_init__(self) -> None:
            self.b = self.b or "derived"

    @decorate
    class Empty:
        pass

    return {cls.__name__: cls for cls in (Plain, Quiet, Made, Derived, Empty)}[name]


NAMES = ("Plain", "Quiet", "Made", "Derived", "Empty")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("args", "kwargs"),
    [((), {}), ((1,), {}), ((1, "x"), {}), ((), {"a": 1}), ((1,), {"b": "y"}), ((1, 2, 3), {}),
     ((1,), {"a": 2}), ((), {"c": 1})],
)  # fmt: skip
def test_a_record_takes_what_its_dataclass_takes(name, args, kwargs):
    ours = classes(name, record(frozen=True))
    theirs = classes(name, dataclasses.dataclass(slots=True))
    try:
        wanted = theirs(*args, **kwargs)
    except TypeError:
        with pytest.raises(TypeError):
            ours(*args, **kwargs)
        return
    got = ours(*args, **kwargs)
    assert dataclasses.astuple(got) == dataclasses.astuple(wanted)
    assert ours.__match_args__ == theirs.__match_args__
    assert repr(got) == repr(wanted)
    assert not hasattr(got, "__dict__")


def test_replace_changes_what_it_is_told_and_nothing_else():
    kind = classes("Quiet", record(frozen=True))
    old = kind(1, b="x")
    assert repr(replace(old, a=2)) == repr(dataclasses.replace(old, a=2))
    assert (old.a, old.b) == (1, "x")
    with pytest.raises(TypeError):
        replace(old, c=3)


def test_a_made_default_is_made_for_each():
    kind = classes("Made", record(frozen=True))
    kind(1).b.append(1)
    assert kind(1).b == []


def test_only_fields_that_count_are_compared():
    kind = classes("Quiet", record(frozen=True))
    assert kind(1, "x") == kind(1, "y")
    assert hash(kind(1, "x")) == hash(kind(1, "y"))
    assert kind(1) != kind(2)
