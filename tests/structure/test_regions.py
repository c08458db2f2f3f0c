"""Laws of regions: what is told quickly of many of them is what each of them comes to."""

from __future__ import annotations

from hypothesis import given, settings

from kcodegen.structure.regions import Place, Region, possible_lengths, wiring
from kcodegen.structure.statements import draft_of
from tests.prepared import prepared
from tests.structure.planted import planted
from tests.structure.test_recover import named


@settings(max_examples=40)
@given(planted())
def test_a_length_is_possible_when_its_region_takes_and_gives_few_tensors(graph):
    place = Place(draft_of(named(prepared(graph))).main)
    size = len(place.chain.nodes)
    for start in range(size):
        possible = possible_lengths(place, start, size - start)
        for length in range(1, size - start + 1):
            wired = wiring(Region(place, start, start + length))
            few = 0 < len(wired.outputs) <= 2 and len(wired.inputs) <= 4
            assert bool(possible[length]) == few
