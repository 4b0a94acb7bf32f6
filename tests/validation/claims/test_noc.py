"""The claims about networks hold, and the busiest link is counted right."""

from __future__ import annotations

from validation.claims.noc import busiest, claims, patterns, stream
from validation.studies.noc.measure import NETWORKS, measure


def test_all_claims_hold() -> None:
    found = list(claims())
    assert len(found) == 17
    assert [claim.name for claim in found if claim.verdict != "holds"] == []


def test_the_busiest_link_of_patterns_counted_by_hand() -> None:
    # Two of three cross r0c1>r0c2; the third turns there and goes down.
    assert busiest([stream((0, 0), (0, 2)), stream((0, 1), (0, 2)), stream((0, 2), (2, 2))]) == 2000
    loads = {name: busiest(streams) // 1000 for name, streams in patterns()}
    # Transpose: row r is left by 7 - r of its nodes to the right and by r to the left; the same down the columns.
    # Bit complement: half of a row crosses its middle. Tornado: three columns further, those from the left at most.
    assert loads["transpose"] == 7
    assert loads["bit complement"] == 4
    assert loads["tornado along the rows"] == 3


def test_a_full_link_takes_its_load_and_latency_rises_at_it() -> None:
    bus = NETWORKS[-1]
    curve = list(measure(bus))
    assert bus.saturation * 16 == 1
    accepted, latency = curve[-1][1], [point[2] for point in curve]
    assert 0.99 <= accepted * 16 <= 1
    assert latency[0] < 3
    assert latency[-1] > 30
