"""The order of branches where numbered names pull some of their calls forward."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from kcodegen.ir.order import post_order
from kcodegen.passes.branches import branch_by_branch, joins_of

# Two cells: a is what the first takes, "relu*" are numbered in the order in which they were made.
CELLS = {
    "a": [],
    "relu0": ["a"],
    "left": ["relu0"],
    "pool": ["a"],
    "relu1": ["a"],
    "right": ["relu1"],
    "cell": ["left", "pool", "right"],
    "relu2": ["a"],
    "adjust": ["relu2"],
    "relu3": ["cell"],
    "conv": ["relu3"],
    "next": ["adjust", "conv", "cell"],
}
NUMBERED = ["relu0", "relu1", "relu2", "relu3"]


def ordered(needed: dict[str, list[str]], numbered: list[str], end: str) -> list[str]:
    chained = {id: list(before) for id, before in needed.items()}
    for earlier, later in pairwise(numbered):
        chained[later].append(earlier)
    order = branch_by_branch([end], needed, chained)
    for place, id in enumerate(order):
        assert set(chained[id]) <= set(order[:place])
    return order


def test_branches_come_from_left_to_right_and_cells_stay_whole():
    assert ordered(CELLS, NUMBERED, "next") == list(CELLS)


def test_what_is_older_than_the_last_cell_is_made_first():
    """The shortcut of the second cell has no numbered name: nothing else says where it belongs."""
    needed = {
        "a": [],
        "relu0": ["a"],
        "pool0": ["a"],
        "cell": ["relu0", "pool0"],
        "adjust": ["a"],
        "relu1": ["cell"],
        "conv": ["relu1"],
        "pool1": ["cell"],
        "relu2": ["adjust"],
        "add": ["conv", "relu2"],
        "next": ["add", "pool1", "cell"],
        "relu3": ["next"],
        "end": ["relu3", "next"],
    }
    order = ordered(needed, ["relu0", "relu1", "relu2", "relu3"], "end")
    assert order.index("adjust") == order.index("cell") + 1
    assert order.index("relu1") == order.index("cell") + 2


def test_inputs_may_be_numbered_too():
    needed = {"i0": [], "i1": [], "cell": ["i1", "i0"], "l": ["cell"], "r": ["cell"]}
    needed["end"] = ["l", "r"]
    assert ordered(needed, ["i0", "i1"], "end") == ["i0", "i1", "cell", "l", "r", "end"]


@given(st.data())
def test_any_wiring_gets_an_order(data):
    count = data.draw(st.integers(1, 14))
    ids = [f"n{i}" for i in range(count)]
    needed = {}
    for i, id in enumerate(ids):
        needed[id] = data.draw(st.lists(st.sampled_from(ids[:i]), max_size=4)) if i else []
    used = set(post_order(ids[-1:], needed))
    numbered = [id for id in ids if id in used and data.draw(st.booleans())]
    order = ordered(needed, numbered, ids[-1])
    assert sorted(order) == sorted(used)


def test_a_join_is_where_all_ways_meet_again():
    users = {"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": ["e", "f"], "e": [], "f": []}
    joins = joins_of(["a", "b", "c", "d", "e", "f"], users)
    assert joins == {"a": "d", "b": "d", "c": "d", "d": None, "e": None, "f": None}
