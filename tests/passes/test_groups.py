"""What belongs together by name stands together."""

from __future__ import annotations

from kcodegen.passes.groups import gather

NEEDED: dict[str, list[str]] = {
    "source/0": [],
    "target/0": [],
    "decoder1_self/0": ["target/0"],
    "encoder1_self/0": ["source/0"],
    "encoder2_self/0": ["encoder1_self/0"],
    "decoder1_cross/0": ["decoder1_self/0", "encoder2_self/0"],
    "end/0": ["decoder1_cross/0"],
}


def test_the_beginning_of_a_group_waits_for_the_rest():
    order = gather(list(NEEDED), NEEDED)
    assert order.index("decoder1_self/0") + 1 == order.index("decoder1_cross/0")
    assert sorted(order) == sorted(NEEDED)
    for place, id in enumerate(order):
        assert set(NEEDED[id]) <= set(order[:place])


def test_what_is_needed_between_stays():
    needed = NEEDED | {"encoder1_self/0": ["source/0", "decoder1_self/0"]}
    assert gather(list(needed), needed) == list(needed)


def test_inputs_and_numbered_names_are_no_groups():
    needed = {"block1_in/0": [], "dense_1/0": ["block1_in/0"], "dense_2/0": ["dense_1/0"]}
    needed["block1_end/0"] = ["dense_2/0"]
    assert gather(list(needed), needed) == list(needed)
