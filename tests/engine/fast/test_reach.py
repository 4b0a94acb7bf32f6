"""The least number of cycles between departures is a shortest path over tokens and credits."""

from __future__ import annotations

import pytest

from simulator.engine.fast import layout as at
from simulator.engine.fast.reach import distances
from simulator.plan import Channel, Component, Plan, Program


def chain(*latencies: tuple[int, int]) -> Plan:
    """Programs 0, 1, .. each passing on to the next with a latency and a credit latency."""
    channels = tuple(Channel(f"c{i}", 2, a, b) for i, (a, b) in enumerate(latencies))
    components = tuple(
        Component(
            f"k{i}", "g", "server", 1, (1, 1), None,
            (Program("p", (i - 1,) if i else (), (i,) if i < len(latencies) else (), (), lambda: iter([])),),
        )
        for i in range(len(latencies) + 1)
    )  # fmt: skip
    return Plan(components, channels)


@pytest.mark.parametrize(("source", "expected"), [(0, [0, 3, 8]), (1, [2, 0, 5]), (2, [9, 7, 0])])
def test_distances_follow_tokens_and_credits(source: int, expected: list[int]) -> None:
    assert distances(chain((3, 2), (5, 7)), [source])[0].tolist() == expected


def test_an_endless_supply_carries_nothing() -> None:
    plan = chain((3, 2))
    free = Plan(plan.components, (Channel("c0", 2, 3, 2, initial=None),))
    assert distances(free, [0])[0].tolist() == [0, at.NEVER]
